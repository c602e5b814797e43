//! Who did it, as events name them. Append only, as the events are.

use serde::{Deserialize, Serialize};

use crate::names::OperatorId;

/// How sure we are of who an operator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assurance {
    /// They said so.
    Asserted,
    /// They gave their PIN.
    Pin,
    /// They showed their badge and gave their PIN.
    BadgeAndPin,
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// Pseudonymous ID.
    pub operator: OperatorId,
    /// How sure we are.
    pub assurance: Assurance,
}
