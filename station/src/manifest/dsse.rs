//! The envelope of a manifest: its payload type, its bound.

use firmware_proto::platform::Sec1Point;

use crate::dsse;

pub use crate::dsse::{Envelope, EnvelopeSignature, SignatureFault};

/// The `payloadType` of an in-toto Statement.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Largest manifest that is read, in bytes: some ten thousand boards with all their sessions.
pub const MAX_ENVELOPE_BYTES: usize = 64 * 1024 * 1024;

/// The bytes that are signed for a manifest with this payload.
#[must_use]
pub fn pre_authentication_encoding(payload: &[u8]) -> Vec<u8> {
    dsse::pre_authentication_encoding(PAYLOAD_TYPE, payload)
}

/// Verifies a DER signature over the pre-authentication encoding of a manifest's payload.
///
/// # Errors
/// Where it does not verify, or is written in any other way than ours.
pub fn verify(payload: &[u8], key: &Sec1Point, der: &[u8]) -> Result<(), SignatureFault> {
    dsse::verify(PAYLOAD_TYPE, payload, key, der)
}
