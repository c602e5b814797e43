//! Which rows differ from a manifest's own table of rows, and how: altered, added, doubled, moved, missing.
//!
//! Works without trust in anybody: where the signature has failed, it is the best that can be said of what
//! was changed.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::row_comparison;
use super::spool::{NotKept, Spool};
use super::statement::{BoardRow, RowDigest};
use crate::encoding::{Hex, sha256};
use crate::names::DeviceSerial;

/// Most rows that are named one by one; of the others it is said how many they are.
const NAMED_MAX: usize = 20;

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowFinding {
    /// It is in the table, with other bytes.
    Altered(String),
    /// It is not in the table.
    Added(String),
    /// It is not in what can be read of the table.
    Unlisted(String),
    /// It is there more often than in the table.
    Doubled(String),
    /// It is there, in another place: after the other one.
    Moved(String, String),
    /// It is there as the table has it, but for what else the table says of it.
    Table {
        /// Its place in the table, from 1.
        place: u64,
        /// The row whose bytes it names.
        name: String,
    },
    /// It is in the table, and not there.
    Missing {
        /// Its place in the table, from 1.
        row: u64,
        /// The ledger's entry that it rests on.
        index: u64,
        /// Its serial, where it has one.
        serial: Option<DeviceSerial>,
    },
}

impl fmt::Display for RowFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered(name) => write!(f, "{name} was altered"),
            Self::Added(name) => write!(f, "{name} was added"),
            Self::Unlisted(name) => {
                write!(f, "{name} is not in what can be read of the table of rows")
            }
            Self::Doubled(name) => write!(f, "{name} is doubled"),
            Self::Moved(name, after) => {
                write!(f, "the rows were reordered: {name} stands after {after}")
            }
            Self::Table { place, name } => write!(
                f,
                "line {place} of the table of rows was altered: its digest is that of {name}"
            ),
            Self::Missing { row, index, serial } => {
                write!(f, "row {row} is missing, of ledger entry {index}")?;
                serial
                    .as_ref()
                    .map_or(Ok(()), |serial| write!(f, " (device {serial})"))
            }
        }
    }
}

/// What is wrong with the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowFindings {
    named: Vec<RowFinding>,
    more: u64,
}

impl RowFindings {
    /// Whether nothing is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    pub(super) fn add(&mut self, finding: RowFinding) {
        if self.named.len() < NAMED_MAX {
            self.named.push(finding);
        } else {
            self.more += 1;
        }
    }
}

impl fmt::Display for RowFindings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, finding) in self.named.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{finding}")?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "; and {more} more rows"),
        }
    }
}

/// A row that is not where the table has it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) digest: Hex,
    pub(super) serial: Option<DeviceSerial>,
    /// None where it could not be read.
    pub(super) name: Option<String>,
    pub(super) index: Option<u64>,
}

impl Seen {
    /// How people name it; by its place, counted from 0, where it cannot be read.
    pub(super) fn called(&self, at: u64) -> String {
        let unreadable = || format!("row {}, which cannot be read,", at.saturating_add(1));
        self.name.clone().unwrap_or_else(unreadable)
    }
}

/// Compares rows with the table as they come; the table, and the rows from the first difference on, wait in files.
#[derive(Debug)]
pub struct RowNaming {
    folder: PathBuf,
    /// The table's entries, in JSON.
    table: Spool,
    /// Whether there are more of them, which cannot be read.
    lost: bool,
    /// Rows that are as the table has them, from the first on.
    alike: u64,
    /// The others, each a [`Seen`] in JSON.
    seen: Spool,
    entry: Vec<u8>,
}

impl RowNaming {
    /// Nothing yet; files will be in that folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            table: Spool::new(folder),
            lost: false,
            alike: 0,
            seen: Spool::new(folder),
            entry: Vec::new(),
        }
    }

    /// The table's next entry, in its one spelling; all come before the rows.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub fn list(&mut self, entry: &[u8]) -> Result<(), NotKept> {
        self.table.push(entry)
    }

    /// The table's next entry cannot be read.
    pub fn lose_line(&mut self) {
        self.lost = true;
    }

    /// The next row, by its bytes; and what they say, where they can be read.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub fn see(&mut self, bytes: &[u8], row: Option<&BoardRow>) -> Result<(), NotKept> {
        if self.seen.is_empty() && self.table.next(&mut self.entry)? && self.fits(bytes, row) {
            self.alike += 1;
            return Ok(());
        }
        let seen = Seen {
            digest: sha256(bytes).into(),
            serial: row.and_then(|row| row.serial.clone()),
            name: row.map(BoardRow::name),
            index: row.map(|row| row.index),
        };
        let seen = serde_json::to_vec(&seen);
        self.seen
            .push(&seen.map_err(|error| NotKept::new(&self.folder, error))?)
    }

    /// Whether the row is the one that the table's next entry is of.
    fn fits(&self, bytes: &[u8], row: Option<&BoardRow>) -> bool {
        match row {
            Some(row) => serde_json::to_vec(&RowDigest::of(row, bytes))
                .is_ok_and(|expected| expected == self.entry),
            None => serde_json::from_slice(&self.entry)
                .is_ok_and(|entry: RowDigest| entry.sha256 == sha256(bytes).into()),
        }
    }

    /// All that differs; nothing where the rows are as the table has them.
    ///
    /// # Errors
    /// Where what was kept cannot be read.
    pub fn findings(&mut self) -> Result<RowFindings, NotKept> {
        if self.seen.is_empty() && self.alike == self.table.len() {
            return Ok(RowFindings::default());
        }
        row_comparison::findings(&mut self.table, self.alike, &mut self.seen, self.lost)
            .map_err(|error| NotKept::new(&self.folder, error))
    }

    /// How the row at a place of the table is called, by the table.
    ///
    /// # Errors
    /// Where what was kept cannot be read.
    pub fn expected_name(&mut self, place: u64) -> Result<Option<String>, NotKept> {
        let entry = self.table.find(place)?;
        let entry = entry.and_then(|bytes| serde_json::from_slice::<RowDigest>(&bytes).ok());
        Ok(entry.map(|entry| name_by_table(place, entry.serial.as_ref(), entry.index)))
    }
}

/// A row, by how the table calls it.
pub(super) fn row_by_table(place: u64, serial: Option<&DeviceSerial>, index: u64) -> String {
    let name = name_by_table(place, serial, index);
    match serial {
        Some(_) => format!("the row of {name}"),
        None => name,
    }
}

/// How the table calls the row of one of its entries.
pub(super) fn name_by_table(place: u64, serial: Option<&DeviceSerial>, index: u64) -> String {
    match serial {
        Some(serial) => format!("device {serial}"),
        None => format!("row {} (ledger entry {index})", place.saturating_add(1)),
    }
}
