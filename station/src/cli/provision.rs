//! `station provision`: the line without a screen. (being built)

use clap::Args;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;

/// Provision boards until the batch is full
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  station provision --batch B-2026-47 --operator op-17")]
pub(crate) struct ProvisionArguments {}

/// Does it.
pub(crate) fn run(
    _arguments: &ProvisionArguments,
    context: &Context,
) -> Result<ExitStatus, Failure> {
    let _station = context.own_station()?;
    Err(Failure::usage(
        "this command is being built",
        "it is not there yet",
        "wait for it",
    ))
}
