//! A long file that a command makes piece by piece: whole, or not there at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;

/// A file under way, under another name beside its own; removed where it is not finished.
pub(super) struct Document {
    path: PathBuf,
    beside: PathBuf,
    file: BufWriter<File>,
}

impl Document {
    /// Begins. As with other files that people name, a device or a pipe is never replaced by a file.
    pub(super) fn begin(path: &Path) -> Result<Self, Failure> {
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let mut beside = target.as_os_str().to_owned();
        beside.push(".unfinished");
        let beside = PathBuf::from(beside);
        let file = create(&target, &beside).map_err(|error| unwritable(path, &error))?;
        Ok(Self {
            path: target,
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

impl Drop for Document {
    fn drop(&mut self) {
        // A finished one has its own name by now.
        let _absent = fs::remove_file(&self.beside);
    }
}

fn create(target: &Path, beside: &Path) -> io::Result<File> {
    match fs::metadata(target) {
        Ok(found) if !found.is_file() => {
            return Err(io::Error::other("it is there, and is no regular file"));
        }
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    match fs::remove_file(beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    File::create_new(beside)
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(
        format_args!("cannot write {}", path.display()),
        error,
        "see whether the folder is there, can be written, and the disk is not full",
    )
}
