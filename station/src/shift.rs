//! Working shifts: named parts of the day, as `station.toml` has them and batches keep them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::clock::UtcMillis;
use crate::names::ShiftName;

/// Minutes of a day.
const DAY: u16 = 24 * 60;
const MINUTE_MS: u64 = 60_000;

/// A time of day in UTC, to the minute: `06:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DayTime(u16);

impl DayTime {
    /// Reads `HH:MM`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let two = |part: &str| {
            let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten()
        };
        let (hour, minute) = (two(hour)?, two(minute)?);
        (hour < 24 && minute < 60).then_some(Self(hour * 60 + minute))
    }

    fn of(at: UtcMillis) -> Self {
        let minutes = at.0 / MINUTE_MS % u64::from(DAY);
        Self(u16::try_from(minutes).unwrap_or(0))
    }
}

impl fmt::Display for DayTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for DayTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DayTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || D::Error::custom(format!("{text:?} is no time of day: use HH:MM, in UTC"));
        Self::parse(&text).ok_or_else(wrong)
    }
}

/// A shift: every day from `start` until just before `end`, past midnight where `end` is not after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// What it is called.
    pub name: ShiftName,
    /// When it begins.
    pub start: DayTime,
    /// When the next one may begin.
    pub end: DayTime,
}

impl Shift {
    /// Whether that instant is in it.
    #[must_use]
    pub fn has(&self, at: UtcMillis) -> bool {
        let at = DayTime::of(at);
        if self.start < self.end {
            (self.start..self.end).contains(&at)
        } else {
            at >= self.start || at < self.end
        }
    }

    /// Whether some minute is in both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let minute = |minute: u16| UtcMillis(u64::from(minute) * MINUTE_MS);
        (0..DAY).any(|at| self.has(minute(at)) && other.has(minute(at)))
    }
}

/// The first shift that an instant is in.
#[must_use]
pub fn shift_at(shifts: &[Shift], at: UtcMillis) -> Option<ShiftName> {
    let found = shifts.iter().find(|shift| shift.has(at));
    found.map(|shift| shift.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shift(name: &str, start: &str, end: &str) -> Shift {
        Shift {
            name: ShiftName::parse(name).unwrap(),
            start: DayTime::parse(start).unwrap(),
            end: DayTime::parse(end).unwrap(),
        }
    }

    fn at(text: &str) -> UtcMillis {
        UtcMillis::parse_rfc3339(&format!("2026-11-22T{text}Z")).unwrap()
    }

    #[test]
    fn a_shift_has_its_beginning_and_not_its_end() {
        let shifts = [
            shift("early", "06:00", "14:00"),
            shift("night", "22:00", "06:00"),
        ];
        let of = |text: &str| shift_at(&shifts, at(text)).map(|name| name.to_string());
        assert_eq!(of("06:00:00").as_deref(), Some("early"));
        assert_eq!(of("13:59:59").as_deref(), Some("early"));
        assert_eq!(of("14:00:00"), None);
        assert_eq!(of("22:00:00").as_deref(), Some("night"));
        assert_eq!(of("05:59:59").as_deref(), Some("night"));
        assert!(!shifts[0].overlaps(&shifts[1]));
        assert!(shifts[0].overlaps(&shift("late", "13:59", "22:00")));
        assert!(shift("whole", "00:00", "00:00").has(at("12:00:00")));
    }

    #[test]
    fn a_time_of_day_has_one_spelling() {
        for wrong in ["6:00", "24:00", "06:60", "0600", "06:00:00", "+6:00", ""] {
            assert_eq!(DayTime::parse(wrong), None, "{wrong}");
        }
        assert_eq!(DayTime::parse("06:05").unwrap().to_string(), "06:05");
    }
}
