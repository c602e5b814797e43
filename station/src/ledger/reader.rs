//! Reading the ledger beside the writer: for other commands, in other processes, while a station runs.
//!
//! A reader never changes the file. It sees whole commits only; a snapshot sees one of them.

mod against_copies;
mod checkpoints;
mod claims;
mod kinds;
mod leaves;
mod serials;

use std::ops::Range;
use std::path::Path;

use firmware_proto::{Digest, Uid};
use rusqlite::{Connection, OptionalExtension};

use super::checkpoint::VerifierKey;
use super::column::{Hash, Int};
use super::error::{Damage, Doing, LedgerError};
use super::event::Fact;
use super::leaf::Entry;
use super::log_store::{self, StoredNote};
use super::proof::{self, Path as ProofPath};
use super::range_proof::RangeProof;
use super::{failed_boards, integrity, overview};
use crate::clock::UtcMillis;
use crate::encoding::Hex;
use crate::names::{BatchId, CertificateSerial, StationName};

pub use super::profiles::ProfileOverview;
pub use checkpoints::Checkpoints;
pub use kinds::Kinds;
pub use leaves::Leaves;

pub(in crate::ledger) use leaves::{Selection, Whose};

pub use super::overview::{
    BatchHoldOverview, BatchOverview, CertificateOverview, DeviceFilter, DeviceOverview,
    HoldOverview, SessionOverview,
};

/// A read-only view of a ledger.
#[derive(Debug)]
pub struct Reader {
    pub(in crate::ledger) connection: Connection,
}

/// What the first entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// When the ledger was made.
    pub time: UtcMillis,
    /// By which station.
    pub station: StationName,
    /// The key that signs its checkpoints.
    pub key: VerifierKey,
    /// Whether the home is for development.
    pub development: bool,
}

/// A checkpoint as it is stored. Its signature is not checked here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// How many entries it covers.
    pub size: u64,
    /// The signed note.
    pub note: String,
}

impl Reader {
    /// Opens the ledger; each question is answered as of the last commit before it.
    ///
    /// # Errors
    /// [`LedgerError::Missing`], or what keeps the file from being read.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let connection = log_store::connect_read_only(path)?;
        Ok(Self { connection })
    }

    /// Opens the ledger as it is now: all answers belong together. Not for long, since the writer
    /// cannot shorten its write-ahead log meanwhile.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn snapshot(path: &Path) -> Result<Self, LedgerError> {
        let reader = Self::open(path)?;
        // The transaction begins with its first read.
        let begun = reader.connection.execute_batch("BEGIN DEFERRED");
        begun.doing("beginning a snapshot")?;
        reader.size()?;
        Ok(reader)
    }

    /// What the first entry says.
    ///
    /// # Errors
    /// [`Damage::Opening`] where it opens no ledger.
    pub fn opening(&self) -> Result<Opening, LedgerError> {
        let key = integrity::opening_key(&self.connection)?;
        let leaf = self.entry(0)?.leaf;
        let Fact::LedgerOpened {
            station,
            development,
            ..
        } = leaf.fact
        else {
            return Err(Damage::Opening.into());
        };
        Ok(Opening {
            time: leaf.time,
            station,
            key,
            development,
        })
    }

    /// How many entries there are.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn size(&self) -> Result<u64, LedgerError> {
        log_store::size(&self.connection)
    }

    /// One entry.
    ///
    /// # Errors
    /// [`Damage::EntryMissing`], or what keeps it from being read.
    pub fn entry(&self, index: u64) -> Result<Entry, LedgerError> {
        log_store::entry(&self.connection, index)
    }

    /// The bytes of the entries in that range.
    pub fn leaves(&self, range: Range<u64>) -> Leaves<'_> {
        Leaves::new(self, Selection::Range(range.end), range.start)
    }

    /// The bytes of a batch's events, in their order.
    pub fn events_of_batch(&self, batch: &BatchId) -> Leaves<'_> {
        Leaves::new(self, Selection::Batch(batch.clone()), 0)
    }

    /// The bytes of a session's events, in their order.
    pub fn events_of_session(&self, session: &Hex) -> Leaves<'_> {
        Leaves::new(self, Selection::Session(session.clone()), 0)
    }

    /// The bytes of all events about a board, in their order.
    pub fn history(&self, uid: &Uid) -> Leaves<'_> {
        Leaves::new(self, Selection::Board(uid.clone()), 0)
    }

    /// The bytes of the events of these kinds from entry `first` on, in their order.
    pub fn events_of_kinds(&self, kinds: Kinds, first: u64) -> Leaves<'_> {
        Leaves::new(self, Selection::Kinds(kinds.list(), Whose::Anybody), first)
    }

    /// The same, of a batch.
    pub fn kinds_of_batch(&self, kinds: Kinds, batch: &BatchId) -> Leaves<'_> {
        let whose = Whose::Batch(batch.clone());
        Leaves::new(self, Selection::Kinds(kinds.list(), whose), 0)
    }

    /// The same, of a session.
    pub fn kinds_of_session(&self, kinds: Kinds, session: &Hex) -> Leaves<'_> {
        let whose = Whose::Session(session.clone());
        Leaves::new(self, Selection::Kinds(kinds.list(), whose), 0)
    }

    /// The same, of a board.
    pub fn kinds_of_board(&self, kinds: Kinds, uid: &Uid) -> Leaves<'_> {
        let whose = Whose::Board(uid.clone());
        Leaves::new(self, Selection::Kinds(kinds.list(), whose), 0)
    }

    /// The leaf hashes of the entries in that range.
    ///
    /// # Errors
    /// Where one of them is missing.
    pub fn leaf_hashes(&self, range: Range<u64>) -> Result<Vec<Digest>, LedgerError> {
        let doing = "reading leaf hashes";
        let mut find = self
            .connection
            .prepare_cached("SELECT hash FROM entry WHERE idx >= ?1 AND idx < ?2 ORDER BY idx")
            .doing(doing)?;
        let rows = find
            .query_map([Int(range.start), Int(range.end)], |row| {
                row.get::<_, Hash>(0).map(|hash| hash.0)
            })
            .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
            .doing(doing)?;
        let expected = range.end.saturating_sub(range.start);
        if rows.len() as u64 != expected {
            return Err(Damage::EntryMissing(range.start.saturating_add(rows.len() as u64)).into());
        }
        Ok(rows)
    }

    /// The last checkpoint; none only in a damaged ledger.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn latest_checkpoint(&self) -> Result<Option<StoredCheckpoint>, LedgerError> {
        let stored = log_store::last_note(&self.connection)?;
        Ok(stored.map(|StoredNote { size, note }| StoredCheckpoint { size, note }))
    }

    /// All checkpoints, the newest first.
    pub fn checkpoints(&self) -> Checkpoints<'_> {
        Checkpoints::new(self)
    }

    /// The checkpoint over exactly so many entries.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn checkpoint_of(&self, size: u64) -> Result<Option<StoredCheckpoint>, LedgerError> {
        let over = match size.checked_sub(1) {
            Some(last) => self.checkpoint_over(last)?,
            None => None,
        };
        Ok(over.filter(|stored| stored.size == size))
    }

    /// The first checkpoint that covers this entry; none where no checkpoint does yet.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn checkpoint_over(&self, index: u64) -> Result<Option<StoredCheckpoint>, LedgerError> {
        self.connection
            .prepare_cached(
                "SELECT size, note FROM checkpoint WHERE size > ?1 ORDER BY size LIMIT 1",
            )
            .and_then(|mut find| {
                find.query_row([Int(index)], |row| {
                    Ok(StoredCheckpoint {
                        size: row.get::<_, Int>(0)?.0,
                        note: row.get(1)?,
                    })
                })
                .optional()
            })
            .doing("reading a checkpoint")
    }

    /// Hashes that prove an entry to be in the tree of that size; none where it is not.
    ///
    /// # Errors
    /// Where a node is missing.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Option<ProofPath>, LedgerError> {
        proof::inclusion(&self.connection, index, size)
    }

    /// Hashes that prove the tree of `new` entries to continue that of `old`; none where it cannot.
    ///
    /// # Errors
    /// Where a node is missing.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Option<ProofPath>, LedgerError> {
        proof::consistency(&self.connection, old, new)
    }

    /// One proof for the entries in that range; none where they are not in the tree of that size.
    ///
    /// # Errors
    /// Where a node is missing.
    pub fn range_proof(
        &self,
        range: Range<u64>,
        size: u64,
    ) -> Result<Option<RangeProof>, LedgerError> {
        RangeProof::make(&self.connection, range.start, range.end, size)
    }

    /// All batches, in the order of their opening.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn batches(&self) -> Result<Vec<BatchOverview>, LedgerError> {
        overview::batches(&self.connection, None)
    }

    /// One batch.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn batch(&self, batch: &BatchId) -> Result<Option<BatchOverview>, LedgerError> {
        overview::batches(&self.connection, Some(batch)).map(|mut found| found.pop())
    }

    /// How many boards of a batch failed, counted as its manifest counts them.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn failed_boards(&self, batch: &BatchId) -> Result<u64, LedgerError> {
        failed_boards::count(&self.connection, batch)
    }

    /// The boards that the filter lets through, by UID.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn devices(&self, filter: &DeviceFilter) -> Result<Vec<DeviceOverview>, LedgerError> {
        overview::devices(&self.connection, filter)
    }

    /// One board.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn device(&self, uid: &Uid) -> Result<Option<DeviceOverview>, LedgerError> {
        let filter = DeviceFilter {
            uid: Some(uid.clone()),
            ..DeviceFilter::default()
        };
        self.devices(&filter).map(|mut found| found.pop())
    }

    /// All certificates of a board, the oldest first.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn certificates(&self, uid: &Uid) -> Result<Vec<CertificateOverview>, LedgerError> {
        overview::certificates(&self.connection, "uid = ?1", &uid.to_string())
    }

    /// One certificate.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn certificate(
        &self,
        serial: &CertificateSerial,
    ) -> Result<Option<CertificateOverview>, LedgerError> {
        overview::certificates(&self.connection, "serial = ?1", &serial.to_string())
            .map(|mut found| found.pop())
    }

    /// All certificates issued in a batch, in the order of issuing.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn certificates_of_batch(
        &self,
        batch: &BatchId,
    ) -> Result<Vec<CertificateOverview>, LedgerError> {
        overview::certificates(&self.connection, "batch = ?1", batch.as_str())
    }

    /// All sessions of a batch, in the order of their opening.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn sessions(&self, batch: &BatchId) -> Result<Vec<SessionOverview>, LedgerError> {
        overview::sessions(&self.connection, batch)
    }

    /// The lanes that are held, by name.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn holds(&self) -> Result<Vec<HoldOverview>, LedgerError> {
        overview::holds(&self.connection)
    }

    /// The batches that are held, by name.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn batch_holds(&self) -> Result<Vec<BatchHoldOverview>, LedgerError> {
        overview::batch_holds(&self.connection)
    }

    /// The bytes of what stop rules look at, in the order of the log: the batch's verdicts, and holds that
    /// were cleared, of the batch and of all lanes.
    pub fn verdicts_and_cleared_holds(&self, batch: &BatchId) -> Leaves<'_> {
        Leaves::new(self, Selection::StopRules(batch.clone()), 0)
    }

    /// The connection, for a check of the whole file.
    pub(in crate::ledger) fn connection(&self) -> &Connection {
        &self.connection
    }
}
