//! Signed profiles: as they come, and with any payload behind a valid signature. Never a panic, and
//! nothing is admitted that the pinned key has not signed, in another spelling, or without its terms.
#![no_main]

#[path = "../bodies/signed_profile.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
