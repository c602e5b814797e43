//! Any bytes in any split: what comes out is the same, and bounded.
#![no_main]

#[path = "../bodies/frame_reader.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
