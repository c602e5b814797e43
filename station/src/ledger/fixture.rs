//! Boards, batches and keys for the tests of this room.

mod signer;
mod whole_way;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use firmware_proto::{DeviceNonce, SessionId, Uid};

use super::event::{
    Actor, Assurance, Event, Fact, QuarantineRecord, RevocationReason, session_name,
};
use super::{BatchClosing, BatchOpening, LedgerHandle, NewLedger};
use crate::clock::UtcMillis;
use crate::encoding::{Base64Bytes, Hex, sha256};
use crate::names::{
    BatchId, CertificateSerial, DeviceSerial, LaneName, OperatorId, StationName, WorkOrderId,
};
use crate::profile::Profile;
use crate::verdict::VerdictCode;

pub(in crate::ledger) use signer::TestSigner;

/// As small as a profile can be.
const PROFILE: &str = concat!(
    r#"schema = 1
name = "Sensor A"
product = "SENSOR-A"
hardware_revisions = ["C2"]
serial_pattern = "SA-######"
lock_state = 0x3000

[attestation]
hardware_type = "1.3.6.1.4.1.32473.1.1"
psa_profile = "tag:psacertified.org,2023:psa#tfm"
implementation_id = "0202020202020202020202020202020202020202020202020202020202020202"
client_id = 1
instance_id_is_key_digest = true
roots = ['''
"#,
    include_str!("../../../fixtures/trust/simulated-vendor-root.pem"),
    r#"''']

[[firmware]]
component = "BL"
signer = "0505050505050505050505050505050505050505050505050505050505050505"

[[firmware.versions]]
version = "1.2.0"
measurement = "0404040404040404040404040404040404040404040404040404040404040404"

[[measurement]]
name = "vdd_3v3"
unit = "V"
low = 3.135
high = 3.465

[certificate]
organization = "Example Devices"
hardware_type = "1.3.6.1.4.1.32473.2.1"
"#
);

/// A folder with a ledger in it.
pub(in crate::ledger) struct Home {
    pub(in crate::ledger) folder: tempfile::TempDir,
    pub(in crate::ledger) signer: Arc<TestSigner>,
}

impl Home {
    /// A new ledger.
    pub(in crate::ledger) fn create() -> (Self, LedgerHandle) {
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
            signer: Arc::default(),
        };
        let signer = home.signer.clone();
        let ledger = LedgerHandle::create(&home.path(), new_ledger(), signer, None).unwrap();
        (home, ledger)
    }

    pub(in crate::ledger) fn path(&self) -> PathBuf {
        self.folder.path().join("ledger.sqlite")
    }

    pub(in crate::ledger) fn open(&self) -> Result<LedgerHandle, super::LedgerError> {
        LedgerHandle::open(&self.path(), self.signer.clone(), None)
    }

    /// Changes the file behind the ledger's back.
    pub(in crate::ledger) fn tamper(&self, sql: &str) {
        tamper(&self.path(), sql);
    }
}

pub(in crate::ledger) fn tamper(path: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA foreign_keys = OFF")
        .unwrap();
    connection.execute_batch(sql).unwrap();
}

pub(in crate::ledger) fn new_ledger() -> NewLedger {
    NewLedger {
        station: StationName::parse("station-1").unwrap(),
        development: true,
        time: UtcMillis(1_795_336_200_000),
    }
}

pub(in crate::ledger) fn batch(name: &str) -> BatchId {
    BatchId::parse(name).unwrap()
}

/// Somebody who says who they are.
pub(crate) fn actor() -> Actor {
    Actor {
        operator: OperatorId::parse("op-1").unwrap(),
        assurance: Assurance::Asserted,
    }
}

pub(in crate::ledger) fn profile() -> Profile {
    Profile::parse("sensor-a.toml", PROFILE).unwrap()
}

pub(crate) fn opening(name: &str, quantity: u32) -> BatchOpening {
    BatchOpening {
        time: UtcMillis(1_795_336_200_001),
        batch: batch(name),
        profile: profile(),
        seal: None,
        older_profile: None,
        work_order: WorkOrderId::parse("WO-1").unwrap(),
        quantity,
        issuing_certificate: vec![0x30, 0x00],
        actor: actor(),
    }
}

pub(in crate::ledger) fn closing(name: &str) -> BatchClosing {
    BatchClosing {
        time: UtcMillis(1_795_336_299_000),
        batch: batch(name),
        actor: actor(),
    }
}

pub(crate) fn event(name: &str, fact: Fact) -> Event {
    Event {
        time: UtcMillis(1_795_336_200_002),
        batch: Some(batch(name)),
        session: Some(session_name(SessionId::from_bytes([5; 16]))),
        fact,
    }
}

/// An event that concerns the station alone.
pub(crate) fn station_event(fact: Fact) -> Event {
    Event {
        batch: None,
        session: None,
        ..event("B-1", fact)
    }
}

/// A new ledger in a file of that name.
pub(crate) fn new_ledger_at(path: &Path) -> LedgerHandle {
    LedgerHandle::create(path, new_ledger(), Arc::<TestSigner>::default(), None).unwrap()
}

/// A board, and a certificate of it. Boards of different numbers share nothing.
#[derive(Clone, Debug)]
pub(crate) struct Board {
    pub(crate) uid: Uid,
    pub(in crate::ledger) device_serial: DeviceSerial,
    pub(in crate::ledger) certificate_serial: CertificateSerial,
    pub(in crate::ledger) key: Hex,
}

/// The board of that number with its first certificate.
pub(crate) fn board(number: u32) -> Board {
    reissue(number, 0)
}

/// The same board with a further certificate for a new key.
pub(crate) fn reissue(number: u32, generation: u8) -> Board {
    let mut serial = [generation; 16];
    serial[..4].copy_from_slice(&(number + 1).to_be_bytes());
    let mut uid = [0xa5; 12];
    uid[..4].copy_from_slice(&number.to_be_bytes());
    Board {
        uid: Uid::from_bytes(&uid).unwrap(),
        device_serial: DeviceSerial::parse(&format!("SA-{number:06}")).unwrap(),
        certificate_serial: CertificateSerial::from_random(serial).unwrap(),
        key: sha256(&serial).into(),
    }
}

impl Board {
    fn tbs(&self) -> Vec<u8> {
        // A SEQUENCE with the serial in it is all that the ledger looks at.
        [&[0x30, 16][..], self.certificate_serial.as_bytes()].concat()
    }

    pub(crate) fn session_opened(&self) -> Fact {
        let profile = profile();
        Fact::SessionOpened {
            lane: LaneName::parse("lane0").unwrap(),
            claimed_uid: self.uid.clone(),
            claimed_product: profile.product,
            claimed_revision: firmware_proto::HardwareRevision::parse("C2").unwrap(),
            claimed_state: firmware_proto::ProvisioningState::Unprovisioned,
            device_nonce: DeviceNonce::from_bytes([3; 32]),
            boot: firmware_proto::BootId::from_bytes([1, 2, 3, 4]),
            actor: actor(),
        }
    }

    pub(crate) fn appraised(&self, instance: u8) -> Fact {
        Fact::EvidenceAppraised {
            code: VerdictCode::Pass,
            detail: "trusted".to_owned(),
            uid: Some(self.uid.clone()),
            instance_id: Some(Hex(vec![instance; 33])),
            implementation_id: Some(Hex(vec![2; 32])),
            boot_seed: Some(Hex(vec![3; 32])),
            lifecycle: Some(firmware_proto::SecurityLifecycle(0x2000)),
            components: vec![super::event::ComponentRecord {
                component: "BL".to_owned(),
                version: "1.2.0".to_owned(),
                measurement: Hex(vec![4; 32]),
                signer: Hex(vec![5; 32]),
            }],
            claims: None,
            relied_on: Vec::new(),
            token: Base64Bytes(vec![0xd2, 0x84]),
            certificates: Base64Bytes(vec![0x30, 0x00]),
            boot: None,
            device_nonce: None,
        }
    }

    /// Evidence as it is recorded now: each number is one boot seed or nonce.
    pub(in crate::ledger) fn shown(&self, instance: u8, seed: u8, nonce: u8) -> Fact {
        let mut fact = self.appraised(instance);
        if let Fact::EvidenceAppraised {
            boot_seed,
            boot,
            device_nonce,
            ..
        } = &mut fact
        {
            *boot_seed = Some(Hex(vec![seed; 32]));
            *boot = Some(firmware_proto::BootId::from_bytes([seed; 4]));
            *device_nonce = Some(DeviceNonce::from_bytes([nonce; 32]));
        }
        fact
    }

    pub(crate) fn intended(&self) -> Fact {
        Fact::CertificateIntended {
            uid: self.uid.clone(),
            certificate_serial: self.certificate_serial,
            device_serial: self.device_serial.clone(),
            key: self.key.clone(),
            tbs: Base64Bytes(self.tbs()),
        }
    }

    pub(in crate::ledger) fn voided(&self) -> Fact {
        Fact::IntentVoided {
            uid: self.uid.clone(),
            certificate_serial: self.certificate_serial,
            reason: "the board went away".to_owned(),
        }
    }

    pub(crate) fn issued(&self) -> Fact {
        let tbs = self.tbs();
        let certificate = [&[0x30, 20][..], &tbs, &[0x05, 0x00]].concat();
        Fact::CertificateIssued {
            uid: self.uid.clone(),
            certificate_serial: self.certificate_serial,
            device_serial: self.device_serial.clone(),
            key: self.key.clone(),
            certificate: Base64Bytes(certificate),
        }
    }

    pub(in crate::ledger) fn granted(&self) -> Fact {
        Fact::GrantSigned {
            uid: self.uid.clone(),
            certificate_serial: self.certificate_serial,
            grant: Base64Bytes(b"grant".to_vec()),
        }
    }

    pub(in crate::ledger) fn proven(&self) -> Fact {
        Fact::ProofVerified {
            uid: self.uid.clone(),
            certificate_serial: self.certificate_serial,
            proof: Base64Bytes(b"proof".to_vec()),
        }
    }

    pub(in crate::ledger) fn committed(&self) -> Fact {
        Fact::CommitSigned {
            uid: self.uid.clone(),
            certificate_serial: self.certificate_serial,
            commit: Base64Bytes(b"commit".to_vec()),
        }
    }

    pub(in crate::ledger) fn provisioned(&self) -> Fact {
        Fact::Provisioned {
            uid: self.uid.clone(),
            certificate_serial: self.certificate_serial,
            device_serial: self.device_serial.clone(),
            receipt: Base64Bytes(b"receipt".to_vec()),
            token: Base64Bytes(b"token".to_vec()),
        }
    }

    pub(crate) fn revoked(&self, reason: RevocationReason) -> Fact {
        Fact::CertificateRevoked {
            uid: self.uid.clone(),
            certificate_serial: self.certificate_serial,
            reason,
            detail: "failed install".to_owned(),
        }
    }

    fn quarantine(&self, reason: &str) -> QuarantineRecord {
        QuarantineRecord {
            uid: self.uid.clone(),
            reason: reason.to_owned(),
            actor: actor(),
        }
    }

    pub(in crate::ledger) fn quarantined(&self) -> Fact {
        Fact::BoardQuarantined(self.quarantine("lot 7"))
    }

    pub(in crate::ledger) fn released(&self) -> Fact {
        Fact::BoardReleased(self.quarantine("checked"))
    }

    pub(crate) fn verdict(&self, code: VerdictCode) -> Fact {
        Fact::VerdictReached {
            lane: LaneName::parse("lane0").unwrap(),
            code,
            detail: "done".to_owned(),
            uid: Some(self.uid.clone()),
            claimed_uid: Some(self.uid.clone()),
            device_serial: Some(self.device_serial.clone()),
            certificate_serial: Some(self.certificate_serial),
            duration_ms: 1234,
            retries: 2,
            profile: None,
        }
    }
}

/// The hold of a batch whose yield was too low.
pub(in crate::ledger) fn batch_hold() -> Fact {
    Fact::BatchHoldPlaced {
        lane: LaneName::parse("lane0").unwrap(),
        code: VerdictCode::HwLimit,
        detail: "7 of the last 10 boards passed at first".to_owned(),
        rule: super::event::TrippedRule {
            name: "first_pass_yield".to_owned(),
            found: 70,
            limit: 80,
            window: Some(10),
        },
    }
}

pub(crate) fn events(name: &str, facts: impl IntoIterator<Item = Fact>) -> Vec<Event> {
    facts.into_iter().map(|fact| event(name, fact)).collect()
}
