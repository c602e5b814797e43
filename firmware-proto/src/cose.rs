//! `COSE_Sign1` (RFC 9052, section 4.2) with ES256, in the one form that this protocol uses.
//!
//! An object is a tagged (18) array of four: the protected header `{1: -7, 3: content type}`, an empty
//! unprotected map, the payload, and a 64-byte signature. There is exactly one encoding of it:
//! [`decode`] encodes again what it read and refuses whatever differs, so that no second reader can
//! understand other bytes than we did. The PSA tokens of the device's root of trust are not read here.

use core::fmt;

use heapless::Vec;
use minicbor::encode::write::Cursor;
use minicbor::{Decoder, Encoder, data::Tag};

use crate::platform::RawSignature;

/// What a signed object is. Stands in the protected header, so that no object can pass for another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    /// The product owner's word for a station.
    StationCredential,
    /// The station's authority for one install.
    Grant,
    /// The device's proof of possession.
    Proof,
    /// The station's order to lock.
    Commit,
    /// The device's signed answer to a commit.
    Receipt,
}

impl ContentType {
    /// The text in the header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StationCredential => "application/fw-credential+cbor",
            Self::Grant => "application/fw-grant+cbor",
            Self::Proof => "application/fw-proof+cbor",
            Self::Commit => "application/fw-commit+cbor",
            Self::Receipt => "application/fw-receipt+cbor",
        }
    }
}

/// Why bytes are no signed object of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoseError {
    /// Not the CBOR that this protocol uses: cut, longer, another header, or another encoding of it.
    Malformed,
    /// A signed object of another kind.
    ContentType,
    /// The buffer is too small for the object.
    Space,
}

impl fmt::Display for CoseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not a COSE_Sign1 object in this protocol's encoding",
            Self::ContentType => "a signed object of another kind",
            Self::Space => "the buffer is too small for the signed object",
        })
    }
}

impl core::error::Error for CoseError {}

/// A signed object whose signature nobody has verified yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sign1<'a> {
    /// What was signed, an encoding of one of [`authority`](crate::authority)'s types.
    pub payload: &'a [u8],
    /// `r ‖ s`.
    pub signature: &'a RawSignature,
}

/// Longest protected header, and longest prefix of a `Sig_structure`.
const HEADER_BYTES: usize = 48;
/// `Sig_structure` up to its payload: array head, "Signature1", protected header, empty, payload head.
pub const PREFIX_BYTES: usize = HEADER_BYTES + 24;

fn protected_header(content: ContentType) -> Result<Vec<u8, HEADER_BYTES>, CoseError> {
    let mut buffer = [0_u8; HEADER_BYTES];
    let mut encoder = Encoder::new(Cursor::new(&mut buffer[..]));
    encoder
        .map(2)
        .and_then(|e| e.u8(1)?.i8(-7)?.u8(3)?.str(content.as_str()))
        .map_err(|_| CoseError::Space)?;
    let length = encoder.writer().position();
    Vec::from_slice(buffer.get(..length).ok_or(CoseError::Space)?).map_err(|_| CoseError::Space)
}

/// What comes before the payload in the bytes to be signed (RFC 9052, section 4.4, no external data).
/// The signature is over this prefix, then the payload.
///
/// # Errors
/// [`CoseError::Space`] cannot happen with the content types of this version.
pub fn to_be_signed_prefix(
    content: ContentType,
    payload_bytes: usize,
) -> Result<Vec<u8, PREFIX_BYTES>, CoseError> {
    let header = protected_header(content)?;
    let mut buffer = [0_u8; PREFIX_BYTES];
    let mut encoder = Encoder::new(Cursor::new(&mut buffer[..]));
    encoder
        .array(4)
        .and_then(|e| {
            e.str("Signature1")?
                .bytes(&header)?
                .bytes(&[])?
                .bytes_len(payload_bytes as u64)
        })
        .map_err(|_| CoseError::Space)?;
    let length = encoder.writer().position();
    Vec::from_slice(buffer.get(..length).ok_or(CoseError::Space)?).map_err(|_| CoseError::Space)
}

/// Writes the signed object to the front of `out` and gives its length.
///
/// # Errors
/// [`CoseError::Space`] where `out` is too small.
pub fn encode(
    content: ContentType,
    payload: &[u8],
    signature: &RawSignature,
    out: &mut [u8],
) -> Result<usize, CoseError> {
    let header = protected_header(content)?;
    let mut encoder = Encoder::new(Cursor::new(out));
    encoder
        .tag(Tag::new(18))
        .and_then(|e| {
            e.array(4)?
                .bytes(&header)?
                .map(0)?
                .bytes(payload)?
                .bytes(signature)
        })
        .map_err(|_| CoseError::Space)?;
    Ok(encoder.writer().position())
}

/// Reads a signed object of the expected kind. Its signature is still to be verified.
///
/// # Errors
/// [`CoseError`] where the bytes are anything else, or more, or the same in another encoding.
pub fn decode(content: ContentType, bytes: &[u8]) -> Result<Sign1<'_>, CoseError> {
    let (header, payload, signature) = split(bytes).map_err(|_| CoseError::Malformed)?;
    if header != protected_header(content)?.as_slice() {
        return Err(CoseError::ContentType);
    }
    let signature: &RawSignature = signature.try_into().map_err(|_| CoseError::Malformed)?;
    let mut again = [0_u8; 1024];
    let length = encode(content, payload, signature, &mut again)?;
    if again.get(..length) != Some(bytes) {
        return Err(CoseError::Malformed);
    }
    Ok(Sign1 { payload, signature })
}

type Parts<'a> = (&'a [u8], &'a [u8], &'a [u8]);

/// Protected header, payload, signature.
fn split(bytes: &[u8]) -> Result<Parts<'_>, minicbor::decode::Error> {
    let mut decoder = Decoder::new(bytes);
    if decoder.tag()? != Tag::new(18) || decoder.array()? != Some(4) {
        return Err(minicbor::decode::Error::message("not COSE_Sign1"));
    }
    let header = decoder.bytes()?;
    if decoder.map()? != Some(0) {
        return Err(minicbor::decode::Error::message("unprotected header"));
    }
    Ok((header, decoder.bytes()?, decoder.bytes()?))
}
