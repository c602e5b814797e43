//! Whether a session says what the log says: its opening, its verdict and, where these do not say whose it is, the
//! appraisal that does.
//!
//! Since the closing event counts openings and verdicts, and each is shown once, a manifest that leaves a session out,
//! hangs it on another board or shows it as another one contradicts the log.

use firmware_proto::Uid;

use super::board_sessions::SessionUid;
use super::session_row::SessionRow;
use crate::ledger::event::{Actor, Fact};
use crate::ledger::leaf::Leaf;
use crate::names::{BatchId, DeviceSerial};
use crate::verdict::Outcome;

/// Whether a session and its entry agree on something, and on what.
pub(super) type Agreement = (bool, &'static str);

/// What the entries of a session come to.
#[derive(Debug, Default)]
pub(super) struct SessionFacts {
    /// Whose it is.
    whose: SessionUid,
    /// The serial of a good board.
    pub(super) good_serial: Option<DeviceSerial>,
}

impl SessionFacts {
    /// Takes the opening.
    pub(super) fn open(
        &mut self,
        batch: &BatchId,
        session: &SessionRow,
        leaf: &Leaf,
    ) -> Vec<Agreement> {
        let Fact::SessionOpened {
            lane,
            claimed_uid,
            actor,
            ..
        } = &leaf.fact
        else {
            return vec![(false, "what it is: it opens no session")];
        };
        self.whose.opened(claimed_uid);
        vec![
            of_batch(batch, leaf),
            of_session(session, leaf),
            (*lane == session.lane, "the lane"),
            (
                session.operator.as_ref() == Some(&actor.operator),
                "who worked",
            ),
            (session.started.0 == leaf.time, "when it began"),
        ]
    }

    /// Takes the appraisal.
    pub(super) fn appraise(
        &mut self,
        batch: &BatchId,
        session: &SessionRow,
        leaf: &Leaf,
    ) -> Vec<Agreement> {
        let Fact::EvidenceAppraised { code, uid, .. } = &leaf.fact else {
            return vec![(false, "what it is: no evidence")];
        };
        let proven = self.whose.appraised(*code, uid.as_ref());
        vec![
            of_batch(batch, leaf),
            of_session(session, leaf),
            (proven, "that it proves a UID"),
        ]
    }

    /// Takes the verdict.
    pub(super) fn judge(
        &mut self,
        batch: &BatchId,
        session: &SessionRow,
        leaf: &Leaf,
    ) -> Vec<Agreement> {
        let Fact::VerdictReached {
            lane,
            code,
            uid,
            claimed_uid,
            device_serial,
            ..
        } = &leaf.fact
        else {
            return vec![(false, "what it is: no verdict")];
        };
        self.whose.judged(*code, uid.as_ref(), claimed_uid.as_ref());
        if code.outcome() == Outcome::Pass {
            self.good_serial.clone_from(device_serial);
        }
        let finished = session.finished.is_some_and(|at| at.0 == leaf.time);
        let one_uid = !self.whose.is_contradicted();
        vec![
            of_batch(batch, leaf),
            of_session(session, leaf),
            (one_uid, "the UID: its evidence proves another one"),
            (*lane == session.lane, "the lane"),
            (session.code == Some(*code), "the code"),
            (finished, "when it was reached"),
        ]
    }

    /// All have come. Whose it is must be that board, or nobody's. One without any entry breaks one of these rules,
    /// since it has neither a verdict nor the end that one without an opening has.
    pub(super) fn end(&self, session: &SessionRow, board: Option<&Uid>) -> Vec<Agreement> {
        let judged = session.verdict.is_some();
        let opened = session.opening.is_some();
        vec![
            (self.whose.uid() == board, "the UID"),
            (
                session.uid_proven == self.whose.is_proven(),
                "whether the UID was proven",
            ),
            (
                judged || (session.code.is_none() && session.finished.is_none()),
                "a verdict, of which there is no entry",
            ),
            (
                opened || session.operator.is_none(),
                "who worked, of which there is no entry",
            ),
            (
                opened || session.finished == Some(session.started),
                "when it began, of which there is no entry",
            ),
        ]
    }
}

fn of_batch(batch: &BatchId, leaf: &Leaf) -> Agreement {
    (leaf.batch() == Some(batch), "the batch")
}

fn of_session(session: &SessionRow, leaf: &Leaf) -> Agreement {
    let name = leaf.session.as_ref().map_or(&[][..], |name| &name.0);
    (session.session.0 == name, "the session")
}

/// Whom an entry names.
pub(super) fn actor_of(fact: &Fact) -> Option<&Actor> {
    match fact {
        Fact::SessionOpened { actor, .. }
        | Fact::ClockAccepted { actor, .. }
        | Fact::BatchHoldCleared { actor, .. } => Some(actor),
        Fact::BoardScrapped(record) => Some(&record.actor),
        _ => None,
    }
}
