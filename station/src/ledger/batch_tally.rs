//! How many events of a kind a batch has, as its closing tells. Append only, as the events are.

use serde::{Deserialize, Serialize};

/// Events of the batch before its closing, so that a manifest that leaves one out is found out by the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchTally {
    /// `session-opened`.
    pub sessions: u64,
    /// `verdict-reached`.
    pub verdicts: u64,
    /// `certificate-issued`.
    pub certificates_issued: u64,
    /// `provisioned`.
    pub provisioned: u64,
    /// `board-scrapped`.
    pub scrapped: u64,
}
