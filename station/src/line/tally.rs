//! What a batch has come to so far, in figures for people: verdicts by code, first-pass yield, rate.
//!
//! Pure, and made again from the log at each start; judges nothing. The stop rules look at the same verdicts
//! for themselves, by the same rule of what a first pass is.

use std::collections::{BTreeMap, HashSet, VecDeque};

use firmware_proto::Uid;

use super::stop_watch::{Seen, first_pass};
use crate::clock::UtcMillis;
use crate::verdict::{Outcome, VerdictCode};

/// Over how many boards the yield over time is taken.
const YIELD_WINDOW: usize = 20;

/// Most points of the yield over time; beyond, every other one is dropped.
const MAX_POINTS: usize = 400;

/// How many of the last passes the rate is taken over.
const RATE_PASSES: usize = 64;

/// How far back the rate looks, in milliseconds.
const RATE_MS: u64 = 900_000;

/// A rate of fewer milliseconds is said only of as many passes as there may be.
const SOONEST_MS: u64 = 60_000;

/// What a batch has come to.
#[derive(Clone, Debug, Default)]
pub struct BatchTally {
    codes: BTreeMap<VerdictCode, u64>,
    met: HashSet<Uid>,
    first: Ratio,
    last: VecDeque<bool>,
    over_time: Vec<(UtcMillis, u16)>,
    /// How many first boards make a point.
    stride: usize,
    since_point: usize,
    passes: VecDeque<UtcMillis>,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default)]
struct Ratio {
    good: u64,
    all: u64,
}

impl Ratio {
    fn permille(self) -> Option<u16> {
        let permille = self.good.saturating_mul(1000).checked_div(self.all)?;
        u16::try_from(permille).ok()
    }
}

impl BatchTally {
    /// A verdict was reached.
    pub fn follow(&mut self, seen: &Seen, at: UtcMillis) {
        *self.codes.entry(seen.code).or_default() += 1;
        if !seen.counts() {
            return;
        }
        if let Some(passed) = first_pass(seen, &self.met) {
            self.first.all += 1;
            self.first.good += u64::from(passed);
            self.add_point(passed, at);
        }
        self.met.extend(seen.board.clone());
        if seen.code.outcome() == Outcome::Pass && seen.code != VerdictCode::AlreadyProvisioned {
            self.passes.push_back(at);
            if self.passes.len() > RATE_PASSES {
                self.passes.pop_front();
            }
        }
    }

    fn add_point(&mut self, passed: bool, at: UtcMillis) {
        self.last.push_back(passed);
        if self.last.len() > YIELD_WINDOW {
            self.last.pop_front();
        }
        self.since_point += 1;
        if self.since_point < self.stride {
            return;
        }
        self.since_point = 0;
        let good = self.last.iter().filter(|passed| **passed).count() as u64;
        let all = self.last.len() as u64;
        let permille = Ratio { good, all }.permille();
        self.over_time
            .extend(permille.map(|permille| (at, permille)));
        if self.over_time.len() > MAX_POINTS {
            let mut kept = false;
            self.over_time.retain(|_| {
                kept = !kept;
                kept
            });
            self.stride = self.stride.max(1).saturating_mul(2);
        }
    }

    /// First-pass yield in tenths of a percent; none before the first board.
    #[must_use]
    pub fn first_pass_permille(&self) -> Option<u16> {
        self.first.permille()
    }

    /// Verdicts by code, the most frequent first.
    #[must_use]
    pub fn codes(&self) -> Vec<(VerdictCode, u64)> {
        let mut codes: Vec<_> = self.codes.iter().map(|(code, n)| (*code, *n)).collect();
        codes.sort_by_key(|(code, count)| (u64::MAX - count, *code));
        codes
    }

    /// The yield of the last boards over time, in tenths of a percent, each with its time, the oldest first.
    #[must_use]
    pub fn yield_over_time(&self) -> &[(UtcMillis, u16)] {
        &self.over_time
    }

    /// Boards that passed an hour, over the last of them within [`RATE_MS`]: it falls while none passes, and a
    /// night between two shifts does not count. None while there is too little to say it from.
    #[must_use]
    pub fn rate_per_hour(&self, now: UtcMillis) -> Option<u32> {
        // None of those that a clock gave which was set back since.
        let recent = |at: &&UtcMillis| **at <= now && now.0 - at.0 <= RATE_MS;
        let mut recent = self.passes.iter().filter(recent);
        let first = recent.next()?;
        let newer = recent.count() as u64;
        let taken_ms = now.0.saturating_sub(first.0);
        let tells = taken_ms >= SOONEST_MS || newer + 1 >= RATE_PASSES as u64;
        if newer == 0 || !tells {
            return None;
        }
        let rate = newer.saturating_mul(3_600_000) / taken_ms.max(1);
        Some(u32::try_from(rate).unwrap_or(u32::MAX))
    }

    /// Seconds until so many more boards have passed, at the present rate.
    #[must_use]
    pub fn seconds_for(&self, boards: u64, now: UtcMillis) -> Option<u64> {
        let rate = u64::from(self.rate_per_hour(now)?);
        boards.saturating_mul(3600).checked_div(rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::LaneName;

    fn seen(board: Option<u8>, code: VerdictCode) -> Seen {
        Seen {
            lane: LaneName::parse("L1").unwrap(),
            code,
            board: board.map(|byte| Uid::from_bytes(&[byte; 8]).unwrap()),
        }
    }

    #[test]
    fn a_board_counts_once_for_the_yield_and_each_time_for_its_code() {
        let mut tally = BatchTally::default();
        assert_eq!(tally.first_pass_permille(), None);
        for (board, code) in [
            (Some(1), VerdictCode::HwLimit),
            (Some(1), VerdictCode::Pass),
            (Some(2), VerdictCode::Pass),
            (Some(3), VerdictCode::StationHsm),
            (Some(3), VerdictCode::Pass),
            (Some(2), VerdictCode::AlreadyProvisioned),
            (None, VerdictCode::LinkNoise),
        ] {
            tally.follow(&seen(board, code), UtcMillis(0));
        }
        // Boards 2 and 3 passed at first, board 1 and the nameless one did not.
        assert_eq!(tally.first_pass_permille(), Some(500));
        assert_eq!(tally.codes().first(), Some(&(VerdictCode::Pass, 3)));
        assert_eq!(tally.codes().len(), 5);
    }

    #[test]
    fn the_rate_is_that_of_the_last_passes() {
        let mut tally = BatchTally::default();
        for board in 0..100_u8 {
            let at = UtcMillis(u64::from(board) * 30_000);
            tally.follow(&seen(Some(board), VerdictCode::Pass), at);
        }
        let now = UtcMillis(99 * 30_000);
        assert_eq!(tally.rate_per_hour(now), Some(120));
        assert_eq!(tally.seconds_for(40, now), Some(1200));
        // Nothing passes for a while, and for a night.
        assert_eq!(tally.rate_per_hour(UtcMillis(now.0 + 450_000)), Some(60));
        let morning = now.0 + 50_000_000;
        assert_eq!(tally.rate_per_hour(UtcMillis(morning)), None);
        // The first two boards of the day say nothing yet, and then only what this day was like.
        for at in [0, 2_000] {
            let pass = seen(None, VerdictCode::Pass);
            tally.follow(&pass, UtcMillis(morning + at));
        }
        assert_eq!(tally.rate_per_hour(UtcMillis(morning + 2_000)), None);
        let minute = UtcMillis(morning + 60_000);
        assert_eq!(tally.rate_per_hour(minute), Some(60));
        assert_eq!(
            tally.rate_per_hour(UtcMillis(morning - 1)),
            None,
            "set back"
        );
        assert_eq!(BatchTally::default().rate_per_hour(now), None);
    }

    #[test]
    fn many_passes_say_the_rate_at_once() {
        let mut tally = BatchTally::default();
        for board in 0..64_u64 {
            let pass = seen(None, VerdictCode::Pass);
            let now = UtcMillis(board * 100);
            assert_eq!(tally.rate_per_hour(now), None, "{board}");
            tally.follow(&pass, now);
        }
        assert_eq!(tally.rate_per_hour(UtcMillis(6_300)), Some(36_000));
        // A board that had passed before is none more.
        for _ in 0..64 {
            let again = seen(None, VerdictCode::AlreadyProvisioned);
            tally.follow(&again, UtcMillis(6_300));
        }
        assert_eq!(tally.rate_per_hour(UtcMillis(6_300)), Some(36_000));
    }

    #[test]
    fn the_yield_over_time_is_bounded() {
        let mut tally = BatchTally::default();
        for board in 0..3_000_u32 {
            let code = if board % 4 == 0 {
                VerdictCode::HwLimit
            } else {
                VerdictCode::Pass
            };
            let nameless = seen(None, code);
            tally.follow(&nameless, UtcMillis(u64::from(board)));
        }
        let points = tally.yield_over_time();
        assert!(points.len() <= MAX_POINTS && points.len() > MAX_POINTS / 3);
        let (at, permille) = points[points.len() - 1];
        assert_eq!(permille, 750);
        // Between two points of the end there are at most as many boards as make a point.
        assert!((2_900..3_000).contains(&at.0), "{at:?}");
        assert!(points.is_sorted());
    }
}
