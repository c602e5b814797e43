//! `station doctor`: checks the whole station. (being built)

use clap::Args;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;

/// Check the whole station
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  station doctor --home home")]
pub(crate) struct DoctorArguments {}

/// Does it.
pub(crate) fn run(_arguments: &DoctorArguments, context: &Context) -> Result<ExitStatus, Failure> {
    let _path = context.home_path()?;
    Err(Failure::usage(
        "this command is being built",
        "it is not there yet",
        "wait for it",
    ))
}
