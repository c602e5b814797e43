//! `station ledger cosign`.

use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;

use super::pinned_key;
use super::witnesses::{Witnessed, policy};
use crate::cli::context::Context;
use crate::cli::exit_status::ExitStatus;
use crate::cli::failure::Failure;
use crate::cli::named_file;
use crate::cli::owner::{self, Done, Owner};
use crate::ledger::Reader;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::cosignature::{CosignatureError, WitnessPolicy, with_cosignatures};
use crate::ledger::reader::StoredCheckpoint;
use crate::line::control::ControlRequest;

/// How many checkpoints are tried for signature lines that come without their note.
const TRIED_MAX: usize = 1000;

/// What can be done with cosignatures.
#[derive(Debug, Subcommand)]
pub(crate) enum CosignCommand {
    /// Add witnesses' cosignatures to the checkpoint that they are over
    ///
    /// The file is what a witness gives back (C2SP tlog-cosignature, Ed25519): the whole note with its line, or
    /// signature lines alone. Only lines of the witnesses in station.toml are taken, each is verified, and lines of
    /// others are passed over. Given to a running line where there is one.
    #[command(after_help = "Example:\n  station ledger cosign add cosigned.txt --home home")]
    Add {
        /// The cosigned note, or signature lines
        file: PathBuf,
    },
}

#[derive(Serialize)]
struct Added {
    entries: u64,
    cosigned: Vec<Witnessed>,
    quorum: usize,
    enough: bool,
}

/// Does it.
pub(super) fn run(command: &CosignCommand, context: &Context) -> Result<ExitStatus, Failure> {
    let CosignCommand::Add { file } = command;
    // A whole note, or the witness's line alone.
    let cosigned = named_file::read_text(file)?;
    let added = owner::perform(context, &ControlRequest::AddCosignatures { cosigned })?;
    owner::show(context, added);
    Ok(ExitStatus::Done)
}

/// The owner's part.
pub(super) fn work(owner: &Owner, cosigned: &str) -> Result<Done, Failure> {
    let policy = policy(&owner.home)?;
    if policy.witnesses.is_empty() {
        return Err(Failure::usage(
            "no cosignature can be added",
            "the configuration knows no witness",
            format_args!(
                "add a [[ledger.witness]] to {}",
                owner.home.config_path().display()
            ),
        ));
    }
    let key = pinned_key(&owner.home)?;
    let reader = Reader::open(&owner.home.ledger())?;
    let (stored, note) = find(&reader, cosigned, &policy)?;
    Checkpoint::open(&stored.note, &key).map_err(|error| super::tampered(&error.to_string()))?;
    let (found, enough) = policy.judge(&note).map_err(refused)?;
    owner.ledger.cosign(stored.size, note)?;
    let added = Added {
        entries: stored.size,
        cosigned: Witnessed::all(&found),
        quorum: policy.quorum,
        enough,
    };
    let text = format!(
        "the checkpoint over {} entries is {}",
        added.entries,
        Witnessed::in_words(&added.cosigned)
    );
    let json = serde_json::to_string(&added).map_err(|error| {
        Failure::station(
            "cannot show the checkpoint",
            error,
            "read it from the ledger",
        )
    })?;
    Ok(Done::Fact { text, json })
}

/// The checkpoint that the cosignatures are over, and its note with them.
fn find(
    reader: &Reader,
    cosigned: &str,
    policy: &WitnessPolicy,
) -> Result<(StoredCheckpoint, String), Failure> {
    let add = |stored: &StoredCheckpoint| {
        with_cosignatures(&stored.note, stored.size, cosigned, &policy.witnesses)
    };
    if !cosigned.starts_with('\u{2014}') {
        let size = cosigned.lines().nth(1).and_then(|size| size.parse().ok());
        let stored = match size {
            Some(size) => reader.checkpoint_of(size)?,
            None => None,
        };
        let stored = stored.ok_or_else(|| {
            let why = "the ledger has no checkpoint over so many entries";
            Failure::check("the cosignature cannot be added", why, ASK_AGAIN)
        })?;
        let note = add(&stored).map_err(refused)?;
        return Ok((stored, note));
    }
    let mut first = None;
    for stored in reader.checkpoints().take(TRIED_MAX) {
        let stored = stored?;
        match add(&stored) {
            Ok(note) => return Ok((stored, note)),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(refused(first.unwrap_or(CosignatureError::NoWitness)))
}

const ASK_AGAIN: &str =
    "let the witness cosign a checkpoint of this ledger: station ledger checkpoint";

fn refused(error: CosignatureError) -> Failure {
    Failure::check("the cosignature cannot be added", error, ASK_AGAIN)
}
