//! The clock of the machine: with the command line, the only place where time enters.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::clock::{Clock, MonotonicMillis, UtcMillis};

/// The machine's clock. Its monotonic time counts from when it was made.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Starts counting.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
    fn utc(&self) -> UtcMillis {
        // A clock before 1970 reads as 1970; the clock guard and certificate validity refuse it.
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        UtcMillis(whole_millis(since_1970.unwrap_or_default()))
    }

    fn monotonic(&self) -> MonotonicMillis {
        MonotonicMillis(whole_millis(self.started.elapsed()))
    }
}

fn whole_millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
