//! The growing delay after wrong PINs, for one operator and for the station as a whole.
//!
//! 1. After the first wrong PIN an operator waits a second, then twice as long each time, at most 15 minutes.
//! 2. The station makes everybody wait once ten PINs were wrong, whosever they were: a second, then twice as
//!    long each time, at most a minute, so that nobody can keep a whole shift out. It forgets one a minute.
//! 3. A wait is measured by [`Moment`], so neither a restart nor another time of day shortens it. After a
//!    restart of the machine only the time since then counts.

use serde::{Deserialize, Serialize};

use super::moment::Moment;

/// The longest wait of one operator.
const OPERATOR_MAX_MS: u64 = 15 * 60 * 1000;
/// The longest wait of everybody.
const STATION_MAX_MS: u64 = 60 * 1000;
/// How many wrong PINs the station bears before it makes everybody wait.
const STATION_FREE: u32 = 9;
/// After so long the station forgets one of them.
const STATION_FADES_MS: u64 = 60 * 1000;

/// Wrong PINs so far, and when the last one was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrongPins {
    count: u32,
    last: Option<Moment>,
}

impl WrongPins {
    /// How many.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// How long the operator whose they are must wait, in milliseconds.
    #[must_use]
    pub fn operator_wait(&self, now: &Moment) -> u64 {
        self.remaining(delay(self.count, OPERATOR_MAX_MS), now)
    }

    /// How long everybody must wait, in milliseconds.
    #[must_use]
    pub fn station_wait(&self, now: &Moment) -> u64 {
        let beyond = self.count.saturating_sub(STATION_FREE);
        self.remaining(delay(beyond, STATION_MAX_MS), now)
    }

    /// These and one more.
    #[must_use]
    pub fn and_one(&self, now: &Moment) -> Self {
        Self {
            count: self.count.saturating_add(1),
            last: Some(now.clone()),
        }
    }

    /// Those that the station has not forgotten by now.
    #[must_use]
    pub fn faded(&self, now: &Moment) -> Self {
        let Some(last) = &self.last else {
            return self.clone();
        };
        let forgotten = now.at_least_since(last) / STATION_FADES_MS;
        let forgotten = u32::try_from(forgotten).unwrap_or(u32::MAX);
        Self {
            count: self.count.saturating_sub(forgotten),
            last: self.last.clone(),
        }
    }

    fn remaining(&self, delay_ms: u64, now: &Moment) -> u64 {
        let passed = self.last.as_ref().map(|last| now.at_least_since(last));
        passed.map_or(0, |passed| delay_ms.saturating_sub(passed))
    }
}

/// A second for the first, doubled with each further one.
fn delay(wrong: u32, max_ms: u64) -> u64 {
    match wrong.checked_sub(1) {
        None => 0,
        Some(doublings) => 1000_u64
            .checked_shl(doublings.min(32))
            .unwrap_or(max_ms)
            .min(max_ms),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(boot: &str, since_boot_ms: u64) -> Moment {
        Moment {
            boot: boot.to_owned(),
            since_boot_ms,
        }
    }

    fn wrong(times: u32, when: &Moment) -> WrongPins {
        (0..times).fold(WrongPins::default(), |pins, _| pins.and_one(when))
    }

    #[test]
    fn the_delay_grows_up_to_its_end() {
        let now = at("a", 5_000_000);
        let waits: Vec<u64> = (0..13)
            .map(|n| wrong(n, &now).operator_wait(&now))
            .collect();
        let seconds = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900];
        assert_eq!(waits, seconds.map(|s| s * 1000));
        let waits = [9, 10, 11, 15, 16, 17, 90].map(|n| wrong(n, &now).station_wait(&now) / 1000);
        assert_eq!(waits, [0, 1, 2, 32, 60, 60, 60]);
    }

    #[test]
    fn waiting_ends_it_and_a_restart_of_the_machine_does_not() {
        let then = at("a", 900_000);
        let pins = wrong(7, &then);
        assert_eq!(pins.operator_wait(&at("a", 900_000 + 63_999)), 1);
        assert_eq!(pins.operator_wait(&at("a", 900_000 + 64_000)), 0);
        // Just restarted: the whole wait again, though its clock may say what it likes.
        assert_eq!(pins.operator_wait(&at("b", 0)), 64_000);
        assert_eq!(pins.operator_wait(&at("b", 64_000)), 0);
    }

    #[test]
    fn the_station_forgets_one_a_minute() {
        let then = at("a", 0);
        let pins = wrong(12, &then);
        assert_eq!(pins.faded(&at("a", 59_999)).count(), 12);
        assert_eq!(pins.faded(&at("a", 180_000)).count(), 9);
        assert_eq!(pins.faded(&at("a", u64::MAX)).count(), 0);
    }

    proptest! {
        #[test]
        fn a_wait_never_grows_by_waiting(
            count in 0_u32..70,
            start in 0_u64..1 << 40,
            step in 0_u64..1 << 21,
            more in 0_u64..1 << 21,
        ) {
            let pins = wrong(count, &at("a", start));
            let first = pins.operator_wait(&at("a", start + step));
            let second = pins.operator_wait(&at("a", start + step + more));
            prop_assert!(second <= first);
            prop_assert_eq!(second, first.saturating_sub(more));
        }
    }
}
