//! A small batch for tests, event by event, with every kind of board that a line can see.

use std::collections::BTreeSet;

use firmware_proto::{
    BootId, DeviceNonce, Digest, HardwareRevision, ProductCode, ProvisioningState,
    SecurityLifecycle, Uid,
};

use super::pki::{NOT_BEFORE, TestPki};
use crate::clock::UtcMillis;
use crate::dsse::pre_authentication_encoding;
use crate::encoding::{Base64Bytes, Hex, sha256};
use crate::ledger::event::{
    Actor, Assurance, BatchTally, BatchTermsRecord, ComponentRecord, Event, Fact, FurtherTally,
    RevocationReason, ScrappingRecord,
};
use crate::ledger::leaf::{BatchPosition, Leaf};
use crate::ledger::merkle_tree::leaf_hash;
use crate::manifest::board_rows::Noted;
use crate::manifest::dsse::{Envelope, PAYLOAD_TYPE};
use crate::manifest::statement::Statement;
use crate::names::{
    BatchId, CertificateSerial, DeviceSerial, LaneName, OperatorId, ShiftName, WorkOrderId,
};
use crate::shift::{DayTime, Shift};
use crate::verdict::VerdictCode;

/// When the test batch's manifest is signed.
pub(super) const SIGNED_AT: UtcMillis = UtcMillis((NOT_BEFORE + 9 * 3600) * 1000);

/// Writes a batch's log, event by event, as the station's writer would.
pub(super) struct TestBatch {
    pub(super) pki: TestPki,
    pub(super) events: Vec<Noted>,
    pub(super) clock_accepted: Vec<Noted>,
    pub(super) leaves: Vec<Vec<u8>>,
    time: UtcMillis,
    pub(super) session: u8,
}

pub(super) fn batch() -> BatchId {
    BatchId::parse("B-2026-47").unwrap()
}

pub(super) fn uid(number: u8) -> Uid {
    // Not in the order of the serials, so that sorting by one shows.
    Uid::from_bytes(&[0xff - number; 12]).unwrap()
}

pub(super) fn serial(number: u8) -> DeviceSerial {
    DeviceSerial::parse(&format!("SA-{number:06}")).unwrap()
}

fn certificate_serial(number: u8) -> CertificateSerial {
    CertificateSerial::from_random([number; 16]).unwrap()
}

fn actor(operator: &str) -> Actor {
    Actor {
        operator: OperatorId::parse(operator).unwrap(),
        assurance: Assurance::Asserted,
    }
}

impl TestBatch {
    /// A batch that was just opened.
    pub(super) fn open() -> Self {
        let mut this = Self {
            pki: TestPki::new(),
            events: Vec::new(),
            clock_accepted: Vec::new(),
            leaves: vec![b"another event of this ledger".to_vec()],
            time: UtcMillis((NOT_BEFORE + 8 * 3600) * 1000),
            session: 0,
        };
        let issuing_certificate = Base64Bytes(this.pki.issuing.clone());
        this.add(Fact::BatchOpened {
            profile: sha256(b"profile").into(),
            product: ProductCode::parse("SENSOR-A").unwrap(),
            work_order: WorkOrderId::parse("WO-4711").unwrap(),
            quantity: 6,
            issuing_certificate,
            actor: actor("supervisor-1"),
            signed_profile: None,
            older_profile: None,
        });
        this.add(Fact::BatchTermsRecorded(BatchTermsRecord {
            work_order_file: Some(sha256(b"a work order").into()),
            shifts: vec![Shift {
                name: ShiftName::parse("early").unwrap(),
                start: DayTime::parse("06:00").unwrap(),
                end: DayTime::parse("14:00").unwrap(),
            }],
        }));
        this
    }

    /// Appends an event to the batch, 250 ms after the one before.
    pub(super) fn add(&mut self, fact: Fact) {
        let session = (self.session > 0).then(|| Hex(vec![self.session; 16]));
        self.append(Some(batch()), session, fact);
    }

    /// Appends an event of another batch, or of none.
    pub(super) fn add_elsewhere(&mut self, of: Option<BatchId>, fact: Fact) {
        self.append(of, None, fact);
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers make it on the spot")]
    fn append(&mut self, of: Option<BatchId>, session: Option<Hex>, fact: Fact) {
        self.time = UtcMillis(self.time.0 + 250);
        let event = Event {
            time: self.time,
            batch: of.clone(),
            session,
            fact,
        };
        let index = self.leaves.len() as u64;
        let own = || self.events.iter().filter(|one| one.event.batch == of);
        let position = of.clone().map(|batch| BatchPosition {
            prev: own().next_back().map(|one| self.hash_of(one.index)),
            seq: own().count() as u64,
            batch,
        });
        let leaf = Leaf {
            time: event.time,
            position,
            session: event.session.clone(),
            fact: event.fact.clone(),
        };
        let leaf = String::from_utf8(leaf.encode().unwrap()).unwrap();
        self.leaves.push(leaf.clone().into_bytes());
        self.events.push(Noted {
            index,
            leaf,
            proof: None,
            event,
        });
    }

    pub(super) fn hash_of(&self, index: u64) -> Digest {
        leaf_hash(&self.leaves[usize::try_from(index).unwrap()])
    }

    /// A board answers on a lane; what follows belongs to this session.
    pub(super) fn plug_in(&mut self, lane: &str, claimed: u8) {
        self.session += 1;
        self.add(Fact::SessionOpened {
            lane: LaneName::parse(lane).unwrap(),
            claimed_uid: uid(claimed),
            claimed_product: ProductCode::parse("SENSOR-A").unwrap(),
            claimed_revision: HardwareRevision::parse("C2").unwrap(),
            claimed_state: ProvisioningState::Unprovisioned,
            device_nonce: DeviceNonce::from_bytes([self.session; 32]),
            boot: BootId::from_bytes([self.session; 4]),
            actor: actor("op-1"),
        });
    }

    /// Its evidence is appraised.
    pub(super) fn attest(&mut self, number: u8, code: VerdictCode, version: &str) {
        self.add(Fact::EvidenceAppraised {
            code,
            detail: String::new(),
            uid: Some(uid(number)),
            instance_id: Some(Hex(vec![number; 33])),
            implementation_id: Some(Hex(vec![9; 32])),
            boot_seed: Some(Hex(vec![number; 32])),
            lifecycle: Some(SecurityLifecycle::PSA_ROT_PROVISIONING),
            components: vec![ComponentRecord {
                component: "APP".to_owned(),
                version: version.to_owned(),
                measurement: sha256(version.as_bytes()).into(),
                signer: sha256(b"firmware signer").into(),
            }],
            claims: None,
            relied_on: Vec::new(),
            token: Base64Bytes(vec![1]),
            certificates: Base64Bytes(vec![2]),
            boot: None,
            device_nonce: None,
        });
    }

    /// It is issued a certificate; gives that event as it would be elsewhere.
    pub(super) fn issue(&mut self, number: u8, certificate: u8) {
        let fact = self.issued(number, certificate);
        self.add(fact);
    }

    pub(super) fn issued(&self, number: u8, certificate: u8) -> Fact {
        Fact::CertificateIssued {
            uid: uid(number),
            certificate_serial: certificate_serial(certificate),
            device_serial: serial(number),
            key: sha256(&[certificate]).into(),
            certificate: Base64Bytes(self.pki.device(certificate)),
        }
    }

    pub(super) fn provision(&mut self, number: u8, certificate: u8) {
        self.add(Self::provisioned(number, certificate));
    }

    pub(super) fn provisioned(number: u8, certificate: u8) -> Fact {
        Fact::Provisioned {
            uid: uid(number),
            certificate_serial: certificate_serial(certificate),
            device_serial: serial(number),
            receipt: Base64Bytes(vec![3]),
            token: Base64Bytes(vec![4]),
        }
    }

    pub(super) fn revoke(&mut self, number: u8, certificate: u8) {
        self.add(Self::revoked(number, certificate));
    }

    pub(super) fn revoked(number: u8, certificate: u8) -> Fact {
        Fact::CertificateRevoked {
            uid: uid(number),
            certificate_serial: certificate_serial(certificate),
            reason: RevocationReason::CessationOfOperation,
            detail: "left unfinished".to_owned(),
        }
    }

    pub(super) fn verdict(&mut self, lane: &str, code: VerdictCode, proven: Option<u8>) {
        self.add(Fact::VerdictReached {
            lane: LaneName::parse(lane).unwrap(),
            code,
            detail: String::new(),
            uid: proven.map(uid),
            claimed_uid: None,
            device_serial: proven
                .filter(|_| code == VerdictCode::AlreadyProvisioned)
                .map(serial),
            certificate_serial: None,
            duration_ms: 1250,
            retries: 0,
            profile: None,
        });
    }

    /// One board from plug to PASS.
    pub(super) fn pass(&mut self, lane: &str, number: u8) {
        self.plug_in(lane, number);
        self.attest(number, VerdictCode::Pass, "2.5.1");
        self.issue(number, 100 + number);
        self.provision(number, 100 + number);
        self.verdict(lane, VerdictCode::Pass, Some(number));
    }

    /// Holds a lane for what the session has come to.
    pub(super) fn hold(&mut self, lane: &str) {
        let session = Some(Hex(vec![self.session; 16]));
        let fact = Fact::HoldPlaced {
            lane: LaneName::parse(lane).unwrap(),
            code: VerdictCode::HwLimit,
            detail: "too many".to_owned(),
            ports: Vec::new(),
            rule: None,
        };
        self.append(None, session, fact);
    }

    /// Clears it.
    pub(super) fn clear(&mut self, lane: &str) {
        let fact = Fact::HoldCleared {
            lane: LaneName::parse(lane).unwrap(),
            reason: "repaired".to_owned(),
            actor: actor("supervisor-1"),
        };
        self.append(None, None, fact);
    }

    /// Clears a hold of the whole batch.
    pub(super) fn clear_batch(&mut self) {
        self.append(
            Some(batch()),
            None,
            Fact::BatchHoldCleared {
                reason: "adjusted".to_owned(),
                actor: actor("supervisor-2"),
            },
        );
    }

    /// A jump of the clock is accepted.
    pub(super) fn accept_clock(&mut self) {
        let fact = Fact::ClockAccepted {
            reason: "battery".to_owned(),
            actor: actor("supervisor-1"),
        };
        self.append(None, None, fact);
        let accepted = self.events.last().unwrap().clone();
        self.clock_accepted.push(accepted);
    }

    /// Throws a board away.
    pub(super) fn scrap(&mut self, number: u8, reason: &str) {
        let fact = Fact::BoardScrapped(ScrappingRecord {
            uid: uid(number),
            reason: reason.to_owned(),
            actor: actor("supervisor-1"),
        });
        self.append(Some(batch()), None, fact);
    }

    /// Closes the batch.
    pub(super) fn close(&mut self) {
        self.close_counting(true);
    }

    /// Closes it as programs did that counted less.
    pub(super) fn close_as_of_old(&mut self) {
        self.close_counting(false);
    }

    fn close_counting(&mut self, further: bool) {
        self.session = 0;
        let batch = Some(batch());
        let own = self.events.iter().filter(|one| one.event.batch == batch);
        let own: Vec<_> = own.cloned().collect();
        let of_kind = |kind| {
            own.iter()
                .filter(|one| one.event.fact.kind() == kind)
                .count() as u64
        };
        let proven = own
            .iter()
            .filter(|one| one.event.fact.proven_uid().is_some());
        let proven: BTreeSet<_> = proven.filter_map(|one| one.event.session.clone()).collect();
        let head = self.hash_of(own.last().unwrap().index);
        self.add(Fact::BatchClosed {
            count: own.len() as u64,
            head: head.into(),
            actor: actor("supervisor-1"),
            tally: Some(BatchTally {
                sessions: of_kind("session-opened"),
                verdicts: of_kind("verdict-reached"),
                certificates_issued: of_kind("certificate-issued"),
                provisioned: of_kind("provisioned"),
                scrapped: of_kind("board-scrapped"),
                further: further.then(|| FurtherTally {
                    revoked: of_kind("certificate-revoked"),
                    proven: proven.len() as u64,
                    terms: of_kind("batch-terms-recorded"),
                    holds_cleared: of_kind("batch-hold-cleared"),
                }),
            }),
        });
    }

    /// The signed file.
    pub(super) fn file(&self, statement: &Statement) -> Vec<u8> {
        self.file_of_payload(statement.to_bytes().unwrap())
    }

    pub(super) fn file_of_payload(&self, payload: Vec<u8>) -> Vec<u8> {
        let key = &self.pki.signer_key;
        let signature = key.sign(&pre_authentication_encoding(PAYLOAD_TYPE, &payload));
        Envelope::assemble(PAYLOAD_TYPE, payload, &key.point(), &signature)
            .unwrap()
            .to_bytes()
            .unwrap()
    }
}
