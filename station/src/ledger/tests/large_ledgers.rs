//! A ledger that is too long to be read again at each start: what is kept beside it saves time and is
//! believed only as far as the ledger key and the log say so.

use std::sync::atomic::Ordering;

use super::*;
use crate::ledger::fixture::{batch_hold, tamper};
use crate::ledger::{LedgerHandle, schema};

/// A ledger that counts as long, with views kept over its first board, and another board after that.
fn long() -> Home {
    let (home, ledger) = Home::create();
    ledger.open_batch(profiles::sealed(B, 1, "one")).unwrap();
    ledger
        .record(events(B, board(1).whole_way()), Durability::Checkpointed)
        .unwrap();
    drop(ledger);
    let ledger = start(&home).unwrap();
    let hold = Fact::HoldPlaced {
        lane: crate::names::LaneName::parse("lane0").unwrap(),
        code: VerdictCode::KeyReused,
        detail: "two boards".to_owned(),
        ports: Vec::new(),
        rule: None,
    };
    let facts = [board(2).whole_way(), vec![hold, batch_hold()]].concat();
    ledger
        .record(events(B, facts), Durability::Durable)
        .unwrap();
    drop(ledger);
    home
}

fn start(home: &Home) -> Result<LedgerHandle, LedgerError> {
    LedgerHandle::open_with(&home.path(), home.signer.clone(), None, 0, &[])
}

fn beside(home: &Home) -> std::path::PathBuf {
    home.folder.path().join("ledger.sqlite-views")
}

fn note(home: &Home) -> std::path::PathBuf {
    home.folder.path().join("ledger.sqlite-views.note")
}

/// An index without its rows, under the name and the text of the right one.
const POISONED: &str = "DROP INDEX one_live_certificate;
    CREATE UNIQUE INDEX one_live_certificate ON certificate (uid) WHERE revoked = 0;
    PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql =
       'CREATE UNIQUE INDEX one_live_certificate ON certificate (uid) WHERE revoked IS NULL'
       WHERE name = 'one_live_certificate'";

/// How many entries a start reads.
fn read(home: &Home) -> u64 {
    use crate::ledger::writer::LedgerKey;
    let connection = crate::ledger::log_store::connect(&home.path(), false).unwrap();
    let verifier = crate::ledger::integrity::opening_key(&connection).unwrap();
    let signer = home.signer.clone();
    let key = LedgerKey { signer, verifier };
    drop(connection);
    let mut readers = crate::ledger::on_all_cores::snapshots(&home.path()).unwrap();
    crate::ledger::trusted_views::check(&mut readers, &home.path(), &key, 0).unwrap()
}

#[test]
fn later_starts_read_what_is_new() {
    let home = long();
    assert_eq!(read(&home), 11, "the second board and the holds");
    assert_eq!(read(&home), 0);
    assert_eq!(home.signer.signed.load(Ordering::SeqCst), 6);
    std::fs::remove_file(beside(&home)).unwrap();
    assert_eq!(read(&home), 23, "all of it");
    home.open().unwrap();
}

/// In the part that is kept and in the part that is new.
#[test]
fn no_row_of_any_view_can_be_taken_away() {
    let home = long();
    drop(start(&home).unwrap());
    let untouched = std::fs::read(home.path()).unwrap();
    for (table, key) in schema::VIEWS {
        for which in ["min", "max"] {
            home.tamper(&format!(
                "DELETE FROM {table} WHERE {key} = (SELECT {which}({key}) FROM {table})"
            ));
            let refused = start(&home);
            let Err(LedgerError::Damaged(Damage::View { table: named, .. })) = &refused else {
                panic!("{which} of {table}: {refused:?}")
            };
            assert_eq!(named, table, "{which}");
            std::fs::write(home.path(), &untouched).unwrap();
        }
    }
    start(&home).unwrap();
}

/// The same change in both places: what is kept is not what was signed, so the log is read again.
#[test]
fn what_is_kept_is_believed_under_the_ledger_key_alone() {
    let change = "UPDATE device_key SET uid = 'FF' WHERE key = (SELECT min(key) FROM device_key)";
    let kept_only = [
        change,
        "DELETE FROM certificate",
        "DELETE FROM entry",
        "INSERT INTO checkpoint VALUES (1, '')",
        "CREATE TRIGGER t AFTER INSERT ON certificate BEGIN DELETE FROM certificate; END",
        "DROP INDEX one_live_certificate",
        POISONED,
    ];
    for sql in kept_only {
        let home = long();
        tamper(&beside(&home), sql);
        assert_eq!(read(&home), 23, "{sql}");
    }
    let home = long();
    home.tamper(change);
    tamper(&beside(&home), change);
    assert!(matches!(
        start(&home),
        Err(LedgerError::Damaged(Damage::View { .. }))
    ));
    let home = long();
    std::fs::write(beside(&home), "not a database").unwrap();
    assert_eq!(read(&home), 23);
    for change in ["views", "bench", "A", "/views"] {
        let home = long();
        let text = std::fs::read_to_string(note(&home)).unwrap();
        std::fs::write(note(&home), text.replace(change, "B")).unwrap();
        assert_eq!(read(&home), if text.contains(change) { 23 } else { 11 });
    }
    let home = long();
    std::fs::remove_file(note(&home)).unwrap();
    assert_eq!(read(&home), 23);
    // A checkpoint of the log itself is no word about views.
    let home = long();
    let reader = crate::ledger::Reader::open(&home.path()).unwrap();
    let stored = reader.checkpoint_over(11).unwrap().unwrap();
    std::fs::write(note(&home), stored.note).unwrap();
    assert_eq!(read(&home), 23);
}

/// Kept views of another history of the same station, signed by the same key.
#[test]
fn what_is_kept_belongs_to_one_log() {
    let (home, other) = (long(), Home::create().0);
    let ledger = other.open().unwrap();
    ledger.open_batch(opening("B-2", 9)).unwrap();
    let facts = board(3).whole_way();
    ledger
        .record(events("B-2", facts), Durability::Durable)
        .unwrap();
    drop(ledger);
    drop(start(&other).unwrap());
    std::fs::copy(beside(&other), beside(&home)).unwrap();
    std::fs::copy(note(&other), note(&home)).unwrap();
    assert_eq!(read(&home), 23);
}

/// A token that does not sign costs time and nothing else.
#[test]
fn a_start_goes_on_without_keeping_anything() {
    let home = long();
    home.signer.off.store(true, Ordering::SeqCst);
    assert_eq!((read(&home), read(&home)), (11, 23));
    home.signer.off.store(false, Ordering::SeqCst);
    assert_eq!((read(&home), read(&home)), (23, 0));
}

/// Triggers and poisoned indexes change what rules see, with every row in its place.
#[test]
fn tables_are_what_this_program_made() {
    let cases = [
        "CREATE TRIGGER t AFTER INSERT ON certificate BEGIN DELETE FROM certificate; END",
        "DROP INDEX one_live_certificate",
        "CREATE TABLE more (x)",
        POISONED,
    ];
    for sql in cases {
        let home = long();
        home.tamper(sql);
        let (short, long) = (home.open().map(drop), start(&home).map(drop));
        assert!(
            matches!(short, Err(LedgerError::Damaged(_))),
            "{sql}: {short:?}"
        );
        assert!(
            matches!(long, Err(LedgerError::Damaged(_))),
            "{sql}: {long:?}"
        );
    }
}

/// However old it is.
#[test]
fn an_old_leaf_is_read_at_every_start() {
    let home = long();
    drop(start(&home).unwrap());
    home.tamper(
        "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'SENSOR', 'SENSER') AS BLOB)
         WHERE idx = 1",
    );
    let refused = start(&home);
    assert!(
        matches!(refused, Err(LedgerError::Damaged(Damage::EntryHash(1)))),
        "{refused:?}"
    );
}
