//! Blobs in chunks: which blob, how long, which chunks are there.

use serde::{Deserialize, Serialize};

use crate::{Digest, limits};

/// The blobs that travel or are kept on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlobId {
    /// Device to station: token 1, then the attestation-key certificates (DER, leaf first).
    Evidence,
    /// Device to station: the CSR, then token 2.
    KeyEvidence,
    /// Station to device: what [`InstallPackage`] describes.
    InstallPackage,
    /// Device to station: the receipt, then token 3.
    Receipt,
    /// Device to station: the measurements ([`self_test`](crate::self_test)), then raw samples of the
    /// noise source, one byte each. From version 2 on.
    SelfTest,
}

/// A blob that a response announces; its chunks follow in the same exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Which blob.
    pub blob: BlobId,
    /// Length of the blob's first part; the second one is the rest.
    pub first_bytes: u16,
    /// Length of the whole blob.
    pub total_bytes: u16,
    /// SHA-256 of the whole blob.
    pub digest: Digest,
}

/// How the install package is laid out: this header, then credential, grant and chain, nothing between.
///
/// The header is three little-endian `u16`: the lengths of credential, grant and chain. The chain is
/// the concatenation of DER certificates, the device's own first, the trust anchor not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstallPackage {
    /// Length of the station credential.
    pub credential_bytes: u16,
    /// Length of the grant.
    pub grant_bytes: u16,
    /// Length of the chain.
    pub chain_bytes: u16,
}

impl InstallPackage {
    /// Length of the header itself.
    pub const HEADER_BYTES: usize = 6;

    /// The header as it travels.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::HEADER_BYTES] {
        let lengths = [self.credential_bytes, self.grant_bytes, self.chain_bytes];
        let mut bytes = [0; Self::HEADER_BYTES];
        for (place, length) in bytes
            .iter_mut()
            .zip(lengths.iter().flat_map(|l| l.to_le_bytes()))
        {
            *place = length;
        }
        bytes
    }

    /// Reads the header.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::HEADER_BYTES]) -> Self {
        let [credential @ .., _, _, _, _] = bytes;
        let [_, _, grant @ .., _, _] = bytes;
        let [_, _, _, _, chain @ ..] = bytes;
        Self {
            credential_bytes: u16::from_le_bytes(credential),
            grant_bytes: u16::from_le_bytes(grant),
            chain_bytes: u16::from_le_bytes(chain),
        }
    }

    /// Length of the whole package.
    #[must_use]
    pub fn total_bytes(self) -> usize {
        Self::HEADER_BYTES
            .saturating_add(usize::from(self.credential_bytes))
            .saturating_add(usize::from(self.grant_bytes))
            .saturating_add(usize::from(self.chain_bytes))
    }
}

/// A set of chunk indices, 0 to 31.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkSet(pub u32);

impl ChunkSet {
    /// No chunk.
    pub const EMPTY: Self = Self(0);

    /// The first `count` chunks.
    #[must_use]
    pub fn first(count: usize) -> Self {
        let count = u32::try_from(count.min(limits::MAX_CHUNKS)).unwrap_or(32);
        Self(
            u32::MAX
                .checked_shr(32_u32.saturating_sub(count))
                .unwrap_or(0),
        )
    }

    /// One chunk; none where the index is over 31.
    #[must_use]
    pub fn only(index: u8) -> Self {
        Self(1_u32.checked_shl(u32::from(index)).unwrap_or(0))
    }

    /// Adds a chunk; indices over 31 are ignored.
    pub fn insert(&mut self, index: u8) {
        self.0 |= Self::only(index).0;
    }

    /// Whether the chunk is in the set.
    #[must_use]
    pub fn contains(self, index: u8) -> bool {
        self.0 & Self::only(index).0 != 0
    }

    /// What `self` has and `other` lacks.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether no chunk is in the set.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The indices in the set, ascending.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..32_u8).filter(move |index| self.contains(*index))
    }
}

/// How many chunks of `chunk_bytes` a blob of `total_bytes` has.
#[must_use]
pub fn chunk_count(total_bytes: usize, chunk_bytes: usize) -> usize {
    total_bytes.div_ceil(chunk_bytes.max(1))
}
