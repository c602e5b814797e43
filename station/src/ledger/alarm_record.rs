//! Alarms that somebody has looked at, in events.

use firmware_proto::Uid;
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use crate::names::LaneName;
use crate::verdict::VerdictCode;

/// Somebody has looked at an alarm that holds nothing: of a board on a lane, all up to now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmAcknowledgedRecord {
    /// The lane.
    pub lane: LaneName,
    /// The board, where it said who it is.
    pub uid: Option<Uid>,
    /// The verdict that was the alarm.
    pub code: VerdictCode,
    /// What was found.
    pub reason: String,
    /// Who looked.
    pub actor: Actor,
}
