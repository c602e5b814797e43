//! `station label`: show, print, list.

use clap::Subcommand;
use clap::builder::NonEmptyStringValueParser;
use serde::Serialize;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::label_work::{LabelOf, never_asked_for};
use super::owner;
use crate::access::Deed;
use crate::ledger::Reader;
use crate::ledger::event::LabelFailedRecord;
use crate::ledger::reader::CertificateOverview;
use crate::line::control::ControlRequest;

/// What can be done with labels.
#[derive(Debug, Subcommand)]
pub(crate) enum LabelCommand {
    /// Show what a board's label says; nothing is printed
    #[command(
        after_help = "Examples:\n  station label show SA-000017\n  station label show SA-000017 --zpl"
    )]
    Show {
        /// The board: its serial, or its UID
        #[arg(value_name = "SERIAL|UID")]
        device: String,
        /// Show the ZPL that a printer gets, instead of plain text
        #[arg(long)]
        zpl: bool,
    },
    /// Print a board's label again, or for the first time where the printer failed
    ///
    /// Only of a board that has passed and whose certificate is live. The ledger records who wanted it, and
    /// why. Takes the role of an operator or a supervisor. Exit status 1 where the printer does not take it.
    #[command(
        after_help = "Example:\n  station label print SA-000017 --reason \"the first was torn\" \\\n      \
                      --operator op-17"
    )]
    Print {
        /// The board: its serial, or its UID
        #[arg(value_name = "SERIAL|UID")]
        device: String,
        /// Why it is printed by hand; recorded
        #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
        reason: String,
    },
    /// List the boards that have passed and have no label: the printer did not take it, or the station was killed
    ///
    /// Boards that no printer was ever asked for are listed where station.toml names a printer, and their
    /// profile has a label.
    #[command(after_help = "Example:\n  station label list --json")]
    List,
}

/// Does it.
pub(crate) fn run(command: &LabelCommand, context: &Context) -> Result<ExitStatus, Failure> {
    let home = context.home()?;
    match command {
        LabelCommand::Show { device, zpl } => {
            let reader = Reader::open(&home.ledger())?;
            let label = LabelOf::board(&reader, device)?;
            let shown = Shown {
                serial: label.values.serial.as_str(),
                uid: label.values.uid.to_string(),
                zpl: label.template.zpl(&label.values),
                text: label.template.text(&label.values),
            };
            context.output.object(&shown);
            let text = if *zpl { &shown.zpl } else { &shown.text };
            text.lines().for_each(|line| context.output.text(line));
        }
        LabelCommand::Print { device, reason } => {
            let request = ControlRequest::PrintLabel {
                device: device.clone(),
                reason: reason.clone(),
                operator: context.operator_for(&home, Deed::ReprintLabel)?,
            };
            owner::show(context, owner::perform(context, &request)?);
        }
        LabelCommand::List => list(context)?,
    }
    Ok(ExitStatus::Done)
}

fn list(context: &Context) -> Result<(), Failure> {
    let home = context.home()?;
    let reader = Reader::open(&home.ledger())?;
    let books = reader.label_books()?;
    let mut rows = Vec::new();
    let mut owed: Vec<Owed> = books.failed.values().map(Owed::failed).collect();
    if home.config().label_printer.is_some() {
        let never = never_asked_for(&reader, &books)?;
        owed.extend(never.iter().map(Owed::never));
    }
    for view in owed {
        context.output.object(&view);
        rows.push(vec![view.serial, view.uid, view.batch, view.detail]);
    }
    if rows.is_empty() {
        context.output.text("no label is owed");
    } else {
        let header = ["serial", "uid", "batch", "why it was not printed"];
        context.output.table(&header, &rows);
        context
            .output
            .text("print one with: station label print SERIAL --reason TEXT");
    }
    Ok(())
}

#[derive(Serialize)]
struct Shown<'a> {
    serial: &'a str,
    uid: String,
    zpl: String,
    text: String,
}

#[derive(Serialize)]
struct Owed {
    serial: String,
    uid: String,
    batch: String,
    detail: String,
}

impl Owed {
    fn failed(failed: &LabelFailedRecord) -> Self {
        Self {
            serial: failed.device_serial.to_string(),
            uid: failed.uid.to_string(),
            batch: failed.label_batch.to_string(),
            detail: failed.detail.clone(),
        }
    }

    fn never(board: &CertificateOverview) -> Self {
        Self {
            serial: board.device_serial.to_string(),
            uid: board.uid.to_string(),
            batch: board.batch.to_string(),
            detail: "no printer has taken or refused it".to_owned(),
        }
    }
}
