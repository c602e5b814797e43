//! Some hundreds of ledgers that somebody changed, made from a seed. Each is found by the verification or refused
//! as a file; one that is not found says the same as before, value for value.

use std::path::PathBuf;

use super::rebuilding::try_dump;
use super::tampering::populated;
use super::*;
use crate::ledger::checkpoint::VerifierKey;
use crate::ledger::column::{Hash, Int};
use crate::ledger::log_store::leaf_bytes;
use crate::ledger::merkle_tree::{Frontier, leaf_hash};
use crate::ledger::{LedgerHandle, Reader, schema, verify};

/// Printed with each failure; another one makes another corpus.
const SEED: u64 = 0x5eed_1ed6_e400_2026;

/// Fewer changed ledgers than this say that the generator lost something.
const CHANGED_MIN: usize = 300;

/// `SplitMix64`: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let index = self.below(all.len() as u64);
        &all[usize::try_from(index).unwrap()]
    }
}

/// A ledger with its last checkpoint, as a mirror keeps it.
struct Original {
    home: Home,
    file: Vec<u8>,
    key: VerifierKey,
    mirror: String,
    size: u64,
    dump: Vec<String>,
}

impl Original {
    fn make() -> Self {
        let home = populated();
        let ledger = home.open().unwrap();
        ledger.open_batch(opening("B-2", 20)).unwrap();
        for number in 10..22 {
            let events = events("B-2", board(number).whole_way());
            ledger.record(events, Durability::Checkpointed).unwrap();
        }
        ledger.close_batch(closing("B-2")).unwrap();
        drop(ledger);
        let reader = Reader::open(&home.path()).unwrap();
        Self {
            file: std::fs::read(home.path()).unwrap(),
            key: reader.opening().unwrap().key,
            mirror: reader.latest_checkpoint().unwrap().unwrap().note,
            size: reader.size().unwrap(),
            dump: try_dump(&home).unwrap(),
            home,
        }
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.home.path().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    }

    fn restore(&self) {
        for suffix in ["-wal", "-shm", "-journal"] {
            let _ = std::fs::remove_file(self.beside(suffix));
        }
        std::fs::write(self.home.path(), &self.file).unwrap();
    }

    /// What a verification finds, as text; nothing where the ledger is clean.
    fn found(&self) -> String {
        match verify(&self.home.path(), &self.key, Some(&self.mirror)) {
            Ok(report) => {
                let findings = report.findings.iter().map(ToString::to_string);
                findings.collect::<Vec<_>>().join("; ")
            }
            Err(error) => error.to_string(),
        }
    }
}

/// A way to change a ledger, with what must be named.
struct Change {
    what: String,
    how: How,
    named: Option<String>,
}

enum How {
    Sql(String),
    /// A byte of the file, and the bits that are turned over.
    Flip(usize, u8),
    Cut(usize),
    /// The file as it was after so many entries.
    RollBack(usize),
}

fn sql(what: &str, sql: String) -> Change {
    Change {
        what: what.to_owned(),
        how: How::Sql(sql),
        named: None,
    }
}

/// The tables of the log and the views, each with what tells its rows apart.
fn tables() -> Vec<(&'static str, &'static str)> {
    let log = [
        ("entry", "idx"),
        ("node", "level * 1000 + position"),
        ("checkpoint", "size"),
    ];
    log.iter().chain(schema::VIEWS).copied().collect()
}

fn columns(home: &Home, table: &str) -> Vec<String> {
    let connection = rusqlite::Connection::open(home.path()).unwrap();
    let find = connection
        .prepare(&format!("SELECT * FROM {table}"))
        .unwrap();
    find.column_names().map(str::to_owned).collect()
}

/// Any value of any column of any table, rows removed, and rows that were never there.
fn values(original: &Original, random: &mut Random, all: &mut Vec<Change>) {
    for (table, key) in tables() {
        let columns = columns(&original.home, table);
        let mut row = || {
            let at = random.below(1000);
            format!(
                "{key} = (SELECT {key} FROM {table} ORDER BY {key} LIMIT 1
                OFFSET {at} % (SELECT count(*) FROM {table}))"
            )
        };
        for column in &columns {
            for value in [
                format!(
                    "CASE typeof({column}) WHEN 'integer' THEN {column} + 1000
                    WHEN 'blob' THEN zeroblob(length({column})) WHEN 'null' THEN zeroblob(16)
                    ELSE 'x' || {column} END"
                ),
                format!(
                    "CASE typeof({column}) WHEN 'integer' THEN {column} - 1
                    WHEN 'blob' THEN randomblob(length({column})) WHEN 'null' THEN 1
                    ELSE substr({column}, 1, length({column}) - 1) END"
                ),
            ] {
                let change = format!(
                    "PRAGMA ignore_check_constraints = ON;
                    UPDATE OR IGNORE {table} SET {column} = {value} WHERE {}",
                    row()
                );
                all.push(sql(&format!("{table}.{column}"), change));
            }
        }
        for _ in 0..2 {
            // Of the checkpoints only the last one is missed, beside the mirror: a later one vouches for all before.
            let which = match table {
                "checkpoint" => "size = (SELECT max(size) FROM checkpoint)".to_owned(),
                _ => row(),
            };
            let gone = format!("DELETE FROM {table} WHERE {which}");
            all.push(sql(&format!("a row less in {table}"), gone));
        }
        let (first, rest) = columns.split_first().unwrap();
        let other = format!(
            "CASE typeof({first}) WHEN 'integer' THEN {first} + 500
            WHEN 'blob' THEN randomblob(16) ELSE {first} || 'x' END"
        );
        let values = [vec![other], rest.to_vec()].concat().join(", ");
        let more = format!(
            "INSERT OR IGNORE INTO {table} SELECT {values} FROM {table} WHERE {}",
            row()
        );
        all.push(sql(&format!("a row more in {table}"), more));
    }
}

/// Statements that write leaves from an index on, with hashes and nodes that fit them.
fn rewritten(original: &Original, leaves: &[Vec<u8>]) -> String {
    let mut statements = vec!["DELETE FROM entry; DELETE FROM node".to_owned()];
    let hex = |bytes: &[u8]| base16ct::lower::encode_string(bytes);
    let mut tree = Frontier::default();
    for (index, leaf) in leaves.iter().enumerate() {
        let (leaf, hash) = (hex(leaf), leaf_hash(leaf));
        statements.push(format!(
            "INSERT INTO entry VALUES ({index}, x'{leaf}', x'{}')",
            hex(hash.as_bytes())
        ));
        for node in tree.append(hash).iter().skip(1) {
            let (level, position) = (node.id.level, node.id.position);
            let hash = hex(node.hash.as_bytes());
            statements.push(format!(
                "INSERT INTO node VALUES ({level}, {position}, x'{hash}')"
            ));
        }
    }
    assert!(original.size > 0);
    statements.join(";")
}

fn leaves(original: &Original) -> Vec<Vec<u8>> {
    let reader = Reader::open(&original.home.path()).unwrap();
    let leaf = |index| leaf_bytes(reader.connection(), index).unwrap();
    (0..original.size).map(leaf).collect()
}

/// Entries changed, taken out, put in, doubled and exchanged: as they are, and with everything that can be computed
/// made to fit.
fn entries(original: &Original, random: &mut Random, all: &mut Vec<Change>) {
    let untouched = leaves(original);
    let hex = |bytes: &[u8]| base16ct::lower::encode_string(bytes);
    for _ in 0..24 {
        let index = random.below(original.size);
        let mut leaf = untouched[usize::try_from(index).unwrap()].clone();
        let at = usize::try_from(random.below(leaf.len() as u64)).unwrap();
        leaf[at] ^= 1 << random.below(8);
        let change = format!(
            "UPDATE entry SET leaf = x'{}' WHERE idx = {index}",
            hex(&leaf)
        );
        let mut change = sql("a bit of a leaf", change);
        change.named = Some(format!("entry {index} "));
        all.push(change);
        let hash = hex(leaf_hash(&leaf).as_bytes());
        let change = format!(
            "UPDATE entry SET leaf = x'{}', hash = x'{hash}' WHERE idx = {index}",
            hex(&leaf)
        );
        all.push(sql("a leaf with its hash", change));
        let mut changed = untouched.clone();
        changed[usize::try_from(index).unwrap()] = leaf;
        all.push(sql(
            "a leaf with the whole tree",
            rewritten(original, &changed),
        ));
    }
    for _ in 0..6 {
        let (a, b) = (random.below(original.size), random.below(original.size - 1));
        let (a, b) = (usize::try_from(a).unwrap(), usize::try_from(b).unwrap());
        let mut fewer = untouched.clone();
        fewer.remove(a);
        all.push(sql("an entry less", rewritten(original, &fewer)));
        let mut more = untouched.clone();
        more.insert(b, untouched[a].clone());
        all.push(sql("an entry twice", rewritten(original, &more)));
        let mut swapped = untouched.clone();
        swapped.swap(b, b + 1);
        all.push(sql("two entries exchanged", rewritten(original, &swapped)));
        let change = format!(
            "UPDATE entry SET idx = -1 WHERE idx = {b};
            UPDATE entry SET idx = {b} WHERE idx = {b} + 1;
            UPDATE entry SET idx = {b} + 1 WHERE idx = -1"
        );
        all.push(sql("two rows exchanged", change));
    }
    let last = untouched.last().unwrap().clone();
    let appended = [&untouched[..], &[last]].concat();
    all.push(sql(
        "the last entry once more",
        rewritten(original, &appended),
    ));
    let forged = [&untouched[..], &[b"{\"v\":1}".to_vec()]].concat();
    all.push(sql("no leaf at the end", rewritten(original, &forged)));
}

/// Checkpoints that were never signed.
fn checkpoints(original: &Original, random: &mut Random, all: &mut Vec<Change>) {
    let other = Home::create();
    let other_note = Reader::open(&other.0.path()).unwrap();
    let other_note = other_note.latest_checkpoint().unwrap().unwrap().note;
    for _ in 0..12 {
        let at = 1 + random.below(original.mirror.len() as u64 - 1);
        let letter = *random.one_of(&["A", "b", "7", "+", "\n", " "]);
        let change = format!(
            "UPDATE checkpoint SET note = substr(note, 1, {at} - 1) || '{letter}' ||
            substr(note, {at} + 1) WHERE size = {}",
            original.size
        );
        all.push(sql("a letter of a note", change));
    }
    all.push(sql(
        "another log's note",
        format!("UPDATE checkpoint SET note = '{other_note}' WHERE size = 1"),
    ));
    all.push(sql(
        "notes exchanged",
        "UPDATE checkpoint SET note = (SELECT note FROM checkpoint AS c
        WHERE c.size <> checkpoint.size ORDER BY size LIMIT 1)"
            .to_owned(),
    ));
    all.push(sql(
        "a note twice",
        "INSERT INTO checkpoint SELECT size + 1, note FROM checkpoint LIMIT 1".to_owned(),
    ));
    all.push(sql("no checkpoint", "DELETE FROM checkpoint".to_owned()));
}

/// What tables are, and what is done when they change.
fn definitions(all: &mut Vec<Change>) {
    for change in [
        "CREATE TRIGGER t AFTER INSERT ON certificate BEGIN DELETE FROM certificate; END",
        "CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM device; END",
        "CREATE TRIGGER t BEFORE UPDATE ON batch BEGIN SELECT RAISE(IGNORE); END",
        "CREATE TABLE more (x)",
        "CREATE VIEW more AS SELECT * FROM entry",
        "CREATE INDEX more ON entry (hash)",
        "DROP INDEX one_live_certificate",
        "DROP INDEX event_by_uid",
        "DROP INDEX event_by_batch; CREATE INDEX event_by_batch ON event (batch, batch_seq) WHERE batch IS NOT NULL",
        "DROP TABLE hold",
        "ALTER TABLE device ADD COLUMN more TEXT",
        "ALTER TABLE device RENAME COLUMN boot TO boots",
        "PRAGMA user_version = 99",
        "PRAGMA user_version = 1",
        "PRAGMA application_id = 1",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'UNIQUE', '')
            WHERE name = 'one_live_certificate'",
        "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'device_serial_by_uid'",
        "DROP INDEX one_live_certificate;
            CREATE UNIQUE INDEX one_live_certificate ON certificate (uid) WHERE revoked = 0;
            PRAGMA writable_schema = ON;
            UPDATE sqlite_schema SET sql =
            'CREATE UNIQUE INDEX one_live_certificate ON certificate (uid) WHERE revoked IS NULL'
            WHERE name = 'one_live_certificate'",
    ] {
        all.push(sql("definitions", change.to_owned()));
    }
}

/// The file itself, beneath SQLite.
fn bytes(original: &Original, random: &mut Random, all: &mut Vec<Change>) {
    let length = original.file.len() as u64;
    let mut file = |what: &str, how| {
        all.push(Change {
            what: what.to_owned(),
            how,
            named: None,
        });
    };
    for _ in 0..80 {
        let at = usize::try_from(random.below(length)).unwrap();
        file("a bit of the file", How::Flip(at, 1 << random.below(8)));
    }
    for _ in 0..12 {
        file(
            "a file cut off",
            How::Cut(usize::try_from(random.below(length)).unwrap()),
        );
    }
    for generation in 0..4 {
        file("an older copy", How::RollBack(generation));
    }
}

/// Copies of the file as it was before; each is a good ledger, that only the mirror tells from the last one.
fn generations() -> Vec<Vec<u8>> {
    let home = populated();
    let read = || std::fs::read(home.path()).unwrap();
    let mut all = vec![read()];
    home.open().unwrap().open_batch(opening("B-2", 20)).unwrap();
    all.push(read());
    for number in [10, 11] {
        let events = events("B-2", board(number).whole_way());
        home.open()
            .unwrap()
            .record(events, Durability::Checkpointed)
            .unwrap();
        all.push(read());
    }
    all
}

#[test]
fn every_changed_ledger_is_found() {
    let original = Original::make();
    assert_eq!(original.found(), "", "the untouched ledger");
    let random = &mut Random(SEED);
    let mut all = Vec::new();
    values(&original, random, &mut all);
    entries(&original, random, &mut all);
    checkpoints(&original, random, &mut all);
    definitions(&mut all);
    bytes(&original, random, &mut all);
    let older = generations();
    let mut changed = 0;
    for (number, change) in all.iter().enumerate() {
        original.restore();
        match &change.how {
            // A change that a constraint forbids is none.
            How::Sql(sql) => {
                let connection = rusqlite::Connection::open(original.home.path()).unwrap();
                connection
                    .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF")
                    .unwrap();
                let _ = connection.execute_batch(&format!("BEGIN; {sql}; COMMIT"));
            }
            How::Flip(at, bits) => {
                let mut file = original.file.clone();
                file[*at] ^= bits;
                std::fs::write(original.home.path(), file).unwrap();
            }
            How::Cut(at) => std::fs::write(original.home.path(), &original.file[..*at]).unwrap(),
            How::RollBack(generation) => {
                std::fs::write(original.home.path(), &older[*generation]).unwrap();
            }
        }
        let what = format!("seed {SEED:#x}, change {number}: {}", change.what);
        let found = original.found();
        if found.is_empty() {
            let same = try_dump(&original.home).is_ok_and(|dump| dump == original.dump);
            assert!(same, "{what}: not found");
        } else {
            changed += 1;
            let named = change
                .named
                .as_ref()
                .is_none_or(|name| found.contains(name));
            assert!(named, "{what}: {found}");
        }
    }
    assert!(
        changed >= CHANGED_MIN,
        "seed {SEED:#x}: only {changed} of {} were changed",
        all.len()
    );
    original.restore();
    assert_eq!(original.found(), "", "the untouched ledger again");
}

/// What is still in the write-ahead log can be cut off or spoilt: SQLite then takes the ledger for an older one, and
/// the mirror tells.
#[test]
fn a_changed_write_ahead_log_is_found() {
    let original = Original::make();
    let ledger =
        LedgerHandle::open(&original.home.path(), original.home.signer.clone(), None).unwrap();
    ledger.open_batch(opening("B-3", 3)).unwrap();
    ledger
        .record(
            events("B-3", board(40).whole_way()),
            Durability::Checkpointed,
        )
        .unwrap();
    let reader = Reader::open(&original.home.path()).unwrap();
    let mirror = reader.latest_checkpoint().unwrap().unwrap().note;
    let (main, wal) = (
        std::fs::read(original.home.path()).unwrap(),
        std::fs::read(original.beside("-wal")).unwrap(),
    );
    drop(reader);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let verified = |wal: &[u8]| {
        std::fs::write(&path, &main).unwrap();
        std::fs::write(folder.path().join("ledger.sqlite-wal"), wal).unwrap();
        let _ = std::fs::remove_file(folder.path().join("ledger.sqlite-shm"));
        verify(&path, &original.key, Some(&mirror)).is_ok_and(|report| report.is_clean())
    };
    assert!(verified(&wal), "the untouched one");
    assert!(!verified(&[]), "none");
    let random = &mut Random(SEED);
    for number in 0..24 {
        let at = usize::try_from(random.below(wal.len() as u64)).unwrap();
        let cut = format!(
            "seed {SEED:#x}, change {number}: cut at {at} of {}",
            wal.len()
        );
        assert!(!verified(&wal[..at]), "{cut}");
        let mut flipped = wal.clone();
        flipped[at] ^= 1 << random.below(8);
        assert!(
            !verified(&flipped),
            "seed {SEED:#x}, change {number}: a bit at {at}"
        );
    }
}

#[test]
fn another_history_beside_the_mirror_is_found() {
    let original = Original::make();
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 200)).unwrap();
    for number in 0..30 {
        ledger
            .record(events(B, board(number).whole_way()), Durability::Durable)
            .unwrap();
    }
    drop(ledger);
    let report = verify(&home.path(), &original.key, None).unwrap();
    assert_eq!(report.findings, [], "signed by the same key, and whole");
    let report = verify(&home.path(), &original.key, Some(&original.mirror)).unwrap();
    let root = Damage::Root {
        size: original.size,
    };
    assert_eq!(report.findings, [root]);
    let connection = rusqlite::Connection::open(home.path()).unwrap();
    let first: (Int, Hash) = connection
        .query_row("SELECT idx, hash FROM entry LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(first.0.0, 0);
}
