//! A small batch for tests, event by event, with every kind of board that a line can see.

use std::collections::HashMap;

use firmware_proto::{
    BootId, DeviceNonce, Digest, HardwareRevision, ProductCode, ProvisioningState,
    SecurityLifecycle, Uid,
};

use super::pki::{NOT_BEFORE, TestPki};
use crate::clock::UtcMillis;
use crate::encoding::{Base64Bytes, Hex, sha256};
use crate::identity::signer::PublicKey;
use crate::ledger::checkpoint::{Checkpoint, VerifierKey, origin};
use crate::ledger::event::{Actor, Assurance, ComponentRecord, Event, Fact, RevocationReason};
use crate::ledger::leaf::{BatchPosition, Leaf};
use crate::ledger::merkle_tree::{Frontier, NodeId, leaf_hash};
use crate::ledger::proof::{TreeHead, inclusion};
use crate::manifest::assemble::{BatchRecord, ClosingProof, assemble};
use crate::manifest::dsse::{Envelope, PAYLOAD_TYPE, pre_authentication_encoding};
use crate::manifest::statement::Statement;
use crate::names::{
    BatchId, CertificateSerial, DeviceSerial, LaneName, OperatorId, StationName, WorkOrderId,
};
use crate::verdict::VerdictCode;

/// When the test batch's manifest is signed.
pub(super) const SIGNED_AT: UtcMillis = UtcMillis((NOT_BEFORE + 9 * 3600) * 1000);

/// Writes a batch's log, event by event, as the station's writer would.
pub(super) struct TestBatch {
    pub(super) pki: TestPki,
    pub(super) events: Vec<(u64, Event)>,
    pub(super) elsewhere: Vec<Event>,
    pub(super) clock_accepted: Vec<Event>,
    leaves: Vec<Vec<u8>>,
    time: UtcMillis,
    session: u8,
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
            elsewhere: Vec::new(),
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
        this
    }

    /// Appends an event to the batch, 250 ms after the one before.
    pub(super) fn add(&mut self, fact: Fact) {
        self.time = UtcMillis(self.time.0 + 250);
        let session = (self.session > 0).then(|| Hex(vec![self.session; 16]));
        let event = Event {
            time: self.time,
            batch: Some(batch()),
            session,
            fact,
        };
        let prev = self.events.last().map(|(index, _)| self.hash_of(*index));
        let position = BatchPosition {
            batch: batch(),
            seq: self.events.len() as u64,
            prev,
        };
        let leaf = Leaf {
            time: event.time,
            position: Some(position),
            session: event.session.clone(),
            fact: event.fact.clone(),
        };
        self.events.push((self.leaves.len() as u64, event));
        self.leaves.push(leaf.encode().unwrap());
    }

    fn hash_of(&self, index: u64) -> Digest {
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
        self.add(Fact::Provisioned {
            uid: uid(number),
            certificate_serial: certificate_serial(certificate),
            device_serial: serial(number),
            receipt: Base64Bytes(vec![3]),
            token: Base64Bytes(vec![4]),
        });
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

    /// A batch in which everything happens that a line can see.
    pub(super) fn of_every_kind() -> Self {
        let mut this = Self::open();
        this.pass("lane-1", 1);
        // Fails its self-test, passes the second time.
        this.plug_in("lane-2", 2);
        this.attest(2, VerdictCode::Pass, "2.5.1");
        this.verdict("lane-2", VerdictCode::HwLimit, Some(2));
        this.pass("lane-2", 2);
        // Old firmware.
        this.plug_in("lane-1", 3);
        this.attest(3, VerdictCode::FwVersion, "2.4.0");
        this.verdict("lane-1", VerdictCode::FwVersion, Some(3));
        // Somebody claims to be the first board; it stays passed.
        this.plug_in("lane-2", 1);
        this.attest(1, VerdictCode::AttKeyUnknown, "6.6.6");
        this.verdict("lane-2", VerdictCode::AttKeyUnknown, None);
        // The first board itself comes back.
        this.plug_in("lane-1", 1);
        this.attest(1, VerdictCode::Pass, "2.5.1");
        this.verdict("lane-1", VerdictCode::AlreadyProvisioned, Some(1));
        // Doesn't keep its certificate.
        this.plug_in("lane-2", 4);
        this.attest(4, VerdictCode::Pass, "2.5.1");
        this.issue(4, 104);
        this.revoke(4, 104);
        this.verdict("lane-2", VerdictCode::InstallReadback, Some(4));
        // In doubt, and revoked before the batch was closed.
        this.plug_in("lane-1", 5);
        this.attest(5, VerdictCode::Pass, "2.5.1");
        this.issue(5, 105);
        this.verdict("lane-1", VerdictCode::InDoubt, Some(5));
        this.revoke(5, 105);
        // Noise only: nobody said who it is.
        this.session += 1;
        this.verdict("lane-2", VerdictCode::LinkNoise, None);
        // The station was killed before it said anything.
        this.plug_in("lane-1", 6);
        // A good board of an earlier batch.
        this.plug_in("lane-2", 7);
        this.attest(7, VerdictCode::Pass, "2.5.1");
        this.verdict("lane-2", VerdictCode::AlreadyProvisioned, Some(7));
        this
    }

    /// Closes the batch and gives what the ledger then holds of it.
    pub(super) fn close(&mut self) -> BatchRecord {
        self.session = 0;
        let count = self.events.len() as u64;
        let head = self
            .events
            .last()
            .map(|(index, _)| self.hash_of(*index))
            .unwrap();
        self.add(Fact::BatchClosed {
            count,
            head: head.into(),
            actor: actor("supervisor-1"),
        });
        self.record()
    }

    pub(super) fn record(&self) -> BatchRecord {
        let station = StationName::parse("line-7").unwrap();
        let name = origin(&station);
        let (last, _) = self.events.last().unwrap();
        let closing_leaf = self.leaves[usize::try_from(*last).unwrap()].clone();
        let mut leaves = self.leaves.clone();
        leaves.push(b"an event after the batch".to_vec());
        let (mut frontier, mut nodes) = (Frontier::default(), HashMap::<NodeId, Digest>::new());
        for leaf in &leaves {
            nodes.extend(
                frontier
                    .append(leaf_hash(leaf))
                    .iter()
                    .map(|node| (node.id, node.hash)),
            );
        }
        let head = TreeHead {
            size: frontier.size(),
            root: frontier.root(),
        };
        let proof = inclusion(&nodes, *last, head.size).unwrap().unwrap();
        let key = PublicKey::P256(self.pki.ledger_key.point());
        let key = VerifierKey::new(&name, key).unwrap();
        let checkpoint = Checkpoint {
            origin: name.clone(),
            head,
        };
        let signature = self.pki.ledger_key.sign(checkpoint.text().as_bytes());
        BatchRecord {
            batch: batch(),
            station,
            development: true,
            events: self.events.clone(),
            elsewhere: self.elsewhere.clone(),
            clock_accepted: self.clock_accepted.clone(),
            closing: ClosingProof {
                origin: name,
                vkey: key.to_string(),
                checkpoint: checkpoint.into_note(&key, &signature).unwrap(),
                leaf: String::from_utf8(closing_leaf).unwrap(),
                path: proof.into_iter().map(Hex::from).collect(),
            },
        }
    }

    /// The statement about the closed batch.
    pub(super) fn statement(&mut self) -> Statement {
        let record = self.close();
        assemble(record, vec![self.pki.signer.clone()], SIGNED_AT).unwrap()
    }

    /// The signed file.
    pub(super) fn file(&self, statement: &Statement) -> Vec<u8> {
        self.file_of_payload(statement.to_bytes().unwrap())
    }

    pub(super) fn file_of_payload(&self, payload: Vec<u8>) -> Vec<u8> {
        let key = &self.pki.signer_key;
        let signature = key.sign(&pre_authentication_encoding(&payload));
        Envelope::assemble(PAYLOAD_TYPE, payload, &key.point(), &signature)
            .unwrap()
            .to_bytes()
            .unwrap()
    }
}
