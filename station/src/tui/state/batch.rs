//! The batches: which there are, which one the line works on, and how far it is. Figures come from the
//! station; none is worked out here.

use serde::{Deserialize, Serialize};

use super::sign_in::Deed;
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
    /// Which of them is looked at.
    pub chosen: usize,
    /// Which deed is looked at.
    pub deed: usize,
}

/// What the line does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineState {
    /// Nothing.
    #[default]
    Paused,
    /// It takes boards.
    Running,
    /// It finishes boards and takes no further one.
    Finishing,
    /// Nothing, since every place of the batch is taken.
    Full,
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
    /// The yield over time, in tenths of a percent, the oldest first.
    pub yield_over_time: Vec<u16>,
    /// Whether a stop rule holds the batch.
    pub held: bool,
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

impl Batches {
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

    /// The list anew; the same batch stays the one that is looked at.
    pub fn renew(&mut self, list: Vec<BatchRow>) {
        let chosen = self.chosen().map(|row| row.batch.clone());
        let at = list
            .iter()
            .position(|row| Some(&row.batch) == chosen.as_ref());
        self.chosen = at.unwrap_or(0);
        self.list = list;
    }
}
