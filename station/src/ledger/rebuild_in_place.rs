//! The views in use thrown away and made again from the log: `station ledger rebuild`.
//!
//! The log stays as it is, byte for byte, and nothing is recorded: views are no facts. All of it is one
//! transaction, so that a crash leaves the views as they were.

use std::path::Path;

use rusqlite::Connection;

use super::checkpoint::VerifierKey;
use super::decoded::{self, Decoded};
use super::error::{Damage, Doing, LedgerError};
use super::handle::own;
use super::log_store;
use super::{integrity, on_all_cores, schema, views};

/// Makes the views again, after the log was checked against its last checkpoint under the key that the home pins.
/// Gives the number of entries; `watch` is told how many are done.
///
/// # Errors
/// [`LedgerError`]: no ledger, another writer, another key, or a log that is damaged itself. The views are as they
/// were then.
pub fn rebuild(
    path: &Path,
    key: &VerifierKey,
    watch: &(dyn Fn(u64) + Sync),
) -> Result<u64, LedgerError> {
    if !path.exists() {
        let path = path.to_owned();
        return Err(LedgerError::Missing { path });
    }
    let _owner = own(path)?;
    let connection = log_store::connect(path, false)?;
    let named = integrity::opening_key(&connection)?;
    if named != *key {
        return Err(LedgerError::OtherKey {
            expected: named.to_string(),
            got: key.to_string(),
        });
    }
    let mut readers = on_all_cores::snapshots(path)?;
    integrity::check_log(&mut readers, key)?;
    let size = log_store::size(&connection)?;
    // Views point to entries and to each other, and are empty in between.
    let run = |sql: &str| {
        let done = connection.execute_batch(sql);
        done.doing("making the views again")
    };
    run("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")?;
    remake(&connection)?;
    decoded::for_each(&mut readers, 0..size, |Decoded { index, entry, .. }| {
        let entry = entry.map_err(|source| Damage::Leaf { index, source })?;
        views::apply(&connection, &entry).doing("making the views again")?;
        watch(index + 1);
        Ok(())
    })?;
    run("COMMIT")?;
    // With the snapshots gone, the write-ahead log that held all of it can be emptied.
    drop(readers);
    let emptied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    emptied.doing("emptying the write-ahead log")?;
    Ok(size)
}

/// Empty tables with their indexes, as this program defines them, and nothing besides.
fn remake(connection: &Connection) -> Result<(), LedgerError> {
    let doing = "making the tables of the views again";
    let all = "SELECT type, name, sql FROM sqlite_schema
        WHERE name NOT IN ('entry', 'node', 'checkpoint') AND sql IS NOT NULL
        ORDER BY type = 'table', rowid DESC";
    let definitions = |of: &Connection| -> rusqlite::Result<Vec<(String, String, String)>> {
        let mut find = of.prepare(all)?;
        let rows = find.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        rows.collect()
    };
    for (kind, name, _) in definitions(connection).doing(doing)? {
        let name = name.replace('"', "\"\"");
        let drop = format!("DROP {kind} IF EXISTS \"{name}\"");
        connection.execute_batch(&drop).doing(doing)?;
    }
    let own = log_store::connect_scratch(None)?;
    // Tables come before what is made on them.
    for (_, _, sql) in definitions(&own).doing(doing)?.into_iter().rev() {
        connection.execute_batch(&sql).doing(doing)?;
    }
    schema::check(connection).map(|_| ())
}
