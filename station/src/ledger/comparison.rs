//! Views made again beside those that are in use, value by value, and the tables and indexes that hold them.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::error::{Damage, Doing, LedgerError};
use super::reader::Reader;
use super::{on_all_cores, schema};
use crate::encoding::Hex;

/// A part of the comparison that needs no other.
#[derive(Clone, Copy, Debug)]
enum Comparison {
    /// The rows of a table or query, in the order of a key.
    Rows(&'static str, &'static str),
    /// A table, its indexes and its pages, as SQLite finds them.
    Structure(&'static str),
}

/// The tables of the log itself, whose rows are checked against the tree.
const LOG: &[&str] = &["entry", "node", "checkpoint"];

/// What is wrong with the views in use, and with the tables of the log where `log` says so. Each part on a core
/// of its own: `own` are connections to the views made again, one for each of the readers that are to work.
pub(in crate::ledger) fn differences(
    own: &mut [Connection],
    readers: &mut [Reader],
    log: bool,
) -> Result<Vec<Damage>, LedgerError> {
    let tables = schema::VIEWS.iter().map(|(table, _)| *table);
    let structures = LOG.iter().copied().filter(|_| log).chain(tables);
    let rows = schema::VIEWS.iter().chain(TABLES);
    let rows = rows.map(|(table, key)| Comparison::Rows(table, key));
    // Those that take long come first.
    let parts: Vec<_> = structures.map(Comparison::Structure).chain(rows).collect();
    let mut pairs: Vec<_> = own.iter_mut().zip(readers).collect();
    let count = parts.len() as u64;
    let found = on_all_cores::each(&mut pairs, count, |(own, used), index| {
        let part = usize::try_from(index).ok().and_then(|at| parts.get(at));
        part.map_or(Ok(Vec::new()), |part| {
            part.differences(own, used.connection())
        })
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// What the tables are, compared like a view: a trigger would change rows behind the writer's back.
const TABLES: &[(&str, &str)] = &[(
    "(SELECT name, type, tbl_name, sql FROM sqlite_schema)",
    "name",
)];

impl Comparison {
    /// What differs; of rows the first that does.
    fn differences(self, own: &Connection, used: &Connection) -> Result<Vec<Damage>, LedgerError> {
        let found = match self {
            Self::Rows(table, _) => first_difference(own, used, table, &self.sql()),
            Self::Structure(table) => {
                index_damage(used, table).map(|found| found.map(Damage::Sqlite))
            }
        };
        match found {
            Ok(damage) => Ok(damage.into_iter().collect()),
            Err(LedgerError::Damaged(damage)) => Ok(vec![damage]),
            Err(error) => match self.lacking(used) {
                Some(damage) => Ok(vec![damage]),
                None => Err(error),
            },
        }
    }

    /// The table in use is not there, or lacks a column.
    fn lacking(self, used: &Connection) -> Option<Damage> {
        let (Self::Rows(table, _) | Self::Structure(table)) = self;
        let row = used.prepare(&self.sql()).err()?.to_string();
        let table = table.to_owned();
        Some(Damage::View { table, row })
    }

    fn sql(self) -> String {
        match self {
            Self::Rows(table, key) => format!("SELECT * FROM {table} ORDER BY {key}"),
            Self::Structure(table) => format!("SELECT * FROM {table}"),
        }
    }
}

fn first_difference(
    own: &Connection,
    used: &Connection,
    table: &str,
    sql: &str,
) -> Result<Option<Damage>, LedgerError> {
    let doing = "comparing the views";
    let mut own = own.prepare(sql).doing(doing)?;
    let mut used = used.prepare(sql).doing(doing)?;
    let columns = own.column_count();
    let mut own = own.query([]).doing(doing)?;
    let mut used = used.query([]).doing(doing)?;
    loop {
        let expected = own.next().doing(doing)?;
        let got = used.next().doing(doing)?;
        match (expected, got) {
            (None, None) => return Ok(None),
            (Some(expected), Some(got)) if same(expected, got, columns).doing(doing)? => {}
            (expected, got) => {
                let row = describe(expected, got).doing(doing)?;
                let table = table.to_owned();
                return Ok(Some(Damage::View { table, row }));
            }
        }
    }
}

fn same(expected: &Row<'_>, got: &Row<'_>, columns: usize) -> rusqlite::Result<bool> {
    for column in 0..columns {
        if expected.get_ref(column)? != got.get_ref(column)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Names the row by its key, the first column of every view.
fn describe(expected: Option<&Row<'_>>, got: Option<&Row<'_>>) -> rusqlite::Result<String> {
    let name = |row: Option<&Row<'_>>| {
        Ok::<_, rusqlite::Error>(match row.map(|row| row.get_ref(0)).transpose()? {
            Some(ValueRef::Integer(key)) => key.to_string(),
            Some(ValueRef::Text(key)) => String::from_utf8_lossy(key).escape_default().to_string(),
            Some(ValueRef::Blob(key)) => Hex(key.to_owned()).to_string(),
            _ => "nothing".to_owned(),
        })
    };
    let (expected_name, got_name) = (name(expected)?, name(got)?);
    if expected_name == got_name {
        return Ok(format!("the row of {expected_name} was changed"));
    }
    Ok(format!(
        "expected the row of {expected_name}, found that of {got_name}"
    ))
}

/// What SQLite finds wrong with a table and its indexes. Rules look rows up through indexes, and one that
/// lacks a row hides it.
fn index_damage(connection: &Connection, table: &str) -> Result<Option<String>, LedgerError> {
    let doing = "checking the views' indexes";
    let sql = format!("PRAGMA integrity_check({table})");
    let line: String = connection
        .query_row(&sql, [], |row| row.get(0))
        .doing(doing)?;
    Ok((line != "ok").then_some(line))
}
