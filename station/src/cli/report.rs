//! The report of a batch: from what the ledger holds to the page.

use std::path::Path;

use super::batch_record;
use super::failure::Failure;
use super::manifest::{Format, unexpected};
use super::named_file;
use crate::encoding::{Hex, sha256};
use crate::ledger::Reader;
use crate::line::control::NamedFile;
use crate::manifest::dsse::MAX_ENVELOPE_BYTES;
use crate::manifest::report::{self, ManifestFile, Report, Tally};
use crate::manifest::statement::Statement;

/// The signed manifest that lies beside the report, by name and digest.
pub(super) fn beside(format: Format, file: &Path) -> Result<NamedFile, Failure> {
    if format != Format::Html {
        return Err(Failure::usage(
            "--manifest goes with no other format than html",
            "only a report names the manifest that it goes with",
            "leave it out, or give --format html",
        ));
    }
    let bytes = named_file::read(file, MAX_ENVELOPE_BYTES)?;
    let name = file.file_name().unwrap_or(file.as_os_str());
    Ok(NamedFile {
        name: name.to_string_lossy().into_owned(),
        sha256: sha256(&bytes).into(),
    })
}

/// The page.
pub(super) fn page(
    reader: &Reader,
    statement: &Statement,
    root: &[u8],
    beside: Option<&NamedFile>,
) -> Result<Vec<u8>, Failure> {
    let predicate = &statement.predicate;
    let mut tally = Tally::default();
    for leaf in reader.verdicts_self_tests_and_holds(&predicate.batch) {
        let (_, event) = batch_record::event(leaf)?;
        tally.note(&event);
    }
    let root = Hex::from(sha256(root));
    let manifest = beside.map(|file| ManifestFile {
        name: file.name.clone(),
        sha256: file.sha256.clone(),
    });
    let report = Report {
        predicate,
        tally: &tally,
        root: &root,
        manifest: manifest.as_ref(),
    };
    let mut page = Vec::new();
    report::write(&mut page, &report, &predicate.boards).map_err(unexpected)?;
    Ok(page)
}
