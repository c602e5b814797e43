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
    /// What it counts, each in words, in the order above; one of old records counts less.
    pub fn counted(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let always = [
            ("sessions", self.sessions),
            ("verdicts", self.verdicts),
            ("certificates issued in the batch", self.certificates_issued),
            ("certificates provisioned in the batch", self.provisioned),
            ("scrapped boards", self.scrapped),
        ];
        let further = self.further.map(|further| {
            [
                ("certificates revoked before the closing", further.revoked),
                ("sessions with a proven UID", further.proven),
                ("events with the batch's terms", further.terms),
                ("cleared holds", further.holds_cleared),
            ]
        });
        always.into_iter().chain(further.into_iter().flatten())
    }

    /// The first that it counts otherwise than was found: what, how many were found, how many it counts. What one of
    /// the two does not count is no difference.
    #[must_use]
    pub fn differs(&self, found: &Self) -> Option<(&'static str, u64, u64)> {
        let mut pairs = self.counted().zip(found.counted());
        let (stated, (_, found)) = pairs.find(|((_, stated), (_, found))| stated != found)?;
        Some((stated.0, found, stated.1))
    }
}
