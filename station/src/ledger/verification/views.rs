//! The view pass: what the entries say, in order. Each is decoded and judged by the writer's rules, its batch's
//! chain is followed, the views are made again from it; then they are compared with those in use.

use std::collections::HashMap;
use std::path::Path;

use firmware_proto::Digest;
use rusqlite::Connection;

use super::FINDINGS_MAX;
use super::workspace::{UNKEPT_ENTRIES, Workspace};
use crate::ledger::column::{Hash, Int, Text};
use crate::ledger::decoded::{self, Decoded};
use crate::ledger::error::{Damage, Doing, LedgerError};
use crate::ledger::leaf::Entry;
use crate::ledger::reader::Reader;
use crate::names::BatchId;

/// What was found.
pub(super) struct CheckedViews {
    pub(super) batches: u64,
    /// Entries that an interrupted verification had done.
    pub(super) resumed_at: u64,
    pub(super) found: Vec<Damage>,
}

/// Checks what the first `size` entries say, and the views.
pub(super) fn check(
    readers: &mut [Reader],
    size: u64,
    workspace: Option<&Path>,
    watch: &(dyn Fn(u64) + Sync),
) -> Result<CheckedViews, LedgerError> {
    let mut found = Vec::new();
    let folder = workspace.filter(|_| size > UNKEPT_ENTRIES);
    let mut work = match (folder, readers.first_mut()) {
        (Some(folder), Some(reader)) => Workspace::open(folder, reader.connection(), size)?,
        _ => Workspace::unnamed()?,
    };
    let resumed_at = work.done();
    let mut chains = Chains::resumed(work.rebuilt().connection())?;
    watch(resumed_at);
    decoded::for_each(
        readers,
        resumed_at..size,
        |Decoded {
             index,
             bytes,
             entry,
         }| {
            let mut tell = |damage| {
                if found.len() < FINDINGS_MAX {
                    found.push(damage);
                }
            };
            watch(index + 1);
            let entry = match entry {
                Ok(entry) => entry,
                Err(source) => {
                    tell(Damage::Leaf { index, source });
                    return Ok(());
                }
            };
            chains.follow(&entry).into_iter().for_each(&mut tell);
            let hash = entry.hash;
            let broken = work.rebuilt().follow(entry, &bytes)?;
            broken.into_iter().for_each(tell);
            // Whoever finds something leaves nothing to go on from: the next run finds it too.
            if found.is_empty() {
                work.done_with(hash)?;
            }
            Ok(())
        },
    )?;
    found.append(&mut work.differences(readers)?);
    found.truncate(FINDINGS_MAX);
    if found.is_empty() {
        work.remove();
    }
    Ok(CheckedViews {
        batches: chains.0.len() as u64,
        resumed_at,
        found,
    })
}

/// The next number of each batch, and the hash that the next event must name.
struct Chains(HashMap<BatchId, (u64, Digest)>);

impl Chains {
    /// As they stand in views that are half made.
    fn resumed(views: &Connection) -> Result<Self, LedgerError> {
        let read = |row: &rusqlite::Row<'_>| {
            let batch = row.get::<_, Text<BatchId>>(0)?.0;
            Ok((batch, (row.get::<_, Int>(1)?.0, row.get::<_, Hash>(2)?.0)))
        };
        views
            .prepare_cached("SELECT id, next_seq, head FROM batch")
            .and_then(|mut find| find.query_map([], read)?.collect())
            .map(Self)
            .doing("reading the ends of batches")
    }

    fn follow(&mut self, entry: &Entry) -> Option<Damage> {
        let position = entry.leaf.position.as_ref()?;
        let expected = self.0.get(&position.batch);
        let (seq, prev) = expected.map_or((0, None), |(seq, prev)| (*seq, Some(*prev)));
        let broken = (position.seq, position.prev) != (seq, prev);
        let next = (position.seq.saturating_add(1), entry.hash);
        self.0.insert(position.batch.clone(), next);
        broken.then_some(Damage::Chain(entry.index))
    }
}
