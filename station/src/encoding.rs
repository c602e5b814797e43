//! Bytes as text: hexadecimal for digests and identifiers, canonical base64 for objects.

use std::fmt;

use base64ct::{Base64, Encoding};
use firmware_proto::{Digest, transcript::Sha256};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::Digest as _;

/// SHA-256 in software.
#[derive(Clone, Copy, Debug, Default)]
pub struct SoftwareSha256;

impl Sha256 for SoftwareSha256 {
    fn sha256(&self, parts: &[&[u8]]) -> Digest {
        let mut hasher = sha2::Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Digest::from_bytes(hasher.finalize().into())
    }
}

/// SHA-256 of one piece.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Digest {
    SoftwareSha256.sha256(&[bytes])
}

/// Bytes that are written as lower-case hexadecimal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex(pub Vec<u8>);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base16ct::lower::encode_string(&self.0))
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hex({self})")
    }
}

impl From<Digest> for Hex {
    fn from(digest: Digest) -> Self {
        Self(digest.as_bytes().to_vec())
    }
}

impl Hex {
    /// The digest, where there are exactly 32 bytes.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        self.0.as_slice().try_into().ok().map(Digest::from_bytes)
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        base16ct::lower::decode_vec(&text)
            .map(Self)
            .map_err(D::Error::custom)
    }
}

/// Bytes that are written as base64 (RFC 4648 section 4, padded, one encoding only).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Base64Bytes(pub Vec<u8>);

impl fmt::Debug for Base64Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base64Bytes({} bytes)", self.0.len())
    }
}

impl Serialize for Base64Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Base64::encode_string(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Base64::decode_vec(&text)
            .map(Self)
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_other_spellings_of_the_same_bytes() {
        assert!(serde_json::from_str::<Hex>("\"0aff\"").is_ok());
        assert!(serde_json::from_str::<Hex>("\"0AFF\"").is_err());
        assert!(serde_json::from_str::<Base64Bytes>("\"AAE=\"").is_ok());
        assert!(serde_json::from_str::<Base64Bytes>("\"AAE\"").is_err());
        assert!(serde_json::from_str::<Base64Bytes>("\"AAF=\"").is_err());
    }
}
