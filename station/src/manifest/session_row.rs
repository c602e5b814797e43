//! One session of a batch as a manifest shows it: what it says, and the ledger's entries that say so.

use serde::{Deserialize, Serialize};

use super::board_row::LogEntry;
use super::statement::Timestamp;
use crate::encoding::Hex;
use crate::names::{LaneName, OperatorId};
use crate::verdict::{Outcome, VerdictCode};

/// One session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRow {
    /// The session's name in the ledger; empty where the verdict was reached before it had one.
    pub session: Hex,
    /// Its lane.
    pub lane: LaneName,
    /// Who worked on that lane; none where the board was refused before the ledger named anybody.
    pub operator: Option<OperatorId>,
    /// When the board answered.
    pub started: Timestamp,
    /// When the verdict was reached; none where the session was interrupted.
    pub finished: Option<Timestamp>,
    /// The verdict; none where the session was interrupted.
    pub code: Option<VerdictCode>,
    /// Whether the UID was proven in this session.
    pub uid_proven: bool,
    /// Its opening; none where the board was refused before the session was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<LogEntry>,
    /// The appraisal that proved the UID; there only where opening and verdict alone would say another
    /// thing about whose session it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<LogEntry>,
    /// Its verdict; none where it was interrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<LogEntry>,
}

impl SessionRow {
    /// Index of the entry that it rests on: its verdict, else its opening.
    #[must_use]
    pub fn index(&self) -> Option<u64> {
        let entry = self.verdict.as_ref().or(self.opening.as_ref());
        entry.map(|entry| entry.index)
    }

    /// Index of its first entry.
    #[must_use]
    pub fn first_index(&self) -> Option<u64> {
        let entry = self.opening.as_ref().or(self.verdict.as_ref());
        entry.map(|entry| entry.index)
    }

    /// Whether its verdict is of that kind.
    #[must_use]
    pub fn is_outcome(&self, outcome: Outcome) -> bool {
        self.code.is_some_and(|code| code.outcome() == outcome)
    }
}
