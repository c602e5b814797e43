//! Copies of the last checkpoint outside the ledger, in events.

use serde::{Deserialize, Serialize};

/// The mirror's file was empty, and gets a checkpoint from now on: before this, it held the ledger to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MirrorBegunRecord {
    /// The file.
    pub path: String,
}

/// The token did not take the checkpoint at the opening or closing of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointNotKeptRecord {
    /// How many entries the checkpoint covers; none where it could not be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// What the token said.
    pub detail: String,
}
