//! Files that a person names on the command line: read up to a bound, written whole or not at all.
//!
//! What is read may be a pipe, as a shell makes one of another program's output; it may have no end. What is
//! written must be a regular file or new: a rename would put a file in the place of a device or a pipe.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::Path;

use super::failure::Failure;

/// Longest text that is read: as long as the home's own files may be.
pub(crate) const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// Reads a file; one byte more than `most` tells that it is longer.
pub(crate) fn read_at_most(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a file of at most so many bytes.
pub(crate) fn read(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    let bytes = read_at_most(path, most).map_err(|error| unreadable(path, &error))?;
    if bytes.len() > most {
        let what = format!("cannot read {}", path.display());
        let why = format!("it has more than {most} bytes");
        return Err(Failure::usage(what, why, "give the right file"));
    }
    Ok(bytes)
}

/// Reads a text of at most [`MAX_TEXT_BYTES`].
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path, MAX_TEXT_BYTES)?).map_err(|error| {
        let what = format!("cannot read {}", path.display());
        Failure::usage(what, error.utf8_error(), "name a text file that is there")
    })
}

/// What is said of a file that cannot be read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let why = match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    };
    let what = format!("cannot read {}", path.display());
    Failure::usage(what, why, "name a file that is there")
}

/// What somebody names to be read by the home's own rules must be there: else they have named the wrong file, and
/// nothing is wrong with the disk.
pub(crate) fn must_be_readable(path: &Path) -> Result<(), Failure> {
    rustix::fs::access(path, rustix::fs::Access::READ_OK)
        .map_err(|error| unreadable(path, &error.into()))
}

/// Where nobody can wait for its end: no pipe and no device.
pub(crate) fn must_be_a_file(path: &Path) -> Result<(), Failure> {
    let found = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if found.is_file() {
        return Ok(());
    }
    let what = format!("cannot read {}", path.display());
    Err(Failure::usage(what, "it is no file", "name a file"))
}

/// Writes beside the file and renames, so that nobody ever sees half of it. A link stays one, and a file keeps
/// its permissions.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_with(path, |file| file.write_all(bytes))
}

/// The same for what is too large to be in memory.
pub(crate) fn write_with<T>(
    path: &Path,
    fill: impl FnOnce(&mut File) -> io::Result<T>,
) -> Result<T, Failure> {
    replace(path, fill).map_err(|error| {
        let (why, action) = match error.kind() {
            ErrorKind::NotFound => (
                "there is no such folder".to_owned(),
                "make the folder, or name a file in one that is there",
            ),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                (error.to_string(), "make room on the disk")
            }
            _ => (
                error.to_string(),
                "name a file in a folder that is there and can be written",
            ),
        };
        Failure::usage(format_args!("cannot write {}", path.display()), why, action)
    })
}

fn replace<T>(path: &Path, write_all: impl FnOnce(&mut File) -> io::Result<T>) -> io::Result<T> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let before = match fs::metadata(&target) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        return Err(io::Error::other("it is there, and is no regular file"));
    }
    let mut beside = target.as_os_str().to_owned();
    beside.push(".unfinished");
    let beside = Path::new(&beside);
    // What lies there is of a command that was killed, or nothing to be written through.
    match fs::remove_file(beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::create_new(beside)?;
    let written = write_all(&mut file).and_then(|filled| {
        if let Some(before) = before {
            file.set_permissions(before.permissions())?;
        }
        file.sync_all()?;
        fs::rename(beside, &target)?;
        Ok(filled)
    });
    if written.is_err() {
        // Where even this fails, the next command removes it.
        let _ = fs::remove_file(beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::cli::exit_status::ExitStatus;

    fn fifo(path: &Path) {
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    }

    #[test]
    fn who_cannot_wait_is_told_that_a_pipe_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, file) = (folder.path().join("pipe"), folder.path().join("file"));
        fifo(&pipe);
        fs::write(&file, "text").unwrap();
        assert!(must_be_a_file(&file).is_ok());
        for other in [&pipe, folder.path(), &folder.path().join("none")] {
            let refused = must_be_a_file(other).unwrap_err();
            assert_eq!(refused.status(), ExitStatus::Usage, "{}", other.display());
        }
    }

    #[test]
    fn what_has_no_end_is_read_up_to_the_bound() {
        let endless = Path::new("/dev/zero");
        let refused = read(endless, 1000).unwrap_err();
        assert_eq!(refused.why(), "it has more than 1000 bytes");
        assert!(read_text(endless).is_err());
    }

    #[test]
    fn a_file_that_is_not_there_was_named_by_mistake() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("authority.csr.pem");
        let refused = must_be_readable(&path).unwrap_err();
        assert_eq!(refused.status(), ExitStatus::Usage);
        let told = format!("cannot read {}", path.display());
        assert_eq!(
            (refused.what(), refused.why()),
            (&told[..], "there is no such file")
        );
        fs::write(&path, "request").unwrap();
        must_be_readable(&path).unwrap();
        must_be_readable(folder.path()).unwrap();
    }

    #[test]
    fn a_text_is_utf_8() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        fs::write(&path, b"\xff").unwrap();
        assert!(read_text(&path).is_err());
        fs::write(&path, "größer").unwrap();
        assert_eq!(read_text(&path).unwrap(), "größer");
    }

    #[test]
    fn a_file_is_replaced_and_a_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a"), folder.path().join("link"));
        write(&path, b"one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        write(&link, b"two").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }

    #[test]
    fn a_device_a_pipe_and_a_folder_stay_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        fifo(&pipe);
        for path in [&pipe, folder.path(), Path::new("/dev/full")] {
            let kind = fs::metadata(path).unwrap().file_type();
            assert!(write(path, b"bytes").is_err(), "{}", path.display());
            assert_eq!(fs::metadata(path).unwrap().file_type(), kind);
        }
        // Nor is a leftover of that kind written through.
        let path = folder.path().join("a");
        fifo(&folder.path().join("a.unfinished"));
        write(&path, b"bytes").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"bytes");
    }

    #[test]
    fn what_cannot_be_written_leaves_the_old_file_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write(&folder.path().join("no/such"), b"bytes").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
