//! From what the ledger holds of a closed batch to the statement that is signed.
//!
//! Takes plain values, so that a manifest can be made of any leaves. Decides nothing that the ledger
//! does not say: a batch that is not closed has no manifest.

use std::collections::BTreeSet;

use firmware_proto::{Digest, Uid};
use thiserror::Error;

use super::board_rows::{self, Frame, Noted, Rows};
use super::statement::{
    BoardRow, ClockAcceptance, Counts, DigestSet, HASHES_A_PIECE, HoldClearing, LedgerExtract,
    LogEntry, Milestone, PREDICATE_TYPE, Predicate, RowDigest, STATEMENT_TYPE, ScrappedApart,
    SignedProfileReference, Statement, Timestamp, subjects_of,
};
use crate::clock::UtcMillis;
use crate::encoding::{Base64Bytes, Hex, sha256};
use crate::ledger::event::{Actor, BatchTermsRecord, Event, Fact};
use crate::ledger::range_proof::RangeProof;
use crate::names::{BatchId, LaneName, StationName};
use crate::shift::Shift;

/// What the ledger holds of one batch, but for its boards.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchHead {
    /// The batch.
    pub batch: BatchId,
    /// From the ledger's first event: the station.
    pub station: StationName,
    /// From the ledger's first event: whether the keys are a development PKI.
    pub development: bool,
    /// The event that opened it.
    pub opening: Noted,
    /// Its further terms.
    pub terms: Option<Noted>,
    /// Its last event.
    pub last: Noted,
    /// Everybody whom its events name.
    pub operators: Operators,
    /// Jumps of the clock that were accepted since the batch was opened, in the log's order.
    pub clock_accepted: Vec<Noted>,
    /// Holds of the whole batch that were cleared, in the log's order.
    pub holds_cleared: Vec<Noted>,
    /// Scrappings of boards that have no row, in the log's order.
    pub scrapped_apart: Vec<Noted>,
    /// Holds of lanes that were cleared since then, with the index of the clearing.
    pub cleared: Vec<(LaneName, u64)>,
    /// That the log has the batch.
    pub proof: LogProof,
    /// Whether the rows are to have measurements.
    pub with_measurements: bool,
}

/// What the ledger has to show for the whole range of a batch, but for the leaf hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// The log's origin.
    pub origin: String,
    /// The verifier key of the log's checkpoints.
    pub vkey: String,
    /// A checkpoint that covers the closing event: the signed note.
    pub checkpoint: String,
    /// The proof of the range under the checkpoint.
    pub range: RangeProof,
}

impl LogProof {
    /// Nothing to show.
    #[must_use]
    pub fn none() -> Self {
        Self {
            origin: String::new(),
            vkey: String::new(),
            checkpoint: String::new(),
            range: RangeProof::default(),
        }
    }
}

/// Everybody whom events name, by ID; as often as the station was differently sure of who it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operators(BTreeSet<Actor>);

impl Operators {
    /// Adds whom an event names.
    pub fn add(&mut self, fact: &Fact) {
        let (Fact::BatchOpened { actor, .. }
        | Fact::SessionOpened { actor, .. }
        | Fact::BatchHoldCleared { actor, .. }
        | Fact::ClockAccepted { actor, .. }
        | Fact::BatchClosed { actor, .. }) = fact
        else {
            if let Fact::BoardScrapped(scrapping) = fact {
                self.insert(&scrapping.actor);
            }
            return;
        };
        self.insert(actor);
    }

    /// Adds somebody.
    pub fn insert(&mut self, actor: &Actor) {
        self.0.insert(actor.clone());
    }
}

impl BatchHead {
    /// What its rows have in common.
    #[must_use]
    pub fn frame(&self) -> Frame {
        Frame {
            batch: self.batch.clone(),
            shifts: self.shifts(),
            cleared: self.cleared.clone(),
            with_measurements: self.with_measurements,
        }
    }

    fn terms(&self) -> Option<&BatchTermsRecord> {
        match &self.terms.as_ref()?.event.fact {
            Fact::BatchTermsRecorded(terms) => Some(terms),
            _ => None,
        }
    }

    fn shifts(&self) -> Vec<Shift> {
        let terms = self.terms();
        terms.map_or_else(Vec::new, |terms| terms.shifts.clone())
    }
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
    /// The same.
    #[error(
        "session {session} proves a second UID in the ledger's entry {index}; run `station ledger verify`"
    )]
    SecondUid {
        /// The session.
        session: Hex,
        /// What proves the second.
        index: u64,
    },
}

/// The statement but for its five long lists, to be signed at `signed_at` by the first certificate of the
/// chain.
///
/// # Errors
/// Where the batch has no beginning or no end.
pub fn skeleton(
    head: BatchHead,
    counts: Counts,
    signing_chain: Vec<Vec<u8>>,
    signed_at: UtcMillis,
) -> Result<Statement, NotExportable> {
    let opening = &head.opening.event;
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
        return Err(NotExportable::Unknown(head.batch));
    };
    let closing = &head.last.event;
    let Fact::BatchClosed {
        count,
        head: event_head,
        actor: closed_by,
        ..
    } = &closing.fact
    else {
        return Err(NotExportable::StillOpen(head.batch));
    };
    let ledger = extract(&head, *count, event_head);
    let mut operators = head.operators.clone();
    for noted in head.clock_accepted.iter().chain(&head.holds_cleared) {
        operators.add(&noted.event.fact);
    }
    let file = head.terms().and_then(|terms| terms.work_order_file.clone());
    let predicate = Predicate {
        work_order: work_order.clone(),
        work_order_file: file.map(|sha256| DigestSet { sha256 }),
        product: product.clone(),
        development: head.development,
        quantity: *quantity,
        opened: milestone(opening, opened_by),
        closed: milestone(closing, closed_by),
        shifts: head.shifts(),
        clock_accepted: head.clock_accepted.iter().filter_map(acceptance).collect(),
        holds_cleared: head.holds_cleared.iter().filter_map(clearing).collect(),
        scrapped_apart: head.scrapped_apart.iter().filter_map(apart).collect(),
        operators: operators.0.into_iter().collect(),
        profile: DigestSet {
            sha256: profile.clone(),
        },
        signed_profile: signed_profile(&opening.fact),
        issuing_certificate: DigestSet {
            sha256: sha256(&issuing_certificate.0).into(),
        },
        counts,
        signing_chain: signing_chain.into_iter().map(Base64Bytes).collect(),
        signed_at: Timestamp(signed_at),
        with_measurements: head.with_measurements,
        row_digests: Vec::new(),
        boards: Vec::new(),
        unidentified: Vec::new(),
        ledger,
        batch: head.batch,
        station: head.station,
    };
    Ok(Statement {
        statement_type: STATEMENT_TYPE.to_owned(),
        subject: Vec::new(),
        predicate_type: PREDICATE_TYPE.to_owned(),
        predicate,
    })
}

/// The whole statement of a small batch, from all events of its boards.
///
/// # Errors
/// Where the batch has no beginning or no end, or a certificate came from nowhere.
pub fn assemble(
    mut head: BatchHead,
    events: &[Noted],
    leaf_hashes: &[Digest],
    signing_chain: Vec<Vec<u8>>,
    signed_at: UtcMillis,
) -> Result<Statement, NotExportable> {
    let Rows {
        boards,
        unidentified,
    } = board_rows::collect(&head.frame(), events).map_err(NotExportable::NoSession)?;
    let counts = Counts::of(&boards, unidentified.len() as u64);
    let has_row = |uid: &Uid| boards.iter().any(|row| row.uid == *uid);
    head.scrapped_apart = events
        .iter()
        .filter(|one| one.event.batch.as_ref() == Some(&head.batch))
        .filter(|one| match &one.event.fact {
            Fact::BoardScrapped(record) => !has_row(&record.uid),
            _ => false,
        })
        .cloned()
        .collect();
    let mut statement = skeleton(head, counts, signing_chain, signed_at)?;
    statement.predicate.ledger.leaf_hashes = pieces(leaf_hashes);
    statement.predicate.unidentified = unidentified;
    fill(&mut statement, boards);
    Ok(statement)
}

/// Gives a statement these rows, with the lists that follow from them. Not the sums.
pub fn fill(statement: &mut Statement, boards: Vec<BoardRow>) {
    statement.subject = subjects_of(&boards);
    // Rows always have bytes; one without would be found out by the check before the signing.
    let digest = |row: &BoardRow| {
        let bytes = serde_json::to_vec(row).unwrap_or_default();
        RowDigest::of(row, &bytes)
    };
    statement.predicate.row_digests = boards.iter().map(digest).collect();
    statement.predicate.boards = boards;
}

/// Leaf hashes as the manifest has them.
#[must_use]
pub fn pieces(hashes: &[Digest]) -> Vec<Base64Bytes> {
    let piece = |hashes: &[Digest]| {
        let bytes = hashes.iter().flat_map(|hash| *hash.as_bytes());
        Base64Bytes(bytes.collect())
    };
    hashes.chunks(HASHES_A_PIECE).map(piece).collect()
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

fn extract(head: &BatchHead, count: u64, event_head: &Hex) -> LedgerExtract {
    let proof = head.proof.clone();
    LedgerExtract {
        origin: proof.origin,
        vkey: proof.vkey,
        checkpoint: proof.checkpoint,
        first_index: head.opening.index,
        last_index: head.last.index,
        event_count: count,
        event_head: event_head.clone(),
        opening_leaf: head.opening.leaf.clone(),
        terms: head.terms.as_ref().map(|terms| LogEntry {
            index: terms.index,
            leaf: terms.leaf.clone(),
            proof: None,
        }),
        closing_leaf: head.last.leaf.clone(),
        range_proof: proof.range.into(),
        leaf_hashes: Vec::new(),
    }
}

fn milestone(event: &Event, actor: &Actor) -> Milestone {
    Milestone {
        time: Timestamp(event.time),
        operator: actor.operator.clone(),
        assurance: actor.assurance,
    }
}

fn acceptance(noted: &Noted) -> Option<ClockAcceptance> {
    match &noted.event.fact {
        Fact::ClockAccepted { actor, .. } => Some(ClockAcceptance {
            time: Timestamp(noted.event.time),
            operator: actor.operator.clone(),
            assurance: actor.assurance,
            entry: noted.entry(),
        }),
        _ => None,
    }
}

fn clearing(noted: &Noted) -> Option<HoldClearing> {
    match &noted.event.fact {
        Fact::BatchHoldCleared { reason, actor } => Some(HoldClearing {
            time: Timestamp(noted.event.time),
            reason: reason.clone(),
            operator: actor.operator.clone(),
            assurance: actor.assurance,
            entry: noted.entry(),
        }),
        _ => None,
    }
}

fn apart(noted: &Noted) -> Option<ScrappedApart> {
    let Fact::BoardScrapped(record) = &noted.event.fact else {
        return None;
    };
    Some(ScrappedApart {
        uid: record.uid.clone(),
        scrapped: board_rows::scrapping(noted)?,
    })
}
