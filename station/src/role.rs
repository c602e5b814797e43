//! The roles of people. What each may do is decided by [`access`](crate::access), by role, never by name.

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
    /// Keeps the keys, and says who works here.
    SecurityOfficer,
    /// Looks at everything, changes nothing.
    Auditor,
}

impl Role {
    /// Every role, in the order in which they are listed.
    pub const ALL: [Self; 4] = [
        Self::Operator,
        Self::Supervisor,
        Self::SecurityOfficer,
        Self::Auditor,
    ];

    /// The name in files and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Supervisor => "supervisor",
            Self::SecurityOfficer => "security-officer",
            Self::Auditor => "auditor",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
