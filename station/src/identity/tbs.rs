//! The bytes of a certificate that are to be signed, and the certificate around them.

use const_oid::AssociatedOid;
use der::asn1::{AnyRef, BitString, GeneralizedTime, OctetString};
use der::{DateTime, Decode, Encode, Sequence};
use firmware_proto::platform::{RawSignature, Sec1Point};
use sha2::{Digest as _, Sha256};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use thiserror::Error;
use x509_cert::certificate::Version;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, SubjectKeyIdentifier};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use crate::certificate_path::{ECDSA_WITH_SHA256, PathError};
use crate::clock::UtcMillis;
use crate::es256;
use crate::names::CertificateSerial;

/// Why no certificate could be put together. Always the station's own fault, never the device's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AssemblyError {
    /// A value does not fit into its field.
    #[error("a field of the certificate cannot be encoded ({0}); check the template and the clock")]
    Field(#[from] der::Error),
    /// The signature is not the issuer's over these bytes.
    #[error(
        "the signature is not by the key of the issuing certificate; check which key the role names"
    )]
    Signature,
    /// What was signed is no certificate of this issuer.
    #[error("what was signed is not as it should be: {0}")]
    Certificate(#[from] PathError),
}

/// A certificate before it is signed (RFC 5280, section 4.1).
#[derive(Debug, Sequence)]
pub(super) struct Tbs {
    #[asn1(context_specific = "0", default = "Default::default")]
    version: Version,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: Validity,
    subject: Name,
    subject_public_key_info: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

/// What differs from certificate to certificate.
pub(super) struct Content<'a> {
    pub(super) serial: CertificateSerial,
    pub(super) issuer: &'a Name,
    /// `SubjectKeyIdentifier` of the issuer.
    pub(super) issuer_key_identifier: &'a [u8],
    pub(super) not_before: UtcMillis,
    pub(super) subject: Name,
    pub(super) point: &'a Sec1Point,
    /// All but the two key identifiers, which every certificate has.
    pub(super) extensions: Vec<Extension>,
}

/// DER of the bytes to be signed.
pub(super) fn encode(content: Content<'_>) -> Result<Vec<u8>, AssemblyError> {
    let authority = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(content.issuer_key_identifier)?),
        ..AuthorityKeyIdentifier::default()
    };
    let subject = SubjectKeyIdentifier(OctetString::new(key_identifier(content.point))?);
    let mut extensions = vec![extension(false, &authority)?, extension(false, &subject)?];
    extensions.extend(content.extensions);
    let spki = es256::spki(content.point);
    let tbs = Tbs {
        version: Version::V3,
        serial_number: SerialNumber::new(content.serial.as_bytes())?,
        signature: algorithm(),
        issuer: content.issuer.clone(),
        validity: validity_from(content.not_before)?,
        subject: content.subject,
        subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(&spki)?,
        extensions,
    };
    Ok(tbs.to_der()?)
}

/// The key identifier of RFC 7093, section 2, method 1: the leftmost 160 bits of the SHA-256 of the
/// key.
pub(super) fn key_identifier(point: &Sec1Point) -> Vec<u8> {
    Sha256::digest(point).get(..20).unwrap_or_default().to_vec()
}

/// An extension around the DER of its value.
pub(super) fn extension<T: Encode + AssociatedOid>(
    critical: bool,
    value: &T,
) -> Result<Extension, AssemblyError> {
    let extn_value = OctetString::new(value.to_der()?)?;
    Ok(Extension {
        extn_id: T::OID,
        critical,
        extn_value,
    })
}

/// From the instant on, without a well-defined end (RFC 5280, section 4.1.2.5; IEEE 802.1AR,
/// section 8.7).
fn validity_from(not_before: UtcMillis) -> Result<Validity, AssemblyError> {
    let first = std::time::Duration::from_secs(not_before.seconds());
    let end = DateTime::new(9999, 12, 31, 23, 59, 59)?;
    Ok(Validity::new(
        Time::from(DateTime::from_unix_duration(first)?),
        Time::GeneralTime(GeneralizedTime::from_date_time(end)),
    ))
}

fn algorithm() -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid: ECDSA_WITH_SHA256,
        parameters: None,
    }
}

/// What was signed, the algorithm, the signature: a certificate or a certification request.
#[derive(Debug, Sequence)]
struct Signed<'a> {
    content: AnyRef<'a>,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// Verifies the signature, then puts it behind what was signed.
pub(super) fn attach(
    content: &[u8],
    signature: &RawSignature,
    key: &Sec1Point,
) -> Result<Vec<u8>, AssemblyError> {
    if !es256::verify(key, content, signature) {
        return Err(AssemblyError::Signature);
    }
    let signature = es256::signature_to_der(signature).ok_or(AssemblyError::Signature)?;
    let signed = Signed {
        content: AnyRef::from_der(content)?,
        algorithm: algorithm(),
        signature: BitString::from_bytes(&signature)?,
    };
    Ok(signed.to_der()?)
}
