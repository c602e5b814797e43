//! Step 2: evidence, and what the ledger knows of the board. Recorded before the next request is sent.

use firmware_proto::object_transfer::BlobId;
use firmware_proto::{Digest, Nonce, ProvisioningState, Request, transcript};

use super::action::{Action, Step};
use super::answer::Answer;
use super::desk::{Desk, Ending};
use super::evidence_record::component_records;
use super::expectation::{Interruption, expect_blob};
use super::greeting::Met;
use crate::attestation::{self, AppraisedEvidence, EvidenceInput, TrustedBoard};
use crate::encoding::{Base64Bytes, Hex, SoftwareSha256, sha256};
use crate::ledger::event::Fact;
use crate::ledger::standing::{DeviceStanding, Durability, LiveStage};
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

/// Appraises token 1. Where it is good, the ledger is asked about the board before anything is recorded.
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
            now: desk.now.utc,
        },
    );
    let appraisal = agree_with_earlier(desk, &met, appraisal);
    if appraisal.board.is_some() {
        desk.attested_uid.clone_from(&appraisal.uid);
    }
    match &appraisal.board {
        Some(board) => desk.actions.push(Action::LookUpBoard {
            uid: board.uid().clone(),
        }),
        None => desk.record(
            vec![evidence_fact(&appraisal, &blob.first, &blob.second)],
            Durability::Durable,
        ),
    }
    Ok(Appraised {
        met,
        appraisal,
        token: blob.first,
        certificates: blob.second,
    })
}

/// After a restart the board must still be the one that was trusted first (rule 1 of the exchange).
fn agree_with_earlier(
    desk: &mut Desk,
    met: &Met,
    appraisal: AppraisedEvidence,
) -> AppraisedEvidence {
    let Some(board) = &appraisal.board else {
        return appraisal;
    };
    let Some((earlier, boot)) = &desk.trusted else {
        desk.trusted = Some((board.clone(), met.identity.boot));
        return appraisal;
    };
    let rebooted = *boot != met.identity.boot;
    match earlier.agrees_with(board, rebooted) {
        Ok(()) => {
            desk.trusted = Some((board.clone(), met.identity.boot));
            appraisal
        }
        Err(rejection) => AppraisedEvidence {
            code: rejection.code,
            detail: rejection.detail,
            board: None,
            ..appraisal
        },
    }
}

impl Appraised {
    /// Whether the board is trusted, so that the ledger is being asked about it.
    pub(super) fn is_good(&self) -> bool {
        self.appraisal.board.is_some()
    }

    /// The verdict on evidence that was recorded as bad.
    pub(super) fn refused(&self) -> Ending {
        Ending::new(self.appraisal.code, self.appraisal.detail.clone())
    }

    /// The ledger has answered: record the appraisal with what its knowledge adds to it.
    pub(super) fn known(
        mut self,
        desk: &mut Desk,
        standing: DeviceStanding,
    ) -> Result<Known, Ending> {
        let Some(board) = self.appraisal.board.take() else {
            return Err(self.refused());
        };
        let judged = judge_standing(&board, &standing, self.met.identity.state);
        if let Err(ending) = &judged {
            self.appraisal.code = ending.code;
            self.appraisal.detail.clone_from(&ending.detail);
        }
        let fact = evidence_fact(&self.appraisal, &self.token, &self.certificates);
        desk.record(vec![fact], Durability::Durable);
        let token = sha256(&self.token);
        let attested = Attested {
            met: self.met,
            board,
            standing,
            token,
        };
        Ok(Known { attested, judged })
    }
}

/// A trusted board, and whether its past lets it go on; the appraisal is being recorded.
#[derive(Debug)]
pub(super) struct Known {
    attested: Attested,
    judged: Result<Past, Ending>,
}

impl Known {
    /// The appraisal is recorded.
    pub(super) fn recorded(self, desk: &mut Desk) -> Result<Gate, Ending> {
        let past = self.judged?;
        desk.report(Step::Attested);
        if let Some(live) = &self.attested.standing.live {
            desk.issuance = Some((&live.certificate).into());
        }
        Ok(match past {
            Past::Unfinished => Gate::Provision(self.attested),
            Past::Locked => Gate::Returned(self.attested),
        })
    }
}

/// What a board's past allows.
#[derive(Debug)]
enum Past {
    Unfinished,
    Locked,
}

/// 1. A UID has one instance ID for ever.
/// 2. What was provisioned and withdrawn does not come back.
/// 3. A locked board must be one that we locked or ordered to lock; an open one must not be.
fn judge_standing(
    board: &TrustedBoard,
    standing: &DeviceStanding,
    claimed: ProvisioningState,
) -> Result<Past, Ending> {
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

fn evidence_fact(appraisal: &AppraisedEvidence, token: &[u8], certificates: &[u8]) -> Fact {
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
        token: Base64Bytes(token.to_vec()),
        certificates: Base64Bytes(certificates.to_vec()),
    }
}
