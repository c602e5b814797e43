//! Labels that are owed, as the log says.

use std::collections::{BTreeMap, BTreeSet};

use firmware_proto::Uid;

use super::error::{Doing, LedgerError};
use super::event::{Fact, LabelFailedRecord};
use super::reader::Reader;

/// What became of the labels of all boards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelBooks {
    /// The last fault of each board whose label failed and was not printed since.
    pub failed: BTreeMap<Uid, LabelFailedRecord>,
    /// The boards of which a printer has taken a label.
    pub printed: BTreeSet<Uid>,
}

impl Reader {
    /// What became of the labels of all boards.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn label_books(&self) -> Result<LabelBooks, LedgerError> {
        let doing = "looking up labels";
        // In the words of the index, without which SQLite would read every event.
        let mut asked = self
            .connection
            .prepare_cached(
                "SELECT entry FROM event WHERE kind IN ('label-printed', 'label-failed')
                 ORDER BY entry",
            )
            .doing(doing)?;
        let entries = asked
            .query_map([], |row| row.get::<_, u32>(0))
            .doing(doing)?;
        let mut books = LabelBooks::default();
        for entry in entries {
            match self.entry(u64::from(entry.doing(doing)?))?.leaf.fact {
                // A reprint that fails takes no label away.
                Fact::LabelFailed(failed) if !books.printed.contains(&failed.uid) => {
                    books.failed.insert(failed.uid.clone(), failed);
                }
                Fact::LabelPrinted(printed) => {
                    books.failed.remove(&printed.uid);
                    books.printed.insert(printed.uid);
                }
                _ => {}
            }
        }
        Ok(books)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::EventStore as _;
    use crate::ledger::event::LabelPrintedRecord;
    use crate::ledger::fixture::{Home, batch, station_event};
    use crate::ledger::standing::Durability;
    use crate::names::DeviceSerial;

    #[test]
    fn a_label_is_owed_from_its_fault_until_one_is_printed() {
        let (home, ledger) = Home::create();
        let uid = |n| Uid::from_bytes(&[n; 8]).unwrap();
        let serial = || DeviceSerial::parse("SA-1").unwrap();
        let failed = |n: u8| {
            Fact::LabelFailed(LabelFailedRecord {
                uid: uid(n),
                device_serial: serial(),
                label_batch: batch("B-1"),
                printer: "spool /x".to_owned(),
                detail: "full".to_owned(),
                reprint: None,
            })
        };
        let printed = Fact::LabelPrinted(LabelPrintedRecord {
            uid: uid(1),
            device_serial: serial(),
            label_batch: batch("B-1"),
            printer: "spool /x".to_owned(),
            reprint: None,
        });
        for fact in [failed(1), failed(2), printed, failed(1)] {
            let event = station_event(fact);
            ledger.record(vec![event], Durability::Durable).unwrap();
        }
        let books = Reader::open(&home.path()).unwrap().label_books().unwrap();
        assert_eq!(books.failed.into_keys().collect::<Vec<_>>(), [uid(2)]);
        assert_eq!(books.printed.into_iter().collect::<Vec<_>>(), [uid(1)]);
    }
}
