//! What is wrong with a profile's text, each fault with its place and what to do.

use std::fmt;

use thiserror::Error;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileFault {
    /// The line, counted from 1.
    pub line: usize,
    /// The key, for example `attestation.client_id`; empty where the text is no TOML.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub hint: String,
}

/// Every fault of one profile, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct ProfileFaults {
    /// The file, as the caller named it.
    pub file_name: String,
    /// At least one.
    pub faults: Vec<ProfileFault>,
}

/// One fault per line: `file:line: key: what; hint`.
impl fmt::Display for ProfileFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(f, "{newline}{}:{}: ", self.file_name, fault.line)?;
            if !fault.key.is_empty() {
                write!(f, "{}: ", fault.key)?;
            }
            write!(f, "{}; {}", fault.what, fault.hint)?;
        }
        Ok(())
    }
}
