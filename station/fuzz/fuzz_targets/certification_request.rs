//! Requests that a device sends: never a panic, and nothing longer than the bound is taken.
#![no_main]

use libfuzzer_sys::fuzz_target;
use station::identity::csr;

fuzz_target!(|bytes: &[u8]| {
    if csr::parse(bytes).is_ok() {
        assert!(bytes.len() <= csr::MAX_CSR_BYTES);
    }
});
