//! Requests that a device sends: never a panic, and nothing longer than the bound is taken.
#![no_main]

#[path = "../bodies/certification_request.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
