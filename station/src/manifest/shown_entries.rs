//! The ledger's entries that a manifest shows and that must be among the leaf hashes of its range: put in as the
//! rows come, taken out by index.

use std::path::Path;

use firmware_proto::Digest;

use super::sorting::Sorter;
use super::spool::{NotKept, Spool};

/// An entry that must lie in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Where.
    pub index: u64,
    /// Its leaf hash.
    pub hash: Digest,
    /// Its number within the batch, where it is the batch's.
    pub seq: Option<u64>,
    /// The leaf hash of the batch's event before it.
    pub prev: Option<Digest>,
}

/// What an entry is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// It opened the batch.
    Opening,
    /// It closed the batch.
    Closing,
    /// It has the batch's terms.
    Terms,
    /// A row rests on it; counted from 0.
    Row(u64),
    /// The same, by the name of its board.
    Board(String),
    /// A session rests on it in which nobody said who it is; counted from 0.
    Unidentified(u64),
    /// A clock was accepted.
    Clock,
    /// A hold was cleared.
    Clearing,
    /// A board without a row was scrapped.
    Scrapping,
}

impl std::fmt::Display for Whose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Opening => f.write_str("the opening event"),
            Self::Closing => f.write_str("the closing event"),
            Self::Terms => f.write_str("the event with the terms"),
            Self::Row(row) => write!(f, "an entry of row {}", row.saturating_add(1)),
            Self::Board(name) => write!(f, "an entry of {name}"),
            Self::Unidentified(at) => {
                write!(
                    f,
                    "an entry of unidentified session {}",
                    at.saturating_add(1)
                )
            }
            Self::Clock => f.write_str("the acceptance of the clock"),
            Self::Clearing => f.write_str("the clearing of a hold"),
            Self::Scrapping => f.write_str("the scrapping of a board without a row"),
        }
    }
}

/// Entries on their way into the log's order.
#[derive(Debug)]
pub struct ShownEntries(Sorter);

impl ShownEntries {
    /// None yet; files will be in that folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self(Sorter::new(folder))
    }

    /// Puts one in.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn push(&mut self, anchor: &Anchor, whose: &Whose) -> Result<(), NotKept> {
        let (tag, row) = match whose {
            Whose::Opening => (0, 0),
            Whose::Closing => (1, 0),
            Whose::Terms => (2, 0),
            Whose::Row(row) => (3, *row),
            Whose::Board(_) => (3, u64::MAX),
            Whose::Unidentified(at) => (4, *at),
            Whose::Clock => (5, 0),
            Whose::Clearing => (6, 0),
            Whose::Scrapping => (7, 0),
        };
        // What it is sorted by stands first, as bytes that compare as numbers do.
        let mut record = Vec::with_capacity(RECORD_BYTES);
        record.extend(anchor.index.to_be_bytes());
        record.push(tag);
        record.extend(row.to_be_bytes());
        record.extend(anchor.hash.as_bytes());
        record.push(u8::from(anchor.seq.is_some()));
        record.extend(anchor.seq.unwrap_or_default().to_be_bytes());
        record.push(u8::from(anchor.prev.is_some()));
        let prev = anchor.prev.as_ref().map(Digest::as_bytes);
        record.extend(prev.unwrap_or(&[0; 32]));
        self.0.push(&record)
    }

    /// All have come.
    ///
    /// # Errors
    /// Where a file cannot be written or read.
    pub fn sorted(self) -> Result<SortedEntries, NotKept> {
        Ok(SortedEntries {
            spool: self.0.sorted()?,
            record: Vec::new(),
        })
    }
}

/// Bytes of an entry: what [`ShownEntries::push`] puts together.
const RECORD_BYTES: usize = 8 + 1 + 8 + 32 + 1 + 8 + 1 + 32;

/// Entries by index.
#[derive(Debug)]
pub struct SortedEntries {
    spool: Spool,
    record: Vec<u8>,
}

impl SortedEntries {
    /// From the first again.
    pub fn rewind(&mut self) {
        self.spool.rewind();
    }

    fn read(&mut self) -> Result<Option<(Anchor, Whose)>, NotKept> {
        if !self.spool.next(&mut self.record)? {
            return Ok(None);
        }
        let mut rest = self.record.as_slice();
        let index = number(&mut rest);
        let (tag, row) = (flag(&mut rest), number(&mut rest));
        let hash = digest(&mut rest);
        let seq = (flag(&mut rest) > 0, number(&mut rest));
        let prev = (flag(&mut rest) > 0, digest(&mut rest));
        let whose = match tag {
            0 => Whose::Opening,
            1 => Whose::Closing,
            2 => Whose::Terms,
            4 => Whose::Unidentified(row),
            5 => Whose::Clock,
            6 => Whose::Clearing,
            7 => Whose::Scrapping,
            _ => Whose::Row(row),
        };
        let anchor = Anchor {
            index,
            hash,
            seq: seq.0.then_some(seq.1),
            prev: prev.0.then_some(prev.1),
        };
        Ok(Some((anchor, whose)))
    }
}

impl Iterator for SortedEntries {
    type Item = Result<(Anchor, Whose), NotKept>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Takes the first bytes off.
fn first<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (first, others) = rest.split_first_chunk::<N>().unwrap_or((&[0; N], &[]));
    *rest = others;
    *first
}

fn flag(rest: &mut &[u8]) -> u8 {
    u8::from_be_bytes(first(rest))
}

fn number(rest: &mut &[u8]) -> u64 {
    u64::from_be_bytes(first(rest))
}

fn digest(rest: &mut &[u8]) -> Digest {
    Digest::from_bytes(first(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_out_by_index_as_they_were() {
        let anchor = |index: u64, seq, prev| Anchor {
            index,
            hash: Digest::from_bytes([7; 32]),
            seq,
            prev,
        };
        let last = anchor(u64::MAX, Some(u64::MAX), Some(Digest::from_bytes([9; 32])));
        let entries = [
            (last, Whose::Row(70_000)),
            (anchor(300, None, None), Whose::Row(4)),
            (anchor(300, Some(1), None), Whose::Terms),
            (anchor(2, Some(0), None), Whose::Opening),
            (anchor(300, Some(2), None), Whose::Closing),
        ];
        let mut shown = ShownEntries::new(&std::env::temp_dir());
        for (anchor, whose) in &entries {
            shown.push(anchor, whose).unwrap();
        }
        let mut sorted = shown.sorted().unwrap();
        for _ in 0..2 {
            let found: Result<Vec<_>, _> = sorted.by_ref().collect();
            let expected = [3, 4, 2, 1, 0].map(|at: usize| entries[at].clone());
            assert_eq!(found.unwrap(), expected);
            sorted.rewind();
        }
    }
}
