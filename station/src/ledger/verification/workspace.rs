//! Where a verification makes the views again, and what it finds there of one that was interrupted.
//!
//! Half-made views that somebody else could write to would hide damage, so they are kept in a folder that belongs
//! to whoever verifies, never beside the ledger. They are taken up only where the log, which this run has read
//! from its beginning, has the root that they were made from.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use firmware_proto::Digest;
use rusqlite::{Connection, OptionalExtension as _};
use rustix::fs::{FlockOperation, flock};

use crate::ledger::column::Int;
use crate::ledger::error::{Damage, Doing, LedgerError};
use crate::ledger::log_store::frontier;
use crate::ledger::merkle_tree::Frontier;
use crate::ledger::reader::Reader;
use crate::ledger::rebuild::Rebuilt;
use crate::ledger::schema;

/// A log of no more entries than this is read again faster than its views are found.
pub(super) const UNKEPT_ENTRIES: u64 = if cfg!(test) { 1000 } else { 20_000 };

/// After so many entries the views are left in their file.
const STEP: u64 = if cfg!(test) { 1 << 9 } else { 1 << 16 };

/// The views as far as they are made.
pub(super) struct Workspace {
    rebuilt: Rebuilt,
    tree: Frontier,
    file: Option<Kept>,
}

struct Kept {
    path: PathBuf,
    /// Held as long as this lives.
    _lock: File,
}

impl Workspace {
    /// Views that nobody can take up again.
    pub(super) fn unnamed() -> Result<Self, LedgerError> {
        Ok(Self {
            rebuilt: Rebuilt::new()?,
            tree: Frontier::default(),
            file: None,
        })
    }

    /// Views in a folder, as an interrupted verification of this log left them there. A folder that is somebody
    /// else's, or in use, is not used, and the views are unnamed.
    pub(super) fn open(folder: &Path, log: &Connection, size: u64) -> Result<Self, LedgerError> {
        let Some(lock) = take(folder) else {
            return Self::unnamed();
        };
        let path = folder.join("views.sqlite");
        let file = Some(Kept {
            path: path.clone(),
            _lock: lock,
        });
        if path.exists() {
            if let Ok(rebuilt) = Rebuilt::at(Some(&path))
                && let Ok(Some(tree)) = taken_up(rebuilt.connection(), log, size)
            {
                return Ok(Self {
                    rebuilt,
                    tree,
                    file,
                });
            }
            remove(&path);
        }
        match Rebuilt::at(Some(&path)) {
            Ok(rebuilt) => Ok(Self {
                rebuilt,
                tree: Frontier::default(),
                file,
            }),
            Err(_) => Self::unnamed(),
        }
    }

    pub(super) fn rebuilt(&self) -> &Rebuilt {
        &self.rebuilt
    }

    /// Over how many entries the views are made.
    pub(super) fn done(&self) -> u64 {
        self.tree.size()
    }

    /// An entry was applied and nothing is wrong so far: now and then what is made is kept.
    pub(super) fn done_with(&mut self, leaf: Digest) -> Result<(), LedgerError> {
        self.tree.append(leaf);
        if self.file.is_some() && self.tree.size().is_multiple_of(STEP) {
            self.keep()?;
        }
        Ok(())
    }

    fn keep(&self) -> Result<(), LedgerError> {
        let views = self.rebuilt.connection();
        let doing = "keeping half-made views";
        views.execute("DELETE FROM checkpoint", []).doing(doing)?;
        views
            .execute(
                "INSERT INTO checkpoint VALUES (?1, ?2)",
                (Int(self.tree.size()), mark(&self.tree.root())),
            )
            .doing(doing)?;
        self.rebuilt.commit()
    }

    /// Nothing more comes: what is wrong with the views in use and with the tables of the log.
    pub(super) fn differences(
        &mut self,
        readers: &mut [Reader],
    ) -> Result<Vec<Damage>, LedgerError> {
        self.keep()?;
        self.rebuilt.differences(readers, true)
    }

    /// Leaves nothing behind.
    pub(super) fn remove(self) {
        let Self { rebuilt, file, .. } = self;
        drop(rebuilt);
        if let Some(kept) = file {
            remove(&kept.path);
        }
    }
}

/// What half-made views are made from and by: the entries, and this very program's version.
fn mark(root: &Digest) -> String {
    format!("{root} {} {}", schema::version(), env!("CARGO_PKG_VERSION"))
}

/// The tree that the views are made from, where it is the beginning of this log.
fn taken_up(
    views: &Connection,
    log: &Connection,
    size: u64,
) -> Result<Option<Frontier>, LedgerError> {
    let kept: Option<(Int, String)> = views
        .query_row("SELECT size, note FROM checkpoint", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
        .doing("reading half-made views")?;
    let Some((Int(done), kept)) = kept.filter(|(done, _)| done.0 <= size) else {
        return Ok(None);
    };
    let tree = frontier(log, done)?;
    Ok((mark(&tree.root()) == kept).then_some(tree))
}

/// Takes the folder, where it belongs to this user alone and to no other verification.
fn take(folder: &Path) -> Option<File> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder).ok()?;
    let found = fs::symlink_metadata(folder).ok()?;
    let own = rustix::process::geteuid().as_raw();
    if !found.is_dir() || found.uid() != own || found.mode() & 0o022 != 0 {
        return None;
    }
    let lock = File::create(folder.join("lock")).ok()?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive).ok()?;
    Some(lock)
}

fn remove(path: &Path) {
    // What cannot be removed is not taken up either: its mark is another log's, or it is complete.
    let _ = fs::remove_file(path);
    let mut journal = path.as_os_str().to_owned();
    journal.push("-journal");
    let _ = fs::remove_file(PathBuf::from(journal));
}
