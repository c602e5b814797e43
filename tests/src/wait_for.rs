//! Waiting for something to become true, with a deadline. Never for a fixed time: a slow machine
//! makes a test slow, not red.

use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up on it. Far more than a loaded machine needs.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// An instant after which nobody waits any more.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "time enters the tests here")]
    pub fn after(patience: Duration) -> Self {
        Self(Instant::now() + patience)
    }

    /// How long there still is to wait, zero once it has passed.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "time enters the tests here")]
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    #[must_use]
    pub fn has_passed(self) -> bool {
        self.left().is_zero()
    }
}

/// Looks again and again until there is a value.
///
/// # Panics
/// After [`PATIENCE`], naming what was waited for.
pub fn value<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    value_within(PATIENCE, what, look)
}

/// Looks again and again until there is a value, for as long as given.
///
/// # Panics
/// After that, naming what was waited for.
pub fn value_within<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Deadline::after(patience);
    loop {
        if let Some(value) = look() {
            return value;
        }
        assert!(
            !deadline.has_passed(),
            "waited {patience:?} in vain for {what}"
        );
        a_moment();
    }
}

/// Waits until the condition holds.
///
/// # Panics
/// After [`PATIENCE`].
pub fn condition(what: &str, mut holds: impl FnMut() -> bool) {
    value(what, || holds().then_some(()));
}

/// Waits until the path exists (a dangling link does not).
///
/// # Panics
/// After [`PATIENCE`].
pub fn path(path: &Path) {
    condition(&format!("{} to exist", path.display()), || path.exists());
}

/// Waits until the process has ended.
///
/// # Panics
/// After that long; the process is killed then.
pub fn exit(what: &str, child: &mut Child, patience: Duration) -> ExitStatus {
    let deadline = Deadline::after(patience);
    loop {
        if let Some(status) = child.try_wait().expect("the state of a child can be asked") {
            return status;
        }
        if deadline.has_passed() {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{what} did not end within {patience:?}");
        }
        a_moment();
    }
}

/// The granularity of looking, not a guess at how long something takes.
pub fn a_moment() {
    std::thread::park_timeout(Duration::from_millis(5));
}

/// The time between two keys of a person. A scanner is told from a hand by its pace, so that a test that types
/// has to keep one.
pub fn a_hands_pace() {
    let next_key = Deadline::after(Duration::from_millis(60));
    while !next_key.has_passed() {
        a_moment();
    }
}
