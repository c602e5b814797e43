//! `station manifest`: export what auditors receive, verify what auditors received.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use firmware_proto::Digest;
use serde::Serialize;

use super::certificate_file;
use super::context::Context;
use super::exit_status::ExitStatus;
use super::export_documents;
use super::failure::Failure;
use super::manifest_export;
use super::named_file::{unreadable, write_with};
use super::other_document;
use super::owner::{self, Done};
use super::report;
use crate::certificate_path::ParsedCertificate;
use crate::encoding::Hex;
use crate::line::control::ControlRequest;
use crate::manifest::dsse::MAX_ENVELOPE_BYTES;
use crate::manifest::envelope_writing::Hashing;
use crate::manifest::offline_verifier::{self, Rejected, VerifiedManifest};
use crate::manifest::spool::nameless;
use crate::manifest::statement::Counts;
use crate::names::BatchId;

/// Bytes that are copied at once.
const PIECE_BYTES: usize = 256 * 1024;

/// What can be done with manifests.
#[derive(Debug, Subcommand)]
pub(crate) enum ManifestCommand {
    /// Export the manifest of a closed batch
    ///
    /// The DSSE manifest is signed and proves itself to whoever has the root certificate. The CSV table has
    /// the same rows for spreadsheets, the CycloneDX document for tools that keep inventories, the HTML report is
    /// for people; these prove nothing. All are made by the process that owns the home: by the running line where
    /// there is one, else by this command, which needs the token then, whatever the format.
    #[command(
        after_help = "Example:\n  station manifest export B-2026-47 --format dsse \\\n      \
                            -o manifest.dsse.json\n  \
                      station manifest export B-2026-47 --format html --manifest manifest.dsse.json -o report.html"
    )]
    Export {
        /// The batch
        batch: BatchId,
        /// What to write
        #[arg(long, value_enum, default_value_t = Format::Dsse)]
        format: Format,
        /// The file to write; replaced where it exists [default: stdout]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// The signed manifest that an HTML report goes with: the report names its digest
        #[arg(long, value_name = "FILE")]
        manifest: Option<PathBuf>,
        /// Add what was measured on each board, with limits
        #[arg(long)]
        measurements: bool,
    },
    /// Verify a manifest with a root certificate alone
    ///
    /// Needs no station home, no HSM and no network. Says what the verification proves and what it does
    /// not. Exit status 1 where the manifest does not hold.
    #[command(
        after_help = "Example:\n  station manifest verify manifest.dsse.json --trust root.pem"
    )]
    Verify {
        /// The manifest (DSSE); - for standard input
        file: PathBuf,
        /// The root certificate that you trust (PEM)
        #[arg(long, value_name = "FILE")]
        trust: PathBuf,
    },
}

/// The formats of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The signed manifest: an in-toto Statement in a DSSE envelope
    Dsse,
    /// A table of its rows, not signed
    Csv,
    /// Devices, firmware and certificates as a CycloneDX 1.7 document (JSON), not signed
    #[value(name = "cyclonedx")]
    CycloneDx,
    /// A report for people, with charts: one HTML file that needs no network, not signed
    Html,
}

impl Format {
    fn as_str(self) -> &'static str {
        match self {
            Self::Dsse => "dsse",
            Self::Csv => "csv",
            Self::CycloneDx => "cyclonedx",
            Self::Html => "html",
        }
    }
}

/// Does it.
pub(crate) fn run(command: &ManifestCommand, context: &Context) -> Result<ExitStatus, Failure> {
    match command {
        ManifestCommand::Export {
            batch,
            format,
            output,
            manifest,
            measurements,
        } => {
            let beside = manifest
                .as_deref()
                .map(|file| report::beside(context, batch, *format, file))
                .transpose()?;
            let request = ControlRequest::ExportManifest {
                batch: batch.clone(),
                format: format.as_str().to_owned(),
                operator: None,
                beside,
                measurements: *measurements,
            };
            export(context, batch, &request, output.as_deref())
        }
        ManifestCommand::Verify { file, trust } => verify(context, file, trust),
    }
}

fn export(
    context: &Context,
    batch: &BatchId,
    request: &ControlRequest,
    output: Option<&Path>,
) -> Result<ExitStatus, Failure> {
    let Done::DocumentFile(name) = owner::perform(context, request)? else {
        return Err(unexpected("the owner gave no document"));
    };
    let made = context
        .home()?
        .exports()
        .join(manifest_export::plain(&name)?);
    let taken = take(context, batch, &made, output);
    // Taken or not, nobody comes back for it.
    drop(fs::remove_file(&made));
    taken
}

/// Takes the document out of the home.
fn take(
    context: &Context,
    batch: &BatchId,
    made: &Path,
    output: Option<&Path>,
) -> Result<ExitStatus, Failure> {
    let unread = |error: io::Error| {
        Failure::station(
            format_args!("cannot read the document {}", made.display()),
            error,
            "give the command again; see whether its disk is well",
        )
    };
    let mut document = export_documents::open(made).map_err(unread)?;
    let Some(path) = output else {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = document.read(&mut piece).map_err(unread)?;
            match piece.get(..read) {
                Some(bytes) if read > 0 => context.output.raw(bytes),
                _ => return Ok(ExitStatus::Done),
            }
        }
    };
    let (bytes, digest) = write(path, &mut document)?;
    let shown = Exported {
        batch,
        file: path.display().to_string(),
        bytes,
        sha256: digest.into(),
    };
    context.output.fact(
        &shown,
        &format!("wrote {} (SHA-256 {})", shown.file, shown.sha256),
    );
    Ok(ExitStatus::Done)
}

#[derive(Serialize)]
struct Exported<'a> {
    batch: &'a BatchId,
    file: String,
    bytes: u64,
    sha256: Hex,
}

fn verify(context: &Context, file: &Path, trust: &Path) -> Result<ExitStatus, Failure> {
    let root = read_root(trust)?;
    let manifest = seekable(file)?;
    let again = manifest.try_clone();
    let mut ignored = |_| {};
    let verified = offline_verifier::verify_file(manifest, root.der(), &mut ignored);
    let verified = verified.map_err(|rejected| {
        let other = again.ok();
        let other = other.and_then(|file| other_document::told_by_its_beginning(&file));
        match other {
            Some(what) if !matches!(rejected, Rejected::NotKept(_)) => Failure::check(
                format_args!("{} is no signed manifest", file.display()),
                what,
                "give the signed manifest, whose name ends in .dsse.json as a rule",
            ),
            _ => refused(file, trust, &rejected),
        }
    })?;
    show(context, &verified);
    Ok(ExitStatus::Done)
}

fn refused(file: &Path, trust: &Path, rejected: &Rejected) -> Failure {
    let what = format!("{} does not verify", file.display());
    match rejected {
        // Whatever the file is, nothing of it was judged.
        Rejected::NotKept(_) => not_kept(file, rejected),
        // The file itself may be as good as its sender says.
        Rejected::OtherRoot(other) => {
            let to_do = format!(
                "give with --trust the root certificate of the station that made it, from a source \
                 that you trust; if {} is that one, do not rely on this file\n       {}",
                trust.display(),
                other.in_lines().join("\n       ")
            );
            Failure::check(
                what,
                "its signing chain does not end in the given root",
                to_do,
            )
        }
        _ => {
            let to_do =
                "do not rely on this file; ask its sender for the one that the station wrote";
            Failure::check(what, rejected, to_do)
        }
    }
}

/// Nothing is known of the file, for want of room for what waits.
pub(super) fn not_kept(file: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::station(
        format_args!("cannot verify {}", file.display()),
        why,
        "make room there, or name another folder in TMPDIR",
    )
}

/// The root certificate that somebody trusts.
pub(super) fn read_root(trust: &Path) -> Result<ParsedCertificate, Failure> {
    let is_none = format!("cannot use {} as trusted root", trust.display());
    certificate_file::read(trust, &is_none, "give the root's certificate in PEM")
}

#[derive(Serialize)]
struct Shown<'a> {
    verified: bool,
    batch: &'a BatchId,
    work_order: String,
    product: String,
    station: String,
    development: bool,
    signed_at: String,
    validity_judged_at: String,
    key_id: String,
    statement_sha256: String,
    counts: &'a Counts,
    ledger_origin: &'a str,
    checkpoint: &'a str,
    proves: Vec<String>,
    does_not_prove: Vec<String>,
}

fn show(context: &Context, verified: &VerifiedManifest) {
    let predicate = &verified.statement().predicate;
    let shown = Shown {
        verified: true,
        batch: &predicate.batch,
        work_order: predicate.work_order.to_string(),
        product: predicate.product.to_string(),
        station: predicate.station.to_string(),
        development: predicate.development,
        signed_at: predicate.signed_at.to_string(),
        validity_judged_at: predicate.signed_at.to_string(),
        key_id: verified.key_id().to_string(),
        statement_sha256: verified.statement_digest().to_string(),
        counts: &predicate.counts,
        ledger_origin: &predicate.ledger.origin,
        checkpoint: &predicate.ledger.checkpoint,
        proves: verified.proves(),
        does_not_prove: verified.does_not_prove(),
    };
    let output = &context.output;
    output.object(&shown);
    let counts = shown.counts;
    output.text(&format!(
        "verified: batch {} of {}",
        shown.batch, shown.product
    ));
    output.text(&format!("  {counts}"));
    output.text(&format!(
        "  signed at {} by key {}",
        shown.signed_at, shown.key_id
    ));
    output.text("this proves:");
    shown
        .proves
        .iter()
        .for_each(|line| output.text(&format!("  + {line}")));
    output.text("this does not prove:");
    shown
        .does_not_prove
        .iter()
        .for_each(|line| output.text(&format!("  - {line}")));
}

/// Opens a file that can be read from both ends; what comes through a pipe is kept in one without a name.
pub(super) fn seekable(file: &Path) -> Result<File, Failure> {
    let from = if file == Path::new("-") {
        Path::new("/dev/stdin")
    } else {
        file
    };
    let opened = File::open(from).map_err(|error| unreadable(file, &error))?;
    let kind = opened
        .metadata()
        .map_err(|error| unreadable(file, &error))?;
    if kind.is_file() {
        return Ok(opened);
    }
    let folder = std::env::temp_dir();
    let full = |error: io::Error| {
        let why = format!(
            "what comes through a pipe cannot be kept in a file in {}: {error}",
            folder.display()
        );
        not_kept(file, why)
    };
    let mut kept = nameless(&folder).map_err(full)?;
    let mut bounded = opened.take(MAX_ENVELOPE_BYTES + 1);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = bounded.read(&mut piece);
        let read = read.map_err(|error| unreadable(file, &error))?;
        match piece.get(..read) {
            Some(bytes) if read > 0 => kept.write_all(bytes).map_err(full)?,
            _ => return Ok(kept),
        }
    }
}

/// Takes the document to where the person wants it. Gives length and digest.
fn write(path: &Path, document: &mut File) -> Result<(u64, Digest), Failure> {
    write_with(path, |file| {
        let mut hashing = Hashing::new(file);
        let bytes = io::copy(document, &mut hashing)?;
        Ok((bytes, hashing.digest()))
    })
}

/// What our own rules exclude.
pub(super) fn unexpected(reason: impl std::fmt::Display) -> Failure {
    Failure::station(
        "the manifest cannot be made",
        reason,
        "run station ledger verify and station doctor; nothing was written",
    )
}
