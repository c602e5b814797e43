//! Which of a board's sessions counts, and what the board comes down to.
//!
//! 1. A board provisioned in this batch, whose certificate is live, is a `PASS` of its first good
//!    session: nothing that comes to the line under its UID later can take that away, only a
//!    revocation can.
//! 2. Otherwise the last session that proved the UID counts; without one, the last that claimed it.
//! 3. Where that would be good or in doubt, and the board's certificates are all revoked, one of them since that
//!    session began: `REVOKED`. If all were revoked before, what the board has shown to be good is another
//!    batch's.
//!
//! Who makes a row and who checks it ask here alike, so that a row says what follows from its sessions.

use super::board_row::{CertificateRow, CertificateStatus};
use super::session_row::SessionRow;
use crate::verdict::{Outcome, VerdictCode};

/// What a board comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted<'sessions> {
    /// The session that counts.
    pub session: &'sessions SessionRow,
    /// The code that counts; none where every session was interrupted.
    pub code: Option<VerdictCode>,
}

impl<'sessions> Counted<'sessions> {
    /// Of a board with these sessions, in the ledger's order, and these certificates. None without a session.
    #[must_use]
    pub fn of(sessions: &'sessions [SessionRow], certificates: &[CertificateRow]) -> Option<Self> {
        if certificates.iter().any(is_identity) {
            let mut good = sessions.iter();
            let good = good.find(|session| session.is_outcome(Outcome::Pass));
            return Some(Self {
                session: good.or(sessions.last())?,
                code: Some(VerdictCode::Pass),
            });
        }
        let session = last_that_counts(sessions)?;
        let code = session.code;
        Some(Self {
            session,
            code: code.map(|code| without_identity(code, session, certificates)),
        })
    }
}

/// Whether it is live and was brought into use in this batch.
fn is_identity(one: &CertificateRow) -> bool {
    one.is_live() && one.provisioned.is_some()
}

/// The last session with a verdict that proved the UID, else the last with a verdict, else the last.
fn last_that_counts(sessions: &[SessionRow]) -> Option<&SessionRow> {
    let judged = || sessions.iter().rev().filter(|one| one.code.is_some());
    judged()
        .find(|one| one.uid_proven)
        .or_else(|| judged().next())
        .or(sessions.last())
}

/// What a code comes down to where the board has no identity from this batch.
fn without_identity(
    code: VerdictCode,
    session: &SessionRow,
    certificates: &[CertificateRow],
) -> VerdictCode {
    let revoked = |one: &CertificateRow| one.status == CertificateStatus::Revoked;
    let since = |one: &CertificateRow| {
        let revocation = one.revocation_entry.as_ref().map(|entry| entry.index);
        revocation > session.first_index()
    };
    let withdrawn = certificates.iter().all(revoked) && certificates.iter().any(since);
    let good = code.outcome() == Outcome::Pass || code == VerdictCode::InDoubt;
    if withdrawn && good {
        VerdictCode::Revoked
    } else {
        code
    }
}
