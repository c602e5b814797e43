//! Key pairs of devices and of their makers, all derived from the seed or from a published phrase.
//!
//! None of these keys protects anything: whoever has the seed has them. They exist so that a run
//! can be repeated byte by byte.

use firmware_proto::Digest;
use firmware_proto::platform::{RawSignature, Sec1Point};
use p256::ecdsa::signature::{MultipartSigner, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::pkcs8::{DecodePublicKey, EncodePublicKey};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;
use sha2::Digest as _;
use thiserror::Error;

use crate::seed::{Purpose, Seed};

/// The owner key given to the simulator is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the owner key is no P-256 public key in PEM; give the file that `station init` wrote")]
pub struct OwnerKeyError;

/// A P-256 key pair of a virtual device.
#[derive(Clone)]
pub struct DeviceKey(SigningKey);

impl std::fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeviceKey({})", self.digest())
    }
}

impl DeviceKey {
    /// The key that a purpose and a device have under a seed.
    #[must_use]
    pub fn of(seed: Seed, purpose: Purpose, device: u32) -> Self {
        Self::draw(&mut seed.stream(purpose, device))
    }

    /// Draws until the bytes are a valid scalar, which they nearly always are at once.
    #[must_use]
    pub fn draw(stream: &mut ChaCha20Rng) -> Self {
        loop {
            let mut bytes = [0; 32];
            stream.fill_bytes(&mut bytes);
            if let Ok(key) = SigningKey::from_slice(&bytes) {
                return Self(key);
            }
        }
    }

    /// A key that everybody may know, derived from a phrase in the source.
    #[must_use]
    pub fn well_known(phrase: &str) -> Self {
        let mut scalar: [u8; 32] = sha2::Sha256::digest(phrase.as_bytes()).into();
        loop {
            if let Ok(key) = SigningKey::from_slice(&scalar) {
                return Self(key);
            }
            scalar = sha2::Sha256::digest(scalar).into();
        }
    }

    /// The product owner's key that devices pin where no other is given.
    #[must_use]
    pub fn default_owner() -> Self {
        Self::well_known("provisioning simulator: product owner, for tests only")
    }

    /// The pair itself, for builders that want a signer.
    #[must_use]
    pub fn signing_key(&self) -> &SigningKey {
        &self.0
    }

    /// The public key as an uncompressed SEC1 point.
    #[must_use]
    pub fn point(&self) -> Sec1Point {
        sec1_point(self.0.verifying_key())
    }

    /// SHA-256 of the `SubjectPublicKeyInfo`, as grants name the key.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let spki = self.0.verifying_key().to_public_key_der();
        sha256(&[spki.as_ref().map_or(&[][..], |der| der.as_bytes())])
    }

    /// Signs the concatenation of the parts with ES256.
    #[must_use]
    pub fn sign(&self, parts: &[&[u8]]) -> RawSignature {
        let signature: Result<Signature, _> = self.0.try_multipart_sign(parts);
        signature.map_or([0; 64], |signature| signature.to_bytes().into())
    }
}

/// Whether `signature` is ES256 by `key` over the concatenation of the parts.
#[must_use]
pub fn is_signed_by(key: &Sec1Point, parts: &[&[u8]], signature: &RawSignature) -> bool {
    let Ok(key) = VerifyingKey::from_sec1_bytes(key) else {
        return false;
    };
    Signature::from_slice(signature)
        .is_ok_and(|signature| key.verify(&parts.concat(), &signature).is_ok())
}

/// Reads the public key that devices pin.
pub fn parse_owner_key(pem: &str) -> Result<Sec1Point, OwnerKeyError> {
    let key = VerifyingKey::from_public_key_pem(pem).map_err(|_| OwnerKeyError)?;
    Ok(sec1_point(&key))
}

/// SHA-256 over the concatenation of the parts.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> Digest {
    let mut hash = sha2::Sha256::new();
    for part in parts {
        hash.update(part);
    }
    Digest::from_bytes(hash.finalize().into())
}

fn sec1_point(key: &VerifyingKey) -> Sec1Point {
    let mut point = [0; 65];
    let encoded = key.to_sec1_point(false);
    if encoded.as_bytes().len() == point.len() {
        point.copy_from_slice(encoded.as_bytes());
    }
    point
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_verifies_under_its_own_key_only() {
        let key = DeviceKey::of(Seed(7), Purpose::IdentityKey, 0);
        let other = DeviceKey::of(Seed(7), Purpose::IdentityKey, 1);
        let signature = key.sign(&[b"one", b"two"]);
        assert!(is_signed_by(&key.point(), &[b"onetwo"], &signature));
        assert!(!is_signed_by(&key.point(), &[b"onetwo!"], &signature));
        assert!(!is_signed_by(&other.point(), &[b"onetwo"], &signature));
        assert_ne!(key.digest(), other.digest());
    }
}
