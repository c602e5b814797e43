//! The report of a batch: from what the ledger holds to the page.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::batch_record;
use super::failure::Failure;
use super::manifest::Format;
use super::manifest_export::unexpected;
use super::named_file::unreadable;
use crate::encoding::{Hex, sha256};
use crate::ledger::Reader;
use crate::line::control::NamedFile;
use crate::manifest::envelope_writing::Hashing;
use crate::manifest::report::{self, ManifestFile, Report, Tally};
use crate::manifest::statement::Predicate;
use crate::manifest::statement_writing::SortedRows;

/// The signed manifest that lies beside the report, by name and digest.
pub(super) fn beside(format: Format, file: &Path) -> Result<NamedFile, Failure> {
    if format != Format::Html {
        return Err(Failure::usage(
            "--manifest goes with no other format than html",
            "only a report names the manifest that it goes with",
            "leave it out, or give --format html",
        ));
    }
    let mut hashing = Hashing::new(io::sink());
    File::open(file)
        .and_then(|mut manifest| io::copy(&mut manifest, &mut hashing))
        .map_err(|error| unreadable(file, &error))?;
    let name = file.file_name().unwrap_or(file.as_os_str());
    Ok(NamedFile {
        name: name.to_string_lossy().into_owned(),
        sha256: hashing.digest().into(),
    })
}

/// Writes the page.
pub(super) fn write(
    out: &mut impl Write,
    reader: &Reader,
    (predicate, rows): (&Predicate, &mut SortedRows),
    root: &[u8],
    beside: Option<&NamedFile>,
) -> Result<(), Failure> {
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
    report::write(out, &report, |take| rows.each(|row| take(&row))).map_err(unexpected)
}
