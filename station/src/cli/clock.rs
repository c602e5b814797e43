//! `station clock`: accept.

use clap::Subcommand;
use clap::builder::NonEmptyStringValueParser;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::owner;
use crate::line::control::ControlRequest;
use crate::station_home::Role;

/// What can be done about the clock.
#[derive(Debug, Subcommand)]
pub(crate) enum ClockCommand {
    /// Accept a jump of the clock, so that all lanes take boards again
    ///
    /// Only once the clock is right: from here on its time stands in certificates and in the
    /// ledger. Only a running line knows of a jump. Takes the role of a supervisor; the ledger
    /// records who, and why.
    #[command(
        after_help = "Example:\n  station clock accept --reason \"time server is back\" \\\n      \
                      --operator sv-3"
    )]
    Accept {
        /// Why the clock is right now
        #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
        reason: String,
    },
}

/// Does it.
pub(crate) fn run(command: &ClockCommand, context: &Context) -> Result<ExitStatus, Failure> {
    let ClockCommand::Accept { reason } = command;
    let operator = context.operator_with_role(&context.home()?, &[Role::Supervisor])?;
    let request = ControlRequest::AcceptClock {
        reason: reason.clone(),
        operator,
    };
    let Some(response) = owner::ask(context, &request)? else {
        return Err(Failure::usage(
            "there is nothing to accept",
            "no line runs on this home, and a jump lasts no longer than the line that saw it",
            "set the clock right, then start station provision",
        ));
    };
    owner::show(context, owner::done(response)?);
    Ok(ExitStatus::Done)
}
