//! Places at which a test may have a thread of the terminal panic. The whole module, calls included, exists
//! under the feature `crash-points` only.
//!
//! 1. `STATION_PANIC_POINT=NAME`: which: `screen`, `keys`, `loop` or `clerk`.
//! 2. `STATION_PANIC_FILE=FILE`: it panics there as soon as FILE exists.

use std::path::PathBuf;
use std::sync::LazyLock;

static ARMED: LazyLock<Option<(String, PathBuf)>> = LazyLock::new(|| {
    let name = std::env::var("STATION_PANIC_POINT").ok()?;
    let file = std::env::var_os("STATION_PANIC_FILE")?;
    Some((name, file.into()))
});

/// Passes the place of that name.
#[expect(clippy::panic, reason = "it is what this module is for")]
pub(crate) fn pass(name: &str) {
    if let Some((armed, file)) = &*ARMED
        && armed == name
        && file.exists()
    {
        panic!("the {name} panicked because a test wanted it");
    }
}
