//! Revocation lists of a chip vendor: whatever is read names an issuer, and is believed under no other
//! certificate than that issuer's.
#![no_main]

#[path = "../bodies/revocation_list.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
