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
    /// The rest of it. Old records lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub further: Option<FurtherTally>,
}

/// What closings count besides, since version 4 of the batch manifest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FurtherTally {
    /// Certificates issued in the batch that were revoked before its closing, whatever batch that was done in.
    pub revoked: u64,
    /// Sessions that were opened and in which a UID was proven.
    pub proven: u64,
    /// `batch-terms-recorded`.
    pub terms: u64,
    /// `batch-hold-cleared`.
    pub holds_cleared: u64,
}

impl BatchTally {
    /// Whether that is what was counted, as far as it says.
    #[must_use]
    pub fn agrees(&self, counted: &Self) -> bool {
        let further = self.further.and(counted.further);
        let counted = Self {
            further,
            ..*counted
        };
        *self == counted
    }
}
