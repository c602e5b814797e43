//! Watches UTC against monotonic time, so that no record bears the time of a clock that has jumped.
//!
//! 1. UTC may drift: each reading within [`TOLERANCE_MS`] of the expected one becomes the new
//!    reference.
//! 2. Where it is a little behind, UTC stands still until the clock has caught up: what is given
//!    never goes back, or the steps of one session could add up to times that no manifest can have.
//! 3. A larger jump, either way, is remembered until a person accepts it, even where the clock
//!    returns. Steps back that come before the clock has caught up count together.
//! 4. Until then UTC runs on from the last good reading, so that a board in work ends with sensible
//!    times; lanes take no further board.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::{Clock, UtcMillis};
use crate::provisioning::Now;

/// Largest tolerated difference between expected and found UTC, in milliseconds.
pub const TOLERANCE_MS: u64 = 2_000;

/// A jump of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockJump {
    /// What UTC should have been.
    pub expected: UtcMillis,
    /// What it was.
    pub found: UtcMillis,
}

impl fmt::Display for ClockJump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, found } = self;
        let direction = if found < expected { "back" } else { "ahead" };
        let seconds = found.0.abs_diff(expected.0) / 1000;
        write!(
            f,
            "the clock went {direction} by {seconds} s: expected {expected}, found {found}"
        )
    }
}

/// A jump that a person may accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The jump.
    pub jump: ClockJump,
    /// The time that counts once it is accepted, with the monotonic time of its reading.
    pub from: Now,
}

/// A clock whose jumps are noticed. Shared by all lanes.
pub struct ClockGuard {
    clock: Arc<dyn Clock>,
    trust: Mutex<Trust>,
}

struct Trust {
    good: Now,
    jump: Option<ClockJump>,
}

impl fmt::Debug for ClockGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClockGuard({:?})", self.jump())
    }
}

impl ClockGuard {
    /// Trusts the clock as it is now.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let good = Now {
            utc: clock.utc(),
            monotonic: clock.monotonic(),
        };
        let trust = Mutex::new(Trust { good, jump: None });
        Self { clock, trust }
    }

    /// Trusts the clock only where it is not behind `latest`, the time of the ledger's latest
    /// event; gives no time before that.
    #[must_use]
    pub fn after(clock: Arc<dyn Clock>, latest: UtcMillis) -> Self {
        let guard = Self::new(clock);
        let mut trust = guard.trust.lock().unwrap_or_else(PoisonError::into_inner);
        let found = trust.good.utc;
        trust.good.utc = found.max(latest);
        if found.0.saturating_add(TOLERANCE_MS) < latest.0 {
            trust.jump = Some(ClockJump {
                expected: latest,
                found,
            });
        }
        drop(trust);
        guard
    }

    /// The time: never before one that was given earlier, but where a person has set the clock back;
    /// UTC as expected while a jump is not accepted.
    pub fn now(&self) -> Now {
        let mut trust = self.trust.lock().unwrap_or_else(PoisonError::into_inner);
        let (found, monotonic) = (self.clock.utc(), self.clock.monotonic());
        let elapsed = monotonic.since(trust.good.monotonic);
        let expected = UtcMillis(trust.good.utc.0.saturating_add(elapsed));
        if trust.jump.is_none() && found.0.abs_diff(expected.0) <= TOLERANCE_MS {
            trust.good = Now {
                utc: found.max(trust.good.utc),
                monotonic,
            };
            return trust.good;
        }
        trust.jump = Some(ClockJump { expected, found });
        Now {
            utc: expected,
            monotonic,
        }
    }

    /// The jump that nobody has accepted yet.
    pub fn jump(&self) -> Option<ClockJump> {
        let trust = self.trust.lock().unwrap_or_else(PoisonError::into_inner);
        trust.jump
    }

    /// What a person may accept, if the clock has jumped. Until they have, nothing changes.
    pub fn proposal(&self) -> Option<Proposal> {
        let trust = self.trust.lock().unwrap_or_else(PoisonError::into_inner);
        let from = Now {
            utc: self.clock.utc(),
            monotonic: self.clock.monotonic(),
        };
        trust.jump.map(|jump| Proposal { jump, from })
    }

    /// A person has said that the clock is right, and that is recorded. Where the clock has jumped
    /// again since the proposal, that one is found at the next look.
    pub fn accept(&self, proposal: &Proposal) {
        let mut trust = self.trust.lock().unwrap_or_else(PoisonError::into_inner);
        trust.jump = None;
        trust.good = proposal.from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::fake::FakeClock;

    const START: u64 = 1_795_336_200_000;

    fn check_step(utc_step: i64, tolerated: bool) {
        let clock = Arc::new(FakeClock::at(UtcMillis(START)));
        let guard = ClockGuard::new(Arc::clone(&clock) as Arc<dyn Clock>);
        clock.advance(3_000);
        clock.step_utc(utc_step);
        let now = guard.now();
        assert_eq!(guard.jump().is_none(), tolerated, "step {utc_step}");
        let step = if tolerated { utc_step } else { 0 };
        assert_eq!(Some(now.utc.0), (START + 3_000).checked_add_signed(step));
    }

    #[test]
    fn small_steps_are_followed_and_larger_ones_are_not() {
        for (step, tolerated) in [
            (0, true),
            (-2_000, true),
            (2_000, true),
            (-2_001, false),
            (2_001, false),
            (86_400_000, false),
        ] {
            check_step(step, tolerated);
        }
    }

    #[test]
    fn time_stands_still_until_a_clock_that_stepped_back_has_caught_up() {
        let clock = Arc::new(FakeClock::at(UtcMillis(START)));
        let guard = ClockGuard::new(Arc::clone(&clock) as Arc<dyn Clock>);
        clock.step_utc(-1_500);
        for (passed, expected) in [(0, 0), (1_000, 0), (500, 0), (10, 10)] {
            clock.advance(passed);
            assert_eq!(guard.now().utc, UtcMillis(START + expected));
        }
        // Caught up: the next step is one of its own.
        clock.step_utc(-1_500);
        assert_eq!(guard.now().utc, UtcMillis(START + 10));
        assert_eq!(guard.jump(), None);
        clock.step_utc(-501);
        assert_eq!(guard.now().utc, UtcMillis(START + 10));
        assert!(
            guard.jump().is_some(),
            "together they are more than one may be"
        );
    }

    #[test]
    fn a_jump_stays_until_it_is_accepted() {
        let clock = Arc::new(FakeClock::at(UtcMillis(START)));
        let guard = ClockGuard::new(Arc::clone(&clock) as Arc<dyn Clock>);
        clock.step_utc(-3_600_000);
        guard.now();
        clock.step_utc(3_600_000);
        clock.advance(10);
        assert_eq!(guard.now().utc, UtcMillis(START + 10));
        assert!(guard.jump().is_some());
        clock.step_utc(-3_600_000);
        let proposal = guard.proposal().unwrap();
        assert_eq!(proposal.from.utc, UtcMillis(START + 10 - 3_600_000));
        assert!(guard.jump().is_some(), "a proposal changes nothing");
        clock.advance(5);
        guard.accept(&proposal);
        assert_eq!(guard.now().utc, UtcMillis(START + 15 - 3_600_000));
        assert_eq!((guard.jump(), guard.proposal()), (None, None));
    }

    #[test]
    fn a_jump_after_the_proposal_is_not_accepted_with_it() {
        let clock = Arc::new(FakeClock::at(UtcMillis(START)));
        let guard = ClockGuard::new(Arc::clone(&clock) as Arc<dyn Clock>);
        clock.step_utc(-3_600_000);
        guard.now();
        let proposal = guard.proposal().unwrap();
        clock.step_utc(7_200_000);
        guard.accept(&proposal);
        guard.now();
        assert!(guard.jump().is_some());
    }

    #[test]
    fn a_clock_behind_the_ledger_is_not_trusted() {
        let clock: Arc<dyn Clock> = Arc::new(FakeClock::at(UtcMillis(START)));
        let near = ClockGuard::after(Arc::clone(&clock), UtcMillis(START + 2_000));
        assert_eq!(near.now().utc, UtcMillis(START + 2_000));
        assert_eq!(near.jump(), None);
        let far = ClockGuard::after(clock, UtcMillis(START + 2_001));
        let text = far.jump().unwrap().to_string();
        assert!(text.starts_with("the clock went back by 2 s"), "{text}");
    }
}
