//! Tokens that a device sends: the envelope as it comes, and the same bytes as claims behind a signature
//! that verifies, as a hostile root of trust would send them.

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use station::attestation::{TokenError, diagnostic, inspect_token, verify_token};

/// Holds the reader to the above with these bytes.
pub fn check(bytes: &[u8]) {
    let key = SigningKey::from_slice(&[7; 32]).expect("a scalar");
    let point = key.verifying_key().to_sec1_point(false);
    let point = point.as_bytes().try_into().expect("65 bytes");
    assert!(verify_token(bytes, &point).is_err());
    let inspected = inspect_token(bytes);
    let shown = inspected
        .parameters
        .iter()
        .map(|one| diagnostic(&one.value));
    for text in shown.chain([inspected.payload_text(), diagnostic(bytes)]) {
        assert!(!text.chars().any(char::is_control));
    }
    let payload = [head(bytes.len()).as_slice(), bytes].concat();
    let message = [
        b"\x84\x6aSignature1\x43\xa1\x01\x26\x40",
        payload.as_slice(),
    ]
    .concat();
    let signature: Signature = key.sign(&message);
    let parts = b"\xd2\x84\x43\xa1\x01\x26\xa0".as_slice();
    let token = [parts, &payload, b"\x58\x40", &signature.to_bytes()].concat();
    assert_ne!(verify_token(&token, &point), Err(TokenError::Signature));
}

/// What stands before a byte string of that length, in its shortest form.
fn head(length: usize) -> Vec<u8> {
    let [.., high, low] = length.to_be_bytes();
    match length {
        0..=23 => vec![0x40 | low],
        24..=0xff => vec![0x58, low],
        // Longer ones are refused for their length, whatever this says.
        _ => vec![0x59, high, low],
    }
}
