//! Who works here, and what they may do. Who may do what is decided elsewhere; here is only what it came to.

use serde::{Deserialize, Serialize};

/// Who works here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignIn {
    /// Nobody: a badge is awaited.
    #[default]
    Nobody,
    /// Somebody who has not proven it yet.
    WantsPin {
        /// Who they say they are.
        operator: String,
    },
    /// Asked whether it is true; nothing is typed meanwhile.
    Checking,
    /// Somebody.
    Person(Person),
}

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their pseudonymous ID.
    pub operator: String,
    /// Their role.
    pub role: Role,
    /// What they may do.
    pub may: Vec<Deed>,
    /// What they may not do, and whose role it takes.
    pub may_not: Vec<(Deed, Role)>,
}

/// A role, for showing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Puts boards in.
    Operator,
    /// Opens and closes batches, clears holds.
    Supervisor,
    /// Keeps the keys.
    SecurityOfficer,
    /// Looks only.
    Auditor,
}

/// Something that not everybody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Have the line work.
    Start,
    /// Have it pause.
    Pause,
    /// Open a batch.
    OpenBatch,
    /// Close a batch.
    CloseBatch,
    /// Clear a hold, or say of an alarm that it was looked at.
    Acknowledge,
    /// Print a label again.
    Reprint,
}

impl SignIn {
    /// Who is signed in.
    #[must_use]
    pub const fn person(&self) -> Option<&Person> {
        match self {
            Self::Person(person) => Some(person),
            _ => None,
        }
    }

    /// Whether they may do it.
    #[must_use]
    pub fn may(&self, deed: Deed) -> bool {
        self.person()
            .is_some_and(|person| person.may.contains(&deed))
    }
}
