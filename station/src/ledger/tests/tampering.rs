//! Each column of each table changed behind the ledger's back, and named by the verification.

use super::*;
use crate::ledger::event::{Actor, Assurance, Fact};
use crate::ledger::fixture::{batch, batch_hold};
use crate::ledger::reader::DeviceFilter;
use crate::ledger::{Reader, Report, schema, verify};

/// A ledger with a row in every table.
pub(super) fn populated() -> Home {
    let (home, ledger) = Home::create();
    ledger.open_batch(profiles::sealed(B, 1, "one")).unwrap();
    ledger
        .record(events(B, board(1).whole_way()), Durability::Checkpointed)
        .unwrap();
    let (first, second) = (board(2), reissue(2, 1));
    let revoked = first.revoked(RevocationReason::KeyCompromise);
    let facts = [first.whole_way(), vec![revoked, second.intended()]].concat();
    ledger
        .record(events(B, facts), Durability::Checkpointed)
        .unwrap();
    let hold = Fact::HoldPlaced {
        lane: crate::names::LaneName::parse("lane0").unwrap(),
        code: VerdictCode::KeyReused,
        detail: "two boards".to_owned(),
        ports: Vec::new(),
        rule: None,
    };
    ledger
        .record(
            events(B, [hold, second.shown(9, 9, 9), batch_hold()]),
            Durability::Durable,
        )
        .unwrap();
    drop(ledger);
    home
}

fn check(home: &Home) -> Report {
    let key = Reader::open(&home.path()).unwrap().opening().unwrap().key;
    verify(&home.path(), &key, None).unwrap()
}

#[test]
fn an_untouched_ledger_is_clean() {
    let home = populated();
    let report = check(&home);
    assert_eq!(report.findings, []);
    assert_eq!((report.batches, report.covered), (1, report.head.size));
    home.open().unwrap();
}

/// The writer's rules read the views: with a row removed, a board could be issued a second certificate.
#[test]
fn a_start_refuses_views_that_lack_a_row() {
    for (table, _) in schema::VIEWS {
        let home = populated();
        let connection = rusqlite::Connection::open(home.path()).unwrap();
        connection
            .execute_batch("PRAGMA foreign_keys = OFF")
            .unwrap();
        let removed = connection
            .execute(&format!("DELETE FROM {table}"), [])
            .unwrap();
        drop(connection);
        assert!(removed > 0, "{table} is empty");
        let error = home.open().map(drop).unwrap_err().to_string();
        assert!(
            error.contains("view") || error.contains(table),
            "{table}: {error}"
        );
    }
}

/// Any one value of any view.
#[test]
fn every_column_of_every_view_is_compared() {
    let home = populated();
    let untouched = std::fs::read(home.path()).unwrap();
    for (table, key) in schema::VIEWS {
        let columns: Vec<String> = {
            let connection = rusqlite::Connection::open(home.path()).unwrap();
            let found = connection
                .prepare(&format!("SELECT * FROM {table}"))
                .unwrap();
            found.column_names().map(str::to_owned).collect()
        };
        for column in columns {
            // Another value of the same type, that no other row has.
            home.tamper(&format!(
                "PRAGMA ignore_check_constraints = ON;
                 UPDATE {table} SET {column} = CASE typeof({column})
                    WHEN 'integer' THEN {column} + 1000 WHEN 'blob' THEN zeroblob(16)
                    WHEN 'null' THEN 0 ELSE 'x' || {column} END
                 WHERE {key} = (SELECT max({key}) FROM {table})"
            ));
            let named = check(&home).findings.iter().any(
                |damage| matches!(damage, Damage::View { table: named, .. } if named == table),
            );
            assert!(named, "{table}.{column}");
            std::fs::write(home.path(), &untouched).unwrap();
        }
        home.tamper(&format!("DELETE FROM {table}"));
        assert!(!check(&home).is_clean(), "{table}");
        std::fs::write(home.path(), &untouched).unwrap();
    }
}

type Expected = Box<dyn Fn(&Damage) -> bool>;

#[test]
fn the_log_itself_is_recomputed() {
    let home = populated();
    let untouched = std::fs::read(home.path()).unwrap();
    let size = check(&home).head.size;
    let last = size - 1;
    let is = |expected: Damage| move |found: &Damage| *found == expected;
    let cases: Vec<(String, Expected)> = vec![
        (
            "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'lane0', 'lane1') AS BLOB) WHERE idx = 3"
                .to_owned(),
            Box::new(is(Damage::EntryHash(3))),
        ),
        (
            "UPDATE entry SET hash = zeroblob(32) WHERE idx = 4".to_owned(),
            Box::new(is(Damage::EntryHash(4))),
        ),
        (
            "DELETE FROM entry WHERE idx = 5".to_owned(),
            Box::new(is(Damage::EntryMissing(5))),
        ),
        (
            format!("DELETE FROM entry WHERE idx = {last}"),
            Box::new(is(Damage::RolledBack { checkpoint: size, log: last })),
        ),
        (
            "UPDATE node SET hash = zeroblob(32) WHERE level = 2 AND position = 1".to_owned(),
            Box::new(is(Damage::Node { level: 2, position: 1, first: 4 })),
        ),
        (
            "DELETE FROM node WHERE level = 1 AND position = 0".to_owned(),
            Box::new(is(Damage::Node { level: 1, position: 0, first: 0 })),
        ),
        (
            "INSERT INTO node VALUES (9, 9, zeroblob(32))".to_owned(),
            Box::new(|found| matches!(found, Damage::Value { table: "node", .. })),
        ),
        (
            "DELETE FROM checkpoint".to_owned(),
            Box::new(is(Damage::NoCheckpoint)),
        ),
        (
            "UPDATE checkpoint SET size = 2 WHERE size = 1".to_owned(),
            Box::new(|found| matches!(found, Damage::Checkpoint { size: 2, .. })),
        ),
        (
            "UPDATE checkpoint SET note = replace(note, 'A', 'B')".to_owned(),
            Box::new(|found| matches!(found, Damage::Checkpoint { .. })),
        ),
    ];
    for (sql, expected) in cases {
        home.tamper(&sql);
        let findings = check(&home).findings;
        assert!(findings.iter().any(expected), "{sql}: {findings:?}");
        std::fs::write(home.path(), &untouched).unwrap();
    }
}

/// At a start only the end is read: what it covers is refused there and then.
#[test]
fn a_start_refuses_a_changed_end() {
    let home = populated();
    let untouched = std::fs::read(home.path()).unwrap();
    let cases = [
        "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'lane0', 'lane1') AS BLOB) WHERE idx = 3",
        "UPDATE entry SET hash = zeroblob(32) WHERE idx = 4",
        "DELETE FROM entry WHERE idx = 5",
        "DELETE FROM entry WHERE idx > 10",
        "DELETE FROM node",
        "DELETE FROM checkpoint",
        "DELETE FROM checkpoint WHERE size > 3; DELETE FROM entry WHERE idx = 4",
        "UPDATE checkpoint SET note = replace(note, 'A', 'B')",
    ];
    for sql in cases {
        home.tamper(sql);
        let refused = home.open();
        assert!(
            matches!(refused, Err(LedgerError::Damaged(_))),
            "{sql}: {refused:?}"
        );
        std::fs::write(home.path(), &untouched).unwrap();
    }
    let cut = &untouched[..untouched.len() / 2];
    std::fs::write(home.path(), cut).unwrap();
    assert!(home.open().is_err());
}

/// A lane stays held across any number of starts, until somebody clears it under their name.
#[test]
fn a_hold_stays_until_it_is_cleared() {
    let home = populated();
    let lane = crate::names::LaneName::parse("lane0").unwrap();
    let ledger = home.open().unwrap();
    let placed = Reader::open(&home.path()).unwrap().holds().unwrap();
    let [hold] = &placed[..] else {
        panic!("{placed:?}")
    };
    assert_eq!(
        (&hold.lane, hold.code, hold.detail.as_str()),
        (&lane, VerdictCode::KeyReused, "two boards")
    );
    let reader = Reader::open(&home.path()).unwrap();
    assert_eq!(reader.entry(hold.entry).unwrap().leaf.time, hold.time);
    let cleared = Fact::HoldCleared {
        lane,
        reason: "both are with QA".to_owned(),
        actor: Actor {
            operator: crate::names::OperatorId::parse("sv-1").unwrap(),
            assurance: Assurance::Asserted,
        },
    };
    ledger
        .record(events(B, [cleared]), Durability::Durable)
        .unwrap();
    drop(ledger);
    assert_eq!(reader.holds().unwrap(), []);
    assert_eq!(check(&home).findings, []);
}

/// A row that was bent to another entry is no hold to be shown.
#[test]
fn a_hold_without_its_entry_is_refused() {
    let home = populated();
    home.tamper("UPDATE hold SET entry = 1");
    let refused = Reader::open(&home.path()).unwrap().holds();
    assert!(
        matches!(refused, Err(LedgerError::Damaged(_))),
        "{refused:?}"
    );
}

#[test]
fn a_reader_lists_what_the_log_says() {
    let home = populated();
    let reader = Reader::snapshot(&home.path()).unwrap();
    let overview = reader.batches().unwrap().remove(0);
    assert_eq!((overview.provisioned, overview.in_doubt), (1, 0));
    assert_eq!(overview.taken, 2);
    let devices = reader.devices(&DeviceFilter::default()).unwrap();
    assert_eq!(devices.len(), 2);
    let device = reader.device(&board(2).uid).unwrap().unwrap();
    assert!(device.withdrawn && device.live.is_none());
    assert_eq!(reader.certificates(&board(2).uid).unwrap().len(), 1);
    assert_eq!(reader.certificates_of_batch(&batch(B)).unwrap().len(), 2);
    assert_eq!(reader.history(&board(1).uid).count(), 8);
    let indexes: Vec<_> = reader
        .events_of_batch(&batch(B))
        .map(|leaf| leaf.unwrap().0)
        .collect();
    assert!(indexes.is_sorted());
    assert_eq!(indexes.len() as u64, overview.events);
    let size = reader.size().unwrap();
    assert_eq!(reader.leaves(0..size).count() as u64, size);
    let hashes = reader.leaf_hashes(0..size).unwrap();
    let path = reader.inclusion(4, size).unwrap().unwrap();
    let root = crate::ledger::merkle_tree::tests::naive_root(&hashes);
    let hash = &hashes[4];
    assert!(crate::ledger::proof::verify_inclusion(
        hash, 4, size, &path, &root
    ));
}

/// A file that was cut, by a failed copy or by somebody, says up to which entry it can be read.
#[test]
fn a_cut_file_is_named_by_its_first_entry_that_is_gone() {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 60)).unwrap();
    for number in 0..50 {
        let way = events(B, board(number).whole_way());
        ledger.record(way, Durability::Checkpointed).unwrap();
    }
    drop(ledger);
    let key = Reader::open(&home.path()).unwrap().opening().unwrap().key;
    let size = Reader::open(&home.path()).unwrap().size().unwrap();
    let whole = std::fs::read(home.path()).unwrap();
    let mut named = 0;
    for eighth in 1..8 {
        std::fs::write(home.path(), &whole[..whole.len() * eighth / 8]).unwrap();
        let damage = match verify(&home.path(), &key, None) {
            Ok(report) => report.narrowest().cloned(),
            Err(LedgerError::Damaged(damage)) => Some(damage),
            Err(error) => panic!("{eighth}/8: {error}"),
        };
        match damage {
            Some(Damage::Unreadable { from, .. }) => {
                assert!(from < size, "{from}");
                named += 1;
            }
            Some(damage) => assert!(damage.spread() > 1, "{eighth}/8: {damage}"),
            None => panic!("{eighth}/8 of the file verify"),
        }
    }
    assert!(named > 0);
}
