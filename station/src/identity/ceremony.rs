//! The station's own certificates: root, issuing CA, manifest signer; and the request for an
//! issuing certificate where the root lives elsewhere.
//!
//! Each function gives bytes to be signed; [`complete`] or [`complete_request`] puts the
//! certificate or the request together. None of them expires: an `IDevID` does not either, and a
//! chain ends with its shortest link.

use der::{Decode, Encode};
use firmware_proto::ProductCode;
use firmware_proto::platform::{RawSignature, Sec1Point};
use spki::SubjectPublicKeyInfoOwned;
use x509_cert::attr::Attributes;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages};
use x509_cert::request::{CertReqInfo, Version};

use super::chain::manifest_signing;
use super::subject_name::SubjectName;
use super::tbs::{self, AssemblyError, Content};
use crate::certificate_path::ParsedCertificate;
use crate::clock::UtcMillis;
use crate::es256;
use crate::names::{CertificateSerial, StationName};

/// The name of an authority.
#[derive(Clone, Copy, Debug)]
pub struct AuthorityName<'a> {
    /// `O`: who runs it.
    pub organization: &'a str,
    /// `CN`: which one it is.
    pub common_name: &'a str,
}

/// What every new certificate needs besides its name.
#[derive(Clone, Copy, Debug)]
pub struct NewCertificate<'a> {
    /// Its key.
    pub public_key: &'a Sec1Point,
    /// Its serial.
    pub serial: CertificateSerial,
    /// From when on it is valid.
    pub not_before: UtcMillis,
}

/// The bytes of a self-signed root certificate. It may have one authority below it.
///
/// # Errors
/// [`AssemblyError::Field`] where a value cannot be encoded.
pub fn root_tbs(
    name: AuthorityName<'_>,
    new: NewCertificate<'_>,
) -> Result<Vec<u8>, AssemblyError> {
    let subject = authority_name(name)?.build()?;
    tbs::encode(Content {
        serial: new.serial,
        issuer: &subject,
        issuer_key_identifier: &tbs::key_identifier(new.public_key),
        not_before: new.not_before,
        subject: subject.clone(),
        point: new.public_key,
        extensions: authority_extensions(1)?,
    })
}

/// The bytes of an issuing certificate, for the root to sign. It may have no authority below it.
///
/// # Errors
/// [`AssemblyError`] where a value cannot be encoded, or the root is none.
pub fn issuing_tbs(
    name: AuthorityName<'_>,
    new: NewCertificate<'_>,
    root: &ParsedCertificate,
) -> Result<Vec<u8>, AssemblyError> {
    root.require_authority(1)?;
    let subject = authority_name(name)?;
    issued_by_root(root, new, subject, authority_extensions(0)?)
}

/// Whom a manifest signer's certificate names, and of which kind its PKI is.
#[derive(Clone, Copy, Debug)]
pub struct SignerName<'a> {
    /// `O`: who runs the station.
    pub organization: &'a str,
    /// `OU`: the product.
    pub product: &'a ProductCode,
    /// `CN`: the station.
    pub station: &'a StationName,
    /// Whether it may only sign for a development PKI.
    pub development: bool,
}

/// The bytes of a manifest signer's certificate, for the root to sign.
///
/// # Errors
/// [`AssemblyError`] where a value cannot be encoded, or the root is none.
pub fn manifest_signer_tbs(
    name: SignerName<'_>,
    new: NewCertificate<'_>,
    root: &ParsedCertificate,
) -> Result<Vec<u8>, AssemblyError> {
    root.require_authority(0)?;
    let subject = signer_name(name)?;
    let usage = KeyUsage(KeyUsages::DigitalSignature.into());
    let purpose = ExtendedKeyUsage(vec![manifest_signing(name.development)]);
    let extensions = vec![
        tbs::extension(true, &usage)?,
        tbs::extension(true, &purpose)?,
    ];
    issued_by_root(root, new, subject, extensions)
}

/// The certificate, after the signature is verified under the signer's key.
///
/// # Errors
/// [`AssemblyError::Signature`] where the signature is another key's or over other bytes.
pub fn complete(
    tbs: &[u8],
    signature: &RawSignature,
    signer: &Sec1Point,
) -> Result<Vec<u8>, AssemblyError> {
    let der = tbs::attach(tbs, signature, signer)?;
    ParsedCertificate::from_der(&der)?;
    Ok(der)
}

/// The bytes of a request (PKCS#10) for an issuing certificate, for the issuing key to sign.
///
/// # Errors
/// [`AssemblyError::Field`] where a value cannot be encoded.
pub fn issuing_request(
    name: AuthorityName<'_>,
    public_key: &Sec1Point,
) -> Result<Vec<u8>, AssemblyError> {
    let info = CertReqInfo {
        version: Version::V1,
        subject: authority_name(name)?.build()?,
        public_key: SubjectPublicKeyInfoOwned::from_der(&es256::spki(public_key))?,
        attributes: Attributes::default(),
    };
    Ok(info.to_der()?)
}

/// The bytes of a request (PKCS#10) for a manifest signer's certificate, for its key to sign. The
/// root sets the extensions; the request asks for the subject that [`manifest_signer_tbs`] gives.
///
/// # Errors
/// [`AssemblyError::Field`] where a value cannot be encoded.
pub fn manifest_signer_request(
    name: SignerName<'_>,
    public_key: &Sec1Point,
) -> Result<Vec<u8>, AssemblyError> {
    let info = CertReqInfo {
        version: Version::V1,
        subject: signer_name(name)?.build()?,
        public_key: SubjectPublicKeyInfoOwned::from_der(&es256::spki(public_key))?,
        attributes: Attributes::default(),
    };
    Ok(info.to_der()?)
}

/// The request in DER, after the signature is verified under the issuing key.
///
/// # Errors
/// [`AssemblyError::Signature`] where the signature is another key's or over other bytes.
pub fn complete_request(
    info: &[u8],
    signature: &RawSignature,
    public_key: &Sec1Point,
) -> Result<Vec<u8>, AssemblyError> {
    tbs::attach(info, signature, public_key)
}

fn signer_name(name: SignerName<'_>) -> Result<SubjectName, AssemblyError> {
    Ok(SubjectName::default()
        .organization(name.organization)?
        .organizational_unit(name.product.as_str())?
        .common_name(name.station.as_str())?)
}

fn authority_name(name: AuthorityName<'_>) -> Result<SubjectName, AssemblyError> {
    Ok(SubjectName::default()
        .organization(name.organization)?
        .common_name(name.common_name)?)
}

fn authority_extensions(path_length: u8) -> Result<Vec<Extension>, AssemblyError> {
    let constraints = BasicConstraints {
        ca: true,
        path_len_constraint: Some(path_length),
    };
    let usage = KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign);
    Ok(vec![
        tbs::extension(true, &constraints)?,
        tbs::extension(true, &usage)?,
    ])
}

fn issued_by_root(
    root: &ParsedCertificate,
    new: NewCertificate<'_>,
    subject: SubjectName,
    extensions: Vec<Extension>,
) -> Result<Vec<u8>, AssemblyError> {
    let identifier = root.subject_key_identifier();
    tbs::encode(Content {
        serial: new.serial,
        issuer: root.subject(),
        issuer_key_identifier: identifier
            .ok_or_else(|| root.wrong_use("it lacks a subject key identifier"))?,
        not_before: new.not_before,
        subject: subject.build()?,
        point: new.public_key,
        extensions,
    })
}
