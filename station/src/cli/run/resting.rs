//! How far a batch is while no line works on it: the figures stay, and the rate goes with the time.

use crate::clock::UtcMillis;
use crate::line::tally::BatchTally;
use crate::tui::state::batch::Progress;

/// What is left of a line's figures when it has ended.
pub(super) struct Resting {
    tally: BatchTally,
    told: Progress,
}

impl Resting {
    /// As they were told last.
    pub(super) const fn new(tally: BatchTally, told: Progress) -> Self {
        Self { tally, told }
    }

    /// How far the batch is now, where that is not what was told last.
    pub(super) fn news(&mut self, now: UtcMillis) -> Option<Progress> {
        let left = self.told.target.saturating_sub(self.told.done);
        let progress = Progress {
            rate_per_hour: self.tally.rate_per_hour(now),
            left_s: self.tally.seconds_for(left, now),
            ..self.told.clone()
        };
        if progress == self.told {
            return None;
        }
        self.told = progress.clone();
        Some(progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::stop_watch::Seen;
    use crate::names::LaneName;
    use crate::verdict::VerdictCode;

    #[test]
    fn the_rate_of_a_line_that_has_ended_falls_and_then_is_none() {
        let seen = Seen {
            lane: LaneName::parse("L1").unwrap(),
            code: VerdictCode::Pass,
            board: None,
        };
        let mut tally = BatchTally::default();
        for pass in 0..31 {
            tally.follow(&seen, UtcMillis(pass * 10_000));
        }
        let end = 300_000;
        let told = Progress {
            done: 31,
            target: 500,
            rate_per_hour: tally.rate_per_hour(UtcMillis(end)),
            left_s: tally.seconds_for(469, UtcMillis(end)),
            yield_permille: Some(974),
            ..Progress::default()
        };
        assert_eq!(told.rate_per_hour, Some(360));
        let mut resting = Resting::new(tally, told.clone());
        assert_eq!(resting.news(UtcMillis(end)), None, "it is known");
        let later = resting.news(UtcMillis(2 * end)).unwrap();
        assert_eq!(later.rate_per_hour, Some(180));
        assert!(later.left_s > told.left_s, "{later:?}");
        // An hour of nothing: no rate, and all else as it was.
        let hour = resting.news(UtcMillis(end + 3_600_000)).unwrap();
        let none = Progress {
            rate_per_hour: None,
            left_s: None,
            ..told
        };
        assert_eq!(hour, none);
        assert_eq!(resting.news(UtcMillis(end + 7_200_000)), None);
    }
}
