//! `station manifest`: export, verify. (being built)

use clap::Subcommand;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;

/// What can be done with manifests.
#[derive(Debug, Subcommand)]
pub(crate) enum ManifestCommand {
    /// Verify a manifest offline
    #[command(after_help = "Example:\n  station manifest verify --json")]
    Verify,
}

/// Does it.
pub(crate) fn run(_command: &ManifestCommand, context: &Context) -> Result<ExitStatus, Failure> {
    let _home = context.home()?;
    Err(Failure::usage(
        "this command is being built",
        "it is not there yet",
        "wait for it",
    ))
}
