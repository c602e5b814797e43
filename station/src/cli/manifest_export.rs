//! Makes a manifest in one of its formats, in the process that owns the home: row by row from the ledger,
//! into a file in the home's folder of exports, from where the asking command takes it.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use firmware_proto::Digest;

use super::batch_record::{BatchBoards, not_exportable};
use super::export_documents::{self, Document};
use super::failure::Failure;
use super::owner::Owner;
use super::report;
use crate::clock::UtcMillis;
use crate::identity::signer::KeyRole;
use crate::ledger::Reader;
use crate::line::control::NamedFile;
#[cfg(feature = "crash-points")]
use crate::line::crash_points;
use crate::manifest::assemble::{BatchHead, skeleton};
use crate::manifest::csv::Table;
use crate::manifest::cyclonedx;
use crate::manifest::envelope_writing::{PayloadWriter, end_envelope};
use crate::manifest::offline_verifier::{self, Rejected};
use crate::manifest::spool::NotKept;
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
    let name = export_documents::name(batch, format, now);
    let document = Document::begin(&folder, &name, now);
    let mut document = document.map_err(|error| unwritable(&folder, &error))?;
    let mut source = Source::read(owner, &reader, batch, wanted.with_measurements, now)?;
    let file = document
        .file()
        .ok_or_else(|| unexpected("its file is gone"))?;
    #[cfg(feature = "crash-points")]
    crash_points::reach("export:document");
    match format {
        "dsse" => source.write_envelope(owner, file),
        "csv" => source.write_table(owner, file),
        "cyclonedx" => source.write_inventory(owner, file),
        "html" => source.write_report(owner, file, wanted.beside),
        other => Err(Failure::usage(
            "the manifest cannot be made",
            format_args!("there is no format {other:?}"),
            "use dsse, csv, cyclonedx or html",
        )),
    }?;
    document.give(now);
    Ok(name)
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
        let failed = |error: io::Error| not_made(&folder, &error);
        boards.each_unidentified(|one| spool.add_unidentified(&one).map_err(failed))?;
        let head = boards.each(|row| spool.add(&row).map_err(failed))?;
        let rows = spool.sort().map_err(failed)?;
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
        let failed = |error: io::Error| not_made(&owner.home.exports(), &error);
        let reader = self.reader;
        let mut hashes = |first: u64, count: u64| -> io::Result<Vec<Digest>> {
            let hashes = reader.leaf_hashes(first..first.saturating_add(count));
            hashes.map_err(io::Error::other)
        };
        // DSSE signs the length before the first byte.
        let length = self.rows.statement_bytes(&self.statement);
        let length = length.map_err(failed)?;
        let out = BufWriter::new(&*file);
        let mut payload = PayloadWriter::new(out, length).map_err(failed)?;
        self.rows
            .write_statement(&self.statement, &mut hashes, &mut payload)
            .map_err(failed)?;
        let (mut out, digest) = payload.finish().map_err(failed)?;
        let signature = owner.signer.sign_digest(KeyRole::Manifest, &digest)?;
        let key = owner.pki.manifest.certificate.point();
        end_envelope(&mut out, &digest, key, &signature).map_err(failed)?;
        drop(out);
        // A manifest that its receiver would refuse is never given away.
        let mut ignored = |_| {};
        match offline_verifier::verify_file(file, owner.pki.root.der(), &mut ignored) {
            Ok(_) => Ok(()),
            Err(fault @ Rejected::NotKept(_)) => Err(Failure::station(
                "cannot check the manifest that was made",
                fault,
                "make room there, or name another folder in TMPDIR; nothing was written",
            )),
            Err(fault) => Err(unexpected(fault)),
        }
    }

    /// The table, not signed.
    fn write_table(&mut self, owner: &Owner, file: &File) -> Result<(), Failure> {
        let failed = |error: io::Error| not_made(&owner.home.exports(), &error);
        let statement = &self.statement;
        let mut table =
            Table::new(BufWriter::new(file)).map_err(|error| failed(of_the_table(error)))?;
        self.rows
            .each(|row| table.add(statement, &row).map_err(of_the_table))
            .and_then(|()| table.finish())
            .map_err(failed)
    }

    /// The inventory, not signed.
    fn write_inventory(&mut self, owner: &Owner, file: &File) -> Result<(), Failure> {
        let failed = |error: io::Error| not_made(&owner.home.exports(), &error);
        let (predicate, rows) = (&self.statement.predicate, &mut self.rows);
        let mut out = BufWriter::new(file);
        cyclonedx::write(&mut out, predicate, |take| rows.each(|row| take(&row)))
            .and_then(|()| out.flush())
            .map_err(failed)
    }

    /// The report, not signed.
    fn write_report(
        &mut self,
        owner: &Owner,
        file: &File,
        beside: Option<&NamedFile>,
    ) -> Result<(), Failure> {
        let failed = |error: io::Error| not_made(&owner.home.exports(), &error);
        let source = (&self.statement.predicate, &mut self.rows);
        let mut out = BufWriter::new(file);
        report::write(
            &mut out,
            self.reader,
            source,
            owner.pki.root.der(),
            beside,
            &failed,
        )?;
        out.flush().map_err(failed)
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

/// What waits for its turn could not be kept.
pub(super) fn no_room(fault: NotKept) -> Failure {
    let folder = fault.folder.clone();
    unwritable(Path::new(&folder), &fault.into())
}

/// A document that could not be written: for want of room, or for something that our own rules exclude.
fn not_made(folder: &Path, error: &io::Error) -> Failure {
    if is_of_the_disk(error) {
        return unwritable(folder, error);
    }
    unexpected(error)
}

/// The writer of tables hides what the system has refused.
fn of_the_table(error: csv::Error) -> io::Error {
    if !error.is_io_error() {
        return io::Error::other(error);
    }
    match error.into_kind() {
        csv::ErrorKind::Io(refused) => refused,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// Whether the system itself refused something, however deep that is wrapped.
fn is_of_the_disk(error: &io::Error) -> bool {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(one) = next {
        let inner = match one.downcast_ref::<io::Error>() {
            Some(refused) if refused.raw_os_error().is_some() => return true,
            Some(wrapping) => wrapping
                .get_ref()
                .map(|inner| inner as &(dyn Error + 'static)),
            None => None,
        };
        if one.is::<NotKept>() {
            return true;
        }
        next = inner.or_else(|| one.source());
    }
    false
}

/// The folder, in which all of it is made: its files have no names, or none that anybody has given them.
fn unwritable(folder: &Path, error: &io::Error) -> Failure {
    Failure::station(
        format_args!("cannot write the document in {}", folder.display()),
        error,
        "make room on its disk, and let the station's user write there; nothing was exported",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_a_broken_rule_however_deep_it_is_wrapped() {
        let folder = Path::new("/home/exports");
        let full = || io::Error::from_raw_os_error(28);
        let not_kept = NotKept {
            folder: "/home/exports".to_owned(),
            reason: "full".to_owned(),
        };
        for error in [
            full(),
            io::Error::other(full()),
            of_the_table(csv::Error::from(full())),
            not_kept.into(),
        ] {
            let said = not_made(folder, &error).to_string();
            assert!(
                said.contains("/home/exports") && said.contains("make room"),
                "{said}"
            );
        }
        let said = not_made(folder, &io::Error::other("a row is missing")).to_string();
        assert!(said.contains("station ledger verify"), "{said}");
    }
}
