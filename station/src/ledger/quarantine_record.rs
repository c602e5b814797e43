//! Boards that QA has set aside, in events.

use firmware_proto::Uid;
use serde::{Deserialize, Serialize};

use super::actor::Actor;

/// A board was set aside, or goes on again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuarantineRecord {
    /// The board.
    pub uid: Uid,
    /// Why, in words.
    pub reason: String,
    /// Who said so.
    pub actor: Actor,
}
