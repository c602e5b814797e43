//! `station ledger`: verify. (being built)

use clap::Subcommand;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;

/// What can be done with the ledger.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Check the log against its checkpoints
    #[command(after_help = "Example:\n  station ledger verify --json")]
    Verify,
}

/// Does it.
pub(crate) fn run(_command: &LedgerCommand, context: &Context) -> Result<ExitStatus, Failure> {
    let _home = context.home()?;
    Err(Failure::usage(
        "this command is being built",
        "it is not there yet",
        "wait for it",
    ))
}
