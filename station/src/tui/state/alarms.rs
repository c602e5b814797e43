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
        /// Whoever has looked at one alarm of a board has not looked at another.
        code: VerdictCode,
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

    /// Adds one; one that stands there already is not told twice. What is held anew, or for something else now,
    /// says that.
    pub fn add(&mut self, alarm: Alarm) {
        let known = |known: &&mut Alarm| !known.acknowledged && known.about == alarm.about;
        if let Some(known) = self.list.iter_mut().find(known) {
            let placed = matches!(alarm.about, About::Lane(_) | About::Batch(_));
            if known.code != alarm.code || placed && known.utc_ms < alarm.utc_ms {
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
    fn whoever_has_looked_at_one_alarm_of_a_board_has_not_looked_at_the_other() {
        let of_board = |code| Alarm {
            about: About::Board {
                lane: "L1".to_owned(),
                uid: None,
                code,
            },
            ..held_for(code)
        };
        let codes = [VerdictCode::FwMeasurement, VerdictCode::KeyForeign];
        let mut alarms = Alarms::default();
        for code in codes {
            alarms.add(of_board(code));
        }
        assert_eq!(alarms.open(), 2);
        alarms.clear(&of_board(codes[0]).about);
        let open = |alarm: &&Alarm| !alarm.acknowledged;
        let open: Vec<_> = alarms.list.iter().filter(open).collect();
        assert_eq!(open, [&of_board(codes[1])]);
    }

    #[test]
    fn what_is_held_anew_says_since_when() {
        let at = |utc_ms, about| Alarm {
            about,
            utc_ms,
            ..held_for(VerdictCode::UidReused)
        };
        let lane = || About::Lane("L1".to_owned());
        let mut alarms = Alarms::default();
        // An older word that comes late changes nothing.
        for utc_ms in [2, 1] {
            alarms.add(at(utc_ms, lane()));
        }
        assert_eq!(alarms.list, [at(2, lane())]);
        alarms.add(at(3, lane()));
        assert_eq!(alarms.list, [at(3, lane())]);
        // Every lane tells of the clock: that is one jump.
        let mut alarms = Alarms::default();
        for utc_ms in [2, 3] {
            alarms.add(at(utc_ms, About::Clock));
        }
        assert_eq!(alarms.list, [at(2, About::Clock)]);
    }

    #[test]
    fn what_is_held_is_not_pushed_off_by_alarms_that_hold_nothing() {
        let board = |number: usize| Alarm {
            about: About::Board {
                lane: "L2".to_owned(),
                uid: Some(number.to_string()),
                code: VerdictCode::FwMeasurement,
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
}
