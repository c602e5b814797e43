//! The ledger's key and checkpoint, out of a signed manifest that somebody has verified.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use crate::cli::failure::Failure;
use crate::cli::named_file::unreadable;
use crate::manifest::dsse::BEGINNING;
use crate::manifest::offline_verifier::read_unverified;
use crate::manifest::statement::LedgerExtract;

/// What it says of the ledger; none where the file is no manifest. A manifest of any size is read in pieces; its
/// signature is not checked.
pub(super) fn ledger_of(path: &Path) -> Result<Option<LedgerExtract>, Failure> {
    // A pipe gives what it has once, and a key or a note may come by one.
    if !fs::metadata(path).is_ok_and(|found| found.is_file()) {
        return Ok(None);
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let mut beginning = Vec::new();
    (&file)
        .take(BEGINNING.len() as u64)
        .read_to_end(&mut beginning)
        .map_err(|error| unreadable(path, &error))?;
    if beginning != BEGINNING {
        return Ok(None);
    }
    let read = read_unverified(file, &mut |_| {});
    let statement = read.map_err(|rejected| {
        Failure::usage(
            format_args!("cannot read {} as a signed manifest", path.display()),
            rejected,
            "give one that station manifest verify accepts",
        )
    })?;
    Ok(Some(statement.predicate.ledger))
}

/// The note in a file: the file itself, or out of a signed manifest.
pub(super) fn note(path: &Path) -> Result<String, Failure> {
    match ledger_of(path)? {
        Some(ledger) => Ok(ledger.checkpoint),
        None => super::read_note(path),
    }
}
