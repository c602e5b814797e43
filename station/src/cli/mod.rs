//! The command line: noun, then verb. No rule of the domain lives here.
//!
//! Each noun has a file with its arguments and its `run`, which gives the exit status or a [`Failure`].
//! All output goes through [`Output`], all errors through [`Failure`].

mod args;
mod audit;
mod authority;
mod batch;
mod batch_codes;
mod batch_record;
mod batch_serials;
mod batch_view;
mod batch_work;
mod board_event;
mod certificate_file;
mod clock;
mod completions;
mod context;
mod counted;
mod device;
mod device_certificates;
mod device_history;
mod device_measurements;
mod device_quarantine;
mod device_scrap;
mod doctor;
mod evidence;
mod exit_status;
mod explain;
mod export_documents;
mod failure;
mod hold;
mod init;
mod kept_checkpoint;
mod label;
mod label_work;
mod lane_work;
mod lanes;
mod ledger;
mod manifest;
mod manifest_export;
mod named_file;
mod operator;
mod operator_proof;
mod operator_work;
mod other_document;
mod output;
mod owner;
mod product_owner;
mod profile;
mod provision;
mod report;
mod run;
mod sessions_by_board;
mod short_digests;
mod status;
mod vendor_files;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _};

use args::{Arguments, Command};
use context::Context;
use exit_status::ExitStatus;
use failure::Failure;
use output::Output;

/// Parses the arguments, runs the command, gives the exit status.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match parse(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return without_command(&error),
    };
    let at_screen = matches!(arguments.command, Command::Run(_));
    let output = Output::new(arguments.global.json, arguments.global.quiet);
    let output = output.beside_screen(at_screen);
    let context = Context::new(arguments.global, output);
    let ended = dispatch(&arguments.command, &context);
    let ended = ended.and_then(|status| context.output.finish().map(|()| status));
    match ended {
        Ok(status) => status.into(),
        Err(failure) => {
            context.output.failure(&failure);
            failure.status().into()
        }
    }
}

/// As [`clap::Parser::try_parse_from`] does, and where the operator's name came from.
fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    let mut command = Arguments::command();
    let mut matches = command.try_get_matches_from_mut(arguments)?;
    let typed = matches.value_source("operator") == Some(ValueSource::CommandLine);
    let mut parsed = Arguments::from_arg_matches_mut(&mut matches)
        .map_err(|error| error.format(&mut command))?;
    parsed.global.operator_is_typed = typed;
    let home = parsed.global.home.take();
    parsed.global.home = home.filter(|home| !home.as_os_str().is_empty());
    Ok(parsed)
}

/// Help, version, or wrong usage. A reader who has gone away is no error.
fn without_command(error: &clap::Error) -> ExitCode {
    let _printed = error.print();
    let _flushed = std::io::stdout().flush();
    if error.use_stderr() {
        ExitStatus::Usage.into()
    } else {
        ExitStatus::Done.into()
    }
}

fn dispatch(command: &Command, context: &Context) -> Result<ExitStatus, Failure> {
    match command {
        Command::Init(arguments) => init::run(arguments, context),
        Command::Doctor(arguments) => doctor::run(arguments, context),
        Command::Run(arguments) => run::run(arguments, context),
        Command::Provision(arguments) => provision::run(arguments, context),
        Command::Status(arguments) => status::run(arguments, context),
        Command::Hold(command) => hold::run(command, context),
        Command::Clock(command) => clock::run(command, context),
        Command::Batch(command) => batch::run(command, context),
        Command::Label(command) => label::run(command, context),
        Command::Lanes(command) => lanes::run(command, context),
        Command::Operator(command) => operator::run(command, context),
        Command::Profile(command) => profile::run(command, context),
        Command::Device(command) => device::run(command, context),
        Command::Manifest(command) => manifest::run(command, context),
        Command::Audit(command) => audit::run(command, context),
        Command::Evidence(command) => evidence::run(command, context),
        Command::Ledger(command) => ledger::run(command, context),
        Command::Owner(command) => product_owner::run(command, context),
        Command::Explain(arguments) => explain::run(arguments, context),
        Command::Completions(arguments) => completions::run(arguments, context),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_of_commands_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example() {
        fn check(command: &clap::Command, path: &str) {
            for sub in command
                .get_subcommands()
                .filter(|sub| sub.get_name() != "help")
            {
                let path = format!("{path} {}", sub.get_name());
                if sub.has_subcommands() {
                    check(sub, &path);
                    continue;
                }
                let after = sub.get_after_help().map(ToString::to_string);
                let after = after.unwrap_or_default();
                assert!(after.contains(path.trim_start()), "{path} has no example");
            }
        }
        check(&Arguments::command(), "station");
    }
}
