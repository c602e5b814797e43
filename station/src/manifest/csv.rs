//! The manifest's rows as a table for spreadsheets (RFC 4180). Not signed: the DSSE manifest is the proof.
//!
//! A cell that a spreadsheet would run as a formula is made harmless by an apostrophe in front.

use super::statement::{BoardRow, Statement};
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
];

/// The table: a header and one line a row, each ended by CR LF.
///
/// # Errors
/// None that a buffer in memory can cause; the writer's signature has one.
pub fn table(statement: &Statement) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for row in &statement.predicate.boards {
        writer.write_record(cells(statement, row).iter().map(|cell| harmless(cell)))?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

fn cells(statement: &Statement, row: &BoardRow) -> Vec<String> {
    let predicate = &statement.predicate;
    // The certificate that counts: the live one, else the last that was revoked.
    let certificate = row.live_certificate().or(row.certificates.last());
    let text = |value: Option<String>| value.unwrap_or_default();
    let firmware: Vec<String> = row
        .firmware
        .iter()
        .map(|one| format!("{} {}", one.component, one.version))
        .collect();
    let sessions: Vec<String> = row
        .sessions
        .iter()
        .map(|one| {
            one.code
                .map_or_else(|| "interrupted".to_owned(), |code| code.to_string())
        })
        .collect();
    vec![
        text(row.serial.as_ref().map(ToString::to_string)),
        row.uid.to_string(),
        yes_or_no(row.uid_proven),
        outcome(row.verdict).to_owned(),
        text(row.code.map(|code| code.to_string())),
        yes_or_no(row.reworked),
        text(certificate.map(|one| one.serial.to_string())),
        text(certificate.map(|one| one.sha256.to_string())),
        text(certificate.map(|one| one.status.as_str().to_owned())),
        firmware.join("; "),
        row.lane.to_string(),
        text(row.operator.as_ref().map(ToString::to_string)),
        row.started.to_string(),
        text(row.finished.map(|at| at.to_string())),
        sessions.join("; "),
        predicate.batch.to_string(),
        predicate.work_order.to_string(),
        predicate.product.to_string(),
        predicate.station.to_string(),
        yes_or_no(predicate.development),
    ]
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
fn harmless(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_made_harmless() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"] {
            assert_eq!(harmless(bad), format!("'{bad}"));
        }
        assert_eq!(harmless("SA-000001"), "SA-000001");
    }
}
