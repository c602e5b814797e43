//! Records that wait for their turn: taken out in the order in which they were put in, as often as wanted.
//!
//! A few stay in memory. More go into a file that has no name, so that however many there are, a spool's memory is
//! two pages. Nobody else sees such a file, and it is gone with the process, however that ends.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Bytes that are written or read at once: sixteen runs that are merged have one such page each.
const PAGE_BYTES: usize = 8 * 1024;

/// Bytes of a record's length.
const LENGTH_BYTES: usize = 4;

/// Why records could not be kept. Says nothing about them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("what waits for its turn cannot be kept in a file in {folder}: {reason}")]
pub struct NotKept {
    /// Where.
    pub folder: String,
    /// What the system said.
    pub reason: String,
}

impl NotKept {
    /// In that folder, for that reason.
    pub(super) fn new(folder: &Path, reason: impl std::fmt::Display) -> Self {
        Self {
            folder: folder.display().to_string(),
            reason: reason.to_string(),
        }
    }
}

impl From<NotKept> for io::Error {
    fn from(fault: NotKept) -> Self {
        Self::other(fault)
    }
}

/// Records in their order.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    /// None while all of them fit into a page.
    file: Option<File>,
    /// Bytes in the file.
    stored: u64,
    /// What follows them.
    waiting: Vec<u8>,
    records: u64,
    /// Records that were taken out.
    taken: u64,
    /// What was read last, how much of it was taken out, and where the next page begins.
    page: Vec<u8>,
    at: usize,
    next_page: u64,
}

impl Spool {
    /// An empty one; its file will be in that folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            file: None,
            stored: 0,
            waiting: Vec::new(),
            records: 0,
            taken: 0,
            page: Vec::new(),
            at: 0,
            next_page: 0,
        }
    }

    /// How many records were put in.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.records
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Puts a record in.
    ///
    /// # Errors
    /// Where the file cannot be made or written.
    pub fn push(&mut self, record: &[u8]) -> Result<(), NotKept> {
        let length = u32::try_from(record.len())
            .map_err(|_| NotKept::new(&self.folder, "a record of 4 GiB"))?;
        self.records += 1;
        self.waiting.extend_from_slice(&length.to_le_bytes());
        self.waiting.extend_from_slice(record);
        if self.waiting.len() >= PAGE_BYTES {
            self.store()
                .map_err(|error| NotKept::new(&self.folder, error))?;
        }
        Ok(())
    }

    /// Takes the next record out; false where there is none.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn next(&mut self, record: &mut Vec<u8>) -> Result<bool, NotKept> {
        if self.taken == self.records {
            return Ok(false);
        }
        self.read_next(record)
            .map_err(|error| NotKept::new(&self.folder, error))?;
        self.taken += 1;
        Ok(true)
    }

    /// The record that was put in after so many others. Which is the next one stays as it is.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn find(&mut self, place: u64) -> Result<Option<Vec<u8>>, NotKept> {
        let taken = self.taken;
        let mut record = Vec::new();
        let found = self.skip_to(place)? && self.next(&mut record)?;
        self.skip_to(taken)?;
        Ok(found.then_some(record))
    }

    /// Whether there are so many.
    fn skip_to(&mut self, place: u64) -> Result<bool, NotKept> {
        self.rewind();
        let mut record = Vec::new();
        for _ in 0..place {
            if !self.next(&mut record)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Writes all of it into the file and keeps no page, for one of many that wait.
    ///
    /// # Errors
    /// Where the file cannot be made or written.
    pub fn put_away(&mut self) -> Result<(), NotKept> {
        self.store()
            .map_err(|error| NotKept::new(&self.folder, error))?;
        self.waiting = Vec::new();
        self.page = Vec::new();
        self.rewind();
        Ok(())
    }

    /// From the first record again.
    pub fn rewind(&mut self) {
        self.taken = 0;
        self.page.clear();
        self.at = 0;
        self.next_page = 0;
    }

    fn store(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(nameless(&self.folder)?);
        }
        if let Some(file) = &self.file {
            file.write_all_at(&self.waiting, self.stored)?;
            self.stored += self.waiting.len() as u64;
            self.waiting.clear();
        }
        Ok(())
    }

    fn read_next(&mut self, record: &mut Vec<u8>) -> io::Result<()> {
        let mut length = [0; LENGTH_BYTES];
        self.read(&mut length)?;
        record.resize(u32::from_le_bytes(length) as usize, 0);
        self.read(record)
    }

    fn read(&mut self, mut to: &mut [u8]) -> io::Result<()> {
        while !to.is_empty() {
            if self.at == self.page.len() {
                self.turn_page()?;
            }
            let rest = self.page.get(self.at..).unwrap_or_default();
            let count = rest.len().min(to.len());
            let (now, later) = to.split_at_mut(count);
            now.copy_from_slice(rest.get(..count).unwrap_or_default());
            self.at += count;
            to = later;
        }
        Ok(())
    }

    fn turn_page(&mut self) -> io::Result<()> {
        self.at = 0;
        let in_file = self.stored.saturating_sub(self.next_page);
        if let Some(file) = self.file.as_ref().filter(|_| in_file > 0) {
            let bytes = in_file.min(PAGE_BYTES as u64);
            self.page
                .resize(usize::try_from(bytes).unwrap_or(PAGE_BYTES), 0);
            file.read_exact_at(&mut self.page, self.next_page)?;
        } else {
            let from = usize::try_from(self.next_page - self.stored).unwrap_or(usize::MAX);
            self.page.clear();
            self.page
                .extend_from_slice(self.waiting.get(from..).unwrap_or_default());
        }
        self.next_page += self.page.len() as u64;
        if self.page.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

/// A file that nobody else sees and that is gone with its descriptor.
///
/// # Errors
/// Where the folder, or its file system, has none to give.
pub fn nameless(folder: &Path) -> io::Result<File> {
    let flags =
        rustix::fs::OFlags::TMPFILE | rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC;
    let file = rustix::fs::open(
        folder,
        flags,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
    );
    Ok(File::from(file?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(spool: &mut Spool) -> Vec<Vec<u8>> {
        let (mut found, mut record) = (Vec::new(), Vec::new());
        while spool.next(&mut record).unwrap() {
            found.push(record.clone());
        }
        found
    }

    proptest! {
        #[test]
        fn what_was_put_in_comes_out_in_order(
            records in prop::collection::vec((1_usize..60_000, any::<bool>()), 0..12),
        ) {
            let mut spool = Spool::new(&std::env::temp_dir());
            let (mut put, mut taken, mut record) = (Vec::new(), Vec::new(), Vec::new());
            for (number, (length, take)) in records.into_iter().enumerate() {
                let bytes = vec![u8::try_from(number).unwrap(); length];
                spool.push(&bytes).unwrap();
                put.push(bytes);
                if take && spool.next(&mut record).unwrap() {
                    taken.push(record.clone());
                }
            }
            for (place, bytes) in (0..).zip(&put) {
                let found = spool.find(place).unwrap();
                prop_assert_eq!(found.as_ref(), Some(bytes));
            }
            prop_assert_eq!(spool.find(spool.len()).unwrap(), None);
            taken.extend(all(&mut spool));
            prop_assert_eq!(&taken, &put);
            spool.rewind();
            prop_assert_eq!(&all(&mut spool), &put);
            spool.put_away().unwrap();
            prop_assert_eq!(all(&mut spool), put);
        }
    }

    #[test]
    fn a_few_records_need_no_folder_and_many_say_which_one_failed() {
        let mut spool = Spool::new(Path::new("/nowhere/at/all"));
        spool.push(&[1; 1000]).unwrap();
        assert_eq!(all(&mut spool), [vec![1; 1000]]);
        let fault = spool.push(&vec![2; PAGE_BYTES]).unwrap_err();
        assert!(fault.to_string().contains("/nowhere/at/all"), "{fault}");
    }
}
