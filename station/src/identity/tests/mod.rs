//! The room's border: whole chains, judged by this code and by OpenSSL.

use std::path::Path;
use std::process::Command;

use firmware_proto::authority::{Payload, Proof};
use firmware_proto::cose::ContentType;
use firmware_proto::platform::{RawSignature, Sec1Point};
use firmware_proto::{Digest, Nonce, ProductCode, Uid};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use proptest::collection::vec;
use proptest::prelude::*;

use super::ceremony::{self, AuthorityName, NewCertificate, SignerName};
use super::chain::{self, IssuingCertificate};
use super::{AssemblyError, csr, idevid, issuing, signed_object};
use crate::certificate_path::{ParsedCertificate, PathError};
use crate::clock::UtcMillis;
use crate::names::{CertificateSerial, DeviceSerial, StationName};
use crate::profile::CertificateTemplate;

mod requests;

const NOW: UtcMillis = UtcMillis(1_795_336_200_250);

struct Key(SigningKey);

impl Key {
    fn new(number: u8) -> Self {
        Self(SigningKey::from_slice(&[number; 32]).unwrap())
    }

    fn point(&self) -> Sec1Point {
        self.0
            .verifying_key()
            .to_sec1_point(false)
            .as_bytes()
            .try_into()
            .unwrap()
    }

    fn sign(&self, message: &[u8]) -> RawSignature {
        let signature: Signature = self.0.sign(message);
        signature.normalize_s().to_bytes().into()
    }
}

fn serial(byte: u8) -> CertificateSerial {
    CertificateSerial::from_random([byte; 16]).unwrap()
}

struct Authorities {
    root: Vec<u8>,
    issuing: IssuingCertificate,
    manifest: Vec<u8>,
}

const ROOT: u8 = 1;
const ISSUING: u8 = 2;
const MANIFEST: u8 = 3;
const DEVICE: u8 = 4;

fn new(point: &Sec1Point, number: u8) -> NewCertificate<'_> {
    NewCertificate {
        public_key: point,
        serial: serial(number),
        not_before: NOW,
    }
}

fn authorities() -> Authorities {
    authorities_from(NOW)
}

/// Authorities whose root is valid from that time on.
fn authorities_from(root_from: UtcMillis) -> Authorities {
    let (root_key, issuing_key, manifest_key) =
        (Key::new(ROOT), Key::new(ISSUING), Key::new(MANIFEST));
    let name = |common_name| AuthorityName {
        organization: "Example Devices",
        common_name,
    };
    let point = root_key.point();
    let root = NewCertificate {
        not_before: root_from,
        ..new(&point, ROOT)
    };
    let tbs = ceremony::root_tbs(name("Root"), root).unwrap();
    let root = ceremony::complete(&tbs, &root_key.sign(&tbs), &point).unwrap();
    let parsed = ParsedCertificate::from_der(&root).unwrap();
    let issuing_point = issuing_key.point();
    let tbs = ceremony::issuing_tbs(name("Issuing 1"), new(&issuing_point, ISSUING), &parsed);
    let tbs = tbs.unwrap();
    let issuing = ceremony::complete(&tbs, &root_key.sign(&tbs), &point).unwrap();
    let manifest_point = manifest_key.point();
    let signer = SignerName {
        organization: "Example Devices",
        product: &ProductCode::parse("SENSOR-A").unwrap(),
        station: &StationName::parse("line-3").unwrap(),
        development: false,
    };
    let tbs = ceremony::manifest_signer_tbs(signer, new(&manifest_point, MANIFEST), &parsed);
    let tbs = tbs.unwrap();
    let manifest = ceremony::complete(&tbs, &root_key.sign(&tbs), &point).unwrap();
    Authorities {
        root,
        issuing: IssuingCertificate::from_der(&issuing).unwrap(),
        manifest,
    }
}

fn template() -> CertificateTemplate {
    CertificateTemplate {
        organization: "Example, Devices = +1".to_owned(),
        organizational_unit: Some("Sensors".to_owned()),
        common_name: Some("Sensor A".to_owned()),
        hardware_type: "1.3.6.1.4.1.32473.2.1".parse().unwrap(),
        crl_base_uri: Some("http://crl.example.com/sensor-a".to_owned()),
    }
}

fn device_tbs(authorities: &Authorities, number: u8) -> Vec<u8> {
    let subject = idevid::Subject {
        device_serial: &DeviceSerial::parse("SA-000042").unwrap(),
        uid: &Uid::from_bytes(&[0xA5; 12]).unwrap(),
        public_key: &Key::new(DEVICE).point(),
    };
    idevid::assemble(
        &template(),
        &authorities.issuing,
        subject,
        serial(number),
        NOW,
    )
    .unwrap()
}

fn device(authorities: &Authorities) -> Vec<u8> {
    let tbs = device_tbs(authorities, 0xf0);
    issuing::complete(&tbs, &Key::new(ISSUING).sign(&tbs), &authorities.issuing).unwrap()
}

fn openssl(directory: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

fn write_pem(directory: &Path, name: &str, der: &[u8]) {
    std::fs::write(directory.join(format!("{name}.der")), der).unwrap();
    let (ok, text) = openssl(
        directory,
        &[
            "x509",
            "-in",
            &format!("{name}.der"),
            "-inform",
            "DER",
            "-out",
            &format!("{name}.pem"),
        ],
    );
    assert!(ok, "{text}");
}

#[test]
fn openssl_accepts_the_chain_and_reads_what_was_meant() {
    let all = authorities();
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    write_pem(at, "root", &all.root);
    write_pem(at, "issuing", all.issuing.der());
    write_pem(at, "manifest", &all.manifest);
    write_pem(at, "device", &device(&all));
    let strict = [
        "verify",
        "-x509_strict",
        "-no_check_time",
        "-CAfile",
        "root.pem",
    ];
    let verify = |rest: &[&str]| openssl(at, &[&strict[..], rest].concat());
    let (ok, text) = verify(&["-untrusted", "issuing.pem", "device.pem"]);
    assert!(ok && text.contains("device.pem: OK"), "{text}");
    let (ok, text) = verify(&["-check_ss_sig", "root.pem", "issuing.pem"]);
    assert!(ok, "{text}");
    // OpenSSL judges purposes only with `-purpose`: our own one need not be known to it.
    let (ok, text) = verify(&["manifest.pem"]);
    assert!(ok, "{text}");
    let (_, text) = openssl(at, &["x509", "-in", "device.pem", "-noout", "-text"]);
    for expected in [
        "Version: 3 (0x2)",
        "Signature Algorithm: ecdsa-with-SHA256",
        "Not Before: Nov 22 08:30:00 2026 GMT",
        "Not After : Dec 31 23:59:59 9999 GMT",
        "serialNumber = SA-000042",
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "X509v3 Authority Key Identifier",
        "X509v3 Subject Key Identifier",
        "othername",
        &format!(
            "URI:http://crl.example.com/sensor-a/{}/f0.crl",
            all.issuing.generation()
        ),
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    assert!(!text.contains("Basic Constraints"), "{text}");
}

/// If this fails, the code is wrong, not the test: certificates that are out cannot change.
#[test]
fn a_device_certificate_has_exactly_these_bytes() {
    let golden = include_str!("../../../../fixtures/vectors/certificates/device-tbs.hex");
    let tbs = device_tbs(&authorities(), 0xf0);
    assert_eq!(
        base16ct::lower::encode_string(&tbs),
        golden.split_whitespace().collect::<String>()
    );
}

#[test]
fn serials_are_positive_and_short_whatever_was_drawn() {
    let all = authorities();
    let mut drawn = [[0; 16], [0xff; 16], [0x7f; 16]];
    drawn[0][15] = 1;
    for bytes in drawn {
        let subject = idevid::Subject {
            device_serial: &DeviceSerial::parse("SA-000042").unwrap(),
            uid: &Uid::from_bytes(&[0xA5; 12]).unwrap(),
            public_key: &Key::new(DEVICE).point(),
        };
        let serial = CertificateSerial::from_random(bytes).unwrap();
        let tbs = idevid::assemble(&template(), &all.issuing, subject, serial, NOW).unwrap();
        let der = issuing::complete(&tbs, &Key::new(ISSUING).sign(&tbs), &all.issuing).unwrap();
        let parsed = ParsedCertificate::from_der(&der).unwrap();
        let serial = parsed.fields().tbs_certificate().serial_number().as_bytes();
        assert!(serial[0] & 0x80 == 0 && serial.len() <= 17, "{serial:02x?}");
    }
}

#[test]
fn completes_only_under_the_issuers_key_and_only_its_own() {
    let all = authorities();
    let tbs = device_tbs(&all, 9);
    let foreign = issuing::complete(&tbs, &Key::new(ROOT).sign(&tbs), &all.issuing);
    assert_eq!(foreign, Err(AssemblyError::Signature));
    let parsed = ParsedCertificate::from_der(&all.root).unwrap();
    let of_root = ceremony::issuing_tbs(
        AuthorityName {
            organization: "Example Devices",
            common_name: "Other",
        },
        new(&Key::new(9).point(), 9),
        &parsed,
    )
    .unwrap();
    let misused = issuing::complete(&of_root, &Key::new(ISSUING).sign(&of_root), &all.issuing);
    assert!(matches!(
        misused,
        Err(AssemblyError::Certificate(PathError::Issuer { .. }))
    ));
}

#[test]
fn no_certificate_passes_for_another_kind() {
    let all = authorities();
    let device = device(&all);
    let issuing = all.issuing.der();
    chain::verify_chain(&device, &[issuing], &all.root, NOW).unwrap();
    let signer = chain::verify_manifest_signer(&all.manifest, &all.root, NOW).unwrap();
    assert_eq!(
        (signer.product.as_str(), signer.station.as_str()),
        ("SENSOR-A", "line-3")
    );
    let root = ParsedCertificate::from_der(&all.root).unwrap();
    all.issuing.verify_issuer(&root, NOW).unwrap();

    assert!(chain::verify_chain(&device, &[], &all.root, NOW).is_err());
    assert!(chain::verify_chain(&all.manifest, &[], &all.root, NOW).is_err());
    assert!(chain::verify_chain(issuing, &[], &all.root, NOW).is_err());
    assert!(chain::verify_chain(&device, &[&all.manifest], &all.root, NOW).is_err());
    for other in [device.as_slice(), issuing, &all.root] {
        assert!(chain::verify_manifest_signer(other, &all.root, NOW).is_err());
    }
    assert!(IssuingCertificate::from_der(&all.root).is_err());
    assert!(IssuingCertificate::from_der(&device).is_err());
    let before = UtcMillis(NOW.0 - 1000);
    let early = chain::verify_chain(&device, &[issuing], &all.root, before);
    assert!(
        matches!(early, Err(PathError::Validity { .. })),
        "{early:?}"
    );
    let young = authorities_from(UtcMillis(NOW.0 + 86_400_000));
    let device = self::device(&young);
    let early = chain::verify_chain(&device, &[young.issuing.der()], &young.root, NOW);
    assert!(
        matches!(early, Err(PathError::Validity { .. })),
        "an authority that is not valid yet: {early:?}"
    );
    let many = [issuing; 7];
    let long = chain::verify_chain(&device, &many, &all.root, NOW);
    assert!(matches!(long, Err(PathError::TooLong { .. })), "{long:?}");
}

#[test]
fn signed_objects_verify_only_as_their_kind_and_under_their_key() {
    let key = Key::new(DEVICE);
    let proof = Proof {
        uid: Uid::from_bytes(&[1; 12]).unwrap(),
        station_nonce: Nonce::from_bytes([2; 32]),
        certificate: Digest::from_bytes([3; 32]),
        grant: Digest::from_bytes([4; 32]),
    };
    let payload = proof.encode().unwrap();
    let message = signed_object::to_be_signed(ContentType::Proof, &payload).unwrap();
    let object =
        signed_object::assemble(ContentType::Proof, &payload, &key.sign(&message)).unwrap();
    let verified: Proof =
        signed_object::verify_payload(ContentType::Proof, &object, &key.point()).unwrap();
    assert_eq!(verified, proof);
    assert!(signed_object::verify(ContentType::Receipt, &object, &key.point()).is_err());
    assert!(signed_object::verify(ContentType::Proof, &object, &Key::new(9).point()).is_err());
}

fn mutated(bytes: &[u8], position: usize, change: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let position = position % bytes.len();
    bytes[position] ^= change.max(1);
    bytes
}

proptest! {
    #[test]
    fn no_changed_request_passes(position: usize, change: u8) {
        let key = Key::new(DEVICE);
        let changed = mutated(&requests::request(&key, &key), position, change);
        prop_assert!(csr::parse(&changed).is_err());
    }

    #[test]
    fn no_changed_certificate_passes(position: usize, change: u8) {
        let all = authorities();
        let changed = mutated(&device(&all), position, change);
        prop_assert!(chain::verify_chain(&changed, &[all.issuing.der()], &all.root, NOW).is_err());
    }

    #[test]
    fn noise_is_no_request_and_no_certificate(noise in vec(any::<u8>(), 0..1200)) {
        prop_assert!(csr::parse(&noise).is_err());
        prop_assert!(ParsedCertificate::from_der(&noise).is_err());
        prop_assert!(ParsedCertificate::sequence_from_der(&noise, 2).is_err());
    }
}
