//! The DSSE envelope: what is signed, and how the file looks, byte for byte.
//!
//! The file is compact JSON with the fields in the order of DSSE's own example, and ends with one line
//! feed. Nothing in it matters that is not under the signature or checked against it. The payload type is
//! under the signature, so that no kind of document can pass for another.

use firmware_proto::Digest;
use firmware_proto::platform::{RawSignature, Sec1Point};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use thiserror::Error;

use crate::encoding::{Base64Bytes, Hex, sha256};
use crate::es256;

/// A DSSE envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// The signed bytes, in canonical base64.
    pub payload: Base64Bytes,
    /// What kind of document it is.
    #[serde(rename = "payloadType")]
    pub payload_type: String,
    /// Exactly one.
    pub signatures: Vec<EnvelopeSignature>,
}

/// A signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvelopeSignature {
    /// SHA-256 of the signer's `SubjectPublicKeyInfo`. Names the key, proves nothing.
    pub keyid: Hex,
    /// ECDSA P-256 with SHA-256 over the pre-authentication encoding: DER, low S.
    pub sig: Base64Bytes,
}

/// Why a signature, or the key for it, was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignatureFault {
    /// Not `r ‖ s`, or not DER.
    #[error("the signature is no DER-encoded ECDSA signature of P-256")]
    Encoding,
    /// The other one of the two signatures that every ECDSA signature can be turned into.
    #[error("the signature has a high S; only the low one is accepted")]
    HighS,
    /// Another message or another key.
    #[error(
        "the signature does not match: the payload, its type or the signature was changed after signing"
    )]
    Mismatch,
}

/// What stands before a payload of that many bytes in DSSE's pre-authentication encoding.
#[must_use]
pub fn pre_authentication_head(payload_type: &str, payload_bytes: u64) -> String {
    format!(
        "DSSEv1 {} {payload_type} {payload_bytes} ",
        payload_type.len()
    )
}

/// DSSE's pre-authentication encoding of a payload: the bytes that are signed.
#[must_use]
pub fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = pre_authentication_head(payload_type, payload.len() as u64);
    [head.as_bytes(), payload].concat()
}

impl Envelope {
    /// Puts the payload and the token's signature (`r ‖ s` over the pre-authentication encoding) together.
    ///
    /// # Errors
    /// Where the signature does not verify under the key: a file that nobody can verify is never made.
    pub fn assemble(
        payload_type: &str,
        payload: Vec<u8>,
        key: &Sec1Point,
        signature: &RawSignature,
    ) -> Result<Self, SignatureFault> {
        let sig = es256::signature_to_der(signature).ok_or(SignatureFault::Encoding)?;
        verify(payload_type, &payload, key, &sig)?;
        Ok(Self {
            payload: Base64Bytes(payload),
            payload_type: payload_type.to_owned(),
            signatures: vec![EnvelopeSignature {
                keyid: es256::key_digest(key).into(),
                sig: Base64Bytes(sig),
            }],
        })
    }

    /// The file.
    ///
    /// # Errors
    /// None that these types can cause; the serialiser's signature has one.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// Verifies a DER signature over the payload's pre-authentication encoding.
///
/// # Errors
/// Where it does not verify, or is written in any other way than ours.
pub fn verify(
    payload_type: &str,
    payload: &[u8],
    key: &Sec1Point,
    der: &[u8],
) -> Result<(), SignatureFault> {
    let message = pre_authentication_encoding(payload_type, payload);
    verify_digest(&sha256(&message), key, der)
}

/// The same, where only the SHA-256 of that encoding is at hand.
///
/// # Errors
/// As [`verify`].
pub fn verify_digest(digest: &Digest, key: &Sec1Point, der: &[u8]) -> Result<(), SignatureFault> {
    let signature = es256::signature_from_der(der).ok_or(SignatureFault::Encoding)?;
    if es256::signature_to_der(&signature).as_deref() != Some(der) {
        return Err(SignatureFault::HighS);
    }
    let verified = es256::verify_digest(key, digest, &signature);
    verified.then_some(()).ok_or(SignatureFault::Mismatch)
}

/// Why bytes are no document, or not in its one spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misspelt {
    /// Cut short, or no JSON.
    Syntax(String),
    /// An unknown, doubled, missing or malformed field.
    Fields(String),
    /// The same meaning in other bytes; the first byte that differs, counted from 0.
    NotCanonical(usize),
}

/// Reads a document and insists that it is spelled as we spell it.
///
/// # Errors
/// What is wrong with the bytes.
pub fn read_canonical<T: DeserializeOwned>(
    bytes: &[u8],
    to_bytes: impl Fn(&T) -> Result<Vec<u8>, serde_json::Error>,
) -> Result<T, Misspelt> {
    let misspelt = |error: serde_json::Error| match error.classify() {
        Category::Data => Misspelt::Fields(error.to_string()),
        _ => Misspelt::Syntax(error.to_string()),
    };
    let value: T = serde_json::from_slice(bytes).map_err(misspelt)?;
    let again = to_bytes(&value).map_err(misspelt)?;
    if again == bytes {
        return Ok(value);
    }
    let pairs = again.iter().zip(bytes);
    let same = pairs.take_while(|(ours, theirs)| ours == theirs).count();
    Err(Misspelt::NotCanonical(same))
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::signature::Signer as _;
    use p256::ecdsa::{Signature, SigningKey};

    use super::*;

    const KIND: &str = "application/vnd.in-toto+json";

    fn key() -> (SigningKey, Sec1Point) {
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let point = key.verifying_key().to_sec1_point(false);
        (key, point.as_bytes().try_into().unwrap())
    }

    #[test]
    fn the_encoding_is_that_of_dsse() {
        // The shape of the specification's own example: "DSSEv1 29 http://example.com/HelloWorld 11 hello world".
        assert_eq!(
            pre_authentication_encoding(KIND, b"{}"),
            b"DSSEv1 28 application/vnd.in-toto+json 2 {}"
        );
    }

    #[test]
    fn only_the_low_s_in_der_is_accepted() {
        let (key, point) = key();
        let signature: Signature = key.sign(&pre_authentication_encoding(KIND, b"{}"));
        let low = signature.normalize_s();
        let (r, s) = low.split_scalars();
        let high = Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
        assert_eq!(verify(KIND, b"{}", &point, low.to_der().as_bytes()), Ok(()));
        let check = |der: &[u8], fault| assert_eq!(verify(KIND, b"{}", &point, der), Err(fault));
        check(high.to_der().as_bytes(), SignatureFault::HighS);
        check(&low.to_bytes(), SignatureFault::Encoding);
        check(
            &[low.to_der().as_bytes(), b"\0"].concat(),
            SignatureFault::Encoding,
        );
        check(b"", SignatureFault::Encoding);
        assert_eq!(
            verify(KIND, b"{} ", &point, low.to_der().as_bytes()),
            Err(SignatureFault::Mismatch)
        );
    }

    #[test]
    fn a_signature_by_another_key_makes_no_envelope() {
        let (_, point) = key();
        let other = SigningKey::from_slice(&[8; 32]).unwrap();
        let signature: Signature = other.sign(&pre_authentication_encoding(KIND, b"{}"));
        let made = Envelope::assemble(KIND, b"{}".to_vec(), &point, &signature.to_bytes().into());
        assert_eq!(made, Err(SignatureFault::Mismatch));
    }
}
