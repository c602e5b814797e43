//! All that makes one virtual board what it is: a good SENSOR-A by default, other than that by its
//! defect.

use firmware_proto::cose::ContentType;
use firmware_proto::object_transfer::BlobId;
use firmware_proto::platform::{HardwareIdentity, Sec1Point};
use firmware_proto::{HardwareRevision, Measurement, ProductCode, SecurityLifecycle, Uid};

use crate::certification_request::RequestFault;
use crate::device_keys::{DeviceKey, sha256};
use crate::evidence::{Claims, Component, TokenFault};
use crate::noise_source::NoiseSource;
use crate::power::{PowerCut, Step};
use crate::seed::{Purpose, Seed};
use crate::self_test::good_measurements;
use crate::vendor_ca::{Endorsement, EndorsementValidity, Issuer, SENSOR_A_HARDWARE_TYPE};

/// One board before it has power.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// The seed of the whole line.
    pub seed: Seed,
    /// The board's number on the line, which names its streams.
    pub device: u32,
    /// Who it says it is.
    pub claimed: HardwareIdentity,
    /// Its attestation key.
    pub attestation_key: DeviceKey,
    /// What the vendor says of that key.
    pub endorsement: Endorsement,
    /// What its tokens say.
    pub claims: Claims,
    /// What is wrong with the token that goes into this blob.
    pub token_fault: Option<(BlobId, TokenFault)>,
    /// The lifecycle before the lock.
    pub lifecycle: SecurityLifecycle,
    /// What its sensors read.
    pub measurements: Vec<Measurement>,
    /// What its random number generator draws from.
    pub noise_source: NoiseSource,
    /// Where its identity key comes from.
    pub key_source: KeySource,
    /// What is wrong with its CSR.
    pub request_fault: RequestFault,
    /// The key that it pins.
    pub owner_key: Sec1Point,
    /// Which operations of its hardware fail, or lie.
    pub hardware_faults: Vec<HardwareFault>,
    /// Which operations take their time.
    pub slow: Vec<Slowness>,
    /// When its power fails.
    pub power_cuts: Vec<PowerCut>,
}

/// Where the identity key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// The board's own generator.
    Own,
    /// A generator that gives the same key to every board that has it.
    Shared,
    /// The board attests its own key, but hands over a CSR of another one.
    Foreign,
}

/// An operation that fails or lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HardwareFault {
    /// The sensors don't answer.
    SelfTestFails,
    /// The certificate slot gives back other bytes than were written.
    FalseReadBack,
    /// The fuses can't be blown.
    LockFails,
    /// The fuses say that they are blown, and are not.
    LockLies,
    /// The boot seed is the same in every boot of every board with this fault.
    SharedBootSeed,
    /// Each token has another boot seed.
    ChangingBootSeed,
    /// The nonces are the same on every board with this fault.
    SharedNonce,
    /// The identity key gives wrong signatures of this kind of object.
    FalseSignature(ContentType),
}

/// An operation that is pending a few times before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slowness {
    /// Which one.
    pub step: Step,
    /// How often the station is sent away.
    pub times: u32,
    /// For how long, in milliseconds.
    pub retry_ms: u16,
}

impl Blueprint {
    /// A good board.
    #[must_use]
    pub fn good(seed: Seed, device: u32, owner_key: Sec1Point) -> Self {
        let uid = uid_of(seed, device);
        Self {
            seed,
            device,
            claimed: HardwareIdentity {
                uid: uid.clone(),
                product: product_code(PRODUCT),
                revision: hardware_revision(REVISION),
            },
            attestation_key: DeviceKey::of(seed, Purpose::AttestationKey, device),
            endorsement: Endorsement {
                uid,
                hardware_type: SENSOR_A_HARDWARE_TYPE,
                issuer: Issuer::Vendor,
                validity: EndorsementValidity::Current,
            },
            claims: Claims {
                implementation_id: *sha256(&[b"SENSOR-A implementation 1"]).as_bytes(),
                client_id: 1,
                components: vec![
                    genuine_component("BL", "1.2.0"),
                    genuine_component("APP", "2.5.1"),
                ],
            },
            token_fault: None,
            lifecycle: SecurityLifecycle::PSA_ROT_PROVISIONING,
            measurements: good_measurements(seed, device),
            noise_source: NoiseSource::Good,
            key_source: KeySource::Own,
            request_fault: RequestFault::None,
            owner_key,
            hardware_faults: Vec::new(),
            slow: Vec::new(),
            power_cuts: Vec::new(),
        }
    }
}

impl Blueprint {
    /// Takes over silicon identifier and attestation key of another device of the line.
    pub fn copy_silicon(&mut self, other: u32) {
        let uid = uid_of(self.seed, other);
        self.claimed.uid = uid.clone();
        self.endorsement.uid = uid;
        self.attestation_key = DeviceKey::of(self.seed, Purpose::AttestationKey, other);
    }
}

/// The silicon identifier of a device: random, so that it says nothing of what the board is.
#[must_use]
pub fn uid_of(seed: Seed, device: u32) -> Uid {
    uid_from(seed.bytes(Purpose::Uid, device).split_at(UID_BYTES).0)
}

#[expect(
    clippy::expect_used,
    reason = "12 bytes are always a silicon identifier"
)]
fn uid_from(bytes: &[u8]) -> Uid {
    Uid::from_bytes(bytes).expect("8 to 16 bytes")
}

#[expect(clippy::expect_used, reason = "only for constants of this file")]
fn product_code(text: &str) -> ProductCode {
    ProductCode::parse(text).expect("a product code")
}

#[expect(clippy::expect_used, reason = "only for constants of this file")]
fn hardware_revision(text: &str) -> HardwareRevision {
    HardwareRevision::parse(text).expect("a hardware revision")
}

/// A released image of the vendor's.
#[must_use]
pub fn genuine_component(name: &str, version: &str) -> Component {
    Component {
        name: name.to_owned(),
        version: version.to_owned(),
        measurement: sha256(&[format!("{name} {version} image").as_bytes()]),
        signer: sha256(&[b"vendor firmware signing key"]),
    }
}

const PRODUCT: &str = "SENSOR-A";
const REVISION: &str = "C2";
const UID_BYTES: usize = 12;
