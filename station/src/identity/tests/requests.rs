//! Certification requests: made here, and by OpenSSL.

use std::str::FromStr as _;

use der::{Decode as _, Encode as _};
use x509_cert::attr::Attributes;
use x509_cert::name::Name;
use x509_cert::request::{CertReqInfo, Version};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::super::ceremony::{self, AuthorityName};
use super::super::csr;
use super::{DEVICE, Key, openssl};
use crate::verdict::VerdictCode;

pub(super) fn request(key: &Key, signer: &Key) -> Vec<u8> {
    let name = AuthorityName {
        organization: "SENSOR-A",
        common_name: "device",
    };
    let info = ceremony::issuing_request(name, &key.point()).unwrap();
    let mut der = ceremony::complete_request(&info, &key.sign(&info), &key.point()).unwrap();
    if signer.point() != key.point() {
        let good = crate::es256::signature_to_der(&key.sign(&info)).unwrap();
        let bad = crate::es256::signature_to_der(&signer.sign(&info)).unwrap();
        assert_eq!(
            good.len(),
            bad.len(),
            "choose another key: lengths would change"
        );
        let start = der.len() - good.len();
        der[start..].copy_from_slice(&bad);
    }
    der
}

#[test]
fn takes_a_good_request_and_nothing_but_its_key() {
    let key = Key::new(DEVICE);
    let der = request(&key, &key);
    let taken = csr::parse(&der).unwrap();
    assert_eq!(taken.public_key, key.point());
    assert_eq!(taken.key, crate::es256::key_digest(&key.point()));

    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("csr.der"), &der).unwrap();
    let arguments = [
        "req", "-in", "csr.der", "-inform", "DER", "-verify", "-noout",
    ];
    let (ok, text) = openssl(directory.path(), &arguments);
    assert!(ok && text.contains("verify OK"), "{text}");
}

#[test]
fn refuses_requests_of_openssl_with_attributes_or_foreign_algorithms() {
    let directory = tempfile::tempdir().unwrap();
    let check = |key: &[&str], request: &[&str], expected: &str| {
        let (ok, text) = openssl(directory.path(), key);
        assert!(ok, "{text}");
        let base = [
            "req", "-new", "-key", "k.pem", "-subj", "/CN=x", "-outform", "DER",
        ];
        let (ok, text) = openssl(
            directory.path(),
            &[&base[..], &["-out", "r.der"], request].concat(),
        );
        assert!(ok, "{text}");
        let error =
            csr::parse(&std::fs::read(directory.path().join("r.der")).unwrap()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.code(), VerdictCode::KeyCsr);
    };
    let p256 = [
        "ecparam",
        "-name",
        "prime256v1",
        "-genkey",
        "-noout",
        "-out",
        "k.pem",
    ];
    let p384 = [
        "ecparam",
        "-name",
        "secp384r1",
        "-genkey",
        "-noout",
        "-out",
        "k.pem",
    ];
    check(
        &p256,
        &["-addext", "basicConstraints=CA:TRUE"],
        "1 attributes",
    );
    check(&p256, &["-sha384"], "signed with");
    check(&p384, &["-sha256"], "not an uncompressed point of P-256");
}

#[test]
fn a_request_signed_by_another_key_is_told_from_a_malformed_one() {
    let key = Key::new(DEVICE);
    let other = (5..50).map(Key::new).find(|other| {
        let info = ceremony::issuing_request(
            AuthorityName {
                organization: "SENSOR-A",
                common_name: "device",
            },
            &key.point(),
        )
        .unwrap();
        let length = |key: &Key| {
            crate::es256::signature_to_der(&key.sign(&info))
                .unwrap()
                .len()
        };
        length(other) == length(&key)
    });
    let error = csr::parse(&request(&key, &other.unwrap())).unwrap_err();
    assert_eq!(error.code(), VerdictCode::KeySignature);
    let mut trailing = request(&key, &key);
    trailing.push(0);
    assert_eq!(
        csr::parse(&trailing).unwrap_err().code(),
        VerdictCode::KeyCsr
    );
    let long = csr::parse(&[0x30; 1025]).unwrap_err();
    assert_eq!(long, csr::CsrError::TooLong { got: 1025 });
}

/// RFC 5758, section 3.2: ECDSA's parameters are absent. The signature itself is good.
#[test]
fn a_request_with_parameters_of_its_algorithm_is_refused() {
    let key = Key::new(DEVICE);
    let der = request(&key, &key);
    let algorithm = [
        0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02,
    ];
    let at = der
        .windows(algorithm.len())
        .position(|window| window == algorithm)
        .unwrap();
    let end = at + algorithm.len();
    let mut more = [&der[..end], &[0x05, 0x00], &der[end..]].concat();
    more[at + 1] += 2;
    let length = match more[1] {
        0x81 => 2,
        0x82 => 3,
        _ => 1,
    };
    more[length] += 2;
    let error = csr::parse(&more).unwrap_err();
    assert!(matches!(error, csr::CsrError::Algorithm { .. }), "{error}");
}

/// The reader sorts what a request has in a wrong order, so that the signature over what was read is good: only
/// the bytes tell that this is another document.
#[test]
fn a_request_in_another_encoding_than_der_is_refused() {
    let key = Key::new(DEVICE);
    let subject = Name::from_str("CN=device+O=SENSOR-A").unwrap();
    let info = CertReqInfo {
        version: Version::V1,
        public_key: SubjectPublicKeyInfoOwned::from_der(&crate::es256::spki(&key.point())).unwrap(),
        attributes: Attributes::default(),
        subject: subject.clone(),
    };
    let info = info.to_der().unwrap();
    let der = ceremony::complete_request(&info, &key.sign(&info), &key.point()).unwrap();
    csr::parse(&der).unwrap();

    let refused = |bytes: &[u8]| {
        let error = csr::parse(bytes).unwrap_err();
        let malformed = matches!(error, csr::CsrError::Malformed { .. });
        assert!(malformed, "{error}");
        assert_eq!(error.code(), VerdictCode::KeyCsr);
    };
    let parts: Vec<_> = subject.iter().map(|part| part.to_der().unwrap()).collect();
    let (sorted, swapped) = (parts.concat(), [&*parts[1], &*parts[0]].concat());
    let at = der
        .windows(sorted.len())
        .position(|window| window == sorted);
    let (before, rest) = der.split_at(at.unwrap());
    refused(&[before, &swapped, &rest[sorted.len()..]].concat());
    // The length in one byte more than it needs.
    assert_eq!(der[..2], [0x30, 0x81]);
    refused(&[&[0x30, 0x82, 0x00], &der[2..]].concat());
}
