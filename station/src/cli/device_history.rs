//! What the ledger has about one board, event by event: readable lines, or the leaves themselves.

use std::collections::{BTreeMap, BTreeSet};

use firmware_proto::Uid;

use super::batch_record;
use super::context::Context;
use super::device_measurements;
use super::failure::Failure;
use super::short_digests::short_digests;
use crate::cli::counted::counted;
use crate::clock::UtcMillis;
use crate::ledger::Reader;
use crate::ledger::event::Fact;
use crate::verdict::VerdictCode;

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
    match fact {
        Fact::SessionOpened {
            lane, claimed_uid, ..
        } => format!("session opened on {lane}, a board says it is {claimed_uid}"),
        Fact::EvidenceAppraised {
            code,
            detail,
            components,
            ..
        } => {
            let firmware = components
                .iter()
                .map(|one| format!("{} {}", one.component, one.version));
            let firmware: Vec<_> = firmware.collect();
            let judged = with_detail(*code, detail);
            format!("evidence appraised, {judged} ({})", firmware.join(", "))
        }
        Fact::MeasurementsJudged {
            code,
            measurements,
            random_source,
            ..
        } => device_measurements::summary(*code, measurements, random_source.as_ref()),
        Fact::KeyAppraised { code, detail, .. } => {
            format!("key appraised, {}", with_detail(*code, detail))
        }
        Fact::VerdictReached {
            lane,
            code,
            detail,
            duration_ms,
            retries,
            ..
        } => {
            let reached = with_detail(*code, detail);
            let retries = counted(*retries, "retry", "retries");
            format!("verdict {reached} on {lane} after {duration_ms} ms, {retries}")
        }
        Fact::BoardQuarantined(record) => {
            format!(
                "quarantined by {}: {}",
                record.actor.operator, record.reason
            )
        }
        Fact::BoardReleased(record) => {
            format!("released by {}: {}", record.actor.operator, record.reason)
        }
        Fact::LabelPrinted(label) => {
            let by_hand = label.reprint.as_ref();
            let by_hand = by_hand.map(|by| format!(" for {}: {}", by.actor.operator, by.reason));
            let by_hand = by_hand.unwrap_or_default();
            format!("label printed at {}{by_hand}", label.printer)
        }
        Fact::LabelFailed(label) => format!("label not printed: {}", label.detail),
        Fact::AlarmAcknowledged(alarm) => {
            let (who, lane) = (&alarm.actor.operator, &alarm.lane);
            format!(
                "alarm {} on {lane} acknowledged by {who}: {}",
                alarm.code, alarm.reason
            )
        }
        other => about_certificate(other).unwrap_or_else(|| other.kind().to_owned()),
    }
}

fn about_certificate(fact: &Fact) -> Option<String> {
    let (serial, what) = match fact {
        Fact::CertificateIntended {
            certificate_serial,
            device_serial,
            ..
        } => (certificate_serial, format!("intended for {device_serial}")),
        Fact::IntentVoided {
            certificate_serial,
            reason,
            ..
        } => (certificate_serial, format!("will not be made: {reason}")),
        Fact::CertificateIssued {
            certificate_serial,
            device_serial,
            ..
        } => (certificate_serial, format!("issued to {device_serial}")),
        Fact::GrantSigned {
            certificate_serial, ..
        } => (
            certificate_serial,
            "may be installed: grant signed".to_owned(),
        ),
        Fact::ProofVerified {
            certificate_serial, ..
        } => (
            certificate_serial,
            "works: proof of possession verified".to_owned(),
        ),
        Fact::CommitSigned {
            certificate_serial, ..
        } => (
            certificate_serial,
            "to be locked in: commit signed".to_owned(),
        ),
        Fact::Provisioned {
            certificate_serial,
            device_serial,
            ..
        } => (
            certificate_serial,
            format!("is in use: {device_serial} is provisioned"),
        ),
        Fact::CertificateRevoked {
            certificate_serial,
            detail,
            ..
        } => (certificate_serial, format!("revoked: {detail}")),
        _ => return None,
    };
    Some(format!("certificate {serial} {what}"))
}

fn with_detail(code: VerdictCode, detail: &str) -> String {
    match detail {
        "" => code.to_string(),
        detail => format!("{code}: {}", short_digests(detail)),
    }
}
