//! Lanes, their places and their adapters, in events.

use serde::{Deserialize, Serialize};

use super::actor::Actor;
use crate::names::LaneName;

/// Another adapter than before is where a lane's adapter was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdapterChangedRecord {
    /// The lane.
    pub lane: LaneName,
    /// Its port, as the configuration names it.
    pub port: String,
    /// The serial number of the adapter before.
    pub before: String,
    /// That of the adapter now.
    pub now: String,
}

/// A lane was bound to a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneBoundRecord {
    /// The lane.
    pub lane: LaneName,
    /// Its port.
    pub port: String,
    /// The serial number of the adapter there, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// Who did it.
    pub actor: Actor,
}
