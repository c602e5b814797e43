//! Where a session's steps put their wishes, and what the steps share.
//!
//! Steps are plain functions from an answer to the next state. What outlives a step and may be needed
//! at the end, whatever happens, lies here: the claimed and the authentic UID, what was issued, and
//! whether a commit may have reached the board.

use firmware_proto::object_transfer::BlobId;
use firmware_proto::{BootId, ProvisioningState, Request, SessionId, Uid};

use super::action::{Action, LastBoard, Step, Verdict};
use super::answer::Failure;
use super::context::SessionContext;
use super::exchange::Exchange;
use super::input::Now;
use super::receipt::VerifiedReceipt;
use crate::attestation::TrustedBoard;
use crate::clock::MonotonicMillis;
use crate::encoding::Base64Bytes;
use crate::identity::signer::KeyRole;
use crate::ledger::event::{Event, Fact, RevocationReason, session_name};
use crate::ledger::standing::{
    DeviceStanding, Durability, LiveCertificate, LiveStage, StoredCertificate,
};
use crate::names::{BatchId, CertificateSerial, DeviceSerial};
use crate::verdict::{Outcome, VerdictCode};

/// The end of a session, good or bad.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) code: VerdictCode,
    pub(super) detail: String,
    /// Whether the board itself said so, under its key, in answer to a challenge of this session. Anybody
    /// on the wire can have said the rest.
    pub(super) signed: bool,
}

impl Ending {
    /// An ending that nobody has signed.
    pub(super) fn new(code: VerdictCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            signed: false,
        }
    }

    /// An ending for what a key of the board vouches for, freshly.
    pub(super) fn signed(code: VerdictCode, detail: impl Into<String>) -> Self {
        Self {
            signed: true,
            ..Self::new(code, detail)
        }
    }
}

/// What the session keeps of the certificate that it issued or found.
#[derive(Clone, Debug)]
pub(super) struct Issuance {
    pub(super) certificate_serial: CertificateSerial,
    pub(super) device_serial: DeviceSerial,
}

impl From<&StoredCertificate> for Issuance {
    fn from(stored: &StoredCertificate) -> Self {
        Self {
            certificate_serial: stored.certificate_serial(),
            device_serial: stored.device_serial().clone(),
        }
    }
}

/// What was begun for the attested board in this batch and is not finished.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unfinished {
    /// Issued, not provisioned, and the board is not known to be locked with it.
    pub(super) certificate: Option<CertificateSerial>,
    /// An intent without a certificate.
    pub(super) intent: Option<CertificateSerial>,
}

/// Whether a board with this verdict loses what was begun for it. A board that fell silent, or that QA
/// releases, comes back and is finished; a fault of the station is none of the board's.
fn withdraws(code: VerdictCode) -> bool {
    let resumable = matches!(
        code,
        VerdictCode::LinkLost
            | VerdictCode::LinkNoise
            | VerdictCode::InDoubt
            | VerdictCode::Quarantined
    );
    code.outcome() == Outcome::Fail && !resumable
}

/// The shared part of a session.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) context: SessionContext,
    pub(super) exchange: Exchange,
    pub(super) actions: Vec<Action>,
    pub(super) now: Now,
    /// The first `Hello` of the session names it.
    pub(super) session: Option<SessionId>,
    /// When the board first answered.
    pub(super) met_at: Option<MonotonicMillis>,
    pub(super) claimed: Option<(Uid, BootId)>,
    pub(super) attested_uid: Option<Uid>,
    /// The board as it was trusted first, with its boot; a later token must agree with it.
    pub(super) trusted: Option<(TrustedBoard, BootId)>,
    pub(super) issuance: Option<Issuance>,
    pub(super) unfinished: Unfinished,
    /// A commit was sent and no receipt came: the board may be locked.
    pub(super) commit_sent: bool,
    /// What was said in answer to the commit without a signature: the board is asked again, once.
    pub(super) doubted: Option<String>,
    /// The verdict that is being recorded together with `Provisioned`.
    pub(super) passed: Option<Verdict>,
    /// The board is out of reach, or another stands in its place: nobody takes leave of it.
    pub(super) displaced: bool,
    pub(super) restarts: u8,
    /// What passed close to a limit.
    pub(super) marginal: Vec<String>,
    pub(super) abort_wanted: bool,
}

impl Desk {
    pub(super) fn new(context: SessionContext, now: Now) -> Self {
        let exchange = Exchange::new(context.timing);
        Self {
            context,
            exchange,
            actions: Vec::new(),
            now,
            session: None,
            met_at: None,
            claimed: None,
            attested_uid: None,
            trusted: None,
            issuance: None,
            unfinished: Unfinished::default(),
            commit_sent: false,
            doubted: None,
            passed: None,
            displaced: false,
            restarts: 0,
            marginal: Vec::new(),
            abort_wanted: false,
        }
    }

    pub(super) fn ask(&mut self, request: &Request<'_>) {
        let attempts = self.context.timing.attempts;
        let frame = self.exchange.ask(self.now.monotonic, request, attempts);
        self.actions.push(Action::Send(frame));
    }

    /// Gives the number under which an answer will come.
    pub(super) fn greet(&mut self, number: Option<u16>, request: &Request<'_>) -> u16 {
        let (number, frame) = self.exchange.greet(self.now.monotonic, number, request);
        self.actions.push(Action::Send(frame));
        number
    }

    pub(super) fn upload(&mut self, blob: BlobId, data: Vec<u8>) {
        let frames = self.exchange.upload(self.now.monotonic, blob, data);
        self.actions.push(Action::Send(frames));
    }

    pub(super) fn draw(&mut self) {
        self.actions.push(Action::Draw);
    }

    pub(super) fn sign(&mut self, role: KeyRole, message: Vec<u8>) {
        self.actions.push(Action::Sign { role, message });
    }

    pub(super) fn report(&mut self, step: Step) {
        self.actions.push(Action::Report(step));
    }

    pub(super) fn record(&mut self, facts: Vec<Fact>, durability: Durability) {
        let events = facts.into_iter().map(|fact| self.event(fact)).collect();
        self.actions.push(Action::Record { events, durability });
    }

    fn event(&self, fact: Fact) -> Event {
        Event {
            time: self.now.utc,
            batch: Some(self.context.batch.clone()),
            session: self.session.map(session_name),
            fact,
        }
    }

    /// The verdict, with the events that go with it.
    pub(super) fn conclude(&mut self, ending: &Ending) -> Verdict {
        let verdict = self.verdict(ending);
        let mut facts = Vec::new();
        if withdraws(ending.code) || ending.code == VerdictCode::AlreadyProvisioned {
            facts.extend(self.withdrawal(ending));
        }
        facts.push(self.verdict_fact(&verdict));
        self.record(facts, Durability::Durable);
        verdict
    }

    /// A board that fails keeps nothing that was begun for it.
    fn withdrawal(&self, ending: &Ending) -> impl Iterator<Item = Fact> + use<> {
        let reason = format!("{}: {}", ending.code, ending.detail);
        let uid = self.attested_uid.clone();
        let Unfinished {
            certificate,
            intent,
        } = self.unfinished;
        let voided = uid.clone().zip(intent).map(|(uid, certificate_serial)| {
            let reason = reason.clone();
            Fact::IntentVoided {
                uid,
                certificate_serial,
                reason,
            }
        });
        let revoked = uid.zip(certificate).map(|(uid, certificate_serial)| {
            let (detail, reason) = (reason, RevocationReason::CessationOfOperation);
            Fact::CertificateRevoked {
                uid,
                certificate_serial,
                reason,
                detail,
            }
        });
        voided.into_iter().chain(revoked)
    }

    /// The verdict alone, for when the ledger takes nothing any more.
    pub(super) fn verdict(&self, ending: &Ending) -> Verdict {
        let withdrawn = withdraws(ending.code) && self.unfinished.certificate.is_some();
        let issuance = self.issuance.as_ref().filter(|_| !withdrawn);
        let duration_ms = self.met_at.map_or(0, |met| self.now.monotonic.since(met));
        Verdict {
            code: ending.code,
            detail: ending.detail.clone(),
            uid: self.attested_uid.clone(),
            claimed_uid: self.claimed.as_ref().map(|(uid, _)| uid.clone()),
            device_serial: issuance.map(|issuance| issuance.device_serial.clone()),
            certificate_serial: issuance.map(|issuance| issuance.certificate_serial),
            duration_ms,
            retries: self.exchange.retries(),
            marginal: self.marginal.clone(),
            wire: self.exchange.wire(),
            last_board: self.last_board(ending.code),
        }
    }

    pub(super) fn verdict_fact(&self, verdict: &Verdict) -> Fact {
        Fact::VerdictReached {
            lane: self.context.lane.clone(),
            code: verdict.code,
            detail: verdict.detail.clone(),
            uid: verdict.uid.clone(),
            claimed_uid: verdict.claimed_uid.clone(),
            device_serial: verdict.device_serial.clone(),
            certificate_serial: verdict.certificate_serial,
            duration_ms: verdict.duration_ms,
            retries: verdict.retries,
            profile: Some(self.context.profile.digest.into()),
        }
    }

    /// After a fault of the station the same board is taken again as soon as the station is well.
    fn last_board(&self, code: VerdictCode) -> Option<LastBoard> {
        let stays = matches!(code, VerdictCode::StationHsm | VerdictCode::StationClock);
        (!stays).then(|| match &self.claimed {
            Some((uid, boot)) => LastBoard::Known {
                uid: uid.clone(),
                boot: *boot,
            },
            None => LastBoard::Unnamed { quiet_ms: 0 },
        })
    }

    /// The board has locked itself and shown it: record that, together with the verdict.
    pub(super) fn provisioned(
        &mut self,
        uid: &Uid,
        certificate: &StoredCertificate,
        verified: VerifiedReceipt,
    ) {
        self.commit_sent = false;
        self.unfinished.certificate = None;
        self.issuance = Some(certificate.into());
        let detail = format!("serial {}", certificate.device_serial());
        let ending = Ending::signed(VerdictCode::Pass, detail);
        let verdict = self.verdict(&ending);
        // A successor that was intended, and is not needed any more, would keep the batch from closing.
        let mut facts: Vec<Fact> = self.withdrawal(&ending).collect();
        self.unfinished = Unfinished::default();
        let provisioned = Fact::Provisioned {
            uid: uid.clone(),
            certificate_serial: certificate.certificate_serial(),
            device_serial: certificate.device_serial().clone(),
            receipt: Base64Bytes(verified.receipt),
            token: Base64Bytes(verified.token),
        };
        let reached = self.verdict_fact(&verdict);
        facts.extend([provisioned, reached]);
        self.record(facts, Durability::Durable);
        self.passed = Some(verdict);
    }

    /// Takes up what the ledger says is unfinished of this board. Not for one that says it is locked: that
    /// one is in doubt until it has proven itself.
    pub(super) fn take_up(&mut self, standing: &DeviceStanding, state: ProvisioningState) {
        let ours = |batch: &BatchId| *batch == self.context.batch;
        if state == ProvisioningState::Committed {
            return;
        }
        let unfinished =
            |live: &&LiveCertificate| ours(&live.batch) && live.stage != LiveStage::Provisioned;
        let live = standing.live.as_ref().filter(unfinished);
        let intent = standing
            .intent
            .as_ref()
            .filter(|intent| ours(&intent.batch));
        self.unfinished = Unfinished {
            certificate: live.map(|live| live.certificate.certificate_serial()),
            intent: intent.map(|intent| intent.certificate_serial),
        };
    }

    /// What an exchange that failed means.
    pub(super) fn failed(&self, failure: &Failure) -> Ending {
        let code = match failure {
            Failure::Lost { .. } | Failure::Endless { .. } => VerdictCode::LinkLost,
            Failure::Flooded => VerdictCode::LinkNoise,
            Failure::Misbehaved(_) => VerdictCode::LinkProtocol,
        };
        if self.commit_sent {
            let detail = format!("ordered to lock, and then: {failure}");
            return Ending::new(VerdictCode::InDoubt, detail);
        }
        Ending::new(code, failure.to_string())
    }
}

/// What was begun in a batch is finished in it, so that each manifest tells whole stories.
pub(super) fn begun_elsewhere(batch: &BatchId) -> Ending {
    let detail = format!("this board was begun in batch {batch}: finish it there");
    Ending::new(VerdictCode::BatchOther, detail)
}
