//! Certificates that a device sends: whatever is read encodes again to the same bytes.
#![no_main]

#[path = "../bodies/certificate.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
