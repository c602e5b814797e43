//! `station batch`: open, close, list, show.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use clap::builder::NonEmptyStringValueParser;
use firmware_proto::Uid;
use serde::Serialize;

use super::batch_codes::code_rows;
use super::batch_record::{BatchBoards, unknown};
use super::batch_serials;
use super::batch_view::{self, BatchView};
use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::hold::{BatchHoldView, clear_command};
use super::named_file::{self, read_text};
use super::owner;
use super::vendor_files;
use crate::access::Deed;
use crate::encoding::{Hex, sha256};
use crate::ledger::Reader;
use crate::line::control::ControlRequest;
use crate::manifest::statement::{Counts, Summing};
use crate::names::{BatchId, WorkOrderId};
use crate::profile::Profile;
use crate::station_home::StationHome;

/// What can be done with batches.
#[derive(Debug, Subcommand)]
pub(crate) enum BatchCommand {
    /// Open a batch under a work order
    ///
    /// The profile's whole text goes into the ledger, so that later changes of the file change nothing. A
    /// station for real products takes a profile that the product owner has signed (station profile sign),
    /// and only while it is valid. Takes the role of a supervisor.
    #[command(
        after_help = "Example:\n  station batch open B-2026-47 --profile sensor-a.toml \\\n      \
                            --work-order WO-4711 --quantity 500 --operator sv-3"
    )]
    Open {
        /// The new batch: 1 to 32 letters, digits, '-', '_' and '.'
        batch: BatchId,
        /// The product profile: signed, or in a development home as TOML
        #[arg(long, value_name = "FILE")]
        profile: PathBuf,
        /// The work order that allows it
        #[arg(long, value_name = "WO")]
        work_order: WorkOrderId,
        /// How many boards may be made
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        quantity: u32,
        /// The work order itself: its SHA-256 goes into the ledger and the manifest
        #[arg(long, value_name = "FILE")]
        work_order_file: Option<PathBuf>,
        /// Device serials to use, one a line, instead of the profile's pattern with the ledger's counter
        #[arg(long, value_name = "FILE")]
        serials: Option<PathBuf>,
        /// Use an older version of the profile than one that this station has used before
        #[arg(long, requires = "reason")]
        older_profile: bool,
        /// Why the older version is used; recorded with the opening
        #[arg(long, value_name = "TEXT", requires = "older_profile")]
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        reason: Option<String>,
    },
    /// Close a batch, after which it has a manifest
    ///
    /// Refused, with exit status 1, while a board is in work, in doubt or unfinished: put it in again, or give
    /// it up with --revoke-unfinished and --reason. A closed batch cannot be opened again, so that one with fewer
    /// boards than ordered is closed with --short, or with a reason for those given up. A batch that is closed already, or was never opened, is
    /// wrong usage: exit status 2. Takes the role of a supervisor.
    #[command(
        after_help = "Examples:\n  station batch close B-2026-47 --operator sv-3\n  \
        station batch close B-2026-47 --revoke-unfinished --reason \"two boards were lost\" \\\n      \
        --operator sv-3"
    )]
    Close {
        /// The batch
        batch: BatchId,
        /// Give up the boards that are in doubt or unfinished: revoke their certificates
        #[arg(long, requires = "reason")]
        revoke_unfinished: bool,
        /// Why they are given up; recorded with each revocation
        #[arg(long, value_name = "TEXT", requires = "revoke_unfinished")]
        reason: Option<String>,
        /// Close it although fewer boards are made than its work order asks for
        #[arg(long)]
        short: bool,
    },
    /// List the batches
    #[command(after_help = "Example:\n  station batch list --json")]
    List,
    /// Show how far a batch is: counts by verdict code, boards in doubt, progress
    #[command(after_help = "Example:\n  station batch show B-2026-47")]
    Show {
        /// The batch
        batch: BatchId,
    },
}

/// Does it.
pub(crate) fn run(command: &BatchCommand, context: &Context) -> Result<ExitStatus, Failure> {
    match command {
        BatchCommand::Open {
            batch,
            profile,
            work_order,
            quantity,
            serials,
            reason,
            work_order_file,
            ..
        } => {
            let home = context.home()?;
            let operator = context.operator_for(&home, Deed::OpenBatch)?;
            let profile_text = read_text(profile)?;
            keep_vendor_files(&home, profile, &profile_text)?;
            let request = ControlRequest::OpenBatch {
                batch: batch.clone(),
                profile_name: profile.display().to_string(),
                profile_text,
                work_order: work_order.clone(),
                quantity: *quantity,
                operator,
                older_profile: reason.clone(),
                work_order_file: work_order_file.as_deref().map(digest_of).transpose()?,
            };
            let kept = batch_serials::keep(&home, batch, serials.as_deref(), *quantity)?;
            let done = owner::perform(context, &request);
            if let (Err(_), Some(kept)) = (&done, kept) {
                // Without its batch the list would only stand in the way of the next attempt.
                drop(fs::remove_file(kept));
            }
            owner::show(context, done?);
        }
        BatchCommand::Close {
            batch,
            reason,
            short,
            ..
        } => {
            let home = context.home()?;
            let operator = context.operator_for(&home, Deed::CloseBatch)?;
            // Who gives boards up has said why fewer are made.
            if !short && reason.is_none() {
                refuse_short(&home, batch)?;
            }
            let batch = batch.clone();
            let request = match reason.clone() {
                Some(reason) => ControlRequest::RevokeAndCloseBatch {
                    batch,
                    reason,
                    operator,
                },
                None => ControlRequest::CloseBatch { batch, operator },
            };
            owner::show(context, owner::perform(context, &request)?);
        }
        BatchCommand::List => list(context)?,
        BatchCommand::Show { batch } => show(context, batch)?,
    }
    Ok(ExitStatus::Done)
}

/// On the screen a question stands before the closing of any batch; here it is asked where something is missing. Whoever
/// runs a line may have made more by then, never fewer.
fn refuse_short(home: &StationHome, batch: &BatchId) -> Result<(), Failure> {
    let known = Reader::open(&home.ledger())?.batch(batch)?;
    // What is closed, or was never opened, is told by the closing itself.
    let Some(known) = known.filter(|known| known.closed.is_none()) else {
        return Ok(());
    };
    let missing = known.quantity.saturating_sub(known.provisioned);
    if missing == 0 {
        return Ok(());
    }
    Err(Failure::check(
        format_args!("batch {batch} is not closed"),
        format_args!(
            "{} of the {} that {} asks for are made, {missing} are missing; a closed batch cannot be opened again",
            known.provisioned, known.quantity, known.work_order
        ),
        format_args!("make the others, or close it short: station batch close {batch} --short"),
    ))
}

/// A profile with faults is refused by the owner of the home, with all of them.
fn keep_vendor_files(home: &StationHome, file: &Path, text: &str) -> Result<(), Failure> {
    match Profile::parse(&file.display().to_string(), text) {
        Ok(profile) => vendor_files::keep_allow_list(home, &profile, file),
        Err(_) => Ok(()),
    }
}

fn list(context: &Context) -> Result<(), Failure> {
    let views: Vec<_> = batch_view::all(&context.home()?)?
        .into_iter()
        .map(|(batch, failed)| BatchView::new(batch, failed))
        .collect();
    let rows: Vec<Vec<String>> = views.iter().map(BatchView::cells).collect();
    for view in &views {
        context.output.object(view);
    }
    if views.is_empty() {
        context
            .output
            .text("no batch yet: station batch open makes one");
    } else {
        context.output.table(&BatchView::HEADER, &rows);
    }
    Ok(())
}

fn show(context: &Context, batch: &BatchId) -> Result<(), Failure> {
    let shown = details(&context.home()?, batch)?;
    let counts = &shown.counts;
    let output = &context.output;
    output.object(&shown);
    let view = &shown.view;
    output.text(&format!(
        "batch {} of {}, work order {}: {}",
        view.batch, view.product, view.work_order, view.state
    ));
    output.text(&format!(
        "  {} of {} made, {} reworked, {} failed, {} presented",
        view.provisioned, view.quantity, counts.reworked, counts.failed, counts.presented
    ));
    output.text(&format!(
        "  opened {}{}",
        view.opened,
        view.closed
            .as_ref()
            .map_or(String::new(), |at| format!(", closed {at}"))
    ));
    let rows = code_rows(counts, view.closed.is_some());
    if !rows.is_empty() {
        output.table(&["boards", "code"], &rows);
    }
    if let Some(held) = &shown.held {
        output.text(&format!(
            "held for {}: {}; no lane begins a board of it, until: {}",
            held.code,
            held.detail,
            clear_command(view.batch.as_str())
        ));
    }
    for uid in &shown.in_doubt_boards {
        output.text(&format!(
            "not finished: board {uid}; put it in again before the batch is closed, or give it up then"
        ));
    }
    Ok(())
}

/// How far a batch is, counted as its manifest counts.
pub(super) fn details(home: &StationHome, batch: &BatchId) -> Result<Details, Failure> {
    let reader = Reader::snapshot(&home.ledger())?;
    let known = reader.batch(batch)?.ok_or_else(|| unknown(batch))?;
    let boards = BatchBoards::of(&reader, batch)?;
    let mut sums = Summing::new(boards.unidentified_sessions);
    let mut in_doubt_boards = Vec::new();
    boards.each(|row| {
        sums.add(&row);
        if row.in_doubt() {
            in_doubt_boards.push(row);
        }
        Ok(())
    })?;
    in_doubt_boards.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    let mut held = reader.batch_holds()?.into_iter();
    let held = held.find(|held| held.batch == *batch);
    let counts = sums.total();
    Ok(Details {
        view: BatchView::new(known, counts.failed),
        without_code: counts.without_code(),
        counts,
        held: held.map(BatchHoldView::from),
        in_doubt_boards: in_doubt_boards.into_iter().map(|row| row.uid).collect(),
    })
}

#[derive(Serialize)]
pub(super) struct Details {
    #[serde(flatten)]
    view: BatchView,
    pub(super) counts: Counts,
    /// Boards presented that have no verdict: every session was interrupted, or the first is in work.
    without_code: u64,
    in_doubt_boards: Vec<Uid>,
    /// Why no lane begins a board of it, where it is so.
    held: Option<BatchHoldView>,
}

impl Details {
    /// How many boards fewer than ordered are made.
    pub(super) fn short_of_order(&self) -> u64 {
        self.view.quantity.saturating_sub(self.view.provisioned)
    }
}

/// Longest work order that is read.
const MAX_WORK_ORDER_BYTES: usize = 64 * 1024 * 1024;

fn digest_of(path: &Path) -> Result<Hex, Failure> {
    Ok(sha256(&named_file::read(path, MAX_WORK_ORDER_BYTES)?).into())
}

#[cfg(test)]
mod tests;
