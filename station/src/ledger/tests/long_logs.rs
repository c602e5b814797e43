//! A log of several pieces, read on all cores, and a verification that is interrupted.

use std::os::unix::fs::PermissionsExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::*;
use crate::clock::UtcMillis;
use crate::ledger::checkpoint::VerifierKey;
use crate::ledger::error::Damage;
use crate::ledger::event::Event;
use crate::ledger::log_check::PIECE;
use crate::ledger::log_store::{LogStore, connect};
use crate::ledger::{Pass, Reader, Report, Verification, verify};

/// Entries before the last checkpoint: more than two pieces, and not a whole number of them.
const ENTRIES: u64 = 2 * PIECE + 300;

fn long() -> Home {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 1)).unwrap();
    drop(ledger);
    let mut store = LogStore::new(connect(&home.path(), false).unwrap()).unwrap();
    store
        .transaction(|store| {
            while store.frontier().size() < ENTRIES {
                let fact = Fact::ClockAccepted {
                    reason: "a long day".to_owned(),
                    actor: crate::ledger::fixture::actor(),
                };
                store.append(Event {
                    time: UtcMillis(1_795_336_200_002),
                    batch: None,
                    session: None,
                    fact,
                })?;
            }
            Ok(())
        })
        .unwrap();
    drop(store);
    drop(home.open().unwrap());
    let ledger = home.open().unwrap();
    ledger
        .record(events(B, board(1).whole_way()), Durability::Checkpointed)
        .unwrap();
    drop(ledger);
    home
}

fn key(home: &Home) -> VerifierKey {
    Reader::open(&home.path()).unwrap().opening().unwrap().key
}

fn check(home: &Home) -> Report {
    verify(&home.path(), &key(home), None).unwrap()
}

fn check_in(home: &Home, workspace: &Path) -> Report {
    let mut verification = Verification::begin(&home.path(), &key(home), None).unwrap();
    for pass in Pass::ALL {
        verification.run(pass, Some(workspace), &|_| {}).unwrap();
    }
    verification.report()
}

/// Dies when so many entries of the view pass are done.
fn interrupt(home: &Home, workspace: &Path, after: u64) {
    let mut verification = Verification::begin(&home.path(), &key(home), None).unwrap();
    let dying = AssertUnwindSafe(|| {
        let watch = |done| assert!(done < after, "the power is gone");
        verification.run(Pass::Views, Some(workspace), &watch)
    });
    assert!(catch_unwind(dying).is_err());
}

#[test]
fn pieces_are_one_log() {
    let home = long();
    let report = check(&home);
    assert_eq!(report.findings, []);
    assert_eq!(report.head.size, ENTRIES + 9);
    assert_eq!(report.covered, ENTRIES + 9);
    let reader = Reader::open(&home.path()).unwrap();
    let signed = reader.latest_checkpoint().unwrap().unwrap().note;
    drop(reader);
    let signed = crate::ledger::checkpoint::Checkpoint::open(&signed, &key(&home)).unwrap();
    assert_eq!(signed.head, report.head);
    let untouched = std::fs::read(home.path()).unwrap();
    let node = |level, position, first| Damage::Node {
        level,
        position,
        first,
    };
    let cases = [
        (
            "DELETE FROM entry WHERE idx = 700",
            Damage::EntryMissing(700),
        ),
        (
            "UPDATE entry SET hash = x'00' WHERE idx = 1024",
            Damage::EntryHash(1024),
        ),
        (
            "UPDATE node SET hash = zeroblob(32) WHERE level = 10",
            node(10, 0, 0),
        ),
        (
            "DELETE FROM node WHERE level = 9 AND position = 1",
            node(9, 1, 512),
        ),
        (
            "UPDATE node SET hash = zeroblob(32) WHERE level = 1 AND position = 512",
            node(1, 512, 1024),
        ),
    ];
    for (sql, expected) in cases {
        home.tamper(sql);
        let findings = check(&home).findings;
        assert!(findings.contains(&expected), "{sql}: {findings:?}");
        assert!(home.open().is_err(), "{sql}");
        std::fs::write(home.path(), &untouched).unwrap();
    }
    // Rows that no range of indexes meets.
    home.tamper("INSERT INTO entry VALUES (-5, x'00', zeroblob(32))");
    let findings = check(&home).findings;
    let is_named = |found: &Damage| matches!(found, Damage::Value { table: "entry", .. });
    assert!(findings.iter().any(is_named), "{findings:?}");
}

#[test]
fn an_interrupted_verification_goes_on() {
    let home = long();
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("own");
    interrupt(&home, &workspace, 700);
    let report = check_in(&home, &workspace);
    assert_eq!((report.resumed_at, &report.findings[..]), (512, &[][..]));
    assert!(
        !workspace.join("views.sqlite").exists(),
        "nothing is left behind"
    );
    assert_eq!(check_in(&home, &workspace).resumed_at, 0);
}

/// What changes in between is found, in the part that was done too.
#[test]
fn a_resumed_verification_overlooks_nothing() {
    let home = long();
    let untouched = std::fs::read(home.path()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        "UPDATE event SET time_ms = 1 WHERE entry = 5",
        "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'long', 'lost') AS BLOB) WHERE idx = 5",
        "UPDATE checkpoint SET note = replace(note, 'A', 'B') WHERE size = 1",
        "DELETE FROM batch",
    ];
    for sql in cases {
        interrupt(&home, folder.path(), 700);
        home.tamper(sql);
        assert!(!check_in(&home, folder.path()).is_clean(), "{sql}");
        std::fs::write(home.path(), &untouched).unwrap();
        assert_eq!(check_in(&home, folder.path()).findings, [], "{sql}");
    }
}

/// Views of another log, of nobody, or in a folder where somebody else can write.
#[test]
fn half_made_views_are_taken_up_from_ones_own_folder_alone() {
    let (home, other) = (long(), long());
    let ledger = other.open().unwrap();
    drop(ledger);
    let folder = tempfile::tempdir().unwrap();
    interrupt(&home, folder.path(), 700);
    let views = folder.path().join("views.sqlite");
    crate::ledger::fixture::tamper(&views, "UPDATE checkpoint SET note = 'x' || note");
    assert_eq!(check_in(&home, folder.path()).resumed_at, 0);
    std::fs::write(&views, "no database").unwrap();
    assert_eq!(check_in(&home, folder.path()).resumed_at, 0);
    interrupt(&home, folder.path(), 700);
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let report = check_in(&home, folder.path());
    assert_eq!((report.resumed_at, &report.findings[..]), (0, &[][..]));
}
