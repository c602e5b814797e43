//! Files and folders that belong to the station alone.

use std::fs::{DirBuilder, File, OpenOptions, hard_link, remove_file, rename};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::error::HomeError;

/// Largest configuration, certificate or key file, in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Makes a folder that only the station's user can enter; one that is there stays as it is.
///
/// # Errors
/// Where it cannot be made.
pub fn make_folder(path: &Path) -> Result<(), HomeError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| HomeError::io("make", path, &error))
}

/// Writes a new file, mode 0600, whole or not at all, and durable before it returns. Never over another.
///
/// # Errors
/// [`HomeError::Exists`] where there is one already.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), HomeError> {
    let failed = |error: std::io::Error| HomeError::io("write", path, &error);
    let temporary = write_beside(path, bytes)?;
    // Unlike a rename, a link never replaces.
    let linked = hard_link(&temporary, path);
    let _removed = remove_file(&temporary);
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(HomeError::Exists(path.to_owned()));
        }
        other => other.map_err(failed)?,
    }
    sync_folder(path)
}

/// Puts a file, mode 0600, in the place of another or of none: the old one or the new one is there whatever
/// happens, and the new one is durable before it returns. One process at a time: the caller has a lock.
///
/// # Errors
/// Where it cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), HomeError> {
    let temporary = write_beside(path, bytes)?;
    rename(&temporary, path).map_err(|error| HomeError::io("write", path, &error))?;
    sync_folder(path)
}

/// Writes the bytes, durably, into a file of another name beside it.
fn write_beside(path: &Path, bytes: &[u8]) -> Result<PathBuf, HomeError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = path.with_file_name(name);
    let failed = |error: std::io::Error| HomeError::io("write", path, &error);
    // What a killed process has left half-written.
    match remove_file(&temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(failed)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    Ok(temporary)
}

fn sync_folder(path: &Path) -> Result<(), HomeError> {
    // A bare file name lies in the present folder.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all())
        .map_err(|error| HomeError::io("write", path, &error))
}

/// Writes a new PEM file; see [`write_new`].
///
/// # Errors
/// [`HomeError::Exists`] where there is one already.
pub fn write_pem(path: &Path, label: &'static str, der: &[u8]) -> Result<(), HomeError> {
    let pem = der::pem::encode_string(label, der::pem::LineEnding::LF, der);
    let pem = pem.map_err(|error| HomeError::Io("write", path.to_owned(), error.to_string()))?;
    write_new(path, pem.as_bytes())
}

/// Reads a small file.
///
/// # Errors
/// Where it cannot be read or is no small file.
pub fn read_bounded(path: &Path) -> Result<Vec<u8>, HomeError> {
    let failed = |error: std::io::Error| HomeError::io("read", path, &error);
    let mut bytes = Vec::new();
    // Opening a pipe would wait for whoever writes into it.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(std::io::Error::other("it is no regular file")));
    }
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_FILE_BYTES.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(HomeError::TooLarge(path.to_owned()));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn never_writes_over_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_new(&path, b"one").unwrap();
        assert_eq!(
            write_new(&path, b"two"),
            Err(HomeError::Exists(path.clone()))
        );
        assert_eq!(read_bounded(&path).unwrap(), b"one");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn replaces_a_file_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(folder.path().join("a.new"), b"hal").unwrap();
        for bytes in [&b"one"[..], b"two"] {
            replace(&path, bytes).unwrap();
            assert_eq!(read_bounded(&path).unwrap(), bytes);
        }
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn goes_on_after_having_been_killed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.new"), b"hal").unwrap();
        write_new(&folder.path().join("a"), b"half").unwrap();
        assert_eq!(read_bounded(&folder.path().join("a")).unwrap(), b"half");
    }

    #[test]
    fn a_pipe_in_the_place_of_a_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.pem");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let refused = read_bounded(&path).unwrap_err();
        assert!(refused.to_string().contains("regular file"), "{refused}");
        assert!(read_bounded(Path::new("/dev/zero")).is_err());
        assert!(read_bounded(folder.path()).is_err());
    }
}
