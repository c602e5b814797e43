//! `station init`: makes a station home. (being built)

use clap::Args;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;

/// Make a station home: keys in the token, CA chain, empty ledger
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  station init --development --home home")]
pub(crate) struct InitArguments {}

/// Does it.
pub(crate) fn run(_arguments: &InitArguments, context: &Context) -> Result<ExitStatus, Failure> {
    let _path = context.home_path()?;
    Err(Failure::usage(
        "this command is being built",
        "it is not there yet",
        "wait for it",
    ))
}
