//! After how many verdicts the line stops. Counted by the lanes themselves, so that the bound holds however late
//! the supervisor hears of a verdict.

use std::sync::atomic::{AtomicU64, Ordering};

use super::stop::{StopLevel, StopSignal};

/// The verdicts of all lanes, and how many are wanted.
#[derive(Debug)]
pub(super) struct VerdictLimit {
    wanted: Option<u64>,
    reached: AtomicU64,
}

impl VerdictLimit {
    pub(super) fn new(wanted: Option<u64>) -> Self {
        let reached = AtomicU64::new(0);
        Self { wanted, reached }
    }

    /// Counts a verdict. With the last one that is wanted, no lane begins another board.
    pub(super) fn count(&self, stop: &StopSignal) {
        self.reached.fetch_add(1, Ordering::SeqCst);
        if self.is_reached() {
            stop.raise(StopLevel::Finishing);
        }
    }

    pub(super) fn is_reached(&self) -> bool {
        let reached = self.reached.load(Ordering::SeqCst);
        self.wanted.is_some_and(|wanted| reached >= wanted)
    }
}
