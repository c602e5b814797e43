//! The roles of people. What each may do is decided by the commands, by role, never by name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Puts boards in: provisions into open batches.
    Operator,
    /// Opens and closes batches, clears holds, exports manifests.
    Supervisor,
    /// Keeps the keys.
    SecurityOfficer,
    /// Looks at everything, changes nothing.
    Auditor,
}

impl Role {
    /// The name in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Supervisor => "supervisor",
            Self::SecurityOfficer => "security-officer",
            Self::Auditor => "auditor",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
