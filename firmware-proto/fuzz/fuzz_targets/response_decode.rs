//! What a device may say to a station, and what a station may say to a device.
#![no_main]

#[path = "../bodies/response_decode.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
