//! Labels that are owed, as the log says.

use std::collections::BTreeMap;

use firmware_proto::Uid;

use super::error::{Doing, LedgerError};
use super::event::{Fact, LabelFailedRecord};
use super::reader::Reader;

impl Reader {
    /// The last fault of each board whose label failed and was not printed since, by UID.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn owed_labels(&self) -> Result<BTreeMap<Uid, LabelFailedRecord>, LedgerError> {
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
        let mut owed = BTreeMap::new();
        for entry in entries {
            match self.entry(u64::from(entry.doing(doing)?))?.leaf.fact {
                Fact::LabelFailed(failed) => drop(owed.insert(failed.uid.clone(), failed)),
                Fact::LabelPrinted(printed) => drop(owed.remove(&printed.uid)),
                _ => {}
            }
        }
        Ok(owed)
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
    fn a_label_is_owed_from_its_fault_until_it_is_printed() {
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
        for fact in [failed(1), failed(2), printed] {
            let event = station_event(fact);
            ledger.record(vec![event], Durability::Durable).unwrap();
        }
        let owed = Reader::open(&home.path()).unwrap().owed_labels().unwrap();
        assert_eq!(owed.into_keys().collect::<Vec<_>>(), [uid(2)]);
    }
}
