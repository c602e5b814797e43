//! Views thrown away and made again: they are what they were, whatever somebody did to them.

use super::tampering::populated;
use super::*;
use crate::ledger::checkpoint::VerifierKey;
use crate::ledger::{Reader, rebuild, schema, verify};

/// Every value of every table, and what the tables are.
pub(super) fn dump(home: &Home) -> Vec<String> {
    try_dump(home).unwrap()
}

/// The same, where the file may be beyond reading.
pub(super) fn try_dump(home: &Home) -> rusqlite::Result<Vec<String>> {
    let connection = rusqlite::Connection::open(home.path())?;
    let log = [
        ("entry", "idx"),
        ("node", "level, position"),
        ("checkpoint", "size"),
    ];
    let tables = "(SELECT name, type, tbl_name, sql FROM sqlite_schema)";
    let mut all = Vec::new();
    for (table, key) in log.iter().chain(schema::VIEWS).chain(&[(tables, "name")]) {
        let mut find = connection.prepare(&format!("SELECT * FROM {table} ORDER BY {key}"))?;
        let columns = find.column_count();
        let mut rows = find.query([])?;
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|column| row.get::<_, rusqlite::types::Value>(column));
            let values = values.collect::<rusqlite::Result<Vec<_>>>()?;
            all.push(format!("{table} {values:?}"));
        }
    }
    Ok(all)
}

fn key(home: &Home) -> VerifierKey {
    Reader::open(&home.path()).unwrap().opening().unwrap().key
}

fn rebuilt(home: &Home) -> Result<u64, LedgerError> {
    rebuild(&home.path(), &key(home), &|_| {})
}

#[test]
fn untouched_views_stay_as_they_were() {
    let home = populated();
    let before = dump(&home);
    let size = Reader::open(&home.path()).unwrap().size().unwrap();
    assert_eq!(rebuilt(&home).unwrap(), size);
    assert_eq!(dump(&home), before);
}

#[test]
fn damaged_views_are_mended() {
    let home = populated();
    let before = dump(&home);
    let emptied: Vec<_> = schema::VIEWS
        .iter()
        .map(|(table, _)| format!("DELETE FROM {table}"))
        .collect();
    let others = [
        "UPDATE certificate SET revoked = NULL, serial = 'x' || serial",
        "CREATE TRIGGER t AFTER INSERT ON event BEGIN DELETE FROM device; END",
        "CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM device; END",
        "CREATE TABLE \"more \"\" of it\" (x); CREATE VIEW v AS SELECT 1",
        "CREATE INDEX i ON entry (hash)",
        "DROP INDEX one_live_certificate",
        "DROP TABLE verdict",
        "ALTER TABLE device DROP COLUMN boot",
    ];
    for sql in emptied.iter().map(String::as_str).chain(others) {
        home.tamper(sql);
        assert!(
            verify(&home.path(), &key(&home), None).is_ok_and(|found| !found.is_clean()),
            "{sql}"
        );
        rebuilt(&home).unwrap();
        assert_eq!(dump(&home), before, "{sql}");
        assert_eq!(
            verify(&home.path(), &key(&home), None).unwrap().findings,
            [],
            "{sql}"
        );
    }
    home.open().unwrap();
}

/// Views made from a log that is not what was signed would only look right.
#[test]
fn a_damaged_log_is_not_made_views_from() {
    let home = populated();
    home.tamper(
        "DELETE FROM device;
         UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'lane0', 'lane1') AS BLOB) WHERE idx = 3",
    );
    let before = dump(&home);
    let refused = rebuilt(&home);
    assert!(
        matches!(refused, Err(LedgerError::Damaged(Damage::EntryHash(3)))),
        "{refused:?}"
    );
    assert_eq!(dump(&home), before);
}

#[test]
fn nothing_is_rebuilt_while_somebody_writes() {
    let home = populated();
    let ledger = home.open().unwrap();
    assert!(matches!(rebuilt(&home), Err(LedgerError::Owned { .. })));
    drop(ledger);
    rebuilt(&home).unwrap();
}

#[test]
fn another_ledgers_key_rebuilds_nothing() {
    let home = populated();
    let other = key(&home).to_string().replace("station-1", "station-2");
    // The key's ID changes with its name.
    assert!(VerifierKey::parse(&other).is_err());
    let point = *key(&home).public_key();
    let other = VerifierKey::new("provisioning-station/station-2", point).unwrap();
    let refused = rebuild(&home.path(), &other, &|_| {});
    assert!(matches!(refused, Err(LedgerError::OtherKey { .. })));
}
