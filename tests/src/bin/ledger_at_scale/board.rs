//! One board's events, as long as a real board's and without their meaning.
//!
//! Everything about a board comes from its number, so that a board that was made can be asked for again.
#![forbid(unsafe_code)]

use firmware_proto::{
    BootId, DeviceNonce, HardwareRevision, ProvisioningState, SecurityLifecycle, SessionId, Uid,
};
use sha2::{Digest as _, Sha256};
use station::clock::UtcMillis;
use station::encoding::{Base64Bytes, Hex};
use station::ledger::event::{
    Actor, Assurance, ComponentRecord, Event, Fact, MeasurementRecord, session_name,
};
use station::names::{BatchId, CertificateSerial, DeviceSerial, LaneName, OperatorId};
use station::profile::Profile;
use station::verdict::VerdictCode;

use super::Outcome;

/// Sizes, in bytes, of what real boards of the sample profile send and are sent, rounded.
const TOKEN: usize = 512;
const ATTESTATION_CERTIFICATES: usize = 640;
const REQUEST: usize = 256;
const TBS: usize = 384;
const SIGNATURE: usize = 72;
const SIGNED_OBJECT: usize = 200;

/// The first board's time; each has a second of its own. So long ago that the last of many millions was made
/// before its manifest is signed.
pub(crate) const START: u64 = 1_700_000_000_000;

/// One board.
pub(crate) struct Board {
    number: u64,
    pub(crate) uid: Uid,
    pub(crate) certificate_serial: CertificateSerial,
    key: Hex,
}

impl Board {
    pub(crate) fn new(number: u64) -> Outcome<Self> {
        let mut uid = [0; 12];
        fill(&mut uid, "uid", number);
        let mut serial = [0; 16];
        fill(&mut serial, "certificate serial", number);
        Ok(Self {
            number,
            uid: Uid::from_bytes(&uid)?,
            certificate_serial: CertificateSerial::from_random(serial).ok_or("a zero serial")?,
            key: Hex(bytes("key", number, 32)),
        })
    }

    /// What is recorded before the board is reserved a place, one request each.
    pub(crate) fn appraisal(&self, line: &Line) -> Outcome<Vec<Vec<Event>>> {
        let facts = [
            self.opened(line)?,
            self.evidence()?,
            self.measured()?,
            self.key(),
        ];
        Ok(facts
            .into_iter()
            .map(|fact| vec![self.event(line, fact)])
            .collect())
    }

    /// The intent.
    pub(crate) fn intended(&self, line: &Line, serial: &DeviceSerial) -> Vec<Event> {
        let fact = Fact::CertificateIntended {
            uid: self.uid.clone(),
            certificate_serial: self.certificate_serial,
            device_serial: serial.clone(),
            key: self.key.clone(),
            tbs: Base64Bytes(self.tbs()),
        };
        vec![self.event(line, fact)]
    }

    /// The certificate.
    pub(crate) fn issued(&self, line: &Line, serial: &DeviceSerial) -> Vec<Event> {
        let content = [self.tbs(), bytes("signature", self.number, SIGNATURE)].concat();
        let [_, _, high, low] = u32::try_from(content.len()).unwrap_or(0).to_be_bytes();
        let fact = Fact::CertificateIssued {
            uid: self.uid.clone(),
            certificate_serial: self.certificate_serial,
            device_serial: serial.clone(),
            key: self.key.clone(),
            certificate: Base64Bytes([vec![0x30, 0x82, high, low], content].concat()),
        };
        vec![self.event(line, fact)]
    }

    /// From the grant to the verdict, one request each.
    pub(crate) fn finish(&self, line: &Line, serial: &DeviceSerial) -> Vec<Vec<Event>> {
        let (uid, certificate_serial) = (self.uid.clone(), self.certificate_serial);
        let object = |what| Base64Bytes(bytes(what, self.number, SIGNED_OBJECT));
        let granted = Fact::GrantSigned {
            uid: uid.clone(),
            certificate_serial,
            grant: object("grant"),
        };
        let proven = Fact::ProofVerified {
            uid: uid.clone(),
            certificate_serial,
            proof: object("proof"),
        };
        let committed = Fact::CommitSigned {
            uid: uid.clone(),
            certificate_serial,
            commit: object("commit"),
        };
        let provisioned = Fact::Provisioned {
            uid: uid.clone(),
            certificate_serial,
            device_serial: serial.clone(),
            receipt: object("receipt"),
            token: Base64Bytes(bytes("token 3", self.number, TOKEN)),
        };
        let verdict = Fact::VerdictReached {
            lane: line.lane.clone(),
            code: VerdictCode::Pass,
            detail: "provisioned".to_owned(),
            uid: Some(uid.clone()),
            claimed_uid: Some(uid),
            device_serial: Some(serial.clone()),
            certificate_serial: Some(certificate_serial),
            duration_ms: 1200 + self.number % 800,
            retries: 0,
            profile: Some(Hex::from(line.profile.digest)),
        };
        [
            vec![granted],
            vec![proven],
            vec![committed],
            vec![provisioned, verdict],
        ]
        .into_iter()
        .map(|facts| {
            facts
                .into_iter()
                .map(|fact| self.event(line, fact))
                .collect()
        })
        .collect()
    }

    fn event(&self, line: &Line, fact: Fact) -> Event {
        let mut session = [0; 16];
        fill(&mut session, "session", self.number);
        Event {
            time: UtcMillis(START + self.number * 1000),
            batch: Some(line.batch.clone()),
            session: Some(session_name(SessionId::from_bytes(session))),
            fact,
        }
    }

    fn nonce(&self) -> DeviceNonce {
        let mut nonce = [0; 32];
        fill(&mut nonce, "nonce", self.number);
        DeviceNonce::from_bytes(nonce)
    }

    fn boot(&self) -> BootId {
        let mut boot = [0; 4];
        fill(&mut boot, "boot", self.number);
        BootId::from_bytes(boot)
    }

    fn tbs(&self) -> Vec<u8> {
        bytes("tbs", self.number, TBS)
    }

    fn opened(&self, line: &Line) -> Outcome<Fact> {
        Ok(Fact::SessionOpened {
            lane: line.lane.clone(),
            claimed_uid: self.uid.clone(),
            claimed_product: line.profile.product.clone(),
            claimed_revision: HardwareRevision::parse("C2")?,
            claimed_state: ProvisioningState::Unprovisioned,
            device_nonce: self.nonce(),
            boot: self.boot(),
            actor: operator()?,
        })
    }

    fn evidence(&self) -> Outcome<Fact> {
        let component = |name: &str, version: &str| ComponentRecord {
            component: name.to_owned(),
            version: version.to_owned(),
            measurement: Hex(bytes(name, 0, 32)),
            signer: Hex(bytes("signer", 0, 32)),
        };
        Ok(Fact::EvidenceAppraised {
            code: VerdictCode::Pass,
            detail: "trusted".to_owned(),
            uid: Some(self.uid.clone()),
            instance_id: Some(Hex([vec![1], bytes("instance", self.number, 32)].concat())),
            implementation_id: Some(Hex(bytes("implementation", 0, 32))),
            boot_seed: Some(Hex(bytes("boot seed", self.number, 32))),
            lifecycle: Some(SecurityLifecycle(0x2000)),
            components: vec![component("BL", "1.2.0"), component("APP", "4.0.1")],
            claims: None,
            relied_on: Vec::new(),
            token: Base64Bytes(bytes("token", self.number, TOKEN)),
            certificates: Base64Bytes(bytes("attestation", self.number, ATTESTATION_CERTIFICATES)),
            boot: Some(self.boot()),
            device_nonce: Some(self.nonce()),
        })
    }

    fn measured(&self) -> Outcome<Fact> {
        let measurement = |name: &str, unit: &str, value: String| MeasurementRecord {
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
            low: Some("3.135".to_owned()),
            high: Some("3.465".to_owned()),
            code: VerdictCode::Pass,
            limits: Some("3.135 to 3.465".to_owned()),
            readings: Vec::new(),
            deviation: None,
            marginal: false,
        };
        let value = format!("3.3{:02}", self.number % 100);
        Ok(Fact::MeasurementsJudged {
            uid: self.uid.clone(),
            code: VerdictCode::Pass,
            measurements: ["vdd_3v3", "vdd_1v8", "supply_current"]
                .map(|name| measurement(name, "V", value.clone()))
                .to_vec(),
            random_source: None,
        })
    }

    fn key(&self) -> Fact {
        Fact::KeyAppraised {
            uid: self.uid.clone(),
            code: VerdictCode::Pass,
            detail: "bound".to_owned(),
            key: Some(self.key.clone()),
            csr: Base64Bytes(bytes("request", self.number, REQUEST)),
            token: Base64Bytes(bytes("token 2", self.number, TOKEN)),
        }
    }
}

/// Where a board is.
pub(crate) struct Line {
    pub(crate) batch: BatchId,
    pub(crate) lane: LaneName,
    pub(crate) profile: Profile,
}

/// Who works there.
pub(crate) fn operator() -> Outcome<Actor> {
    Ok(Actor {
        operator: OperatorId::parse("op-1")?,
        assurance: Assurance::Asserted,
    })
}

/// Bytes that look random and are always the same for one thing of one board.
fn bytes(what: &str, number: u64, length: usize) -> Vec<u8> {
    let mut made = vec![0; length];
    fill(&mut made, what, number);
    made
}

fn fill(to: &mut [u8], what: &str, number: u64) {
    let pieces = to.chunks_mut(32);
    for (counter, piece) in (0_u64..).zip(pieces) {
        let digest = Sha256::new_with_prefix(what)
            .chain_update(number.to_be_bytes())
            .chain_update(counter.to_be_bytes())
            .finalize();
        piece
            .iter_mut()
            .zip(digest)
            .for_each(|(to, from)| *to = from);
    }
}
