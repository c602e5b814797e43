//! Reads a statement element by element, and checks each as it comes.
//!
//! Nothing is trusted yet: it notes the first thing that is wrong, goes on comparing rows with the table of
//! rows, and leaves the judgement to [`offline_verifier`](super::offline_verifier).

use std::cell::OnceCell;

use firmware_proto::Digest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::consistency::{Contradiction, Preface, RowChecks};
use super::json_lists::{Elements, Place, Skeleton};
use super::ledger_proof::{self, Extract, LeafHashes, LedgerFault, Whose};
use super::rejected::{Rejected, misspelt};
use super::row_naming::RowNaming;
use super::statement::{BoardRow, RowDigest, Statement, Subject, subject_of};
use crate::dsse::read_canonical;
use crate::encoding::{Base64Bytes, sha256};

/// The long lists of a statement, in the order of their elements' numbers below.
pub const LISTS: &[Place] = &[
    &["subject"],
    &["predicate", "row_digests"],
    &["predicate", "boards"],
    &["predicate", "ledger", "leaf_hashes"],
];
const SUBJECTS: usize = 0;
const ROW_DIGESTS: usize = 1;
const BOARDS: usize = 2;

const PART: &str = "the statement";

/// Who wants to have the elements themselves.
pub trait Receiver {
    /// A row.
    fn row(&mut self, row: BoardRow);

    /// An element of another list.
    fn other(&mut self, _element: Other) {}
}

/// An element of one of the lists that follow from the rows and the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Other {
    /// A subject.
    Subject(Subject),
    /// A line of the table of rows.
    RowDigest(RowDigest),
    /// A piece of the leaf hashes.
    LeafHashes(Base64Bytes),
}

impl<F: FnMut(BoardRow)> Receiver for F {
    fn row(&mut self, row: BoardRow) {
        self(row);
    }
}

/// A statement that is being read.
pub(super) struct Reading<'a, R> {
    receiver: &'a mut R,
    subjects: Vec<Digest>,
    /// The subject that belongs to the next board that passed.
    next_subject: usize,
    naming: RowNaming,
    rows: Option<RowChecks>,
    extract: &'a OnceCell<Extract>,
    hashes: Option<LeafHashes<'a>>,
    /// The first element that is not spelt as stations spell it.
    misspelt: Option<Rejected>,
    /// The first contradiction.
    fault: Option<Rejected>,
}

/// What was found, when all was read.
pub(super) struct Found {
    pub(super) misspelt: Option<Rejected>,
    pub(super) fault: Option<Rejected>,
    pub(super) naming: RowNaming,
}

impl<'a, R: Receiver> Reading<'a, R> {
    pub(super) fn new(receiver: &'a mut R, extract: &'a OnceCell<Extract>) -> Self {
        Self {
            receiver,
            subjects: Vec::new(),
            next_subject: 0,
            naming: RowNaming::default(),
            rows: None,
            extract,
            hashes: None,
            misspelt: None,
            fault: None,
        }
    }

    /// All bytes were read.
    pub(super) fn finish(mut self) -> Found {
        if self.next_subject != self.subjects.len() {
            let more = "there are more subjects than such boards".to_owned();
            self.fail(Contradiction::Subjects(more));
        }
        match self.hashes.take() {
            Some(hashes) => {
                let ended = hashes.finish();
                self.note(ended);
            }
            None => self.fail(LedgerFault::Pieces(0)),
        }
        Found {
            misspelt: self.misspelt,
            fault: self.fault,
            naming: self.naming,
        }
    }

    fn fail(&mut self, fault: impl Into<Rejected>) {
        if self.fault.is_none() {
            self.fault = Some(fault.into());
        }
    }

    /// Notes a fault of the ledger's part, with the board's name where it is about a row.
    fn note(&mut self, result: Result<(), LedgerFault>) {
        match result {
            Ok(()) => {}
            Err(LedgerFault::NotIncluded {
                whose: Whose::Row(row),
                index,
            }) => {
                let name = self.naming.expected_name(row as usize);
                let whose = name.map_or(Whose::Row(row), Whose::Board);
                self.fail(LedgerFault::NotIncluded { whose, index });
            }
            Err(fault) => self.fail(fault),
        }
    }

    /// Reads an element and insists on its spelling.
    fn read<T: DeserializeOwned + Serialize>(&mut self, bytes: &[u8], offset: u64) -> Option<T> {
        match read_canonical(bytes, serde_json::to_vec) {
            Ok(value) => Some(value),
            Err(error) => {
                let rejected = misspelt(PART, error, offset);
                self.misspelt.get_or_insert(rejected);
                None
            }
        }
    }

    fn subject(&mut self, bytes: &[u8], offset: u64) {
        if let Some(subject) = self.read::<Subject>(bytes, offset) {
            self.subjects.push(sha256(bytes));
            self.receiver.other(Other::Subject(subject));
        }
    }

    fn row_digest(&mut self, bytes: &[u8], offset: u64) {
        if let Some(entry) = self.read::<RowDigest>(bytes, offset) {
            self.naming.list(entry.clone());
            self.receiver.other(Other::RowDigest(entry));
        }
    }

    fn row(&mut self, bytes: &[u8], offset: u64, skeleton: &[u8]) {
        let row = self.read::<BoardRow>(bytes, offset);
        self.naming.see(bytes, row.as_ref());
        let Some(row) = row else {
            return;
        };
        if self.fault.is_none() && self.misspelt.is_none() {
            self.check_row(&row, skeleton);
        }
        self.receiver.row(row);
    }

    fn check_row(&mut self, row: &BoardRow, skeleton: &[u8]) {
        if let Some(subject) = subject_of(row) {
            let expected = self.subjects.get(self.next_subject);
            self.next_subject += 1;
            let bytes = serde_json::to_vec(&subject).unwrap_or_default();
            if expected != Some(&sha256(&bytes)) {
                self.fail(Contradiction::Subjects(row.name()));
            }
        }
        if self.rows.is_none() {
            self.rows = self.begin_rows(skeleton);
        }
        if let Some(rows) = &mut self.rows
            && let Err(fault) = rows.add(row)
        {
            self.fail(fault);
        }
    }

    /// What stands before the rows. Where it cannot be read, the whole skeleton cannot be, which is told then.
    fn begin_rows(&mut self, skeleton: &[u8]) -> Option<RowChecks> {
        #[derive(Deserialize)]
        struct Document {
            predicate: Preface,
        }
        let whole = [skeleton, b"]}}"].concat();
        let Document { predicate } = serde_json::from_slice(&whole).ok()?;
        match RowChecks::new(predicate) {
            Ok(rows) => Some(rows),
            Err(fault) => {
                self.fail(fault);
                None
            }
        }
    }

    fn leaf_hashes(&mut self, bytes: &[u8], offset: u64, skeleton: &[u8]) {
        let Some(piece) = self.read::<Base64Bytes>(bytes, offset) else {
            return;
        };
        if self.fault.is_none() && self.misspelt.is_none() {
            if self.hashes.is_none()
                && let Err(fault) = self.begin_hashes(skeleton)
            {
                self.note(Err(fault));
            }
            if let Some(hashes) = &mut self.hashes {
                let added = hashes.add(&piece);
                self.note(added);
            }
        }
        self.receiver.other(Other::LeafHashes(piece));
    }

    /// All but the leaf hashes was read: what the rows come to, and what they must find in the log.
    fn begin_hashes(&mut self, skeleton: &[u8]) -> Result<(), LedgerFault> {
        let whole = [skeleton, b"]}}}"].concat();
        let Ok(statement) = serde_json::from_slice::<Statement>(&whole) else {
            // Told when the whole skeleton is read.
            return Ok(());
        };
        let rows = match self.rows.take() {
            Some(rows) => Ok(rows),
            None => RowChecks::new(Preface::from(&statement.predicate)),
        };
        let tally = ledger_proof::tally(&statement.predicate.ledger)?;
        let anchors = rows.and_then(|rows| rows.finish(&statement, tally.as_ref()));
        let anchors = match anchors {
            Ok(anchors) => anchors,
            Err(fault) => {
                self.fail(fault);
                return Ok(());
            }
        };
        let mut extract = Extract::of(&statement.predicate)?;
        extract.add(anchors)?;
        let extract = self.extract.get_or_init(|| extract);
        self.hashes = Some(LeafHashes::new(extract)?);
        Ok(())
    }
}

impl<R: Receiver> Elements for Reading<'_, R> {
    fn element(&mut self, list: usize, bytes: &[u8], offset: u64, skeleton: &[u8]) {
        match list {
            SUBJECTS => self.subject(bytes, offset),
            ROW_DIGESTS => self.row_digest(bytes, offset),
            BOARDS => self.row(bytes, offset, skeleton),
            _ => self.leaf_hashes(bytes, offset, skeleton),
        }
    }
}

/// Reads what remains of a statement without its long lists, in its one spelling.
pub(super) fn read_skeleton(skeleton: &Skeleton) -> Result<Statement, Rejected> {
    read_canonical(&skeleton.bytes, Statement::to_bytes).map_err(|error| {
        let rejected = misspelt(PART, error, 0);
        match rejected {
            Rejected::NotCanonical { part, offset } => Rejected::NotCanonical {
                part,
                offset: skeleton.offset(usize::try_from(offset).unwrap_or(usize::MAX)),
            },
            other => other,
        }
    })
}
