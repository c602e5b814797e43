//! `station manifest`: export what auditors receive, verify what auditors received.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use super::batch_record;
use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::named_file::{read_at_most, read_text, unreadable, write};
use super::owner::{self, Done, Owner};
use super::report;
use crate::certificate_path::ParsedCertificate;
use crate::clock::UtcMillis;
use crate::encoding::{Hex, sha256};
use crate::identity::signer::{KeyRole, Signer as _};
use crate::ledger::Reader;
use crate::line::control::{ControlRequest, NamedFile};
use crate::manifest::assemble::{BatchRecord, assemble};
use crate::manifest::dsse::{
    Envelope, MAX_ENVELOPE_BYTES, PAYLOAD_TYPE, pre_authentication_encoding,
};
use crate::manifest::offline_verifier::{self, VerifiedManifest};
use crate::manifest::statement::{Counts, Statement};
use crate::manifest::time_order::SILENT_STEP_MS;
use crate::manifest::{consistency, csv, cyclonedx};
use crate::names::BatchId;

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
    },
    /// Verify a manifest with a root certificate alone
    ///
    /// Needs no station home, no HSM and no network. Says what the verification proves and what it does
    /// not. Exit status 1 where the manifest does not hold.
    #[command(
        after_help = "Example:\n  station manifest verify manifest.dsse.json --trust root.pem"
    )]
    Verify {
        /// The manifest (DSSE)
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

/// Does it.
pub(crate) fn run(command: &ManifestCommand, context: &Context) -> Result<ExitStatus, Failure> {
    match command {
        ManifestCommand::Export {
            batch,
            format,
            output,
            manifest,
        } => export(
            context,
            batch,
            (*format, manifest.as_deref()),
            output.as_deref(),
        ),
        ManifestCommand::Verify { file, trust } => verify(context, file, trust),
    }
}

fn export(
    context: &Context,
    batch: &BatchId,
    (format, manifest): (Format, Option<&Path>),
    output: Option<&Path>,
) -> Result<ExitStatus, Failure> {
    let beside = manifest
        .map(|file| report::beside(format, file))
        .transpose()?;
    let name = match format {
        Format::Dsse => "dsse",
        Format::Csv => "csv",
        Format::CycloneDx => "cyclonedx",
        Format::Html => "html",
    };
    let request = ControlRequest::ExportManifest {
        batch: batch.clone(),
        format: name.to_owned(),
        operator: None,
        beside,
    };
    let Done::Document(document) = owner::perform(context, &request)? else {
        return Err(unexpected("the owner gave no document"));
    };
    let Some(path) = output else {
        context.output.raw(document.as_bytes());
        return Ok(ExitStatus::Done);
    };
    write(path, document.as_bytes())?;
    let shown = Exported {
        batch,
        file: path.display().to_string(),
        bytes: document.len(),
        sha256: sha256(document.as_bytes()).into(),
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
    bytes: usize,
    sha256: Hex,
}

/// Makes the document; run by the owner of the home.
pub(crate) fn document(
    owner: &Owner,
    batch: &BatchId,
    format: &str,
    beside: Option<&NamedFile>,
    now: UtcMillis,
) -> Result<String, Failure> {
    // Read first: an open batch is refused without a signature by anybody.
    let reader = Reader::snapshot(&owner.home.ledger())?;
    let record = batch_record::read(&reader, batch)?;
    let now = signing_time(&record, now)?;
    let chain = vec![owner.pki.manifest.certificate.der().to_vec()];
    let statement =
        assemble(record, chain, now).map_err(|reason| batch_record::not_exportable(&reason))?;
    consistency::check(&statement).map_err(unexpected)?;
    let bytes = match format {
        "dsse" => sign(owner, &statement)?,
        "csv" => csv::table(&statement).map_err(unexpected)?,
        "cyclonedx" => {
            let mut document = Vec::new();
            cyclonedx::write(
                &mut document,
                &statement.predicate,
                &statement.predicate.boards,
            )
            .map_err(unexpected)?;
            document
        }
        "html" => report::page(&reader, &statement, owner.pki.root.der(), beside)?,
        other => {
            return Err(Failure::usage(
                "the manifest cannot be made",
                format_args!("there is no format {other:?}"),
                "use dsse, csv, cyclonedx or html",
            ));
        }
    };
    String::from_utf8(bytes).map_err(unexpected)
}

/// Nobody signs a batch before it was closed; a clock that stepped back a little is not asked about.
fn signing_time(record: &BatchRecord, now: UtcMillis) -> Result<UtcMillis, Failure> {
    let closed = record.events.last().map_or(now, |(_, event)| event.time);
    if now >= closed || !record.clock_accepted.is_empty() {
        return Ok(now);
    }
    if closed.0.abs_diff(now.0) <= SILENT_STEP_MS {
        return Ok(closed);
    }
    Err(Failure::station(
        "the manifest cannot be made",
        format_args!("the clock says {now}, but the batch was closed at {closed}"),
        "set the clock right; if it is right now, station clock accept --reason TEXT",
    ))
}

fn sign(owner: &Owner, statement: &Statement) -> Result<Vec<u8>, Failure> {
    let payload = statement.to_bytes().map_err(unexpected)?;
    let message = pre_authentication_encoding(&payload);
    let signature = owner.signer.sign(KeyRole::Manifest, &message)?;
    let key = owner.pki.manifest.certificate.point();
    let envelope =
        Envelope::assemble(PAYLOAD_TYPE, payload, key, &signature).map_err(unexpected)?;
    let bytes = envelope.to_bytes().map_err(unexpected)?;
    // A manifest that its receiver would refuse is never given away.
    offline_verifier::verify(&bytes, owner.pki.root.der()).map_err(unexpected)?;
    Ok(bytes)
}

fn verify(context: &Context, file: &Path, trust: &Path) -> Result<ExitStatus, Failure> {
    let root = read_root(trust)?;
    // Read no more than a manifest may have; the verifier says so by itself.
    let bytes = read_at_most(file, MAX_ENVELOPE_BYTES).map_err(|error| unreadable(file, &error))?;
    let verified = offline_verifier::verify(&bytes, root.der());
    let verified = verified.map_err(|rejected| {
        let to_do = match &rejected {
            // The file itself may be as good as its sender says.
            offline_verifier::Rejected::OtherRoot { .. } => format!(
                "give with --trust the root certificate of the station that made it, from a source \
                 that you trust; if {} is that one, do not rely on this file",
                trust.display()
            ),
            _ => "do not rely on this file; ask its sender for the one that the station wrote"
                .to_owned(),
        };
        let what = format!("{} does not verify", file.display());
        Failure::check(what, rejected, to_do)
    })?;
    show(context, &verified)?;
    Ok(ExitStatus::Done)
}

/// The root certificate that somebody trusts.
pub(super) fn read_root(trust: &Path) -> Result<ParsedCertificate, Failure> {
    let root = read_text(trust)?;
    ParsedCertificate::from_pem(&root).map_err(|error| {
        Failure::usage(
            format_args!("cannot use {} as trusted root", trust.display()),
            error,
            "give the root's certificate in PEM",
        )
    })
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

fn show(context: &Context, verified: &VerifiedManifest) -> Result<(), Failure> {
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
        statement_sha256: verified.statement_digest().map_err(unexpected)?.to_string(),
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
    output.text(&format!(
        "  {} presented, {} passed ({} reworked), {} failed, {} already provisioned, {} unjudged",
        counts.presented,
        counts.passed,
        counts.reworked,
        counts.failed,
        counts.already_provisioned,
        counts.unjudged
    ));
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
    Ok(())
}

/// What our own rules exclude.
pub(super) fn unexpected(reason: impl std::fmt::Display) -> Failure {
    Failure::station(
        "the manifest cannot be made",
        reason,
        "run station ledger verify and station doctor; nothing was written",
    )
}
