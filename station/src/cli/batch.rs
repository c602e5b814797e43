//! `station batch`: open, close, list, show. (being built)

use clap::Subcommand;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;

/// What can be done with batches.
#[derive(Debug, Subcommand)]
pub(crate) enum BatchCommand {
    /// List the batches
    #[command(after_help = "Example:\n  station batch list --json")]
    List,
}

/// Does it.
pub(crate) fn run(_command: &BatchCommand, context: &Context) -> Result<ExitStatus, Failure> {
    let _home = context.home()?;
    Err(Failure::usage(
        "this command is being built",
        "it is not there yet",
        "wait for it",
    ))
}
