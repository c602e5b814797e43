//! The vendor's shipment file: which attestation keys belong to which silicon, one row for each chip.
//!
//! Read piece by piece, so that a file of any length needs no more memory than its rows: packed, with one table
//! that finds a row by its instance ID in constant time. Never here: opening the file.

use std::hash::{DefaultHasher, Hasher as _};

use firmware_proto::platform::Sec1Point;
use firmware_proto::{Digest, Uid};
use sha2::Digest as _;
use thiserror::Error;

use crate::es256;

/// The first line.
pub const HEADER: &str = "instance_id,uid,public_key";

/// Most rows of a list.
pub const MAX_ROWS: usize = 4_000_000;

/// Largest list, in bytes.
pub const MAX_ALLOW_LIST_BYTES: u64 = 1 << 30;

const _: () = assert!(MAX_ROWS as u64 * (MAX_LINE as u64 + 1) < MAX_ALLOW_LIST_BYTES);

/// Longest line: three fields and two commas.
const MAX_LINE: usize = 2 * (33 + MAX_UID + 65) + 2;
const MIN_LINE: usize = 2 * (33 + MIN_UID + 65) + 2;
const MIN_UID: usize = 8;
const MAX_UID: usize = 16;

/// A row: the instance ID without its first byte, which is always `0x01`; the UID's length and bytes; the key,
/// compressed.
const INSTANCE: std::ops::Range<usize> = 0..32;
const UID: std::ops::Range<usize> = 32..49;
const KEY: std::ops::Range<usize> = 49..82;
const ROW_BYTES: usize = 82;

/// What is wrong with a list.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {what}")]
pub struct AllowListFault {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there, and what should be.
    pub what: &'static str,
}

/// The chips that the vendor has shipped.
#[derive(Clone, Debug)]
pub struct AllowList {
    digest: Digest,
    rows: Rows,
    by_instance: Index,
}

/// What the vendor says of one chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedChip {
    /// Its silicon identifier.
    pub uid: Uid,
    /// Its attestation key.
    pub key: Sec1Point,
}

impl AllowList {
    /// SHA-256 of the file, by which a profile names it.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// How many chips it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.count()
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The chip with that instance ID.
    #[must_use]
    pub fn find(&self, instance_id: &[u8; 33]) -> Option<AllowedChip> {
        let [0x01, instance @ ..] = instance_id else {
            return None;
        };
        let row = self.by_instance.find(&self.rows, &INSTANCE, instance)?;
        let [length, uid @ ..] = self.rows.field(row, &UID) else {
            return None;
        };
        Some(AllowedChip {
            uid: Uid::from_bytes(uid.get(..usize::from(*length))?).ok()?,
            key: es256::decompress(self.rows.field(row, &KEY))?,
        })
    }
}

/// Reads a list piece by piece.
#[derive(Debug)]
pub struct AllowListReader {
    hasher: sha2::Sha256,
    /// The beginning of a line whose end has not come yet.
    pending: Vec<u8>,
    line: usize,
    rows: Rows,
    by_instance: Index,
    by_uid: Index,
    by_key: Index,
}

impl AllowListReader {
    /// Begins a list of so many bytes; a wrong number costs memory or time, nothing else.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let rows = usize::try_from(bytes).unwrap_or(usize::MAX) / MIN_LINE;
        let rows = rows.min(MAX_ROWS);
        Self {
            hasher: sha2::Sha256::new(),
            pending: Vec::with_capacity(MAX_LINE),
            line: 1,
            rows: Rows(Vec::with_capacity(rows.saturating_mul(ROW_BYTES))),
            by_instance: Index::for_rows(rows),
            by_uid: Index::for_rows(rows),
            by_key: Index::for_rows(rows),
        }
    }

    /// Reads the next piece.
    ///
    /// # Errors
    /// [`AllowListFault`]: the list is of no use then.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), AllowListFault> {
        self.hasher.update(bytes);
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            if self.pending.is_empty() {
                self.take_line(line)?;
            } else {
                self.keep(line)?;
                let line = std::mem::take(&mut self.pending);
                self.take_line(&line)?;
            }
        }
        self.keep(rest)
    }

    /// The list is at its end.
    ///
    /// # Errors
    /// [`AllowListFault`] where the last line is cut off, or there is none at all.
    pub fn finish(mut self) -> Result<AllowList, AllowListFault> {
        if !self.pending.is_empty() {
            return Err(self.fault("the line does not end: is the file cut off?"));
        }
        if self.rows.count() == 0 {
            return Err(self.fault("there is no chip in the list"));
        }
        self.rows.0.shrink_to_fit();
        Ok(AllowList {
            digest: Digest::from_bytes(self.hasher.finalize().into()),
            rows: self.rows,
            by_instance: self.by_instance,
        })
    }

    fn keep(&mut self, part: &[u8]) -> Result<(), AllowListFault> {
        if self.pending.len().saturating_add(part.len()) > MAX_LINE {
            return Err(self.fault("the line is too long"));
        }
        self.pending.extend_from_slice(part);
        Ok(())
    }

    fn take_line(&mut self, line: &[u8]) -> Result<(), AllowListFault> {
        if self.line == 1 {
            if line != HEADER.as_bytes() {
                return Err(self.fault("expected the line instance_id,uid,public_key"));
            }
        } else {
            self.take_row(line).map_err(|what| self.fault(what))?;
        }
        self.line = self.line.saturating_add(1);
        Ok(())
    }

    fn take_row(&mut self, line: &[u8]) -> Result<(), &'static str> {
        if self.rows.count() == MAX_ROWS {
            return Err("more than 4 million rows");
        }
        let row = row_of(line)?;
        self.rows.0.extend_from_slice(&row);
        let rows = &self.rows;
        let added = self.by_instance.add(rows, &INSTANCE);
        added.map_err(|()| "this instance ID stands there twice")?;
        let added = self.by_uid.add(rows, &UID);
        added.map_err(|()| "this UID stands there twice")?;
        let added = self.by_key.add(rows, &KEY);
        added.map_err(|()| "this public key stands there twice")
    }

    const fn fault(&self, what: &'static str) -> AllowListFault {
        AllowListFault {
            line: self.line,
            what,
        }
    }
}

/// Reads a line: three fields in lower-case hexadecimal.
fn row_of(line: &[u8]) -> Result<[u8; ROW_BYTES], &'static str> {
    let wrong = "expected three fields with commas between: instance ID, UID, public key";
    let mut fields = line.split(|byte| *byte == b',');
    let (Some(instance), Some(uid), Some(key), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(wrong);
    };
    if line.ends_with(b"\r") {
        return Err("the line ends with a carriage return: write it with line feeds alone");
    }
    let [0x01, instance @ ..] =
        decode::<33>(instance).ok_or("the instance ID is not 66 lower-case hexadecimal digits")?
    else {
        return Err("the instance ID does not begin with 01");
    };
    let mut buffer = [0; MAX_UID];
    let uid = base16ct::lower::decode(uid, &mut buffer)
        .ok()
        .and_then(|uid| Uid::from_bytes(uid).ok())
        .ok_or("the UID is not 16 to 32 lower-case hexadecimal digits")?;
    let key = decode::<65>(key).ok_or("the public key is not 130 lower-case hexadecimal digits")?;
    let key = es256::point(&key)
        .map(|point| es256::compress(&point))
        .ok_or("the public key is no uncompressed point of P-256")?;
    let length = u8::try_from(uid.as_bytes().len()).map_err(|_| wrong)?;
    let mut row = [0; ROW_BYTES];
    let parts = instance
        .into_iter()
        .chain([length])
        .chain(padded(uid.as_bytes()))
        .chain(key);
    row.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
    Ok(row)
}

fn decode<const N: usize>(hex: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let decoded = base16ct::lower::decode(hex, &mut bytes).ok()?;
    (decoded.len() == N).then_some(bytes)
}

fn padded(uid: &[u8]) -> impl Iterator<Item = u8> {
    uid.iter()
        .copied()
        .chain(std::iter::repeat(0))
        .take(MAX_UID)
}

/// Rows, one right after the other.
#[derive(Clone, Debug)]
struct Rows(Vec<u8>);

impl Rows {
    const fn count(&self) -> usize {
        self.0.len() / ROW_BYTES
    }

    fn field(&self, row: usize, field: &std::ops::Range<usize>) -> &[u8] {
        let start = row.saturating_mul(ROW_BYTES);
        let range = start.saturating_add(field.start)..start.saturating_add(field.end);
        self.0.get(range).unwrap_or_default()
    }
}

/// Finds rows by one field: open addressing, at most half full.
#[derive(Clone, Debug)]
struct Index {
    /// Each is 0 or the number of a row, counted from 1. As many as a power of two.
    slots: Vec<u32>,
}

impl Index {
    fn for_rows(rows: usize) -> Self {
        let slots = rows.saturating_mul(2).next_power_of_two().max(16);
        Self {
            slots: vec![0; slots],
        }
    }

    fn find(&self, rows: &Rows, field: &std::ops::Range<usize>, value: &[u8]) -> Option<usize> {
        self.walk(value)
            .map_while(|slot| self.row(slot))
            .find(|row| rows.field(*row, field) == value)
    }

    /// Adds the last row, unless an earlier one has the same value.
    fn add(&mut self, rows: &Rows, field: &std::ops::Range<usize>) -> Result<(), ()> {
        if rows.count().saturating_mul(2) > self.slots.len() {
            *self = Self::for_rows(rows.count().saturating_mul(2));
            let last = rows.count().saturating_sub(1);
            (0..last).for_each(|row| self.put(row, rows.field(row, field)));
        }
        let row = rows.count().saturating_sub(1);
        let value = rows.field(row, field);
        if self.find(rows, field, value).is_some() {
            return Err(());
        }
        self.put(row, value);
        Ok(())
    }

    fn put(&mut self, row: usize, value: &[u8]) {
        let free = self.walk(value).find(|slot| self.row(*slot).is_none());
        let number = u32::try_from(row).unwrap_or_default().saturating_add(1);
        if let Some(slot) = free.and_then(|slot| self.slots.get_mut(slot)) {
            *slot = number;
        }
    }

    fn row(&self, slot: usize) -> Option<usize> {
        let number = usize::try_from(*self.slots.get(slot)?).ok()?;
        number.checked_sub(1)
    }

    /// Every slot once, beginning with the one that the value should have.
    fn walk(&self, value: &[u8]) -> impl Iterator<Item = usize> + use<> {
        let mut hasher = DefaultHasher::new();
        hasher.write(value);
        let count = self.slots.len();
        let mask = count.saturating_sub(1);
        let first = usize::try_from(hasher.finish() & 0xffff_ffff).unwrap_or_default();
        (0..count).map(move |step| first.wrapping_add(step) & mask)
    }
}
