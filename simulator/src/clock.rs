//! Where real time enters the simulator: a lane's time since it began.

use std::time::Instant as Monotonic;

use crate::wire::Instant;

/// A clock that begins at zero.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Monotonic);

impl Clock {
    /// Begins now.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the clock itself; all below a lane takes time as a value"
    )]
    pub fn start() -> Self {
        Self(Monotonic::now())
    }

    /// How long ago it began.
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant(u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX))
    }
}
