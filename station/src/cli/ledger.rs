//! `station ledger`: one file a verb.

mod verify;

use std::path::Path;

use clap::Subcommand;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use crate::ledger::checkpoint::VerifierKey;
use crate::station_home::{StationHome, read_bounded};

use verify::VerifyArguments;

/// What can be done with the ledger.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    Verify(VerifyArguments),
}

/// Does it.
pub(crate) fn run(command: &LedgerCommand, context: &Context) -> Result<ExitStatus, Failure> {
    match command {
        LedgerCommand::Verify(arguments) => verify::run(arguments, context),
    }
}

/// The key that the home pins, not the one that the ledger itself names.
fn pinned_key(home: &StationHome) -> Result<VerifierKey, Failure> {
    let path = home.paths().ledger_vkey();
    let text = String::from_utf8_lossy(&read_bounded(&path)?).into_owned();
    VerifierKey::parse(text.trim_end()).map_err(|error| {
        Failure::station(
            format_args!("cannot trust {}", path.display()),
            error,
            "restore pki/ from a backup",
        )
    })
}

fn read_note(path: &Path) -> Result<String, Failure> {
    let bytes = read_bounded(path)?;
    String::from_utf8(bytes).map_err(|error| {
        Failure::usage(
            format_args!("cannot use {} as a checkpoint", path.display()),
            error,
            "give a signed note as the station writes it",
        )
    })
}
