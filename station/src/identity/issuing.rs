//! The last step of issuing: the signature of the issuing CA behind the bytes that it was asked to
//! sign.

use firmware_proto::platform::RawSignature;

use super::chain::IssuingCertificate;
use super::tbs::{self, AssemblyError};
use crate::certificate_path::ParsedCertificate;

/// Puts the certificate together, after verifying the signature under the key of the issuing
/// certificate: a key in the token that does not belong to that certificate makes no certificate.
///
/// # Errors
/// [`AssemblyError::Signature`] where the signature is another key's or over other bytes;
/// [`AssemblyError::Certificate`] where the bytes are no certificate of this issuer.
pub fn complete(
    tbs: &[u8],
    signature: &RawSignature,
    issuing: &IssuingCertificate,
) -> Result<Vec<u8>, AssemblyError> {
    let issuer = issuing.certificate();
    let der = tbs::attach(tbs, signature, issuer.point())?;
    ParsedCertificate::from_der(&der)?.require_named_issuer(issuer)?;
    Ok(der)
}
