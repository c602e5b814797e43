//! How a line is doing, as its owner tells other commands. Values only.

use serde::{Deserialize, Serialize};

use crate::names::{BatchId, LaneName};
use crate::verdict::VerdictCode;

/// How the line is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineStatus {
    /// The owner's process.
    pub process: u32,
    /// The batch being made.
    pub batch: BatchId,
    /// Boards provisioned in that batch so far.
    pub provisioned: u32,
    /// How many it is to have.
    pub quantity: u32,
    /// Verdicts since the line started.
    pub verdicts: u64,
    /// Why no lane begins a board of the batch, where it is so.
    pub batch_held: Option<BatchHeld>,
    /// Each lane.
    pub lanes: Vec<LaneStatus>,
}

/// Why a batch is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchHeld {
    /// The verdict with which a stop rule tripped.
    pub code: VerdictCode,
    /// In words.
    pub detail: String,
}

/// How a lane is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneStatus {
    /// Its name.
    pub lane: LaneName,
    /// Its port.
    pub port: String,
    /// What it is doing, in words for people.
    pub doing: String,
    /// Whether a board is in work there.
    pub in_work: bool,
    /// Why it is held, where it is.
    pub held: Option<VerdictCode>,
    /// The lane or batch whose hold is to be cleared for it, where a person clears it.
    pub held_as: Option<String>,
    /// Verdicts since the line started.
    pub verdicts: u64,
}
