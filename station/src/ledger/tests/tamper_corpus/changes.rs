//! What is done to a ledger: each function adds its kind of change.

use super::{Change, Home, How, Original, Random, sql};
use crate::ledger::log_store::leaf_bytes;
use crate::ledger::merkle_tree::{Frontier, leaf_hash};
use crate::ledger::{Reader, schema};

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
pub(super) fn values(original: &Original, random: &mut Random, all: &mut Vec<Change>) {
    for (table, key) in tables() {
        let columns = columns(&original.home, table);
        let bytes: Vec<_> = (0..8).map(|_| format!("{:016x}", random.next())).collect();
        let blob = format!("x'{}'", bytes.concat());
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
                    WHEN 'blob' THEN substr({blob}, 1, length({column})) WHEN 'null' THEN 1
                    ELSE substr({column}, 1, length({column}) - 1) END"
                ),
            ] {
                let change = format!(
                    "PRAGMA ignore_check_constraints = ON;
                    UPDATE OR IGNORE {table} SET {column} = {value} WHERE {}",
                    row()
                );
                let what = format!("{table}.{column}");
                all.push(sql(table, "changed", &what, change));
            }
        }
        for _ in 0..2 {
            // Of the checkpoints only the last one is missed, beside the mirror: a later one vouches for all before.
            let which = match table {
                "checkpoint" => "size = (SELECT max(size) FROM checkpoint)".to_owned(),
                _ => row(),
            };
            let gone = format!("DELETE FROM {table} WHERE {which}");
            let what = format!("a row less in {table}");
            all.push(sql(table, "removed", &what, gone));
        }
        let (first, rest) = columns.split_first().unwrap();
        let other = format!(
            "CASE typeof({first}) WHEN 'integer' THEN {first} + 500
            WHEN 'blob' THEN substr({blob}, 1, 16) ELSE {first} || 'x' END"
        );
        let values = [vec![other], rest.to_vec()].concat().join(", ");
        let more = format!(
            "INSERT OR IGNORE INTO {table} SELECT {values} FROM {table} WHERE {}",
            row()
        );
        let what = format!("a row more in {table}");
        all.push(sql(table, "added", &what, more));
        swapped_rows(table, key, &columns, all);
    }
}

/// A table's first row and its last one exchange all that is not their key.
fn swapped_rows(table: &str, key: &str, columns: &[String], all: &mut Vec<Change>) {
    let free = columns
        .iter()
        .filter(|column| !key.contains(column.as_str()));
    let values: Vec<_> = free
        .map(|column| {
            let end = |order: &str| {
                format!("(SELECT {column} FROM temp.ends ORDER BY {key} {order} LIMIT 1)")
            };
            let first = format!("{key} = (SELECT min({key}) FROM temp.ends)");
            let (low, high) = (end("ASC"), end("DESC"));
            format!("{column} = CASE WHEN {first} THEN {high} ELSE {low} END")
        })
        .collect();
    if values.is_empty() {
        return;
    }
    let ends = format!("(SELECT min({key}) FROM {table}), (SELECT max({key}) FROM {table})");
    let change = format!(
        "CREATE TEMP TABLE ends AS SELECT * FROM {table} WHERE {key} IN ({ends});
        UPDATE OR IGNORE {table} SET {} WHERE {key} IN ({ends})",
        values.join(", ")
    );
    let what = format!("two rows of {table} exchanged");
    all.push(sql(table, "swapped", &what, change));
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
pub(super) fn entries(original: &Original, random: &mut Random, all: &mut Vec<Change>) {
    let untouched = leaves(original);
    let hex = |bytes: &[u8]| base16ct::lower::encode_string(bytes);
    for _ in 0..56 {
        let index = random.below(original.size);
        let mut leaf = untouched[usize::try_from(index).unwrap()].clone();
        let at = usize::try_from(random.below(leaf.len() as u64)).unwrap();
        leaf[at] ^= 1 << random.below(8);
        let change = format!(
            "UPDATE entry SET leaf = x'{}' WHERE idx = {index}",
            hex(&leaf)
        );
        let mut change = sql("entry", "changed", "a bit of a leaf", change);
        change.named = Some(format!("entry {index} "));
        all.push(change);
        let hash = hex(leaf_hash(&leaf).as_bytes());
        let change = format!(
            "UPDATE entry SET leaf = x'{}', hash = x'{hash}' WHERE idx = {index}",
            hex(&leaf)
        );
        all.push(sql("entry", "changed", "a leaf with its hash", change));
        let mut changed = untouched.clone();
        changed[usize::try_from(index).unwrap()] = leaf;
        all.push(sql(
            "entry",
            "changed",
            "a leaf with the whole tree",
            rewritten(original, &changed),
        ));
    }
    fewer_more_and_swapped(original, &untouched, random, all);
    let last = untouched.last().unwrap().clone();
    let appended = [&untouched[..], &[last]].concat();
    all.push(sql(
        "entry",
        "added",
        "the last entry once more",
        rewritten(original, &appended),
    ));
    let forged = [&untouched[..], &[b"{\"v\":1}".to_vec()]].concat();
    all.push(sql(
        "entry",
        "added",
        "no leaf at the end",
        rewritten(original, &forged),
    ));
}

fn fewer_more_and_swapped(
    original: &Original,
    untouched: &[Vec<u8>],
    random: &mut Random,
    all: &mut Vec<Change>,
) {
    for _ in 0..16 {
        let (a, b) = (random.below(original.size), random.below(original.size - 1));
        let (a, b) = (usize::try_from(a).unwrap(), usize::try_from(b).unwrap());
        let mut fewer = untouched.to_vec();
        fewer.remove(a);
        all.push(sql(
            "entry",
            "removed",
            "an entry less",
            rewritten(original, &fewer),
        ));
        let mut more = untouched.to_vec();
        more.insert(b, untouched[a].clone());
        all.push(sql(
            "entry",
            "added",
            "an entry twice",
            rewritten(original, &more),
        ));
        let mut swapped = untouched.to_vec();
        swapped.swap(b, b + 1);
        all.push(sql(
            "entry",
            "swapped",
            "two entries exchanged",
            rewritten(original, &swapped),
        ));
        let change = format!(
            "UPDATE entry SET idx = -1 WHERE idx = {b};
            UPDATE entry SET idx = {b} WHERE idx = {b} + 1;
            UPDATE entry SET idx = {b} + 1 WHERE idx = -1"
        );
        all.push(sql("entry", "swapped", "two rows exchanged", change));
    }
}

/// Checkpoints that were never signed.
pub(super) fn checkpoints(original: &Original, random: &mut Random, all: &mut Vec<Change>) {
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
        all.push(sql("checkpoint", "changed", "a letter of a note", change));
    }
    all.push(sql(
        "checkpoint",
        "swapped",
        "another log's note",
        format!("UPDATE checkpoint SET note = '{other_note}' WHERE size = 1"),
    ));
    all.push(sql(
        "checkpoint",
        "swapped",
        "notes exchanged",
        "UPDATE checkpoint SET note = (SELECT note FROM checkpoint AS c
        WHERE c.size <> checkpoint.size ORDER BY size LIMIT 1)"
            .to_owned(),
    ));
    all.push(sql(
        "checkpoint",
        "added",
        "a note twice",
        "INSERT INTO checkpoint SELECT size + 1, note FROM checkpoint LIMIT 1".to_owned(),
    ));
    all.push(sql(
        "checkpoint",
        "removed",
        "no checkpoint",
        "DELETE FROM checkpoint".to_owned(),
    ));
}

/// What tables are, and what is done when they change.
pub(super) fn definitions(all: &mut Vec<Change>) {
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
        all.push(sql("definition", "changed", change, change.to_owned()));
    }
}

/// The file itself, beneath SQLite.
pub(super) fn bytes(original: &Original, random: &mut Random, all: &mut Vec<Change>) {
    let length = original.file.len() as u64;
    let mut file = |what: &str, how| {
        all.push(Change {
            thing: "file".to_owned(),
            manner: "changed",
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
