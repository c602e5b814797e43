//! How many sessions a lane may begin in a minute, so that a board which resets for ever, or a bad
//! contact, fills neither the ledger nor the screen.

use crate::clock::MonotonicMillis;

/// Most sessions a lane begins in a minute: 20 boards a second, more than any fixture changes.
pub(super) const MAX_SESSIONS_PER_MINUTE: u32 = 1_200;

const MINUTE_MS: u64 = 60_000;

/// Counts the sessions of a lane's present minute.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SessionBudget {
    minute_began: MonotonicMillis,
    begun: u32,
}

impl SessionBudget {
    /// Takes a session out of the budget. Gives how long to wait, in milliseconds, where it is
    /// used up.
    ///
    /// # Errors
    /// The wait until the next minute.
    pub(super) fn take(&mut self, now: MonotonicMillis) -> Result<(), u64> {
        let elapsed = now.since(self.minute_began);
        if elapsed >= MINUTE_MS {
            *self = Self {
                minute_began: now,
                begun: 0,
            };
        }
        if self.begun >= MAX_SESSIONS_PER_MINUTE {
            return Err(MINUTE_MS.saturating_sub(elapsed));
        }
        self.begun += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refills_after_a_minute() {
        let mut budget = SessionBudget::default();
        for _ in 0..MAX_SESSIONS_PER_MINUTE {
            assert_eq!(budget.take(MonotonicMillis(1_000)), Ok(()));
        }
        assert_eq!(budget.take(MonotonicMillis(1_000)), Err(59_000));
        assert_eq!(budget.take(MonotonicMillis(60_000)), Ok(()));
    }
}
