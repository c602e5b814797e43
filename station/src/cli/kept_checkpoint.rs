//! The latest checkpoint, kept in the token: written when a batch is opened or closed, compared when the ledger is
//! opened. Home and mirror that are put back to an older day together are noticed by it.

use std::sync::Arc;

use super::context::Context;
use super::failure::Failure;
use super::owner::{self, Done, Owner};
use crate::hsm::{PinSource, SignerPool};
use crate::ledger::checkpoint::{Checkpoint, origin};
use crate::ledger::{LedgerError, LedgerHandle, Reader};
use crate::line::control::{ControlRequest, ControlResponse};
use crate::station_home::StationHome;

/// Opens the ledger for writing, checked against its mirror and the token.
pub(crate) fn open_ledger(
    home: &StationHome,
    signer: &SignerPool,
) -> Result<LedgerHandle, Failure> {
    let kept = notes(home, signer)?;
    let mirror = home.config().ledger.checkpoint_mirror.clone();
    let signer = Arc::new(signer.clone());
    Ok(LedgerHandle::open_against(
        &home.ledger(),
        signer,
        mirror,
        &kept,
    )?)
}

/// The notes that the token keeps of this ledger.
pub(crate) fn notes(home: &StationHome, signer: &SignerPool) -> Result<Vec<String>, Failure> {
    Ok(signer.kept_notes(&origin(&home.config().name))?)
}

/// The entry that opened or closed a batch last, where none of these notes covers it: the token did not take one
/// then, or was put back to an older state itself.
pub(crate) fn uncovered(home: &StationHome, kept: &[String]) -> Result<Option<u64>, LedgerError> {
    let reader = Reader::open(&home.ledger())?;
    let key = reader.opening()?.key;
    let batches = reader.batches()?;
    let last = batches
        .iter()
        .map(|batch| batch.closed_at.unwrap_or(batch.opened_at));
    let covered = kept
        .iter()
        .filter_map(|note| Checkpoint::open(note, &key).ok())
        .map(|checkpoint| checkpoint.head.size)
        .max()
        .unwrap_or_default();
    Ok(last.max().filter(|last| *last >= covered))
}

/// Keeps the newest checkpoint in the token. What came before is recorded already, so that a token that does not
/// take it is told and stops nothing; gives what to tell.
pub(super) fn keep(owner: &Owner) -> Option<String> {
    let kept = owner
        .ledger
        .checkpoint()
        .map_err(Failure::from)
        .and_then(|note| {
            let label = origin(&owner.home.config().name);
            let kept = owner.signer.keep_note(&label, ledgers_own(&note));
            kept.map_err(Failure::from)
        });
    let failure = kept.err()?;
    Some(format!(
        "warning: the token does not keep the checkpoint: {}",
        failure.why()
    ))
}

/// The note with the ledger's own signature alone: tokens have little room.
fn ledgers_own(note: &str) -> &str {
    let text = note.find("\n\n").map_or(0, |at| at.saturating_add(2));
    let line = note.get(text..).and_then(|lines| lines.find('\n'));
    let end = line.map_or(note.len(), |line| {
        text.saturating_add(line).saturating_add(1)
    });
    note.get(..end).unwrap_or(note)
}

/// The owner's part, for a command that has no token.
pub(super) fn tell(owner: &Owner) -> Result<Done, Failure> {
    let notes = notes(&owner.home, &owner.signer)?;
    let text = serde_json::to_string(&notes);
    text.map(Done::Document).map_err(|error| {
        Failure::station("cannot show the token's checkpoint", error, "report this")
    })
}

/// The notes, where the token can be read without asking a person: from the running line, else by this command,
/// which takes the home for that moment.
pub(super) fn where_readable(context: &Context) -> Result<Vec<String>, Failure> {
    match owner::ask(context, &ControlRequest::KeptCheckpoint)? {
        Some(ControlResponse::Document { content }) => {
            serde_json::from_str(&content).map_err(|_| owner::other_version())
        }
        Some(response) => owner::done(response).map(|_| Vec::new()),
        None => {
            let home = context.home()?;
            if matches!(home.config().hsm.pin, PinSource::Prompt) {
                return Err(Failure::usage(
                    "the token is not read",
                    "its PIN is asked for at the terminal",
                    "run station doctor, which asks",
                ));
            }
            let station = context.own_station()?;
            notes(&station.home, &station.signer)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledgers_own_signature_comes_first_and_alone() {
        let own = "log\n1\nroot\n\n\u{2014} log AAAA\n";
        assert_eq!(ledgers_own(own), own);
        assert_eq!(ledgers_own(&format!("{own}\u{2014} witness BBBB\n")), own);
    }
}
