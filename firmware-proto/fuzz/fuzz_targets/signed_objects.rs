//! Signed objects and their payloads: whatever is taken has exactly one encoding.
#![no_main]

#[path = "../bodies/signed_objects.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
