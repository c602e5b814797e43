//! Holds that were placed before this line began.

use crate::cli::failure::Failure;
use crate::ledger::Reader;
use crate::line::hold::{Hold, HoldCause, Holds, PortNames};
use crate::names::BatchId;
use crate::station_home::LaneConfig;

/// Lanes that were held stay so, whoever restarts the station. Gives what there is to say about it.
pub(super) fn restore(
    (holds, ours): (&Holds, &BatchId),
    reader: &Reader,
    lanes: &[LaneConfig],
) -> Result<Vec<String>, Failure> {
    let mut remarks = Vec::new();
    for held in reader.holds()? {
        let (lane, code, detail) = (held.lane, held.code, held.detail);
        if !lanes.iter().any(|config| config.name == lane) {
            let text = format!("lane {lane} is held ({code}: {detail}) and not on this line");
            remarks.push(text);
        }
        let ports = held.ports.into_iter().collect();
        let batch = None;
        let cause = held.rule.map_or(HoldCause::Code, HoldCause::Rule);
        holds.place(
            Hold {
                lane,
                code,
                detail,
                batch,
                cause,
                since: Some(held.time),
            },
            ports,
        );
    }
    for held in reader.batch_holds()? {
        let hold = Hold {
            lane: held.lane,
            code: held.code,
            detail: held.detail,
            batch: Some(held.batch),
            cause: HoldCause::Rule(held.rule),
            since: Some(held.time),
        };
        if hold.batch.as_ref() == Some(ours) {
            holds.place(hold, PortNames::new());
        }
    }
    Ok(remarks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::EventStore as _;
    use crate::ledger::event::{Fact, TrippedRule};
    use crate::ledger::fixture::{event, new_ledger_at, opening, station_event};
    use crate::ledger::standing::Durability;
    use crate::names::LaneName;
    use crate::verdict::VerdictCode;

    /// Whoever clears one at the screen says since when it was held, as they have read.
    #[test]
    fn what_was_held_before_is_held_since_then() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let ledger = new_ledger_at(&path);
        ledger.open_batch(opening("B-1", 10)).unwrap();
        let lane = LaneName::parse("L1").unwrap();
        let code = VerdictCode::KeyReused;
        let of_lane = station_event(Fact::HoldPlaced {
            lane: lane.clone(),
            code,
            detail: "seen twice".to_owned(),
            ports: Vec::new(),
            rule: None,
        });
        let rule = TrippedRule {
            name: "first_pass_yield".to_owned(),
            found: 8,
            limit: 9,
            window: Some(20),
        };
        let of_batch = event(
            "B-1",
            Fact::BatchHoldPlaced {
                lane: lane.clone(),
                code,
                detail: "too few pass".to_owned(),
                rule,
            },
        );
        let times = [of_lane.time, of_batch.time];
        ledger
            .record(vec![of_lane, of_batch], Durability::Durable)
            .unwrap();
        let reader = Reader::open(&path).unwrap();
        let (holds, ours) = (Holds::default(), BatchId::parse("B-1").unwrap());
        let remarks = restore((&holds, &ours), &reader, &[]).unwrap();
        assert_eq!(remarks.len(), 1, "{remarks:?}");
        let found = [holds.of(&lane), holds.of_batch()];
        let since = found.map(|hold| hold.and_then(|hold| hold.since));
        assert_eq!(since, times.map(Some));
        // Another batch's hold is none of this line's.
        let (holds, other) = (Holds::default(), BatchId::parse("B-2").unwrap());
        drop(restore((&holds, &other), &reader, &[]).unwrap());
        assert_eq!(holds.of_batch(), None);
    }
}
