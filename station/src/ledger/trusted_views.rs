//! Whether the views say what the log says, at every start.
//!
//! The writer's rules read the views, so a row that somebody removed must not go unseen. The views are made
//! again from the log and compared. A long log is not read from its beginning each time: what was made from
//! it is kept in a file beside the ledger, under the ledger key's signature, and only later entries are
//! applied to it. That file is made from leaves alone, never from the views in use; where it is missing,
//! damaged or of another log, everything is read again.

use std::path::{Path, PathBuf};

use firmware_proto::Digest;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::Digest as _;

use super::checkpoint::Checkpoint;
use super::column::Int;
use super::error::{Doing, LedgerError};
use super::leaf::Entry;
use super::log_store::{frontier, last_note, leaf_bytes, size};
use super::proof::TreeHead;
use super::rebuild::{Rebuilt, index_damage};
use super::schema;
use super::writer::LedgerKey;

/// A ledger of no more entries than this is read whole, which takes a second or two, and keeps no file.
pub(in crate::ledger) const IN_MEMORY_ENTRIES: u64 = 20_000;

/// Compares the views with the log, whose leaves must have been checked. Gives how many entries were read.
pub(in crate::ledger) fn check(
    log: &Connection,
    ledger: &Path,
    key: &LedgerKey,
    in_memory: u64,
) -> Result<u64, LedgerError> {
    let end = size(log)?;
    if end <= in_memory {
        follow(log, &Rebuilt::new()?, 0)?;
        return Ok(end);
    }
    let path = beside(ledger);
    let kept = Kept { log, key, path };
    let (rebuilt, from) = kept.take_up()?;
    follow(log, &rebuilt, from)?;
    if from < end {
        // Without it the next start reads more; nothing is lost.
        let _ = kept.keep(rebuilt, end);
    }
    Ok(end.saturating_sub(from))
}

/// The file of a ledger's trusted views.
fn beside(ledger: &Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push("-views");
    PathBuf::from(name)
}

/// Applies the entries from there on, then compares.
fn follow(log: &Connection, rebuilt: &Rebuilt, from: u64) -> Result<(), LedgerError> {
    for index in from..size(log)? {
        let bytes = leaf_bytes(log, index)?;
        let entry = Entry::read(index, &bytes)
            .map_err(|source| super::error::Damage::Leaf { index, source })?;
        if let Some(damage) = rebuilt.follow(&entry, &bytes)? {
            return Err(damage.into());
        }
    }
    match rebuilt.differences(log)?.into_iter().next() {
        Some(damage) => Err(damage.into()),
        None => Ok(()),
    }
}

struct Kept<'a> {
    log: &'a Connection,
    key: &'a LedgerKey,
    path: PathBuf,
}

impl Kept<'_> {
    /// The kept views and how many entries are in them, if they can be trusted; else none yet.
    fn take_up(&self) -> Result<(Rebuilt, u64), LedgerError> {
        if self.path.exists() {
            // Whatever is wrong with it, the log is there to make it again.
            if let Ok(rebuilt) = Rebuilt::at(Some(&self.path))
                && let Ok(Some(from)) = self.trusted(rebuilt.connection())
            {
                return Ok((rebuilt, from));
            }
            std::fs::remove_file(&self.path).map_err(|source| LedgerError::Io {
                doing: "removing views that cannot be trusted",
                path: self.path.clone(),
                source: source.into(),
            })?;
        }
        Ok((Rebuilt::at(Some(&self.path))?, 0))
    }

    /// How many entries of this log the views are made from, where the ledger key says so.
    fn trusted(&self, views: &Connection) -> Result<Option<u64>, LedgerError> {
        let Some(stored) = last_note(views)? else {
            return Ok(None);
        };
        let origin = self.origin();
        let Ok(note) = Checkpoint::open_of(&stored.note, &self.key.verifier, &origin) else {
            return Ok(None);
        };
        let covered = note.head.size;
        if covered > size(self.log)? || self.head(views, covered)? != note.head {
            return Ok(None);
        }
        for (table, _) in schema::VIEWS {
            if index_damage(views, table)?.is_some() {
                return Ok(None);
            }
        }
        Ok(Some(covered))
    }

    fn keep(&self, rebuilt: Rebuilt, covered: u64) -> Result<(), LedgerError> {
        let views = rebuilt.connection();
        let doing = "signing rebuilt views";
        views.execute("DELETE FROM checkpoint", []).doing(doing)?;
        let head = self.head(views, covered)?;
        let note = self.key.sign(self.origin(), head)?;
        views
            .execute(
                "INSERT INTO checkpoint VALUES (?1, ?2)",
                (Int(covered), note),
            )
            .doing(doing)?;
        rebuilt.keep()
    }

    /// Not the log's own: no note about views passes for a checkpoint.
    fn origin(&self) -> String {
        format!("{}/views", self.key.verifier.name())
    }

    /// What is signed: the views, and the tree that they are made from.
    fn head(&self, views: &Connection, covered: u64) -> Result<TreeHead, LedgerError> {
        let root = frontier(self.log, covered)?.root();
        let root = digest(views, &root)?;
        Ok(TreeHead {
            size: covered,
            root,
        })
    }
}

/// Digest over a tree's root, and every value of the views and of the intents' entries. Each value is told
/// with type and length, so that no two contents spell the same.
fn digest(views: &Connection, root: &Digest) -> Result<Digest, LedgerError> {
    let doing = "reading rebuilt views";
    let mut hasher = sha2::Sha256::new_with_prefix(root.as_bytes());
    let schema = ("sqlite_schema", "name");
    for (table, key) in schema::VIEWS.iter().chain(&[("entry", "idx"), schema]) {
        hasher.update(table);
        let sql = match *table {
            // Where a table begins in the file is nobody's business.
            "sqlite_schema" => "SELECT name, type, sql FROM sqlite_schema ORDER BY name".to_owned(),
            _ => format!("SELECT * FROM {table} ORDER BY {key}"),
        };
        let mut all = views.prepare(&sql).doing(doing)?;
        let columns = all.column_count();
        let mut rows = all.query([]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            for column in 0..columns {
                update(&mut hasher, row.get_ref(column).doing(doing)?);
            }
        }
    }
    Ok(Digest::from_bytes(hasher.finalize().into()))
}

fn update(hasher: &mut sha2::Sha256, value: ValueRef<'_>) {
    let (kind, bytes): (u8, &[u8]) = match value {
        ValueRef::Null => (0, &[]),
        ValueRef::Integer(number) => {
            hasher.update([1]);
            return hasher.update(number.to_be_bytes());
        }
        ValueRef::Real(number) => {
            hasher.update([2]);
            return hasher.update(number.to_bits().to_be_bytes());
        }
        ValueRef::Text(text) => (3, text),
        ValueRef::Blob(blob) => (4, blob),
    };
    hasher.update([kind]);
    hasher.update((bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}
