//! Step 2: evidence, and what the ledger knows of the board. Recorded before the next request is sent.

use firmware_proto::object_transfer::BlobId;
use firmware_proto::{Digest, Nonce, ProvisioningState, Request, transcript};

use super::action::{Action, Step};
use super::answer::Answer;
use super::desk::{Desk, Ending};
use super::evidence_record::{claims_record, component_records};
use super::expectation::{Interruption, expect_blob};
use super::greeting::Met;
use super::repeats::judge_repeats;
use crate::attestation::{self, AppraisedEvidence, EvidenceInput, Rejection, TrustedBoard};
use crate::encoding::{Base64Bytes, Hex, SoftwareSha256, sha256};
use crate::ledger::event::Fact;
use crate::ledger::standing::{DeviceStanding, Durability, LiveStage, ShownNow};
use crate::verdict::VerdictCode;

/// A board whose evidence was appraised, well or badly; nothing of it is recorded yet.
#[derive(Debug)]
pub(super) struct Appraised {
    met: Met,
    appraisal: AppraisedEvidence,
    token: Vec<u8>,
    certificates: Vec<u8>,
}

/// A board that is trusted, and what the ledger knows of it.
#[derive(Debug)]
pub(super) struct Attested {
    pub(super) met: Met,
    pub(super) board: TrustedBoard,
    pub(super) standing: DeviceStanding,
    pub(super) token: Digest,
}

/// How the session goes on once the evidence is recorded.
pub(super) enum Gate {
    /// The board is to get its identity.
    Provision(Attested),
    /// It is locked already, under the certificate that the ledger has.
    Returned(Attested),
}

/// What the board claims must be what the batch makes, before anything is asked of it.
pub(super) fn check_claims(desk: &Desk, met: &Met) -> Result<(), Ending> {
    let profile = &desk.context.profile;
    let identity = &met.identity;
    if identity.product != profile.product {
        let detail = format!(
            "the board is {}, the batch makes {}",
            identity.product, profile.product
        );
        return Err(Ending::new(VerdictCode::ProductMismatch, detail));
    }
    if !profile
        .hardware_revisions
        .contains(&identity.hardware_revision)
    {
        let detail = format!(
            "hardware revision {} is not in the profile",
            identity.hardware_revision
        );
        return Err(Ending::new(VerdictCode::ProductMismatch, detail));
    }
    Ok(())
}

/// A board that nobody has begun is begun under a profile that is valid. One that was is finished: its
/// certificate was issued under the same profile while that was valid.
pub(super) fn check_validity(desk: &Desk) -> Result<(), Ending> {
    let Some(validity) = desk.context.validity else {
        return Ok(());
    };
    let judged = validity.judge(desk.now.utc);
    judged.map_err(|outside| Ending::new(VerdictCode::ProfileExpired, outside.to_string()))
}

pub(super) fn session_opened(desk: &Desk, met: &Met) -> Fact {
    let identity = &met.identity;
    Fact::SessionOpened {
        lane: desk.context.lane.clone(),
        claimed_uid: identity.uid.clone(),
        claimed_product: identity.product.clone(),
        claimed_revision: identity.hardware_revision.clone(),
        claimed_state: identity.state,
        device_nonce: identity.device_nonce,
        boot: identity.boot,
        actor: desk.context.actor.clone(),
    }
}

pub(super) fn ask_evidence(desk: &mut Desk, random: [u8; 32]) -> Nonce {
    let station_nonce = Nonce::from_bytes(random);
    desk.ask(&Request::Attest { station_nonce });
    station_nonce
}

/// Appraises token 1. Where it names an authentic board, good or bad, the ledger is asked about it before
/// anything is recorded.
pub(super) fn appraise(
    desk: &mut Desk,
    met: Met,
    nonce: &Nonce,
    answer: Answer,
) -> Result<Appraised, Interruption> {
    let blob = expect_blob(answer, BlobId::Evidence)?;
    let challenge = transcript::attestation_challenge(&SoftwareSha256, nonce, &met.link);
    let appraisal = attestation::appraise_evidence(
        &desk.context.profile,
        EvidenceInput {
            token: &blob.first,
            certificates: &blob.second,
            challenge: &challenge,
            identity: &met.identity,
            trust: &desk.context.trust,
            now: desk.now.utc,
        },
    );
    let appraisal = agree_with_earlier(desk, &met, appraisal);
    if let Some(uid) = &appraisal.uid {
        desk.attested_uid = Some(uid.clone());
        desk.actions.push(Action::LookUpBoard {
            uid: uid.clone(),
            shown: appraisal.board.as_ref().map(|board| {
                let claims = board.claims();
                Box::new(ShownNow {
                    instance_id: board.instance_id().to_vec(),
                    boot_seed: claims.boot_seed.clone(),
                    boot: met.identity.boot,
                    device_nonce: met.identity.device_nonce,
                })
            }),
        });
    } else {
        let fact = evidence_fact(&appraisal, &met, &blob.first, &blob.second);
        desk.record(vec![fact], Durability::Durable);
    }
    Ok(Appraised {
        met,
        appraisal,
        token: blob.first,
        certificates: blob.second,
    })
}

/// After a restart the board must still be the one that was trusted first (rule 1 of the exchange). If it
/// is not, its evidence says nothing about the board of this session, nor has it a UID here.
fn agree_with_earlier(
    desk: &mut Desk,
    met: &Met,
    appraisal: AppraisedEvidence,
) -> AppraisedEvidence {
    let boot = met.identity.boot;
    let disagreement = match (&desk.trusted, &appraisal.board) {
        (None, Some(board)) => {
            desk.trusted = Some((board.clone(), boot));
            return appraisal;
        }
        (Some((earlier, before)), Some(board)) => earlier.agrees_with(board, *before != boot).err(),
        (Some((earlier, _)), None) => {
            let other = appraisal.uid.as_ref().filter(|uid| *uid != earlier.uid());
            other.map(|uid| Rejection::new(VerdictCode::AttSession, format!("board {uid} answers")))
        }
        (None, None) => None,
    };
    if let Some(Rejection { code, detail }) = disagreement {
        return AppraisedEvidence {
            code,
            detail,
            uid: None,
            board: None,
            ..appraisal
        };
    }
    let board = appraisal.board.clone();
    desk.trusted = board
        .map(|board| (board, boot))
        .or_else(|| desk.trusted.take());
    appraisal
}

impl Appraised {
    /// Whether the board is authentic, so that the ledger is being asked about it.
    pub(super) fn is_authentic(&self) -> bool {
        self.appraisal.uid.is_some()
    }

    /// The verdict on evidence that was recorded as bad.
    pub(super) fn refused(&self) -> Ending {
        Ending::new(self.appraisal.code, self.appraisal.detail.clone())
    }

    /// The ledger has answered: record the appraisal with what its knowledge adds to it.
    pub(super) fn known(mut self, desk: &mut Desk, standing: DeviceStanding) -> Known {
        let state = self.met.identity.state;
        let board = self.appraisal.board.take();
        let judged = match &board {
            Some(board) => judge_standing(board, &standing, state),
            None => Err(self.refused()),
        };
        let instance = self
            .appraisal
            .claims
            .as_ref()
            .map(|claims| claims.instance_id.as_slice());
        let same = standing.instance_id.is_some() && standing.instance_id.as_deref() == instance;
        if same && standing.elsewhere.is_none() {
            desk.take_up(&standing, state);
        }
        // The challenge covers what the board says of itself: it is not locked. Since this session's greeting
        // it has no proof on record that the old commit could name.
        if board.is_some() && state != ProvisioningState::Committed {
            desk.commit_sent = false;
        }
        let judged = judged.and_then(|past| not_locked_after_all(desk, past));
        if let Err(ending) = &judged {
            self.appraisal.code = ending.code;
            self.appraisal.detail.clone_from(&ending.detail);
        }
        let judged = judge_quarantine(&standing, judged);
        let fact = evidence_fact(&self.appraisal, &self.met, &self.token, &self.certificates);
        desk.record(vec![fact], Durability::Durable);
        let (met, token) = (self.met, sha256(&self.token));
        match (judged, board) {
            (Ok(past), Some(board)) => Known::Trusted(
                Attested {
                    met,
                    board,
                    standing,
                    token,
                },
                past,
            ),
            (Err(ending), _) => Known::Refused(ending),
            (Ok(_), None) => {
                Known::Refused(Ending::new(self.appraisal.code, "no board is trusted"))
            }
        }
    }
}

/// What came of evidence and the board's past; it is being recorded.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "one value a session, moved once and never stored"
)]
pub(super) enum Known {
    /// The board may go on.
    Trusted(Attested, Past),
    /// It may not.
    Refused(Ending),
}

impl Known {
    /// The appraisal is recorded.
    pub(super) fn recorded(self, desk: &mut Desk) -> Result<Gate, Ending> {
        let (attested, past) = match self {
            Self::Trusted(attested, past) => (attested, past),
            Self::Refused(ending) => return Err(ending),
        };
        let standing = &attested.standing;
        if standing.live.is_none() && standing.intent.is_none() {
            check_validity(desk)?;
        }
        desk.report(Step::Attested);
        if let Some(live) = &attested.standing.live {
            desk.issuance = Some((&live.certificate).into());
        }
        Ok(match past {
            Past::Unfinished => Gate::Provision(attested),
            Past::Locked => Gate::Returned(attested),
        })
    }
}

/// What a board's past allows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Past {
    /// Begun or not, it is not locked.
    Unfinished,
    /// Locked by our order.
    Locked,
}

/// 1. A UID has one instance ID for ever.
/// 2. What was provisioned and withdrawn does not come back, nor what was given up after it was ordered to
///    lock and locked itself.
/// 3. What belongs to one board alone is shown by that board alone, each time as it should be.
/// 4. A locked board must be one that we locked or ordered to lock; an open one must not be.
fn judge_standing(
    board: &TrustedBoard,
    standing: &DeviceStanding,
    claimed: ProvisioningState,
) -> Result<Past, Ending> {
    if let Some(lane) = &standing.elsewhere {
        let detail = format!("a board with this UID is in work on lane {lane} at this moment");
        return Err(Ending::new(VerdictCode::UidReused, detail));
    }
    if standing
        .instance_id
        .as_ref()
        .is_some_and(|known| known.as_slice() != board.instance_id())
    {
        let detail = "this UID has attested with another attestation key before";
        return Err(Ending::new(VerdictCode::UidReused, detail));
    }
    if standing.withdrawn {
        let detail = "the board's identity was revoked after it had passed";
        return Err(Ending::new(VerdictCode::Revoked, detail));
    }
    let locked = claimed == ProvisioningState::Committed;
    if locked && standing.revoked_after_commit {
        let detail = "the board's identity was revoked after it had been ordered to lock";
        return Err(Ending::new(VerdictCode::Revoked, detail));
    }
    judge_repeats(&standing.shown)?;
    match (standing.live.as_ref().map(|live| live.stage), locked) {
        (Some(LiveStage::Provisioned | LiveStage::CommitSigned), true) => Ok(Past::Locked),
        (Some(LiveStage::Provisioned), false) => {
            let detail = "the board has passed before, and now shows no identity";
            Err(Ending::new(VerdictCode::UidReused, detail))
        }
        (Some(LiveStage::Issued) | None, true) => {
            let detail = "the board is locked, and this ledger never ordered that";
            Err(Ending::new(VerdictCode::UidReused, detail))
        }
        (Some(LiveStage::CommitSigned | LiveStage::Issued) | None, false) => Ok(Past::Unfinished),
    }
}

/// What QA has set aside stays so, whatever is right or wrong with it; the evidence is recorded as what it
/// is. Only what holds the lane comes first: it may be another board that has its name.
fn judge_quarantine(
    standing: &DeviceStanding,
    judged: Result<Past, Ending>,
) -> Result<Past, Ending> {
    let Some(reason) = &standing.quarantined else {
        return judged;
    };
    let detail = match judged {
        Err(ending) if ending.code.holds_lane() => return Err(ending),
        Err(ending) => format!("{reason}; besides, {}: {}", ending.code, ending.detail),
        Ok(_) => reason.clone(),
    };
    Err(Ending::new(VerdictCode::Quarantined, detail))
}

/// A board that was said to have refused the lock, and now attests that it is open, has refused it.
fn not_locked_after_all(desk: &mut Desk, past: Past) -> Result<Past, Ending> {
    match (past, desk.doubted.take()) {
        (Past::Unfinished, Some(said)) => Err(Ending::signed(
            VerdictCode::LockRefused,
            format!("the board attests that it is not locked; before that: {said}"),
        )),
        (past, _) => Ok(past),
    }
}

fn evidence_fact(
    appraisal: &AppraisedEvidence,
    met: &Met,
    token: &[u8],
    certificates: &[u8],
) -> Fact {
    let claims = appraisal.claims.as_ref();
    Fact::EvidenceAppraised {
        code: appraisal.code,
        detail: appraisal.detail.clone(),
        uid: appraisal.uid.clone(),
        instance_id: claims.map(|claims| Hex(claims.instance_id.to_vec())),
        implementation_id: claims.map(|claims| Hex(claims.implementation_id.to_vec())),
        boot_seed: claims
            .and_then(|claims| claims.boot_seed.as_ref().map(|seed| Hex(seed.clone()))),
        lifecycle: claims.map(|claims| claims.lifecycle),
        components: claims.map(component_records).unwrap_or_default(),
        claims: claims.map(claims_record),
        relied_on: appraisal.relied_on.iter().copied().map(Hex::from).collect(),
        token: Base64Bytes(token.to_vec()),
        certificates: Base64Bytes(certificates.to_vec()),
        boot: Some(met.identity.boot),
        device_nonce: Some(met.identity.device_nonce),
    }
}
