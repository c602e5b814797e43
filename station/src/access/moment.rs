//! A point in time that neither a restart of the program nor a change of the clock can falsify.

use std::fs::read_to_string;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::error::AccessError;

/// Where the kernel names the machine's present boot.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Milliseconds since the machine started, sleep included, and which start that was. Unlike the time of day
/// it cannot be set; unlike a program's own monotonic clock it means the same to every process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// The boot, as the kernel names it.
    pub boot: String,
    /// Milliseconds since then.
    pub since_boot_ms: u64,
}

impl Moment {
    /// This moment.
    ///
    /// # Errors
    /// Where the kernel does not say which boot this is.
    pub fn now() -> Result<Self, AccessError> {
        let boot = read_to_string(BOOT_ID).map_err(AccessError::Boot)?;
        let since = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(since.tv_sec).unwrap_or_default();
        let nanos = u64::try_from(since.tv_nsec).unwrap_or_default();
        Ok(Self {
            boot: boot.trim().to_owned(),
            since_boot_ms: seconds
                .saturating_mul(1000)
                .saturating_add(nanos / 1_000_000),
        })
    }

    /// How long ago `earlier` was, at least: after a restart of the machine only the time since then is
    /// certain.
    #[must_use]
    pub fn at_least_since(&self, earlier: &Self) -> u64 {
        if self.boot == earlier.boot {
            self.since_boot_ms.saturating_sub(earlier.since_boot_ms)
        } else {
            self.since_boot_ms
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_and_the_boot_stays() {
        let first = Moment::now().unwrap();
        let second = Moment::now().unwrap();
        assert_eq!(first.boot, second.boot);
        assert!(second.since_boot_ms >= first.since_boot_ms);
    }
}
