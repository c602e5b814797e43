//! The sessions of a batch, and whose each is.

use std::collections::BTreeMap;

use firmware_proto::Uid;

use super::board_rows::{Frame, Noted};
use super::session_row::SessionRow;
use super::statement::{LogEntry, Timestamp};
use crate::clock::UtcMillis;
use crate::encoding::Hex;
use crate::ledger::event::{ComponentRecord, Fact};
use crate::names::{DeviceSerial, LaneName, OperatorId};
use crate::verdict::VerdictCode;

/// Whose session it is: the UID that was proven, or else the one that was claimed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionUid {
    claimed: Option<Uid>,
    proven: Option<Uid>,
    /// Two were proven: nothing says which of them it belongs to.
    contradicted: bool,
}

impl SessionUid {
    /// A board claimed it when it answered.
    pub fn opened(&mut self, claimed: &Uid) {
        self.claimed = Some(claimed.clone());
    }

    /// Its evidence was appraised; whether that proved a UID.
    pub fn appraised(&mut self, code: VerdictCode, uid: Option<&Uid>) -> bool {
        let proven = uid.filter(|_| code.proves_uid());
        if let Some(uid) = proven {
            let before = self.proven.replace(uid.clone());
            self.contradicted |= before.is_some_and(|before| before != *uid);
        }
        proven.is_some()
    }

    /// The verdict was reached. What it proves counts before what was appraised.
    pub fn judged(&mut self, code: VerdictCode, uid: Option<&Uid>, claimed: Option<&Uid>) {
        self.claimed = self.claimed.take().or_else(|| claimed.cloned());
        self.appraised(code, uid);
    }

    /// Whether it was proven.
    #[must_use]
    pub const fn is_proven(&self) -> bool {
        self.proven.is_some()
    }

    /// Whether a second UID was proven, which no ledger of ours takes.
    #[must_use]
    pub const fn is_contradicted(&self) -> bool {
        self.contradicted
    }

    /// The UID, where anybody said one.
    #[must_use]
    pub fn uid(&self) -> Option<&Uid> {
        self.proven.as_ref().or(self.claimed.as_ref())
    }
}

/// A session of the batch.
pub(super) struct Session {
    pub(super) name: Hex,
    pub(super) lane: LaneName,
    pub(super) operator: Option<OperatorId>,
    pub(super) started: UtcMillis,
    pub(super) finished: Option<UtcMillis>,
    pub(super) code: Option<VerdictCode>,
    pub(super) whose: SessionUid,
    /// Whose it is by its opening and its verdict alone.
    told: SessionUid,
    pub(super) serial: Option<DeviceSerial>,
    pub(super) firmware: Vec<ComponentRecord>,
    opening: Option<LogEntry>,
    /// The last appraisal that proved a UID.
    evidence: Option<LogEntry>,
    verdict: Option<LogEntry>,
}

impl Session {
    fn new(name: Hex, lane: LaneName, first: &Noted) -> Self {
        Self {
            name,
            lane,
            started: first.event.time,
            operator: None,
            finished: None,
            code: None,
            whose: SessionUid::default(),
            told: SessionUid::default(),
            serial: None,
            firmware: Vec::new(),
            opening: None,
            evidence: None,
            verdict: None,
        }
    }

    /// As a manifest has it.
    pub(super) fn row(&self) -> SessionRow {
        SessionRow {
            session: self.name.clone(),
            lane: self.lane.clone(),
            operator: self.operator.clone(),
            started: Timestamp(self.started),
            finished: self.finished.map(Timestamp),
            code: self.code,
            uid_proven: self.whose.is_proven(),
            opening: self.opening.clone(),
            evidence: self.evidence.clone().filter(|_| self.told != self.whose),
            verdict: self.verdict.clone(),
        }
    }
}

/// The sessions of a batch in the order in which they began.
pub(super) fn sessions(frame: &Frame, events: &[Noted]) -> Vec<Session> {
    let mut sessions: Vec<Session> = Vec::new();
    let mut by_name: BTreeMap<Hex, usize> = BTreeMap::new();
    for noted in events {
        let event = &noted.event;
        if event.batch.as_ref() != Some(&frame.batch) {
            continue;
        }
        let name = event.session.clone().unwrap_or(Hex(Vec::new()));
        let lane = match &event.fact {
            Fact::SessionOpened { lane, .. } | Fact::VerdictReached { lane, .. } => Some(lane),
            _ => None,
        };
        let known = by_name
            .get(&name)
            .copied()
            .filter(|_| event.session.is_some());
        let at = match (known, lane) {
            (Some(at), _) => at,
            (None, Some(lane)) => {
                sessions.push(Session::new(name.clone(), lane.clone(), noted));
                by_name.insert(name, sessions.len() - 1);
                sessions.len() - 1
            }
            (None, None) => continue,
        };
        if let Some(session) = sessions.get_mut(at) {
            note(session, noted);
        }
    }
    sessions
}

/// Adds to a session what one of its events says.
fn note(session: &mut Session, noted: &Noted) {
    let event = &noted.event;
    match &event.fact {
        Fact::SessionOpened {
            claimed_uid, actor, ..
        } => {
            session.whose.opened(claimed_uid);
            session.told.opened(claimed_uid);
            session.opening = Some(noted.entry());
            session.operator = Some(actor.operator.clone());
        }
        Fact::EvidenceAppraised {
            code,
            uid,
            components,
            ..
        } => {
            let proven = session.whose.appraised(*code, uid.as_ref());
            if proven {
                session.firmware.clone_from(components);
                session.evidence = Some(noted.entry());
            }
        }
        Fact::Provisioned { device_serial, .. } | Fact::CertificateIssued { device_serial, .. } => {
            session.serial = Some(device_serial.clone());
        }
        Fact::VerdictReached {
            code,
            uid,
            claimed_uid,
            device_serial,
            ..
        } => {
            session.code = Some(*code);
            session.verdict = Some(noted.entry());
            session.finished = Some(event.time);
            for whose in [&mut session.whose, &mut session.told] {
                whose.judged(*code, uid.as_ref(), claimed_uid.as_ref());
            }
            session.serial = session.serial.take().or_else(|| device_serial.clone());
        }
        _ => {}
    }
}
