//! A board that is thrown away. Append only, as the events are.

use firmware_proto::Uid;
use serde::{Deserialize, Serialize};

use super::actor::Actor;

/// A board of the batch that nobody will put in again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScrappingRecord {
    /// The board.
    pub uid: Uid,
    /// Why, in words.
    pub reason: String,
    /// Who did it.
    pub actor: Actor,
}
