//! Manifests from anywhere: never a panic, and nothing verifies under a root that signed none.
#![no_main]

#[path = "../bodies/manifest.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
