//! `station device`: list, show, history. (being built)

use clap::Subcommand;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;

/// What can be done with devices.
#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// List the devices
    #[command(after_help = "Example:\n  station device list --json")]
    List,
}

/// Does it.
pub(crate) fn run(_command: &DeviceCommand, context: &Context) -> Result<ExitStatus, Failure> {
    let _home = context.home()?;
    Err(Failure::usage(
        "this command is being built",
        "it is not there yet",
        "wait for it",
    ))
}
