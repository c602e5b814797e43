//! How a line is told to stop: one value, shared by everybody, that only rises.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How urgently the line is to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopLevel {
    /// Not at all.
    #[default]
    Running,
    /// Boards in work are finished, no further one is begun.
    Finishing,
    /// Boards in work are brought to a safe state as soon as possible, no further one is begun.
    Aborting,
    /// At once: where each board in work stands is recorded, and nobody waits for it any more.
    Halted,
}

/// Raised by signals, stop rules and faults; watched by lanes.
#[derive(Debug, Default)]
pub struct StopSignal {
    level: Mutex<StopLevel>,
    risen: Condvar,
}

impl StopSignal {
    /// How urgent it is now.
    pub fn level(&self) -> StopLevel {
        *self.lock()
    }

    /// Raises the level; a lower one than the present changes nothing.
    pub fn raise(&self, level: StopLevel) {
        let mut present = self.lock();
        if level > *present {
            *present = level;
            self.risen.notify_all();
        }
    }

    /// What a person's wish to stop means: the first is gentle, the second is not.
    pub fn raise_by_person(&self) {
        let next = match self.level() {
            StopLevel::Running | StopLevel::Finishing => StopLevel::Aborting,
            StopLevel::Aborting | StopLevel::Halted => StopLevel::Halted,
        };
        self.raise(next);
    }

    /// Waits until the level is another than `seen`, at most `limit`. Gives the level.
    pub fn wait(&self, seen: StopLevel, limit: Duration) -> StopLevel {
        let waited = self
            .risen
            .wait_timeout_while(self.lock(), limit, |level| *level == seen);
        let (present, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *present
    }

    fn lock(&self) -> MutexGuard<'_, StopLevel> {
        self.level.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_only_rises() {
        let stop = StopSignal::default();
        stop.raise(StopLevel::Finishing);
        stop.raise(StopLevel::Running);
        assert_eq!(stop.level(), StopLevel::Finishing);
        stop.raise_by_person();
        assert_eq!(stop.level(), StopLevel::Aborting);
        stop.raise_by_person();
        assert_eq!(stop.level(), StopLevel::Halted);
    }

    #[test]
    fn a_rise_ends_a_wait() {
        let stop = std::sync::Arc::new(StopSignal::default());
        let other = std::sync::Arc::clone(&stop);
        let wait = move || other.wait(StopLevel::Running, Duration::from_mins(10));
        // Whether the rise comes before or after the wait begins, the wait must end.
        let waiting = std::thread::spawn(wait);
        stop.raise(StopLevel::Finishing);
        let level = waiting.join().unwrap();
        assert_eq!(level, StopLevel::Finishing);
    }
}
