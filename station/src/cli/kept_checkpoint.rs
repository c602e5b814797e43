//! The latest checkpoint, kept in the token: written when a batch is opened or closed, compared when the ledger is
//! opened. Home and mirror that are put back to an older day together are noticed by it.

use std::sync::Arc;

use super::context::Context;
use super::counted::counted;
use super::failure::Failure;
use super::ledger::mirror_begun;
use super::owner::{self, Done, Owner};
use crate::clock::UtcMillis;
use crate::hsm::{PinSource, SignerPool};
use crate::ledger::checkpoint::{Checkpoint, origin};
use crate::ledger::event::{CheckpointNotKeptRecord, Event, Fact};
use crate::ledger::standing::Durability;
use crate::ledger::{EventStore, LedgerError, LedgerHandle, MirrorSeen, Reader};
use crate::line::control::{ControlRequest, ControlResponse};
use crate::station_home::StationHome;

/// Opens the ledger for writing, checked against its mirror and the token. A mirror that is empty stays so.
pub(crate) fn open_ledger(
    home: &StationHome,
    signer: &SignerPool,
) -> Result<LedgerHandle, Failure> {
    let mirror = home.config().ledger.checkpoint_mirror.clone();
    let kept = notes(home, signer)?;
    let signer = Arc::new(signer.clone());
    Ok(LedgerHandle::open_against(
        &home.ledger(),
        signer,
        mirror,
        &kept,
    )?)
}

/// The same for whoever records something: an empty mirror begins, on record, so that from the log alone it can be seen
/// since when there is nothing older to compare with; and that is told.
pub(crate) fn open_to_record(
    home: &StationHome,
    signer: &SignerPool,
    context: &Context,
) -> Result<LedgerHandle, Failure> {
    let ledger = open_ledger(home, signer)?;
    if let Some(begun) = ledger.begin_mirror(context.now())? {
        let size = Reader::open(&home.ledger())?.size()?;
        let entries = counted(size, "entry", "entries");
        let mirror = begun.display();
        context.output.partings(&[match mirror_begun(home)?.len() {
            // Of a new station, or new to an old one: nothing is lost.
            0 | 1 => format!("the mirror {mirror} begins with {entries}; there was none before"),
            _ => format!(
                "the mirror {mirror} was empty: it begins with {entries}; what was there before is \
                 not compared any more"
            ),
        }]);
    }
    Ok(ledger)
}

/// Looks at the ledger as an opening does, and writes nothing; what is wrong with its mirror, if it has one, is told
/// apart.
pub(crate) fn examine(
    home: &StationHome,
    signer: &SignerPool,
) -> Result<Option<Result<MirrorSeen, Failure>>, Failure> {
    let mirror = home.config().ledger.checkpoint_mirror.as_deref();
    let kept = notes(home, signer)?;
    let signer = Arc::new(signer.clone());
    let seen = crate::ledger::examine(&home.ledger(), signer, mirror, &kept)?;
    Ok(seen.map(|seen| seen.map_err(Failure::from)))
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
/// take it is told and recorded, and stops nothing; gives what to tell.
pub(super) fn keep(owner: &Owner, now: UtcMillis) -> Option<String> {
    let (size, failure) = match owner.ledger.checkpoint() {
        Ok(note) => {
            let label = origin(&owner.home.config().name);
            let kept = owner.signer.keep_note(&label, ledgers_own(&note)).err()?;
            (checkpoint_size(&note), Failure::from(kept))
        }
        Err(error) => (None, error.into()),
    };
    let detail = failure.why().to_owned();
    let record = CheckpointNotKeptRecord { size, detail };
    Some(not_kept(&owner.ledger, record, now))
}

/// Records that the token does not keep a checkpoint; gives what to tell.
fn not_kept(ledger: &impl EventStore, record: CheckpointNotKeptRecord, now: UtcMillis) -> String {
    let told = format!(
        "warning: the token does not keep the checkpoint: {}",
        record.detail
    );
    let event = Event::of_station(now, Fact::CheckpointNotKept(record));
    match ledger.record(vec![event], Durability::Durable) {
        Ok(_) => told,
        Err(error) => format!("{told}; nor could that be recorded: {error}"),
    }
}

/// How many entries a note of our own covers.
fn checkpoint_size(note: &str) -> Option<u64> {
    note.lines().nth(1).and_then(|size| size.parse().ok())
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

/// The notes, where the token can be read without asking a person, or a person may be asked: from the running line, else
/// by this command, which takes the home for that moment.
pub(super) fn where_readable(context: &Context, may_ask: bool) -> Result<Vec<String>, Failure> {
    match owner::ask(context, &ControlRequest::KeptCheckpoint)? {
        Some(ControlResponse::Document { content }) => {
            serde_json::from_str(&content).map_err(|_| owner::other_version())
        }
        Some(response) => owner::done(response).map(|_| Vec::new()),
        None => {
            let home = context.home()?;
            if !may_ask && matches!(home.config().hsm.pin, PinSource::Prompt) {
                return Err(Failure::usage(
                    "the token is not read",
                    "its PIN is asked for at the terminal",
                    "give --token",
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
    use crate::ledger::fixture::new_ledger_at;

    #[test]
    fn a_checkpoint_that_the_token_does_not_keep_is_on_record() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let ledger = new_ledger_at(&path);
        let record = CheckpointNotKeptRecord {
            size: checkpoint_size(&ledger.checkpoint().unwrap()),
            detail: "the token is full".to_owned(),
        };
        assert_eq!(record.size, Some(1));
        let told = not_kept(&ledger, record.clone(), UtcMillis(1));
        assert!(told.ends_with("the token is full"), "{told}");
        let entry = Reader::open(&path).unwrap().entry(1).unwrap();
        assert_eq!(entry.leaf.fact, Fact::CheckpointNotKept(record));
    }

    #[test]
    fn the_ledgers_own_signature_comes_first_and_alone() {
        let own = "log\n1\nroot\n\n\u{2014} log AAAA\n";
        assert_eq!(ledgers_own(own), own);
        assert_eq!(ledgers_own(&format!("{own}\u{2014} witness BBBB\n")), own);
    }
}
