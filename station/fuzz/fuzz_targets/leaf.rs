//! Leaves of a ledger file that somebody changed. What is read has one spelling.
#![no_main]

use libfuzzer_sys::fuzz_target;
use station::ledger::leaf::Leaf;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(leaf) = Leaf::decode(bytes) {
        assert_eq!(leaf.encode().as_deref(), Ok(bytes));
    }
});
