//! Holds a manifest's rows against its table of rows where the two differ, in a database of its own that SQLite
//! keeps in a temporary file: in memory, an altered manifest of a million boards would cost what a good one does not.

use rusqlite::{Connection, OptionalExtension as _, params};
use thiserror::Error;

use super::row_naming::{RowFinding, RowFindings, Seen, row_by_table};
use super::spool::{NotKept, Spool};
use super::statement::RowDigest;
use crate::names::{DeviceSerial, NameError};

/// Why the comparison came to no end.
#[derive(Debug, Error)]
pub(super) enum Unfinished {
    /// The rows that were kept.
    #[error(transparent)]
    Kept(#[from] NotKept),
    /// What they say, as it was written.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The same.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The database.
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
}

const TABLE: &str = "
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
-- In KiB; the rest is in the file.
PRAGMA cache_size = -256;
BEGIN;
-- The table of rows; `found` once a row was taken for this one.
CREATE TABLE entry (
    place INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL,
    idx INTEGER NOT NULL,
    serial TEXT,
    found INTEGER NOT NULL
) STRICT;
";

const INDEXES: &str = "
CREATE INDEX entry_by_sha256 ON entry (sha256, place);
CREATE INDEX entry_by_index ON entry (idx, place);
CREATE INDEX entry_by_serial ON entry (serial, place);
";

/// All that differs. The first so many rows are `alike`; those after them were `seen`. Lines of the table may be `lost`,
/// so that nobody can say what was added.
pub(super) fn findings(
    table: &mut Spool,
    alike: u64,
    seen: &mut Spool,
    lost: bool,
) -> Result<RowFindings, Unfinished> {
    let entries = Entries::of(table, alike)?;
    let mut findings = RowFindings::default();
    // The row furthest down the table so far, and how it is called.
    let mut furthest: Option<(u64, String)> = None;
    each(seen, alike, |at, row| {
        let name = row.called(at);
        match entries.place_of(row)? {
            // Named below, when the places of all others are known.
            None => {
                if let Some(place) = entries.bent_line(row)? {
                    let place = place.saturating_add(1);
                    findings.add(RowFinding::Table { place, name });
                }
            }
            Some(place) if !entries.find(place)? => findings.add(RowFinding::Doubled(name)),
            Some(place) => match &furthest {
                Some((further, other)) if *further > place => {
                    findings.add(RowFinding::Moved(name, other.clone()));
                }
                _ => furthest = Some((place, name)),
            },
        }
        Ok(())
    })?;
    each(seen, alike, |at, row| {
        if entries.place_of(row)?.is_none() && !entries.has_bytes_of(row)? {
            findings.add(match entries.name_unknown(at, row)? {
                RowFinding::Added(name) if lost => RowFinding::Unlisted(name),
                finding => finding,
            });
        }
        Ok(())
    })?;
    entries.missing(&mut findings)?;
    Ok(findings)
}

/// Gives the rows with their numbers.
fn each(
    seen: &mut Spool,
    first: u64,
    mut take: impl FnMut(u64, &Seen) -> Result<(), Unfinished>,
) -> Result<(), Unfinished> {
    let mut record = Vec::new();
    let mut at = first;
    seen.rewind();
    while seen.next(&mut record)? {
        take(at, &serde_json::from_slice(&record)?)?;
        at += 1;
    }
    Ok(())
}

/// The table of rows, and for which of its places a row was found.
struct Entries {
    database: Connection,
    count: u64,
}

impl Entries {
    fn of(table: &mut Spool, alike: u64) -> Result<Self, Unfinished> {
        // No name: a temporary file that nobody else sees.
        let database = Connection::open("")?;
        database.execute_batch(TABLE)?;
        let mut record = Vec::new();
        table.rewind();
        {
            let mut insert =
                database.prepare("INSERT INTO entry VALUES (?1, ?2, ?3, ?4, ?1 < ?5)")?;
            for place in 0..table.len() {
                table.next(&mut record)?;
                let entry: RowDigest = serde_json::from_slice(&record)?;
                let serial = entry.serial.as_ref().map(DeviceSerial::as_str);
                let (place, index) = (place.cast_signed(), entry.index.cast_signed());
                insert.execute(params![
                    place,
                    entry.sha256.0,
                    index,
                    serial,
                    alike.cast_signed()
                ])?;
            }
        }
        database.execute_batch(INDEXES)?;
        let count = table.len();
        Ok(Self { database, count })
    }

    /// The place in the table that has the row's bytes, and what else the table says of it.
    fn place_of(&self, row: &Seen) -> Result<Option<u64>, Unfinished> {
        let mut find = self.database.prepare_cached(
            "SELECT place, idx, serial FROM entry WHERE sha256 = ?1 ORDER BY place LIMIT 1",
        )?;
        let found = find.query_row([&row.digest.0], |found| {
            let (index, serial): (i64, Option<String>) = (found.get(1)?, found.get(2)?);
            let same_index = row.index.is_none_or(|at| at.cast_signed() == index);
            let same_serial = serial.as_deref() == row.serial.as_ref().map(DeviceSerial::as_str);
            let place = found.get::<_, i64>(0)?.cast_unsigned();
            Ok((same_index && same_serial).then_some(place))
        });
        Ok(found.optional()?.flatten())
    }

    /// A line of the table that has the row's digest and says something else of it; taken for it.
    fn bent_line(&self, row: &Seen) -> Result<Option<u64>, Unfinished> {
        let same = "SELECT place FROM entry WHERE sha256 = ?1 ORDER BY place LIMIT 1";
        match self.first(same, Some(&row.digest.0))? {
            Some(place) if self.find(place)? => Ok(Some(place)),
            _ => Ok(None),
        }
    }

    fn has_bytes_of(&self, row: &Seen) -> Result<bool, Unfinished> {
        let same = "SELECT place FROM entry WHERE sha256 = ?1 ORDER BY place LIMIT 1";
        Ok(self.first(same, Some(&row.digest.0))?.is_some())
    }

    /// Notes that a row was found for the place; false where one had been.
    fn find(&self, place: u64) -> Result<bool, Unfinished> {
        let mut mark = self
            .database
            .prepare_cached("UPDATE entry SET found = 1 WHERE place = ?1 AND found = 0")?;
        Ok(mark.execute([place.cast_signed()])? == 1)
    }

    /// A row with bytes that the table does not know: of a device or an entry that it knows, or of none.
    fn name_unknown(&self, at: u64, row: &Seen) -> Result<RowFinding, Unfinished> {
        let serial = row.serial.as_ref().map(DeviceSerial::as_str);
        let by_serial = "SELECT place FROM entry WHERE serial = ?1 ORDER BY place LIMIT 1";
        let by_index = "SELECT place FROM entry WHERE idx = ?1 ORDER BY place LIMIT 1";
        let known = [
            self.first(by_serial, serial)?,
            self.first(by_index, row.index.map(u64::cast_signed))?,
            // One that cannot be read is taken for what belongs there.
            (row.name.is_none() && at < self.count).then_some(at),
        ];
        for place in known.into_iter().flatten() {
            if self.find(place)? {
                return Ok(RowFinding::Altered(self.name(place)?));
            }
        }
        Ok(RowFinding::Added(row.called(at)))
    }

    fn first(
        &self,
        question: &str,
        key: Option<impl rusqlite::ToSql>,
    ) -> Result<Option<u64>, Unfinished> {
        let Some(key) = key else {
            return Ok(None);
        };
        let mut find = self.database.prepare_cached(question)?;
        let found = find
            .query_row([key], |row| row.get::<_, i64>(0))
            .optional()?;
        Ok(found.map(i64::cast_unsigned))
    }

    fn name(&self, place: u64) -> Result<String, Unfinished> {
        let mut find = self
            .database
            .prepare_cached("SELECT idx, serial FROM entry WHERE place = ?1")?;
        let found = find.query_row([place.cast_signed()], entry_of)?;
        let (index, serial) = read(found)?;
        Ok(row_by_table(place, serial.as_ref(), index))
    }

    /// Places for which no row was found.
    fn missing(&self, findings: &mut RowFindings) -> Result<(), Unfinished> {
        let mut find = self
            .database
            .prepare("SELECT idx, serial, place FROM entry WHERE found = 0 ORDER BY place")?;
        let mut rows = find.query([])?;
        while let Some(row) = rows.next()? {
            let (index, serial) = read(entry_of(row)?)?;
            let row = row.get::<_, i64>(2)?.cast_unsigned().saturating_add(1);
            findings.add(RowFinding::Missing { row, index, serial });
        }
        Ok(())
    }
}

fn entry_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<(i64, Option<String>)> {
    Ok((row.get(0)?, row.get(1)?))
}

fn read((index, serial): (i64, Option<String>)) -> Result<(u64, Option<DeviceSerial>), NameError> {
    let serial = serial
        .map(|serial| DeviceSerial::parse(&serial))
        .transpose()?;
    Ok((index.cast_unsigned(), serial))
}
