//! `operators.json` in the home: one strict JSON object, for the station's user alone.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::error::AccessError;
use super::operator::OperatorBook;
use crate::station_home::{HomeError, replace};

/// Far more than the largest register.
const BYTES_MAX: u64 = 1024 * 1024;

/// Reads it; None where there is none.
pub(super) fn read(path: &Path) -> Result<Option<OperatorBook>, AccessError> {
    let failed = |error: std::io::Error| {
        AccessError::Home(HomeError::Io("read", path.to_owned(), error.to_string()))
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // The opened file's, so that nobody can exchange it in between.
    let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        let path = path.to_owned();
        return Err(AccessError::Permissions { path, mode });
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let malformed = |problem| AccessError::Malformed {
        path: path.to_owned(),
        problem,
    };
    let book: OperatorBook =
        serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
    match book.fault() {
        None => Ok(Some(book)),
        Some(fault) => Err(malformed(fault)),
    }
}

/// Puts another in its place: the old one or the new one is there, whatever happens, and it is durable.
pub(super) fn write(path: &Path, book: &OperatorBook) -> Result<(), AccessError> {
    let bytes = serde_json::to_vec_pretty(book).map(Zeroizing::new);
    let bytes = bytes.map_err(|error| AccessError::Malformed {
        path: path.to_owned(),
        problem: error.to_string(),
    })?;
    Ok(replace(path, &bytes)?)
}
