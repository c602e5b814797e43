//! Who vouches for an attestation key: the vendor's certificates or the vendor's allow-list, and the authentic
//! UID in them.

use firmware_proto::platform::Sec1Point;
use firmware_proto::{Digest, Uid};

use super::Rejection;
use super::psa_token::unverified_instance_id;
use super::trust_material::TrustMaterial;
use crate::certificate_path::{
    LeafUse, MAX_PATH, ParsedCertificate, PathError, RevocationError, check_revocation, verify_path,
};
use crate::clock::UtcMillis;
use crate::encoding::Hex;
use crate::profile::KeyTrust;
use crate::verdict::VerdictCode;

/// Most certificates that a device may send: the leaf and the authorities below the root.
const MAX_SENT: usize = MAX_PATH - 1;

/// An attestation key that the vendor vouches for, and the UID of the silicon that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EndorsedKey {
    pub(super) point: Sec1Point,
    pub(super) uid: Uid,
    /// SHA-256 of the vendor's files that were relied on besides the profile.
    pub(super) relied_on: Vec<Digest>,
}

/// Finds the key under which the token must verify: that of the certificates that the device sent, DER one after
/// the other, leaf first; where it sent none, that of the allow-list's row for the token's instance ID. Nothing
/// else in the token is believed by then.
pub(super) fn endorsed_key(
    trust: &KeyTrust,
    material: &TrustMaterial,
    (token, certificates): (&[u8], &[u8]),
    now: UtcMillis,
) -> Result<EndorsedKey, Rejection> {
    if certificates.is_empty() && trust.allow_list.is_some() {
        return listed_key(trust, material, token);
    }
    certified_key(trust, material, certificates, now)
}

fn listed_key(
    trust: &KeyTrust,
    material: &TrustMaterial,
    token: &[u8],
) -> Result<EndorsedKey, Rejection> {
    let list = material.allow_list_of(trust).ok_or_else(|| {
        let detail = "the allow-list that the profile names is not loaded";
        Rejection::new(VerdictCode::StationTrust, detail)
    })?;
    let instance_id = unverified_instance_id(token).map_err(|fault| {
        Rejection::new(
            VerdictCode::AttMalformed,
            format!("the token is malformed: {fault}"),
        )
    })?;
    let chip = list.find(&instance_id).ok_or_else(|| {
        let id = Hex(instance_id.to_vec());
        let detail = format!("the allow-list has no chip with instance ID {id}");
        Rejection::new(VerdictCode::AttKeyUnknown, detail)
    })?;
    Ok(EndorsedKey {
        point: chip.key,
        uid: chip.uid,
        relied_on: vec![*list.digest()],
    })
}

fn certified_key(
    trust: &KeyTrust,
    material: &TrustMaterial,
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
    let path = path_to_a_root(trust, &sent.iter().collect::<Vec<_>>(), now).map_err(|error| {
        let code = match error {
            PathError::Validity { .. } => VerdictCode::AttKeyExpired,
            _ => VerdictCode::AttKeyUnknown,
        };
        Rejection::new(code, format!("attestation-key certificate: {error}"))
    })?;
    let relied_on = if trust.require_crl {
        check_revocation(&path, &material.revocation_lists, now)
            .map_err(|error| revocation_rejection(&error))?
    } else {
        Vec::new()
    };
    let hardware = leaf
        .hardware_module_name()
        .ok_or_else(|| unknown("the attestation-key certificate names no hardware module"))?;
    if trust.hardware_type != Some(hardware.hw_type) {
        let expected = trust.hardware_type.map(|oid| oid.to_string());
        let (expected, got) = (expected.unwrap_or_default(), hardware.hw_type);
        let detail = format!("the chip is of type {got}, expected {expected}");
        return Err(Rejection::new(VerdictCode::AttProduct, detail));
    }
    let uid = Uid::from_bytes(hardware.hw_serial_num.as_bytes())
        .map_err(|_| unknown("the certified UID is not 8 to 16 bytes"))?;
    Ok(EndorsedKey {
        point: *leaf.point(),
        uid,
        relied_on,
    })
}

fn revocation_rejection(error: &RevocationError) -> Rejection {
    let code = match error {
        RevocationError::Revoked { .. } => VerdictCode::AttKeyRevoked,
        RevocationError::Missing { .. } | RevocationError::Stale { .. } => {
            VerdictCode::StationTrust
        }
    };
    Rejection::new(code, error.to_string())
}

/// Tries each root, then each of the profile's intermediate authorities that bears the name of the last
/// certificate's issuer. Of several failures the one that came closest to a root counts.
fn path_to_a_root<'c>(
    trust: &'c KeyTrust,
    path: &[&'c ParsedCertificate],
    now: UtcMillis,
) -> Result<Vec<&'c ParsedCertificate>, PathError> {
    let mut failure = PathError::Malformed {
        reason: "the profile has no roots".to_owned(),
    };
    let mut keep = |error: PathError| {
        let closer = !matches!(error, PathError::Issuer { .. });
        if closer || matches!(failure, PathError::Malformed { .. }) {
            failure = error;
        }
    };
    for root in &trust.roots {
        let whole = [path, &[root]].concat();
        match verify_path(&whole, LeafUse::Signer, now) {
            Ok(()) => return Ok(whole),
            Err(error) => keep(error),
        }
    }
    let last = path.last().copied();
    let issuing = |one: &&ParsedCertificate| {
        last.is_some_and(|last| last.require_named_issuer(one).is_ok()) && !path.contains(one)
    };
    // A path that is as long as can be with its root gets no further authority.
    if path.len() < MAX_SENT {
        for intermediate in trust.intermediates.iter().filter(issuing) {
            let longer = [path, &[intermediate]].concat();
            match path_to_a_root(trust, &longer, now) {
                Ok(whole) => return Ok(whole),
                Err(error) => keep(error),
            }
        }
    }
    Err(failure)
}
