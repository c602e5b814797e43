//! `station ledger checkpoint`.

use clap::Args;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::exit_status::ExitStatus;
use crate::cli::failure::Failure;
use crate::cli::owner::{self, Done, Owner};
use crate::line::control::ControlRequest;

/// Sign a checkpoint over everything that is recorded, and print it
///
/// The note is durable, and in the mirror where one is configured, before it is printed; one that covers everything
/// already is printed again. A running line signs it, else this command does, with the token. Keep it elsewhere:
/// with it you can tell later whether the ledger still continues what it was.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  station ledger checkpoint --home home > note.txt")]
pub(crate) struct CheckpointArguments {}

#[derive(Serialize)]
struct Signed {
    entries: u64,
    checkpoint: String,
}

/// Does it.
pub(super) fn run(context: &Context) -> Result<ExitStatus, Failure> {
    let signed = owner::perform(context, &ControlRequest::Checkpoint)?;
    owner::show(context, signed);
    Ok(ExitStatus::Done)
}

/// The owner's part.
pub(super) fn work(owner: &Owner) -> Result<Done, Failure> {
    let checkpoint = owner.ledger.checkpoint()?;
    let size = checkpoint.lines().nth(1).and_then(|size| size.parse().ok());
    let text = checkpoint.clone();
    let signed = Signed {
        entries: size.unwrap_or(0),
        checkpoint,
    };
    let json = serde_json::to_string(&signed).map_err(|error| {
        Failure::station(
            "cannot show the checkpoint",
            error,
            "read it from the ledger",
        )
    })?;
    Ok(Done::Fact { text, json })
}
