//! Leaves of a ledger file that somebody changed. What is read has one spelling.

use station::ledger::leaf::Leaf;

/// Holds the reader to the above with these bytes.
pub fn check(bytes: &[u8]) {
    if let Ok(leaf) = Leaf::decode(bytes) {
        assert_eq!(leaf.encode().as_deref(), Ok(bytes));
    }
}
