//! Writes a statement of any size: rows come in any order, are kept in a file, and go out sorted.
//!
//! Of each row some two hundred bytes stay in memory: what it is sorted by, and what the other lists say of it.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use firmware_proto::{Digest, Uid};

use super::counts::{Counts, Summing};
use super::statement::{
    BoardRow, DigestSet, HASHES_A_PIECE, RowDigest, Statement, Subject, subject_of,
};
use crate::encoding::{Base64Bytes, sha256};
use crate::names::DeviceSerial;

/// What is kept of a row in memory: there may be very many, so nothing twice, and digests as their bytes.
#[derive(Debug)]
struct Kept {
    serial: Option<DeviceSerial>,
    uid: Uid,
    at: u64,
    bytes: usize,
    index: u64,
    digest: Digest,
    /// Of the certificate that is a subject.
    certificate: Option<Digest>,
}

impl Kept {
    fn row_digest(&self) -> RowDigest {
        RowDigest {
            index: self.index,
            serial: self.serial.clone(),
            sha256: self.digest.into(),
        }
    }

    fn subject(&self) -> Option<Subject> {
        Some(Subject {
            name: self.serial.clone()?,
            digest: DigestSet {
                sha256: self.certificate?.into(),
            },
        })
    }
}

/// Rows on their way into a manifest.
#[derive(Debug)]
pub struct RowSpool {
    file: BufWriter<File>,
    written: u64,
    rows: Vec<Kept>,
    sums: Summing,
}

/// All rows, in the manifest's order.
#[derive(Debug)]
pub struct SortedRows {
    file: File,
    rows: Vec<Kept>,
    counts: Counts,
}

impl RowSpool {
    /// Begins with an empty file.
    #[must_use]
    pub fn new(file: File, unidentified_sessions: u64) -> Self {
        Self {
            file: BufWriter::new(file),
            written: 0,
            rows: Vec::new(),
            sums: Summing::new(unidentified_sessions),
        }
    }

    /// Keeps a row.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn add(&mut self, row: &BoardRow) -> io::Result<()> {
        let bytes = serde_json::to_vec(row)?;
        self.file.write_all(&bytes)?;
        self.rows.push(Kept {
            serial: row.serial.clone(),
            uid: row.uid.clone(),
            at: self.written,
            bytes: bytes.len(),
            index: row.entry.index,
            digest: sha256(&bytes),
            certificate: subject_of(row).and_then(|one| one.digest.sha256.digest()),
        });
        self.written += bytes.len() as u64;
        self.sums.add(row);
        Ok(())
    }

    /// All rows have come.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn sort(self) -> io::Result<SortedRows> {
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        let mut rows = self.rows;
        rows.sort_by(|a, b| {
            let key = |one: &Kept| (one.serial.is_none(), one.serial.clone(), one.uid.clone());
            key(a).cmp(&key(b))
        });
        Ok(SortedRows {
            file,
            rows,
            counts: self.sums.total(),
        })
    }
}

/// Where leaf hashes come from: those of so many entries from this index on.
pub type HashSource<'a> = dyn FnMut(u64, u64) -> io::Result<Vec<Digest>> + 'a;

impl SortedRows {
    /// Their sums.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts.clone()
    }

    /// Gives the rows one by one.
    ///
    /// # Errors
    /// Where the file cannot be read, or the taker fails.
    pub fn each(&mut self, mut take: impl FnMut(BoardRow) -> io::Result<()>) -> io::Result<()> {
        let mut bytes = Vec::new();
        for row in &self.rows {
            read_row(&mut self.file, row, &mut bytes)?;
            take(serde_json::from_slice(&bytes)?)?;
        }
        Ok(())
    }

    /// Writes the statement: `skeleton` with its long lists filled.
    ///
    /// # Errors
    /// Where something cannot be read or written.
    pub fn write_statement(
        &mut self,
        skeleton: &Statement,
        hashes: &mut HashSource<'_>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let text = serde_json::to_string(skeleton)?;
        // The names stand in the text as keys only: within a string its marks are escaped.
        let mut rest = text.as_str();
        let mut up_to = |list: &str, out: &mut dyn Write| -> io::Result<()> {
            let key = format!("\"{list}\":[");
            let at = rest.find(&key).map(|at| at + key.len());
            let (before, after) = at
                .and_then(|at| rest.split_at_checked(at))
                .ok_or_else(|| io::Error::other(format!("the statement has no list {list}")))?;
            rest = after;
            out.write_all(before.as_bytes())
        };
        up_to("subject", out)?;
        let subjects = self.rows.iter().filter_map(Kept::subject);
        write_list(out, subjects)?;
        up_to("row_digests", out)?;
        write_list(out, self.rows.iter().map(Kept::row_digest))?;
        up_to("boards", out)?;
        let mut bytes = Vec::new();
        for (number, row) in self.rows.iter().enumerate() {
            read_row(&mut self.file, row, &mut bytes)?;
            if number > 0 {
                out.write_all(b",")?;
            }
            out.write_all(&bytes)?;
        }
        up_to("leaf_hashes", out)?;
        let ledger = &skeleton.predicate.ledger;
        write_hashes(out, ledger.first_index, ledger.last_index, hashes)?;
        out.write_all(rest.as_bytes())
    }
}

fn read_row(file: &mut File, row: &Kept, bytes: &mut Vec<u8>) -> io::Result<()> {
    bytes.resize(row.bytes, 0);
    file.seek(SeekFrom::Start(row.at))?;
    file.read_exact(bytes)
}

fn write_list<T: serde::Serialize>(
    out: &mut impl Write,
    elements: impl Iterator<Item = T>,
) -> io::Result<()> {
    for (number, element) in elements.enumerate() {
        if number > 0 {
            out.write_all(b",")?;
        }
        serde_json::to_writer(&mut *out, &element)?;
    }
    Ok(())
}

fn write_hashes(
    out: &mut impl Write,
    first: u64,
    last: u64,
    hashes: &mut HashSource<'_>,
) -> io::Result<()> {
    let mut at = first;
    while at <= last {
        let count = (last - at + 1).min(HASHES_A_PIECE as u64);
        if at > first {
            out.write_all(b",")?;
        }
        let piece = hashes(at, count)?;
        let bytes = piece.iter().flat_map(|hash| *hash.as_bytes());
        serde_json::to_writer(&mut *out, &Base64Bytes(bytes.collect()))?;
        at += count;
    }
    Ok(())
}
