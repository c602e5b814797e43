//! Signatures of images, and the vendor's public keys that they are checked under.

use ed25519_dalek::VerifyingKey;
use firmware_proto::Digest;
use firmware_proto::platform::Sec1Point;
use thiserror::Error;

use crate::encoding::{Hex, sha256};
use crate::es256;

/// A `SubjectPublicKeyInfo` of Ed25519 (RFC 8410) up to its 32 bytes.
const ED25519_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// Most bytes of zero behind an ECDSA signature: `imgtool sign --pad-sig` fills up to 72.
const PADDED_ECDSA_BYTES: usize = 72;

/// A public key that signs firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    digest: Digest,
    key: Key,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    P256(Sec1Point),
    Ed25519(VerifyingKey),
}

/// Why a text is no key of a kind that can be checked here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SigningKeyError {
    /// Not PEM, or not of a public key.
    #[error("it holds no PEM \"PUBLIC KEY\"")]
    NoPublicKey,
    /// A private key does not belong on this machine.
    #[error("it holds a private key")]
    Private,
    /// RSA, another curve, or another encoding.
    #[error("it is neither an ECDSA P-256 nor an Ed25519 key")]
    Unsupported,
}

/// Why a signature was not found good.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// There is none.
    #[error("the image is not signed")]
    Unsigned,
    /// By a key that was not given.
    #[error("no key was given that the image names; it names {}", Hex::from(*.0))]
    NoKey(Digest),
    /// Of a kind that can't be checked here.
    #[error("{0} signatures can't be checked here")]
    Unsupported(&'static str),
    /// Not the key's signature over this image.
    #[error("the signature is wrong")]
    Invalid,
}

impl SigningKey {
    /// Reads a public key in PEM, as `imgtool getpub --encoding pem` writes it.
    ///
    /// # Errors
    /// [`SigningKeyError`].
    pub fn from_pem(pem: &str) -> Result<Self, SigningKeyError> {
        if pem.contains("PRIVATE KEY") {
            return Err(SigningKeyError::Private);
        }
        let decoded = der::pem::decode_vec(pem.trim().as_bytes());
        let (label, spki) = decoded.map_err(|_| SigningKeyError::NoPublicKey)?;
        if label != "PUBLIC KEY" {
            return Err(SigningKeyError::NoPublicKey);
        }
        let key = es256::point_of_spki(&spki)
            .map(Key::P256)
            .or_else(|| {
                let bytes = spki.strip_prefix(&ED25519_PREFIX)?.try_into().ok()?;
                VerifyingKey::from_bytes(bytes).ok().map(Key::Ed25519)
            })
            .ok_or(SigningKeyError::Unsupported)?;
        Ok(Self {
            digest: sha256(&spki),
            key,
        })
    }

    /// SHA-256 of its `SubjectPublicKeyInfo`: how images and tokens name it.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

/// A signature as it stands in an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ImageSignature<'b> {
    pub(super) key: KeyReference<'b>,
    pub(super) kind: SignatureKind,
    pub(super) bytes: &'b [u8],
}

/// How an image names its signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyReference<'b> {
    Digest(Digest),
    Whole(&'b [u8]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignatureKind {
    Ecdsa,
    Ed25519,
    Rsa,
}

impl ImageSignature<'_> {
    /// ECDSA is over the hashed bytes, Ed25519 over their digest, as imgtool signs.
    pub(super) fn verify(
        &self,
        signer: Digest,
        keys: &[SigningKey],
        hashed: &[u8],
        digest: &Digest,
    ) -> Result<(), SignatureError> {
        if self.kind == SignatureKind::Rsa {
            return Err(SignatureError::Unsupported("RSA"));
        }
        let key = keys.iter().find(|key| key.digest == signer);
        let key = key.ok_or(SignatureError::NoKey(signer))?;
        let good = match (&key.key, self.kind) {
            (Key::P256(point), SignatureKind::Ecdsa) => {
                es256::signature_from_der(without_padding(self.bytes))
                    .is_some_and(|signature| es256::verify(point, hashed, &signature))
            }
            (Key::Ed25519(key), SignatureKind::Ed25519) => {
                ed25519_dalek::Signature::from_slice(self.bytes)
                    .is_ok_and(|signature| key.verify_strict(digest.as_bytes(), &signature).is_ok())
            }
            _ => false,
        };
        good.then_some(()).ok_or(SignatureError::Invalid)
    }
}

/// A signature in DER without the zeros that fill it up to a fixed length.
fn without_padding(bytes: &[u8]) -> &[u8] {
    let length = match bytes {
        [0x30, length, ..] => usize::from(*length).saturating_add(2),
        _ => return bytes,
    };
    match bytes.split_at_checked(length) {
        Some((signature, zeros))
            if bytes.len() <= PADDED_ECDSA_BYTES && zeros.iter().all(|byte| *byte == 0) =>
        {
            signature
        }
        _ => bytes,
    }
}
