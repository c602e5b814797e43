//! Firmware images: the bytes as they come, and the same bytes with a right hash behind them. What is
//! read has the digest of the bytes that its header names.
#![no_main]

#[path = "../bodies/image.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
