//! What a device remembers without power, and in which order it learns it.
//!
//! Layout: [`LAYOUT`], then the record in postcard, then CRC-32 (ISO-HDLC, little-endian) over both.
//!
//! | stored | before |
//! |---|---|
//! | a fresh device nonce | the first `Identity` that names it |
//! | key made | `KeyEvidence` |
//! | higher epoch, nothing installed | the chain is written |
//! | installed: chain, certificate, grant, authority | `Installed` |
//! | committing: commit digest, next device nonce | the lifecycle is locked |
//! | committed: receipt's length and digest | `Receipt` |

use serde::{Deserialize, Serialize};

use crate::frame::CRC;
use crate::limits::MAX_RECORD_BYTES;
use crate::platform::{Pause, Platform, PlatformFault, Progress, Sec1Point};
use crate::{DeviceNonce, Digest, ProvisioningState, SecurityLifecycle};

/// Version of the layout.
const LAYOUT: u8 = 1;
const CRC_BYTES: usize = 4;

/// What survives a power cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) device_nonce: DeviceNonce,
    pub(super) least_epoch: u32,
    pub(super) standing: Standing,
}

/// How far provisioning came. Append only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Standing {
    Unprovisioned,
    KeyMade {
        key: Digest,
    },
    Installed {
        key: Digest,
        identity: InstalledIdentity,
    },
    /// A commit is accepted: there is no way back. Lock and receipt may still be missing.
    Committing {
        identity: InstalledIdentity,
        commit: Digest,
    },
    Committed {
        identity: InstalledIdentity,
        commit: Digest,
        receipt: StoredReceipt,
    },
}

/// What a grant brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InstalledIdentity {
    pub(super) chain: Digest,
    pub(super) certificate: Digest,
    pub(super) grant: Digest,
    pub(super) next_state: SecurityLifecycle,
    /// The station authority's key, which its commit must be signed with.
    #[serde(with = "point")]
    pub(super) authority_key: Sec1Point,
}

/// What lies at the front of [`BlobId::Receipt`](crate::object_transfer::BlobId::Receipt).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredReceipt {
    pub(super) bytes: u16,
    pub(super) digest: Digest,
}

impl Standing {
    pub(super) fn state(&self) -> ProvisioningState {
        match self {
            Self::Unprovisioned => ProvisioningState::Unprovisioned,
            Self::KeyMade { .. } => ProvisioningState::KeyMade,
            Self::Installed { .. } => ProvisioningState::Installed,
            Self::Committing { .. } | Self::Committed { .. } => ProvisioningState::Committed,
        }
    }

    pub(super) fn identity(&self) -> Option<&InstalledIdentity> {
        match self {
            Self::Unprovisioned | Self::KeyMade { .. } => None,
            Self::Installed { identity, .. }
            | Self::Committing { identity, .. }
            | Self::Committed { identity, .. } => Some(identity),
        }
    }

    pub(super) fn is_committed(&self) -> bool {
        self.state() == ProvisioningState::Committed
    }

    /// The identity key that may still get a certificate.
    pub(super) fn open_key(&self) -> Option<Digest> {
        match self {
            Self::KeyMade { key } | Self::Installed { key, .. } => Some(*key),
            _ => None,
        }
    }
}

/// Keeps the record in memory equal to the stored one.
#[derive(Debug)]
pub(super) struct Keeper {
    record: Record,
    is_stored: bool,
    is_faulty: bool,
}

impl Keeper {
    pub(super) fn load(platform: &mut impl Platform) -> Result<Self, PlatformFault> {
        let mut bytes = [0; MAX_RECORD_BYTES];
        let length = platform.load_record(&mut bytes)?;
        let stored = bytes.get(..length).ok_or(PlatformFault)?;
        let record = if stored.is_empty() {
            None
        } else {
            Some(decode(stored))
        };
        let fresh = Record {
            device_nonce: draw_nonce(platform)?,
            least_epoch: 0,
            standing: Standing::Unprovisioned,
        };
        Ok(Self {
            is_stored: record.is_some(),
            is_faulty: matches!(record, Some(None)),
            record: record.flatten().unwrap_or(fresh),
        })
    }

    pub(super) const fn record(&self) -> &Record {
        &self.record
    }

    /// Whether the record was damaged, or a store failed and nobody knows what is stored.
    pub(super) const fn is_faulty(&self) -> bool {
        self.is_faulty
    }

    /// Stores what [`Keeper::load`] has drawn, unless it is stored.
    pub(super) fn keep_drawn(&mut self, platform: &mut impl Platform) -> Progress<()> {
        self.keep(platform, self.record.clone())
    }

    /// Makes `next` the record: stored first, then believed.
    pub(super) fn keep(&mut self, platform: &mut impl Platform, next: Record) -> Progress<()> {
        if self.is_stored && self.record == next {
            return Ok(());
        }
        let mut bytes = [0; MAX_RECORD_BYTES];
        let stored = encode(&next, &mut bytes)
            .ok_or(Pause::Fault(PlatformFault))
            .and_then(|bytes| platform.store_record(bytes));
        self.is_faulty = matches!(stored, Err(Pause::Fault(_)));
        stored?;
        self.is_stored = true;
        self.record = next;
        Ok(())
    }
}

pub(super) fn draw_nonce(platform: &mut impl Platform) -> Result<DeviceNonce, PlatformFault> {
    let mut nonce = [0; 32];
    platform.random(&mut nonce)?;
    Ok(DeviceNonce::from_bytes(nonce))
}

fn encode<'a>(record: &Record, out: &'a mut [u8; MAX_RECORD_BYTES]) -> Option<&'a [u8]> {
    let (layout, rest) = out.split_first_mut()?;
    *layout = LAYOUT;
    let covered = postcard::to_slice(record, rest)
        .ok()?
        .len()
        .checked_add(1)?;
    let end = covered.checked_add(CRC_BYTES)?;
    let crc = CRC.checksum(out.get(..covered)?);
    out.get_mut(covered..end)?
        .copy_from_slice(&crc.to_le_bytes());
    out.get(..end)
}

fn decode(bytes: &[u8]) -> Option<Record> {
    let (covered, crc) = bytes.split_last_chunk::<CRC_BYTES>()?;
    if CRC.checksum(covered) != u32::from_le_bytes(*crc) {
        return None;
    }
    match postcard::take_from_bytes(covered.strip_prefix(&[LAYOUT])?) {
        Ok((record, [])) => Some(record),
        _ => None,
    }
}

/// A point is longer than the arrays that serde knows.
mod point {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::platform::Sec1Point;

    pub(super) fn serialize<S: Serializer>(
        point: &Sec1Point,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        point.as_slice().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Sec1Point, D::Error> {
        <&[u8]>::deserialize(deserializer)?
            .try_into()
            .map_err(D::Error::custom)
    }
}
