//! `station ledger verify`.

use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::{elsewhere, pinned_key, read_note, tampered};
use crate::cli::context::Context;
use crate::cli::exit_status::ExitStatus;
use crate::cli::failure::Failure;
use crate::ledger::{self, LedgerError, Reader, Report};
use crate::station_home::StationHome;

/// The bar of a verification.
const TEMPLATE: &str = "verified [{bar:32}] {human_pos} of {human_len} entries, {eta} left";

/// Check every entry of the ledger against its checkpoints
///
/// Recomputes the whole log from the bytes of its entries: hashes, tree, the chain of each batch, every
/// checkpoint's signature, and the views. A station may be running meanwhile. Exit status 1 where
/// anything was changed, with the first wrong entry named.
///
/// An older copy of the whole ledger is consistent with itself. A checkpoint that was kept elsewhere shows
/// it: that of the configured mirror, or the one given with --checkpoint.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  station ledger verify --home home\n  \
    station ledger verify --home home --checkpoint note.txt")]
pub(crate) struct VerifyArguments {
    /// A checkpoint of this ledger that was kept elsewhere (a signed note), to compare with
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

/// Does it.
pub(crate) fn run(arguments: &VerifyArguments, context: &Context) -> Result<ExitStatus, Failure> {
    let home = context.home()?;
    let key = pinned_key(&home)?;
    let mirror = home.config().ledger.checkpoint_mirror.clone();
    let elsewhere = arguments
        .checkpoint
        .clone()
        .or(mirror.filter(|path| path.exists()));
    let elsewhere = elsewhere.map(|path| read_note(&path)).transpose()?;
    let progress = progress(context, &home);
    let watch = |done| progress.set_position(done);
    let report = ledger::verify_watched(&home.ledger(), &key, elsewhere.as_deref(), watch);
    progress.finish_and_clear();
    match report {
        Ok(mut report) => {
            elsewhere::compare_with_token(context, &home, &key, &mut report)?;
            let status = tell(context, &report)?;
            elsewhere::tell_witnesses(context, &home, &key)?;
            Ok(status)
        }
        Err(error @ (LedgerError::Damaged(_) | LedgerError::OtherKey { .. })) => {
            Err(tampered(&error.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Serialize)]
struct Shown {
    verified: bool,
    entries: u64,
    root: String,
    covered: u64,
    checkpoints: u64,
    batches: u64,
    findings: Vec<String>,
}

fn tell(context: &Context, report: &Report) -> Result<ExitStatus, Failure> {
    let shown = Shown {
        verified: report.is_clean(),
        entries: report.head.size,
        root: report.head.root.to_string(),
        covered: report.covered,
        checkpoints: report.checkpoints,
        batches: report.batches,
        findings: report.findings.iter().map(ToString::to_string).collect(),
    };
    let output = &context.output;
    output.object(&shown);
    let Some(first) = shown.findings.first() else {
        output.text(&format!(
            "verified: {} entries of {} batches, {} checkpoints, the last over {} entries",
            shown.entries, shown.batches, shown.checkpoints, shown.covered
        ));
        output.text(&format!("  root {}", shown.root));
        return Ok(ExitStatus::Done);
    };
    shown
        .findings
        .iter()
        .for_each(|finding| output.text(&format!("wrong: {finding}")));
    Err(tampered(first))
}

/// How far it is, on stderr, where somebody looks at it.
fn progress(context: &Context, home: &StationHome) -> ProgressBar {
    if context.output.is_quiet() || context.output.is_json() {
        return ProgressBar::hidden();
    }
    // What cannot be read here is told by the verification itself.
    let size = Reader::open(&home.ledger())
        .and_then(|reader| reader.size())
        .unwrap_or(0);
    let style = ProgressStyle::with_template(TEMPLATE);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(size).with_style(style.progress_chars("=> "))
}
