//! Tokens that a device sends: the envelope as it comes, and the same bytes as claims behind a signature
//! that verifies, as a hostile root of trust would send them.
#![no_main]

#[path = "../bodies/token.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
