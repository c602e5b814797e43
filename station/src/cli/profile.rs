//! `station profile`: pin.

mod pin;

use clap::Subcommand;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use pin::PinArguments;

/// What can be done with profiles.
#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    Pin(PinArguments),
}

/// Does it.
pub(crate) fn run(command: &ProfileCommand, context: &Context) -> Result<ExitStatus, Failure> {
    match command {
        ProfileCommand::Pin(arguments) => pin::run(arguments, context),
    }
}
