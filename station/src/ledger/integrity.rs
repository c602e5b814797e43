//! Whether the file still is the log that was written: at every start its end, on demand all of it.

use rusqlite::Connection;

use super::checkpoint::{Checkpoint, VerifierKey};
use super::error::{Damage, LedgerError};
use super::event::Fact;
use super::log_store::{entry, frontier, last_note, leaf_bytes, node_damage, size};
use super::merkle_tree::{NodeSource, leaf_hash};
use super::rebuild::Rebuilt;

/// Entries before the last checkpoint that a start reads again, besides all those after it.
///
/// A ledger of no more entries than this is read whole, and its views are compared with it: the writer's
/// rules read the views, so a row that somebody removed must not go unseen. On larger ones that is
/// `station ledger verify`'s work.
const TAIL_ENTRIES: u64 = 20_000;

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

/// Checks the end of the log: the last checkpoint's signature, the root that the stored nodes give for
/// it, and the entries of the tail against their hashes and nodes. Gives the last checkpoint.
pub(in crate::ledger) fn check_end(
    log: &Connection,
    key: &VerifierKey,
) -> Result<(u64, String), LedgerError> {
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
    check_head(log, &checkpoint)?;
    let size = size(log)?;
    let from = covered.saturating_sub(TAIL_ENTRIES);
    let mut tree = frontier(log, from)?;
    for index in from..size {
        let bytes = leaf_bytes(log, index)?;
        let hash = leaf_hash(&bytes);
        if log.node(super::merkle_tree::NodeId {
            level: 0,
            position: index,
        })? != hash
        {
            return Err(Damage::EntryHash(index).into());
        }
        for node in tree.append(hash).into_iter().skip(1) {
            if log.node(node.id)? != node.hash {
                return Err(node_damage(node.id).into());
            }
        }
        // The leaf must still say what the tree was built over.
        if tree.size() == covered && tree.root() != checkpoint.head.root {
            return Err(Damage::Root { size: covered }.into());
        }
    }
    Ok((covered, stored.note))
}

/// Checks that the views say what the log says, where the log is short enough to be read at every start.
pub(in crate::ledger) fn check_views(log: &Connection) -> Result<(), LedgerError> {
    let size = size(log)?;
    if size > TAIL_ENTRIES {
        return Ok(());
    }
    let rebuilt = Rebuilt::new()?;
    for index in 0..size {
        let bytes = leaf_bytes(log, index)?;
        if let Some(damage) = rebuilt.follow(&entry(log, index)?, &bytes)? {
            return Err(damage.into());
        }
    }
    match rebuilt.differences(log)?.into_iter().next() {
        Some(damage) => Err(damage.into()),
        None => Ok(()),
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
