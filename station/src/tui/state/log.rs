//! What happened in this shift. The ledger has all of it; here is what one leafs through.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::said::Said;

/// Most lines that are kept.
pub const MAX_LINES: usize = 1_000;

/// The log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The lines, the newest at the end.
    pub lines: VecDeque<Line>,
    /// How many lines are below the window; 0 follows the newest.
    pub below: usize,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When, UTC.
    pub utc_ms: u64,
    /// Whether something went wrong.
    pub bad: bool,
    /// What.
    pub said: Said,
}

impl Log {
    /// Adds a line. Whoever reads further up keeps their place.
    pub fn add(&mut self, utc_ms: u64, bad: bool, said: Said) {
        self.lines.push_back(Line { utc_ms, bad, said });
        if self.below > 0 {
            self.below += 1;
        }
        if self.lines.len() > MAX_LINES {
            self.lines.pop_front();
        }
        self.below = self.below.min(self.lines.len().saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::told::{Gone, Told};

    #[test]
    fn whoever_reads_further_up_keeps_their_place() {
        let mut log = Log::default();
        let at_the_end = |log: &Log| log.lines[log.lines.len() - 1 - log.below].utc_ms;
        for utc_ms in 0..10 {
            log.add(utc_ms, false, Said::Told(Told::SignedOut(Gone::Left)));
        }
        assert_eq!(at_the_end(&log), 9, "the newest is followed");
        log.below = 4;
        let read = at_the_end(&log);
        for utc_ms in 10..14 {
            log.add(utc_ms, false, Said::Told(Told::SignedOut(Gone::Left)));
            assert_eq!(at_the_end(&log), read);
        }
        // A log that is full loses its oldest, the one that is read last of all.
        for utc_ms in 14..3_000 {
            log.add(utc_ms, false, Said::Told(Told::SignedOut(Gone::Left)));
            assert!(log.lines.len() <= MAX_LINES && log.below < log.lines.len());
        }
        assert_eq!(at_the_end(&log), 2_000);
    }
}
