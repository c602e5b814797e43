//! Whether a statement agrees with itself: sums with rows, rows with their certificates and sessions.
//!
//! A signature says who made a manifest. This says whether what they made is one: the station checks it
//! before it signs, the auditor after the signature has verified.

use std::collections::BTreeSet;

use thiserror::Error;

use super::statement::{
    BoardRow, CertificateRow, CertificateStatus, Counts, PREDICATE_TYPE, Predicate, STATEMENT_TYPE,
    SessionRow, Statement, failed_before_passing, subjects_of,
};
use super::time_order::{self, WrongTime};
use crate::encoding::Hex;
use crate::verdict::{Outcome, VerdictCode};

/// Where a statement contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Contradiction {
    /// Another kind of document.
    #[error("{field} is {got:?}, a batch manifest has {expected:?}")]
    Type {
        /// The field.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        got: String,
    },
    /// A field that is a digest has another length.
    #[error("{0} is no SHA-256 digest")]
    Digest(String),
    /// Rows out of order.
    #[error("the rows are not in order of serial and UID: {before} stands before {after}")]
    Order {
        /// The row before.
        before: String,
        /// The row after it.
        after: String,
    },
    /// One board twice.
    #[error("UID {0} has two rows")]
    DoubleUid(String),
    /// One serial for two boards.
    #[error("two boards have the serial {0}")]
    DoubleSerial(String),
    /// One certificate twice.
    #[error("two certificates have the serial number or the digest of {0}")]
    DoubleCertificate(String),
    /// A row that cannot be.
    #[error("the row of board {board} says {what}")]
    Row {
        /// Its UID.
        board: String,
        /// What does not fit.
        what: &'static str,
    },
    /// The sums.
    #[error("the counts do not fit the rows: the rows give {}", counts_in_words(.0))]
    Counts(Box<Counts>),
    /// More than ordered.
    #[error("{passed} boards passed, but the work order asks for {quantity}")]
    Quantity {
        /// How many passed.
        passed: u64,
        /// How many were ordered.
        quantity: u32,
    },
    /// A closed batch with an open question.
    #[error("{0} boards are in doubt, which no closed batch has")]
    InDoubt(u64),
    /// Subjects and rows differ.
    #[error("the subjects are not the live certificates of the boards that passed, in their order")]
    Subjects,
    /// Times that cannot be.
    #[error(transparent)]
    Time(#[from] WrongTime),
    /// Somebody worked who is not listed.
    #[error("operator {0} is named in the manifest but not listed, or the list is not in order")]
    Operators(String),
}

/// Checks the whole statement but for the ledger's part.
///
/// # Errors
/// The first contradiction.
pub fn check(statement: &Statement) -> Result<(), Contradiction> {
    check_type("_type", STATEMENT_TYPE, &statement.statement_type)?;
    check_type("predicateType", PREDICATE_TYPE, &statement.predicate_type)?;
    let predicate = &statement.predicate;
    check_digest("the profile's digest", &predicate.profile.sha256)?;
    check_digest(
        "the issuing certificate's digest",
        &predicate.issuing_certificate.sha256,
    )?;
    check_order(&predicate.boards)?;
    check_unique(&predicate.boards)?;
    predicate.boards.iter().try_for_each(check_row)?;
    check_sums(predicate)?;
    time_order::check(predicate)?;
    check_operators(predicate)?;
    if statement.subject != subjects_of(&predicate.boards) {
        return Err(Contradiction::Subjects);
    }
    Ok(())
}

fn check_type(field: &'static str, expected: &'static str, got: &str) -> Result<(), Contradiction> {
    let wrong = || Contradiction::Type {
        field,
        expected,
        got: got.to_owned(),
    };
    (got == expected).then_some(()).ok_or_else(wrong)
}

fn check_digest(what: &str, digest: &Hex) -> Result<(), Contradiction> {
    digest
        .digest()
        .map(|_| ())
        .ok_or_else(|| Contradiction::Digest(what.to_owned()))
}

fn check_order(rows: &[BoardRow]) -> Result<(), Contradiction> {
    for pair in rows.windows(2) {
        if let [before, after] = pair
            && before.sort_key() > after.sort_key()
        {
            return Err(Contradiction::Order {
                before: before.uid.to_string(),
                after: after.uid.to_string(),
            });
        }
    }
    Ok(())
}

fn check_unique(rows: &[BoardRow]) -> Result<(), Contradiction> {
    let (mut uids, mut serials) = (BTreeSet::new(), BTreeSet::new());
    let (mut numbers, mut digests) = (BTreeSet::new(), BTreeSet::new());
    for row in rows {
        if !uids.insert(&row.uid) {
            return Err(Contradiction::DoubleUid(row.uid.to_string()));
        }
        if let Some(serial) = &row.serial
            && !serials.insert(serial)
        {
            return Err(Contradiction::DoubleSerial(serial.to_string()));
        }
        for certificate in &row.certificates {
            check_digest(
                &format!("the digest of certificate {}", certificate.serial),
                &certificate.sha256,
            )?;
            if !numbers.insert(certificate.serial) || !digests.insert(&certificate.sha256) {
                return Err(Contradiction::DoubleCertificate(
                    certificate.serial.to_string(),
                ));
            }
        }
    }
    Ok(())
}

fn check_row(row: &BoardRow) -> Result<(), Contradiction> {
    let rules = session_rules(row).into_iter().chain(certificate_rules(row));
    let broken = rules.into_iter().find(|(holds, _)| !holds);
    broken.map_or(Ok(()), |(_, what)| {
        Err(Contradiction::Row {
            board: row.uid.to_string(),
            what,
        })
    })
}

/// Whether a rule holds, and what the row says where it does not.
type Rule = (bool, &'static str);

fn session_rules(row: &BoardRow) -> [Rule; 6] {
    let codes = || row.sessions.iter().map(|session| session.code);
    let counted = |session: &SessionRow| {
        (&session.lane, &session.operator) == (&row.lane, &row.operator)
            && (session.started, session.finished) == (row.started, row.finished)
    };
    let code_fits = match row.code {
        None => codes().all(|code| code.is_none()),
        Some(VerdictCode::Pass) => row.passed() || codes().any(|code| code == row.code),
        Some(VerdictCode::Revoked) => true,
        Some(_) => codes().any(|code| code == row.code),
    };
    let verdict = row.code.map_or(Outcome::Error, VerdictCode::outcome);
    let proven = row.sessions.iter().any(|session| session.uid_proven);
    let reworked = row.passed() && failed_before_passing(codes());
    [
        (row.verdict == verdict, "another verdict than its code has"),
        (
            !row.sessions.is_empty(),
            "that no session was ever held with it",
        ),
        (
            row.sessions.iter().any(counted),
            "times, lane or operator of no session of its own",
        ),
        (code_fits, "a code that no session of its own came to"),
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
    let live = |certificate: &&CertificateRow| certificate.status == CertificateStatus::Live;
    let live = row.certificates.iter().filter(live).count();
    let status_fits = |certificate: &CertificateRow| {
        let revoked = certificate.status == CertificateStatus::Revoked;
        revoked == certificate.revoked.is_some() && revoked == certificate.reason.is_some()
    };
    let passed = row.verdict == Outcome::Pass;
    [
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
            !passed || none || live == 1,
            "that it passed, although its certificates are revoked",
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

fn check_sums(predicate: &Predicate) -> Result<(), Contradiction> {
    let counts = Counts::of(&predicate.boards, predicate.counts.unidentified_sessions);
    if counts != predicate.counts {
        return Err(Contradiction::Counts(Box::new(counts)));
    }
    if counts.in_doubt > 0 {
        return Err(Contradiction::InDoubt(counts.in_doubt));
    }
    if counts.passed > u64::from(predicate.quantity) {
        let (passed, quantity) = (counts.passed, predicate.quantity);
        return Err(Contradiction::Quantity { passed, quantity });
    }
    Ok(())
}

fn check_operators(predicate: &Predicate) -> Result<(), Contradiction> {
    for pair in predicate.operators.windows(2) {
        if let [before, after] = pair
            && before.operator >= after.operator
        {
            return Err(Contradiction::Operators(after.operator.to_string()));
        }
    }
    let listed: BTreeSet<_> = predicate
        .operators
        .iter()
        .map(|actor| &actor.operator)
        .collect();
    let sessions = predicate.boards.iter().flat_map(|row| &row.sessions);
    let named = sessions
        .filter_map(|session| session.operator.as_ref())
        .chain([&predicate.opened.operator, &predicate.closed.operator])
        .chain(predicate.clock_accepted.iter().map(|one| &one.operator));
    for operator in named {
        if !listed.contains(operator) {
            return Err(Contradiction::Operators(operator.to_string()));
        }
    }
    Ok(())
}

fn counts_in_words(counts: &Counts) -> String {
    format!(
        "{} presented, {} passed, {} already provisioned, {} failed, {} unjudged, {} reworked",
        counts.presented,
        counts.passed,
        counts.already_provisioned,
        counts.failed,
        counts.unjudged,
        counts.reworked
    )
}
