//! The envelope of a manifest: its payload type, its bound.

pub use crate::dsse::{Envelope, EnvelopeSignature, SignatureFault};

/// The `payloadType` of an in-toto Statement.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Largest manifest that is read, in bytes: some millions of boards.
pub const MAX_ENVELOPE_BYTES: u64 = 16 * 1024 * 1024 * 1024;

/// What every signed manifest begins with, so that other files are told apart by their first bytes.
pub const BEGINNING: &[u8] = b"{\"payload\":\"";
