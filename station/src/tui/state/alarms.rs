//! What somebody must look at: holds, and verdicts that are alarms.

use serde::{Deserialize, Serialize};

use crate::verdict::VerdictCode;
use crate::words::Cause;

/// Most alarms that are kept; the oldest acknowledged ones go first.
const MAX_ALARMS: usize = 256;

/// The alarms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarms {
    /// They, the newest first.
    pub list: Vec<Alarm>,
    /// Which of them is looked at.
    pub chosen: usize,
}

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// What it is about.
    pub about: About,
    /// The code.
    pub code: VerdictCode,
    /// Why.
    pub cause: Cause,
    /// Since when, UTC.
    pub utc_ms: u64,
    /// Whether somebody has looked.
    pub acknowledged: bool,
}

/// What an alarm is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// A lane that is held.
    Lane(String),
    /// A batch that is held.
    Batch(String),
    /// The clock, which has jumped.
    Clock,
    /// A board on a lane.
    Board {
        /// The lane.
        lane: String,
        /// The board.
        uid: Option<String>,
    },
}

impl About {
    /// Whether something stands still until somebody clears it.
    #[must_use]
    pub const fn holds(&self) -> bool {
        !matches!(self, Self::Board { .. })
    }
}

impl Alarms {
    /// How many nobody has looked at.
    #[must_use]
    pub fn open(&self) -> usize {
        self.list.iter().filter(|alarm| !alarm.acknowledged).count()
    }

    /// The one that is looked at.
    #[must_use]
    pub fn chosen(&self) -> Option<&Alarm> {
        self.list.get(self.chosen)
    }

    /// Adds one; one that stands there already is not told twice. What is held for something else now says that.
    pub fn add(&mut self, alarm: Alarm) {
        let known = |known: &&mut Alarm| {
            let same = alarm.about.holds() || known.code == alarm.code;
            !known.acknowledged && known.about == alarm.about && same
        };
        if let Some(known) = self.list.iter_mut().find(known) {
            if known.code != alarm.code {
                *known = alarm;
            }
            return;
        }
        // Whoever looks at one goes on looking at that one.
        if !self.list.is_empty() {
            self.chosen += 1;
        }
        self.list.insert(0, alarm);
        if self.list.len() > MAX_ALARMS {
            // Whatever holds something can only be cleared where it is seen.
            let quiet = |alarm: &Alarm| !alarm.about.holds();
            let oldest = self.list.iter().rposition(|alarm| alarm.acknowledged);
            let oldest = oldest.or_else(|| self.list.iter().rposition(quiet));
            let oldest = oldest.unwrap_or(MAX_ALARMS);
            self.list.remove(oldest);
            if oldest < self.chosen {
                self.chosen -= 1;
            }
        }
        self.chosen = self.chosen.min(self.list.len().saturating_sub(1));
    }

    /// Somebody begins to look: at the newest.
    pub fn look(&mut self) {
        self.chosen = 0;
    }

    /// What it is about stands still no longer.
    pub fn clear(&mut self, about: &About) {
        for alarm in &mut self.list {
            if alarm.about == *about {
                alarm.acknowledged = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_for(code: VerdictCode) -> Alarm {
        Alarm {
            about: About::Lane("L1".to_owned()),
            code,
            cause: Cause::Verdict(code.as_str().to_owned()),
            utc_ms: 1,
            acknowledged: false,
        }
    }

    #[test]
    fn what_is_held_stands_once_with_what_it_is_held_for_now() {
        let mut alarms = Alarms::default();
        alarms.add(held_for(VerdictCode::UidReused));
        alarms.add(held_for(VerdictCode::UidReused));
        alarms.add(held_for(VerdictCode::KeyReused));
        let codes = |alarms: &Alarms| -> Vec<_> {
            alarms
                .list
                .iter()
                .map(|alarm| (alarm.code, alarm.acknowledged))
                .collect()
        };
        assert_eq!(codes(&alarms), [(VerdictCode::KeyReused, false)]);
        alarms.clear(&About::Lane("L1".to_owned()));
        assert_eq!(alarms.open(), 0);
        alarms.add(held_for(VerdictCode::UidReused));
        let after = [
            (VerdictCode::UidReused, false),
            (VerdictCode::KeyReused, true),
        ];
        assert_eq!(codes(&alarms), after);
    }

    /// Another alarm may come at any moment: an Enter must be about the one that was read.
    #[test]
    fn whoever_looks_at_an_alarm_goes_on_looking_at_that_one() {
        let of = |lane: usize, acknowledged| Alarm {
            about: About::Lane(format!("L{lane}")),
            acknowledged,
            ..held_for(VerdictCode::UidReused)
        };
        let mut alarms = Alarms::default();
        alarms.add(of(0, false));
        let looked_at = alarms.chosen().cloned();
        for lane in 1..MAX_ALARMS {
            alarms.add(of(lane, lane % 2 == 1));
            assert_eq!(alarms.chosen(), looked_at.as_ref(), "{lane}");
        }
        // No room any more: acknowledged ones go, and that one stays where it is looked at.
        for lane in 0..100 {
            alarms.add(of(MAX_ALARMS + lane, false));
            assert_eq!(alarms.list.len(), MAX_ALARMS);
            assert_eq!(alarms.chosen(), looked_at.as_ref(), "{lane}");
        }
        alarms.look();
        assert_eq!(alarms.chosen(), alarms.list.first());
    }

    #[test]
    fn what_is_held_is_not_pushed_off_by_alarms_that_hold_nothing() {
        let board = |number: usize| Alarm {
            about: About::Board {
                lane: "L2".to_owned(),
                uid: Some(number.to_string()),
            },
            ..held_for(VerdictCode::FwMeasurement)
        };
        let mut alarms = Alarms::default();
        alarms.add(held_for(VerdictCode::UidReused));
        (0..2 * MAX_ALARMS).for_each(|number| alarms.add(board(number)));
        assert_eq!(alarms.list.len(), MAX_ALARMS);
        let held = |alarm: &Alarm| alarm.about.holds();
        assert!(alarms.list.iter().any(held));
    }

    #[test]
    fn of_one_board_each_code_stands_once_since_when_it_was_told_first() {
        let told = |code, utc_ms| Alarm {
            about: About::Board {
                lane: "L2".to_owned(),
                uid: None,
            },
            utc_ms,
            ..held_for(code)
        };
        let mut alarms = Alarms::default();
        alarms.add(told(VerdictCode::FwMeasurement, 1));
        alarms.add(told(VerdictCode::FwMeasurement, 2));
        alarms.add(told(VerdictCode::KeyForeign, 3));
        let expected = [
            told(VerdictCode::KeyForeign, 3),
            told(VerdictCode::FwMeasurement, 1),
        ];
        assert_eq!(alarms.list, expected);
    }

    #[test]
    fn the_oldest_ones_go_first() {
        let of = |lane: usize, acknowledged| Alarm {
            about: About::Lane(format!("L{lane}")),
            acknowledged,
            ..held_for(VerdictCode::UidReused)
        };
        let is_there = |alarms: &Alarms, lane| {
            let about = of(lane, false).about;
            alarms.list.iter().any(|alarm| alarm.about == about)
        };
        for acknowledged in [true, false] {
            let mut alarms = Alarms::default();
            (0..=MAX_ALARMS).for_each(|lane| alarms.add(of(lane, acknowledged)));
            let (oldest, next) = (is_there(&alarms, 0), is_there(&alarms, 1));
            assert_eq!((oldest, next), (false, true), "{acknowledged}");
            assert!(is_there(&alarms, MAX_ALARMS), "{acknowledged}");
        }
        let quiet = |lane: usize| Alarm {
            about: About::Board {
                lane: format!("L{lane}"),
                uid: None,
            },
            ..held_for(VerdictCode::FwMeasurement)
        };
        let mut alarms = Alarms::default();
        (0..=MAX_ALARMS).for_each(|lane| alarms.add(quiet(lane)));
        assert_eq!(alarms.list.last(), Some(&quiet(1)));
    }
}
