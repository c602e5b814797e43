//! Whether the file still is the log that was written: every leaf and node, at every start.

use rusqlite::Connection;

use super::checkpoint::{Checkpoint, VerifierKey};
use super::column::{Hash, Int};
use super::error::{Damage, Doing, LedgerError};
use super::event::Fact;
use super::log_store::{entry, frontier, last_note, node_damage, size};
use super::merkle_tree::{Frontier, NodeSource, leaf_hash};

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
    let doing = "reading the entries";
    let mut tree = Frontier::default();
    let mut all = log
        .prepare("SELECT idx, leaf, hash FROM entry ORDER BY idx")
        .doing(doing)?;
    let mut rows = all.query([]).doing(doing)?;
    while let Some(row) = rows.next().doing(doing)? {
        let index = tree.size();
        if row.get::<_, Int>(0).doing(doing)?.0 != index {
            return Err(Damage::EntryMissing(index).into());
        }
        let leaf = row.get_ref(1).and_then(|leaf| Ok(leaf.as_blob()?));
        let hash = leaf_hash(leaf.doing(doing)?);
        if row.get::<_, Hash>(2).doing(doing)?.0 != hash {
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
