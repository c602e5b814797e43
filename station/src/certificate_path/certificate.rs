//! One certificate: read, not yet trusted.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, DecodePem, Encode};
use firmware_proto::platform::{RawSignature, Sec1Point};
use x509_cert::Certificate;
use x509_cert::certificate::Version;
use x509_cert::ext::pkix::name::{GeneralName, HardwareModuleName};
use x509_cert::name::Name;

use super::extensions::KnownExtensions;
use super::{ECDSA_WITH_SHA256, MAX_CERTIFICATE_BYTES, PathError, malformed};
use crate::es256;

/// A certificate that was read strictly. Nothing about its trust is said yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedCertificate {
    der: Vec<u8>,
    pub(super) certificate: Certificate,
    tbs: Vec<u8>,
    signature: RawSignature,
    point: Sec1Point,
    pub(super) extensions: KnownExtensions,
}

impl ParsedCertificate {
    /// Reads a certificate in DER, with nothing after it.
    ///
    /// # Errors
    /// [`PathError::Malformed`].
    pub fn from_der(der: &[u8]) -> Result<Self, PathError> {
        if der.len() > MAX_CERTIFICATE_BYTES {
            return Err(malformed(format!("{} bytes", der.len())));
        }
        let certificate = Certificate::from_der(der).map_err(malformed)?;
        if certificate.to_der().map_err(malformed)? != der {
            return Err(malformed("another encoding than DER's"));
        }
        let tbs = certificate.tbs_certificate();
        let algorithm = certificate.signature_algorithm();
        let right_algorithm = algorithm.oid == ECDSA_WITH_SHA256 && algorithm.parameters.is_none();
        if tbs.version() != Version::V3 || !right_algorithm || tbs.signature() != algorithm {
            return Err(malformed("not version 3 with ecdsa-with-SHA256"));
        }
        if tbs
            .serial_number()
            .as_bytes()
            .first()
            .is_none_or(|first| first & 0x80 != 0)
        {
            return Err(malformed("the serial number is negative"));
        }
        let spki = tbs.subject_public_key_info().to_der().map_err(malformed)?;
        let point = es256::point_of_spki(&spki)
            .ok_or_else(|| malformed("the key is no uncompressed point of P-256"))?;
        let signature = certificate
            .signature()
            .as_bytes()
            .and_then(es256::signature_from_der);
        let signature = signature.ok_or_else(|| malformed("the signature is not r and s"))?;
        let extensions = KnownExtensions::read(tbs.extensions().map_or(&[], |list| list))?;
        let tbs = tbs.to_der().map_err(malformed)?;
        Ok(Self {
            der: der.to_vec(),
            tbs,
            signature,
            point,
            extensions,
            certificate,
        })
    }

    /// Reads one certificate in PEM.
    ///
    /// # Errors
    /// [`PathError::Malformed`].
    pub fn from_pem(pem: &str) -> Result<Self, PathError> {
        let several = pem.matches("-----BEGIN CERTIFICATE-----").count();
        if several > 1 {
            return Err(malformed(format!(
                "it has {several} certificates; give a file with one of them"
            )));
        }
        let certificate = Certificate::from_pem(pem.trim()).map_err(malformed)?;
        Self::from_der(&certificate.to_der().map_err(malformed)?)
    }

    /// Reads `1..=max` certificates, one right after the other.
    ///
    /// # Errors
    /// [`PathError::Malformed`], also for bytes after the last one.
    pub fn sequence_from_der(mut bytes: &[u8], max: usize) -> Result<Vec<Self>, PathError> {
        let mut all = Vec::new();
        while !bytes.is_empty() || all.is_empty() {
            if all.len() == max {
                return Err(malformed(format!("more than {max} certificates")));
            }
            let (_, rest) = AnyRef::from_der_partial(bytes).map_err(malformed)?;
            let length = bytes.len().saturating_sub(rest.len());
            all.push(Self::from_der(bytes.get(..length).unwrap_or_default())?);
            bytes = rest;
        }
        Ok(all)
    }

    /// The whole certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate's fields.
    #[must_use]
    pub fn fields(&self) -> &Certificate {
        &self.certificate
    }

    /// Its public key.
    #[must_use]
    pub fn point(&self) -> &Sec1Point {
        &self.point
    }

    /// Its subject.
    #[must_use]
    pub fn subject(&self) -> &Name {
        self.certificate.tbs_certificate().subject()
    }

    /// Its serial number, as its issuer's revocation list would name it.
    #[must_use]
    pub fn serial_bytes(&self) -> &[u8] {
        self.certificate
            .tbs_certificate()
            .serial_number()
            .as_bytes()
    }

    /// Its subject key identifier.
    #[must_use]
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.extensions.subject_key_identifier.as_deref()
    }

    /// The key identifier of its issuer, as it says.
    #[must_use]
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.extensions.authority_key_identifier.as_deref()
    }

    /// Whether its extended key usage names this purpose.
    #[must_use]
    pub fn has_purpose(&self, purpose: ObjectIdentifier) -> bool {
        let usage = self.extensions.extended_key_usage.as_ref();
        usage.is_some_and(|(_, purposes)| purposes.contains(&purpose))
    }

    /// Its one hardware module name (RFC 4108, section 5); `None` where it has none or several.
    #[must_use]
    pub fn hardware_module_name(&self) -> Option<HardwareModuleName> {
        let mut names = self
            .extensions
            .alternative_names
            .iter()
            .filter_map(|name| match name {
                GeneralName::OtherName(other) => HardwareModuleName::from_other_name(other).ok()?,
                _ => None,
            });
        let only = names.next()?;
        names.next().is_none().then_some(only)
    }

    /// Whether this certificate's signature is by the issuer's key.
    #[must_use]
    pub fn is_signed_by(&self, issuer: &Self) -> bool {
        es256::verify(&issuer.point, &self.tbs, &self.signature)
    }
}
