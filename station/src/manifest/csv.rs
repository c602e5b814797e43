//! The manifest's rows as a table for spreadsheets (RFC 4180). Not signed: the DSSE manifest is the proof.
//!
//! A cell that a spreadsheet would run as a formula is made harmless by an apostrophe in front.

use std::io::{self, Write};

use super::statement::{BoardRow, CertificateRow, Measured, SessionRow, Statement};
use crate::verdict::Outcome;

/// The columns, in order. Append only.
pub const COLUMNS: &[&str] = &[
    "serial",
    "uid",
    "uid_proven",
    "verdict",
    "code",
    "reworked",
    "certificate_serial",
    "certificate_sha256",
    "certificate_status",
    "firmware",
    "lane",
    "operator",
    "started",
    "finished",
    "sessions",
    "batch",
    "work_order",
    "product",
    "station",
    "development",
    "scrapped",
    "scrapped_because",
    "held",
    "shift",
    "certificates",
    "measurements",
    "ledger_index",
    "profile_sha256",
    "work_order_sha256",
    "ledger_first_index",
    "ledger_last_index",
    "signed_at",
];

/// A table that is being written: a header and one line a row, each ended by CR LF.
#[derive(Debug)]
pub struct Table<W: Write>(csv::Writer<W>);

impl<W: Write> Table<W> {
    /// Begins with the header.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub fn new(out: W) -> Result<Self, csv::Error> {
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        writer.write_record(COLUMNS)?;
        Ok(Self(writer))
    }

    /// The next row.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn add(&mut self, statement: &Statement, row: &BoardRow) -> Result<(), csv::Error> {
        let cells = [
            board_cells(row),
            batch_cells(statement),
            later_cells(statement, row),
        ];
        let cells = cells.concat();
        self.0.write_record(cells.iter().map(|cell| harmless(cell)))
    }

    /// All rows were written.
    ///
    /// # Errors
    /// Where the rest cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The whole table of a small manifest.
///
/// # Errors
/// None that a buffer in memory can cause; the writer's signature has one.
pub fn table(statement: &Statement) -> Result<Vec<u8>, csv::Error> {
    let mut bytes = Vec::new();
    let mut table = Table::new(&mut bytes)?;
    for row in &statement.predicate.boards {
        table.add(statement, row)?;
    }
    table.finish()?;
    Ok(bytes)
}

fn board_cells(row: &BoardRow) -> Vec<String> {
    // The certificate that counts: the live one, else the last that was revoked.
    let certificate = row.live_certificate().or(row.certificates.last());
    let firmware = row.firmware.iter();
    let firmware = firmware.map(|one| format!("{} {}", one.component, one.version));
    vec![
        text(row.serial.as_ref()),
        row.uid.to_string(),
        yes_or_no(row.uid_proven),
        outcome(row.verdict).to_owned(),
        text(row.code),
        yes_or_no(row.reworked),
        text(certificate.map(|one| one.serial)),
        text(certificate.map(|one| &one.sha256)),
        text(certificate.map(|one| one.status.as_str())),
        joined(firmware),
        row.lane.to_string(),
        text(row.operator.as_ref()),
        row.started.to_string(),
        text(row.finished),
        joined(row.sessions.iter().map(code_of)),
    ]
}

fn batch_cells(statement: &Statement) -> Vec<String> {
    let predicate = &statement.predicate;
    vec![
        predicate.batch.to_string(),
        predicate.work_order.to_string(),
        predicate.product.to_string(),
        predicate.station.to_string(),
        yes_or_no(predicate.development),
    ]
}

/// The columns that came later.
fn later_cells(statement: &Statement, row: &BoardRow) -> Vec<String> {
    let predicate = &statement.predicate;
    let ledger = &predicate.ledger;
    let scrapped = row.scrapping();
    vec![
        text(scrapped.map(|one| one.time)),
        text(scrapped.map(|one| &one.reason)),
        yes_or_no(row.held),
        text(row.shift.as_ref()),
        joined(row.certificates.iter().map(certificate_in_words)),
        row.measurements.as_ref().map_or_else(String::new, measured),
        row.index.to_string(),
        predicate.profile.sha256.to_string(),
        text(predicate.work_order_file.as_ref().map(|file| &file.sha256)),
        ledger.first_index.to_string(),
        ledger.last_index.to_string(),
        predicate.signed_at.to_string(),
    ]
}

fn code_of(session: &SessionRow) -> String {
    let code = session.code.map(|code| code.to_string());
    code.unwrap_or_else(|| "interrupted".to_owned())
}

fn certificate_in_words(one: &CertificateRow) -> String {
    // As the manifest spells it.
    let reason = serde_json::to_value(one.reason).unwrap_or_default();
    let reason = reason.as_str().map(|reason| format!(" ({reason})"));
    let status = one.status.as_str();
    format!("{} {status}{}", one.serial, reason.unwrap_or_default())
}

fn measured(measured: &Measured) -> String {
    joined(measured.values.iter().map(|one| {
        let code = one.code;
        format!("{} {} {} {code}", one.name, one.value, one.unit)
    }))
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("; ")
}

fn text(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn yes_or_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "PASS",
        Outcome::Fail => "FAIL",
        Outcome::Error => "ERROR",
    }
}

/// Spreadsheets take a cell that begins with one of these for a formula, quoted or not.
const FORMULA: &[char] = &[
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// Where the decimal sign is a comma, spreadsheets divide lines at semicolons, whatever is quoted.
const OTHER_SEPARATORS: &[char] = &[';', '\t', '\r', '\n'];

/// Puts an apostrophe before what would be a formula, wherever a cell may begin.
fn harmless(cell: &str) -> String {
    let mut harmless = String::with_capacity(cell.len());
    let mut begins = true;
    for character in cell.chars() {
        if begins && FORMULA.contains(&character) {
            harmless.push('\'');
        }
        harmless.push(character);
        begins = OTHER_SEPARATORS.contains(&character) || (begins && character == ' ');
    }
    harmless
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_made_harmless() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\u{ff1d}1"] {
            assert_eq!(harmless(bad), format!("'{bad}"));
        }
        // Divided at another place than ours, it has other cells.
        for (bad, expected) in [
            ("dented;=1+1", "dented;'=1+1"),
            ("dented;  @A1", "dented;  '@A1"),
            ("dented\n-1", "dented\n'-1"),
            (" =1", " '=1"),
        ] {
            assert_eq!(harmless(bad), expected);
        }
        for good in ["SA-000001", "a = b; c - d", "2026-11-22T08:30:00.250Z"] {
            assert_eq!(harmless(good), good);
        }
    }
}
