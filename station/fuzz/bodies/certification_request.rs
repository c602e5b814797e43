//! Requests that a device sends, as they come, and the same bytes as the subject of a request that is signed
//! by its key: never a panic, nothing longer than the bound is taken, and no key but the one in it.

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use station::identity::csr;

/// `SubjectPublicKeyInfo` of a point of P-256, before the point.
const SPKI: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
    \x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
/// `ecdsa-with-SHA256`.
const ALGORITHM: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";

/// Holds the reader to the above with these bytes.
pub fn check(bytes: &[u8]) {
    read(bytes, None);
    let key = SigningKey::from_slice(&[7; 32]).expect("a scalar");
    let point = key.verifying_key().to_sec1_point(false);
    let point = point.as_bytes();
    let info = [b"\x02\x01\x00", bytes, SPKI, point, b"\xa0\x00"].concat();
    let info = sequence(&info);
    let signature: DerSignature = key.sign(&info);
    let length = u8::try_from(signature.as_bytes().len() + 1).expect("a short signature");
    let signed = [&info, ALGORITHM, &[0x03, length, 0], signature.as_bytes()].concat();
    read(&sequence(&signed), Some(point));
}

fn read(bytes: &[u8], signer: Option<&[u8]>) {
    let read = csr::parse(bytes);
    assert!(signer.is_none() || read != Err(csr::CsrError::Signature));
    if let Ok(request) = read {
        assert!(bytes.len() <= csr::MAX_CSR_BYTES);
        assert!(signer.is_none_or(|point| point == request.public_key));
        if let Ok(credential) = csr::parse_credential_request(bytes) {
            assert_eq!(credential.authority_key, request.public_key);
        }
    }
}

/// A DER `SEQUENCE` of these contents.
fn sequence(contents: &[u8]) -> Vec<u8> {
    let [.., high, low] = contents.len().to_be_bytes();
    let head: &[u8] = match contents.len() {
        0..=0x7f => &[0x30, low],
        0x80..=0xff => &[0x30, 0x81, low],
        // Longer ones are refused for their length, whatever this says.
        _ => &[0x30, 0x82, high, low],
    };
    [head, contents].concat()
}
