//! Signed profiles: as they come, and with any payload behind a valid signature. Never a panic, and
//! nothing is admitted that the pinned key has not signed, in another spelling, or without its terms.

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use station::dsse::{Envelope, pre_authentication_encoding};
use station::profile::signed_profile::{PAYLOAD_TYPE, admit};

/// Holds the reader to the above with these bytes.
pub fn check(bytes: &[u8]) {
    let key = SigningKey::from_slice(&[7; 32]).expect("a key");
    let point = key.verifying_key().to_sec1_point(false);
    let point = point.as_bytes().try_into().expect("a point");
    let as_it_comes = String::from_utf8_lossy(bytes);
    if let Ok(admitted) = admit("fuzz", &as_it_comes, &point, true) {
        assert!(admitted.seal.is_none());
    }
    let payload = bytes.to_vec();
    let message = pre_authentication_encoding(PAYLOAD_TYPE, &payload);
    let signature: Signature = key.sign(&message);
    let signature = signature.normalize_s().to_bytes().into();
    let envelope = Envelope::assemble(PAYLOAD_TYPE, payload, &point, &signature);
    let file = envelope.expect("an envelope").to_bytes().expect("JSON");
    let file = String::from_utf8(file).expect("JSON is text");
    if let Ok(admitted) = admit("fuzz", &file, &point, false) {
        let seal = admitted.seal.expect("it was signed");
        assert_eq!(seal.file, file);
        assert!(seal.terms.validity.not_before <= seal.terms.validity.not_after);
    }
}
