//! The operator's terminal: what `station run` shows and hears. No rule of the domain lives here.
//!
//! Keys, time, lanes and the station's answers arrive as [`event::Event`]s on one channel. The loop in
//! [`runner`] has [`update`](update::update) change the [`state::State`] and hands the [`action::Action`]s
//! that follow to the station, which answers by events. A painter of its own draws snapshots of the state at
//! a bounded rate: neither a slow terminal nor a slow answer holds anything up.

pub mod action;
pub mod command;
pub mod event;
pub mod geometry;
mod keyboard;
pub mod keymap;
mod painter;
#[cfg(feature = "crash-points")]
pub(crate) mod panic_point;
pub mod recorder;
pub mod runner;
pub mod saying;
pub mod scanner;
pub mod state;
pub mod terminal;
pub mod theme;
pub mod told;
pub mod update;
pub mod view;
pub mod vocabulary;

/// Seconds with a tenth.
#[must_use]
pub fn seconds(ms: u64) -> String {
    format!("{}.{}", ms / 1000, ms % 1000 / 100)
}

/// The time of day, UTC.
#[must_use]
pub fn clock_text(utc_ms: u64) -> String {
    let seconds = utc_ms / 1000 % 86_400;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}", seconds % 60)
}

/// Hour and minute, UTC, with the day where it is not today's.
#[must_use]
pub fn short_time_text(utc_ms: u64, now_ms: u64) -> String {
    const DAY_MS: u64 = 86_400_000;
    let text = date_text(utc_ms);
    let from = if utc_ms / DAY_MS == now_ms / DAY_MS {
        11
    } else {
        5
    };
    text.get(from..16).unwrap_or(&text).to_owned()
}

/// Date and time of day, UTC.
#[must_use]
pub fn date_text(utc_ms: u64) -> String {
    let text = crate::clock::UtcMillis(utc_ms).to_string();
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::short_time_text;

    #[test]
    fn a_time_of_another_day_has_its_day() {
        const HOUR_MS: u64 = 3_600_000;
        let noon_ms = 31 * 24 * HOUR_MS + 12 * HOUR_MS;
        let text = |utc_ms| short_time_text(utc_ms, noon_ms);
        assert_eq!(text(noon_ms - 12 * HOUR_MS), "00:00");
        // Less than 24 hours ago, and not today.
        assert_eq!(text(noon_ms - 13 * HOUR_MS), "01-31 23:00");
        assert_eq!(text(noon_ms - 24 * HOUR_MS), "01-31 12:00");
        // A clock that went back.
        assert_eq!(text(noon_ms + 12 * HOUR_MS), "02-02 00:00");
    }
}
