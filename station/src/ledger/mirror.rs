//! The last checkpoint, kept a second time in a file elsewhere: an older copy of the whole ledger put in
//! place of the real one is seen by it, and by nothing inside the ledger.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::LedgerError;
use super::integrity::KeptElsewhere;

/// The file, and the size of the tree whose checkpoint it is known to hold.
#[derive(Debug)]
pub(in crate::ledger) struct Mirror {
    path: PathBuf,
    size: Option<u64>,
    /// It is empty, and nobody has said yet that it may begin.
    waits: bool,
}

impl Mirror {
    pub(in crate::ledger) fn new(path: PathBuf) -> Self {
        Self {
            path,
            size: None,
            waits: false,
        }
    }

    /// Whether it holds the checkpoint of that size.
    pub(in crate::ledger) fn holds(&self, size: u64) -> bool {
        self.size == Some(size)
    }

    /// Its file, where it is empty and nobody has begun it.
    pub(in crate::ledger) fn waiting(&self) -> Option<&Path> {
        self.waits.then_some(&*self.path)
    }

    /// Whether it may be written to, though it was empty.
    pub(in crate::ledger) fn wait(&mut self, waits: bool) {
        self.waits = waits;
    }

    /// What the file holds; none where it is empty, which is how a person has a mirror begun. One that
    /// is not there is no new one: whoever removed it would have hidden what it vouched for.
    pub(in crate::ledger) fn read(&self) -> Result<Option<String>, LedgerError> {
        match fs::read(&self.path) {
            Ok(note) if note.is_empty() => Ok(None),
            // What is no text is no checkpoint either, and is told as that.
            Ok(note) => Ok(Some(String::from_utf8_lossy(&note).into_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(LedgerError::NoMirror {
                path: self.path.clone(),
            }),
            Err(error) => Err(LedgerError::Io {
                doing: "reading the checkpoint's mirror",
                path: self.path.clone(),
                source: Arc::new(error),
            }),
        }
    }

    /// The note that it holds, with where it is.
    pub(in crate::ledger) fn holding<'a>(&'a self, note: &'a str) -> KeptElsewhere<'a> {
        KeptElsewhere {
            path: &self.path,
            note,
        }
    }

    /// Replaces what the file holds. The old or the new note is there at any time, never half of one.
    pub(in crate::ledger) fn write(&mut self, size: u64, note: &str) -> Result<(), LedgerError> {
        if self.holds(size) {
            return Ok(());
        }
        self.write_again(size, note)
    }

    /// The same where it holds a note over so many entries already, with fewer signatures.
    pub(in crate::ledger) fn write_again(
        &mut self,
        size: u64,
        note: &str,
    ) -> Result<(), LedgerError> {
        // A disk that went away leaves a folder behind, in which a new file would vouch for nothing.
        let there = fs::metadata(&self.path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                std::io::Error::other("it is not there any more (is its disk still mounted?)")
            }
            _ => error,
        });
        let written = there.and_then(|_| replace(&self.path, note));
        written.map_err(|error| LedgerError::NotMirrored {
            path: self.path.clone(),
            source: Arc::new(error),
        })?;
        self.size = Some(size);
        Ok(())
    }
}

pub(in crate::ledger) fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_folder(path)
}

/// Makes the file's name in its folder durable.
pub(in crate::ledger) fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}
