//! Signed notes and verifier keys from elsewhere: mirrors, manifests, other people's logs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use station::ledger::checkpoint::{Checkpoint, VerifierKey};

/// The example of Go's `note` package.
const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

fuzz_target!(|text: &str| {
    let key = VerifierKey::parse(KEY).expect("a key");
    // Nobody can make a checkpoint under this key.
    assert!(Checkpoint::open(text, &key).is_err());
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.to_string(), text);
    }
});
