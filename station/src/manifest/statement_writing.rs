//! Writes a statement of any size: rows come in any order, are kept in a file, and go out sorted.
//!
//! What a row is sorted by, and what the other lists say of it, is kept in files too: no row stays in memory.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use firmware_proto::Digest;

use super::counts::{Counts, Summing};
use super::kept_row::KeptRow;
use super::sorting::Sorter;
use super::spool::{Spool, nameless};
use super::statement::{BoardRow, HASHES_A_PIECE, SessionRow, Statement};
use crate::encoding::Base64Bytes;

/// Bytes of a leaf hash.
const HASH_BYTES: u64 = 32;

/// Rows on their way into a manifest.
#[derive(Debug)]
pub struct RowSpool {
    file: BufWriter<File>,
    rows: Sorter,
    /// Sessions that belong to no row, each in JSON.
    unidentified: Spool,
    lengths: Lengths,
    sums: Summing,
}

/// Bytes of all elements of the lists so far, without what separates them, and how many elements.
#[derive(Clone, Copy, Debug, Default)]
struct Lengths {
    rows: (u64, u64),
    row_digests: (u64, u64),
    subjects: (u64, u64),
    unidentified: (u64, u64),
}

/// All rows, in the manifest's order.
#[derive(Debug)]
pub struct SortedRows {
    file: File,
    rows: Spool,
    unidentified: Spool,
    lengths: Lengths,
    counts: Counts,
}

impl RowSpool {
    /// Begins; its files will be in that folder.
    ///
    /// # Errors
    /// Where none can be made there.
    pub fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::new(nameless(folder)?),
            rows: Sorter::new(folder),
            unidentified: Spool::new(folder),
            lengths: Lengths::default(),
            sums: Summing::new(0),
        })
    }

    /// Keeps a row.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn add(&mut self, row: &BoardRow) -> io::Result<()> {
        let bytes = serde_json::to_vec(row)?;
        self.file.write_all(&bytes)?;
        let kept = KeptRow::of(row, &bytes, self.lengths.rows.0)?;
        self.rows.push(&kept.to_record(row))?;
        let lengths = &mut self.lengths;
        for (list, bytes) in [
            (&mut lengths.rows, bytes.len()),
            (&mut lengths.row_digests, kept.row_digest.len()),
            (&mut lengths.subjects, kept.subject.len()),
        ] {
            list.0 += bytes as u64;
            list.1 += u64::from(bytes > 0);
        }
        self.sums.add(row);
        Ok(())
    }

    /// Keeps a session that belongs to no row; they come in the ledger's order.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn add_unidentified(&mut self, session: &SessionRow) -> io::Result<()> {
        let bytes = serde_json::to_vec(session)?;
        self.unidentified.push(&bytes)?;
        self.lengths.unidentified.0 += bytes.len() as u64;
        self.lengths.unidentified.1 += 1;
        self.sums.add_unidentified();
        Ok(())
    }

    /// All rows have come.
    ///
    /// # Errors
    /// Where a file cannot be written or read.
    pub fn sort(self) -> io::Result<SortedRows> {
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        Ok(SortedRows {
            file,
            rows: self.rows.sorted()?,
            unidentified: self.unidentified,
            lengths: self.lengths,
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
    /// Where a file cannot be read, or the taker fails.
    pub fn each(&mut self, mut take: impl FnMut(BoardRow) -> io::Result<()>) -> io::Result<()> {
        let mut bytes = Vec::new();
        each_kept(&mut self.rows, |row| {
            read_row(&self.file, row, &mut bytes)?;
            take(serde_json::from_slice(&bytes)?)
        })
    }

    /// How many bytes [`write_statement`](Self::write_statement) will write.
    ///
    /// # Errors
    /// None that these types can cause; the serialiser's signature has one.
    pub fn statement_bytes(&self, skeleton: &Statement) -> io::Result<u64> {
        let text = serde_json::to_vec(skeleton)?;
        let ledger = &skeleton.predicate.ledger;
        let hashes = (ledger.last_index + 1).saturating_sub(ledger.first_index);
        let piece = |hashes: u64| (hashes * HASH_BYTES).div_ceil(3) * 4 + 2;
        let (whole, rest) = (
            hashes / HASHES_A_PIECE as u64,
            hashes % HASHES_A_PIECE as u64,
        );
        let pieces = (
            whole * piece(HASHES_A_PIECE as u64) + if rest > 0 { piece(rest) } else { 0 },
            whole + u64::from(rest > 0),
        );
        let lengths = self.lengths;
        let lists = [
            lengths.rows,
            lengths.row_digests,
            lengths.subjects,
            lengths.unidentified,
            pieces,
        ];
        let list = |(bytes, elements): (u64, u64)| bytes + elements.saturating_sub(1);
        Ok(text.len() as u64 + lists.into_iter().map(list).sum::<u64>())
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
        let mut list = List::default();
        each_kept(&mut self.rows, |row| list.add(out, &row.subject))?;
        up_to("row_digests", out)?;
        let mut list = List::default();
        each_kept(&mut self.rows, |row| list.add(out, &row.row_digest))?;
        up_to("boards", out)?;
        let (mut list, mut bytes) = (List::default(), Vec::new());
        each_kept(&mut self.rows, |row| {
            read_row(&self.file, row, &mut bytes)?;
            list.add(out, &bytes)
        })?;
        up_to("unidentified", out)?;
        let (mut list, mut session) = (List::default(), Vec::new());
        self.unidentified.rewind();
        while self.unidentified.next(&mut session)? {
            list.add(out, &session)?;
        }
        up_to("leaf_hashes", out)?;
        let ledger = &skeleton.predicate.ledger;
        write_hashes(out, ledger.first_index, ledger.last_index, hashes)?;
        out.write_all(rest.as_bytes())
    }
}

/// Elements of a list, separated as they come; one without bytes is none.
#[derive(Default)]
struct List {
    any: bool,
}

impl List {
    fn add(&mut self, out: &mut impl Write, element: &[u8]) -> io::Result<()> {
        if element.is_empty() {
            return Ok(());
        }
        if std::mem::replace(&mut self.any, true) {
            out.write_all(b",")?;
        }
        out.write_all(element)
    }
}

/// Gives what is kept of the rows, from the first on.
fn each_kept(
    rows: &mut Spool,
    mut take: impl FnMut(&KeptRow<'_>) -> io::Result<()>,
) -> io::Result<()> {
    rows.rewind();
    let mut record = Vec::new();
    while rows.next(&mut record)? {
        take(&KeptRow::from_record(&record)?)?;
    }
    Ok(())
}

fn read_row(file: &File, row: &KeptRow<'_>, bytes: &mut Vec<u8>) -> io::Result<()> {
    bytes.resize(row.bytes, 0);
    file.read_exact_at(bytes, row.at)
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
