//! What is done to a ledger, one of each kind.

/// Two rows exchange a value.
fn exchange(table: &str, value: &str, key: &str, one: &str, other: &str) -> String {
    let set = |at: &str, from: &str| {
        format!(
            "UPDATE {table} SET {value} = (SELECT {value} FROM temp.old WHERE {key} = {from})
            WHERE {key} = {at};"
        )
    };
    let (one, other) = (set(one, other), set(other, one));
    format!("CREATE TEMP TABLE old AS SELECT * FROM {table}; {one} {other}")
}

/// What is done to a ledger, and what is named.
pub fn all() -> Vec<(&'static str, String, &'static str)> {
    let one = "(SELECT min(uid) FROM device)";
    let other = "(SELECT max(uid) FROM device)";
    let (first, last) = (
        "(SELECT min(size) FROM temp.old)",
        "(SELECT max(size) FROM temp.old)",
    );
    let views = "view device is not what the log says";
    let node = "node 3 of level 1, over entries from 6, is not what the entries say";
    let note = "checkpoint over ";
    let put_in = |made: &str| format!("{made}; INSERT INTO device SELECT * FROM temp.made");
    let made = format!(
        "CREATE TEMP TABLE made AS SELECT * FROM device WHERE uid = {one};
        UPDATE temp.made SET uid = 'FF'"
    );
    let leaf = "CAST(replace(CAST(leaf AS TEXT), 'time_ms', 'time_mt') AS BLOB)";
    let bent = "substr(note, 1, length(note) - 20) || 'AAAA' || substr(note, length(note) - 15)";
    let of_last = "WHERE size = (SELECT max(size) FROM checkpoint)";
    let sql = str::to_owned;
    vec![
        (
            "device changed",
            format!("UPDATE device SET withdrawn = 1 WHERE uid = {one}"),
            views,
        ),
        (
            "device removed",
            format!("DELETE FROM device WHERE uid = {one}"),
            views,
        ),
        ("device added", put_in(&made), views),
        (
            "device swapped",
            exchange("device", "verdict", "uid", one, other),
            views,
        ),
        (
            "event changed",
            format!("UPDATE entry SET leaf = {leaf} WHERE idx = 7"),
            "entry 7 does not have its stored hash",
        ),
        (
            "event removed",
            sql("DELETE FROM entry WHERE idx = 7"),
            "entry 7 is missing",
        ),
        (
            "event added",
            sql(
                "INSERT INTO entry SELECT (SELECT max(idx) + 1 FROM entry), leaf, hash
                FROM entry WHERE idx = 7",
            ),
            "does not continue its batch",
        ),
        (
            "event swapped",
            sql(
                "UPDATE entry SET idx = -1 WHERE idx = 7; UPDATE entry SET idx = 7 WHERE idx = 8;
                UPDATE entry SET idx = 8 WHERE idx = -1",
            ),
            "entry 7 does not continue its batch",
        ),
        (
            "proof changed",
            sql("UPDATE node SET hash = zeroblob(32) WHERE level = 1 AND position = 3"),
            node,
        ),
        (
            "proof removed",
            sql("DELETE FROM node WHERE level = 1 AND position = 3"),
            node,
        ),
        (
            "proof added",
            sql("INSERT INTO node VALUES (1, 90000, zeroblob(32))"),
            "table node holds ",
        ),
        (
            "proof swapped",
            exchange("node", "hash", "level = 1 AND position", "3", "2"),
            node,
        ),
        (
            "signature changed",
            format!("UPDATE checkpoint SET note = {bent} {of_last}"),
            "the checkpoint's signature does not verify",
        ),
        (
            "signature removed",
            format!("DELETE FROM checkpoint {of_last}"),
            "of which there is a copy elsewhere",
        ),
        (
            "signature added",
            format!("INSERT INTO checkpoint SELECT size + 1, note FROM checkpoint {of_last}"),
            "a checkpoint covers ",
        ),
        (
            "signature swapped",
            exchange("checkpoint", "note", "size", first, last),
            note,
        ),
    ]
}
