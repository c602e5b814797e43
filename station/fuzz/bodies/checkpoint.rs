//! Signed notes and verifier keys from elsewhere: mirrors, manifests, other people's logs.

use station::ledger::checkpoint::{Checkpoint, VerifierKey};

/// The example of Go's `note` package.
const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

/// Holds the reader to the above with these bytes.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let key = VerifierKey::parse(KEY).expect("a key");
    // Nobody can make a checkpoint under this key.
    assert!(Checkpoint::open(text, &key).is_err());
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.to_string(), text);
    }
}
