//! The views made again from the log alone, in a database of their own.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, params};

use super::column::{Hash, Int, Text};
use super::error::{Damage, Doing, LedgerError};
use super::event::{Event, Fact};
use super::leaf::Entry;
use super::reader::Reader;
use super::{comparison, invariants, log_store, views};

/// Views that follow a log as it is read.
#[derive(Debug)]
pub(in crate::ledger) struct Rebuilt {
    scratch: Connection,
    path: Option<PathBuf>,
}

impl Rebuilt {
    /// No entry yet.
    pub(in crate::ledger) fn new() -> Result<Self, LedgerError> {
        Self::at(None)
    }

    /// Views in a file, as they were left there. They are changed for good by [`Self::commit`] alone.
    pub(in crate::ledger) fn at(path: Option<&Path>) -> Result<Self, LedgerError> {
        let scratch = log_store::connect_scratch(path)?;
        scratch
            .execute_batch("BEGIN")
            .doing("beginning a rebuild")?;
        let path = path.map(Path::to_owned);
        Ok(Self { scratch, path })
    }

    /// Applies an entry, after judging it as the writer did. A broken rule is told, and the entry is
    /// applied all the same where it can be.
    pub(in crate::ledger) fn follow(
        &self,
        mut entry: Entry,
        bytes: &[u8],
    ) -> Result<Option<Damage>, LedgerError> {
        let index = entry.index;
        // Lent to the rules and taken back, since a token or a certificate is long to copy.
        let event = Event {
            time: entry.leaf.time,
            batch: entry.leaf.batch().cloned(),
            session: entry.leaf.session.clone(),
            fact: entry.leaf.fact,
        };
        let judged = invariants::check(&self.scratch, index, &event);
        entry.leaf.fact = event.fact;
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
        let applied =
            views::apply(&self.scratch, &entry).and_then(|()| self.forget(&entry.leaf.fact));
        match applied {
            Ok(()) => Ok(broken),
            // What no writer would append may not fit the tables either.
            Err(error) => Ok(Some(broken.unwrap_or(Damage::View {
                table: "event".to_owned(),
                row: format!("entry {index} cannot be applied: {error}"),
            }))),
        }
    }

    /// The bytes of an intent that has ended are not needed any more.
    fn forget(&self, fact: &Fact) -> rusqlite::Result<()> {
        let (Fact::CertificateIssued {
            certificate_serial, ..
        }
        | Fact::IntentVoided {
            certificate_serial, ..
        }) = fact
        else {
            return Ok(());
        };
        let sql = "DELETE FROM entry
            WHERE idx = (SELECT entry FROM intent WHERE certificate_serial = ?1)";
        let mut forget = self.scratch.prepare_cached(sql)?;
        forget.execute([Text(certificate_serial)]).map(|_| ())
    }

    /// What is wrong with the views in use, of which these are the right ones; see [`comparison::differences`].
    /// Views in a file are committed, and read on all cores.
    pub(in crate::ledger) fn differences(
        &mut self,
        readers: &mut [Reader],
        log: bool,
    ) -> Result<Vec<Damage>, LedgerError> {
        let Some(path) = &self.path else {
            let own = std::slice::from_mut(&mut self.scratch);
            return comparison::differences(own, readers, log);
        };
        self.commit()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut own = readers
            .iter()
            .map(|_| Connection::open_with_flags(path, flags))
            .collect::<Result<Vec<_>, _>>()
            .doing("reading rebuilt views")?;
        comparison::differences(&mut own, readers, log)
    }

    /// The views as they are now.
    pub(in crate::ledger) fn connection(&self) -> &Connection {
        &self.scratch
    }

    /// Leaves the views in their file as they are now, for others to read, and goes on.
    pub(in crate::ledger) fn commit(&self) -> Result<(), LedgerError> {
        self.scratch
            .execute_batch("COMMIT; BEGIN")
            .doing("keeping rebuilt views")
    }
}
