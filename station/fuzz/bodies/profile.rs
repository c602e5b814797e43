//! Profiles: every text is a profile or has at least one fault with a hint.

use station::profile::{Profile, ProfileFault};

/// Holds the reader to the above with these bytes.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Err(faults) = Profile::parse("fuzz.toml", text) {
        assert!(!faults.faults.is_empty());
        let told = |fault: &ProfileFault| fault.line > 0 && !fault.hint.is_empty();
        assert!(faults.faults.iter().all(told));
    }
}
