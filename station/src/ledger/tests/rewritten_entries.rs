//! An entry that somebody rewrote with every hash above it: only what was signed shows it, and where.

use std::path::Path;

use crate::ledger::checkpoint::VerifierKey;
use crate::ledger::column::{Hash, Int};
use crate::ledger::error::{ChangedRange, Damage};
use crate::ledger::fixture::{Home, board, events, opening};
use crate::ledger::merkle_tree::leaf_hash;
use crate::ledger::merkle_tree::tests::tree;
use crate::ledger::standing::Durability;
use crate::ledger::{EventStore as _, KeptElsewhere, LedgerError, LedgerHandle, Reader, verify};

const B: &str = "B-1";

/// A ledger with several checkpoints, and the sizes that they cover.
fn checkpointed() -> (Home, Vec<u64>) {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 5)).unwrap();
    for number in 0..4 {
        let way = events(B, board(number).whole_way());
        ledger.record(way, Durability::Checkpointed).unwrap();
    }
    drop(ledger);
    let log = rusqlite::Connection::open(home.path()).unwrap();
    let mut sizes = log
        .prepare("SELECT size FROM checkpoint ORDER BY size")
        .unwrap();
    let sizes = sizes.query_map([], |row| row.get::<_, Int>(0)).unwrap();
    let sizes = sizes.map(|size| size.unwrap().0).collect();
    (home, sizes)
}

/// Changes the entry's leaf, and makes hash and nodes fit.
fn rewrite(home: &Home, index: u64) {
    let log = rusqlite::Connection::open(home.path()).unwrap();
    let mut read = log.prepare("SELECT leaf FROM entry ORDER BY idx").unwrap();
    let leaves = read.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let mut leaves: Vec<_> = leaves.map(Result::unwrap).collect();
    let leaf = &mut leaves[usize::try_from(index).unwrap()];
    let text = String::from_utf8(leaf.clone()).unwrap();
    *leaf = text
        .replacen("\"time_ms\":1", "\"time_ms\":2", 1)
        .into_bytes();
    log.execute(
        "UPDATE entry SET leaf = ?2, hash = ?3 WHERE idx = ?1",
        (Int(index), &*leaf, Hash(leaf_hash(leaf))),
    )
    .unwrap();
    let hashes: Vec<_> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
    for (node, hash) in tree(&hashes).1 {
        log.execute(
            "UPDATE node SET hash = ?3 WHERE level = ?1 AND position = ?2",
            (node.level, Int(node.position), Hash(hash)),
        )
        .unwrap();
    }
}

fn newest_note(home: &Home) -> String {
    let reader = Reader::open(&home.path()).unwrap();
    reader.latest_checkpoint().unwrap().unwrap().note
}

fn key(home: &Home) -> VerifierKey {
    Reader::open(&home.path()).unwrap().opening().unwrap().key
}

#[test]
fn a_rewritten_entry_is_named_as_closely_as_checkpoints_lie() {
    let (home, sizes) = checkpointed();
    assert!(sizes.len() > 4, "{sizes:?}");
    let key = key(&home);
    let untouched = std::fs::read(home.path()).unwrap();
    let newest = newest_note(&home);
    // The opening names the key, and is of no use to rewrite.
    for index in 1..*sizes.last().unwrap() {
        std::fs::write(home.path(), &untouched).unwrap();
        rewrite(&home, index);
        let after = sizes.iter().position(|size| *size > index).unwrap();
        let changed = ChangedRange {
            from: sizes[after - 1],
            to: sizes[after],
        };
        let report = verify(&home.path(), &key, None).unwrap();
        assert_eq!(report.findings[0], Damage::Root(changed), "entry {index}");
        let same = |damage: &&Damage| matches!(damage, Damage::Root(_));
        assert_eq!(report.findings.iter().filter(same).count(), 1);

        // Against one from elsewhere: that does not hold either, from the same entry on.
        let whole = ChangedRange {
            to: *sizes.last().unwrap(),
            ..changed
        };
        let path = Path::new("kept.txt");
        let note = &newest;
        let report = verify(&home.path(), &key, Some(KeptElsewhere { path, note })).unwrap();
        let beside = Damage::Root(whole).beside(path);
        assert_eq!(report.findings[0], beside, "entry {index}");
        // What a person reads first is what says most.
        let narrowest = report.narrowest().unwrap().spread();
        assert!(narrowest <= Damage::Root(changed).spread(), "{narrowest}");
        let kept = std::slice::from_ref(&newest);
        let kept = Reader::open(&home.path()).map(|reader| reader.against_kept(&key, kept));
        assert_eq!(kept.unwrap().unwrap(), [Damage::NotTheTokens(whole)]);
        let opened = LedgerHandle::open(&home.path(), home.signer.clone(), None);
        let Err(LedgerError::Damaged(damage)) = opened else {
            panic!("entry {index}: it was opened");
        };
        assert_eq!(damage, Damage::Root(whole));
    }
}

#[test]
fn a_range_of_one_entry_is_that_entry() {
    let said = |from, to| ChangedRange { from, to }.to_string();
    assert_eq!(said(4, 5), "entry 4 was changed");
    assert_eq!(said(4, 6), "something in entries 4 to 5 was changed");
}
