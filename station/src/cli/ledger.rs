//! `station ledger`: one file a verb.

mod check_proof;
mod checkpoint;
mod cosign;
mod document_file;
mod elsewhere;
mod export;
mod progress;
mod prove;
mod rebuild;
mod signed_manifest;
mod verify;
mod witnesses;

use std::path::Path;

use clap::Subcommand;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::named_file;
use super::owner::{Done, Owner};
use crate::ledger::LedgerError;
use crate::ledger::checkpoint::{VerifierKey, check_note_form};
use crate::station_home::{StationHome, read_bounded};

use check_proof::CheckProofArguments;
use checkpoint::CheckpointArguments;
use cosign::CosignCommand;
pub(super) use elsewhere::mirror_begun;
use export::ExportArguments;
use prove::ProveArguments;
use rebuild::RebuildArguments;
use verify::VerifyArguments;

/// What can be done with the ledger.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    Verify(VerifyArguments),
    Checkpoint(CheckpointArguments),
    Prove(ProveArguments),
    CheckProof(CheckProofArguments),
    Export(ExportArguments),
    /// Add what witnesses say of a checkpoint
    #[command(subcommand)]
    Cosign(CosignCommand),
    Rebuild(RebuildArguments),
}

/// Does it.
pub(crate) fn run(command: &LedgerCommand, context: &Context) -> Result<ExitStatus, Failure> {
    match command {
        LedgerCommand::Verify(arguments) => verify::run(arguments, context),
        LedgerCommand::Checkpoint(CheckpointArguments {}) => checkpoint::run(context),
        LedgerCommand::Prove(arguments) => prove::run(arguments, context),
        LedgerCommand::CheckProof(arguments) => check_proof::run(arguments, context),
        LedgerCommand::Export(arguments) => export::run(arguments, context),
        LedgerCommand::Cosign(command) => cosign::run(command, context),
        LedgerCommand::Rebuild(arguments) => rebuild::run(arguments, context),
    }
}

/// The same of what was met while it was read; else what that is. A person is told what to do once.
fn met(error: LedgerError) -> Failure {
    match error {
        LedgerError::Damaged(damage) => tampered(&damage.to_string()),
        error @ LedgerError::OtherKey { .. } => {
            let told = error.to_string();
            let why = told.split_once("; ").map_or(&*told, |(why, _)| why);
            tampered(why)
        }
        error => error.into(),
    }
}

/// What a person does where the log is not what was signed.
fn tampered(first: &str) -> Failure {
    Failure::check(
        "the ledger was changed or is damaged",
        first,
        "stop the line, keep the file as it is, compare it with its mirror or backup",
    )
}

/// The owner's part of `station ledger checkpoint`.
pub(in crate::cli) fn sign_checkpoint(owner: &Owner) -> Result<Done, Failure> {
    checkpoint::work(owner)
}

/// The owner's part of `station ledger cosign add`.
pub(in crate::cli) fn add_cosignatures(owner: &Owner, cosigned: &str) -> Result<Done, Failure> {
    cosign::work(owner, cosigned)
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

/// A note that somebody names. Whatever is no note is the wrong file, and says nothing about the ledger.
fn read_note(path: &Path) -> Result<String, Failure> {
    let text = named_file::read_text(path)?;
    check_note_form(&text).map_err(|error| {
        Failure::usage(
            format_args!("cannot use {} as a checkpoint", path.display()),
            error,
            "give a signed note, as station ledger checkpoint prints it",
        )
    })?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Damage;

    #[test]
    fn what_to_do_about_a_damaged_ledger_is_told_once() {
        let (expected, got) = ("a+1+B".to_owned(), "a+2+C".to_owned());
        let damaged = LedgerError::Damaged(Damage::EntryHash(3));
        for error in [damaged, LedgerError::OtherKey { expected, got }] {
            let failure = met(error);
            assert!(!failure.why().contains("; "), "{}", failure.why());
            assert_eq!(failure.told(false).matches("keep the file").count(), 1);
        }
    }
}
