//! Checkpoints: the tree's size and root, signed, as a C2SP tlog-checkpoint in a C2SP signed note.
//!
//! The text is made and read here; the signature comes from whoever holds the ledger key. Ed25519 (type
//! 0x01) where the token can, else ECDSA P-256 (type 0x02: key ID from the SubjectPublicKeyInfo,
//! signature in DER). Signatures of other keys are tolerated, ours is required.

use std::fmt;
use std::sync::Arc;

use base64ct::{Base64, Encoding};
use firmware_proto::Digest;
use p256::ecdsa::signature::Verifier;
use p256::pkcs8::{DecodePublicKey, EncodePublicKey};
use thiserror::Error;

use super::proof::TreeHead;
use crate::encoding::sha256;
use crate::identity::signer::{KeyRole, PublicKey, Signer};
use crate::names::StationName;

/// The longest note that is read: ours has three lines and a signature, witnesses may add theirs.
pub const NOTE_BYTES_MAX: usize = 16 * 1024;

/// The most signatures that are read; the specification asks for no fewer.
pub const NOTE_SIGNATURES_MAX: usize = 16;

/// The log's origin, which is also the ledger key's name in notes.
#[must_use]
pub fn origin(station: &StationName) -> String {
    format!("provisioning-station/{station}")
}

/// The ledger key, seen from the ledger.
pub trait CheckpointSigner: Send + Sync {
    /// The ledger's public key.
    ///
    /// # Errors
    /// Where the key store does not answer or has no such key.
    fn public_key(&self) -> Result<PublicKey, SignerFailure>;

    /// Signs the note's text.
    ///
    /// # Errors
    /// Where the key store does not sign.
    fn sign(&self, text: &[u8]) -> Result<[u8; 64], SignerFailure>;
}

/// The key store gave no signature; why, in its own words.
pub type SignerFailure = Arc<dyn std::error::Error + Send + Sync>;

impl<S: Signer> CheckpointSigner for S {
    fn public_key(&self) -> Result<PublicKey, SignerFailure> {
        Signer::public_key(self, KeyRole::Ledger).map_err(|error| Arc::new(error) as SignerFailure)
    }

    fn sign(&self, text: &[u8]) -> Result<[u8; 64], SignerFailure> {
        Signer::sign(self, KeyRole::Ledger, text).map_err(|error| Arc::new(error) as SignerFailure)
    }
}

/// Why a checkpoint or a verifier key is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// Longer than any note should be.
    #[error("note of {got} bytes, at most {NOTE_BYTES_MAX} are allowed")]
    TooLong {
        /// The length found.
        got: usize,
    },
    /// Not a signed note.
    #[error("not a signed note: {0}")]
    Note(&'static str),
    /// A signed note, but no checkpoint.
    #[error("not a checkpoint: {0}")]
    Body(&'static str),
    /// Of another log.
    #[error("the checkpoint is of {got:?}, not of {expected:?}")]
    Origin {
        /// Whose checkpoint was wanted.
        expected: String,
        /// Whose it is.
        got: String,
    },
    /// The key that was given has not signed it.
    #[error("the checkpoint has no signature by the ledger key {0}")]
    Unsigned(String),
    /// A signature under our key's name and ID that does not verify.
    #[error("the checkpoint's signature does not verify under the ledger key {0}")]
    Signature(String),
    /// Text that is no verifier key.
    #[error("not a ledger key: {0}; expected the line in pki/ledger.vkey")]
    VerifierKey(&'static str),
}

/// A tree head under its origin: the text of the note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// Size and root.
    pub head: TreeHead,
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let root = Base64::encode_string(self.head.root.as_bytes());
        format!("{}\n{}\n{root}\n", self.origin, self.head.size)
    }

    /// Reads the text of a note. Extension lines are refused, since this log makes none.
    fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text
            .strip_suffix('\n')
            .ok_or(CheckpointError::Body("no newline at the end"))?
            .split('\n');
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Body("not exactly three lines"));
        };
        let root = Base64::decode_vec(root).map_err(|_| CheckpointError::Body("root"))?;
        let root: [u8; 32] = root
            .try_into()
            .map_err(|_| CheckpointError::Body("root is not 32 bytes"))?;
        let checkpoint = Self {
            origin: origin.to_owned(),
            head: TreeHead {
                size: size
                    .parse()
                    .map_err(|_| CheckpointError::Body("tree size"))?,
                root: Digest::from_bytes(root),
            },
        };
        // Catches "+1", leading zeros and whatever else reads as the same number.
        if origin.is_empty() || checkpoint.text() != text {
            return Err(CheckpointError::Body("not in its one spelling"));
        }
        Ok(checkpoint)
    }

    /// The signed note, from a signature over [`Checkpoint::text`].
    ///
    /// # Errors
    /// [`CheckpointError::Signature`] where the signature does not verify under the key.
    pub fn into_note(&self, key: &VerifierKey, raw: &[u8; 64]) -> Result<String, CheckpointError> {
        let text = self.text();
        let signature = key.as_in_notes(raw);
        if !key.verifies(text.as_bytes(), &signature) {
            return Err(CheckpointError::Signature(key.to_string()));
        }
        let blob = [&key.id()[..], &signature].concat();
        let blob = Base64::encode_string(&blob);
        Ok(format!("{text}\n\u{2014} {} {blob}\n", key.name))
    }

    /// Reads a note that the key must have signed, with the key's name as origin.
    ///
    /// # Errors
    /// [`CheckpointError`] where it is no such note.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, CheckpointError> {
        Self::open_of(note, key, key.name())
    }

    /// Reads a note that the key must have signed, of this origin: the key signs heads of the log and of
    /// what is kept beside it, and none of them may pass for another.
    pub(in crate::ledger) fn open_of(
        note: &str,
        key: &VerifierKey,
        origin: &str,
    ) -> Result<Self, CheckpointError> {
        let (text, signatures) = split_note(note)?;
        let id = key.id();
        let mut signed = false;
        for (name, blob) in signatures {
            let (hint, signature) = blob
                .split_first_chunk::<4>()
                .ok_or(CheckpointError::Note("signature too short"))?;
            if name != key.name || *hint != id {
                continue;
            }
            if !key.verifies(text.as_bytes(), signature) {
                return Err(CheckpointError::Signature(key.to_string()));
            }
            signed = true;
        }
        if !signed {
            return Err(CheckpointError::Unsigned(key.to_string()));
        }
        let checkpoint = Self::parse(text)?;
        if checkpoint.origin != origin {
            return Err(CheckpointError::Origin {
                expected: origin.to_owned(),
                got: checkpoint.origin,
            });
        }
        Ok(checkpoint)
    }
}

/// Whether the text has the form of a signed note, whoever has signed it.
///
/// # Errors
/// [`CheckpointError`] where it has not.
pub fn check_note_form(text: &str) -> Result<(), CheckpointError> {
    split_note(text).map(drop)
}

/// The signature lines of a note: each one's key name, and its key ID with the signature.
pub(in crate::ledger) type Signatures<'note> = Vec<(&'note str, Vec<u8>)>;

/// The text of a note, and its signature lines.
pub(in crate::ledger) fn split_note(note: &str) -> Result<(&str, Signatures<'_>), CheckpointError> {
    if note.len() > NOTE_BYTES_MAX {
        return Err(CheckpointError::TooLong { got: note.len() });
    }
    if note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        return Err(CheckpointError::Note("control character"));
    }
    let (text, lines) = note
        .rsplit_once("\n\n")
        .ok_or(CheckpointError::Note("no signatures"))?;
    // The text keeps its newline, the blank line belongs to neither.
    let text = note.get(..=text.len()).unwrap_or(text);
    let lines = lines
        .strip_suffix('\n')
        .ok_or(CheckpointError::Note("no newline at the end"))?;
    let mut signatures = Vec::new();
    for line in lines.split('\n') {
        if signatures.len() == NOTE_SIGNATURES_MAX {
            return Err(CheckpointError::Note("too many signatures"));
        }
        let (name, blob) = line
            .strip_prefix("\u{2014} ")
            .and_then(|rest| rest.split_once(' '))
            .ok_or(CheckpointError::Note("signature line"))?;
        if !is_key_name(name) {
            return Err(CheckpointError::Note("key name"));
        }
        let blob = Base64::decode_vec(blob).map_err(|_| CheckpointError::Note("base64"))?;
        signatures.push((name, blob));
    }
    Ok((text, signatures))
}

pub(in crate::ledger) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+')
}

/// The ledger key as verifiers know it. Its text is the `vkey` of C2SP signed notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: PublicKey,
    /// The type byte and the key's encoding.
    encoded: Vec<u8>,
}

const TYPE_ED25519: u8 = 0x01;
const TYPE_ECDSA: u8 = 0x02;

impl VerifierKey {
    /// The verifier key of that name.
    ///
    /// # Errors
    /// [`CheckpointError::VerifierKey`] where the name may not be in a note or the key is no point.
    pub fn new(name: &str, key: PublicKey) -> Result<Self, CheckpointError> {
        if !is_key_name(name) {
            return Err(CheckpointError::VerifierKey("name"));
        }
        let encoded = match &key {
            PublicKey::Ed25519(bytes) => {
                ed25519_dalek::VerifyingKey::from_bytes(bytes)
                    .map_err(|_| CheckpointError::VerifierKey("no Ed25519 key"))?;
                [&[TYPE_ED25519][..], bytes].concat()
            }
            PublicKey::P256(point) => {
                let spki = p256::PublicKey::from_sec1_bytes(point)
                    .ok()
                    .and_then(|key| key.to_public_key_der().ok())
                    .ok_or(CheckpointError::VerifierKey("no P-256 key"))?;
                [&[TYPE_ECDSA][..], spki.as_bytes()].concat()
            }
        };
        Ok(Self {
            name: name.to_owned(),
            key,
            encoded,
        })
    }

    /// Reads the text.
    ///
    /// # Errors
    /// [`CheckpointError::VerifierKey`] where it is none, or its key ID is not its key's.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let bad = CheckpointError::VerifierKey;
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_id), Some(encoded)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(bad("not three parts"));
        };
        let encoded = Base64::decode_vec(encoded).map_err(|_| bad("base64"))?;
        let key = match encoded.split_first() {
            Some((&TYPE_ED25519, bytes)) => {
                PublicKey::Ed25519(bytes.try_into().map_err(|_| bad("length"))?)
            }
            Some((&TYPE_ECDSA, spki)) => {
                let key = p256::PublicKey::from_public_key_der(spki).map_err(|_| bad("key"))?;
                let point = p256::elliptic_curve::sec1::ToSec1Point::to_sec1_point(&key, false);
                PublicKey::P256(point.as_bytes().try_into().map_err(|_| bad("point"))?)
            }
            _ => return Err(bad("unknown type")),
        };
        let key = Self::new(name, key)?;
        if key.to_string() != text {
            return Err(bad("key ID or spelling"));
        }
        Ok(key)
    }

    /// Its name, which is the log's origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// The first bytes of each signature made with it.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let digest = match self.encoded.split_first() {
            Some((&TYPE_ECDSA, spki)) => sha256(spki),
            _ => sha256(&[self.name.as_bytes(), b"\n", &self.encoded].concat()),
        };
        let [a, b, c, d, ..] = *digest.as_bytes();
        [a, b, c, d]
    }

    /// A signer gives 64 bytes; notes carry ECDSA in DER.
    fn as_in_notes(&self, raw: &[u8; 64]) -> Vec<u8> {
        match self.key {
            PublicKey::Ed25519(_) => raw.to_vec(),
            PublicKey::P256(_) => p256::ecdsa::Signature::from_slice(raw)
                .map_or_else(|_| raw.to_vec(), |s| s.to_der().as_bytes().to_vec()),
        }
    }

    fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        match &self.key {
            PublicKey::Ed25519(bytes) => ed25519_dalek::VerifyingKey::from_bytes(bytes)
                .ok()
                .zip(ed25519_dalek::Signature::from_slice(signature).ok())
                .is_some_and(|(key, signature)| key.verify_strict(text, &signature).is_ok()),
            PublicKey::P256(point) => p256::ecdsa::VerifyingKey::from_sec1_bytes(point)
                .ok()
                .zip(p256::ecdsa::Signature::from_der(signature).ok())
                .is_some_and(|(key, signature)| key.verify(text, &signature).is_ok()),
        }
    }
}

/// The `vkey` text: name, key ID, type and key.
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = base16ct::lower::encode_string(&self.id());
        let key = Base64::encode_string(&self.encoded);
        write!(f, "{}+{id}+{key}", self.name)
    }
}

#[cfg(test)]
mod tests;
