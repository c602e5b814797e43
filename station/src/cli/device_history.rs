//! What the ledger has about one board, event by event: readable lines, or the leaves themselves.

use std::collections::{BTreeMap, BTreeSet};

use firmware_proto::Uid;

use super::batch_record;
use super::board_event::{BoardEvent, CertificateStep, Did, Judged};
use super::context::Context;
use super::device_measurements;
use super::failure::Failure;
use crate::cli::counted::counted;
use crate::clock::UtcMillis;
use crate::ledger::Reader;
use crate::ledger::event::Fact;

/// Shows it.
pub(super) fn show(context: &Context, reader: &Reader, uid: &Uid) -> Result<(), Failure> {
    for (index, bytes) in leaves(reader, uid)? {
        if context.output.is_closed() {
            break;
        }
        if context.output.is_json() {
            context.output.raw(&[&bytes[..], b"\n"].concat());
            continue;
        }
        let (_, event) = batch_record::event(Ok((index, bytes)))?;
        let batch = event
            .batch
            .map_or_else(|| "-".to_owned(), |batch| batch.to_string());
        let line = format!(
            "{}  {index:>6}  {batch}  {}",
            event.time,
            in_words(&event.fact)
        );
        context.output.text(&line);
    }
    Ok(())
}

/// The same for a screen, which has words of its own: when, and what.
pub(super) fn events(reader: &Reader, uid: &Uid) -> Result<Vec<(UtcMillis, Fact)>, Failure> {
    let told = leaves(reader, uid)?.into_iter().map(|leaf| {
        let (_, event) = batch_record::event(Ok(leaf))?;
        Ok((event.time, event.fact))
    });
    told.collect()
}

/// What names the board, and what its sessions recorded before it had proven its name, in their order.
fn leaves(reader: &Reader, uid: &Uid) -> Result<BTreeMap<u64, Vec<u8>>, Failure> {
    let mut leaves = BTreeMap::new();
    let mut sessions = BTreeSet::new();
    for leaf in reader.history(uid) {
        let (index, bytes) = leaf?;
        let (_, event) = batch_record::event(Ok((index, bytes.clone())))?;
        sessions.extend(event.session);
        leaves.insert(index, bytes);
    }
    for session in &sessions {
        for leaf in reader.events_of_session(session) {
            let (index, bytes) = leaf?;
            let (_, event) = batch_record::event(Ok((index, bytes.clone())))?;
            if event.fact.uid().is_none() {
                leaves.insert(index, bytes);
            }
        }
    }
    Ok(leaves)
}

/// One event as a person would tell it.
fn in_words(fact: &Fact) -> String {
    match BoardEvent::of(fact) {
        BoardEvent::SessionOpened { lane, claimed } => {
            format!("session opened on {lane}, a board says it is {claimed}")
        }
        BoardEvent::Evidence { judged, firmware } => {
            format!("evidence appraised, {} ({firmware})", with_detail(judged))
        }
        BoardEvent::Measurements {
            code,
            all,
            random_source,
        } => device_measurements::summary(code, all, random_source),
        BoardEvent::Key(judged) => format!("key appraised, {}", with_detail(judged)),
        BoardEvent::Verdict {
            judged,
            lane,
            took_ms,
            retries,
        } => {
            let reached = with_detail(judged);
            let retries = counted(retries, "retry", "retries");
            format!("verdict {reached} on {lane} after {took_ms} ms, {retries}")
        }
        BoardEvent::ByPerson { did, who, reason } => match did {
            Did::Quarantined => format!("quarantined by {who}: {reason}"),
            Did::Released => format!("released by {who}: {reason}"),
            Did::Scrapped => fact.kind().to_owned(),
        },
        BoardEvent::AlarmAcknowledged {
            code,
            lane,
            who,
            reason,
        } => format!("alarm {code} on {lane} acknowledged by {who}: {reason}"),
        BoardEvent::LabelPrinted { printer, again } => {
            let by_hand = again.map(|(who, reason)| format!(" for {who}: {reason}"));
            format!("label printed at {printer}{}", by_hand.unwrap_or_default())
        }
        BoardEvent::LabelFailed { detail, .. } => format!("label not printed: {detail}"),
        BoardEvent::Certificate { serial, step } => {
            format!("certificate {serial} {}", about_certificate(&step))
        }
        BoardEvent::LaneHeld { .. } | BoardEvent::BatchHeld { .. } => fact.kind().to_owned(),
        BoardEvent::Other(kind) => kind.to_owned(),
    }
}

fn about_certificate(step: &CertificateStep<'_>) -> String {
    match step {
        CertificateStep::Intended(board) => format!("intended for {board}"),
        CertificateStep::Voided(reason) => format!("will not be made: {reason}"),
        CertificateStep::Issued(board) => format!("issued to {board}"),
        CertificateStep::GrantSigned => "may be installed: grant signed".to_owned(),
        CertificateStep::ProofVerified => "works: proof of possession verified".to_owned(),
        CertificateStep::CommitSigned => "to be locked in: commit signed".to_owned(),
        CertificateStep::Provisioned(board) => format!("is in use: {board} is provisioned"),
        CertificateStep::Revoked(detail) => format!("revoked: {detail}"),
    }
}

fn with_detail(judged: Judged<'_>) -> String {
    let code = judged.code;
    match judged.detail().as_str() {
        "" => code.to_string(),
        detail => format!("{code}: {detail}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::leaf::Leaf;

    /// What scripts and people read: it changes on purpose only.
    #[test]
    fn each_kind_of_event_in_words() {
        let leaves = include_str!("../../../fixtures/ledger/leaves-v1.ndjson");
        let leaves = leaves.lines().map(|line| Leaf::decode(line.as_bytes()));
        let said = leaves.map(|leaf| in_words(&leaf.unwrap().fact));
        let said: Vec<_> = said.collect();
        insta::assert_snapshot!(said.join("\n"));
    }
}
