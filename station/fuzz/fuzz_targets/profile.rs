//! Profiles: every text is a profile or has at least one fault with a hint.
#![no_main]

use libfuzzer_sys::fuzz_target;
use station::profile::Profile;

fuzz_target!(|text: &str| {
    if let Err(faults) = Profile::parse("fuzz.toml", text) {
        assert!(!faults.faults.is_empty());
        assert!(
            faults
                .faults
                .iter()
                .all(|fault| fault.line > 0 && !fault.hint.is_empty())
        );
    }
});
