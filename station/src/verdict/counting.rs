//! Which of a board's sessions in a batch counts, and what the board comes down to.
//!
//! 1. A board provisioned in this batch, whose certificate is live, is a `PASS` of its first good
//!    session: nothing that comes to the line under its UID later can take that away, only a
//!    revocation can.
//! 2. Otherwise the last session that proved the UID counts; without one, the last that claimed it.
//! 3. Where that would be good or in doubt, and the board's certificates are all revoked, one of them since that
//!    session began: `REVOKED`. If all were revoked before, what the board has shown to be good is another
//!    batch's.
//!
//! The rows of a manifest, their check and the count of failed boards in a list of batches ask here alike.

use super::{Outcome, VerdictCode};

/// A board's session, as far as its verdict is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The entry that it begins with, where one is known.
    pub first: Option<u64>,
    /// Its verdict; none where it was interrupted.
    pub code: Option<VerdictCode>,
    /// Whether the UID was proven in it.
    pub uid_proven: bool,
}

/// A certificate that was issued to the board in this batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Whether the board has it in use.
    pub provisioned: bool,
    /// Whether it is in force.
    pub live: bool,
    /// The entry that revoked it, where one is known.
    pub revoked_at: Option<u64>,
}

/// The session that counts, by its place in the list, and the code that the board comes down to: none where every
/// session was interrupted. The sessions are in the ledger's order. Nothing without a session.
#[must_use]
pub fn counted(
    sessions: &[Heard],
    certificates: &[Issued],
) -> Option<(usize, Option<VerdictCode>)> {
    let last = sessions.len().checked_sub(1)?;
    if certificates.iter().any(|one| one.live && one.provisioned) {
        let good = |one: &Heard| one.code.is_some_and(|code| code.outcome() == Outcome::Pass);
        let first_good = sessions.iter().position(good);
        return Some((first_good.unwrap_or(last), Some(VerdictCode::Pass)));
    }
    let judged = |one: &Heard| one.code.is_some();
    let at = sessions
        .iter()
        .rposition(|one| judged(one) && one.uid_proven)
        .or_else(|| sessions.iter().rposition(judged))
        .unwrap_or(last);
    let session = sessions.get(at)?;
    let code = session.code;
    Some((
        at,
        code.map(|code| without_identity(code, session, certificates)),
    ))
}

/// What a code comes down to where the board has no identity from this batch.
fn without_identity(code: VerdictCode, session: &Heard, certificates: &[Issued]) -> VerdictCode {
    let since = |one: &Issued| one.revoked_at > session.first;
    let withdrawn = certificates.iter().all(|one| !one.live) && certificates.iter().any(since);
    let good = code.outcome() == Outcome::Pass || code == VerdictCode::InDoubt;
    if withdrawn && good {
        VerdictCode::Revoked
    } else {
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASS: Option<VerdictCode> = Some(VerdictCode::Pass);
    const LIMIT: Option<VerdictCode> = Some(VerdictCode::HwLimit);
    const VERSION: Option<VerdictCode> = Some(VerdictCode::FwVersion);

    fn heard(sessions: &[(Option<VerdictCode>, bool)]) -> Vec<Heard> {
        let one = |(first, (code, uid_proven)): (u64, &(Option<VerdictCode>, bool))| Heard {
            first: Some(10 * first),
            code: *code,
            uid_proven: *uid_proven,
        };
        (1..).zip(sessions).map(one).collect()
    }

    fn revoked(at: u64) -> Issued {
        Issued {
            provisioned: true,
            live: false,
            revoked_at: Some(at),
        }
    }

    #[test]
    fn the_session_that_counts_is_the_first_good_one_or_the_last_of_the_best_known() {
        let live = Issued {
            provisioned: true,
            live: true,
            revoked_at: None,
        };
        let unused = Issued {
            provisioned: false,
            ..live
        };
        for (sessions, certificate, at, code) in [
            (
                &[(LIMIT, true), (PASS, true), (PASS, true)][..],
                live,
                1,
                PASS,
            ),
            // Its certificate says that it was good, whatever became of the session.
            (&[(LIMIT, true), (None, true)], live, 1, PASS),
            (&[(LIMIT, true), (VERSION, true)], unused, 1, VERSION),
            (&[(LIMIT, true), (VERSION, false)], unused, 0, LIMIT),
            (&[(LIMIT, true), (None, true)], unused, 0, LIMIT),
            (&[(LIMIT, false), (VERSION, false)], unused, 1, VERSION),
            (
                &[(None, false), (None, true), (None, false)],
                unused,
                2,
                None,
            ),
        ] {
            let found = counted(&heard(sessions), &[certificate]);
            assert_eq!(found, Some((at, code)), "{sessions:?}");
        }
        assert_eq!(counted(&[], &[live]), None);
    }

    #[test]
    fn a_good_board_is_revoked_once_all_its_certificates_are_and_one_of_them_since() {
        let unused = Issued {
            provisioned: false,
            live: true,
            revoked_at: None,
        };
        let revoked_code = Some(VerdictCode::Revoked);
        for (certificates, code) in [
            (&[revoked(11)][..], revoked_code),
            (&[revoked(9)], PASS),
            (&[revoked(9), revoked(11)], revoked_code),
            (&[revoked(11), unused], PASS),
            (&[], PASS),
        ] {
            let found = counted(&heard(&[(PASS, true)]), certificates);
            assert_eq!(found, Some((0, code)), "{certificates:?}");
        }
        let found = counted(&heard(&[(LIMIT, true)]), &[revoked(11)]);
        assert_eq!(found, Some((0, LIMIT)), "a bad one stays what it is");
    }
}
