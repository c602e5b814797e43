//! Sorts any number of records by their bytes, in memory that does not grow with them: what does not fit becomes a
//! sorted run in a [`Spool`], and runs are merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::spool::{NotKept, Spool};

/// Bytes of records that are sorted in memory.
const RUN_BYTES: usize = 128 * 1024;

/// Runs that are merged at once, and so never more open files of one length.
const RUNS_MERGED: usize = 16;

/// Records on their way into order.
#[derive(Debug)]
pub struct Sorter {
    folder: PathBuf,
    bytes: Vec<u8>,
    places: Vec<Range<usize>>,
    /// Runs: those of the first level were in memory, those of each other level are merged ones of the level before.
    levels: Vec<Vec<Spool>>,
}

impl Sorter {
    /// An empty one; its files will be in that folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            bytes: Vec::new(),
            places: Vec::new(),
            levels: Vec::new(),
        }
    }

    /// Adds a record.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn push(&mut self, record: &[u8]) -> Result<(), NotKept> {
        if self.bytes.len() + record.len() > RUN_BYTES {
            let run = self.run()?;
            self.keep(run, 0)?;
        }
        let from = self.bytes.len();
        self.bytes.extend_from_slice(record);
        self.places.push(from..self.bytes.len());
        Ok(())
    }

    /// All have come: gives them in order.
    ///
    /// # Errors
    /// Where a file cannot be written or read.
    pub fn sorted(mut self) -> Result<Spool, NotKept> {
        let last = self.run()?;
        let mut runs: Vec<Spool> = self.levels.drain(..).flatten().collect();
        if runs.is_empty() {
            return Ok(last);
        }
        runs.push(last);
        self.merge(runs)
    }

    /// Sorts what is in memory.
    fn run(&mut self) -> Result<Spool, NotKept> {
        let bytes = &self.bytes;
        let of = |place: &Range<usize>| bytes.get(place.clone()).unwrap_or_default();
        self.places.sort_unstable_by(|a, b| of(a).cmp(of(b)));
        let mut run = Spool::new(&self.folder);
        for place in &self.places {
            run.push(of(place))?;
        }
        self.bytes.clear();
        self.places.clear();
        Ok(run)
    }

    fn keep(&mut self, mut run: Spool, level: usize) -> Result<(), NotKept> {
        run.put_away()?;
        if self.levels.len() == level {
            self.levels.push(Vec::new());
        }
        let Some(runs) = self.levels.get_mut(level) else {
            return Ok(());
        };
        runs.push(run);
        if runs.len() < RUNS_MERGED {
            return Ok(());
        }
        let runs = std::mem::take(runs);
        let merged = self.merge(runs)?;
        self.keep(merged, level + 1)
    }

    fn merge(&self, mut runs: Vec<Spool>) -> Result<Spool, NotKept> {
        let mut merged = Spool::new(&self.folder);
        let mut first = BinaryHeap::with_capacity(runs.len());
        for (number, run) in runs.iter_mut().enumerate() {
            let mut record = Vec::new();
            if run.next(&mut record)? {
                first.push(Reverse((record, number)));
            }
        }
        while let Some(Reverse((mut record, number))) = first.pop() {
            merged.push(&record)?;
            if let Some(run) = runs.get_mut(number)
                && run.next(&mut record)?
            {
                first.push(Reverse((record, number)));
            }
        }
        Ok(merged)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::encoding::sha256;

    fn sorted(records: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut sorter = Sorter::new(&std::env::temp_dir());
        for record in records {
            sorter.push(record).unwrap();
        }
        let (mut found, mut record) = (Vec::new(), Vec::new());
        let mut spool = sorter.sorted().unwrap();
        while spool.next(&mut record).unwrap() {
            found.push(record.clone());
        }
        found
    }

    #[test]
    fn more_than_fit_into_memory_many_times_come_out_in_order() {
        // Twenty runs, so that sixteen of them are merged before the others come.
        let length = 4096;
        let records = (0..20 * RUN_BYTES / length).map(|number| {
            let mut record = sha256(&number.to_be_bytes()).as_bytes().to_vec();
            record.resize(length, 0);
            record
        });
        let mut records: Vec<_> = records.collect();
        let found = sorted(&records);
        records.sort();
        assert!(found == records);
    }

    proptest! {
        #[test]
        fn records_of_any_length_come_out_in_order(
            mut records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..50),
        ) {
            let found = sorted(&records);
            records.sort();
            prop_assert_eq!(found, records);
        }
    }
}
