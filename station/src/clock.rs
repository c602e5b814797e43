//! Time as a value. Real clocks live at the edge; the pure rooms are handed instants.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UtcMillis(pub u64);

impl UtcMillis {
    /// Whole seconds since 1970.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// Reads an RFC 3339 time.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let nanos = OffsetDateTime::parse(text, &Rfc3339)
            .ok()?
            .unix_timestamp_nanos();
        u64::try_from(nanos / 1_000_000).ok().map(Self)
    }
}

/// RFC 3339 with milliseconds, for example `2026-11-22T08:30:00.250Z`.
impl fmt::Display for UtcMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = i128::from(self.0) * 1_000_000;
        let Ok(at) = OffsetDateTime::from_unix_timestamp_nanos(nanos) else {
            return write!(f, "{} ms after 1970", self.0);
        };
        let (date, time) = (at.date(), at.time());
        write!(
            f,
            "{:04}-{:02}-{:02}T",
            date.year(),
            u8::from(date.month()),
            date.day()
        )?;
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        write!(
            f,
            "{hour:02}:{minute:02}:{second:02}.{:03}Z",
            time.millisecond()
        )
    }
}

/// An instant, written as RFC 3339 with milliseconds in UTC: `2026-11-22T08:30:00.250Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub UtcMillis);

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({})", self.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        UtcMillis::parse_rfc3339(&text)
            .filter(|at| at.to_string() == text)
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("{text:?} is no UTC time with milliseconds")))
    }
}

/// Milliseconds of a clock that never goes back; only differences mean anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonotonicMillis(pub u64);

impl MonotonicMillis {
    /// Milliseconds since `earlier`, 0 where that lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This instant and `ms` more.
    #[must_use]
    pub fn plus(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// Where time enters.
pub trait Clock: Send + Sync {
    /// Coordinated universal time, for events.
    fn utc(&self) -> UtcMillis;

    /// Monotonic time, for durations and deadlines.
    fn monotonic(&self) -> MonotonicMillis;
}

#[cfg(test)]
mod tests {
    use super::UtcMillis;

    #[test]
    fn writes_and_reads_rfc3339() {
        let at = UtcMillis(1_795_336_200_250);
        assert_eq!(at.to_string(), "2026-11-22T08:30:00.250Z");
        assert_eq!(UtcMillis::parse_rfc3339(&at.to_string()), Some(at));
        assert_eq!(UtcMillis::parse_rfc3339("yesterday"), None);
    }
}
