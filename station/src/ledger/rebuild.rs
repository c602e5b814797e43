//! The views made again from the log alone, in a database of their own, to compare with those that are
//! in use.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, Rows, params};

use super::column::{Hash, Int};
use super::error::{Damage, Doing, LedgerError};
use super::event::Fact;
use super::leaf::Entry;
use super::{invariants, log_store, schema, views};
use crate::encoding::Hex;

/// Views that follow a log as it is read.
pub(in crate::ledger) struct Rebuilt {
    scratch: Connection,
}

impl Rebuilt {
    /// No entry yet.
    pub(in crate::ledger) fn new() -> Result<Self, LedgerError> {
        Self::at(None)
    }

    /// Views in a file, as they were left there. They are changed for good by [`Self::keep`] alone.
    pub(in crate::ledger) fn at(path: Option<&Path>) -> Result<Self, LedgerError> {
        let scratch = log_store::connect_scratch(path)?;
        scratch
            .execute_batch("BEGIN")
            .doing("beginning a rebuild")?;
        Ok(Self { scratch })
    }

    /// Applies an entry, after judging it as the writer did. A broken rule is told, and the entry is
    /// applied all the same where it can be.
    pub(in crate::ledger) fn follow(
        &self,
        entry: &Entry,
        bytes: &[u8],
    ) -> Result<Option<Damage>, LedgerError> {
        let index = entry.index;
        let judged = invariants::check(&self.scratch, index, &entry.leaf.clone().into_event());
        let broken = match judged {
            Ok(()) => None,
            Err(LedgerError::Refused(source)) => {
                let source = Box::new(source);
                Some(Damage::Rule { index, source })
            }
            Err(error) => return Err(error),
        };
        // Rules look the TBS of an intent up in its entry; no other entry is needed here.
        if matches!(entry.leaf.fact, Fact::CertificateIntended { .. }) {
            self.scratch
                .prepare_cached("INSERT INTO entry VALUES (?1, ?2, ?3)")
                .and_then(|mut insert| insert.execute(params![Int(index), bytes, Hash(entry.hash)]))
                .doing("rebuilding")?;
        }
        match views::apply(&self.scratch, entry) {
            Ok(()) => Ok(broken),
            // What no writer would append may not fit the tables either.
            Err(error) => Ok(Some(broken.unwrap_or(Damage::View {
                table: "event".to_owned(),
                row: format!("entry {index} cannot be applied: {error}"),
            }))),
        }
    }

    /// The views as they are now.
    pub(in crate::ledger) fn connection(&self) -> &Connection {
        &self.scratch
    }

    /// Leaves the views in their file.
    pub(in crate::ledger) fn keep(self) -> Result<(), LedgerError> {
        self.scratch
            .execute_batch("COMMIT")
            .doing("keeping rebuilt views")
    }

    /// The first row of each view in which the log's own view and the one in use differ.
    pub(in crate::ledger) fn differences(
        &self,
        used: &Connection,
    ) -> Result<Vec<Damage>, LedgerError> {
        let mut found = Vec::new();
        let doing = "comparing the views";
        for (table, key) in schema::VIEWS.iter().chain(SCHEMA) {
            let sql = format!("SELECT * FROM {table} ORDER BY {key}");
            let mut own = self.scratch.prepare(&sql).doing(doing)?;
            let mut other = used.prepare(&sql).doing(doing)?;
            let columns = own.column_count();
            let mut own = own.query([]).doing(doing)?;
            let mut other = other.query([]).doing(doing)?;
            loop {
                let expected = next_row(&mut own, columns).doing(doing)?;
                let got = next_row(&mut other, columns).doing(doing)?;
                if expected != got {
                    found.push(Damage::View {
                        table: (*table).to_owned(),
                        row: describe(expected.as_deref(), got.as_deref()),
                    });
                    break;
                }
                if expected.is_none() {
                    break;
                }
            }
        }
        for (table, _) in schema::VIEWS {
            found.extend(index_damage(used, table)?.map(Damage::Sqlite));
        }
        Ok(found)
    }
}

/// What the tables are, compared like a view: a trigger would change rows behind the writer's back.
const SCHEMA: &[(&str, &str)] = &[(
    "(SELECT name, type, tbl_name, sql FROM sqlite_schema)",
    "name",
)];

/// What SQLite finds wrong with a table and its indexes. Rules look rows up through indexes, and one that
/// lacks a row hides it.
pub(in crate::ledger) fn index_damage(
    connection: &Connection,
    table: &str,
) -> Result<Option<String>, LedgerError> {
    let doing = "checking the views' indexes";
    let sql = format!("PRAGMA integrity_check({table})");
    let line: String = connection
        .query_row(&sql, [], |row| row.get(0))
        .doing(doing)?;
    Ok((line != "ok").then_some(line))
}

fn next_row(rows: &mut Rows<'_>, columns: usize) -> rusqlite::Result<Option<Vec<Value>>> {
    match rows.next()? {
        None => Ok(None),
        Some(row) => (0..columns)
            .map(|column| row.get(column))
            .collect::<Result<_, _>>()
            .map(Some),
    }
}

/// Names the row by its key, the first column of every view.
fn describe(expected: Option<&[Value]>, got: Option<&[Value]>) -> String {
    let name = |row: Option<&[Value]>| match row.and_then(<[Value]>::first) {
        Some(Value::Integer(key)) => key.to_string(),
        Some(Value::Text(key)) => key.escape_default().to_string(),
        Some(Value::Blob(key)) => Hex(key.clone()).to_string(),
        _ => "nothing".to_owned(),
    };
    let (expected_name, got_name) = (name(expected), name(got));
    if expected_name == got_name {
        return format!("the row of {expected_name} was changed");
    }
    format!("expected the row of {expected_name}, found that of {got_name}")
}
