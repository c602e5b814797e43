//! Alarms that nobody has looked at, as the log says.

use std::collections::BTreeMap;

use firmware_proto::Uid;

use super::error::{Doing, LedgerError};
use super::event::Fact;
use super::reader::Reader;
use crate::clock::UtcMillis;
use crate::names::LaneName;
use crate::verdict::VerdictCode;

/// When somebody looked last at a board's alarm of that code on a lane.
pub type LookedAt = BTreeMap<(LaneName, Option<Uid>, VerdictCode), UtcMillis>;

impl Reader {
    /// When somebody looked last at each alarm of each board on each lane.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn alarms_looked_at(&self) -> Result<LookedAt, LedgerError> {
        let doing = "looking up alarms";
        let mut asked = self
            .connection
            .prepare_cached(
                "SELECT entry FROM event WHERE kind = 'alarm-acknowledged' ORDER BY entry",
            )
            .doing(doing)?;
        let entries = asked
            .query_map([], |row| row.get::<_, u32>(0))
            .doing(doing)?;
        let mut looked = LookedAt::new();
        for entry in entries {
            let leaf = self.entry(u64::from(entry.doing(doing)?))?.leaf;
            if let Fact::AlarmAcknowledged(record) = leaf.fact {
                looked.insert((record.lane, record.uid, record.code), leaf.time);
            }
        }
        Ok(looked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::EventStore as _;
    use crate::ledger::event::AlarmAcknowledgedRecord;
    use crate::ledger::fixture::{Home, actor, station_event};
    use crate::ledger::standing::Durability;

    #[test]
    fn the_last_look_at_a_boards_alarm_counts_and_no_other_boards_or_codes() {
        let (home, ledger) = Home::create();
        let lane = LaneName::parse("L1").unwrap();
        let uid = |n: u8| Some(Uid::from_bytes(&[n; 8]).unwrap());
        let code = VerdictCode::FwMeasurement;
        let look = |uid| {
            Fact::AlarmAcknowledged(AlarmAcknowledgedRecord {
                lane: lane.clone(),
                uid,
                code,
                reason: "taken to QA".to_owned(),
                actor: actor(),
            })
        };
        let events = [look(uid(1)), look(None), look(uid(1))];
        for (at, fact) in (0..).zip(events) {
            let mut event = station_event(fact);
            event.time = UtcMillis(event.time.0 + at);
            ledger.record(vec![event], Durability::Durable).unwrap();
        }
        let looked = Reader::open(&home.path())
            .unwrap()
            .alarms_looked_at()
            .unwrap();
        assert_eq!(looked.len(), 2);
        let [first, nameless] = [uid(1), None].map(|uid| looked[&(lane.clone(), uid, code)]);
        assert_eq!(first.0, nameless.0 + 1);
        assert!(!looked.contains_key(&(lane.clone(), uid(2), code)));
        let other = VerdictCode::KeyForeign;
        assert!(!looked.contains_key(&(lane.clone(), uid(1), other)));
    }
}
