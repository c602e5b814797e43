//! Reads a statement element by element, and checks each as it comes.
//!
//! Nothing is trusted yet: it notes the first thing that is wrong, goes on comparing rows with the table of
//! rows, and leaves the judgement to [`offline_verifier`](super::offline_verifier).

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::consistency::{Contradiction, Preface, RowChecks};
use super::json_lists::{Elements, Place, Skeleton};
use super::ledger_proof::{self, Extract, LeafHashes, LedgerFault};
use super::rejected::{Rejected, misspelt};
use super::row_naming::{RowFindings, RowNaming};
use super::shown_entries::Whose;
use super::spool::{NotKept, Spool};
use super::statement::{BoardRow, RowDigest, SessionRow, Statement, Subject, subject_of};
pub use super::statement_receiver::{Other, Receiver};
use crate::dsse::read_canonical;
use crate::encoding::Base64Bytes;

/// The long lists of a statement, in the order of their elements' numbers below.
pub const LISTS: &[Place] = &[
    &["subject"],
    &["predicate", "row_digests"],
    &["predicate", "boards"],
    &["predicate", "unidentified"],
    &["predicate", "ledger", "leaf_hashes"],
];
const SUBJECTS: usize = 0;
const ROW_DIGESTS: usize = 1;
const BOARDS: usize = 2;
const UNIDENTIFIED: usize = 3;

const PART: &str = "the statement";

/// What begins once, when what stands before it in the statement was read.
enum Begun<T> {
    NotYet,
    /// It could not be read, which is told when the whole skeleton is.
    Never,
    Is(T),
}

/// A statement that is being read.
pub(super) struct Reading<'a, R> {
    receiver: &'a mut R,
    /// Where files will be.
    folder: PathBuf,
    /// The subjects, each until its row comes.
    subjects: Spool,
    /// The first that is not its row's. Rows out of order have other subjects too, and that says less.
    other_subject: Option<Contradiction>,
    /// Boards that passed so far.
    passed: u64,
    naming: RowNaming,
    rows: Begun<RowChecks>,
    extract: &'a OnceCell<Extract>,
    hashes: Begun<LeafHashes<'a>>,
    /// The first element that is not spelt as stations spell it.
    misspelt: Option<Rejected>,
    /// The first contradiction.
    fault: Option<Rejected>,
    /// Why no more can be said.
    not_kept: Option<NotKept>,
}

/// What was found, when all was read.
pub(super) struct Found {
    pub(super) misspelt: Option<Rejected>,
    pub(super) fault: Option<Rejected>,
    /// Whether that is only that something before it could not be read.
    pub(super) unread: bool,
    /// Rows that are not as the table of rows has them.
    pub(super) rows: RowFindings,
}

impl<'a, R: Receiver> Reading<'a, R> {
    pub(super) fn new(receiver: &'a mut R, extract: &'a OnceCell<Extract>, folder: &Path) -> Self {
        Self {
            receiver,
            folder: folder.to_owned(),
            subjects: Spool::new(folder),
            other_subject: None,
            passed: 0,
            naming: RowNaming::new(folder),
            rows: Begun::NotYet,
            extract,
            hashes: Begun::NotYet,
            misspelt: None,
            fault: None,
            not_kept: None,
        }
    }

    /// All bytes were read.
    ///
    /// # Errors
    /// Where something could not be kept: then nothing is known.
    pub(super) fn finish(mut self) -> Result<Found, Rejected> {
        if let Some(fault) = self.other_subject.take() {
            self.fail(fault.into());
        }
        if self.passed != self.subjects.len() {
            let more = "there are more subjects than such boards".to_owned();
            self.fail(Contradiction::Subjects(more).into());
        }
        let mut unread = false;
        match std::mem::replace(&mut self.hashes, Begun::Never) {
            Begun::Is(hashes) => {
                if let Err(fault) = hashes.finish() {
                    self.fail(fault.into());
                }
            }
            Begun::NotYet => self.fail(LedgerFault::Pieces(0).into()),
            Begun::Never => {
                // What stands before them cannot be read, which is told first where somebody has signed it.
                unread = self.fault.is_none();
                self.fail(LedgerFault::Pieces(0).into());
            }
        }
        match self.not_kept {
            Some(fault) => Err(fault.into()),
            None => Ok(Found {
                misspelt: self.misspelt,
                fault: self.fault,
                unread,
                rows: self.naming.findings()?,
            }),
        }
    }

    /// Notes the first fault.
    fn fail(&mut self, fault: Rejected) {
        match fault {
            Rejected::NotKept(fault) => {
                self.not_kept.get_or_insert(fault);
            }
            fault if self.fault.is_none() => match self.naming_its_board(fault) {
                Ok(fault) => self.fault = Some(fault),
                Err(fault) => self.not_kept = Some(fault),
            },
            _ => {}
        }
    }

    /// The fault, with the board's name where it is about the entry of a row.
    fn naming_its_board(&mut self, fault: Rejected) -> Result<Rejected, NotKept> {
        let Rejected::Ledger(LedgerFault::NotIncluded {
            whose: Whose::Row(row),
            index,
        }) = fault
        else {
            return Ok(fault);
        };
        let name = self.naming.expected_name(row)?;
        let whose = name.map_or(Whose::Row(row), Whose::Board);
        Ok(LedgerFault::NotIncluded { whose, index }.into())
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

    fn subject(&mut self, bytes: &[u8], offset: u64) -> Result<(), Rejected> {
        if let Some(subject) = self.read::<Subject>(bytes, offset) {
            self.subjects.push(bytes)?;
            self.receiver.other(Other::Subject(subject));
        }
        Ok(())
    }

    fn row_digest(&mut self, bytes: &[u8], offset: u64) -> Result<(), Rejected> {
        if let Some(entry) = self.read::<RowDigest>(bytes, offset) {
            self.naming.list(bytes)?;
            self.receiver.other(Other::RowDigest(entry));
        } else {
            self.naming.lose_line();
        }
        Ok(())
    }

    fn row(&mut self, bytes: &[u8], offset: u64, skeleton: &[u8]) -> Result<(), Rejected> {
        let row = self.read::<BoardRow>(bytes, offset);
        self.naming.see(bytes, row.as_ref())?;
        let Some(row) = row else {
            return Ok(());
        };
        let checked = if self.is_good() {
            self.check_row(&row, skeleton)
        } else {
            Ok(())
        };
        self.receiver.row(row);
        checked
    }

    fn check_row(&mut self, row: &BoardRow, skeleton: &[u8]) -> Result<(), Rejected> {
        if self.other_subject.is_none() {
            self.other_subject = self.subject_fault(row)?;
        }
        match self.rows(skeleton)? {
            Some(rows) => rows.add(row),
            None => Ok(()),
        }
    }

    fn subject_fault(&mut self, row: &BoardRow) -> Result<Option<Contradiction>, NotKept> {
        let Some(subject) = subject_of(row) else {
            return Ok(None);
        };
        self.passed += 1;
        let bytes = serde_json::to_vec(&subject).unwrap_or_default();
        let mut expected = Vec::new();
        let there = self.subjects.next(&mut expected)?;
        if there && expected == bytes {
            return Ok(None);
        }
        let row = row.name();
        // Whoever takes a row away with its line in the table leaves its subject.
        let told = match serde_json::from_slice::<Subject>(&expected) {
            Ok(Subject { name, .. }) if there && name != subject.name => {
                format!("that of device {name} is there, where the rows have {row}")
            }
            Ok(_) if there => format!("another certificate is there for {row}"),
            _ => format!("there is none for {row}"),
        };
        Ok(Some(Contradiction::Subjects(told)))
    }

    fn unidentified(&mut self, bytes: &[u8], offset: u64, skeleton: &[u8]) -> Result<(), Rejected> {
        let Some(session) = self.read::<SessionRow>(bytes, offset) else {
            return Ok(());
        };
        let checked = if self.is_good() {
            self.check_unidentified(&session, skeleton)
        } else {
            Ok(())
        };
        self.receiver.other(Other::Unidentified(Box::new(session)));
        checked
    }

    fn check_unidentified(
        &mut self,
        session: &SessionRow,
        skeleton: &[u8],
    ) -> Result<(), Rejected> {
        match self.rows(skeleton)? {
            Some(rows) => rows.add_unidentified(session),
            None => Ok(()),
        }
    }

    /// Whether nothing was found wrong yet.
    const fn is_good(&self) -> bool {
        self.fault.is_none() && self.misspelt.is_none()
    }

    /// The checks of rows, which begin with what stands before them.
    fn rows(&mut self, skeleton: &[u8]) -> Result<Option<&mut RowChecks>, Rejected> {
        if let Begun::NotYet = self.rows {
            // One try: a preface may be long, and there are as many rows as somebody likes to send.
            self.rows = Begun::Never;
            if let Some(rows) = self.begin_rows(skeleton)? {
                self.rows = Begun::Is(rows);
            }
        }
        match &mut self.rows {
            Begun::Is(rows) => Ok(Some(rows)),
            Begun::NotYet | Begun::Never => Ok(None),
        }
    }

    /// What stands before the rows, where that can be read.
    fn begin_rows(&self, skeleton: &[u8]) -> Result<Option<RowChecks>, Rejected> {
        #[derive(Deserialize)]
        struct Document {
            predicate: Preface,
        }
        let whole = [skeleton, b"]}}"].concat();
        match serde_json::from_slice(&whole) {
            Ok(Document { predicate }) => Ok(Some(RowChecks::new(predicate, &self.folder)?)),
            Err(_) => Ok(None),
        }
    }

    fn leaf_hashes(&mut self, bytes: &[u8], offset: u64, skeleton: &[u8]) -> Result<(), Rejected> {
        let Some(piece) = self.read::<Base64Bytes>(bytes, offset) else {
            return Ok(());
        };
        let checked = if self.is_good() {
            self.check_hashes(&piece, skeleton)
        } else {
            Ok(())
        };
        self.receiver.other(Other::LeafHashes(piece));
        checked
    }

    fn check_hashes(&mut self, piece: &Base64Bytes, skeleton: &[u8]) -> Result<(), Rejected> {
        if let Begun::NotYet = self.hashes {
            self.hashes = Begun::Never;
            self.begin_hashes(skeleton)?;
        }
        match &mut self.hashes {
            Begun::Is(hashes) => hashes.add(piece),
            Begun::NotYet | Begun::Never => Ok(()),
        }
    }

    /// All but the leaf hashes was read: what the rows come to, and what they must find in the log.
    fn begin_hashes(&mut self, skeleton: &[u8]) -> Result<(), Rejected> {
        // It names a board; sums that do not fit do not.
        if let Some(fault) = self.other_subject.take() {
            return Err(fault.into());
        }
        let whole = [skeleton, b"]}}}"].concat();
        let Ok(statement) = serde_json::from_slice::<Statement>(&whole) else {
            // Told when the whole skeleton is read.
            return Ok(());
        };
        let rows = match std::mem::replace(&mut self.rows, Begun::Never) {
            Begun::Is(rows) => rows,
            _ => RowChecks::new(Preface::from(&statement.predicate), &self.folder)?,
        };
        let tally = ledger_proof::tally(&statement.predicate.ledger)?;
        let anchors = rows.finish(&statement, tally.as_ref())?;
        let extract = Extract::of(&statement.predicate)?;
        let shown = extract.shown(anchors)?;
        let extract = self.extract.get_or_init(|| extract);
        self.hashes = Begun::Is(LeafHashes::new(extract, shown)?);
        Ok(())
    }
}

impl<R: Receiver> Elements for Reading<'_, R> {
    fn element(&mut self, list: usize, bytes: &[u8], offset: u64, skeleton: &[u8]) {
        if self.not_kept.is_some() {
            return;
        }
        let read = match list {
            SUBJECTS => self.subject(bytes, offset),
            ROW_DIGESTS => self.row_digest(bytes, offset),
            BOARDS => self.row(bytes, offset, skeleton),
            UNIDENTIFIED => self.unidentified(bytes, offset, skeleton),
            _ => self.leaf_hashes(bytes, offset, skeleton),
        };
        if let Err(fault) = read {
            self.fail(fault);
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
