//! The signature pass: every checkpoint that was ever signed, under the key and against the tree.

use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{Connection, Row, ToSql};

use super::FINDINGS_MAX;
use crate::ledger::checkpoint::{Checkpoint, CheckpointError, VerifierKey};
use crate::ledger::column::Int;
use crate::ledger::error::{ChangedRange, Damage, Doing, LedgerError};
use crate::ledger::log_check::PIECE;
use crate::ledger::log_store::{StoredNote, frontier};
use crate::ledger::on_all_cores;
use crate::ledger::reader::Reader;

/// What was found.
#[derive(Default)]
pub(super) struct CheckedNotes {
    pub(super) checkpoints: u64,
    pub(super) covered: u64,
    pub(super) found: Vec<Damage>,
    /// Where the log parts from what was signed. Every checkpoint after it has another root too, and none of them says
    /// more.
    parted: Option<ChangedRange>,
}

impl CheckedNotes {
    /// Takes what was found in a later part of the log.
    fn join(&mut self, mut other: Self) {
        self.parted = self.parted.or(other.parted.map(|changed| ChangedRange {
            from: self.covered.max(changed.from),
            ..changed
        }));
        self.checkpoints += other.checkpoints;
        self.covered = self.covered.max(other.covered);
        self.found.append(&mut other.found);
    }
}

/// Checks the checkpoints over a log of `size` entries.
pub(super) fn check(
    readers: &mut [Reader],
    key: &VerifierKey,
    size: u64,
    watch: &(dyn Fn(u64) + Sync),
) -> Result<CheckedNotes, LedgerError> {
    let done = AtomicU64::new(0);
    let pieces = on_all_cores::each(readers, size.div_ceil(PIECE), |reader, piece| {
        let (after, to) = (piece * PIECE, size.min((piece + 1) * PIECE));
        let checked = check_piece(reader.connection(), key, (after, to))?;
        watch(done.fetch_add(to - after, Ordering::Relaxed) + to - after);
        Ok(checked)
    })?;
    let mut all = CheckedNotes::default();
    for piece in pieces {
        all.join(piece);
    }
    if let Some(reader) = readers.first_mut() {
        all.join(outside(reader.connection(), key, size)?);
    }
    if all.checkpoints == 0 {
        all.found.push(Damage::NoCheckpoint);
    }
    if let Some(changed) = all.parted {
        all.found.insert(0, Damage::Root(changed));
    }
    all.found.truncate(FINDINGS_MAX);
    Ok(all)
}

/// Checkpoints over more than `after` and at most `to` entries.
fn check_piece(
    log: &Connection,
    key: &VerifierKey,
    (after, to): (u64, u64),
) -> Result<CheckedNotes, LedgerError> {
    let sql = "SELECT size, note FROM checkpoint WHERE size > ?1 AND size <= ?2 ORDER BY size";
    let mut piece = CheckedNotes::default();
    for_each(log, sql, [Int(after), Int(to)], |row| {
        let size = row.get::<_, Int>(0).doing(READING)?.0;
        let note = text(row)?;
        piece.checkpoints += 1;
        match judge(log, key, &StoredNote { size, note })? {
            Judged::Holds => piece.covered = size,
            Judged::OtherRoot => {
                let (from, to) = (piece.covered, size);
                piece.parted.get_or_insert(ChangedRange { from, to });
            }
            Judged::Wrong(damage) if piece.found.len() < FINDINGS_MAX => piece.found.push(damage),
            Judged::Wrong(_) => {}
        }
        Ok(())
    })?;
    Ok(piece)
}

/// What a checkpoint is.
enum Judged {
    Holds,
    /// Signed, and not over this log.
    OtherRoot,
    Wrong(Damage),
}

/// Whether a note is what its row says, and signed, and over this log.
fn judge(log: &Connection, key: &VerifierKey, stored: &StoredNote) -> Result<Judged, LedgerError> {
    let size = stored.size;
    let checkpoint = match Checkpoint::open(&stored.note, key) {
        Ok(checkpoint) => checkpoint,
        Err(source) => return Ok(Judged::Wrong(stored.damage(source))),
    };
    if checkpoint.head.size != size {
        let what = "a checkpoint of another size than its row says";
        return Ok(Judged::Wrong(stored.damage(CheckpointError::Body(what))));
    }
    // The log pass has compared each of the stored nodes with the entries.
    match frontier(log, size) {
        Ok(tree) if tree.root() == checkpoint.head.root => Ok(Judged::Holds),
        Ok(_) => Ok(Judged::OtherRoot),
        Err(LedgerError::Damaged(damage)) => Ok(Judged::Wrong(damage)),
        Err(error) => Err(error),
    }
}

/// Checkpoints over more entries than there are, or of sizes that none can have.
fn outside(log: &Connection, key: &VerifierKey, size: u64) -> Result<CheckedNotes, LedgerError> {
    let mut all = CheckedNotes::default();
    let sql = "SELECT size, note FROM checkpoint WHERE size > ?1 OR size < 1 ORDER BY size";
    for_each(log, sql, [Int(size)], |row| {
        all.checkpoints += 1;
        if all.found.len() == FINDINGS_MAX {
            return Ok(());
        }
        let Ok(Int(checkpoint)) = row.get(0) else {
            let what = "a checkpoint of a negative size".to_owned();
            let table = "checkpoint";
            all.found.push(Damage::Value { table, what });
            return Ok(());
        };
        let note = text(row)?;
        let stored = StoredNote {
            size: checkpoint,
            note,
        };
        all.found.push(match Checkpoint::open(&stored.note, key) {
            Ok(_) => Damage::RolledBack {
                checkpoint,
                log: size,
            },
            Err(source) => stored.damage(source),
        });
        Ok(())
    })?;
    Ok(all)
}

const READING: &str = "reading the checkpoints";

fn for_each<const N: usize>(
    log: &Connection,
    sql: &str,
    values: [Int; N],
    mut row: impl FnMut(&Row<'_>) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let values = values.iter().map(|value| value as &dyn ToSql);
    let values: Vec<_> = values.collect();
    let mut find = log.prepare_cached(sql).doing(READING)?;
    let mut rows = find.query(&values[..]).doing(READING)?;
    while let Some(found) = rows.next().doing(READING)? {
        row(found)?;
    }
    Ok(())
}

/// The note, whatever bytes somebody put there.
fn text(row: &Row<'_>) -> Result<String, LedgerError> {
    let bytes = row.get_ref(1).and_then(|note| Ok(note.as_bytes()?));
    Ok(String::from_utf8_lossy(bytes.doing(READING)?).into_owned())
}
