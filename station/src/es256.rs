//! ECDSA over P-256 with SHA-256, the one algorithm of devices, certificates and signed objects:
//! points, public keys and signatures. Verifies; never signs.
//!
//! A board costs eleven verifications, which is most of a station's own work, so they are ring's: a
//! third of the time that `p256` takes. Everything else about points and signatures is `p256`'s.

use firmware_proto::Digest;
use firmware_proto::platform::{RawSignature, Sec1Point};
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

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
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
        .verify(message, signature)
        .is_ok()
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

    /// What `p256` says of the same signature.
    fn reference(key: &Sec1Point, message: &[u8], signature: &RawSignature) -> bool {
        verify_digest(key, &sha256(message), signature)
    }

    /// Signatures of either half, and each of them with every byte changed, of the key too.
    #[test]
    fn two_implementations_say_the_same() {
        for seed in 1..4_u8 {
            let key = SigningKey::from_slice(&[seed; 32]).unwrap();
            let point = point(key.verifying_key().to_sec1_point(false).as_bytes()).unwrap();
            let message = [seed; 7];
            let low: Signature = key.sign(&message);
            let (r, s) = low.split_scalars();
            let high = Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
            for signature in [low, high] {
                let raw: RawSignature = signature.to_bytes().into();
                assert!(verify(&point, &message, &raw) && reference(&point, &message, &raw));
                for at in 0..raw.len() {
                    let mut changed = raw;
                    changed[at] ^= 1 << (at % 8);
                    assert!(!verify(&point, &message, &changed), "byte {at}");
                    assert!(!reference(&point, &message, &changed), "byte {at}");
                }
                for at in 0..point.len() {
                    let mut changed = point;
                    changed[at] ^= 1 << (at % 8);
                    assert!(!verify(&changed, &message, &raw), "byte {at} of the key");
                    assert!(!reference(&changed, &message, &raw), "byte {at} of the key");
                }
            }
        }
    }

    /// `r` and `s` are numbers between 0 and the group's order, and neither of the two.
    #[test]
    fn numbers_out_of_range_are_no_signature() {
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let point = point(key.verifying_key().to_sec1_point(false).as_bytes()).unwrap();
        let signature: Signature = key.sign(b"message");
        let good: RawSignature = signature.to_bytes().into();
        let mut order = [0; 32];
        let text = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
        base16ct::lower::decode(text, &mut order).unwrap();
        for outside in [[0; 32], order, [0xff; 32]] {
            for half in [0, 32] {
                let mut signature = good;
                signature[half..half + 32].copy_from_slice(&outside);
                assert!(!verify(&point, b"message", &signature));
                assert!(!reference(&point, b"message", &signature));
            }
        }
        assert!(!verify(&[0; 65], b"message", &good));
    }

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
