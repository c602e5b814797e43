//! What the ledger knows, as the terminal shows it: batches, boards, holds.

use std::collections::VecDeque;

use super::board_named;
use super::happenings;
use super::news;
use crate::access::as_told;
use crate::cli::failure::Failure;
use crate::cli::{batch_view, device_history};
use crate::clock::UtcMillis;
use crate::ledger::Reader;
use crate::ledger::event::Fact;
use crate::ledger::reader::BatchOverview;
use crate::names::BatchId;
use crate::station_home::StationHome;
use crate::tui::event::StationNews;
use crate::tui::state::alarms::{About, Alarm};
use crate::tui::state::batch::BatchRow;
use crate::tui::state::device::{DeviceReport, Moment};
use crate::words::Cause;

/// Most alarms of the past that are shown, the newest.
const MAX_ALARMS: usize = 100;

/// Most events of a board that are shown, the newest.
const MAX_MOMENTS: usize = 500;

/// All batches, the newest first.
pub(super) fn batches(home: &StationHome) -> Result<Vec<BatchOverview>, Failure> {
    let mut batches = Reader::open(&home.ledger())?.batches()?;
    batches.reverse();
    Ok(batches)
}

/// The same as the screen lists them.
pub(in crate::cli) fn rows(home: &StationHome) -> Result<Vec<BatchRow>, Failure> {
    let batches = batch_view::all(home)?.into_iter().rev();
    Ok(batches.map(|(batch, failed)| row(&batch, failed)).collect())
}

fn row(batch: &BatchOverview, failed: u64) -> BatchRow {
    BatchRow {
        batch: batch.batch.to_string(),
        product: batch.product.as_str().to_owned(),
        work_order: batch.work_order.to_string(),
        done: batch.provisioned,
        target: batch.quantity,
        failed,
        in_doubt: batch.in_doubt,
        closed: batch.closed.is_some(),
    }
}

/// What is held.
pub(super) fn holds(home: &StationHome) -> Result<Vec<Alarm>, Failure> {
    let reader = Reader::open(&home.ledger())?;
    let lanes = reader.holds()?.into_iter().map(|hold| Alarm {
        about: About::Lane(hold.lane.to_string()),
        code: hold.code,
        cause: hold
            .rule
            .map_or(Cause::Verdict(hold.detail), |rule| news::rule(&rule)),
        utc_ms: hold.time.0,
        acknowledged: false,
    });
    let batches = reader.batch_holds()?.into_iter().map(|hold| Alarm {
        about: About::Batch(hold.batch.to_string()),
        code: hold.code,
        cause: news::rule(&hold.rule),
        utc_ms: hold.time.0,
        acknowledged: false,
    });
    Ok(lanes.chain(batches).collect())
}

/// The batch's verdicts that are alarms, hold nothing, and that nobody has looked at since; the newest of them.
pub(super) fn alarms(reader: &Reader, batch: &BatchId) -> Result<Vec<Alarm>, Failure> {
    let looked = reader.alarms_looked_at()?;
    let mut alarms = VecDeque::new();
    for leaf in reader.verdicts_and_cleared_holds(batch).decoded() {
        let leaf = leaf?;
        let Fact::VerdictReached {
            lane,
            code,
            detail,
            uid,
            claimed_uid,
            ..
        } = leaf.fact
        else {
            continue;
        };
        let of = (lane, uid.or(claimed_uid), code);
        let seen = looked.get(&of).is_some_and(|at| leaf.time <= *at);
        if seen || !code.is_quiet_alarm() {
            continue;
        }
        alarms.push_front(Alarm {
            about: About::Board {
                lane: of.0.to_string(),
                uid: of.1.map(|uid| uid.to_string()),
                code,
            },
            code,
            cause: Cause::Verdict(detail),
            utc_ms: leaf.time.0,
            acknowledged: false,
        });
        alarms.truncate(MAX_ALARMS);
    }
    Ok(alarms.into())
}

/// What is told of a board that somebody looks up. What may be a PIN is told by no answer.
pub(super) fn answer(home: &StationHome, wanted: &str) -> Result<StationNews, Failure> {
    answer_of(&Reader::open(&home.ledger())?, wanted)
}

fn answer_of(reader: &Reader, wanted: &str) -> Result<StationNews, Failure> {
    Ok(StationNews::Device {
        report: board(reader, wanted)?.map(Box::new),
        wanted: as_told(wanted),
    })
}

/// All that is known of a board by its serial or UID; none where nothing is.
fn board(reader: &Reader, wanted: &str) -> Result<Option<DeviceReport>, Failure> {
    let Some(found) = board_named::meant(reader, wanted)? else {
        return claimed(reader, wanted);
    };
    let mut timeline: Vec<Moment> = device_history::events(reader, &found.uid)?
        .into_iter()
        .map(|(time, fact)| moment(time, &fact))
        .collect();
    // What happened last is what a person asks for.
    timeline.reverse();
    timeline.truncate(MAX_MOMENTS);
    let verdict = found.verdict.map(|last| {
        let (batch, lane) = (last.batch.to_string(), last.lane.to_string());
        (last.code, batch, lane)
    });
    Ok(Some(DeviceReport {
        uid: found.uid.to_string(),
        serial: found.device_serial.map(|serial| serial.to_string()),
        verdict,
        certificate: found.live.map(|(serial, _)| serial.to_string()),
        timeline,
    }))
}

/// What was said of boards that claimed the UID and never proved it, as an alarm names it; none where none did.
fn claimed(reader: &Reader, wanted: &str) -> Result<Option<DeviceReport>, Failure> {
    let Some(uid) = board_named::uid(wanted) else {
        return Ok(None);
    };
    let mut last = None;
    let mut timeline = VecDeque::new();
    for leaf in reader.unproven_verdicts(&uid).decoded() {
        let leaf = leaf?;
        if let Fact::VerdictReached { code, lane, .. } = &leaf.fact {
            let batch = leaf.position.map(|position| position.batch.to_string());
            last = batch.map(|batch| (*code, batch, lane.to_string()));
        }
        timeline.push_front(moment(leaf.time, &leaf.fact));
        timeline.truncate(MAX_MOMENTS);
    }
    let report = DeviceReport {
        uid: uid.to_string(),
        serial: None,
        verdict: last,
        certificate: None,
        timeline: timeline.into(),
    };
    Ok(Some(report).filter(|report| !report.timeline.is_empty()))
}

fn moment(time: UtcMillis, fact: &Fact) -> Moment {
    let (happening, values, detail) = happenings::of(fact);
    Moment {
        utc_ms: time.0,
        happening,
        values,
        detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::EventStore as _;
    use crate::ledger::fixture::{board, event, new_ledger_at, opening};
    use crate::ledger::standing::Durability;
    use crate::verdict::VerdictCode;

    #[test]
    fn a_uid_that_was_only_claimed_is_found_with_what_was_said_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let store = new_ledger_at(&path);
        store.open_batch(opening("B-1", 4)).unwrap();
        for code in [VerdictCode::LinkLost, VerdictCode::AttKeyUnknown] {
            let mut fact = board(1).verdict_without_certificate(code);
            if let Fact::VerdictReached { uid, .. } = &mut fact {
                *uid = None;
            }
            let events = vec![event("B-1", fact)];
            store.record(events, Durability::Durable).unwrap();
        }
        let reader = Reader::open(&path).unwrap();
        let uid = board(1).uid.to_string();
        for typed in [uid.clone(), uid.to_ascii_lowercase()] {
            let found = super::board(&reader, &typed).unwrap().unwrap();
            let codes = found.timeline.iter().map(|moment| &moment.values[0][..]);
            assert_eq!(codes.collect::<Vec<_>>(), ["ATT-KEY-UNKNOWN", "LINK-LOST"]);
            let last = (
                VerdictCode::AttKeyUnknown,
                "B-1".to_owned(),
                "lane0".to_owned(),
            );
            assert_eq!((found.uid, found.verdict), (uid.clone(), Some(last)));
            assert_eq!((found.serial, found.certificate), (None, None));
        }
        // Nobody has claimed to be that one.
        let other = board(2).uid.to_string();
        assert_eq!(super::board(&reader, &other).unwrap(), None);
    }

    #[test]
    fn what_may_be_a_pin_is_not_told_where_the_ledger_knows_no_such_board() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        drop(new_ledger_at(&path));
        let reader = Reader::open(&path).unwrap();
        for (typed, told) in [("739164", false), ("739164x", false), ("SA-000009", true)] {
            let answer = answer_of(&reader, typed).unwrap();
            assert_eq!(format!("{answer:?}").contains(typed), told, "{answer:?}");
        }
    }
}
