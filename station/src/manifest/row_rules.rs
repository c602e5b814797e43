//! Whether a row agrees with itself: its verdict with its sessions and its certificates.

use thiserror::Error;

use super::board_row::{BoardRow, CertificateRow, CertificateStatus, failed_before_passing};
use super::counted_session::Counted;
use crate::verdict::{Outcome, VerdictCode};

/// A row that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the row of {board} says {what}")]
pub struct BrokenRow {
    board: String,
    what: &'static str,
}

/// Checks a row by itself.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(row: &BoardRow) -> Result<(), BrokenRow> {
    let rules = session_rules(row).into_iter().chain(certificate_rules(row));
    let rules = rules.chain(keeping_rules(row));
    let broken = rules.into_iter().find(|(holds, _)| !holds);
    broken.map_or(Ok(()), |(_, what)| {
        Err(BrokenRow {
            board: row.name(),
            what,
        })
    })
}

/// Whether a rule holds, and what the row says where it does not.
type Rule = (bool, &'static str);

fn session_rules(row: &BoardRow) -> Vec<Rule> {
    let Some(counted) = Counted::of(&row.sessions, &row.certificates) else {
        return vec![(false, "that no session was ever held with it")];
    };
    let Counted { session, code } = counted;
    let codes = row.sessions.iter().map(|session| session.code);
    let verdict = row.code.map_or(Outcome::Error, VerdictCode::outcome);
    let proven = row.sessions.iter().any(|session| session.uid_proven);
    let reworked = row.passed() && failed_before_passing(codes);
    let counts = (&session.lane, &session.operator) == (&row.lane, &row.operator)
        && (session.started, session.finished) == (row.started, row.finished)
        && session.index() == Some(row.index);
    // Which session counts follows from their order.
    let in_order = row
        .sessions
        .is_sorted_by(|before, after| before.first_index() < after.first_index());
    vec![
        (in_order, "its sessions in another order than the ledger's"),
        (row.verdict == verdict, "another verdict than its code has"),
        (
            counts,
            "times, lane, operator or entry of another session than the one that counts",
        ),
        (row.code == code, "another code than its sessions come to"),
        (
            row.uid_proven == proven,
            "another thing about its proven UID than its sessions say",
        ),
        (
            row.reworked == reworked,
            "another thing about rework than its sessions say",
        ),
    ]
}

fn certificate_rules(row: &BoardRow) -> [Rule; 7] {
    let none = row.certificates.is_empty();
    let live = row.certificates.iter();
    let live = live.filter(|one| one.is_live()).count();
    let status_fits = |certificate: &CertificateRow| {
        let revoked = certificate.status == CertificateStatus::Revoked;
        revoked == certificate.revoked.is_some()
            && revoked == certificate.reason.is_some()
            && revoked == certificate.revocation_entry.is_some()
    };
    let receipt_fits =
        |one: &CertificateRow| one.provisioned.is_some() == one.provisioning_entry.is_some();
    let passed = row.verdict == Outcome::Pass;
    [
        (
            row.certificates.iter().all(receipt_fits),
            "a receipt of which there is no entry, or none although there is one",
        ),
        (live <= 1, "that it has more than one live certificate"),
        (
            row.code != Some(VerdictCode::Pass) || (live == 1 && row.serial.is_some()),
            "PASS, but it has no live certificate from this batch",
        ),
        (
            row.code != Some(VerdictCode::Pass) || !row.in_doubt(),
            "PASS, but no receipt ever came for its certificate",
        ),
        (
            passed || live == 0,
            "that it did not pass, although it has a live certificate",
        ),
        (
            none || (row.serial.is_some() && row.uid_proven),
            "that it has a certificate, but no serial or no proven UID",
        ),
        (
            row.certificates.iter().all(status_fits),
            "a certificate status that does not fit its revocation",
        ),
    ]
}

/// What became of it afterwards.
fn keeping_rules(row: &BoardRow) -> [Rule; 1] {
    [(
        !row.passed() || !row.held,
        "that it passed and that its lane is held for it",
    )]
}
