//! Which rows differ from a manifest's own table of rows, and how: altered, added, doubled, moved, missing.
//!
//! Works without trust in anybody: where the signature has failed, it is the best that can be said of what
//! was changed.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::statement::{BoardRow, RowDigest};
use crate::encoding::{Hex, sha256};
use crate::names::DeviceSerial;

/// Most rows that are named one by one.
const NAMED_MAX: usize = 20;

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowFinding {
    /// It is in the table, with other bytes.
    Altered(String),
    /// It is not in the table.
    Added(String),
    /// It is there more often than in the table.
    Doubled(String),
    /// It is there, in another place: after the other one.
    Moved(String, String),
    /// It is in the table, and not there.
    Missing {
        /// Its place in the table, from 1.
        row: usize,
        /// The ledger's entry that it rests on.
        index: u64,
        /// Its serial, where it has one.
        serial: Option<DeviceSerial>,
    },
}

impl fmt::Display for RowFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered(name) => write!(f, "the row of {name} was altered"),
            Self::Added(name) => write!(f, "{name} was added"),
            Self::Doubled(name) => write!(f, "{name} is doubled"),
            Self::Moved(name, after) => {
                write!(f, "the rows were reordered: {name} stands after {after}")
            }
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
pub struct RowFindings(pub Vec<RowFinding>);

impl fmt::Display for RowFindings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, finding) in self.0.iter().take(NAMED_MAX).enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{finding}")?;
        }
        match self.0.len().saturating_sub(NAMED_MAX) {
            0 => Ok(()),
            more => write!(f, "; and {more} more rows"),
        }
    }
}

/// A row that is not where the table has it.
#[derive(Debug)]
struct Seen {
    digest: Hex,
    serial: Option<DeviceSerial>,
    /// None where it could not be read.
    name: Option<String>,
    index: Option<u64>,
}

impl Seen {
    /// How people name it; by its place, counted from 0, where it cannot be read.
    fn called(&self, at: usize) -> String {
        let unreadable = || format!("row {}, which cannot be read,", at + 1);
        self.name.clone().unwrap_or_else(unreadable)
    }
}

/// Compares rows with the table as they come. Keeps only those from the first difference on.
#[derive(Debug, Default)]
pub struct RowNaming {
    table: Vec<RowDigest>,
    /// Rows that are as the table has them, from the first on.
    alike: usize,
    seen: Vec<Seen>,
}

impl RowNaming {
    /// The table's next entry; all come before the rows.
    pub fn list(&mut self, entry: RowDigest) {
        self.table.push(entry);
    }

    /// The next row, by its bytes; and what they say, where they can be read.
    pub fn see(&mut self, bytes: &[u8], row: Option<&BoardRow>) {
        let digest = Hex::from(sha256(bytes));
        let expected = self.table.get(self.alike).filter(|_| self.seen.is_empty());
        let fits = expected.is_some_and(|expected| {
            expected.sha256 == digest
                && row.is_none_or(|row| {
                    (row.entry.index, &row.serial) == (expected.index, &expected.serial)
                })
        });
        if fits {
            self.alike += 1;
            return;
        }
        self.seen.push(Seen {
            digest,
            serial: row.and_then(|row| row.serial.clone()),
            name: row.map(BoardRow::name),
            index: row.map(|row| row.entry.index),
        });
    }

    /// All that differs; nothing where the rows are as the table has them.
    #[must_use]
    pub fn findings(&self) -> RowFindings {
        let mut findings = Vec::new();
        let mut places: HashMap<&Hex, usize> = HashMap::new();
        for (place, entry) in self.table.iter().enumerate() {
            places.entry(&entry.sha256).or_insert(place);
        }
        let mut found: HashSet<usize> = (0..self.alike).collect();
        let mut unknown = Vec::new();
        // The row furthest down the table so far, and how it is called.
        let mut furthest: Option<(usize, String)> = None;
        for (number, seen) in self.seen.iter().enumerate() {
            let name = || seen.called(self.alike + number);
            let place = places.get(&seen.digest).copied();
            let Some(place) = place.filter(|place| self.fits(*place, seen)) else {
                unknown.push((number, seen));
                continue;
            };
            if !found.insert(place) {
                findings.push(RowFinding::Doubled(name()));
                continue;
            }
            match &furthest {
                Some((further, other)) if *further > place => {
                    findings.push(RowFinding::Moved(name(), other.clone()));
                }
                _ => furthest = Some((place, name())),
            }
        }
        self.name_unknown(&unknown, &mut found, &mut findings);
        for (place, entry) in self.table.iter().enumerate() {
            if !found.contains(&place) {
                findings.push(RowFinding::Missing {
                    row: place + 1,
                    index: entry.index,
                    serial: entry.serial.clone(),
                });
            }
        }
        RowFindings(findings)
    }

    /// Rows with bytes that the table does not know: of a device or an entry that it knows, or of none.
    fn name_unknown(
        &self,
        unknown: &[(usize, &Seen)],
        found: &mut HashSet<usize>,
        findings: &mut Vec<RowFinding>,
    ) {
        let mut by_serial: HashMap<&DeviceSerial, usize> = HashMap::new();
        let mut by_index: HashMap<u64, usize> = HashMap::new();
        for (place, entry) in self.table.iter().enumerate() {
            by_index.entry(entry.index).or_insert(place);
            if let Some(serial) = &entry.serial {
                by_serial.entry(serial).or_insert(place);
            }
        }
        for (number, seen) in unknown {
            let at = self.alike + number;
            let serial = seen.serial.as_ref();
            let known = [
                serial.and_then(|serial| by_serial.get(serial)).copied(),
                seen.index.and_then(|index| by_index.get(&index)).copied(),
                // One that cannot be read is taken for what belongs there.
                (seen.name.is_none() && at < self.table.len()).then_some(at),
            ];
            let mut known = known.into_iter().flatten();
            let name = seen.called(at);
            findings.push(match known.find(|place| !found.contains(place)) {
                Some(place) => {
                    found.insert(place);
                    RowFinding::Altered(self.expected_name(place).unwrap_or(name))
                }
                None => RowFinding::Added(name),
            });
        }
    }

    fn fits(&self, place: usize, seen: &Seen) -> bool {
        let Some(entry) = self.table.get(place) else {
            return false;
        };
        seen.index.is_none_or(|index| index == entry.index) && seen.serial == entry.serial
    }

    /// How the row at a place of the table is called, by the table.
    #[must_use]
    pub fn expected_name(&self, place: usize) -> Option<String> {
        let entry = self.table.get(place)?;
        Some(match &entry.serial {
            Some(serial) => format!("device {serial}"),
            None => format!("row {} (ledger entry {})", place + 1, entry.index),
        })
    }
}
