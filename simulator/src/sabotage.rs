//! How a fault gets into a board: what of the blueprint it changes, and how the board then behaves.

use firmware_proto::cose::ContentType;
use firmware_proto::object_transfer::BlobId;
use firmware_proto::version::Version;
use firmware_proto::{AddressMap, ProductCode, SecurityLifecycle, Unit, Value};

use crate::blueprint::{Blueprint, HardwareFault, KeySource, Slowness, genuine_component, uid_of};
use crate::certification_request::RequestFault;
use crate::conduct::Conduct;
use crate::device_keys::{DeviceKey, sha256};
use crate::evidence::TokenFault;
use crate::fault::{AuthorityName, Fault, Reading, SignedBy, TokenFaultName, TokenOf};
use crate::seed::Purpose;
use crate::self_test;
use crate::vendor_authorities::Authority;
use crate::vendor_ca::{EndorsementValidity, Issuer, OTHER_HARDWARE_TYPE};
use crate::wire_fault::WireFaults;

impl Fault {
    /// Builds the fault into a board, and says how the board then behaves on the wire. What
    /// concerns several boards, or the wire, is for the line to arrange.
    pub fn apply(&self, board: &mut Blueprint) -> Conduct {
        self.spoil_firmware(board);
        self.spoil_attestation(board);
        self.spoil_repeats(board);
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

    /// Whether it is about the line, power or pace, and not about what the board is.
    #[must_use]
    pub const fn strains_the_line(&self) -> bool {
        matches!(
            self,
            Self::Wire { .. }
                | Self::Slow { .. }
                | Self::PowerCut { .. }
                | Self::PortVanishes { .. }
        )
    }

    fn conduct(&self) -> Conduct {
        match self {
            Self::Hostile { peer } => Conduct::Hostile(*peer),
            Self::SilentFrom { answer } => Conduct::SilentFrom(*answer),
            Self::NoiseFrom { answer } => Conduct::NoiseFrom(*answer),
            Self::WrongAnswer { answer } => Conduct::WrongAnswer(*answer),
            Self::HugeBlob { answer } => Conduct::HugeBlob(*answer),
            Self::EndlessBlob { answer } => Conduct::EndlessBlob(*answer),
            Self::WrongSequence { answer } => Conduct::WrongSequence(*answer),
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
            Self::RevokedAttestationKey {} => {
                board.endorsement.validity = EndorsementValidity::Revoked;
            }
            Self::AttestationAuthority { authority } => {
                board.endorsement.issuer = Issuer::Below(authority.authority());
            }
            Self::NoAttestationCertificate {} => board.endorsement.issuer = Issuer::AllowList,
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

    /// What belongs to one board alone, and this one shares.
    fn spoil_repeats(&self, board: &mut Blueprint) {
        match self {
            Self::SharedAttestationKey {} => {
                board.attestation_key =
                    DeviceKey::of(board.seed, Purpose::WeakGenerator, SHARED_ATTESTATION_KEY);
            }
            Self::SharedBootSeed {} => board.hardware_faults.push(HardwareFault::SharedBootSeed),
            Self::ChangingBootSeed {} => {
                board.hardware_faults.push(HardwareFault::ChangingBootSeed);
            }
            Self::SharedNonce {} => board.hardware_faults.push(HardwareFault::SharedNonce),
            _ => {}
        }
    }

    fn spoil_measurements(&self, board: &mut Blueprint) {
        self.spoil_numbers(board);
        let list = &mut board.measurements;
        match self {
            Self::MissingMeasurement { name } => self_test::remove(list, name),
            Self::DoubledMeasurement { name } => {
                let twice = list
                    .iter()
                    .find(|known| known.name == name.as_str())
                    .cloned();
                list.extend(twice);
            }
            Self::UnknownMeasurement { name } => {
                self_test::add(list, name, Value::Integer(1), Unit::None);
            }
            Self::OtherUnit { name } => self_test::change(list, name, |known| {
                known.unit = Unit::Ohm;
            }),
            Self::OtherType { name } => self_test::change(list, name, |known| {
                known.value = match known.value {
                    Value::Text(_) => Value::Integer(1),
                    _ => self_test::text("one"),
                };
            }),
            Self::Bits { name, flipped } => self_test::change(list, name, |known| {
                if let Value::Mask(bits) = &mut known.value {
                    *bits ^= flipped;
                }
            }),
            Self::Text { name, text } => self_test::change(list, name, |known| {
                known.value = self_test::text(text);
            }),
            Self::ChangedMemory { name } => self_test::change(list, name, |known| {
                known.value = Value::Digest(sha256(&[b"changed memory"]));
            }),
            Self::Bus { name, flipped } => self_test::change(list, name, |known| {
                if let Value::Bus(found) = &mut known.value {
                    flip(found, flipped);
                }
            }),
            Self::RandomSource { source } => board.noise_source = *source,
            Self::SelfTestFails {} => board.hardware_faults.push(HardwareFault::SelfTestFails),
            _ => {}
        }
    }

    fn spoil_numbers(&self, board: &mut Blueprint) {
        let list = &mut board.measurements;
        match self {
            Self::Measurement { name, value } => match value {
                Reading::Integer(value) => self_test::change(list, name, |known| {
                    known.value = Value::Integer(*value);
                }),
                Reading::Real(value) => {
                    self_test::change_readings(list, name, |middle, one| value + (one - middle));
                }
            },
            Self::NotANumber { name } => {
                self_test::change_readings(list, name, |_, _| f32::NAN);
            }
            Self::Infinite { name } => {
                self_test::change_readings(list, name, |_, _| f32::INFINITY);
            }
            Self::StuckSensor { name } => {
                self_test::change_readings(list, name, |middle, _| middle);
            }
            Self::WildSensor { name, times } => {
                self_test::change_readings(list, name, |middle, one| {
                    middle + times * (one - middle)
                });
            }
            Self::FewReadings { name, count } => self_test::change(list, name, |known| {
                if let Value::Readings(readings) = &mut known.value {
                    readings.truncate(*count);
                }
            }),
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
                board.power_cuts.extend_from_slice(cuts);
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

impl AuthorityName {
    const fn authority(self) -> Authority {
        match self {
            Self::Lot => Authority::Lot,
            Self::BeyondPathLength => Authority::BeyondPathLength,
            Self::OtherNames => Authority::OtherNames,
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

fn flip(found: &mut AddressMap, addresses: &[u8]) {
    for address in addresses {
        if found.contains(*address) {
            found.remove(*address);
        } else {
            found.insert(*address);
        }
    }
}

/// The stream of the weak generator that makes attestation keys.
const SHARED_ATTESTATION_KEY: u32 = 1;
/// Streams of devices that are on no line.
const ELSEWHERE: u32 = 2_000_000;
