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

/// The whole database as text that holds its bytes: what the tables are, and every row of each in the order in which it
/// lies there, its number, and the type and the literal of each value. Which tables there are, the file itself says.
fn bytes(home: &Home) -> Vec<u8> {
    let connection = rusqlite::Connection::open(home.path()).unwrap();
    let lines = |sql: &str| -> Vec<String> {
        let mut find = connection.prepare(sql).unwrap();
        let rows = find.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let mut all = Vec::new();
    for pragma in ["application_id", "user_version", "encoding"] {
        all.extend(lines(&format!(
            "SELECT '{pragma} ' || {pragma} FROM pragma_{pragma}"
        )));
    }
    all.extend(lines(
        "SELECT type || ' ' || name || ' on ' || tbl_name || ' ' || quote(sql)
        FROM sqlite_schema ORDER BY name",
    ));
    let tables = lines("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    for table in &tables {
        let columns = lines(&format!("SELECT name FROM pragma_table_info('{table}')"));
        let value = |name: &String| format!("typeof({name}) || ' ' || quote({name})");
        let values: Vec<_> = columns.iter().map(value).collect();
        let values = values.join(" || ', ' || ");
        let numbered = format!("SELECT rowid || ': ' || {values} FROM {table} ORDER BY rowid");
        let sql = match connection.prepare(&numbered) {
            Ok(_) => numbered,
            // Without numbers, rows lie in the order of their key.
            Err(_) => format!("SELECT {values} FROM {table}"),
        };
        all.push(format!("{table}: {}", columns.join(", ")));
        all.extend(lines(&sql));
    }
    all.join("\n").into_bytes()
}

/// The file as SQLite writes it anew: page for page, without its free pages and the counter of its schema's changes.
fn pages(home: &Home) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.sqlite");
    let connection = rusqlite::Connection::open(home.path()).unwrap();
    connection
        .execute("VACUUM INTO ?1", [path.to_str().unwrap()])
        .unwrap();
    let mut file = std::fs::read(path).unwrap();
    file[SCHEMA_COOKIE].fill(0);
    file
}

/// Where the header of a database counts the changes of its schema.
const SCHEMA_COOKIE: std::ops::Range<usize> = 40..44;

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

/// Byte for byte, as they lie in the file: not their values alone, but their types, the numbers of their rows, and the
/// text of their definitions.
#[test]
fn rebuilt_views_are_byte_for_byte_those_of_the_writer() {
    let home = populated();
    let ledger = home.open().unwrap();
    ledger.open_batch(opening("B-2", 20)).unwrap();
    for number in 10..22 {
        let way = events("B-2", board(number).whole_way());
        ledger.record(way, Durability::Checkpointed).unwrap();
    }
    ledger.close_batch(closing("B-2")).unwrap();
    drop(ledger);
    let before = bytes(&home);
    let rows = before.split(|byte| *byte == b'\n').count();
    assert!(rows > 500, "only {rows} lines");
    let same = |what: &str| {
        rebuilt(&home).unwrap();
        let after = bytes(&home);
        let lines = |text: &[u8]| String::from_utf8(text.to_vec()).unwrap();
        let (left, right) = (lines(&before), lines(&after));
        let differing = left.lines().zip(right.lines()).find(|(a, b)| a != b);
        assert!(after == before, "{what}: {differing:?}");
    };
    same("untouched");
    // The writer's tables were made over the years, and lie in that order; those of two rebuilds in the same one.
    let rebuilt_pages = pages(&home);
    let everything: Vec<_> = schema::VIEWS
        .iter()
        .map(|(table, _)| format!("DELETE FROM {table};"))
        .collect();
    for bent in [
        "UPDATE device SET withdrawn = 1 - withdrawn",
        "UPDATE device SET rowid = rowid + 1000",
        "DELETE FROM certificate WHERE rowid = 3",
        "INSERT INTO device_serial SELECT 'x' || serial, uid, entry FROM device_serial",
        "PRAGMA writable_schema = ON;
            UPDATE sqlite_schema SET sql = replace(sql, 'uid TEXT', 'uid  TEXT') WHERE name = 'device'",
        &everything.concat(),
    ] {
        home.tamper(bent);
        assert!(bytes(&home) != before, "{bent}");
        same(bent);
        assert!(pages(&home) == rebuilt_pages, "{bent}: the pages differ");
    }
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
