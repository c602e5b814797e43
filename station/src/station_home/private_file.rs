//! Files and folders that belong to the station alone.

use std::fs::{DirBuilder, File, OpenOptions, hard_link, remove_file};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

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
    // Unlike a rename, a link never replaces.
    let linked = hard_link(&temporary, path);
    let _removed = remove_file(&temporary);
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(HomeError::Exists(path.to_owned()));
        }
        other => other.map_err(failed)?,
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed)
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
    fn goes_on_after_having_been_killed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.new"), b"hal").unwrap();
        write_new(&folder.path().join("a"), b"half").unwrap();
        assert_eq!(read_bounded(&folder.path().join("a")).unwrap(), b"half");
    }
}
