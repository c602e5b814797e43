//! Which of a row's sessions counts, and what its board comes down to, by the [rules](crate::verdict::counting) for all
//! who count boards.
//!
//! Who makes a row and who checks it ask here alike, so that a row says what follows from its sessions.

use super::board_row::CertificateRow;
use super::session_row::SessionRow;
use crate::verdict::VerdictCode;
use crate::verdict::counting::{Heard, Issued, counted};

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
        let heard: Vec<_> = sessions.iter().map(heard).collect();
        let issued: Vec<_> = certificates.iter().map(issued).collect();
        let (at, code) = counted(&heard, &issued)?;
        Some(Self {
            session: sessions.get(at)?,
            code,
        })
    }
}

fn heard(session: &SessionRow) -> Heard {
    Heard {
        first: session.first_index(),
        code: session.code,
        uid_proven: session.uid_proven,
    }
}

fn issued(certificate: &CertificateRow) -> Issued {
    let revocation = certificate.revocation_entry.as_ref();
    Issued {
        provisioned: certificate.provisioned.is_some(),
        live: certificate.is_live(),
        revoked_at: revocation.map(|entry| entry.index),
    }
}
