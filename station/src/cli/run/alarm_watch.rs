//! Keeps the terminal's alarms as the ledger has them, whoever raised or cleared them: a lane, somebody at the
//! terminal, another command.
//!
//! Only what was appended since the last look is read.

use super::look_up;
use super::news;
use crate::cli::failure::Failure;
use crate::ledger::Reader;
use crate::ledger::event::Fact;
use crate::ledger::leaf::Leaf;
use crate::ledger::reader::Kinds;
use crate::station_home::StationHome;
use crate::tui::event::StationNews;
use crate::tui::state::alarms::{About, Alarm};
use crate::words::Cause;

/// See the module.
pub(super) struct AlarmWatch {
    reader: Reader,
    /// So many entries are known.
    known: u64,
}

impl AlarmWatch {
    /// Begins; gives what is held, what nobody has looked at in batches that are open, and what lanes have seen.
    pub(super) fn begin(home: &StationHome) -> Result<(Self, Vec<StationNews>), Failure> {
        let reader = Reader::open(&home.ledger())?;
        // Before the questions: what is appended meanwhile is told twice, and not left out.
        let known = reader.size()?;
        let mut alarms = look_up::holds(home)?;
        for batch in reader.batches()? {
            if batch.closed.is_none() {
                alarms.extend(look_up::alarms(&reader, &batch.batch)?);
            }
        }
        alarms.sort_by_key(|alarm| std::cmp::Reverse(alarm.utc_ms));
        let news = vec![
            StationNews::Alarms(alarms),
            news::of_wear(&reader.lane_wear()?),
        ];
        Ok((Self { reader, known }, news))
    }

    /// What has changed since the last look.
    pub(super) fn look(&mut self) -> Result<Vec<StationNews>, Failure> {
        let size = self.reader.size()?;
        if size == self.known {
            return Ok(Vec::new());
        }
        let mut changes = Changes::default();
        let leaves = self.reader.events_of_kinds(Kinds::Alarms, self.known);
        for leaf in leaves.decoded() {
            changes.follow(leaf?);
        }
        // What was appended while they were read is read once more: told twice, it changes nothing.
        self.known = size;
        Ok(changes.news())
    }
}

/// What a few entries change.
#[derive(Debug, Default)]
struct Changes {
    cleared: Vec<About>,
    /// The oldest first.
    raised: Vec<Alarm>,
}

impl Changes {
    fn follow(&mut self, leaf: Leaf) {
        let batch = leaf.position.map(|position| position.batch.to_string());
        let (about, code, cause) = match leaf.fact {
            Fact::VerdictReached {
                lane,
                code,
                detail,
                uid,
                claimed_uid,
                ..
            } if code.is_quiet_alarm() => {
                let uid = uid.or(claimed_uid).map(|uid| uid.to_string());
                let lane = lane.to_string();
                (
                    About::Board { lane, uid, code },
                    code,
                    Cause::Verdict(detail),
                )
            }
            Fact::HoldPlaced {
                lane,
                code,
                detail,
                rule,
                ..
            } => {
                let cause = rule.map_or(Cause::Verdict(detail), |rule| news::rule(&rule));
                (About::Lane(lane.to_string()), code, cause)
            }
            Fact::BatchHoldPlaced { code, rule, .. } => {
                let about = About::Batch(batch.unwrap_or_default());
                (about, code, news::rule(&rule))
            }
            Fact::AlarmAcknowledged(record) => {
                let lane = record.lane.to_string();
                let uid = record.uid.map(|uid| uid.to_string());
                let code = record.code;
                return self.clear(About::Board { lane, uid, code });
            }
            Fact::HoldCleared { lane, .. } => return self.clear(About::Lane(lane.to_string())),
            Fact::BatchHoldCleared { .. } => {
                return self.clear(About::Batch(batch.unwrap_or_default()));
            }
            Fact::ClockAccepted { .. } => return self.clear(About::Clock),
            _ => return,
        };
        // What is held again is held: the lane itself says so too.
        if about.holds() {
            self.cleared.retain(|cleared| *cleared != about);
        }
        self.raised.push(Alarm {
            about,
            code,
            cause,
            utc_ms: leaf.time.0,
            acknowledged: false,
        });
    }

    fn clear(&mut self, about: About) {
        self.raised.retain(|raised| raised.about != about);
        self.cleared.retain(|cleared| *cleared != about);
        self.cleared.push(about);
    }

    /// First what is cleared, so that what was raised after that stands.
    fn news(mut self) -> Vec<StationNews> {
        let cleared = self.cleared.into_iter();
        let mut news: Vec<_> = cleared
            .map(|about| StationNews::HoldCleared { about })
            .collect();
        if !self.raised.is_empty() {
            self.raised.reverse();
            news.push(StationNews::Alarms(self.raised));
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::UtcMillis;
    use crate::ledger::event::AlarmAcknowledgedRecord;
    use crate::ledger::fixture::actor;
    use crate::names::LaneName;
    use crate::verdict::VerdictCode;

    fn lane() -> LaneName {
        LaneName::parse("L1").unwrap()
    }

    fn leaf(time: u64, fact: Fact) -> Leaf {
        Leaf {
            time: UtcMillis(time),
            position: None,
            session: None,
            fact,
        }
    }

    fn verdict(code: VerdictCode) -> Fact {
        Fact::VerdictReached {
            lane: lane(),
            code,
            detail: "foreign".to_owned(),
            uid: None,
            claimed_uid: None,
            device_serial: None,
            certificate_serial: None,
            duration_ms: 1,
            retries: 0,
            profile: None,
        }
    }

    fn looked_at() -> Fact {
        Fact::AlarmAcknowledged(AlarmAcknowledgedRecord {
            lane: lane(),
            uid: None,
            code: VerdictCode::KeyForeign,
            reason: "seen".to_owned(),
            actor: actor(),
        })
    }

    fn held() -> Fact {
        Fact::HoldPlaced {
            lane: lane(),
            code: VerdictCode::UidReused,
            detail: "a clone".to_owned(),
            ports: Vec::new(),
            rule: None,
        }
    }

    fn released() -> Fact {
        Fact::HoldCleared {
            lane: lane(),
            reason: "looked".to_owned(),
            actor: actor(),
        }
    }

    fn news(facts: impl IntoIterator<Item = Fact>) -> Vec<StationNews> {
        let mut changes = Changes::default();
        for (time, fact) in (1..).zip(facts) {
            changes.follow(leaf(time, fact));
        }
        changes.news()
    }

    fn told(news: &StationNews) -> String {
        match news {
            StationNews::Alarms(alarms) => {
                let said = |alarm: &Alarm| format!("{} at {};", alarm.code, alarm.utc_ms);
                alarms.iter().map(said).collect::<Vec<_>>().concat()
            }
            StationNews::HoldCleared { about } => format!("cleared {about:?}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn what_nobody_must_look_at_changes_nothing() {
        let facts = [VerdictCode::Pass, VerdictCode::HwLimit].map(verdict);
        assert_eq!(news(facts), []);
    }

    #[test]
    fn an_alarm_stands_until_somebody_has_looked_and_a_later_one_after_that() {
        let raised = news([verdict(VerdictCode::KeyForeign)]);
        assert_eq!(
            raised.iter().map(told).collect::<Vec<_>>(),
            ["KEY-FOREIGN at 1;"]
        );
        let facts = [verdict(VerdictCode::KeyForeign), looked_at()];
        let cleared = r#"cleared Board { lane: "L1", uid: None, code: KeyForeign }"#;
        assert_eq!(news(facts).iter().map(told).collect::<Vec<_>>(), [cleared]);
        let facts = [
            verdict(VerdictCode::KeyForeign),
            looked_at(),
            verdict(VerdictCode::KeyForeign),
        ];
        let both = news(facts);
        let both: Vec<_> = both.iter().map(told).collect();
        assert_eq!(both, [cleared, "KEY-FOREIGN at 3;"]);
        // Whoever has looked at one has not looked at another of the same board.
        let facts = [
            verdict(VerdictCode::KeyForeign),
            verdict(VerdictCode::FwMeasurement),
            looked_at(),
        ];
        let other = news(facts);
        let other: Vec<_> = other.iter().map(told).collect();
        assert_eq!(other, [cleared, "FW-MEASUREMENT at 2;"]);
    }

    #[test]
    fn a_lane_that_is_held_again_is_not_cleared() {
        let cleared = news([held(), released()]);
        assert_eq!(
            cleared.iter().map(told).collect::<Vec<_>>(),
            [r#"cleared Lane("L1")"#]
        );
        let again = news([held(), released(), held()]);
        assert_eq!(
            again.iter().map(told).collect::<Vec<_>>(),
            ["UID-REUSED at 3;"]
        );
    }
}
