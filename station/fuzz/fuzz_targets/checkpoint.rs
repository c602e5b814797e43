//! Signed notes and verifier keys from elsewhere: mirrors, manifests, other people's logs.
#![no_main]

#[path = "../bodies/checkpoint.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
