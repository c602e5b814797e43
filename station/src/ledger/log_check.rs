//! Every row of the log against every other: leaves against their hashes, hashes and nodes against the tree.
//!
//! The log is cut into subtrees of equal size, which are checked apart, on all cores; their roots are the leaves
//! of the tree above them. Memory holds one subtree a thread, and one hash for each subtree.

use std::sync::atomic::{AtomicU64, Ordering};

use firmware_proto::Digest;
use rusqlite::{Connection, Row, params};

use super::column::{Hash, Int};
use super::error::{Damage, Doing, LedgerError};
use super::log_store::node_damage;
use super::merkle_tree::{Frontier, NodeId, leaf_hash, node_hash};
use super::on_all_cores;
use super::reader::Reader;

/// Height of the subtrees that are checked apart; lower in tests, which then need no long logs.
const PIECE_LEVEL: u8 = if cfg!(test) { 9 } else { 13 };

/// How many entries are in one.
pub(in crate::ledger) const PIECE: u64 = 1 << PIECE_LEVEL;

/// Findings that one piece tells; more say nothing new.
const FINDINGS_MAX: usize = 100;

/// What was found.
pub(in crate::ledger) struct CheckedLog {
    /// The tree over the entries, up to the first that is missing.
    pub(in crate::ledger) tree: Frontier,
    /// What is wrong, in the order of the log.
    pub(in crate::ledger) found: Vec<Damage>,
}

/// Checks the first `size` entries, which are all there should be. `watch` is told how many are done.
pub(in crate::ledger) fn check(
    readers: &mut [Reader],
    size: u64,
    watch: &(dyn Fn(u64) + Sync),
) -> Result<CheckedLog, LedgerError> {
    let done = AtomicU64::new(0);
    let pieces = on_all_cores::each(readers, size.div_ceil(PIECE), |reader, piece| {
        let range = (piece * PIECE, size.min((piece + 1) * PIECE));
        let checked = check_piece(reader.connection(), range)?;
        let count = range.1 - range.0;
        watch(done.fetch_add(count, Ordering::Relaxed) + count);
        Ok(checked)
    })?;
    let mut found = Vec::new();
    let (mut roots, mut rest, mut whole) = (Vec::new(), Piece::default(), true);
    for mut piece in pieces {
        found.append(&mut piece.found);
        if !whole {
            continue;
        }
        match piece.peaks[..] {
            [root] if piece.size == PIECE => roots.push(root),
            _ => (whole, rest) = (false, piece),
        }
    }
    let full = roots.len() as u64 * PIECE;
    let reader = readers.first_mut();
    let mut peaks = match &reader {
        Some(reader) => compare(reader.connection(), PIECE_LEVEL, 0, roots, &mut found)?,
        None => Vec::new(),
    };
    peaks.append(&mut rest.peaks);
    let tree = Frontier::restore(full + rest.size, peaks).unwrap_or_default();
    if tree.size() == size {
        found.extend(superfluous(readers, size)?);
    }
    Ok(CheckedLog { tree, found })
}

/// A subtree: its entries up to the first that is missing.
#[derive(Default)]
struct Piece {
    size: u64,
    peaks: Vec<Digest>,
    found: Vec<Damage>,
}

fn check_piece(log: &Connection, (from, to): (u64, u64)) -> Result<Piece, LedgerError> {
    let mut found = Vec::new();
    let hashes = match leaf_hashes(log, (from, to), &mut found) {
        Ok(hashes) => hashes,
        Err(LedgerError::Damaged(Damage::Sqlite(text))) => {
            let what = format!("{text}, between entry {from} and entry {to}");
            found.push(Damage::Sqlite(what));
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    let size = hashes.len() as u64;
    Ok(Piece {
        size,
        peaks: compare(log, 0, from, hashes, &mut found)?,
        found,
    })
}

/// The hashes of the leaves' bytes, which must be those beside them.
fn leaf_hashes(
    log: &Connection,
    (from, to): (u64, u64),
    found: &mut Vec<Damage>,
) -> Result<Vec<Digest>, LedgerError> {
    let doing = "reading the entries";
    let mut hashes = Vec::new();
    let mut entries = log
        .prepare_cached(
            "SELECT idx, leaf, hash FROM entry WHERE idx >= ?1 AND idx < ?2 ORDER BY idx",
        )
        .doing(doing)?;
    let mut rows = entries.query([Int(from), Int(to)]).doing(doing)?;
    for index in from..to {
        let row = rows.next().doing(doing)?;
        let is_next = |row: &&Row<'_>| row.get::<_, Int>(0).is_ok_and(|found| found.0 == index);
        let Some(row) = row.filter(is_next) else {
            tell(found, Damage::EntryMissing(index));
            break;
        };
        let leaf = row.get_ref(1).and_then(|leaf| Ok(leaf.as_bytes()?));
        let hash = leaf_hash(leaf.doing(doing)?);
        if !row.get::<_, Hash>(2).is_ok_and(|stored| stored.0 == hash) {
            tell(found, Damage::EntryHash(index));
        }
        hashes.push(hash);
    }
    Ok(hashes)
}

/// Compares the nodes above hashes of that level with the stored ones; gives the peaks.
fn compare(
    log: &Connection,
    mut level: u8,
    first: u64,
    mut hashes: Vec<Digest>,
    found: &mut Vec<Damage>,
) -> Result<Vec<Digest>, LedgerError> {
    let base = level;
    let mut peaks = Vec::new();
    while !hashes.is_empty() {
        if level > base {
            compare_level(log, level, first >> level, &hashes, found)?;
        }
        if hashes.len() % 2 == 1 {
            peaks.extend(hashes.last());
        }
        hashes = hashes
            .chunks_exact(2)
            .filter_map(|pair| Some(node_hash(pair.first()?, pair.last()?)))
            .collect();
        level += 1;
    }
    peaks.reverse();
    Ok(peaks)
}

/// The nodes of one level, from a position on.
fn compare_level(
    log: &Connection,
    level: u8,
    first: u64,
    hashes: &[Digest],
    found: &mut Vec<Damage>,
) -> Result<(), LedgerError> {
    let doing = "reading the nodes";
    let mut nodes = log
        .prepare_cached(
            "SELECT position, hash FROM node
             WHERE level = ?1 AND position >= ?2 AND position < ?3 ORDER BY position",
        )
        .doing(doing)?;
    let end = first + hashes.len() as u64;
    let mut rows = nodes
        .query(params![level, Int(first), Int(end)])
        .doing(doing)?;
    let mut stored = rows
        .next()
        .doing(doing)?
        .map(node)
        .transpose()
        .doing(doing)?;
    for (position, hash) in (first..).zip(hashes) {
        match stored {
            Some((at, of)) if at == position => {
                if of != Some(*hash) {
                    tell(found, node_damage(NodeId { level, position }));
                }
                stored = rows
                    .next()
                    .doing(doing)?
                    .map(node)
                    .transpose()
                    .doing(doing)?;
            }
            _ => tell(found, node_damage(NodeId { level, position })),
        }
    }
    Ok(())
}

/// A node's position, and its hash where it is one.
fn node(row: &Row<'_>) -> rusqlite::Result<(u64, Option<Digest>)> {
    let hash = row.get::<_, Hash>(1).ok();
    Ok((row.get::<_, Int>(0)?.0, hash.map(|hash| hash.0)))
}

/// Rows that no piece has met: a table has more of them than belong to the tree. All that belong were met one
/// by one, in their order.
fn superfluous(readers: &mut [Reader], size: u64) -> Result<Vec<Damage>, LedgerError> {
    // A tree of n leaves has one complete subtree fewer than n for each peak.
    let nodes = size.saturating_sub(u64::from(size.count_ones()));
    let counts = on_all_cores::each(readers, 2, |reader, which| {
        let (table, expected) = match which {
            0 => ("entry", size),
            _ => ("node", nodes),
        };
        let sql = format!("SELECT count(*) FROM {table}");
        let count = reader
            .connection()
            .query_row(&sql, [], |row| row.get::<_, Int>(0))
            .doing("counting rows")?;
        let what = format!("{} rows where {expected} belong", count.0);
        Ok((count.0 != expected).then_some(Damage::Value { table, what }))
    })?;
    Ok(counts.into_iter().flatten().collect())
}

fn tell(found: &mut Vec<Damage>, damage: Damage) {
    if found.len() < FINDINGS_MAX {
        found.push(damage);
    }
}
