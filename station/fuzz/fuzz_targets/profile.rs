//! Profiles: every text is a profile or has at least one fault with a hint.
#![no_main]

#[path = "../bodies/profile.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
