//! The documents in the home's folder of exports: each locked by whoever makes or takes it, so that what a killed
//! process has left can be told from what a living one still needs.
//!
//! The owner of the home makes a document and keeps its lock until the asking command has removed it; that one locks it
//! too while it copies. A lock is gone with its process, however that ends.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::clock::UtcMillis;
use crate::names::BatchId;

/// What documents are made in.
pub(crate) const FORMATS: [&str; 4] = ["dsse", "csv", "cyclonedx", "html"];

/// How long the owner keeps a document for a command that does not come for it.
const KEPT_MS: u64 = 10 * 60 * 1000;

/// Documents that this process has made, and that nobody has taken yet.
static GIVEN: Mutex<Vec<Given>> = Mutex::new(Vec::new());

struct Given {
    since: UtcMillis,
    /// Holds the lock.
    file: File,
}

/// A document that is being made; removed where it is not [given](Document::give).
pub(crate) struct Document {
    path: PathBuf,
    file: Option<File>,
}

impl Document {
    /// Begins one, and removes what dead processes have left beside it.
    pub(crate) fn begin(folder: &Path, name: &str, now: UtcMillis) -> io::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        // One at a time: a document that is not locked yet would look like one that was left.
        let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
        given.retain(|one| {
            let wanted = one.file.metadata().is_ok_and(|file| file.nlink() > 0);
            wanted && now.0.abs_diff(one.since.0) < KEPT_MS
        });
        sweep(folder)?;
        let path = folder.join(name);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        let file = options.mode(0o600).open(&path)?;
        file.lock_shared()?;
        Ok(Self {
            path,
            file: Some(file),
        })
    }

    /// What is written into.
    pub(crate) fn file(&mut self) -> Option<&mut File> {
        self.file.as_mut()
    }

    /// It is whole: kept until somebody has taken it.
    pub(crate) fn give(mut self, now: UtcMillis) {
        if let Some(file) = self.file.take() {
            let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
            given.push(Given { since: now, file });
        }
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        if self.file.is_some() {
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Opens a document to take it.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    file.lock_shared()?;
    Ok(file)
}

/// The name of a document: its batch, its format, and when it was begun.
pub(crate) fn name(batch: &BatchId, format: &str, now: UtcMillis) -> String {
    format!("{batch}.{format}.{}", now.0)
}

/// Whether a file has such a name. Whatever else somebody has put there is theirs.
fn is_name(name: &str) -> bool {
    let mut parts = name.rsplitn(3, '.');
    let (begun, format, batch) = (parts.next(), parts.next(), parts.next());
    begun.is_some_and(|begun| begun.parse::<u64>().is_ok())
        && format.is_some_and(|format| FORMATS.contains(&format))
        && batch.is_some_and(|batch| BatchId::parse(batch).is_ok())
}

/// Removes documents that no living process has.
fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let named = entry.file_name().to_str().is_some_and(is_name);
        if !named || !entry.file_type()?.is_file() {
            continue;
        }
        // What cannot be opened or removed stands in nobody's way.
        let Ok(file) = File::open(entry.path()) else {
            continue;
        };
        if file.try_lock().is_ok() {
            drop(fs::remove_file(entry.path()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_is_removed_and_what_somebody_has_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let now = UtcMillis(1);
        let batch = BatchId::parse("B-1").unwrap();
        let left = name(&batch, "dsse", now);
        let [first_name, failed, next] =
            ["csv", "html", "dsse"].map(|one| name(&batch, one, UtcMillis(7)));
        let others = ["notes.txt", "B-1.dsse", "B-1.zip.7", "B-1.dsse.x"];
        for file in others.iter().chain([&&*left]) {
            fs::write(at(file), "by somebody").unwrap();
        }
        let first = Document::begin(folder.path(), &first_name, now).unwrap();
        assert!(!at(&left).exists() && at(&first_name).exists());
        assert!(others.iter().all(|other| at(other).exists()));
        first.give(now);
        // Given, and nobody has come yet.
        let made = Document::begin(folder.path(), &failed, now).unwrap();
        assert!(at(&first_name).exists());
        drop(made);
        assert!(!at(&failed).exists());
        // Somebody takes it, however long that lasts.
        let taken = open(&at(&first_name)).unwrap();
        let much_later = UtcMillis(1 + KEPT_MS);
        drop(Document::begin(folder.path(), &next, much_later).unwrap());
        assert!(at(&first_name).exists());
        drop(taken);
        drop(Document::begin(folder.path(), &next, much_later).unwrap());
        assert!(!at(&first_name).exists());
    }
}
