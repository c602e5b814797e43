//! The session's one timer, and how long a lane may wait because of it.

use std::time::Duration;

use crate::clock::MonotonicMillis;

/// Longest wait without looking at the stop signal.
pub(super) const STOP_LATENCY: Duration = Duration::from_millis(200);

/// The instant of the session's last wish; a new wish replaces it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timer {
    wish: Option<MonotonicMillis>,
}

impl Timer {
    /// Replaces the wish.
    pub(super) fn set(&mut self, at: MonotonicMillis) {
        self.wish = Some(at);
    }

    /// Whether the wish has come true; it is forgotten then.
    pub(super) fn take_due(&mut self, now: MonotonicMillis) -> bool {
        self.wish.take_if(|at| *at <= now).is_some()
    }

    /// How long a lane may wait for bytes.
    #[must_use]
    pub(super) fn wait(&self, now: MonotonicMillis) -> Duration {
        let until = |at: MonotonicMillis| Duration::from_millis(at.since(now));
        self.wish.map_or(STOP_LATENCY, until).min(STOP_LATENCY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_due_once() {
        let mut timer = Timer::default();
        assert_eq!(timer.wait(MonotonicMillis(0)), STOP_LATENCY);
        timer.set(MonotonicMillis(500));
        timer.set(MonotonicMillis(50));
        assert_eq!(timer.wait(MonotonicMillis(20)), Duration::from_millis(30));
        assert!(!timer.take_due(MonotonicMillis(49)));
        assert!(timer.take_due(MonotonicMillis(50)));
        assert!(!timer.take_due(MonotonicMillis(50)));
        timer.set(MonotonicMillis(40));
        assert_eq!(timer.wait(MonotonicMillis(60)), Duration::ZERO);
    }
}
