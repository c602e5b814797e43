//! One process owns a home. The lock is the operating system's, so it ends with the process however it dies.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::error::HomeError;

/// The home is this process's as long as this value lives.
#[derive(Debug)]
pub struct HomeLock {
    /// Closing the file gives the lock back. The file itself stays: removing it would let two processes
    /// lock two files of one name.
    _file: File,
}

impl HomeLock {
    /// Takes the home at `path`, which must exist, whether or not it has a configuration yet.
    ///
    /// # Errors
    /// [`HomeError::Locked`] where another process has it.
    pub fn take(path: &Path) -> Result<Self, HomeError> {
        let lock = path.join("lock");
        let failed = |error: std::io::Error| HomeError::io("lock", &lock, &error);
        // Not inherited by children: the standard library opens files close-on-exec.
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock)
            .map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(HomeError::Locked(path.to_owned(), owner(&mut file)));
            }
            Err(error) => return Err(failed(error.into())),
        }
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// The process ID that the owner left in the file.
fn owner(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_has_it_and_may_come_after() {
        let folder = tempfile::tempdir().unwrap();
        let first = HomeLock::take(folder.path()).unwrap();
        let refused = HomeLock::take(folder.path()).unwrap_err();
        let locked = HomeError::Locked(folder.path().to_owned(), Some(std::process::id()));
        assert_eq!(refused, locked);
        drop(first);
        HomeLock::take(folder.path()).unwrap();
    }
}
