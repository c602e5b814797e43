//! Makes a manifest in one of its formats, in the process that owns the home: row by row from the ledger,
//! into a file in the home's folder of exports, from where the asking command takes it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use firmware_proto::Digest;

use super::batch_record::{BatchBoards, not_exportable};
use super::failure::Failure;
use super::owner::Owner;
use super::report;
use crate::clock::UtcMillis;
use crate::identity::signer::KeyRole;
use crate::ledger::Reader;
use crate::line::control::NamedFile;
use crate::manifest::assemble::{BatchHead, skeleton};
use crate::manifest::csv::Table;
use crate::manifest::cyclonedx;
use crate::manifest::envelope_writing::{PayloadWriter, end_envelope};
use crate::manifest::offline_verifier;
use crate::manifest::statement::Statement;
use crate::manifest::statement_writing::{RowSpool, SortedRows};
use crate::manifest::time_order::SILENT_STEP_MS;
use crate::names::BatchId;

/// What every format is made from: the statement without its long lists, and the rows in their order.
pub(crate) struct Source<'reader> {
    reader: &'reader Reader,
    pub(crate) statement: Statement,
    pub(crate) rows: SortedRows,
}

/// What is asked for.
pub(crate) struct Wanted<'request> {
    /// As `--format` spells it.
    pub(crate) format: &'request str,
    /// The signed manifest that a report goes with.
    pub(crate) beside: Option<&'request NamedFile>,
    pub(crate) with_measurements: bool,
}

/// Makes the document; gives its name in the home's folder of exports.
pub(crate) fn export(
    owner: &Owner,
    batch: &BatchId,
    wanted: &Wanted<'_>,
    now: UtcMillis,
) -> Result<String, Failure> {
    let format = wanted.format;
    // Read first: an open batch is refused without a signature by anybody.
    let reader = Reader::snapshot(&owner.home.ledger())?;
    let folder = owner.home.exports();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(|error| unwritable(&folder, &error))?;
    let mut source = Source::read(owner, &reader, batch, wanted.with_measurements, now)?;
    let name = format!("{batch}.{format}.{}", now.0);
    let path = folder.join(&name);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    let file = options.mode(0o600).open(&path);
    let mut file = file.map_err(|error| unwritable(&path, &error))?;
    let made = match format {
        "dsse" => source.write_envelope(owner, &mut file),
        "csv" => source.write_table(&file),
        "cyclonedx" => source.write_inventory(&file),
        "html" => source.write_report(owner, &file, wanted.beside),
        other => Err(Failure::usage(
            "the manifest cannot be made",
            format_args!("there is no format {other:?}"),
            "use dsse, csv, cyclonedx or html",
        )),
    };
    if made.is_err() {
        drop(fs::remove_file(&path));
    }
    made.map(|()| name)
}

impl<'reader> Source<'reader> {
    /// Reads all that a manifest says; the rows are kept in files without a name.
    fn read(
        owner: &Owner,
        reader: &'reader Reader,
        batch: &BatchId,
        with_measurements: bool,
        now: UtcMillis,
    ) -> Result<Self, Failure> {
        let folder = owner.home.exports();
        let mut boards = BatchBoards::to_export(reader, batch, with_measurements, &folder)?;
        let signed_at = signing_time(boards.head(), now)?;
        let spool = RowSpool::new(&folder);
        let mut spool = spool.map_err(|error| unwritable(&folder, &error))?;
        boards.each_unidentified(|one| spool.add_unidentified(&one).map_err(unexpected))?;
        let head = boards.each(|row| spool.add(&row).map_err(unexpected))?;
        let rows = spool.sort().map_err(unexpected)?;
        let chain = vec![owner.pki.manifest.certificate.der().to_vec()];
        let statement = skeleton(head, rows.counts(), chain, signed_at);
        Ok(Self {
            reader,
            statement: statement.map_err(|reason| not_exportable(&reason))?,
            rows,
        })
    }

    /// The signed manifest.
    fn write_envelope(&mut self, owner: &Owner, file: &mut File) -> Result<(), Failure> {
        let reader = self.reader;
        let mut hashes = |first: u64, count: u64| -> io::Result<Vec<Digest>> {
            let hashes = reader.leaf_hashes(first..first.saturating_add(count));
            hashes.map_err(io::Error::other)
        };
        // DSSE signs the length before the first byte.
        let length = self.rows.statement_bytes(&self.statement);
        let length = length.map_err(unexpected)?;
        let out = BufWriter::new(&*file);
        let mut payload = PayloadWriter::new(out, length).map_err(unexpected)?;
        self.rows
            .write_statement(&self.statement, &mut hashes, &mut payload)
            .map_err(unexpected)?;
        let (mut out, digest) = payload.finish().map_err(unexpected)?;
        let signature = owner.signer.sign_digest(KeyRole::Manifest, &digest)?;
        let key = owner.pki.manifest.certificate.point();
        end_envelope(&mut out, &digest, key, &signature).map_err(unexpected)?;
        drop(out);
        // A manifest that its receiver would refuse is never given away.
        let mut ignored = |_| {};
        offline_verifier::verify_file(file, owner.pki.root.der(), &mut ignored)
            .map(drop)
            .map_err(unexpected)
    }

    /// The table, not signed.
    fn write_table(&mut self, file: &File) -> Result<(), Failure> {
        let statement = &self.statement;
        let mut table = Table::new(BufWriter::new(file)).map_err(unexpected)?;
        self.rows
            .each(|row| table.add(statement, &row).map_err(io::Error::other))
            .and_then(|()| table.finish())
            .map_err(unexpected)
    }

    /// The inventory, not signed.
    fn write_inventory(&mut self, file: &File) -> Result<(), Failure> {
        let (predicate, rows) = (&self.statement.predicate, &mut self.rows);
        let mut out = BufWriter::new(file);
        cyclonedx::write(&mut out, predicate, |take| rows.each(|row| take(&row)))
            .and_then(|()| out.flush())
            .map_err(unexpected)
    }

    /// The report, not signed.
    fn write_report(
        &mut self,
        owner: &Owner,
        file: &File,
        beside: Option<&NamedFile>,
    ) -> Result<(), Failure> {
        let source = (&self.statement.predicate, &mut self.rows);
        let mut out = BufWriter::new(file);
        report::write(&mut out, self.reader, source, owner.pki.root.der(), beside)?;
        out.flush().map_err(unexpected)
    }
}

/// Nobody signs a batch before it was closed; a clock that stepped back a little is not asked about.
fn signing_time(head: &BatchHead, now: UtcMillis) -> Result<UtcMillis, Failure> {
    let closed = head.last.event.time;
    if now >= closed || !head.clock_accepted.is_empty() {
        return Ok(now);
    }
    if closed.0.abs_diff(now.0) <= SILENT_STEP_MS {
        return Ok(closed);
    }
    Err(Failure::station(
        "the manifest cannot be made",
        format_args!("the clock says {now}, but the batch was closed at {closed}"),
        "set the clock right; if it is right now, station clock accept --reason TEXT",
    ))
}

/// A name of an export and no way out of its folder.
pub(crate) fn plain(name: &str) -> Result<&str, Failure> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.bytes().all(allowed) && !name.starts_with('.') {
        return Ok(name);
    }
    Err(unexpected("the owner gave a name that is none"))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::station(
        format_args!("cannot write {}", path.display()),
        error,
        "see whether the home can be written, and the disk is not full",
    )
}

/// What our own rules exclude.
pub(crate) fn unexpected(reason: impl std::fmt::Display) -> Failure {
    Failure::station(
        "the manifest cannot be made",
        reason,
        "run station ledger verify and station doctor; nothing was written",
    )
}
