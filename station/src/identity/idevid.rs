//! The device's initial identity: an `IDevID` certificate (IEEE 802.1AR over RFC 5280).
//!
//! | field | value |
//! |---|---|
//! | validity | from now, to 99991231235959Z |
//! | subject | `O`, `OU`, `CN` of the template, then serialNumber: the device serial |
//! | authority and subject key identifier | RFC 7093, section 2, method 1 |
//! | key usage, critical | digitalSignature |
//! | subject alternative name | hardwareModuleName: hardware type of the template, UID |
//! | CRL distribution point | where the template has a base URI |
//!
//! There is nothing else in it; above all, nothing of the CSR but its key.

use der::asn1::{Ia5String, OctetString};
use firmware_proto::Uid;
use firmware_proto::platform::Sec1Point;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{
    DistributionPointName, GeneralName, HardwareModuleName, OtherName,
};
use x509_cert::ext::pkix::{CrlDistributionPoints, KeyUsage, KeyUsages, SubjectAltName};

use super::chain::IssuingCertificate;
use super::subject_name::SubjectName;
use super::tbs::{self, AssemblyError, Content};
use crate::clock::UtcMillis;
use crate::names::{CertificateSerial, DeviceSerial};
use crate::profile::CertificateTemplate;

/// Whom the certificate names.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The serial that the ledger has given.
    pub device_serial: &'a DeviceSerial,
    /// The authentic UID.
    pub uid: &'a Uid,
    /// The key of the checked CSR.
    pub public_key: &'a Sec1Point,
}

/// The bytes of the certificate that the issuing CA signs.
///
/// # Errors
/// [`AssemblyError::Field`] where a value cannot be encoded.
pub fn assemble(
    template: &CertificateTemplate,
    issuing: &IssuingCertificate,
    subject: Subject<'_>,
    serial: CertificateSerial,
    not_before: UtcMillis,
) -> Result<Vec<u8>, AssemblyError> {
    let usage = KeyUsage(KeyUsages::DigitalSignature.into());
    let mut extensions = vec![
        tbs::extension(true, &usage)?,
        alternative_name(template, subject.uid)?,
    ];
    if let Some(base) = &template.crl_base_uri {
        extensions.push(distribution_point(&crl_uri(base, issuing, serial))?);
    }
    tbs::encode(Content {
        serial,
        issuer: issuing.certificate().subject(),
        issuer_key_identifier: issuing.key_identifier(),
        not_before,
        subject: subject_name(template, subject.device_serial)?.build()?,
        point: subject.public_key,
        extensions,
    })
}

/// Where the revocation list for this certificate will be. The lists are sharded by the first byte
/// of the serial, under the generation of the issuing CA, since the address in a certificate can
/// never change.
#[must_use]
pub fn crl_uri(base: &str, issuing: &IssuingCertificate, serial: CertificateSerial) -> String {
    let [shard, ..] = serial.as_bytes();
    format!("{base}/{}/{shard:02x}.crl", issuing.generation())
}

fn subject_name(
    template: &CertificateTemplate,
    device_serial: &DeviceSerial,
) -> Result<SubjectName, AssemblyError> {
    let mut name = SubjectName::default().organization(&template.organization)?;
    if let Some(unit) = &template.organizational_unit {
        name = name.organizational_unit(unit)?;
    }
    if let Some(common_name) = &template.common_name {
        name = name.common_name(common_name)?;
    }
    Ok(name.serial_number(device_serial)?)
}

fn alternative_name(template: &CertificateTemplate, uid: &Uid) -> Result<Extension, AssemblyError> {
    let hardware = HardwareModuleName {
        hw_type: template.hardware_type,
        hw_serial_num: OctetString::new(uid.as_bytes())?,
    };
    let name = GeneralName::OtherName(OtherName::try_from(&hardware)?);
    tbs::extension(false, &SubjectAltName(vec![name]))
}

fn distribution_point(uri: &str) -> Result<Extension, AssemblyError> {
    let name = GeneralName::UniformResourceIdentifier(Ia5String::new(uri)?);
    let point = DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(vec![name])),
        reasons: None,
        crl_issuer: None,
    };
    tbs::extension(false, &CrlDistributionPoints(vec![point]))
}
