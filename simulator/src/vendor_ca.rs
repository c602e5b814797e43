//! The silicon vendor: endorses attestation keys with X.509 certificates under one root.
//!
//! The root's key is derived from a phrase in this file, so that a sample profile can carry the
//! root inline. Anybody can forge under it; no real product may ever trust it.

use std::str::FromStr;
use std::time::Duration;

use const_oid::ObjectIdentifier;
use der::asn1::{OctetString, UtcTime};
use der::pem::LineEnding;
use der::{Encode, EncodePem};
use firmware_proto::Uid;
use p256::ecdsa::DerSignature;
use sha2::Digest;
use spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};
use thiserror::Error;
use x509_cert::TbsCertificate;
use x509_cert::builder::{self, Builder, CertificateBuilder, profile::BuilderProfile};
use x509_cert::ext::pkix::name::{GeneralName, HardwareModuleName, OtherName};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, KeyUsage, KeyUsages, SubjectAltName,
    SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use crate::device_keys::DeviceKey;
use crate::vendor_authorities::{Authority, revoked_serial};

/// `hwType` of SENSOR-A: under the enterprise number that RFC 5612 reserves for documentation,
/// since the vendor is invented and has no arc of its own.
pub const SENSOR_A_HARDWARE_TYPE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1.1");

/// `hwType` of another product of the same vendor.
pub const OTHER_HARDWARE_TYPE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1.2");

/// A certificate of the simulated vendor could not be made.
#[derive(Debug, Error)]
#[error("a simulated certificate could not be encoded; this is a bug of the simulator")]
pub struct EndorsementError;

impl From<builder::Error> for EndorsementError {
    fn from(_: builder::Error) -> Self {
        Self
    }
}

impl From<der::Error> for EndorsementError {
    fn from(_: der::Error) -> Self {
        Self
    }
}

impl From<spki::Error> for EndorsementError {
    fn from(_: spki::Error) -> Self {
        Self
    }
}

/// Who vouches for an attestation key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// The vendor whose root the sample profile trusts.
    Vendor,
    /// Somebody with a root of his own under the same name.
    Stranger,
    /// One of the vendor's authorities, whose certificate the board sends too.
    Below(Authority),
    /// Nobody by certificate: the board sends none, and the vendor has it in a file.
    AllowList,
}

/// When an endorsement is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndorsementValidity {
    /// From 2024 to 2045.
    Current,
    /// It ended with the year 2024.
    Expired,
    /// The vendor has revoked it.
    Revoked,
}

/// What the vendor says of one chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endorsement {
    /// The silicon identifier, `hwSerialNum`.
    pub uid: Uid,
    /// The product, `hwType`.
    pub hardware_type: ObjectIdentifier,
    /// Who says it.
    pub issuer: Issuer,
    /// When it holds.
    pub validity: EndorsementValidity,
}

/// The vendor's root certificate in PEM: what a profile must trust.
pub fn root_pem() -> Result<String, EndorsementError> {
    Ok(root(Issuer::Vendor)?.to_pem(LineEnding::LF)?)
}

/// The vendor's root certificate in DER.
pub fn root_der() -> Result<Vec<u8>, EndorsementError> {
    Ok(root(Issuer::Vendor)?.to_der()?)
}

/// The certificates that a board sends, in DER, leaf first; nothing where the vendor has it in a file.
pub fn endorse(key: &DeviceKey, endorsement: &Endorsement) -> Result<Vec<u8>, EndorsementError> {
    let (issuer_key, issuer, above) = match endorsement.issuer {
        Issuer::AllowList => return Ok(Vec::new()),
        Issuer::Below(authority) => (authority.key(), authority.name()?, authority.certificate()?),
        root => (root_key(root), root_name()?, Vec::new()),
    };
    let profile = AttestationKeyProfile {
        issuer,
        subject: common_name(&endorsement.uid.to_string())?,
        endorsement: endorsement.clone(),
    };
    let not_after = match endorsement.validity {
        EndorsementValidity::Current | EndorsementValidity::Revoked => START_OF_2046,
        EndorsementValidity::Expired => START_OF_2025,
    };
    let serial = match endorsement.validity {
        EndorsementValidity::Revoked => revoked_serial(key.point()[1])?,
        _ => serial(key)?,
    };
    let builder = CertificateBuilder::new(
        profile,
        serial,
        validity(START_OF_2024, not_after)?,
        SubjectPublicKeyInfoOwned::from_key(key.signing_key().verifying_key())?,
    )?;
    let certificate = builder.build::<_, DerSignature>(issuer_key.signing_key())?;
    Ok([certificate.to_der()?, above].concat())
}

/// The key of the vendor's first root.
pub(crate) fn vendor_key() -> DeviceKey {
    root_key(Issuer::Vendor)
}

/// The name of the vendor's first root.
pub(crate) fn root_name() -> Result<Name, EndorsementError> {
    common_name(ROOT_NAME)
}

/// A name that consists of a common name alone, which has no character that RFC 4514 escapes.
pub(crate) fn common_name(text: &str) -> Result<Name, EndorsementError> {
    Ok(Name::from_str(&format!("CN={text}"))?)
}

fn root_key(issuer: Issuer) -> DeviceKey {
    DeviceKey::well_known(match issuer {
        Issuer::Stranger => "provisioning simulator: a stranger's attestation root",
        _ => "provisioning simulator: vendor attestation root, for tests only",
    })
}

fn root(issuer: Issuer) -> Result<x509_cert::Certificate, EndorsementError> {
    let key = root_key(issuer);
    let profile = RootProfile(common_name(ROOT_NAME)?);
    let builder = CertificateBuilder::new(
        profile,
        serial(&key)?,
        validity(START_OF_2020, START_OF_2049)?,
        SubjectPublicKeyInfoOwned::from_key(key.signing_key().verifying_key())?,
    )?;
    Ok(builder.build::<_, DerSignature>(key.signing_key())?)
}

/// Derived from the key, so that the same key always gets the same certificate.
pub(crate) fn serial(key: &DeviceKey) -> Result<SerialNumber, EndorsementError> {
    let digest = sha2::Sha256::digest(key.point());
    let mut bytes = [0; 16];
    bytes
        .iter_mut()
        .zip(digest)
        .for_each(|(to, from)| *to = from);
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(SerialNumber::new(&bytes)?)
}

pub(crate) fn validity(not_before: u64, not_after: u64) -> Result<Validity, EndorsementError> {
    Ok(Validity::new(utc_time(not_before)?, utc_time(not_after)?))
}

pub(crate) fn utc_time(seconds: u64) -> Result<Time, EndorsementError> {
    let instant = UtcTime::from_unix_duration(Duration::from_secs(seconds))?;
    Ok(Time::UtcTime(instant))
}

struct RootProfile(Name);

impl BuilderProfile for RootProfile {
    fn get_issuer(&self, _subject: &Name) -> Name {
        self.0.clone()
    }

    fn get_subject(&self) -> Name {
        self.0.clone()
    }

    fn build_extensions(
        &self,
        own_key: SubjectPublicKeyInfoRef<'_>,
        _issuer_key: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> builder::Result<Vec<Extension>> {
        let name = tbs.subject();
        let basic = BasicConstraints {
            ca: true,
            path_len_constraint: Some(0),
        };
        let usage = KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign);
        Ok(vec![
            basic.to_extension(name, &[])?,
            usage.to_extension(name, &[])?,
            SubjectKeyIdentifier::try_from(own_key)?.to_extension(name, &[])?,
        ])
    }
}

struct AttestationKeyProfile {
    issuer: Name,
    subject: Name,
    endorsement: Endorsement,
}

impl BuilderProfile for AttestationKeyProfile {
    fn get_issuer(&self, _subject: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        _own_key: SubjectPublicKeyInfoRef<'_>,
        issuer_key: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> builder::Result<Vec<Extension>> {
        let name = tbs.subject();
        let module = HardwareModuleName {
            hw_type: self.endorsement.hardware_type,
            hw_serial_num: OctetString::new(self.endorsement.uid.as_bytes())?,
        };
        let alternative = vec![GeneralName::OtherName(OtherName::try_from(&module)?)];
        let usage = KeyUsage(KeyUsages::DigitalSignature.into());
        Ok(vec![
            AuthorityKeyIdentifier::try_from(issuer_key)?.to_extension(name, &[])?,
            usage.to_extension(name, &[])?,
            SubjectAltName(alternative).to_extension(name, &[])?,
        ])
    }
}

const ROOT_NAME: &str = "Simulated Silicon Vendor Attestation Root (test only)";

/// Seconds since 1970.
pub(crate) const START_OF_2020: u64 = 1_577_836_800;
pub(crate) const START_OF_2024: u64 = 1_704_067_200;
const START_OF_2025: u64 = 1_735_689_600;
const START_OF_2046: u64 = 2_398_377_600;
pub(crate) const START_OF_2049: u64 = 2_493_072_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_the_one_that_fixtures_trust() {
        let fixture = include_str!("../../fixtures/trust/simulated-vendor-root.pem");
        assert_eq!(root_pem().unwrap(), fixture);
    }

    #[test]
    fn an_endorsement_names_the_silicon() {
        let key = DeviceKey::well_known("some attestation key");
        let uid = Uid::from_bytes(&[5; 12]).unwrap();
        let der = endorse(
            &key,
            &Endorsement {
                uid,
                hardware_type: SENSOR_A_HARDWARE_TYPE,
                issuer: Issuer::Vendor,
                validity: EndorsementValidity::Current,
            },
        )
        .unwrap();
        assert!(der.windows(12).any(|part| part == [5; 12]));
    }
}
