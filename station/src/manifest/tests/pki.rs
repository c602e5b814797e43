//! Keys and certificates for tests, the same in every run. No station ever has these.

use std::str::FromStr as _;
use std::time::Duration;

use const_oid::AssociatedOid as _;
use der::asn1::{GeneralizedTime, ObjectIdentifier, OctetString};
use der::{DateTime, Encode as _, flagset::FlagSet};
use firmware_proto::platform::Sec1Point;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, Signature, SigningKey};
use spki::{SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};
use x509_cert::TbsCertificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder as _, CertificateBuilder};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages};
use x509_cert::ext::{Extension, ToExtension as _};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use crate::identity::chain::DEVELOPMENT_MANIFEST_SIGNING;

/// 2026-11-22T00:00:00Z, when every test certificate begins.
pub(super) const NOT_BEFORE: u64 = 1_795_305_600;
/// 2036-11-22T00:00:00Z, when every test certificate ends.
pub(super) const NOT_AFTER: u64 = 2_110_924_800;

/// A key made of one number.
pub(super) struct TestKey(SigningKey);

impl TestKey {
    pub(super) fn new(number: u8) -> Self {
        Self(SigningKey::from_slice(&[number; 32]).unwrap())
    }

    pub(super) fn point(&self) -> Sec1Point {
        let point = self.0.verifying_key().to_sec1_point(false);
        point.as_bytes().try_into().unwrap()
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature: Signature = self.0.sign(message);
        signature.normalize_s().to_bytes().into()
    }
}

/// What a test certificate says.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub(super) issuer: &'static str,
    pub(super) subject: &'static str,
    pub(super) authority: bool,
    pub(super) usage: FlagSet<KeyUsages>,
    pub(super) purpose: Option<(ObjectIdentifier, bool)>,
    pub(super) more: Vec<Extension>,
}

impl Template {
    fn authority(subject: &'static str) -> Self {
        Self {
            issuer: "CN=Test Root",
            subject,
            authority: true,
            usage: KeyUsages::KeyCertSign | KeyUsages::CRLSign,
            purpose: None,
            more: Vec::new(),
        }
    }

    pub(super) fn root() -> Self {
        Self::authority("CN=Test Root")
    }

    pub(super) fn issuing() -> Self {
        Self::authority("CN=Test Issuing")
    }

    pub(super) fn signer() -> Self {
        Self {
            authority: false,
            usage: KeyUsages::DigitalSignature.into(),
            purpose: Some((DEVELOPMENT_MANIFEST_SIGNING, true)),
            ..Self::authority("OU=SENSOR-A,CN=line-7")
        }
    }

    pub(super) fn device() -> Self {
        Self {
            issuer: "CN=Test Issuing",
            subject: "CN=Test Device",
            purpose: None,
            ..Self::signer()
        }
    }

    /// The certificate, in DER.
    pub(super) fn issue(&self, serial: u8, key: &TestKey, issuer: &TestKey) -> Vec<u8> {
        let at = |seconds| {
            let at = DateTime::from_unix_duration(Duration::from_secs(seconds)).unwrap();
            Time::GeneralTime(GeneralizedTime::from_date_time(at))
        };
        let spki = p256::PublicKey::from_sec1_bytes(&key.point()).unwrap();
        let spki = SubjectPublicKeyInfo::from_key(&spki).unwrap();
        let validity = Validity::new(at(NOT_BEFORE), at(NOT_AFTER));
        let serial = SerialNumber::from(u32::from(serial));
        let builder = CertificateBuilder::new(self.clone(), serial, validity, spki).unwrap();
        builder
            .build::<_, DerSignature>(&issuer.0)
            .unwrap()
            .to_der()
            .unwrap()
    }
}

impl BuilderProfile for Template {
    fn get_issuer(&self, _: &Name) -> Name {
        Name::from_str(self.issuer).unwrap()
    }

    fn get_subject(&self) -> Name {
        Name::from_str(self.subject).unwrap()
    }

    fn build_extensions(
        &self,
        _: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let constraints = BasicConstraints {
            ca: self.authority,
            path_len_constraint: None,
        };
        let mut extensions = vec![
            constraints.to_extension(tbs.subject(), &[])?,
            KeyUsage(self.usage).to_extension(tbs.subject(), &[])?,
        ];
        if let Some((purpose, critical)) = self.purpose {
            extensions.push(Extension {
                extn_id: ExtendedKeyUsage::OID,
                critical,
                extn_value: OctetString::new(ExtendedKeyUsage(vec![purpose]).to_der()?)?,
            });
        }
        extensions.extend(self.more.clone());
        Ok(extensions)
    }
}

/// The parties of every test: root 1, issuing CA 2, manifest signer 3, ledger 4, devices from 100.
pub(super) struct TestPki {
    pub(super) root_key: TestKey,
    pub(super) issuing_key: TestKey,
    pub(super) signer_key: TestKey,
    pub(super) ledger_key: TestKey,
    pub(super) root: Vec<u8>,
    pub(super) issuing: Vec<u8>,
    pub(super) signer: Vec<u8>,
}

impl TestPki {
    pub(super) fn new() -> Self {
        let [root_key, issuing_key, signer_key, ledger_key] = [1, 2, 3, 4].map(TestKey::new);
        Self {
            root: Template::root().issue(1, &root_key, &root_key),
            issuing: Template::issuing().issue(2, &issuing_key, &root_key),
            signer: Template::signer().issue(3, &signer_key, &root_key),
            root_key,
            issuing_key,
            signer_key,
            ledger_key,
        }
    }

    pub(super) fn device(&self, number: u8) -> Vec<u8> {
        Template::device().issue(number, &TestKey::new(number), &self.issuing_key)
    }
}
