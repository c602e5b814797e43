//! When the list of batches is asked anew by itself: often enough to be believed, seldom enough to leave the ledger
//! to the line.

use serde::{Deserialize, Serialize};

/// The least time from an answer to the next question, in milliseconds.
const LEAST_MS: u64 = 5_000;

/// A ledger of a million verdicts takes seconds for an answer: it is left alone so many times as long.
const REST: u64 = 20;

/// What was asked and answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freshness {
    /// Questions that are not answered yet.
    open: u32,
    /// Since when the station works on the first of them.
    since_ms: u64,
    /// When the last answer came.
    answered_ms: u64,
    /// How long it took.
    took_ms: u64,
    /// Whether something was refused that may have been the question.
    failed: bool,
}

impl Freshness {
    /// It was asked, by whatever.
    pub fn ask(&mut self, now_ms: u64) {
        if self.open == 0 {
            self.since_ms = now_ms;
        }
        self.open = self.open.saturating_add(1);
    }

    /// The list came.
    pub fn answer(&mut self, now_ms: u64) {
        if self.open > 0 || self.failed {
            self.took_ms = now_ms.saturating_sub(self.since_ms);
        }
        self.open = self.open.saturating_sub(1);
        self.since_ms = now_ms;
        self.answered_ms = now_ms;
        self.failed = false;
    }

    /// Something was refused. Were it the list, a refusal that nobody has asked for would come again and again.
    pub fn refuse(&mut self) {
        if self.open > 0 {
            self.open = 0;
            self.failed = true;
        }
    }

    /// Whether it is time to ask anew; never before the last question is answered.
    #[must_use]
    pub fn is_due(&self, now_ms: u64) -> bool {
        let rest_ms = self.took_ms.saturating_mul(REST).max(LEAST_MS);
        let waits = self.open > 0 || self.failed;
        !waits && now_ms >= self.answered_ms.saturating_add(rest_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_rests_five_seconds_or_twenty_times_what_the_answer_took() {
        for (took_ms, rest_ms) in [(0, 5_000), (250, 5_000), (251, 5_020), (3_000, 60_000)] {
            let mut list = Freshness::default();
            list.ask(1_000);
            let answered_ms = 1_000 + took_ms;
            list.answer(answered_ms);
            assert!(!list.is_due(answered_ms + rest_ms - 1), "{took_ms}");
            assert!(list.is_due(answered_ms + rest_ms), "{took_ms}");
        }
    }

    #[test]
    fn what_was_asked_twice_is_awaited_twice() {
        let mut list = Freshness::default();
        list.ask(1_000);
        list.ask(3_900);
        list.answer(4_000);
        assert!(!list.is_due(u64::MAX));
        list.answer(7_000);
        assert!(!list.is_due(7_000 + 59_999), "the second took 3 s, too");
        assert!(list.is_due(7_000 + 60_000));
    }

    #[test]
    fn after_a_refusal_it_is_not_asked_again_before_a_list_has_come() {
        let mut list = Freshness::default();
        list.ask(1_000);
        list.refuse();
        assert!(!list.is_due(u64::MAX));
        list.ask(20_000);
        list.answer(20_010);
        assert!(list.is_due(25_010));
        list.refuse();
        assert!(
            list.is_due(25_010),
            "nothing was asked: it was about something else"
        );
    }
}
