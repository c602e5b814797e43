//! Station to device.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::object_transfer::{BlobId, ChunkSet};
use crate::version::Version;
use crate::{Digest, Nonce, SessionId};

/// The body of a frame is no message of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the frame's body is no message of this protocol version")
    }
}

impl core::error::Error for Malformed {}

/// What the station asks. Append only: see [`version`](crate::version).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request<'a> {
    /// Opens a session; everything volatile of an earlier one is forgotten.
    Hello(Hello),
    /// Asks for token 1 over `SHA-256("fw-att1" ‖ station nonce ‖ link digest)`.
    Attest {
        /// Drawn by the HSM.
        station_nonce: Nonce,
    },
    /// Asks for the measurements.
    SelfTest,
    /// Has the device make its identity key, unless an uncommitted one exists, and bind it with token 2.
    MakeKey {
        /// Drawn by the HSM.
        key_nonce: Nonce,
    },
    /// One chunk of a blob; answered only where `acknowledge` is set.
    WriteChunk {
        /// Which blob.
        blob: BlobId,
        /// Length of the whole blob.
        total_bytes: u16,
        /// Which chunk.
        index: u8,
        /// The last of a window: asks for `ChunksReceived`.
        acknowledge: bool,
        /// The chunk; all but the last one have the agreed chunk size.
        #[serde(borrow)]
        data: &'a [u8],
    },
    /// Asks which chunks of a blob have arrived.
    WriteStatus {
        /// Which blob.
        blob: BlobId,
    },
    /// Asks for chunks that got lost on their way to the station.
    ReadChunks {
        /// Which blob.
        blob: BlobId,
        /// Which chunks.
        missing: ChunkSet,
    },
    /// Has the device check and install the uploaded package.
    Install {
        /// SHA-256 of the whole package.
        package: Digest,
    },
    /// Asks for a proof of possession by the installed identity.
    Prove {
        /// Drawn by the HSM.
        station_nonce: Nonce,
    },
    /// Has the device lock itself and answer with its receipt.
    Commit {
        /// `COSE_Sign1` by the station authority: [`authority::Commit`](crate::authority::Commit).
        #[serde(borrow)]
        commit: &'a [u8],
        /// For token 3, drawn by the HSM.
        receipt_nonce: Nonce,
    },
    /// Asks a committed device for its receipt again, with a fresh token 3.
    GetReceipt {
        /// For token 3, drawn by the HSM.
        receipt_nonce: Nonce,
    },
    /// Ends the session; the device may show the verdict on its LED.
    Farewell {
        /// Whether the board passed.
        passed: bool,
    },
}

/// The first message of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Oldest version the station speaks.
    pub min_version: Version,
    /// Newest version the station speaks.
    pub max_version: Version,
    /// Largest decoded frame the station takes, in bytes.
    pub max_frame_bytes: u16,
    /// How many chunks the station takes back to back.
    pub window_chunks: u8,
    /// Names the session, and makes each `Hello` unlike any other.
    pub session: SessionId,
}

impl<'a> Request<'a> {
    /// Reads the body of a frame. A newer station may have appended fields to `Hello`, before both
    /// sides agreed on a version: what follows the known ones is passed over. Anywhere else, it is refused.
    ///
    /// # Errors
    /// [`Malformed`] where the body is no request.
    pub fn decode(body: &'a [u8]) -> Result<Self, Malformed> {
        match postcard::take_from_bytes(body) {
            Ok((request, [])) => Ok(request),
            Ok((hello @ Self::Hello(_), _newer_fields)) => Ok(hello),
            _ => Err(Malformed),
        }
    }
}
