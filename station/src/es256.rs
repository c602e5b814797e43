//! ECDSA over P-256 with SHA-256, the one algorithm of devices, certificates and signed objects:
//! points, public keys and signatures. Verifies; never signs.

use firmware_proto::Digest;
use firmware_proto::platform::{RawSignature, Sec1Point};
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use p256::ecdsa::{Signature, VerifyingKey};

use crate::encoding::sha256;

/// A `SubjectPublicKeyInfo` (RFC 5480) up to its point: algorithm, curve, and the head of the bit
/// string.
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Length of a `SubjectPublicKeyInfo` of this kind.
pub const SPKI_BYTES: usize = SPKI_PREFIX.len() + 65;

/// The point, where the bytes are an uncompressed point of the curve.
#[must_use]
pub fn point(bytes: &[u8]) -> Option<Sec1Point> {
    let point: Sec1Point = bytes.try_into().ok()?;
    VerifyingKey::from_sec1_bytes(&point).ok().map(|_| point)
}

/// The point in its compressed form (SEC 1, section 2.3.3).
#[must_use]
pub const fn compress(point: &Sec1Point) -> [u8; 33] {
    let mut compressed = [0; 33];
    let (coordinates, _) = point.split_at(33);
    compressed.copy_from_slice(coordinates);
    compressed[0] = 2 | (point[64] & 1);
    compressed
}

/// The point of a compressed form.
#[must_use]
pub fn decompress(compressed: &[u8]) -> Option<Sec1Point> {
    let key = VerifyingKey::from_sec1_bytes(compressed).ok()?;
    key.to_sec1_point(false).as_bytes().try_into().ok()
}

/// The point of a `SubjectPublicKeyInfo` in its one DER encoding with an uncompressed point.
#[must_use]
pub fn point_of_spki(spki: &[u8]) -> Option<Sec1Point> {
    point(spki.strip_prefix(&SPKI_PREFIX)?)
}

/// The `SubjectPublicKeyInfo` of a point.
#[must_use]
pub fn spki(point: &Sec1Point) -> Vec<u8> {
    [SPKI_PREFIX.as_slice(), point.as_slice()].concat()
}

/// SHA-256 of the `SubjectPublicKeyInfo`: how grants, events and manifests name a key.
#[must_use]
pub fn key_digest(point: &Sec1Point) -> Digest {
    sha256(&spki(point))
}

/// Whether the signature over the message is the key's.
#[must_use]
pub fn verify(key: &Sec1Point, message: &[u8], signature: &RawSignature) -> bool {
    let Ok(key) = VerifyingKey::from_sec1_bytes(key) else {
        return false;
    };
    Signature::from_slice(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

/// Whether the signature over the message with this SHA-256 is the key's.
#[must_use]
pub fn verify_digest(key: &Sec1Point, digest: &Digest, signature: &RawSignature) -> bool {
    let Ok(key) = VerifyingKey::from_sec1_bytes(key) else {
        return false;
    };
    Signature::from_slice(signature)
        .is_ok_and(|signature| key.verify_prehash(digest.as_bytes(), &signature).is_ok())
}

/// `r ‖ s` of a signature in DER (RFC 3279, section 2.2.3), where it is in its one encoding.
#[must_use]
pub fn signature_from_der(der: &[u8]) -> Option<RawSignature> {
    let signature = Signature::from_der(der).ok()?;
    (signature.to_der().as_bytes() == der).then(|| signature.to_bytes().into())
}

/// The signature in DER, with low S. `None` where `r` or `s` is out of range.
#[must_use]
pub fn signature_to_der(signature: &RawSignature) -> Option<Vec<u8>> {
    let signature = Signature::from_slice(signature).ok()?.normalize_s();
    Some(signature.to_der().as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::SigningKey;
    use p256::ecdsa::signature::Signer as _;

    use super::*;

    #[test]
    fn verifies_only_what_was_signed_under_that_key() {
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let other = SigningKey::from_slice(&[8; 32]).unwrap();
        let of = |key: &SigningKey| point(key.verifying_key().to_sec1_point(false).as_bytes());
        let (point, other) = (of(&key).unwrap(), of(&other).unwrap());
        let signature: Signature = key.sign(b"message");
        let raw: RawSignature = signature.to_bytes().into();
        assert!(verify(&point, b"message", &raw));
        assert!(!verify(&point, b"massage", &raw));
        assert!(verify_digest(&point, &sha256(b"message"), &raw));
        assert!(!verify_digest(&point, &sha256(b"massage"), &raw));
        assert!(!verify(&other, b"message", &raw));
        assert!(!verify(&point, b"message", &[0; 64]));
        assert_eq!(
            signature_from_der(&signature_to_der(&raw).unwrap()).map(|s| s[..32] == raw[..32]),
            Some(true)
        );
        assert_eq!(point_of_spki(&spki(&point)), Some(point));
        assert_eq!(decompress(&compress(&point)), Some(point));
        assert_eq!(decompress(&[2; 32]), None);
        let mut off_curve = point;
        off_curve[64] ^= 1;
        assert_eq!(super::point(&off_curve), None);
    }
}
