//! Device to station.

use serde::{Deserialize, Serialize};

use crate::object_transfer::{Announcement, BlobId, ChunkSet};
use crate::request::Malformed;
use crate::version::Version;
use crate::{
    BootId, DeviceNonce, Digest, HardwareRevision, ProductCode, ProvisioningState, Refusal,
    ScalarList, Uid,
};

/// What the device answers. Append only: see [`version`](crate::version).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is no heap to put the large one on"
)]
pub enum Response<'a> {
    /// To `Hello`.
    Identity(Identity),
    /// To `Hello`, where no version is common.
    NoCommonVersion {
        /// Oldest version the device speaks.
        min_version: Version,
        /// Newest version the device speaks.
        max_version: Version,
    },
    /// To `Attest`; chunks follow.
    Evidence(Announcement),
    /// To `SelfTest`, in version 1 only.
    Measurements(ScalarList),
    /// To `MakeKey`; chunks follow.
    KeyEvidence(Announcement),
    /// To an acknowledged `WriteChunk`, and to `WriteStatus`.
    ChunksReceived {
        /// Which blob.
        blob: BlobId,
        /// All chunks of it that have arrived.
        received: ChunkSet,
    },
    /// After an announcement, and to `ReadChunks`.
    Chunk {
        /// Which blob.
        blob: BlobId,
        /// Which chunk.
        index: u8,
        /// The chunk; all but the last one have the agreed chunk size.
        #[serde(borrow)]
        data: &'a [u8],
    },
    /// To `Install`.
    Installed {
        /// SHA-256 of the chain as read back from where it is installed.
        chain: Digest,
    },
    /// To `Prove`.
    Proof {
        /// `COSE_Sign1` by the identity key: [`authority::Proof`](crate::authority::Proof).
        #[serde(borrow)]
        proof: &'a [u8],
    },
    /// To `Commit` and `GetReceipt`; chunks follow.
    Receipt(Announcement),
    /// To anything slow: send the same request, with the same exchange number, after this time.
    Working {
        /// Milliseconds, at most [`limits::MAX_WORKING_MS`](crate::limits::MAX_WORKING_MS).
        retry_ms: u16,
    },
    /// The device won't.
    Refused(Refusal),
    /// To `Farewell`.
    Done,
    /// To `SelfTest`; chunks follow. From version 2 on.
    SelfTestReport(Announcement),
}

/// Who the device claims to be. Nothing in it is proven yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The version that both will speak from here on.
    pub version: Version,
    /// Largest decoded frame the device takes, in bytes.
    pub max_frame_bytes: u16,
    /// How many chunks the device takes back to back.
    pub window_chunks: u8,
    /// The claimed silicon identifier.
    pub uid: Uid,
    /// The claimed product.
    pub product: ProductCode,
    /// The claimed hardware revision.
    pub hardware_revision: HardwareRevision,
    /// How far provisioning came.
    pub state: ProvisioningState,
    /// The nonce that grants and commits must bear.
    pub device_nonce: DeviceNonce,
    /// This boot.
    pub boot: BootId,
}

impl<'a> Response<'a> {
    /// Reads the body of a frame; nothing may follow the message, since the device speaks the agreed version.
    ///
    /// # Errors
    /// [`Malformed`] where the body is no response.
    pub fn decode(body: &'a [u8]) -> Result<Self, Malformed> {
        match postcard::take_from_bytes(body) {
            Ok((response, [])) => Ok(response),
            _ => Err(Malformed),
        }
    }
}
