//! A bench in memory: session, board, ledger, keys, and a clock that jumps to the next event.

use std::collections::VecDeque;
use std::sync::Arc;

use firmware_proto::authority::{Payload, StationCredential};
use firmware_proto::cose::ContentType;
use firmware_proto::platform::Sec1Point;
use simulator::board::VirtualBoard;

use crate::clock::{MonotonicMillis, UtcMillis};
use crate::encoding::sha256;
use crate::hsm::fake::SoftwareSigner;
use crate::identity::ceremony::{self, AuthorityName, NewCertificate};
use crate::identity::chain::IssuingCertificate;
use crate::identity::signed_object;
use crate::identity::signer::{KeyRole, PublicKey, Signer};
use crate::ledger::event::{Actor, Assurance, Event, Fact, RevocationReason};
use crate::ledger::fake::MemoryStore;
use crate::ledger::standing::{DeviceStanding, Durability};
use crate::ledger::{BatchClosing, BatchOpening, EventStore, LedgerError};
use crate::names::{BatchId, CertificateSerial, LaneName, OperatorId, WorkOrderId};
use crate::profile::Profile;
use crate::provisioning::{
    Action, Input, LastBoard, Now, Session, SessionContext, SessionTiming, StationIdentity, Verdict,
};

/// 2026-11-22T12:00:00Z.
const START: u64 = 1_795_348_800_000;

/// More turns than any session needs.
const MAX_TURNS: usize = 20_000;

/// What stands between session and board: sees, and may change, what passes.
pub(super) trait Wire {
    fn to_board(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }
    fn to_station(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }
}

/// A wire that changes nothing.
pub(super) struct Copper;

impl Wire for Copper {}

/// Says where the station dies: before the first action that it is true of.
pub(super) type Death = Box<dyn FnMut(&Action) -> bool>;

pub(super) struct Bench {
    pub(super) signer: SoftwareSigner,
    pub(super) store: MemoryStore,
    pub(super) context: SessionContext,
    pub(super) clock: u64,
    /// Stop with this board's session where it wants to do something of this kind.
    pub(super) die_at: Option<Death>,
    /// Where the port goes: in place of the first action that this is true of.
    pub(super) lose_port_at: Option<Death>,
    /// Instead of this, a person leaves at once.
    pub(super) halt_at: Option<Death>,
    /// The other lane that has each board in work.
    pub(super) elsewhere: Option<LaneName>,
}

pub(super) fn p256(signer: &SoftwareSigner, role: KeyRole) -> Sec1Point {
    match signer.public_key(role).unwrap() {
        PublicKey::P256(point) => point,
        PublicKey::Ed25519(_) => panic!("a P-256 key"),
    }
}

fn station_identity(signer: &SoftwareSigner, profile: &Profile) -> StationIdentity {
    let not_before = UtcMillis(START - 86_400_000);
    let serial = |byte| CertificateSerial::from_random([byte; 16]).unwrap();
    let root_key = p256(signer, KeyRole::Root);
    let issuing_key = p256(signer, KeyRole::Issuing);
    let name = |common_name| AuthorityName {
        organization: "Sample",
        common_name,
    };
    let new = |public_key, byte| NewCertificate {
        public_key,
        serial: serial(byte),
        not_before,
    };
    let root_tbs = ceremony::root_tbs(name("Root"), new(&root_key, 1)).unwrap();
    let sign = |role, tbs: &[u8]| signer.sign(role, tbs).unwrap();
    let root = ceremony::complete(&root_tbs, &sign(KeyRole::Root, &root_tbs), &root_key).unwrap();
    let parsed = crate::certificate_path::ParsedCertificate::from_der(&root).unwrap();
    let issuing_tbs =
        ceremony::issuing_tbs(name("Issuing"), new(&issuing_key, 2), &parsed).unwrap();
    let signature = sign(KeyRole::Root, &issuing_tbs);
    let issuing = ceremony::complete(&issuing_tbs, &signature, &root_key).unwrap();
    let authority_key = p256(signer, KeyRole::Authority);
    let credential = StationCredential {
        station: heapless_text("BENCH"),
        product: profile.product.clone(),
        epoch: 1,
        authority_key,
    };
    let payload = credential.encode().unwrap();
    let content = ContentType::StationCredential;
    let message = signed_object::to_be_signed(content, &payload).unwrap();
    let signature = sign(KeyRole::Owner, &message);
    StationIdentity {
        credential: signed_object::assemble(content, &payload, &signature).unwrap(),
        epoch: 1,
        authority_key,
        issuing: IssuingCertificate::from_der(&issuing).unwrap(),
        chain_below_leaf: issuing,
        trust_anchor: sha256(&root),
    }
}

fn heapless_text<T: for<'a> TryFrom<&'a str>>(text: &str) -> T {
    T::try_from(text).ok().unwrap()
}

pub(super) fn actor() -> Actor {
    Actor {
        operator: OperatorId::parse("op1").unwrap(),
        assurance: Assurance::Asserted,
    }
}

impl Bench {
    pub(super) fn new(quantity: u32) -> Self {
        let text = include_str!("../../../../fixtures/profiles/sensor-a.toml");
        let profile = Profile::parse("sensor-a.toml", text).unwrap();
        let signer = SoftwareSigner::from_seed(1);
        let station = Arc::new(station_identity(&signer, &profile));
        let store = MemoryStore::new();
        let context = SessionContext {
            profile: Arc::new(profile),
            trust: Arc::default(),
            validity: None,
            batch: BatchId::parse("B1").unwrap(),
            lane: LaneName::parse("lane0").unwrap(),
            actor: actor(),
            station,
            timing: SessionTiming::default(),
        };
        let bench = Self {
            signer,
            store,
            context,
            clock: 0,
            die_at: None,
            lose_port_at: None,
            halt_at: None,
            elsewhere: None,
        };
        bench.open_batch("B1", quantity);
        bench
    }

    pub(super) fn open_batch(&self, id: &str, quantity: u32) {
        let opening = BatchOpening {
            time: UtcMillis(START),
            batch: BatchId::parse(id).unwrap(),
            profile: (*self.context.profile).clone(),
            seal: None,
            older_profile: None,
            work_order: WorkOrderId::parse("WO-1").unwrap(),
            quantity,
            issuing_certificate: self.context.station.issuing.der().to_vec(),
            actor: actor(),
        };
        self.store.open_batch(opening).unwrap();
    }

    /// Opens another batch and works on it from now on.
    pub(super) fn open_another(&mut self, id: &str, quantity: u32) {
        self.open_batch(id, quantity);
        self.context.batch = BatchId::parse(id).unwrap();
    }

    /// Withdraws the board's live certificate, as a person does.
    pub(super) fn revoke_live(&self, uid: &firmware_proto::Uid, reason: RevocationReason) {
        let live = self.store.standing(uid).unwrap().live.unwrap();
        let revoked = Event {
            time: UtcMillis(START),
            batch: Some(self.context.batch.clone()),
            session: None,
            fact: Fact::CertificateRevoked {
                uid: uid.clone(),
                certificate_serial: live.certificate.certificate_serial(),
                reason,
                detail: "given up".to_owned(),
            },
        };
        self.store
            .record(vec![revoked], Durability::Durable)
            .unwrap();
    }

    pub(super) fn close_batch(&self) -> bool {
        let (time, batch) = (UtcMillis(START), self.context.batch.clone());
        self.store
            .close_batch(BatchClosing {
                time,
                batch,
                actor: actor(),
            })
            .is_ok()
    }

    pub(super) fn owner_key(&self) -> Sec1Point {
        p256(&self.signer, KeyRole::Owner)
    }

    pub(super) fn now(&self) -> Now {
        Now {
            utc: UtcMillis(START + self.clock),
            monotonic: MonotonicMillis(self.clock),
        }
    }

    /// Provisions the board over a plain wire.
    pub(super) fn provision(&mut self, board: &mut VirtualBoard) -> Verdict {
        self.run(board, &mut Copper, None).expect("a verdict")
    }

    /// Runs one session; none where it was made to die.
    pub(super) fn run(
        &mut self,
        board: &mut VirtualBoard,
        wire: &mut dyn Wire,
        last_board: Option<LastBoard>,
    ) -> Option<Verdict> {
        let (mut session, first) = Session::new(self.context.clone(), last_board, self.now());
        let mut actions: VecDeque<Action> = first.into();
        let mut wake = None;
        for _ in 0..MAX_TURNS {
            let Some(action) = actions.pop_front() else {
                self.clock += 1;
                if !board.is_powered() {
                    board.reboot();
                }
                let bytes = wire.to_station(board.transmit());
                let input = if bytes.is_empty() {
                    let at: MonotonicMillis = wake.take().expect("a wish to be woken");
                    self.clock = self.clock.max(at.0);
                    Input::Time
                } else {
                    Input::Bytes(bytes)
                };
                actions.extend(session.handle(self.now(), input));
                continue;
            };
            if self.die_at.as_mut().is_some_and(|die_at| die_at(&action)) {
                return None;
            }
            if self.lose_port_at.as_mut().is_some_and(|lost| lost(&action)) {
                self.lose_port_at = None;
                actions.extend(session.handle(self.now(), Input::PortLost));
                continue;
            }
            if self.halt_at.as_mut().is_some_and(|left| left(&action)) {
                self.halt_at = None;
                actions.extend(session.handle(self.now(), Input::Halt));
                continue;
            }
            match action {
                Action::WakeAt(at) => wake = Some(at),
                Action::Send(bytes) => board.receive(&wire.to_board(bytes)),
                Action::Report(_) => {}
                Action::Finish(verdict) => return Some(verdict),
                question => {
                    let input = self.answer(question);
                    actions.extend(session.handle(self.now(), input));
                }
            }
        }
        panic!("the session does not end");
    }

    fn answer(&self, question: Action) -> Input {
        let hsm = |error: crate::hsm::HsmError| Input::HsmFailed {
            detail: error.to_string(),
        };
        let ledger = |error: LedgerError| match error {
            LedgerError::Refused(rule) => Input::Forbidden {
                code: rule.code(),
                detail: rule.to_string(),
            },
            error => Input::LedgerFailed {
                detail: error.to_string(),
            },
        };
        match question {
            Action::Draw => {
                let mut random = [0; 32];
                self.signer
                    .random(&mut random)
                    .map_or_else(hsm, |()| Input::Drawn(random))
            }
            Action::Sign { role, message } => self
                .signer
                .sign(role, &message)
                .map_or_else(hsm, Input::Signed),
            Action::LookUpBoard { uid, shown } => {
                let found = match &shown {
                    Some(shown) => self.store.standing_of(&uid, shown),
                    None => self.store.standing(&uid),
                };
                found.map_or_else(ledger, |standing| {
                    let elsewhere = self.elsewhere.clone();
                    Input::Board(Box::new(DeviceStanding {
                        elsewhere,
                        ..standing
                    }))
                })
            }
            Action::LookUpKey { key } => self
                .store
                .key_holder(&key)
                .map_or_else(ledger, Input::KeyHolder),
            Action::Reserve { uid } => self
                .store
                .reserve(&self.context.batch, &uid)
                .map_or_else(ledger, Input::Reserved),
            Action::Record { events, durability } => self
                .store
                .record(events, durability)
                .map_or_else(ledger, Input::Recorded),
            other => panic!("not a question: {other:?}"),
        }
    }

    pub(super) fn facts(&self) -> Vec<Fact> {
        self.store
            .events()
            .into_iter()
            .map(|Event { fact, .. }| fact)
            .collect()
    }

    pub(super) fn count(&self, wanted: impl Fn(&Fact) -> bool) -> usize {
        self.facts().iter().filter(|fact| wanted(fact)).count()
    }

    pub(super) fn issued(&self) -> usize {
        self.count(|fact| matches!(fact, Fact::CertificateIssued { .. }))
    }

    pub(super) fn revoked(&self) -> usize {
        self.count(|fact| matches!(fact, Fact::CertificateRevoked { .. }))
    }
}
