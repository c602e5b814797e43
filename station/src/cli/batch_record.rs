//! What the ledger holds of a batch, as the manifest and the batch's own view need it.

use std::collections::BTreeSet;

use firmware_proto::Uid;

use super::failure::Failure;
use crate::encoding::Hex;
use crate::ledger::event::{Event, Fact};
use crate::ledger::leaf::Leaf;
use crate::ledger::{LedgerError, Reader};
use crate::manifest::assemble::{BatchRecord, ClosingProof, NotExportable};
use crate::manifest::board_rows::{self, Rows};
use crate::names::BatchId;

/// The events of a batch, and what became of its boards' certificates outside of it.
pub(crate) struct BatchEvents {
    /// With their indexes.
    pub(crate) events: Vec<(u64, Event)>,
    /// Of other batches, or later.
    pub(crate) elsewhere: Vec<Event>,
}

impl BatchEvents {
    /// Reads them.
    pub(crate) fn read(reader: &Reader, batch: &BatchId) -> Result<Self, Failure> {
        let events = reader
            .events_of_batch(batch)
            .map(event)
            .collect::<Result<Vec<_>, _>>()?;
        let boards: BTreeSet<&Uid> = events
            .iter()
            .filter_map(|(_, event)| event.fact.uid())
            .collect();
        let mut elsewhere = Vec::new();
        for uid in boards {
            for leaf in reader.history(uid) {
                let (index, event) = event(leaf)?;
                if event.batch.as_ref() != Some(batch) && is_about_a_certificate(&event.fact) {
                    elsewhere.push((index, event));
                }
            }
        }
        elsewhere.sort_by_key(|(index, _)| *index);
        let elsewhere = elsewhere.into_iter().map(|(_, event)| event).collect();
        Ok(Self { events, elsewhere })
    }

    /// One row a board, as the manifest has them.
    pub(crate) fn rows(&self) -> Result<Rows, Failure> {
        let events: Vec<Event> = self.events.iter().map(|(_, event)| event.clone()).collect();
        board_rows::collect(&events, &self.elsewhere)
            .map_err(|uid| not_exportable(&NotExportable::NoSession(uid)))
    }
}

/// All that a manifest says of a batch; the batch must be closed, under a checkpoint.
pub(crate) fn read(reader: &Reader, batch: &BatchId) -> Result<BatchRecord, Failure> {
    let known = reader.batch(batch)?.ok_or_else(|| unknown(batch))?;
    let closed_at = known
        .closed_at
        .ok_or_else(|| not_exportable(&NotExportable::StillOpen(batch.clone())))?;
    let checkpoint = reader
        .latest_checkpoint()?
        .filter(|note| note.size > closed_at);
    let checkpoint = checkpoint.ok_or_else(|| {
        let why = "no checkpoint covers the batch's closing yet";
        Failure::station("the manifest cannot be made", why, "give the command again")
    })?;
    let path = reader
        .inclusion(closed_at, checkpoint.size)?
        .unwrap_or_default();
    let opening = reader.opening()?;
    let closing = reader.entry(closed_at)?.leaf.encode().map_err(damaged)?;
    let BatchEvents { events, elsewhere } = BatchEvents::read(reader, batch)?;
    let opened_at = events.first().map_or(closed_at, |(index, _)| *index);
    let clock_accepted = clock_accepted(reader, opened_at)?;
    Ok(BatchRecord {
        batch: batch.clone(),
        station: opening.station,
        development: opening.development,
        events,
        elsewhere,
        clock_accepted,
        closing: ClosingProof {
            origin: opening.key.name().to_owned(),
            vkey: opening.key.to_string(),
            checkpoint: checkpoint.note,
            leaf: String::from_utf8(closing).map_err(damaged)?,
            path: path.into_iter().map(Hex::from).collect(),
        },
    })
}

/// Jumps of the clock that were accepted since entry `first`. They belong to no batch.
fn clock_accepted(reader: &Reader, first: u64) -> Result<Vec<Event>, Failure> {
    const KIND: &[u8] = b"\"clock-accepted\"";
    let mut accepted = Vec::new();
    for leaf in reader.leaves(first..reader.size()?) {
        // Most leaves are long and something else: only those that may be one are read.
        let may_be = |(_, bytes): &(u64, Vec<u8>)| bytes.windows(KIND.len()).any(|at| at == KIND);
        if leaf.as_ref().is_ok_and(|leaf| !may_be(leaf)) {
            continue;
        }
        let (_, event) = event(leaf)?;
        if matches!(event.fact, Fact::ClockAccepted { .. }) {
            accepted.push(event);
        }
    }
    Ok(accepted)
}

/// There is no such batch.
pub(crate) fn unknown(batch: &BatchId) -> Failure {
    Failure::usage(
        format_args!("there is no batch {batch}"),
        "none of that name was ever opened on this station",
        "see station batch list",
    )
}

/// There is no manifest of that batch.
pub(crate) fn not_exportable(reason: &NotExportable) -> Failure {
    let text = reason.to_string();
    let (why, to_do) = text
        .split_once("; ")
        .unwrap_or((&text, "see station batch show"));
    match reason {
        NotExportable::NoSession(_) => Failure::station("the manifest cannot be made", why, to_do),
        NotExportable::Unknown(_) | NotExportable::StillOpen(_) => {
            Failure::usage("the manifest cannot be made", why, to_do)
        }
    }
}

/// Reads one leaf.
pub(crate) fn event(leaf: Result<(u64, Vec<u8>), LedgerError>) -> Result<(u64, Event), Failure> {
    let (index, bytes) = leaf?;
    let leaf = Leaf::decode(&bytes).map_err(damaged)?;
    Ok((index, leaf.into_event()))
}

fn damaged(error: impl std::fmt::Display) -> Failure {
    Failure::station("cannot read the ledger", error, "run station ledger verify")
}

fn is_about_a_certificate(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::CertificateIssued { .. } | Fact::Provisioned { .. } | Fact::CertificateRevoked { .. }
    )
}
