//! The checkpoints that a token keeps: what they show of a ledger that was put back or rewritten.

use std::path::Path;

use crate::clock::UtcMillis;
use crate::ledger::checkpoint::{Checkpoint, CheckpointSigner, VerifierKey};
use crate::ledger::error::{ChangedRange, Damage};
use crate::ledger::fixture::{Home, board, events, opening};
use crate::ledger::merkle_tree::leaf_hash;
use crate::ledger::proof::TreeHead;
use crate::ledger::standing::Durability;
use crate::ledger::{EventStore as _, LedgerError, LedgerHandle, MirrorSeen, Reader, examine};

const B: &str = "B-1";

fn open(home: &Home, kept: &[String]) -> Result<(), LedgerError> {
    let signer = home.signer.clone();
    LedgerHandle::open_against(&home.path(), signer, None, kept).map(drop)
}

fn damage(opened: Result<(), LedgerError>) -> Damage {
    match opened {
        Err(LedgerError::Damaged(damage)) => damage,
        other => panic!("not damaged: {other:?}"),
    }
}

fn size(note: &str) -> u64 {
    note.lines().nth(1).unwrap().parse().unwrap()
}

#[test]
fn the_newest_of_several_counts_and_what_nobody_signed_does_not() {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 2)).unwrap();
    let older = ledger.checkpoint().unwrap();
    drop(ledger);
    let saved = home.folder.path().join("saved");
    std::fs::copy(home.path(), &saved).unwrap();
    let ledger = home.open().unwrap();
    let way = events(B, board(1).whole_way());
    ledger.record(way, Durability::Checkpointed).unwrap();
    let newer = ledger.checkpoint().unwrap();
    drop(ledger);

    let garbage = "not a note".to_owned();
    let forged = newer.replacen(&size(&newer).to_string(), "99999", 1);
    let all = [garbage, newer.clone(), forged, older.clone()];
    open(&home, &[]).unwrap();
    open(&home, &all).unwrap();

    let back = |file: &Path| std::fs::copy(&saved, file).unwrap();
    back(&home.path());
    open(&home, std::slice::from_ref(&older)).unwrap();
    let (token, log) = (size(&newer), size(&older));
    let expected = Damage::OlderThanToken { token, log };
    assert_eq!(damage(open(&home, &all)), expected);
    // Refused before anything was signed: it is the same file still.
    assert_eq!(damage(open(&home, &all)), expected);
    let key = CheckpointSigner::public_key(home.signer.as_ref()).unwrap();
    let key = VerifierKey::new("provisioning-station/station-1", key).unwrap();
    let reader = Reader::open(&home.path()).unwrap();
    assert_eq!(reader.against_kept(&key, &all).unwrap(), [expected]);
}

/// Each checkpoint is stored before the token gets it: one that is gone was taken away.
#[test]
fn a_checkpoint_that_the_token_has_is_in_the_ledger_too() {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 2)).unwrap();
    let note = ledger.checkpoint().unwrap();
    drop(ledger);
    let kept = [note.clone()];
    open(&home, &kept).unwrap();
    home.tamper(&format!(
        "DELETE FROM checkpoint WHERE size = {}",
        size(&note)
    ));
    let Damage::Value { table, what } = damage(open(&home, &kept)) else {
        panic!("another damage")
    };
    assert_eq!(table, "checkpoint");
    let expected = format!("no checkpoint over {} entries", size(&note));
    assert!(what.contains(&expected), "{what}");
}

#[test]
fn another_ledger_under_the_same_key_is_not_the_tokens() {
    let (home, ledger) = Home::create();
    let note = ledger.checkpoint().unwrap();
    drop(ledger);
    let key = CheckpointSigner::public_key(home.signer.as_ref()).unwrap();
    let key = VerifierKey::new("provisioning-station/station-1", key).unwrap();
    let head = Checkpoint::open(&note, &key).unwrap().head;
    let other = Checkpoint {
        origin: key.name().to_owned(),
        head: TreeHead {
            root: leaf_hash(b"another first entry"),
            ..head
        },
    };
    let signature = CheckpointSigner::sign(home.signer.as_ref(), other.text().as_bytes()).unwrap();
    let other = other.into_note(&key, &signature).unwrap();
    assert_eq!(
        damage(open(&home, &[other])),
        Damage::NotTheTokens(ChangedRange { from: 0, to: 1 })
    );
}

/// Whoever opens the ledger or looks at it leaves an empty mirror as it is; it begins when somebody says so, on record.
#[test]
fn an_empty_mirror_waits_until_somebody_begins_it() {
    let (home, ledger) = Home::create();
    drop(ledger);
    let elsewhere = tempfile::tempdir().unwrap();
    let mirror = elsewhere.path().join("checkpoint");
    std::fs::write(&mirror, "").unwrap();
    let open = || LedgerHandle::open(&home.path(), home.signer.clone(), Some(mirror.clone()));
    let seen = || {
        let seen = examine(&home.path(), home.signer.clone(), Some(&mirror), &[]);
        seen.unwrap().unwrap().unwrap()
    };
    let ledger = open().unwrap();
    ledger.checkpoint().unwrap();
    let opened = ledger.open_batch(opening(B, 2));
    assert!(
        matches!(opened, Err(LedgerError::EmptyMirror { .. })),
        "{opened:?}"
    );
    drop(ledger);
    assert_eq!(std::fs::read(&mirror).unwrap(), b"");
    assert_eq!(seen(), MirrorSeen::Empty);

    let ledger = open().unwrap();
    assert_eq!(ledger.begin_mirror(UtcMillis(9)).unwrap(), Some(&*mirror));
    drop(ledger);
    let size = Reader::open(&home.path()).unwrap().size().unwrap();
    let entry = |index| Reader::open(&home.path()).unwrap().entry(index).unwrap();
    let (before, last) = (entry(size - 2), entry(size - 1));
    assert_eq!(last.leaf.fact.kind(), "mirror-begun");
    // Else a clock that was set back would seem right to whoever compares it with the last event.
    assert_eq!(last.leaf.time, before.leaf.time);
    assert_eq!(seen(), MirrorSeen::Covers(size));
    assert_eq!(open().unwrap().begin_mirror(UtcMillis(9)).unwrap(), None);
}
