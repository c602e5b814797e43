//! The whole log recomputed from the bytes of its leaves: `station ledger verify`.
//!
//! Only the bytes of the entries, the checkpoints' notes and the key are believed; every other column is
//! recomputed and compared. A ledger that was replaced as a whole by an older copy of itself is
//! consistent; only a checkpoint from elsewhere shows it, and one can be given.

use std::collections::HashMap;
use std::path::Path;

use firmware_proto::Digest;
use rusqlite::Connection;

use super::checkpoint::{Checkpoint, CheckpointError, VerifierKey};
use super::column::Int;
use super::error::{Damage, Doing, LedgerError};
use super::integrity;
use super::leaf::Entry;
use super::log_store::{StoredNote, node_damage};
use super::merkle_tree::{Frontier, NodeId, NodeSource, leaf_hash};
use super::proof::TreeHead;
use super::reader::Reader;
use super::rebuild::Rebuilt;
use crate::names::BatchId;

/// Findings that are told one by one; more say nothing new.
pub const FINDINGS_MAX: usize = 100;

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Size and root of the log, as recomputed.
    pub head: TreeHead,
    /// How many of the entries the last good checkpoint covers.
    pub covered: u64,
    /// How many checkpoints were checked.
    pub checkpoints: u64,
    /// How many batches there are.
    pub batches: u64,
    /// What is wrong, in the order in which it was found; at most [`FINDINGS_MAX`].
    pub findings: Vec<Damage>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Verifies the whole ledger under the key that its home pins, and against a checkpoint from elsewhere
/// (a mirror, a manifest) where one is given. A station may be running meanwhile.
///
/// # Errors
/// [`LedgerError`] where the file cannot be read at all, or is of another key. Damage is in the report.
pub fn verify(
    path: &Path,
    key: &VerifierKey,
    elsewhere: Option<&str>,
) -> Result<Report, LedgerError> {
    verify_watched(path, key, elsewhere, |_| {})
}

/// As [`verify`]; `watch` is told how many entries were checked, after each.
///
/// # Errors
/// As [`verify`].
pub fn verify_watched(
    path: &Path,
    key: &VerifierKey,
    elsewhere: Option<&str>,
    watch: impl FnMut(u64),
) -> Result<Report, LedgerError> {
    let reader = Reader::snapshot(path)?;
    let log = reader.connection();
    let named = integrity::opening_key(log)?;
    if named != *key {
        return Err(LedgerError::OtherKey {
            expected: named.to_string(),
            got: key.to_string(),
        });
    }
    let mut check = Verification::new(log, key)?;
    check.database()?;
    check.entries(&reader, watch)?;
    check.remaining_nodes()?;
    check.remaining_checkpoints();
    if let Some(note) = elsewhere {
        check.elsewhere(note)?;
    }
    check.views()?;
    Ok(check.report())
}

struct Verification<'log> {
    log: &'log Connection,
    key: &'log VerifierKey,
    tree: Frontier,
    rebuilt: Rebuilt,
    /// The next number of each batch, and the hash that the next event must name.
    chains: HashMap<BatchId, (u64, Digest)>,
    notes: std::iter::Peekable<std::vec::IntoIter<StoredNote>>,
    checkpoints: u64,
    covered: u64,
    findings: Vec<Damage>,
}

impl<'log> Verification<'log> {
    fn new(log: &'log Connection, key: &'log VerifierKey) -> Result<Self, LedgerError> {
        let notes = all_notes(log)?;
        Ok(Self {
            log,
            key,
            tree: Frontier::default(),
            rebuilt: Rebuilt::new()?,
            chains: HashMap::new(),
            checkpoints: notes.len() as u64,
            notes: notes.into_iter().peekable(),
            covered: 0,
            findings: Vec::new(),
        })
    }

    fn found(&mut self, damage: Damage) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(damage);
        }
    }

    /// SQLite's own check of pages, indexes and constraints.
    fn database(&mut self) -> Result<(), LedgerError> {
        let doing = "checking the database's structure";
        let mut check = self
            .log
            .prepare("PRAGMA integrity_check(10)")
            .doing(doing)?;
        let rows = check.query_map([], |row| row.get(0)).doing(doing)?;
        for row in rows {
            let line: String = row.doing(doing)?;
            if line != "ok" {
                self.found(Damage::Sqlite(line));
            }
        }
        Ok(())
    }

    /// Every entry: its hash, what it says, its batch's chain, the nodes it completes, its effect on the
    /// views, and the checkpoint that ends with it.
    fn entries(&mut self, reader: &Reader, mut watch: impl FnMut(u64)) -> Result<(), LedgerError> {
        for leaf in reader.leaves(0..u64::MAX >> 1) {
            let (index, bytes) = leaf?;
            if index != self.tree.size() {
                // The tree cannot be told beyond a gap.
                self.found(Damage::EntryMissing(self.tree.size()));
                break;
            }
            let hash = leaf_hash(&bytes);
            let level = 0;
            let stored = self.log.node(NodeId {
                level,
                position: index,
            });
            if stored.is_ok_and(|stored| stored != hash) {
                self.found(Damage::EntryHash(index));
            }
            match Entry::read(index, &bytes) {
                Err(source) => self.found(Damage::Leaf { index, source }),
                Ok(entry) => {
                    self.chain(&entry);
                    let broken = self.rebuilt.follow(&entry, &bytes)?;
                    if let Some(damage) = broken {
                        self.found(damage);
                    }
                }
            }
            for node in self.tree.append(hash).into_iter().skip(1) {
                if !self
                    .log
                    .node(node.id)
                    .is_ok_and(|stored| stored == node.hash)
                {
                    self.found(node_damage(node.id));
                }
            }
            self.checkpoint_here();
            watch(self.tree.size());
        }
        Ok(())
    }

    fn chain(&mut self, entry: &Entry) {
        let Some(position) = &entry.leaf.position else {
            return;
        };
        let expected = self.chains.get(&position.batch);
        let (seq, prev) = expected.map_or((0, None), |(seq, prev)| (*seq, Some(*prev)));
        if (position.seq, position.prev) != (seq, prev) {
            self.found(Damage::Chain(entry.index));
        }
        let next = (position.seq.saturating_add(1), entry.hash);
        self.chains.insert(position.batch.clone(), next);
    }

    /// The checkpoint over exactly the entries so far, where there is one.
    fn checkpoint_here(&mut self) {
        let size = self.tree.size();
        while let Some(stored) = self.notes.next_if(|stored| stored.size <= size) {
            match Checkpoint::open(&stored.note, self.key) {
                Err(source) => self.found(stored.damage(source)),
                Ok(checkpoint) if checkpoint.head.size != stored.size || stored.size != size => {
                    let what = "a checkpoint of another size than its row says";
                    self.found(stored.damage(CheckpointError::Body(what)));
                }
                Ok(checkpoint) if checkpoint.head.root != self.tree.root() => {
                    self.found(Damage::Root { size });
                }
                Ok(_) => self.covered = size,
            }
        }
    }

    /// Interior nodes that no entry accounts for.
    fn remaining_nodes(&mut self) -> Result<(), LedgerError> {
        let size = self.tree.size();
        // A tree of n leaves has one complete subtree fewer than n for each peak.
        let expected = size.saturating_sub(u64::from(size.count_ones()));
        let stored = self
            .log
            .query_row("SELECT count(*) FROM node", [], |row| row.get::<_, Int>(0))
            .doing("counting the nodes")?;
        if stored.0 > expected {
            self.found(Damage::Value {
                table: "node",
                what: format!("{} nodes where {expected} belong", stored.0),
            });
        }
        Ok(())
    }

    /// Checkpoints over more entries than there are.
    fn remaining_checkpoints(&mut self) {
        let log = self.tree.size();
        while let Some(stored) = self.notes.next() {
            let checkpoint = stored.size;
            match Checkpoint::open(&stored.note, self.key) {
                Ok(_) => self.found(Damage::RolledBack { checkpoint, log }),
                Err(source) => self.found(stored.damage(source)),
            }
        }
        if self.checkpoints == 0 {
            self.found(Damage::NoCheckpoint);
        }
    }

    fn elsewhere(&mut self, note: &str) -> Result<(), LedgerError> {
        match integrity::check_mirror(self.log, self.key, note) {
            Ok(()) => Ok(()),
            Err(LedgerError::Damaged(damage)) => {
                self.found(damage);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn views(&mut self) -> Result<(), LedgerError> {
        for damage in self.rebuilt.differences(self.log)? {
            self.found(damage);
        }
        Ok(())
    }

    fn report(self) -> Report {
        Report {
            head: TreeHead {
                size: self.tree.size(),
                root: self.tree.root(),
            },
            covered: self.covered,
            checkpoints: self.checkpoints,
            batches: self.chains.len() as u64,
            findings: self.findings,
        }
    }
}

fn all_notes(log: &Connection) -> Result<Vec<StoredNote>, LedgerError> {
    log.prepare_cached("SELECT size, note FROM checkpoint ORDER BY size")
        .and_then(|mut find| {
            find.query_map([], |row| {
                Ok(StoredNote {
                    size: row.get::<_, Int>(0)?.0,
                    note: row.get(1)?,
                })
            })?
            .collect()
        })
        .doing("reading the checkpoints")
}
