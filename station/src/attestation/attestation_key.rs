//! Who vouches for an attestation key: the vendor's certificates, and the authentic UID in them.

use firmware_proto::Uid;
use firmware_proto::platform::Sec1Point;

use super::Rejection;
use crate::certificate_path::{LeafUse, ParsedCertificate, PathError, verify_path};
use crate::clock::UtcMillis;
use crate::profile::AttestationRules;
use crate::verdict::VerdictCode;

/// Most certificates that a device may send: the leaf and one authority below the root.
const MAX_SENT: usize = 2;

/// An attestation key that the vendor vouches for, and the UID of the silicon that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EndorsedKey {
    pub(super) point: Sec1Point,
    pub(super) uid: Uid,
}

/// Checks the certificates that the device sent, DER one after the other, leaf first.
pub(super) fn endorsed_key(
    rules: &AttestationRules,
    certificates: &[u8],
    now: UtcMillis,
) -> Result<EndorsedKey, Rejection> {
    let unknown = |detail: &str| Rejection::new(VerdictCode::AttKeyUnknown, detail);
    if certificates.is_empty() {
        return Err(unknown("expected an attestation-key certificate, got none"));
    }
    let sent = ParsedCertificate::sequence_from_der(certificates, MAX_SENT).map_err(|error| {
        Rejection::new(
            VerdictCode::AttMalformed,
            format!("attestation-key certificate: {error}"),
        )
    })?;
    let leaf = sent
        .first()
        .ok_or_else(|| unknown("no attestation-key certificate"))?;
    verify_under_any_root(rules, &sent, now).map_err(|error| {
        let code = match error {
            PathError::Validity { .. } => VerdictCode::AttKeyExpired,
            _ => VerdictCode::AttKeyUnknown,
        };
        Rejection::new(code, format!("attestation-key certificate: {error}"))
    })?;
    let hardware = leaf
        .hardware_module_name()
        .ok_or_else(|| unknown("the attestation-key certificate names no hardware module"))?;
    if hardware.hw_type != rules.hardware_type {
        let (expected, got) = (rules.hardware_type, hardware.hw_type);
        let detail = format!("the chip is of type {got}, expected {expected}");
        return Err(Rejection::new(VerdictCode::AttProduct, detail));
    }
    let uid = Uid::from_bytes(hardware.hw_serial_num.as_bytes())
        .map_err(|_| unknown("the certified UID is not 8 to 16 bytes"))?;
    Ok(EndorsedKey {
        point: *leaf.point(),
        uid,
    })
}

/// Tries each root that bears the name of the last certificate's issuer; the error of the last try
/// counts.
fn verify_under_any_root(
    rules: &AttestationRules,
    sent: &[ParsedCertificate],
    now: UtcMillis,
) -> Result<(), PathError> {
    let mut result = Err(PathError::Malformed {
        reason: "the profile has no roots".to_owned(),
    });
    for root in &rules.roots {
        let path: Vec<_> = sent.iter().chain(std::iter::once(root)).collect();
        let tried = verify_path(&path, LeafUse::Signer, now);
        let closer = !matches!(tried, Err(PathError::Issuer { .. }));
        if closer || matches!(result, Err(PathError::Malformed { .. })) {
            result = tried;
        }
        if result.is_ok() {
            break;
        }
    }
    result
}
