//! What is kept of a row until the statement is written: where its bytes are, and what the other lists say of it.

use std::borrow::Cow;
use std::io;

use super::statement::{BoardRow, RowDigest, subject_of};

/// Ends what a row is sorted by; no serial and no UID has it.
const END: u8 = 0;

/// Bytes at a record's end: the four numbers of a row.
const NUMBERS: usize = 4 * size_of::<u64>();

/// What is kept of a row.
#[derive(Debug)]
pub(super) struct KeptRow<'record> {
    /// Where its bytes begin.
    pub(super) at: u64,
    /// How many they are.
    pub(super) bytes: usize,
    /// Its entry in the table of rows, in JSON.
    pub(super) row_digest: Cow<'record, [u8]>,
    /// The subject that belongs to it, in JSON; empty where none does.
    pub(super) subject: Cow<'record, [u8]>,
}

impl<'record> KeptRow<'record> {
    /// Of a row with these bytes, which begin there.
    pub(super) fn of(row: &BoardRow, bytes: &[u8], at: u64) -> io::Result<Self> {
        let subject = subject_of(row).map_or(Ok(Vec::new()), |one| serde_json::to_vec(&one))?;
        Ok(Self {
            at,
            bytes: bytes.len(),
            row_digest: serde_json::to_vec(&RowDigest::of(row, bytes))?.into(),
            subject: subject.into(),
        })
    }

    /// A record that is sorted as the rows of a manifest are: see [`BoardRow::sort_key`].
    pub(super) fn to_record(&self, row: &BoardRow) -> Vec<u8> {
        let (without_serial, serial, uid) = row.sort_key();
        let mut record = vec![u8::from(without_serial)];
        record.extend(
            serial
                .map(|one| one.as_str().as_bytes())
                .unwrap_or_default(),
        );
        record.push(END);
        // As text, since a byte of it may be the one that ends it.
        record.extend(uid.to_string().as_bytes());
        record.push(END);
        record.extend_from_slice(&self.row_digest);
        record.extend_from_slice(&self.subject);
        let numbers = [
            self.at,
            self.bytes as u64,
            self.row_digest.len() as u64,
            self.subject.len() as u64,
        ];
        record.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        record
    }

    /// Reads such a record.
    pub(super) fn from_record(record: &'record [u8]) -> io::Result<Self> {
        Self::read(record).ok_or_else(|| io::Error::other("a kept row is damaged"))
    }

    fn read(record: &'record [u8]) -> Option<Self> {
        let (record, numbers) = record.split_last_chunk::<NUMBERS>()?;
        let mut numbers = numbers.chunks_exact(size_of::<u64>());
        let mut number = || Some(u64::from_le_bytes(numbers.next()?.try_into().ok()?));
        let (at, bytes) = (number()?, usize::try_from(number()?).ok()?);
        let row_digest = usize::try_from(number()?).ok()?;
        let subject = record.len().checked_sub(usize::try_from(number()?).ok()?)?;
        let (record, subject) = record.split_at_checked(subject)?;
        let from = record.len().checked_sub(row_digest)?;
        Some(Self {
            at,
            bytes,
            row_digest: Cow::Borrowed(record.get(from..)?),
            subject: Cow::Borrowed(subject),
        })
    }
}
