//! From what the ledger holds of a closed batch to the statement that is signed.
//!
//! Takes plain values, so that a manifest can be made of any leaves. Decides nothing that the ledger
//! does not say: a batch that is not closed has no manifest.

use std::collections::BTreeMap;

use firmware_proto::Uid;
use thiserror::Error;

use super::board_rows::{self, Rows};
use super::statement::{
    Counts, DigestSet, LedgerExtract, Milestone, PREDICATE_TYPE, Predicate, STATEMENT_TYPE,
    SignedProfileReference, Statement, Timestamp, subjects_of,
};
use crate::clock::UtcMillis;
use crate::encoding::{Base64Bytes, Hex, sha256};
use crate::ledger::event::{Actor, Event, Fact};
use crate::names::{BatchId, OperatorId, StationName};

/// What the ledger holds of one batch.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchRecord {
    /// The batch.
    pub batch: BatchId,
    /// From the ledger's first event: the station.
    pub station: StationName,
    /// From the ledger's first event: whether the keys are a development PKI.
    pub development: bool,
    /// The batch's events with their index, in the log's order.
    pub events: Vec<(u64, Event)>,
    /// Events outside the batch that are about the batch's boards, in the log's order.
    pub elsewhere: Vec<Event>,
    /// Jumps of the clock that were accepted since the batch was opened, in the log's order.
    pub clock_accepted: Vec<Event>,
    /// That the log has the closing event.
    pub closing: ClosingProof,
}

/// What the ledger has to show for the end of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosingProof {
    /// The log's origin.
    pub origin: String,
    /// The verifier key of the log's checkpoints.
    pub vkey: String,
    /// A checkpoint that covers the closing event: the signed note.
    pub checkpoint: String,
    /// The closing event as it lies in the log.
    pub leaf: String,
    /// Its inclusion proof under the checkpoint.
    pub path: Vec<Hex>,
}

/// Why there is no manifest.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotExportable {
    /// The ledger has no such batch.
    #[error("there is no batch {0} in the ledger; see `station batch list`")]
    Unknown(BatchId),
    /// More boards may still come.
    #[error("batch {0} is still open; close it first: `station batch close {0}`")]
    StillOpen(BatchId),
    /// The ledger breaks its own rules.
    #[error(
        "the ledger has a certificate for board {0} without any session; run `station ledger verify`"
    )]
    NoSession(Uid),
}

/// Makes the statement, to be signed at `signed_at` by the first certificate of the chain.
///
/// # Errors
/// Where the batch has no beginning or no end, or a certificate came from nowhere.
pub fn assemble(
    record: BatchRecord,
    signing_chain: Vec<Vec<u8>>,
    signed_at: UtcMillis,
) -> Result<Statement, NotExportable> {
    let (Some((first_index, opening)), Some((last_index, closing))) =
        (record.events.first(), record.events.last())
    else {
        return Err(NotExportable::Unknown(record.batch));
    };
    let Fact::BatchOpened {
        profile,
        product,
        work_order,
        quantity,
        issuing_certificate,
        actor: opened_by,
        ..
    } = &opening.fact
    else {
        return Err(NotExportable::Unknown(record.batch));
    };
    let Fact::BatchClosed {
        count,
        head,
        actor: closed_by,
    } = &closing.fact
    else {
        return Err(NotExportable::StillOpen(record.batch));
    };
    let ledger = extract(record.closing, *first_index, *last_index, (*count, head));
    let (opened, closed) = (milestone(opening, opened_by), milestone(closing, closed_by));
    let clock_accepted = record
        .clock_accepted
        .iter()
        .filter_map(acceptance)
        .collect();
    let events = record.events.iter().map(|(_, event)| event.clone());
    let events: Vec<Event> = events.collect();
    let Rows {
        boards,
        unidentified_sessions,
    } = board_rows::collect(&events, &record.elsewhere).map_err(NotExportable::NoSession)?;
    let predicate = Predicate {
        batch: record.batch,
        work_order: work_order.clone(),
        product: product.clone(),
        station: record.station,
        development: record.development,
        quantity: *quantity,
        opened,
        closed,
        operators: operators(events.iter().chain(&record.clock_accepted)),
        clock_accepted,
        profile: DigestSet {
            sha256: profile.clone(),
        },
        signed_profile: signed_profile(&opening.fact),
        issuing_certificate: DigestSet {
            sha256: sha256(&issuing_certificate.0).into(),
        },
        counts: Counts::of(&boards, unidentified_sessions),
        boards,
        ledger,
        signing_chain: signing_chain.into_iter().map(Base64Bytes).collect(),
        signed_at: Timestamp(signed_at),
    };
    Ok(Statement {
        statement_type: STATEMENT_TYPE.to_owned(),
        subject: subjects_of(&predicate.boards),
        predicate_type: PREDICATE_TYPE.to_owned(),
        predicate,
    })
}

/// The file in which the product owner had signed the profile of the opened batch.
fn signed_profile(opening: &Fact) -> Option<SignedProfileReference> {
    let Fact::BatchOpened {
        signed_profile: Some(sha256),
        older_profile,
        ..
    } = opening
    else {
        return None;
    };
    Some(SignedProfileReference {
        sha256: sha256.clone(),
        older_because: older_profile.clone(),
    })
}

fn extract(closing: ClosingProof, first: u64, last: u64, before: (u64, &Hex)) -> LedgerExtract {
    LedgerExtract {
        origin: closing.origin,
        vkey: closing.vkey,
        checkpoint: closing.checkpoint,
        first_index: first,
        last_index: last,
        event_count: before.0,
        event_head: before.1.clone(),
        closing_leaf: closing.leaf,
        closing_proof: closing.path,
    }
}

fn milestone(event: &Event, actor: &Actor) -> Milestone {
    Milestone {
        time: Timestamp(event.time),
        operator: actor.operator.clone(),
        assurance: actor.assurance,
    }
}

fn acceptance(event: &Event) -> Option<Milestone> {
    match &event.fact {
        Fact::ClockAccepted { actor, .. } => Some(milestone(event, actor)),
        _ => None,
    }
}

/// Everybody whom one of these events names, once each, by ID.
fn operators<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<Actor> {
    let mut found: BTreeMap<&OperatorId, &Actor> = BTreeMap::new();
    for event in events {
        let (Fact::BatchOpened { actor, .. }
        | Fact::SessionOpened { actor, .. }
        | Fact::HoldCleared { actor, .. }
        | Fact::ClockAccepted { actor, .. }
        | Fact::BatchClosed { actor, .. }) = &event.fact
        else {
            continue;
        };
        found.insert(&actor.operator, actor);
    }
    found.into_values().cloned().collect()
}
