//! The report of a batch: from what the ledger holds to the page.

use std::io::{self, Seek as _, Write};
use std::path::Path;

use super::batch_record;
use super::context::Context;
use super::failure::Failure;
use super::manifest::{Format, not_kept, read_root, seekable};
use super::named_file::unreadable;
use crate::encoding::{Hex, sha256};
use crate::ledger::Reader;
use crate::line::control::NamedFile;
use crate::manifest::envelope_writing::Hashing;
use crate::manifest::offline_verifier::{self, Rejected};
use crate::manifest::report::{self, ManifestFile, Report, Tally};
use crate::manifest::statement::Predicate;
use crate::manifest::statement_writing::SortedRows;
use crate::names::BatchId;

/// The signed manifest that lies beside the report, by name and digest. It must hold under this station's root, and be of
/// this very batch: whoever reads the report takes the two for one.
pub(super) fn beside(
    context: &Context,
    batch: &BatchId,
    format: Format,
    file: &Path,
) -> Result<NamedFile, Failure> {
    if format != Format::Html {
        return Err(Failure::usage(
            "--manifest goes with no other format than html",
            "only a report names the manifest that it goes with",
            "leave it out, or give --format html",
        ));
    }
    let home = context.home()?;
    let root = read_root(&home.paths().root_certificate())?;
    let mut manifest = seekable(file)?;
    let mut ignored = |_| {};
    let verified = offline_verifier::verify_file(&mut manifest, root.der(), &mut ignored).map_err(
        |fault| match fault {
            Rejected::NotKept(_) => not_kept(file, fault),
            fault => not_beside(file, fault),
        },
    )?;
    let of = &verified.statement().predicate;
    let known = Reader::open(&home.ledger())?;
    let key = known.opening()?.key.to_string();
    let range = known
        .batch(batch)?
        .map(|one| (one.opened_at, one.closed_at));
    let shown = (of.ledger.first_index, Some(of.ledger.last_index));
    if of.batch != *batch {
        let why = format!("it is of batch {}", of.batch);
        return Err(not_beside(file, why));
    }
    if of.ledger.vkey != key || range.is_some_and(|range| range != shown) {
        return Err(not_beside(
            file,
            "it is of a batch of that name in another ledger",
        ));
    }
    let signed_at = Some(of.signed_at);
    let mut hashing = Hashing::new(io::sink());
    manifest
        .rewind()
        .and_then(|()| io::copy(&mut manifest, &mut hashing))
        .map_err(|error| unreadable(file, &error))?;
    let name = file.file_name().unwrap_or(file.as_os_str());
    Ok(NamedFile {
        name: name.to_string_lossy().into_owned(),
        sha256: hashing.digest().into(),
        signed_at,
    })
}

fn not_beside(file: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::check(
        format_args!("no report goes with {}", file.display()),
        why,
        "give the signed manifest of this batch: station manifest export BATCH -o FILE",
    )
}

/// Writes the page.
pub(super) fn write(
    out: &mut impl Write,
    reader: &Reader,
    (predicate, rows): (&Predicate, &mut SortedRows),
    root: &[u8],
    beside: Option<&NamedFile>,
    failed: &dyn Fn(io::Error) -> Failure,
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
        signed_at: file.signed_at,
    });
    let report = Report {
        predicate,
        tally: &tally,
        root: &root,
        manifest: manifest.as_ref(),
    };
    report::write(out, &report, |take| rows.each(|row| take(&row))).map_err(failed)
}
