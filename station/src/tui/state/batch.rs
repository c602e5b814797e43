//! The batches: which there are, which one the line works on, and how far it is. Figures come from the
//! station; none is worked out here.

use serde::{Deserialize, Serialize};

use super::freshness::Freshness;
use super::sign_in::Deed;
use crate::line::wishes::{Batch, LineState};
use crate::verdict::VerdictCode;

/// What can be done on the batch screen, in the order in which it stands there.
pub const DEEDS: [Deed; 4] = [Deed::Start, Deed::Pause, Deed::OpenBatch, Deed::CloseBatch];

/// The batches.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Batches {
    /// The one that the line works on, or worked on last.
    pub head: Option<BatchHead>,
    /// How far it is.
    pub progress: Progress,
    /// What the line does.
    pub line: LineState,
    /// All that there are, the newest first.
    pub list: Vec<BatchRow>,
    /// When that was asked and told.
    pub freshness: Freshness,
    /// Which of them is looked at.
    pub chosen: usize,
    /// The one that was opened just now, until it is in the list and looked at.
    pub opened: Option<String>,
    /// Which deed is looked at.
    pub deed: usize,
}

/// What is being made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchHead {
    /// The batch.
    pub batch: String,
    /// The product.
    pub product: String,
    /// The paper that allows it.
    pub work_order: String,
    /// Who began the line: boards get their serials in nobody else's name.
    pub begun_by: String,
    /// The lanes and their ports.
    pub lanes: Vec<(String, String)>,
}

/// How far a batch is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Boards provisioned.
    pub done: u64,
    /// Boards to be made.
    pub target: u64,
    /// First-pass yield in tenths of a percent; none before the first board.
    pub yield_permille: Option<u16>,
    /// Boards an hour; none before there are two.
    pub rate_per_hour: Option<u32>,
    /// Seconds until the batch is full, at that rate.
    pub left_s: Option<u64>,
    /// Verdicts by code, the most frequent first.
    pub codes: Vec<(VerdictCode, u64)>,
    /// The yield over time, the oldest first.
    pub yield_over_time: Vec<YieldPoint>,
}

/// The yield of the last boards at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct YieldPoint {
    /// When, UTC.
    pub utc_ms: u64,
    /// In tenths of a percent.
    pub permille: u16,
}

/// A batch in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRow {
    /// Its name.
    pub batch: String,
    /// The product.
    pub product: String,
    /// The paper.
    pub work_order: String,
    /// Boards provisioned.
    pub done: u64,
    /// Boards to be made.
    pub target: u64,
    /// Boards that failed.
    pub failed: u64,
    /// Boards in doubt.
    pub in_doubt: u64,
    /// Whether it is closed.
    pub closed: bool,
}

impl BatchRow {
    /// The batch as the line's rules see it.
    #[must_use]
    pub fn standing(&self) -> Batch<'_> {
        Batch {
            name: &self.batch,
            closed: self.closed,
            made: self.done,
            ordered: self.target,
        }
    }
}

impl Batches {
    /// Boards of a listed batch that are made, and that are to be made: of the one on the line as it was told last.
    #[must_use]
    pub fn done(&self, row: &BatchRow) -> (u64, u64) {
        let head = self.head.as_ref().filter(|head| head.batch == row.batch);
        let told = head.map_or(0, |_| self.progress.done);
        (row.done.max(told), row.target)
    }

    /// The batch that is looked at.
    #[must_use]
    pub fn chosen(&self) -> Option<&BatchRow> {
        self.list.get(self.chosen)
    }

    /// The deed that is looked at.
    #[must_use]
    pub fn deed(&self) -> Deed {
        DEEDS.get(self.deed).copied().unwrap_or(Deed::Start)
    }

    /// What the line does, and the batch that it works on or worked on last.
    #[must_use]
    pub fn at_the_line(&self) -> (LineState, Option<&str>) {
        let head = self.head.as_ref().map(|head| head.batch.as_str());
        (self.line, head)
    }

    /// The list anew; the same batch stays the one that is looked at, and where it is gone its neighbour is. What was
    /// opened just now is looked at next.
    pub fn renew(&mut self, list: Vec<BatchRow>) {
        let place = |row: &BatchRow| list.iter().position(|new| new.batch == row.batch);
        let (before, from) = self.list.split_at(self.chosen.min(self.list.len()));
        // The one after it moves up to its place; at the end of the list the one before it is left.
        let after = from.iter().find_map(place);
        let at = after.or_else(|| before.iter().rev().find_map(place));
        self.chosen = at.unwrap_or(0);
        self.list = list;
        let opened = |row: &BatchRow| self.opened.as_ref() == Some(&row.batch);
        if let Some(at) = self.list.iter().position(opened) {
            self.chosen = at;
            self.opened = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(names: &str) -> Vec<BatchRow> {
        let row = |name: &str| BatchRow {
            batch: name.to_owned(),
            ..BatchRow::default()
        };
        names.split_whitespace().map(row).collect()
    }

    #[test]
    fn how_far_the_batch_on_the_line_is_was_told_last_of_all() {
        let row = |batch: &str| BatchRow {
            batch: batch.to_owned(),
            done: 3,
            target: 10,
            ..BatchRow::default()
        };
        let head = BatchHead {
            batch: "B-1".to_owned(),
            ..BatchHead::default()
        };
        let batches = Batches {
            head: Some(head),
            progress: Progress {
                done: 7,
                ..Progress::default()
            },
            ..Batches::default()
        };
        assert_eq!(batches.done(&row("B-1")), (7, 10));
        assert_eq!(batches.done(&row("B-2")), (3, 10));
    }

    #[test]
    fn the_batch_that_is_looked_at_stays_so_and_else_its_neighbour_is() {
        for (before, chosen, after, expected) in [
            ("B-3 B-2 B-1", 1, "B-4 B-3 B-2 B-1", "B-2"),
            ("B-3 B-2 B-1", 2, "B-1 B-2 B-3", "B-1"),
            ("B-4 B-3 B-2 B-1", 2, "B-4 B-3 B-1", "B-1"),
            ("B-4 B-3 B-2 B-1", 3, "B-4 B-3 B-2", "B-2"),
            ("B-4 B-3 B-2 B-1", 2, "B-4 B-3", "B-3"),
            ("B-4 B-3", 1, "B-9 B-8", "B-9"),
            ("", 0, "B-1", "B-1"),
        ] {
            let mut batches = Batches {
                list: rows(before),
                chosen,
                ..Batches::default()
            };
            batches.renew(rows(after));
            let found = batches.chosen().map(|row| row.batch.as_str());
            assert_eq!(found, Some(expected), "{before} at {chosen}, then {after}");
        }
        let mut batches = Batches {
            list: rows("B-1"),
            ..Batches::default()
        };
        batches.renew(Vec::new());
        assert_eq!((batches.chosen, batches.chosen()), (0, None));
    }
}
