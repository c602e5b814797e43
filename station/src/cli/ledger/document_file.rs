//! Files that a command makes: whole, or not there at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;

/// Writes the bytes beside the file and renames.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut document = Document::begin(path)?;
    document.write(bytes)?;
    document.finish()
}

/// A file under way, under another name beside its own.
pub(super) struct Document {
    path: PathBuf,
    beside: PathBuf,
    file: BufWriter<File>,
}

impl Document {
    pub(super) fn begin(path: &Path) -> Result<Self, Failure> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".unfinished");
        let beside = PathBuf::from(beside);
        let file = File::create(&beside).map_err(|error| unwritable(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            beside,
            file: BufWriter::new(file),
        })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| unwritable(&self.path, &error))
    }

    pub(super) fn finish(mut self) -> Result<(), Failure> {
        let named = self
            .file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all())
            .and_then(|()| fs::rename(&self.beside, &self.path));
        named.map_err(|error| unwritable(&self.path, &error))
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(
        format_args!("cannot write {}", path.display()),
        error,
        "see whether the folder is there, can be written, and the disk is not full",
    )
}
