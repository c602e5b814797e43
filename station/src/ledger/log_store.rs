//! The log in its SQLite file: connections, entries, nodes, checkpoints; the append itself.
//!
//! WAL with `synchronous=FULL`: a commit returns after the disk has it. What a pragma asked for is read
//! back, since SQLite ignores what it cannot do.

use std::path::Path;
use std::time::Duration;

use firmware_proto::Digest;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use super::checkpoint::CheckpointError;
use super::column::{Hash, Int};
use super::error::{Damage, Doing, LedgerError, Refusal};
use super::event::Event;
use super::invariants;
use super::leaf::{Entry, Leaf, LeafError};
use super::merkle_tree::{Frontier, NodeId, NodeSource, leaf_hash};
use super::{schema, views};

/// How long a reader or writer waits for a lock that another connection holds for a moment.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Statements that are kept prepared: about as many as there are in this room.
const STATEMENTS_MAX: usize = 64;

/// Memory for the pages of a database that is written all over, in KiB: with less, each page is read and written
/// again and again.
const CACHE: &str = "-65536";

/// Opens the database for the one writer.
pub(in crate::ledger) fn connect(path: &Path, create: bool) -> Result<Connection, LedgerError> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if create {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let mut connection = Connection::open_with_flags(path, flags).doing("opening the ledger")?;
    connection
        .busy_timeout(BUSY_TIMEOUT)
        .doing("opening the ledger")?;
    if !create && schema::check(&connection)? == 0 {
        return Err(Damage::NotALedger.into());
    }
    pragma(&connection, "journal_mode", "wal", "wal")?;
    pragma(&connection, "synchronous", "FULL", "2")?;
    pragma(&connection, "cache_size", CACHE, CACHE)?;
    common(&connection)?;
    schema::migrate(&mut connection, refill)?;
    Ok(connection)
}

/// Makes the views again from the log. Whether the log is what was signed is checked afterwards.
fn refill(connection: &Connection) -> Result<(), LedgerError> {
    schema::empty_views(connection)?;
    for index in 0..size(connection)? {
        let entry = entry(connection, index)?;
        views::apply(connection, &entry).doing("making the views again")?;
    }
    Ok(())
}

/// Opens the database for reading; fails where there is none, and never changes it.
pub(in crate::ledger) fn connect_read_only(path: &Path) -> Result<Connection, LedgerError> {
    require_file(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).doing("opening the ledger to read")?;
    connection
        .busy_timeout(BUSY_TIMEOUT)
        .doing("opening the ledger to read")?;
    match schema::check(&connection)? {
        found if found == schema::version() => {}
        0 => return Err(Damage::NotALedger.into()),
        // Only the writer migrates.
        got => {
            let known = schema::version();
            return Err(LedgerError::Older { got, known });
        }
    }
    pragma(&connection, "query_only", "ON", "1")?;
    common(&connection)?;
    Ok(connection)
}

/// Opens what is left of a file that was cut, to read as far as that goes.
pub(in crate::ledger) fn connect_to_remains(path: &Path) -> Result<Connection, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).doing("opening what is left")?;
    // SQLite reads no page of a file that is shorter than its header says, but for whoever asks for this.
    pragma(&connection, "writable_schema", "ON", "1")?;
    pragma(&connection, "query_only", "ON", "1")?;
    common(&connection)?;
    Ok(connection)
}

/// Looked at before it is opened: opening a pipe waits for whoever writes into it.
pub(in crate::ledger) fn require_file(path: &Path) -> Result<(), LedgerError> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(_) => Err(Damage::NotAFile.into()),
        Err(_) => {
            let path = path.to_owned();
            Err(LedgerError::Missing { path })
        }
    }
}

/// A database in memory with the ledger's tables.
#[cfg(test)]
pub(in crate::ledger) fn connect_in_memory() -> Result<Connection, LedgerError> {
    let mut connection = Connection::open_in_memory().doing("making a database in memory")?;
    common(&connection)?;
    schema::migrate(&mut connection, |_| Ok(()))?;
    Ok(connection)
}

/// A database for rebuilt views: at a path, or unnamed, when SQLite moves it to a temporary file as it gets
/// large. Nothing is lost with it but time, so it is not synced.
pub(in crate::ledger) fn connect_scratch(path: Option<&Path>) -> Result<Connection, LedgerError> {
    let doing = "making a database for a rebuild";
    let mut connection = match path {
        Some(path) => Connection::open(path).doing(doing)?,
        None => Connection::open("").doing(doing)?,
    };
    common(&connection)?;
    pragma(&connection, "synchronous", "OFF", "0")?;
    pragma(&connection, "cache_size", CACHE, CACHE)?;
    // Its entry table stays all but empty.
    pragma(&connection, "foreign_keys", "OFF", "0")?;
    // Views of an older version are thrown away by whoever kept them, since their note covers the tables.
    schema::migrate(&mut connection, schema::empty_views)?;
    Ok(connection)
}

fn common(connection: &Connection) -> Result<(), LedgerError> {
    pragma(connection, "foreign_keys", "ON", "1")?;
    pragma(connection, "trusted_schema", "OFF", "0")?;
    pragma(connection, "cell_size_check", "ON", "1")?;
    // Statement journals of savepoints: a file each otherwise, for what a crash forgets anyway.
    pragma(connection, "temp_store", "MEMORY", "2")?;
    // A plan that looks at the values would be made anew, by compiling the statement again, for each of them.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .doing("configuring the database")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(())
}

/// Sets a pragma and reads back what it became.
fn pragma(
    connection: &Connection,
    name: &'static str,
    wanted: &str,
    expected: &str,
) -> Result<(), LedgerError> {
    let doing = "configuring the database";
    // Some pragmas answer with a row, some do not.
    connection
        .pragma_update_and_check(None, name, wanted, |_| Ok(()))
        .optional()
        .doing(doing)?;
    let got = connection
        .pragma_query_value(None, name, |row| {
            row.get_ref(0).map(|value| match value {
                rusqlite::types::ValueRef::Integer(n) => n.to_string(),
                value => value.as_str().unwrap_or_default().to_lowercase(),
            })
        })
        .doing(doing)?;
    if got != expected {
        return Err(Damage::Value {
            table: name,
            what: format!("{got:?} where this station needs {wanted}; use a local file system"),
        }
        .into());
    }
    Ok(())
}

/// The log, to append to.
pub(in crate::ledger) struct LogStore {
    connection: Connection,
    frontier: Frontier,
}

impl NodeSource for Connection {
    type Error = LedgerError;

    fn node(&self, id: NodeId) -> Result<Digest, LedgerError> {
        let doing = "reading a node of the tree";
        let hash = if id.level == 0 {
            self.prepare_cached("SELECT hash FROM entry WHERE idx = ?1")
                .and_then(|mut find| {
                    find.query_row([Int(id.position)], |row| row.get::<_, Hash>(0))
                        .optional()
                })
        } else {
            self.prepare_cached("SELECT hash FROM node WHERE level = ?1 AND position = ?2")
                .and_then(|mut find| {
                    find.query_row(params![id.level, Int(id.position)], |row| {
                        row.get::<_, Hash>(0)
                    })
                    .optional()
                })
        };
        let missing = || LedgerError::from(node_damage(id));
        hash.doing(doing)?.map(|hash| hash.0).ok_or_else(missing)
    }
}

/// The node, named by the first entry below it.
pub(in crate::ledger) fn node_damage(id: NodeId) -> Damage {
    Damage::Node {
        level: id.level,
        position: id.position,
        first: id.position.checked_shl(id.level.into()).unwrap_or(u64::MAX),
    }
}

/// How many entries there are, if their indexes have no gap.
pub(in crate::ledger) fn size(connection: &Connection) -> Result<u64, LedgerError> {
    connection
        .prepare_cached("SELECT ifnull(max(idx) + 1, 0) FROM entry")
        .and_then(|mut find| find.query_row([], |row| row.get::<_, Int>(0)))
        .map(|size| size.0)
        .doing("counting the entries")
}

/// The frontier of the tree over the first `size` entries.
pub(in crate::ledger) fn frontier(
    connection: &Connection,
    size: u64,
) -> Result<Frontier, LedgerError> {
    let peaks = Frontier::peak_ids(size)
        .map(|id| connection.node(id))
        .collect::<Result<Vec<_>, _>>()?;
    Frontier::restore(size, peaks).ok_or(Damage::EntryMissing(size).into())
}

/// A stored leaf's bytes.
pub(in crate::ledger) fn leaf_bytes(
    connection: &Connection,
    index: u64,
) -> Result<Vec<u8>, LedgerError> {
    connection
        .prepare_cached("SELECT leaf FROM entry WHERE idx = ?1")
        .and_then(|mut find| find.query_row([Int(index)], |row| row.get(0)).optional())
        .doing("reading an entry")?
        .ok_or(Damage::EntryMissing(index).into())
}

/// A stored leaf.
pub(in crate::ledger) fn entry(connection: &Connection, index: u64) -> Result<Entry, LedgerError> {
    let bytes = leaf_bytes(connection, index)?;
    Entry::read(index, &bytes).map_err(|source| Damage::Leaf { index, source }.into())
}

/// A checkpoint's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct StoredNote {
    pub(in crate::ledger) size: u64,
    pub(in crate::ledger) note: String,
}

impl StoredNote {
    pub(in crate::ledger) fn damage(&self, source: CheckpointError) -> Damage {
        let size = self.size;
        Damage::Checkpoint { size, source }
    }
}

/// The last checkpoint's row.
pub(in crate::ledger) fn last_note(
    connection: &Connection,
) -> Result<Option<StoredNote>, LedgerError> {
    connection
        .prepare_cached("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1")
        .and_then(|mut find| {
            find.query_row([], |row| {
                Ok(StoredNote {
                    size: row.get::<_, Int>(0)?.0,
                    note: row.get(1)?,
                })
            })
            .optional()
        })
        .doing("reading the last checkpoint")
}

impl LogStore {
    /// Takes the connection over, and reads where the log ends.
    pub(in crate::ledger) fn new(connection: Connection) -> Result<Self, LedgerError> {
        let frontier = frontier(&connection, size(&connection)?)?;
        Ok(Self {
            connection,
            frontier,
        })
    }

    /// The connection, to read from.
    pub(in crate::ledger) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The tree as of the last append, committed or not.
    pub(in crate::ledger) fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Runs `work` in one transaction, which is durable when this returns; all of it or nothing.
    pub(in crate::ledger) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let before = self.frontier.clone();
        let begun = self.execute("BEGIN IMMEDIATE", "beginning a transaction");
        let done = begun.and_then(|()| work(self)).and_then(|made| {
            self.execute("COMMIT", "committing")?;
            Ok(made)
        });
        if done.is_err() {
            self.frontier = before;
            if !self.connection.is_autocommit() {
                // Where even this fails the connection is beyond help, and every later step says so.
                let _ = self.execute("ROLLBACK", "rolling back");
            }
        }
        done
    }

    /// Runs `work` as a part of the open transaction that can fail alone.
    pub(in crate::ledger) fn savepoint<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let before = self.frontier.clone();
        self.execute("SAVEPOINT request", "beginning a request")?;
        let done = work(self);
        if done.is_err() {
            self.frontier = before;
            self.execute("ROLLBACK TO request", "rolling a request back")?;
        }
        self.execute("RELEASE request", "ending a request")?;
        done
    }

    fn execute(&self, sql: &str, doing: &'static str) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map(|_| ())
            .doing(doing)
    }

    /// Appends an event: judged, made into a leaf, hashed into the tree, applied to the views. Must run
    /// inside a transaction.
    pub(in crate::ledger) fn append(&mut self, event: Event) -> Result<Entry, LedgerError> {
        let index = self.frontier.size();
        invariants::check(&self.connection, index, &event)?;
        let leaf = Leaf {
            time: event.time,
            position: invariants::position(&self.connection, event.batch)?,
            session: event.session,
            fact: event.fact,
        };
        let bytes = leaf.encode().map_err(Refusal::Leaf)?;
        // What cannot be read again must not get in, for example a name that only looks like one.
        if Leaf::decode(&bytes).as_ref() != Ok(&leaf) {
            return Err(Refusal::Leaf(LeafError::Spelling).into());
        }
        let hash = leaf_hash(&bytes);
        let doing = "appending an entry";
        self.connection
            .prepare_cached("INSERT INTO entry VALUES (?1, ?2, ?3)")
            .and_then(|mut insert| insert.execute(params![Int(index), bytes, Hash(hash)]))
            .doing(doing)?;
        for node in self.frontier.append(hash).iter().skip(1) {
            self.connection
                .prepare_cached("INSERT INTO node VALUES (?1, ?2, ?3)")
                .and_then(|mut insert| {
                    let NodeId { level, position } = node.id;
                    insert.execute(params![level, Int(position), Hash(node.hash)])
                })
                .doing(doing)?;
        }
        let entry = Entry { index, hash, leaf };
        views::apply(&self.connection, &entry).doing("bringing the views up to date")?;
        Ok(entry)
    }

    /// Stores a signed checkpoint. Must run inside a transaction.
    pub(in crate::ledger) fn insert_note(&self, size: u64, note: &str) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached("INSERT INTO checkpoint VALUES (?1, ?2)")
            .and_then(|mut insert| insert.execute(params![Int(size), note]))
            .map(|_| ())
            .doing("storing a checkpoint")
    }
}
