//! Tokens that a device sends: the envelope as it comes, and the same bytes as claims behind a signature
//! that verifies, as a hostile root of trust would send them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use station::attestation::{TokenError, diagnostic, inspect_token, verify_token};

fuzz_target!(|bytes: &[u8]| {
    let key = SigningKey::from_slice(&[7; 32]).expect("a scalar");
    let point = key.verifying_key().to_sec1_point(false);
    let point = point.as_bytes().try_into().expect("65 bytes");
    assert!(verify_token(bytes, &point).is_err());
    let inspected = inspect_token(bytes);
    let shown = inspected.parameters.iter().map(|one| diagnostic(&one.value));
    for text in shown.chain([inspected.payload_text(), diagnostic(bytes)]) {
        assert!(!text.chars().any(char::is_control));
    }
    if let Ok(length) = u16::try_from(bytes.len())
        && length > 0xff
    {
        let [high, low] = length.to_be_bytes();
        let payload = [&[0x59, high, low], bytes].concat();
        let message = [
            b"\x84\x6aSignature1\x43\xa1\x01\x26\x40",
            payload.as_slice(),
        ]
        .concat();
        let signature: Signature = key.sign(&message);
        let head = b"\xd2\x84\x43\xa1\x01\x26\xa0".as_slice();
        let token = [head, &payload, b"\x58\x40", &signature.to_bytes()].concat();
        assert_ne!(verify_token(&token, &point), Err(TokenError::Signature));
    }
});
