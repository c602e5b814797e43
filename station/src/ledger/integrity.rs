//! Whether the file still is the log that was written: every leaf and node, at every start.

use rusqlite::Connection;

use super::checkpoint::{Checkpoint, VerifierKey};
use super::column::Int;
use super::error::{Damage, Doing, LedgerError};
use super::event::Fact;
use super::log_check;
use super::log_store::{entry, frontier, last_note, size};
use super::reader::Reader;

/// The ledger key, as the first entry names it.
pub(in crate::ledger) fn opening_key(log: &Connection) -> Result<VerifierKey, LedgerError> {
    if size(log)? == 0 {
        return Err(Damage::Opening.into());
    }
    let Fact::LedgerOpened { ledger_vkey, .. } = entry(log, 0)?.leaf.fact else {
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
    check_head(log, &checkpoint)?;
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

/// Checks that the log continues the one that the mirror saw.
pub(in crate::ledger) fn check_mirror(
    log: &Connection,
    key: &VerifierKey,
    note: &str,
) -> Result<(), LedgerError> {
    let checkpoint =
        Checkpoint::open(note, key).map_err(|source| Damage::Checkpoint { size: 0, source })?;
    check_head(log, &checkpoint)
}

/// Checks that the log continues the one that the token has seen. What no ledger key has signed says nothing.
pub(in crate::ledger) fn check_kept(
    log: &Connection,
    key: &VerifierKey,
    note: &str,
) -> Result<(), LedgerError> {
    let Ok(checkpoint) = Checkpoint::open(note, key) else {
        return Ok(());
    };
    match check_head(log, &checkpoint) {
        Err(LedgerError::Damaged(Damage::RolledBack { checkpoint, log })) => {
            let token = checkpoint;
            Err(Damage::OlderThanToken { token, log }.into())
        }
        Err(LedgerError::Damaged(Damage::Root { size })) => Err(Damage::NotTheTokens(size).into()),
        checked => checked,
    }
}

/// Checks that the log continues the one that a checkpoint from elsewhere saw, and still has that checkpoint: each
/// is stored before anybody else gets it.
pub(in crate::ledger) fn check_elsewhere(
    log: &Connection,
    key: &VerifierKey,
    note: &str,
) -> Result<(), LedgerError> {
    check_mirror(log, key, note)?;
    let size = Checkpoint::open(note, key).map_or(0, |checkpoint| checkpoint.head.size);
    let sql = "SELECT 1 FROM checkpoint WHERE size = ?1";
    let there = log
        .prepare_cached(sql)
        .and_then(|mut find| find.exists([Int(size)]));
    if there.doing("looking for a checkpoint")? {
        return Ok(());
    }
    let what = format!("no checkpoint over {size} entries, of which there is a copy elsewhere");
    let table = "checkpoint";
    Err(Damage::Value { table, what }.into())
}

/// Checks that the log has at least the checkpoint's entries, and its root over them.
fn check_head(log: &Connection, checkpoint: &Checkpoint) -> Result<(), LedgerError> {
    let (covered, log_size) = (checkpoint.head.size, size(log)?);
    if log_size < covered {
        return Err(Damage::RolledBack {
            checkpoint: covered,
            log: log_size,
        }
        .into());
    }
    if frontier(log, covered)?.root() != checkpoint.head.root {
        return Err(Damage::Root { size: covered }.into());
    }
    Ok(())
}
