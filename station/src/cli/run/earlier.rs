//! What the screen's log shows of the time before the station was started: it is read from the ledger, so that
//! whoever starts it again leafs through the shift as if nothing had been between.

use super::news;
use super::people::{shown_gone, shown_role};
use crate::cli::short_digests::short_digests;
use crate::ledger::event::{Actor, Fact};
use crate::ledger::leaf::Leaf;
use crate::ledger::{LedgerError, Reader};
use crate::names::LaneName;
use crate::tui::event::Did;
use crate::tui::state::lanes::{Held, ShownVerdict, Wire};
use crate::tui::state::log::Log;
use crate::tui::state::said::Said;
use crate::tui::told::Told;
use crate::verdict::{Outcome, VerdictCode};
use crate::words::Cause;

/// How far back it goes, in events: some hundred boards.
const MAX_EVENTS: u64 = 2_000;

/// The log of the last events.
///
/// # Errors
/// Where the ledger cannot be read.
pub(super) fn log(reader: &Reader) -> Result<Log, LedgerError> {
    let size = reader.size()?;
    let mut log = Log::default();
    for leaf in reader
        .leaves(size.saturating_sub(MAX_EVENTS)..size)
        .decoded()
    {
        let leaf = leaf?;
        if let Some((bad, said)) = said(&leaf) {
            log.add(leaf.time.0, bad, said);
        }
    }
    Ok(log)
}

/// What was said of an event when it happened, and whether something went wrong; none of most.
fn said(leaf: &Leaf) -> Option<(bool, Said)> {
    let batch = || Some(leaf.position.as_ref()?.batch.to_string());
    let said = match &leaf.fact {
        Fact::VerdictReached { code, .. } => {
            let bad = code.outcome() != Outcome::Pass;
            return Some((bad, verdict(&leaf.fact, *code)?));
        }
        Fact::BatchOpened { quantity, .. } => Said::Told(Told::Did(Did::OpenedBatch {
            batch: batch()?,
            boards: *quantity,
        })),
        Fact::BatchClosed { .. } => Said::Told(Told::Did(Did::ClosedBatch(batch()?))),
        Fact::HoldPlaced {
            lane,
            code,
            detail,
            rule,
            ..
        } => {
            let cause = Cause::Verdict(short_digests(detail));
            let cause = rule.as_ref().map_or(cause, news::rule);
            return Some((
                true,
                held((lane, lane.to_string()), *code, cause, leaf.time.0),
            ));
        }
        Fact::BatchHoldPlaced {
            lane, code, rule, ..
        } => {
            let of = (lane, batch()?);
            let cause = news::rule(rule);
            return Some((true, held(of, *code, cause, leaf.time.0)));
        }
        Fact::HoldCleared {
            lane,
            reason,
            actor,
        } => cleared(lane.to_string(), reason, actor),
        Fact::BatchHoldCleared { reason, actor } => cleared(batch()?, reason, actor),
        Fact::ClockAccepted { .. } => Said::Told(Told::Did(Did::AcceptedClock)),
        Fact::SignedIn(record) => Said::SignedIn {
            operator: record.actor.operator.to_string(),
            role: shown_role(record.role),
        },
        Fact::SignedOut(_) => Said::Told(Told::SignedOut(shown_gone(&leaf.fact)?)),
        Fact::LabelFailed(label) => {
            let told = Told::LabelFailed {
                serial: label.device_serial.to_string(),
                why: label.detail.clone(),
            };
            return Some((told.is_bad(), Said::Told(told)));
        }
        Fact::LabelPrinted(label) => {
            label.reprint.as_ref()?;
            Said::Told(Told::Did(Did::Printed(label.device_serial.to_string())))
        }
        _ => return None,
    };
    Some((false, said))
}

/// The hold of that name, which a verdict on the lane has placed.
fn held((lane, name): (&LaneName, String), code: VerdictCode, cause: Cause, since_ms: u64) -> Said {
    let lane = lane.to_string();
    let held = Held {
        of_batch: name != lane,
        name,
        code,
        cause,
        since_ms: Some(since_ms),
    };
    Said::Held { lane, held }
}

fn cleared(name: String, reason: &str, actor: &Actor) -> Said {
    Said::HoldCleared {
        name,
        who: actor.operator.to_string(),
        reason: reason.to_owned(),
    }
}

fn verdict(fact: &Fact, code: VerdictCode) -> Option<Said> {
    let Fact::VerdictReached {
        lane,
        detail,
        uid,
        claimed_uid,
        device_serial,
        duration_ms,
        ..
    } = fact
    else {
        return None;
    };
    let uid = uid.as_ref().or(claimed_uid.as_ref());
    let verdict = ShownVerdict {
        code,
        detail: short_digests(detail),
        uid: uid.map(ToString::to_string),
        serial: device_serial.as_ref().map(ToString::to_string),
        took_ms: *duration_ms,
        wire: Wire::default(),
    };
    Some(Said::Verdict {
        lane: lane.to_string(),
        verdict: Box::new(verdict),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::saying;
    use crate::words::Language;

    #[test]
    fn what_was_said_of_each_kind_of_event() {
        let leaves = include_str!("../../../../fixtures/ledger/leaves-v1.ndjson");
        let leaves = leaves
            .lines()
            .map(|line| Leaf::decode(line.as_bytes()).unwrap());
        let line = |leaf: Leaf| {
            let (bad, said) = said(&leaf)?;
            let sign = if bad { "!" } else { " " };
            let text = saying::text(Language::English, &said);
            Some(format!("{sign} {}: {text}", leaf.fact.kind()))
        };
        let lines: Vec<_> = leaves.filter_map(line).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}
