//! Holds two verified manifests of one batch against each other.
//!
//! A closed batch gets no more sessions, so that of two exports the later can say of a board only what became of it
//! afterwards: revoked, its lane's hold cleared. All else must be the same in both, whoever signed
//! them: each may verify, and one of them is not the truth. Which is the later is seen from the ledger's size, and not from a
//! time that somebody states.

mod rows;

use std::io::{self, Write as _};
use std::path::Path;

use serde::Serialize;

use super::envelope_writing::Hashing;
use super::question::Source;
use super::sorting::Sorter;
use super::spool::NotKept;
use super::statement::{BoardRow, LogEntry, Predicate};
use super::statement_reading::{Other, Receiver};
use super::time_order::SILENT_STEP_MS;
use crate::encoding::Hex;

use rows::{RowWord, Rules, digest, entry_digest, session_digest};

/// Most differences that are named.
const NAMED_MAX: usize = 20;

/// What is compared of a manifest's long lists, kept while it is read.
#[derive(Debug)]
pub struct KeptLists {
    rows: Sorter,
    hashes: Hashing<io::Sink>,
    unidentified: Hashing<io::Sink>,
    not_kept: Option<NotKept>,
}

impl KeptLists {
    /// Nothing yet; its file will be in that folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            rows: Sorter::new(folder),
            hashes: Hashing::new(io::sink()),
            unidentified: Hashing::new(io::sink()),
            not_kept: None,
        }
    }
}

impl Receiver for KeptLists {
    fn row(&mut self, row: BoardRow) {
        // In order, since nobody has seen to that where the manifest does not verify.
        let pushed = self.rows.push(&RowWord::of(&row).to_record()).err();
        self.not_kept = self.not_kept.take().or(pushed);
    }

    fn other(&mut self, element: Other) {
        // Into a digest alone, which has no faults.
        match element {
            Other::LeafHashes(piece) => drop(self.hashes.write_all(&piece.0)),
            Other::Unidentified(session) => {
                drop(self.unidentified.write_all(&session_digest(&session).0));
            }
            Other::Subject(_) | Other::RowDigest(_) => {}
        }
    }
}

/// One of the two.
#[derive(Debug)]
pub struct Side<'a> {
    /// What is known of the manifest.
    pub source: &'a Source,
    /// What it says, without its long lists.
    pub predicate: &'a Predicate,
    /// Those.
    pub lists: KeptLists,
}

/// Something that cannot be true in both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The device's serial, else its UID; none where it is about the batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// What differs, first as the earlier has it.
    pub what: String,
}

/// What the later manifest says of boards after the earlier one: no contradiction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LaterStates {
    /// Certificates that were revoked since.
    pub revoked: u64,
    /// Boards whose lane was held, or is no more.
    pub holds: u64,
}

impl LaterStates {
    /// For people; none where nothing is later.
    #[must_use]
    pub fn in_words(&self) -> Option<String> {
        let parts = [
            (self.revoked, "certificates revoked"),
            (self.holds, "boards whose lane is held, or is no more"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The first twenty of what contradicts.
    pub differences: Vec<Difference>,
    /// How many more there are.
    pub more: u64,
    /// What is merely later.
    pub later: LaterStates,
}

impl Comparison {
    fn add(&mut self, device: Option<&RowWord>, what: impl Into<String>) {
        if self.differences.len() < NAMED_MAX {
            self.differences.push(Difference {
                device: device.map(RowWord::name),
                what: what.into(),
            });
        } else {
            self.more += 1;
        }
    }
}

/// All that differs.
///
/// # Errors
/// Where the rows could not be kept: then nothing is known.
pub fn compare(mut earlier: Side<'_>, mut later: Side<'_>) -> Result<Comparison, NotKept> {
    let mut found = Comparison::default();
    for lists in [&mut earlier.lists, &mut later.lists] {
        if let Some(fault) = lists.not_kept.take() {
            return Err(fault);
        }
    }
    batches(&earlier, &later, &mut found);
    let KeptLists {
        rows: first,
        hashes,
        unidentified,
        ..
    } = earlier.lists;
    let mut first = first.sorted()?;
    let mut second = later.lists.rows.sorted()?;
    if hashes.digest() != later.lists.hashes.digest() {
        found.add(None, "the entries of the ledger in the batch's range");
    }
    if unidentified.digest() != later.lists.unidentified.digest() {
        found.add(None, "the sessions without a UID");
    }
    let measured = earlier.predicate.with_measurements && later.predicate.with_measurements;
    let rules = Rules {
        same_state: earlier.source.entries == later.source.entries,
        measured,
        closed_at: earlier.predicate.ledger.last_index,
    };
    rows::compare(&mut first, &mut second, rules, &mut found)?;
    Ok(found)
}

/// What both say of the batch as a whole.
fn batches(earlier: &Side<'_>, later: &Side<'_>, found: &mut Comparison) {
    let (one, other) = (earlier.predicate, later.predicate);
    let same = terms(one, other).into_iter().chain(extracts(one, other));
    for (what, _) in same.filter(|(_, same)| !same) {
        found.add(None, what);
    }
    if earlier.source.entries == later.source.entries && earlier.source.root != later.source.root {
        let what = format!(
            "the ledger itself: two roots over {} entries",
            earlier.source.entries
        );
        found.add(None, what);
    }
    let accepted = other.clock_accepted.len() > one.clock_accepted.len();
    let signed = (one.signed_at.0.0, other.signed_at.0.0);
    if !accepted && signed.1.saturating_add(SILENT_STEP_MS) < signed.0 {
        let what = format!(
            "the order: over {} entries and signed at {}, over {} entries and signed earlier, at {}",
            earlier.source.entries, one.signed_at, later.source.entries, other.signed_at
        );
        found.add(None, what);
    }
}

/// What differs, and whether it is the same.
type Point = (&'static str, bool);

fn terms(one: &Predicate, other: &Predicate) -> [Point; 11] {
    [
        ("the work order", one.work_order == other.work_order),
        (
            "the work order's file",
            one.work_order_file == other.work_order_file,
        ),
        ("the product", one.product == other.product),
        ("the kind of PKI", one.development == other.development),
        ("the quantity", one.quantity == other.quantity),
        ("the opening", one.opened == other.opened),
        ("the closing", one.closed == other.closed),
        ("the shifts", one.shifts == other.shifts),
        ("the profile", one.profile == other.profile),
        (
            "the profile's signature",
            one.signed_profile == other.signed_profile,
        ),
        (
            "the issuing CA",
            one.issuing_certificate == other.issuing_certificate,
        ),
    ]
}

fn extracts(one: &Predicate, other: &Predicate) -> [Point; 7] {
    let (log, other_log) = (&one.ledger, &other.ledger);
    let entry = |terms: &Option<LogEntry>| terms.as_ref().map(entry_digest);
    [
        ("the ledger's origin", log.origin == other_log.origin),
        (
            "the range of the ledger",
            (log.first_index, log.last_index) == (other_log.first_index, other_log.last_index),
        ),
        (
            "the chain of the batch's events",
            (log.event_count, &log.event_head) == (other_log.event_count, &other_log.event_head),
        ),
        (
            "the entries that opened and closed it",
            (&log.opening_leaf, &log.closing_leaf)
                == (&other_log.opening_leaf, &other_log.closing_leaf),
        ),
        ("the terms", entry(&log.terms) == entry(&other_log.terms)),
        (
            "the clocks that were accepted",
            clocks(other).starts_with(&clocks(one)),
        ),
        (
            "the people who worked on it",
            one.operators
                .iter()
                .all(|somebody| other.operators.contains(somebody)),
        ),
    ]
}

fn clocks(predicate: &Predicate) -> Vec<Hex> {
    let accepted = predicate.clock_accepted.iter();
    accepted
        .map(|one| {
            let said = (one.time, &one.operator, one.assurance);
            digest(&(said, entry_digest(&one.entry)))
        })
        .collect()
}
