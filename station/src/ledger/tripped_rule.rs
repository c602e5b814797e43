//! Which stop rule tripped, as events tell it. Append only, as the events are.

use serde::{Deserialize, Serialize};

/// A stop rule of the profile that tripped, with its figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrippedRule {
    /// Its key in the profile.
    pub name: String,
    /// What was counted when it tripped.
    pub found: u32,
    /// What the profile allows: the count that trips, or the least yield in percent.
    pub limit: u32,
    /// Among how many boards, where the rule has a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u32>,
}
