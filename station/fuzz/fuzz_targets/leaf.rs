//! Leaves of a ledger file that somebody changed. What is read has one spelling.
#![no_main]

#[path = "../bodies/leaf.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
