//! A peer that says anything, as raw bytes or in good frames: the device answers in bounded bytes.
#![no_main]

#[path = "../bodies/device_receive.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
