//! The vendor's second generation: a root with authorities below it, revocation lists, and the file of chips
//! without certificates. Everything a station's profile can ask of a vendor beyond one root.

use std::fmt::Write as _;
use std::str::FromStr as _;

use const_oid::AssociatedOid as _;
use der::asn1::{BitString, ObjectIdentifier, OctetString};
use der::pem::LineEnding;
use der::referenced::OwnedToRef as _;
use der::{Decode as _, Encode as _, EncodePem as _};
use p256::ecdsa::{DerSignature, Signature};
use spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};
use x509_cert::TbsCertificate;
use x509_cert::builder::{self, Builder as _, CertificateBuilder, profile::BuilderProfile};
use x509_cert::certificate::Version;
use x509_cert::crl::{CertificateList, RevokedCert, TbsCertList};
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, KeyUsage, KeyUsages, NameConstraints,
    SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, ToExtension as _};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_cert::time::Time;

use crate::blueprint::uid_of;
use crate::device_keys::DeviceKey;
use crate::evidence::instance_id;
use crate::seed::{Purpose, Seed};
use crate::vendor_ca::{
    self, EndorsementError, START_OF_2020, START_OF_2024, START_OF_2049, common_name,
};

/// An authority of the vendor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The first root, which issues to chips alone.
    FirstRoot,
    /// The second root, which has authorities below it.
    SecondRoot,
    /// Of the second root, for one lot of chips.
    Lot,
    /// Of the first root, which may have none.
    BeyondPathLength,
    /// Of the second root, for the chips of another customer only.
    OtherNames,
}

impl Authority {
    /// Its key.
    #[must_use]
    pub fn key(self) -> DeviceKey {
        match self {
            Self::FirstRoot => vendor_ca::vendor_key(),
            Self::SecondRoot => DeviceKey::well_known("simulated vendor: second root"),
            Self::Lot => DeviceKey::well_known("simulated vendor: lot authority"),
            Self::BeyondPathLength => DeviceKey::well_known("simulated vendor: one too many"),
            Self::OtherNames => DeviceKey::well_known("simulated vendor: another customer"),
        }
    }

    /// Its name.
    pub fn name(self) -> Result<Name, EndorsementError> {
        common_name(match self {
            Self::FirstRoot => return vendor_ca::root_name(),
            Self::SecondRoot => "Simulated Silicon Vendor Root 2 (test only)",
            Self::Lot => "Simulated Silicon Vendor Lot CA (test only)",
            Self::BeyondPathLength => "Simulated Silicon Vendor Third CA (test only)",
            Self::OtherNames => "Simulated Silicon Vendor Customer CA (test only)",
        })
    }

    const fn issuer(self) -> Self {
        match self {
            Self::FirstRoot | Self::BeyondPathLength => Self::FirstRoot,
            Self::SecondRoot | Self::Lot | Self::OtherNames => Self::SecondRoot,
        }
    }

    /// Its certificate in DER.
    pub fn certificate(self) -> Result<Vec<u8>, EndorsementError> {
        if self == Self::FirstRoot {
            return vendor_ca::root_der();
        }
        let key = self.key();
        let builder = CertificateBuilder::new(
            AuthorityProfile(self, self.issuer().name()?, self.name()?),
            vendor_ca::serial(&key)?,
            vendor_ca::validity(START_OF_2020, START_OF_2049)?,
            SubjectPublicKeyInfoOwned::from_key(key.signing_key().verifying_key())?,
        )?;
        let issuer = self.issuer().key();
        let certificate = builder.build::<_, DerSignature>(issuer.signing_key())?;
        Ok(certificate.to_der()?)
    }

    /// Its certificate in PEM.
    pub fn certificate_pem(self) -> Result<String, EndorsementError> {
        let certificate = x509_cert::Certificate::from_der(&self.certificate()?)?;
        Ok(certificate.to_pem(LineEnding::LF)?)
    }

    /// Its revocation list in DER: the serials that revoked chips have. It holds from 2024 to `next_update`,
    /// in seconds since 1970.
    pub fn revocation_list(self, next_update: u64) -> Result<Vec<u8>, EndorsementError> {
        let time = |seconds| -> Result<Time, EndorsementError> { vendor_ca::utc_time(seconds) };
        let revoked = match self {
            Self::FirstRoot => (0..=u8::MAX).collect(),
            _ => Vec::new(),
        };
        let entries = revoked.into_iter().map(|mark| {
            Ok(RevokedCert {
                serial_number: revoked_serial(mark)?,
                revocation_date: time(START_OF_2024)?,
                crl_entry_extensions: None,
            })
        });
        let entries = entries.collect::<Result<Vec<_>, EndorsementError>>()?;
        let key = self.key();
        let spki = SubjectPublicKeyInfoOwned::from_key(key.signing_key().verifying_key())?;
        let identifier = SubjectKeyIdentifier::try_from(spki.owned_to_ref())?;
        let identifier = AuthorityKeyIdentifier {
            key_identifier: Some(identifier.0),
            ..AuthorityKeyIdentifier::default()
        };
        let extension = Extension {
            extn_id: AuthorityKeyIdentifier::OID,
            critical: false,
            extn_value: OctetString::new(identifier.to_der()?)?,
        };
        let algorithm = AlgorithmIdentifierOwned {
            oid: ECDSA_WITH_SHA256,
            parameters: None,
        };
        let tbs = TbsCertList {
            version: Version::V2,
            signature: algorithm.clone(),
            issuer: self.name()?,
            this_update: time(START_OF_2024)?,
            next_update: Some(time(next_update)?),
            revoked_certificates: (!entries.is_empty()).then_some(entries),
            crl_extensions: Some(vec![extension]),
        };
        let signature = key.sign(&[&tbs.to_der()?]);
        let signature = Signature::from_slice(&signature).map_err(|_| EndorsementError)?;
        let list = CertificateList {
            tbs_cert_list: tbs,
            signature_algorithm: algorithm,
            signature: BitString::from_bytes(signature.to_der().as_bytes())?,
        };
        Ok(list.to_der()?)
    }
}

/// The serial of a revoked chip's certificate. Which chips those are is not known when the list is made, so each
/// takes one of a few serials that are on it.
pub(crate) fn revoked_serial(mark: u8) -> Result<SerialNumber, EndorsementError> {
    Ok(SerialNumber::new(&[0x5e, 0x0c, 0xed, mark])?)
}

/// The vendor's file of chips: a line for each device of a line with that seed, whether or not it has
/// certificates too.
#[must_use]
pub fn allow_list(seed: Seed, devices: u32) -> String {
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            // Writing to a String never fails.
            let _written = write!(text, "{byte:02x}");
            text
        })
    };
    let row = |device| {
        let key = DeviceKey::of(seed, Purpose::AttestationKey, device);
        let uid = uid_of(seed, device);
        let (instance, point) = (instance_id(&key), key.point());
        format!(
            "{},{},{}\n",
            hex(&instance),
            hex(uid.as_bytes()),
            hex(&point)
        )
    };
    let rows: String = (0..devices).map(row).collect();
    format!("instance_id,uid,public_key\n{rows}")
}

struct AuthorityProfile(Authority, Name, Name);

impl BuilderProfile for AuthorityProfile {
    fn get_issuer(&self, _subject: &Name) -> Name {
        self.1.clone()
    }

    fn get_subject(&self) -> Name {
        self.2.clone()
    }

    fn build_extensions(
        &self,
        own_key: SubjectPublicKeyInfoRef<'_>,
        issuer_key: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> builder::Result<Vec<Extension>> {
        let name = tbs.subject();
        let basic = BasicConstraints {
            ca: true,
            path_len_constraint: Some(u8::from(self.0 == Authority::SecondRoot)),
        };
        let usage = KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign);
        let mut extensions = vec![
            basic.to_extension(name, &[])?,
            usage.to_extension(name, &[])?,
            SubjectKeyIdentifier::try_from(own_key)?.to_extension(name, &[])?,
        ];
        if self.0.issuer() != self.0 {
            let issuer = AuthorityKeyIdentifier::try_from(issuer_key)?;
            extensions.push(issuer.to_extension(name, &[])?);
        }
        if self.0 == Authority::OtherNames {
            let base = GeneralName::DirectoryName(Name::from_str("O=Another Customer")?);
            let subtree = GeneralSubtree {
                base,
                minimum: 0,
                maximum: None,
            };
            let constraints = NameConstraints {
                permitted_subtrees: Some(vec![subtree]),
                excluded_subtrees: None,
            };
            extensions.push(constraints.to_extension(name, &[])?);
        }
        Ok(extensions)
    }
}

const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
