//! Checkpoints, the newest first, page by page.

use rusqlite::params;

use super::{Reader, StoredCheckpoint};
use crate::ledger::column::Int;
use crate::ledger::error::LedgerError;

/// Notes that are read at once.
const PAGE_NOTES: u32 = 64;

/// The stored checkpoints from the newest to the oldest. Their signatures are not checked here.
#[derive(Debug)]
pub struct Checkpoints<'reader> {
    reader: &'reader Reader,
    /// Below this size the next page begins.
    below: u64,
    page: std::vec::IntoIter<StoredCheckpoint>,
    ended: bool,
}

impl<'reader> Checkpoints<'reader> {
    pub(super) fn new(reader: &'reader Reader) -> Self {
        Self {
            reader,
            // The largest that an SQLite integer takes.
            below: i64::MAX.unsigned_abs(),
            page: Vec::new().into_iter(),
            ended: false,
        }
    }

    fn turn(&mut self) -> rusqlite::Result<()> {
        let mut find = self.reader.connection.prepare_cached(
            "SELECT size, note FROM checkpoint WHERE size < ?1 ORDER BY size DESC LIMIT ?2",
        )?;
        let rows = find.query_map(params![Int(self.below), PAGE_NOTES], |row| {
            Ok(StoredCheckpoint {
                size: row.get::<_, Int>(0)?.0,
                note: row.get(1)?,
            })
        })?;
        let page = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        self.below = page.last().map_or(0, |last| last.size);
        self.page = page.into_iter();
        Ok(())
    }
}

impl Iterator for Checkpoints<'_> {
    type Item = Result<StoredCheckpoint, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.len() == 0 && !self.ended {
            if let Err(error) = self.turn() {
                self.ended = true;
                return Some(Err(LedgerError::database("reading the checkpoints", error)));
            }
            self.ended = self.page.len() == 0;
        }
        self.page.next().map(Ok)
    }
}
