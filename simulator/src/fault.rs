//! What can be wrong with a board, each fault with its parameters as the defect catalogue writes them.

use firmware_proto::cose::ContentType;
use firmware_proto::object_transfer::BlobId;
use firmware_proto::version::Version;
use firmware_proto::{ProductCode, SecurityLifecycle, Unit, Value};
use serde::{Deserialize, Serialize};

use crate::blueprint::{Blueprint, HardwareFault, KeySource, Slowness, genuine_component, uid_of};
use crate::certification_request::RequestFault;
use crate::conduct::Conduct;
use crate::device_keys::{DeviceKey, sha256};
use crate::evidence::TokenFault;
use crate::hostile::HostileKind;
use crate::power::{PowerCut, Step};
use crate::self_test;
use crate::vendor_ca::{EndorsementValidity, Issuer, OTHER_HARDWARE_TYPE};
use crate::wire_fault::WireFaults;

/// One fault. Variants without parameters are empty structs, so that an unknown key is refused there too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum Fault {
    /// Nothing.
    None {},
    /// A genuine image, but of another version.
    FirmwareVersion {
        /// Which component.
        component: String,
        /// The version it has.
        version: String,
    },
    /// The right version, but not the released image.
    TamperedImage {
        /// Which component.
        component: String,
    },
    /// The right image, signed by somebody else.
    ForeignSigner {
        /// Which component.
        component: String,
    },
    /// A component too many.
    UnknownComponent {
        /// Its name.
        component: String,
    },
    /// A component too few.
    MissingComponent {
        /// Its name.
        component: String,
    },
    /// Another lifecycle state.
    Lifecycle {
        /// The claim's value (RFC 9783, section 4.3.1).
        value: u16,
    },
    /// A stranger vouches for the attestation key.
    ForeignAttestationKey {},
    /// The attestation key's certificate has expired.
    ExpiredAttestationKey {},
    /// The attestation key's certificate names another product.
    OtherHardwareType {},
    /// The tokens name another implementation.
    OtherImplementation {},
    /// The tokens were asked for by another client.
    ClientId {
        /// The claim's value.
        value: i32,
    },
    /// A token is wrong in itself.
    Token {
        /// Which of the session's three.
        of: TokenOf,
        /// In what way.
        fault: TokenFaultName,
    },
    /// The board claims a UID that is not its silicon's.
    ClaimedUid {},
    /// The board is of another product.
    Product {
        /// The product code it claims.
        code: String,
    },
    /// A sensor reads this.
    Measurement {
        /// Which one.
        name: String,
        /// The value: with a decimal point for real numbers.
        value: Reading,
    },
    /// A sensor gives no number.
    NotANumber {
        /// Which one.
        name: String,
    },
    /// A measurement is missing.
    MissingMeasurement {
        /// Which one.
        name: String,
    },
    /// A measurement that nobody asked for.
    UnknownMeasurement {
        /// Its name.
        name: String,
    },
    /// A measurement has another unit.
    OtherUnit {
        /// Which one.
        name: String,
    },
    /// The self-test hardware fails.
    SelfTestFails {},
    /// The CSR is no DER.
    MalformedRequest {},
    /// The CSR's signature is of another message.
    RequestSignature {},
    /// The CSR is of another key than the one that is attested.
    ForeignKey {},
    /// The identity key comes from a generator that other boards with this fault share.
    SharedKey {},
    /// A copy of the board that it comes after: same silicon UID and attestation key, other identity key.
    Clone {},
    /// The board that it comes after, put in once more.
    ComesBack {},
    /// The board pins another product owner's key.
    OtherOwner {},
    /// The certificate slot gives back other bytes.
    FalseReadBack {},
    /// The identity key gives wrong signatures.
    FalseSignature {
        /// Over which object.
        of: SignedBy,
    },
    /// The fuses can't be blown.
    LockFails {},
    /// The fuses only seem to be blown.
    LockLies {},
    /// A peer that keeps no protocol.
    Hostile {
        /// What it does.
        peer: HostileKind,
    },
    /// Silence from this answer on.
    SilentFrom {
        /// Which answer.
        answer: Step,
    },
    /// Noise without end from this answer on.
    NoiseFrom {
        /// Which answer.
        answer: Step,
    },
    /// Another answer than the one that is due.
    WrongAnswer {
        /// In place of which.
        answer: Step,
    },
    /// A blob of 65,535 bytes is announced.
    HugeBlob {
        /// In place of which answer.
        answer: Step,
    },
    /// Another board is put in the place of this one in mid-session.
    SwappedFrom {
        /// From which answer on.
        answer: Step,
    },
    /// The board speaks another protocol version only.
    OtherVersion {
        /// Which one.
        version: u8,
    },
    /// An operation that takes its time.
    Slow {
        /// Which one.
        step: Step,
        /// How often the station is sent away.
        times: u32,
        /// For how long.
        retry_ms: u16,
    },
    /// Power goes away, and returns.
    PowerCut {
        /// When.
        cuts: Vec<PowerCut>,
    },
    /// The port goes away with the board's power, as that of a board with its own USB does, and returns.
    PortVanishes {
        /// When.
        cuts: Vec<PowerCut>,
    },
    /// A bad line between station and board.
    Wire {
        /// What it does to the bytes.
        faults: WireFaults,
    },
}

/// One of a session's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenOf {
    /// Token 1.
    Evidence,
    /// Token 2, with the CSR.
    KeyEvidence,
    /// Token 3, with the receipt.
    Receipt,
}

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenFaultName {
    /// One bit of the signature.
    Signature,
    /// Its nonce is an old one.
    StaleNonce,
    /// It is cut in the middle.
    Truncated,
    /// A claim stands in it twice.
    DoubledClaim,
    /// Its instance ID is not its key's.
    ForeignInstance,
}

/// A signed object of the device's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignedBy {
    /// The proof of possession.
    Proof,
    /// The receipt.
    Receipt,
}

/// What a sensor reads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reading {
    /// A whole number.
    Integer(i64),
    /// A real number.
    Real(f32),
}

impl Fault {
    /// Builds the fault into a board, and says how the board then behaves on the wire. What concerns several
    /// boards, or the wire, is for the line to arrange.
    pub fn apply(&self, board: &mut Blueprint) -> Conduct {
        self.spoil_firmware(board);
        self.spoil_attestation(board);
        self.spoil_measurements(board);
        self.spoil_identity(board);
        self.spoil_pace(board);
        self.conduct()
    }

    /// What the fault does to the line; nothing where it is the board's.
    #[must_use]
    pub fn wire_faults(&self) -> WireFaults {
        match self {
            Self::Wire { faults } => *faults,
            _ => WireFaults::default(),
        }
    }

    fn conduct(&self) -> Conduct {
        match self {
            Self::Hostile { peer } => Conduct::Hostile(*peer),
            Self::SilentFrom { answer } => Conduct::SilentFrom(*answer),
            Self::NoiseFrom { answer } => Conduct::NoiseFrom(*answer),
            Self::WrongAnswer { answer } => Conduct::WrongAnswer(*answer),
            Self::HugeBlob { answer } => Conduct::HugeBlob(*answer),
            Self::SwappedFrom { answer } => Conduct::SwappedFrom(*answer),
            Self::OtherVersion { version } => Conduct::OtherVersion(Version(*version)),
            _ => Conduct::Honest,
        }
    }

    fn spoil_firmware(&self, board: &mut Blueprint) {
        let components = &mut board.claims.components;
        let named = |name: &str| components.iter().position(|known| known.name == name);
        match self {
            Self::FirmwareVersion { component, version } => {
                if let Some(slot) = named(component).and_then(|i| components.get_mut(i)) {
                    *slot = genuine_component(component, version);
                }
            }
            Self::TamperedImage { component } => {
                if let Some(slot) = named(component).and_then(|i| components.get_mut(i)) {
                    slot.measurement = sha256(&[b"a tampered image"]);
                }
            }
            Self::ForeignSigner { component } => {
                if let Some(slot) = named(component).and_then(|i| components.get_mut(i)) {
                    slot.signer = sha256(&[b"a key of somebody else"]);
                }
            }
            Self::UnknownComponent { component } => {
                components.push(genuine_component(component, "1.0.0"));
            }
            Self::MissingComponent { component } => {
                components.retain(|known| known.name != *component);
            }
            _ => {}
        }
    }

    fn spoil_attestation(&self, board: &mut Blueprint) {
        match self {
            Self::Lifecycle { value } => board.lifecycle = SecurityLifecycle(*value),
            Self::ForeignAttestationKey {} => board.endorsement.issuer = Issuer::Stranger,
            Self::ExpiredAttestationKey {} => {
                board.endorsement.validity = EndorsementValidity::Expired;
            }
            Self::OtherHardwareType {} => board.endorsement.hardware_type = OTHER_HARDWARE_TYPE,
            Self::OtherImplementation {} => {
                board.claims.implementation_id =
                    *sha256(&[b"SENSOR-B implementation 1"]).as_bytes();
            }
            Self::ClientId { value } => board.claims.client_id = *value,
            Self::Token { of, fault } => board.token_fault = Some((of.blob(), fault.fault())),
            Self::ClaimedUid {} => {
                board.claimed.uid = uid_of(board.seed, board.device.wrapping_add(ELSEWHERE));
            }
            Self::Product { code } => {
                if let Ok(code) = ProductCode::parse(code) {
                    board.claimed.product = code;
                }
            }
            _ => {}
        }
    }

    fn spoil_measurements(&self, board: &mut Blueprint) {
        let list = &mut board.measurements;
        match self {
            Self::Measurement { name, value } => {
                self_test::replace(list, name, value.value(), None);
            }
            Self::NotANumber { name } => {
                self_test::replace(list, name, Value::Real(f32::NAN), None);
            }
            Self::MissingMeasurement { name } => self_test::remove(list, name),
            Self::UnknownMeasurement { name } => {
                self_test::add(list, name, Value::Integer(1), Unit::None);
            }
            Self::OtherUnit { name } => {
                let value = list.iter().find(|known| known.name == name.as_str());
                if let Some(value) = value.map(|known| known.value) {
                    self_test::replace(list, name, value, Some(Unit::Ohm));
                }
            }
            Self::SelfTestFails {} => board.hardware_faults.push(HardwareFault::SelfTestFails),
            _ => {}
        }
    }

    fn spoil_identity(&self, board: &mut Blueprint) {
        match self {
            Self::MalformedRequest {} => board.request_fault = RequestFault::Malformed,
            Self::RequestSignature {} => board.request_fault = RequestFault::Signature,
            Self::ForeignKey {} => board.key_source = KeySource::Foreign,
            Self::SharedKey {} => board.key_source = KeySource::Shared,
            Self::OtherOwner {} => {
                board.owner_key = DeviceKey::well_known("another product owner").point();
            }
            Self::FalseReadBack {} => board.hardware_faults.push(HardwareFault::FalseReadBack),
            Self::FalseSignature { of } => {
                let content = match of {
                    SignedBy::Proof => ContentType::Proof,
                    SignedBy::Receipt => ContentType::Receipt,
                };
                board
                    .hardware_faults
                    .push(HardwareFault::FalseSignature(content));
            }
            Self::LockFails {} => board.hardware_faults.push(HardwareFault::LockFails),
            Self::LockLies {} => board.hardware_faults.push(HardwareFault::LockLies),
            _ => {}
        }
    }

    fn spoil_pace(&self, board: &mut Blueprint) {
        match self {
            Self::Slow {
                step,
                times,
                retry_ms,
            } => board.slow.push(Slowness {
                step: *step,
                times: *times,
                retry_ms: *retry_ms,
            }),
            Self::PowerCut { cuts } | Self::PortVanishes { cuts } => {
                board.power_cuts.extend_from_slice(cuts)
            }
            _ => {}
        }
    }
}

impl TokenOf {
    const fn blob(self) -> BlobId {
        match self {
            Self::Evidence => BlobId::Evidence,
            Self::KeyEvidence => BlobId::KeyEvidence,
            Self::Receipt => BlobId::Receipt,
        }
    }
}

impl TokenFaultName {
    const fn fault(self) -> TokenFault {
        match self {
            Self::Signature => TokenFault::Signature,
            Self::StaleNonce => TokenFault::StaleNonce,
            Self::Truncated => TokenFault::Truncated,
            Self::DoubledClaim => TokenFault::DoubledClaim,
            Self::ForeignInstance => TokenFault::ForeignInstance,
        }
    }
}

impl Reading {
    const fn value(self) -> Value {
        match self {
            Self::Integer(value) => Value::Integer(value),
            Self::Real(value) => Value::Real(value),
        }
    }
}

/// Streams of devices that are on no line.
const ELSEWHERE: u32 = 2_000_000;
