//! Whether the file still is the log that was written: every leaf and node, at every start.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _};

use super::checkpoint::{Checkpoint, VerifierKey};
use super::column::Int;
use super::error::{ChangedRange, Damage, Doing, LedgerError};
use super::event::Fact;
use super::log_check;
use super::log_store::{StoredNote, entry, frontier, last_note, size};
use super::reader::Reader;

/// The ledger key, as the first entry names it.
pub(in crate::ledger) fn opening_key(log: &Connection) -> Result<VerifierKey, LedgerError> {
    let opening = entry(log, 0).map_err(|error| match error {
        LedgerError::Damaged(Damage::EntryMissing(_)) => Damage::Opening.into(),
        error => error,
    });
    let Fact::LedgerOpened { ledger_vkey, .. } = opening?.leaf.fact else {
        return Err(Damage::Opening.into());
    };
    VerifierKey::parse(&ledger_vkey).map_err(|_| Damage::Opening.into())
}

/// Checks the log: the last checkpoint's signature, every leaf against its hash and the nodes above it, and
/// the root that they give against the checkpoint's. Gives the last checkpoint.
pub(in crate::ledger) fn check_log(
    readers: &mut [Reader],
    key: &VerifierKey,
) -> Result<(u64, String), LedgerError> {
    let log = readers
        .first_mut()
        .ok_or(Damage::NoCheckpoint)?
        .connection();
    let stored = last_note(log)?.ok_or(Damage::NoCheckpoint)?;
    let checkpoint = Checkpoint::open(&stored.note, key).map_err(|e| stored.damage(e))?;
    let covered = checkpoint.head.size;
    if covered != stored.size {
        let what = format!(
            "a checkpoint over {covered} entries in the row of {}",
            stored.size
        );
        return Err(Damage::Value {
            table: "checkpoint",
            what,
        }
        .into());
    }
    // Here by the nodes, each of which must then still be what the leaves say.
    check_head(log, key, &checkpoint)?;
    let end = size(log)?;
    match log_check::check(readers, end, &|_| {})?
        .found
        .into_iter()
        .next()
    {
        Some(damage) => Err(damage.into()),
        None => Ok((covered, stored.note)),
    }
}

/// A checkpoint that was kept elsewhere: in the mirror, or by somebody who names it.
#[derive(Clone, Copy, Debug)]
pub struct KeptElsewhere<'a> {
    /// Where.
    pub path: &'a Path,
    /// The note.
    pub note: &'a str,
}

/// Checks that the log continues the one that the mirror saw.
pub(in crate::ledger) fn check_mirror(
    log: &Connection,
    key: &VerifierKey,
    kept: KeptElsewhere<'_>,
) -> Result<(), LedgerError> {
    let compared = Checkpoint::open(kept.note, key)
        .map_err(|source| Damage::Foreign(source).into())
        .and_then(|checkpoint| check_head(log, key, &checkpoint));
    compared.map_err(|error| beside(kept.path, error))
}

/// What is wrong, with where the other checkpoint is.
fn beside(path: &Path, error: LedgerError) -> LedgerError {
    match error {
        LedgerError::Damaged(damage) => damage.beside(path).into(),
        error => error,
    }
}

/// Checks that the log continues the one that the token has seen, and still has that checkpoint: each is stored before
/// the token gets it. What no ledger key has signed says nothing.
pub(in crate::ledger) fn check_kept(
    log: &Connection,
    key: &VerifierKey,
    note: &str,
) -> Result<(), LedgerError> {
    let Ok(checkpoint) = Checkpoint::open(note, key) else {
        return Ok(());
    };
    match check_head(log, key, &checkpoint) {
        Err(LedgerError::Damaged(Damage::RolledBack { checkpoint, log })) => {
            let token = checkpoint;
            Err(Damage::OlderThanToken { token, log }.into())
        }
        Err(LedgerError::Damaged(Damage::TwoLogs { size })) => {
            let changed = ChangedRange { from: 0, to: size };
            Err(Damage::NotTheTokens(changed).into())
        }
        Err(LedgerError::Damaged(Damage::Root(changed))) => {
            Err(Damage::NotTheTokens(changed).into())
        }
        Err(error) => Err(error),
        Ok(()) if has_checkpoint(log, checkpoint.head.size)? => Ok(()),
        Ok(()) => Err(no_checkpoint(checkpoint.head.size).into()),
    }
}

/// Checks that the log continues the one that a checkpoint from elsewhere saw, and still has that checkpoint: each
/// is stored before anybody else gets it.
pub(in crate::ledger) fn check_elsewhere(
    log: &Connection,
    key: &VerifierKey,
    kept: KeptElsewhere<'_>,
) -> Result<(), LedgerError> {
    check_mirror(log, key, kept)?;
    let size = Checkpoint::open(kept.note, key).map_or(0, |checkpoint| checkpoint.head.size);
    if has_checkpoint(log, size)? {
        return Ok(());
    }
    Err(no_checkpoint(size).beside(kept.path).into())
}

fn has_checkpoint(log: &Connection, size: u64) -> Result<bool, LedgerError> {
    log.prepare_cached("SELECT 1 FROM checkpoint WHERE size = ?1")
        .and_then(|mut find| find.exists([Int(size)]))
        .doing("looking for a checkpoint")
}

fn no_checkpoint(size: u64) -> Damage {
    Damage::Value {
        table: "checkpoint",
        what: format!("no checkpoint over {size} entries, of which there is a copy elsewhere"),
    }
}

/// How many entries can be read of a file that SQLite cannot read to its end, where that is so.
pub(in crate::ledger) fn readable(log: &Connection) -> Result<u64, LedgerError> {
    let doing = "looking for the first entry that cannot be read";
    let mut find = log
        .prepare("SELECT idx, leaf, hash FROM entry ORDER BY idx")
        .doing(doing)?;
    let mut rows = find.query([]).doing(doing)?;
    let mut readable = 0;
    while let Ok(Some(row)) = rows.next() {
        match row.get::<_, Int>(0) {
            Ok(Int(index)) if index == readable => readable += 1,
            _ => break,
        }
    }
    Ok(readable)
}

/// Checks that the log has at least the checkpoint's entries, and its root over them.
fn check_head(
    log: &Connection,
    key: &VerifierKey,
    checkpoint: &Checkpoint,
) -> Result<(), LedgerError> {
    let (covered, log_size) = (checkpoint.head.size, size(log)?);
    if log_size < covered {
        return Err(Damage::RolledBack {
            checkpoint: covered,
            log: log_size,
        }
        .into());
    }
    if frontier(log, covered)?.root() == checkpoint.head.root {
        return Ok(());
    }
    let last = last_note(log)?.filter(|last| last.size >= covered);
    let signed_too = last.map_or(Ok(false), |last| holds(log, key, &last));
    if signed_too? {
        return Err(Damage::TwoLogs { size: covered }.into());
    }
    let from = vouched_for(log, key, covered)?;
    Err(Damage::Root(ChangedRange { from, to: covered }).into())
}

/// Whether a stored note is signed, and over this log.
fn holds(log: &Connection, key: &VerifierKey, stored: &StoredNote) -> Result<bool, LedgerError> {
    let signed = Checkpoint::open(&stored.note, key).ok();
    match signed.filter(|checkpoint| checkpoint.head.size == stored.size) {
        Some(checkpoint) => Ok(frontier(log, stored.size)?.root() == checkpoint.head.root),
        None => Ok(false),
    }
}

/// How many of the first `before` entries a stored checkpoint still vouches for. A change of an entry shows in every
/// checkpoint after it, so that halving finds the last one that holds.
fn vouched_for(log: &Connection, key: &VerifierKey, before: u64) -> Result<u64, LedgerError> {
    let doing = "looking for a checkpoint that holds";
    let (mut held, mut low, mut high) = (0, 1, before);
    let mut find = log
        .prepare_cached(
            "SELECT size, note FROM checkpoint WHERE size >= ?1 AND size < ?2 ORDER BY size LIMIT 1",
        )
        .doing(doing)?;
    while low < high {
        let middle = low + (high - low) / 2;
        let stored = find
            .query_row([Int(middle), Int(high)], |row| {
                Ok(StoredNote {
                    size: row.get::<_, Int>(0)?.0,
                    note: row.get(1)?,
                })
            })
            .optional()
            .doing(doing)?;
        match stored {
            Some(stored) if holds(log, key, &stored)? => {
                (held, low) = (stored.size, stored.size + 1);
            }
            _ => high = middle,
        }
    }
    Ok(held)
}
