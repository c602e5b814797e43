//! Certification requests (PKCS#10, RFC 2986) of devices: a public key, and that its holder can
//! sign.
//!
//! Nothing else of a request is ever used: names come from the profile and the attested UID,
//! extensions from the template. A request with attributes is refused, not stripped: who asks for
//! more than it may have is not the firmware that the profile describes.

use const_oid::db::rfc4519::{COMMON_NAME, OU};
use der::{Decode, Encode};
use firmware_proto::Digest;
use firmware_proto::platform::Sec1Point;
use thiserror::Error;
use x509_cert::request::CertReq;

use super::subject_name::only_text;
use crate::certificate_path::ECDSA_WITH_SHA256;
use crate::es256;
use crate::verdict::VerdictCode;

/// Largest request, in bytes.
pub const MAX_CSR_BYTES: usize = 1024;

/// A request whose signature is by the key in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificationRequest {
    /// The key.
    pub public_key: Sec1Point,
    /// Its `SubjectPublicKeyInfo`.
    pub spki: Vec<u8>,
    /// SHA-256 of that.
    pub key: Digest,
}

/// Whom a station authority's request for a credential names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialRequest {
    /// The authority's key, which has signed the request.
    pub authority_key: Sec1Point,
    /// The product.
    pub product: String,
    /// The station.
    pub station: String,
}

/// Reads the request that a station makes for its credential: the same strict PKCS#10, whose subject
/// names product (`OU`) and station (`CN`).
///
/// # Errors
/// As [`parse`]; [`CsrError::Malformed`] where the subject does not name both.
pub fn parse_credential_request(bytes: &[u8]) -> Result<CredentialRequest, CsrError> {
    let authority_key = parse(bytes)?.public_key;
    let subject = CertReq::from_der(bytes).map_err(malformed)?.info.subject;
    let named = only_text(&subject, OU).zip(only_text(&subject, COMMON_NAME));
    let (product, station) =
        named.ok_or_else(|| malformed("its subject names no product and station"))?;
    Ok(CredentialRequest {
        authority_key,
        product,
        station,
    })
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CsrError {
    /// Too long.
    #[error("the CSR has {got} bytes, at most {MAX_CSR_BYTES} are taken")]
    TooLong {
        /// Its length.
        got: usize,
    },
    /// No request, or not in its one encoding.
    #[error("the CSR is not PKCS#10 in strict DER: {reason}")]
    Malformed {
        /// What exactly.
        reason: String,
    },
    /// Another algorithm than ecdsa-with-SHA256.
    #[error("the CSR is signed with {got}, expected ecdsa-with-SHA256")]
    Algorithm {
        /// The algorithm's object identifier.
        got: String,
    },
    /// Another kind of key, or no point of the curve.
    #[error("the CSR's key is not an uncompressed point of P-256")]
    Key,
    /// Asks for what it may not.
    #[error("the CSR has {got} attributes, expected none")]
    Attributes {
        /// How many.
        got: usize,
    },
    /// Not signed by the key in it.
    #[error("the CSR's signature is not by the key in it")]
    Signature,
}

impl CsrError {
    /// The verdict on a board that sends such a request.
    #[must_use]
    pub const fn code(&self) -> VerdictCode {
        match self {
            Self::Signature => VerdictCode::KeySignature,
            Self::TooLong { .. }
            | Self::Malformed { .. }
            | Self::Algorithm { .. }
            | Self::Key
            | Self::Attributes { .. } => VerdictCode::KeyCsr,
        }
    }
}

/// Reads and verifies a request.
///
/// # Errors
/// [`CsrError`]; everything but the signature is checked before it.
pub fn parse(bytes: &[u8]) -> Result<CertificationRequest, CsrError> {
    if bytes.len() > MAX_CSR_BYTES {
        return Err(CsrError::TooLong { got: bytes.len() });
    }
    let request = CertReq::from_der(bytes).map_err(malformed)?;
    if request.to_der().map_err(malformed)? != bytes {
        return Err(malformed("another encoding than DER's"));
    }
    if request.algorithm.oid != ECDSA_WITH_SHA256 || request.algorithm.parameters.is_some() {
        return Err(CsrError::Algorithm {
            got: request.algorithm.oid.to_string(),
        });
    }
    if !request.info.attributes.is_empty() {
        return Err(CsrError::Attributes {
            got: request.info.attributes.len(),
        });
    }
    let spki = request.info.public_key.to_der().map_err(malformed)?;
    let public_key = es256::point_of_spki(&spki).ok_or(CsrError::Key)?;
    let signature = request
        .signature
        .as_bytes()
        .and_then(es256::signature_from_der);
    let signature = signature.ok_or_else(|| malformed("the signature is not r and s"))?;
    let info = request.info.to_der().map_err(malformed)?;
    if !es256::verify(&public_key, &info, &signature) {
        return Err(CsrError::Signature);
    }
    let key = es256::key_digest(&public_key);
    Ok(CertificationRequest {
        public_key,
        spki,
        key,
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "errors are handed over by map_err"
)]
fn malformed(reason: impl ToString) -> CsrError {
    CsrError::Malformed {
        reason: reason.to_string(),
    }
}
