//! Leaves of a selection, page by page.

use std::borrow::Cow;

use firmware_proto::Uid;
use rusqlite::{ToSql, params};

use super::Reader;
use crate::encoding::Hex;
use crate::ledger::column::{Int, Text};
use crate::ledger::error::{Damage, Doing as _, LedgerError};
use crate::ledger::leaf::Leaf;
use crate::names::BatchId;

/// Leaves that are read at once; bounds a reader's memory whatever the ledger's size.
const PAGE_LEAVES: u32 = 64;

/// Which leaves.
#[derive(Clone, Debug)]
pub(in crate::ledger) enum Selection {
    /// Before this index.
    Range(u64),
    Batch(BatchId),
    Session(Hex),
    Board(Uid),
    /// Verdicts on boards that claimed this UID, and proved none.
    Claimed(Uid),
    /// What the stop rules of a batch look at.
    StopRules(BatchId),
    /// What the report of a batch adds up.
    Report(BatchId),
    /// Events of these kinds, given as SQL has a list of texts, of a batch, a session or a board.
    Kinds(&'static str, Whose),
}

impl Selection {
    /// Gives for each leaf from `?2` on, at most `?3`: where it stands in the selection, the index, the bytes. With the
    /// key, `?1`.
    pub(in crate::ledger) fn question(&self) -> (Cow<'static, str>, Box<dyn ToSql>) {
        let (sql, key): (&str, Box<dyn ToSql>) = match self {
            Self::Kinds(list, whose) => {
                let (condition, order, key) = whose.condition();
                let sql = format!(
                    "SELECT {order}, idx, leaf FROM event JOIN entry ON idx = entry
                     WHERE {condition} AND {order} >= ?2 AND kind IN ({list})
                     ORDER BY {order} LIMIT ?3"
                );
                return (sql.into(), key);
            }
            Self::Range(end) => (
                "SELECT idx, idx, leaf FROM entry WHERE idx >= ?2 AND idx < ?1
                 ORDER BY idx LIMIT ?3",
                Box::new(Int(*end)),
            ),
            Self::Batch(batch) => (
                "SELECT batch_seq, idx, leaf FROM event JOIN entry ON idx = entry
                 WHERE batch = ?1 AND batch_seq >= ?2 ORDER BY batch_seq LIMIT ?3",
                Box::new(Text(batch.clone())),
            ),
            Self::Session(session) => (
                "SELECT entry, idx, leaf FROM event JOIN entry ON idx = entry
                 WHERE session = ?1 AND entry >= ?2 ORDER BY entry LIMIT ?3",
                Box::new(Text(session.clone())),
            ),
            Self::Board(uid) => (
                "SELECT entry, idx, leaf FROM event JOIN entry ON idx = entry
                 WHERE uid = ?1 AND entry >= ?2 ORDER BY entry LIMIT ?3",
                Box::new(Text(uid.clone())),
            ),
            Self::Claimed(uid) => (
                "SELECT entry, idx, leaf FROM verdict JOIN entry ON idx = entry
                 WHERE claimed_uid = ?1 AND uid IS NULL AND entry >= ?2 ORDER BY entry LIMIT ?3",
                Box::new(Text(uid.clone())),
            ),
            Self::StopRules(batch) => (
                "SELECT entry, idx, leaf FROM event JOIN entry ON idx = entry
                 WHERE entry >= max(?2, (SELECT opened FROM batch WHERE id = ?1))
                    AND (kind = 'hold-cleared' OR batch = ?1
                        AND kind IN ('verdict-reached', 'batch-hold-cleared'))
                 ORDER BY entry LIMIT ?3",
                Box::new(Text(batch.clone())),
            ),
            // A lane's hold belongs to no batch; its session, if anything, does.
            Self::Report(batch) => (
                "SELECT entry, idx, leaf FROM event JOIN entry ON idx = entry
                 WHERE entry >= max(?2, (SELECT opened FROM batch WHERE id = ?1))
                    AND (kind = 'hold-cleared'
                        OR kind = 'hold-placed'
                            AND (SELECT batch FROM session WHERE id = event.session) = ?1
                        OR batch = ?1 AND kind IN ('verdict-reached', 'measurements-judged',
                            'batch-hold-placed', 'batch-hold-cleared'))
                 ORDER BY entry LIMIT ?3",
                Box::new(Text(batch.clone())),
            ),
        };
        (sql.into(), key)
    }
}

/// Whose events.
#[derive(Clone, Debug)]
pub(in crate::ledger) enum Whose {
    Anybody,
    Batch(BatchId),
    Session(Hex),
    Board(Uid),
}

impl Whose {
    /// The condition with the key that it compares with, and the column in whose order an index finds the events:
    /// by any other, each page would sort all of them again.
    fn condition(&self) -> (&'static str, &'static str, Box<dyn ToSql>) {
        match self {
            // True, and uses the parameter.
            Self::Anybody => ("?1 IS NULL", "entry", Box::new(rusqlite::types::Null)),
            Self::Batch(batch) => ("batch = ?1", "batch_seq", Box::new(Text(batch.clone()))),
            Self::Session(session) => ("session = ?1", "entry", Box::new(Text(session.clone()))),
            Self::Board(uid) => ("uid = ?1", "entry", Box::new(Text(uid.clone()))),
        }
    }
}

/// Leaves of the log as `(index, bytes)`, read page by page.
#[derive(Debug)]
pub struct Leaves<'reader> {
    reader: &'reader Reader,
    selection: Selection,
    /// Where the next page begins.
    cursor: u64,
    page: std::vec::IntoIter<(u64, Vec<u8>)>,
    ended: bool,
}

impl<'reader> Leaves<'reader> {
    pub(super) fn new(reader: &'reader Reader, selection: Selection, cursor: u64) -> Self {
        Self {
            reader,
            selection,
            cursor,
            page: Vec::new().into_iter(),
            ended: false,
        }
    }

    /// The same, decoded.
    pub fn decoded(self) -> impl Iterator<Item = Result<Leaf, LedgerError>> {
        self.map(|leaf| {
            let (index, bytes) = leaf?;
            Leaf::decode(&bytes).map_err(|source| Damage::Leaf { index, source }.into())
        })
    }

    fn turn(&mut self) -> rusqlite::Result<()> {
        let (sql, key) = self.selection.question();
        let mut find = self.reader.connection.prepare_cached(&sql)?;
        let mut rows = find.query(params![key, Int(self.cursor), PAGE_LEAVES])?;
        let mut page = Vec::new();
        while let Some(row) = rows.next()? {
            self.cursor = row.get::<_, Int>(0)?.0.saturating_add(1);
            page.push((row.get::<_, Int>(1)?.0, row.get(2)?));
        }
        // Most selections are a board's or a session's: no second question that finds nothing.
        self.ended = page.len() < PAGE_LEAVES as usize;
        self.page = page.into_iter();
        Ok(())
    }
}

impl Reader {
    /// The bytes of what a batch's report adds up, in the order of the log: its verdicts, self-tests and holds,
    /// and holds that were cleared, of all lanes.
    pub fn verdicts_self_tests_and_holds(&self, batch: &BatchId) -> Leaves<'_> {
        Leaves::new(self, Selection::Report(batch.clone()), 0)
    }

    /// How far the log and its checkpoints go.
    pub(in crate::ledger) fn end(&self) -> Result<(u64, i64), LedgerError> {
        let notes = "SELECT ifnull(max(size), 0) FROM checkpoint";
        let notes = self.connection.query_row(notes, [], |row| row.get(0));
        Ok((
            self.size()?,
            notes.doing("looking for the last checkpoint")?,
        ))
    }
}

impl Iterator for Leaves<'_> {
    type Item = Result<(u64, Vec<u8>), LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.len() == 0
            && !self.ended
            && let Err(error) = self.turn()
        {
            self.ended = true;
            return Some(Err(LedgerError::database("reading entries", error)));
        }
        self.page.next().map(Ok)
    }
}
