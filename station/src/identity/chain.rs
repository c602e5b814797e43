//! Our own chains: device or manifest signer, issuing CA, root.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{COMMON_NAME, OU};

use super::subject_name::only_text;
use crate::certificate_path::{LeafUse, ParsedCertificate, PathError, verify_path};
use crate::clock::UtcMillis;

/// The extended key usage of manifest signers: critical, and only they have it, so that neither a
/// device nor an authority can pass for one.
pub const MANIFEST_SIGNING: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.3.1");

/// The same for a development PKI, whose manifests prove nothing to a customer: the mark is under the
/// root's signature, so no manifest can deny it.
pub const DEVELOPMENT_MANIFEST_SIGNING: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.3.2");

/// The extended key usage of a manifest signer.
#[must_use]
pub const fn manifest_signing(development: bool) -> ObjectIdentifier {
    if development {
        DEVELOPMENT_MANIFEST_SIGNING
    } else {
        MANIFEST_SIGNING
    }
}

/// The certificate of an issuing CA: an authority that issues to end entities only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuingCertificate {
    certificate: ParsedCertificate,
    key_identifier: Vec<u8>,
}

impl IssuingCertificate {
    /// Reads it from DER and checks that it may issue. Its own chain is [`Self::verify_issuer`]'s.
    ///
    /// # Errors
    /// [`PathError`] where it is no authority, lacks a key identifier, or may issue to authorities.
    pub fn from_der(der: &[u8]) -> Result<Self, PathError> {
        let certificate = ParsedCertificate::from_der(der)?;
        certificate.require_authority(0)?;
        if certificate.require_authority(1).is_ok() {
            return Err(certificate.wrong_use("an issuing CA must have path length 0"));
        }
        let key_identifier = certificate
            .subject_key_identifier()
            .ok_or_else(|| certificate.wrong_use("it lacks a subject key identifier"))?
            .to_vec();
        Ok(Self {
            certificate,
            key_identifier,
        })
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &ParsedCertificate {
        &self.certificate
    }

    /// The whole certificate in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        self.certificate.der()
    }

    /// Its subject key identifier.
    #[must_use]
    pub fn key_identifier(&self) -> &[u8] {
        &self.key_identifier
    }

    /// Names this generation of the issuing CA in CRL addresses: the first 8 digits of the key
    /// identifier.
    #[must_use]
    pub fn generation(&self) -> String {
        base16ct::lower::encode_string(self.key_identifier.get(..4).unwrap_or_default())
    }

    /// Checks that the root has issued it, at the stated time.
    ///
    /// # Errors
    /// [`PathError`], the first thing that is wrong.
    pub fn verify_issuer(&self, root: &ParsedCertificate, at: UtcMillis) -> Result<(), PathError> {
        verify_path(&[&self.certificate, root], LeafUse::Authority, at)
    }
}

/// Checks a device's chain at the stated time and gives the device's certificate.
///
/// # Errors
/// [`PathError`], the first thing that is wrong.
pub fn verify_chain(
    leaf_der: &[u8],
    intermediates: &[&[u8]],
    root_der: &[u8],
    at: UtcMillis,
) -> Result<ParsedCertificate, PathError> {
    verify(leaf_der, intermediates, root_der, LeafUse::Signer, at)
}

/// Who a manifest signer's certificate names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestSigner {
    /// The certificate.
    pub certificate: ParsedCertificate,
    /// The product whose batches it may sign.
    pub product: String,
    /// The station.
    pub station: String,
    /// Whether the root certified it for manifests of a development PKI, and for no others.
    pub development: bool,
}

/// Checks a manifest signer's certificate at the stated time: issued by the root itself, no
/// authority, and with the one extended key usage that makes a manifest signer, of a development PKI
/// or of a real one.
///
/// # Errors
/// [`PathError`], the first thing that is wrong.
pub fn verify_manifest_signer(
    leaf_der: &[u8],
    root_der: &[u8],
    at: UtcMillis,
) -> Result<ManifestSigner, PathError> {
    let development =
        ParsedCertificate::from_der(leaf_der)?.has_purpose(DEVELOPMENT_MANIFEST_SIGNING);
    let purpose = LeafUse::Purpose(manifest_signing(development));
    let certificate = verify(leaf_der, &[], root_der, purpose, at)?;
    let named = (
        only_text(certificate.subject(), OU),
        only_text(certificate.subject(), COMMON_NAME),
    );
    let (Some(product), Some(station)) = named else {
        return Err(certificate.wrong_use("its subject names no product and station"));
    };
    Ok(ManifestSigner {
        certificate,
        product,
        station,
        development,
    })
}

fn verify(
    leaf_der: &[u8],
    intermediates: &[&[u8]],
    root_der: &[u8],
    leaf_use: LeafUse,
    at: UtcMillis,
) -> Result<ParsedCertificate, PathError> {
    let leaf = ParsedCertificate::from_der(leaf_der)?;
    let authorities = intermediates
        .iter()
        .chain(std::iter::once(&root_der))
        .take(crate::certificate_path::MAX_PATH)
        .map(|der| ParsedCertificate::from_der(der))
        .collect::<Result<Vec<_>, _>>()?;
    if authorities.len() != intermediates.len().saturating_add(1) {
        return Err(PathError::TooLong {
            got: intermediates.len().saturating_add(2),
        });
    }
    let path: Vec<_> = std::iter::once(&leaf).chain(&authorities).collect();
    verify_path(&path, leaf_use, at)?;
    Ok(leaf)
}
