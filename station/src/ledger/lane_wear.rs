//! What each lane has seen since the ledger began: how worn its fixture and its cable may be.

use std::collections::BTreeMap;

use super::column::Text;
use super::error::{Doing as _, LedgerError};
use super::reader::Reader;
use crate::names::LaneName;
use crate::verdict::{Outcome, VerdictCode};

/// The verdicts of a lane, of all batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneWear {
    /// How many there are.
    pub verdicts: u64,
    /// How many of them are passes.
    pub passed: u64,
    /// How many boards failed since the last one passed. Faults of the station count neither way.
    pub failed_in_a_row: u64,
}

impl LaneWear {
    /// One more verdict.
    pub fn add(&mut self, code: VerdictCode) {
        self.verdicts += 1;
        match code.outcome() {
            Outcome::Pass => {
                self.passed += 1;
                self.failed_in_a_row = 0;
            }
            Outcome::Fail => self.failed_in_a_row += 1,
            Outcome::Error => {}
        }
    }
}

impl Reader {
    /// What each lane has seen. Reads every verdict's row: for when a line starts.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn lane_wear(&self) -> Result<BTreeMap<LaneName, LaneWear>, LedgerError> {
        let doing = "counting the verdicts of lanes";
        let mut asked = self
            .connection()
            .prepare_cached("SELECT lane, code FROM verdict ORDER BY entry")
            .doing(doing)?;
        let rows = asked.query_map([], |row| {
            let lane: Text<LaneName> = row.get(0)?;
            let code: Text<VerdictCode> = row.get(1)?;
            Ok((lane.0, code.0))
        });
        let mut wear = BTreeMap::<_, LaneWear>::new();
        for row in rows.doing(doing)? {
            let (lane, code) = row.doing(doing)?;
            wear.entry(lane).or_default().add(code);
        }
        Ok(wear)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::EventStore as _;
    use crate::ledger::event::Fact;
    use crate::ledger::fixture::{Home, board, event, events, opening};
    use crate::ledger::standing::Durability;

    #[test]
    fn each_lane_has_its_own_past_over_all_batches() {
        let (home, ledger) = Home::create();
        let reached = |batch: &str, on: &str, code| {
            let mut fact = board(1).verdict(code);
            if let Fact::VerdictReached {
                lane,
                uid,
                certificate_serial,
                ..
            } = &mut fact
            {
                *lane = LaneName::parse(on).unwrap();
                (*uid, *certificate_serial) = (None, None);
            }
            ledger
                .record(vec![event(batch, fact)], Durability::Durable)
                .unwrap();
        };
        for name in ["B-1", "B-2"] {
            ledger.open_batch(opening(name, 4)).unwrap();
        }
        reached("B-1", "lane0", VerdictCode::HwLimit);
        let passes = events("B-1", board(1).whole_way());
        ledger.record(passes, Durability::Durable).unwrap();
        for (batch, lane, code) in [
            ("B-1", "L2", VerdictCode::HwLimit),
            ("B-1", "lane0", VerdictCode::HwLimit),
            ("B-2", "lane0", VerdictCode::StationHsm),
            ("B-2", "lane0", VerdictCode::LinkLost),
        ] {
            reached(batch, lane, code);
        }
        let wear = Reader::open(&home.path()).unwrap().lane_wear().unwrap();
        let of = |lane| wear[&LaneName::parse(lane).unwrap()];
        let expected = LaneWear {
            verdicts: 5,
            passed: 1,
            failed_in_a_row: 2,
        };
        assert_eq!(of("lane0"), expected);
        assert_eq!(of("L2").failed_in_a_row, 1);
        assert_eq!(wear.len(), 2);
    }
}
