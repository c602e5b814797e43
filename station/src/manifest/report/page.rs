//! The page as a whole: what stands in it, in which order.

use std::io::{self, Write};

use super::escape::Escaped;
use super::tally::Tally;
use super::{capability, devices, findings, overview, verification};
use crate::clock::Timestamp;
use crate::encoding::Hex;
use crate::manifest::board_row::RowTaker;
use crate::manifest::statement::Predicate;

const STYLE: &str = include_str!("style.css");

/// What a report is made of, but for its rows.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What the manifest says of the batch. Its rows are not read: they come one by one.
    pub predicate: &'a Predicate,
    /// The sums of the batch's events.
    pub tally: &'a Tally,
    /// SHA-256 of the root certificate (DER).
    pub root: &'a Hex,
    /// The signed manifest that goes with the report, where one was named.
    pub manifest: Option<&'a ManifestFile>,
}

/// A signed manifest that lies beside the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestFile {
    /// Its file name.
    pub name: String,
    /// SHA-256 of the file.
    pub sha256: Hex,
    /// When it says that it was signed; not when the report was made.
    pub signed_at: Option<Timestamp>,
}

/// Writes the page; `boards` hands over one row after the other.
///
/// # Errors
/// What keeps `out` from being written to, or the rows from being read.
pub fn write(
    out: &mut impl Write,
    report: &Report<'_>,
    boards: impl FnOnce(&mut RowTaker<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let batch = Escaped(&report.predicate.batch);
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>Batch {batch}: report</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    )?;
    overview::header(out, report)?;
    out.write_all(b"<main>\n")?;
    overview::figures(out, report)?;
    overview::facts(out, report)?;
    findings::failures(out, report)?;
    findings::throughput(out, report)?;
    capability::measurements(out, report)?;
    findings::alarms(out, report)?;
    devices::devices(out, boards)?;
    verification::verification(out, report)?;
    out.write_all(b"</main>\n")?;
    overview::footer(out, report)?;
    out.write_all(b"</body>\n</html>\n")
}

/// The beginning of a section; `id` is what the page's own links name.
pub(super) fn section(out: &mut impl Write, id: &str, title: &str, lead: &str) -> io::Result<()> {
    writeln!(
        out,
        "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>\n\
         <p class=\"lead\">{lead}</p>"
    )
}

/// Its end.
pub(super) fn end_of_section(out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"</section>\n")
}

/// The beginning of a table: its caption, its columns; those that begin with `#` hold numbers.
pub(super) fn table(out: &mut impl Write, caption: &str, columns: &[&str]) -> io::Result<()> {
    write!(
        out,
        "<div class=\"wide\"><table>\n<caption>{caption}</caption>\n<thead><tr>"
    )?;
    for column in columns {
        match column.strip_prefix('#') {
            Some(column) => write!(out, "<th scope=\"col\" class=\"n\">{column}</th>")?,
            None => write!(out, "<th scope=\"col\">{column}</th>")?,
        }
    }
    out.write_all(b"</tr></thead>\n<tbody>\n")
}

/// Its end.
pub(super) fn end_of_table(out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"</tbody></table></div>\n")
}

/// A chart with its caption.
pub(super) fn figure(out: &mut impl Write, chart: &str, caption: &str) -> io::Result<()> {
    writeln!(
        out,
        "<figure>\n{chart}<figcaption>{caption}</figcaption>\n</figure>"
    )
}
