//! Signed objects between station and device: `COSE_Sign1` in the one form of
//! [`firmware_proto::cose`], with the cryptography that crate leaves out.

use firmware_proto::authority::{Payload, PayloadError};
use firmware_proto::cose::{self, ContentType, CoseError};
use firmware_proto::platform::{RawSignature, Sec1Point};
use thiserror::Error;

use crate::es256;

/// What an object needs besides its payload: tag, array, header, lengths, signature.
const OVERHEAD_BYTES: usize = cose::PREFIX_BYTES + 80;

/// Why an object is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SignedObjectError {
    /// Not this protocol's encoding, or an object of another kind.
    #[error("{0}")]
    Envelope(CoseError),
    /// The payload is not this protocol's encoding.
    #[error("{0}")]
    Payload(PayloadError),
    /// The signature is not the key's.
    #[error("the signature of the {} is not by the expected key", content.as_str())]
    Signature {
        /// What it should be.
        content: ContentType,
    },
}

/// The bytes to be signed for a payload.
///
/// # Errors
/// [`SignedObjectError::Envelope`] cannot happen with the content types of this version.
pub fn to_be_signed(content: ContentType, payload: &[u8]) -> Result<Vec<u8>, SignedObjectError> {
    let prefix = cose::to_be_signed_prefix(content, payload.len());
    let prefix = prefix.map_err(SignedObjectError::Envelope)?;
    Ok([prefix.as_slice(), payload].concat())
}

/// The object around payload and signature.
///
/// # Errors
/// [`SignedObjectError::Envelope`] cannot happen with the content types of this version.
pub fn assemble(
    content: ContentType,
    payload: &[u8],
    signature: &RawSignature,
) -> Result<Vec<u8>, SignedObjectError> {
    let mut object = vec![0; payload.len().saturating_add(OVERHEAD_BYTES)];
    let length = cose::encode(content, payload, signature, &mut object);
    object.truncate(length.map_err(SignedObjectError::Envelope)?);
    Ok(object)
}

/// Verifies an object of the expected kind under the expected key, and gives its payload.
///
/// # Errors
/// [`SignedObjectError`], the first thing that is wrong.
pub fn verify<'a>(
    content: ContentType,
    bytes: &'a [u8],
    key: &Sec1Point,
) -> Result<&'a [u8], SignedObjectError> {
    let object = cose::decode(content, bytes).map_err(SignedObjectError::Envelope)?;
    if es256::verify(
        key,
        &to_be_signed(content, object.payload)?,
        object.signature,
    ) {
        Ok(object.payload)
    } else {
        Err(SignedObjectError::Signature { content })
    }
}

/// [`verify`], and the payload read as what it should be.
///
/// # Errors
/// [`SignedObjectError`], the first thing that is wrong.
pub fn verify_payload<P: Payload>(
    content: ContentType,
    bytes: &[u8],
    key: &Sec1Point,
) -> Result<P, SignedObjectError> {
    P::decode(verify(content, bytes, key)?).map_err(SignedObjectError::Payload)
}
