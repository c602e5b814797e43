//! From the events of a batch to one row a board.
//!
//! Which session belongs to which board:
//! 1. A session in which a UID was proven by attestation belongs to the board of that UID.
//! 2. Any other session belongs to the board that was claimed; an impostor's session is listed with
//!    the board it claimed to be, marked as not proven.
//! 3. A session in which no UID was even claimed belongs to no row; it is counted.
//!
//! Which code counts:
//! 1. A board provisioned in this batch, whose certificate is live, is a `PASS` of its first good
//!    session: nothing that comes to the line under its UID later can take that away, only a
//!    revocation can.
//! 2. Otherwise the last session that proved the UID counts; without one, the last that claimed it.
//! 3. Where that would be good or in doubt, and the board's certificates are all revoked: `REVOKED`.

use std::collections::BTreeMap;

use firmware_proto::Uid;

use super::statement::{
    BoardRow, CertificateRow, CertificateStatus, SessionRow, Timestamp, failed_before_passing,
};
use crate::clock::UtcMillis;
use crate::encoding::{Hex, sha256};
use crate::ledger::event::{ComponentRecord, Event, Fact};
use crate::names::{CertificateSerial, DeviceSerial, LaneName, OperatorId};
use crate::verdict::{Outcome, VerdictCode};

/// The rows, and the sessions that belong to none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Sorted as the manifest has them.
    pub boards: Vec<BoardRow>,
    /// Sessions without any UID.
    pub unidentified_sessions: u64,
}

/// Makes the rows from the batch's events and, as `elsewhere`, the events of the same boards outside
/// the batch; both in the ledger's order.
///
/// # Errors
/// The board that has a certificate but no session, which no ledger of ours can hold.
pub fn collect(events: &[Event], elsewhere: &[Event]) -> Result<Rows, Uid> {
    let mut boards: BTreeMap<Uid, Board> = BTreeMap::new();
    let mut unidentified_sessions = 0;
    for session in sessions(events) {
        match session.uid() {
            Some(uid) => boards
                .entry(uid.clone())
                .or_default()
                .sessions
                .push(session),
            None => unidentified_sessions += 1,
        }
    }
    for certificate in certificates(events, elsewhere) {
        let board = boards.entry(certificate.uid.clone()).or_default();
        board.certificates.push(certificate);
    }
    let row = |(uid, board): (Uid, Board)| board.into_row(uid.clone()).ok_or(uid);
    let mut boards = boards.into_iter().map(row).collect::<Result<Vec<_>, _>>()?;
    boards.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    Ok(Rows {
        boards,
        unidentified_sessions,
    })
}

/// Codes reached before a token's signature, freshness and origin were all found good: whatever UID stands
/// beside one of them, nobody has proven it.
pub const UNPROVEN: &[VerdictCode] = &[
    VerdictCode::AttMalformed,
    VerdictCode::AttSignature,
    VerdictCode::AttNonce,
    VerdictCode::AttKeyUnknown,
    VerdictCode::AttKeyExpired,
    VerdictCode::AttKeyRevoked,
];

#[derive(Default)]
struct Board {
    sessions: Vec<Session>,
    certificates: Vec<Certificate>,
}

struct Session {
    name: Hex,
    lane: LaneName,
    operator: Option<OperatorId>,
    started: UtcMillis,
    finished: Option<UtcMillis>,
    code: Option<VerdictCode>,
    claimed: Option<Uid>,
    proven: Option<Uid>,
    serial: Option<DeviceSerial>,
    firmware: Vec<ComponentRecord>,
}

impl Session {
    fn new(name: Hex, lane: LaneName, started: UtcMillis) -> Self {
        Self {
            name,
            lane,
            started,
            operator: None,
            finished: None,
            code: None,
            claimed: None,
            proven: None,
            serial: None,
            firmware: Vec::new(),
        }
    }

    fn uid(&self) -> Option<&Uid> {
        self.proven.as_ref().or(self.claimed.as_ref())
    }

    fn is_outcome(&self, outcome: Outcome) -> bool {
        self.code.is_some_and(|code| code.outcome() == outcome)
    }

    fn row(&self) -> SessionRow {
        SessionRow {
            session: self.name.clone(),
            lane: self.lane.clone(),
            operator: self.operator.clone(),
            started: Timestamp(self.started),
            finished: self.finished.map(Timestamp),
            code: self.code,
            uid_proven: self.proven.is_some(),
        }
    }
}

/// The sessions of a batch in the order in which they began.
fn sessions(events: &[Event]) -> Vec<Session> {
    let mut sessions: Vec<Session> = Vec::new();
    let mut by_name: BTreeMap<Hex, usize> = BTreeMap::new();
    for event in events {
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
                sessions.push(Session::new(name.clone(), lane.clone(), event.time));
                by_name.insert(name, sessions.len() - 1);
                sessions.len() - 1
            }
            (None, None) => continue,
        };
        if let Some(session) = sessions.get_mut(at) {
            note(session, event);
        }
    }
    sessions
}

/// Adds to a session what one of its events says.
fn note(session: &mut Session, event: &Event) {
    match &event.fact {
        Fact::SessionOpened {
            claimed_uid, actor, ..
        } => {
            session.claimed = Some(claimed_uid.clone());
            session.operator = Some(actor.operator.clone());
        }
        Fact::EvidenceAppraised {
            code,
            uid: Some(uid),
            components,
            ..
        } if !UNPROVEN.contains(code) => {
            session.proven = Some(uid.clone());
            session.firmware.clone_from(components);
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
            session.finished = Some(event.time);
            session.claimed = session.claimed.take().or_else(|| claimed_uid.clone());
            session.serial = session.serial.take().or_else(|| device_serial.clone());
            if session.proven.is_none() && !UNPROVEN.contains(code) {
                session.proven.clone_from(uid);
            }
        }
        _ => {}
    }
}

struct Certificate {
    uid: Uid,
    device_serial: DeviceSerial,
    row: CertificateRow,
    issued_here: bool,
    provisioned_here: Option<bool>,
}

/// The certificates that belong to the batch: provisioned in it, or issued in it and provisioned in none.
fn certificates(events: &[Event], elsewhere: &[Event]) -> Vec<Certificate> {
    let mut all: Vec<Certificate> = Vec::new();
    let mut places: BTreeMap<CertificateSerial, usize> = BTreeMap::new();
    let tagged = |here: bool| move |event| (here, event);
    let every = || {
        events
            .iter()
            .map(tagged(true))
            .chain(elsewhere.iter().map(tagged(false)))
    };
    for (here, event) in every() {
        if let Fact::CertificateIssued {
            uid,
            certificate_serial,
            device_serial,
            certificate,
            ..
        } = &event.fact
        {
            places.entry(*certificate_serial).or_insert(all.len());
            all.push(Certificate {
                uid: uid.clone(),
                device_serial: device_serial.clone(),
                row: CertificateRow {
                    serial: *certificate_serial,
                    sha256: sha256(&certificate.0).into(),
                    issued: Timestamp(event.time),
                    provisioned: None,
                    status: CertificateStatus::Live,
                    revoked: None,
                    reason: None,
                },
                issued_here: here,
                provisioned_here: None,
            });
        }
    }
    for (here, event) in every() {
        let (Fact::Provisioned {
            certificate_serial, ..
        }
        | Fact::CertificateRevoked {
            certificate_serial, ..
        }) = &event.fact
        else {
            continue;
        };
        let place = places.get(certificate_serial).copied();
        let Some(certificate) = place.and_then(|at| all.get_mut(at)) else {
            continue;
        };
        if let Fact::CertificateRevoked { reason, .. } = &event.fact {
            certificate.row.status = CertificateStatus::Revoked;
            certificate.row.revoked.get_or_insert(Timestamp(event.time));
            certificate.row.reason.get_or_insert(*reason);
        } else {
            certificate
                .row
                .provisioned
                .get_or_insert(Timestamp(event.time));
            certificate.provisioned_here.get_or_insert(here);
        }
    }
    all.retain(|certificate| {
        certificate
            .provisioned_here
            .unwrap_or(certificate.issued_here)
    });
    all
}

impl Board {
    fn into_row(self, uid: Uid) -> Option<BoardRow> {
        let live = |certificate: &&Certificate| certificate.row.status == CertificateStatus::Live;
        let provisioned = self
            .certificates
            .iter()
            .filter(live)
            .any(|certificate| certificate.provisioned_here == Some(true));
        let (counted, code) = if provisioned {
            let good = self
                .sessions
                .iter()
                .find(|session| session.is_outcome(Outcome::Pass));
            (good.or(self.sessions.last())?, Some(VerdictCode::Pass))
        } else {
            let counted = self.last_that_counts()?;
            (counted, self.code_without_identity(counted.code))
        };
        let verdict = code.map_or(Outcome::Error, VerdictCode::outcome);
        let attested = |session: &&Session| !session.firmware.is_empty();
        let serial = self
            .certificates
            .last()
            .map(|certificate| &certificate.device_serial);
        let serial_of = |session: &Session| {
            session
                .serial
                .clone()
                .filter(|_| session.is_outcome(Outcome::Pass))
        };
        Some(BoardRow {
            uid,
            uid_proven: self.sessions.iter().any(|session| session.proven.is_some()),
            serial: serial
                .cloned()
                .or_else(|| self.sessions.iter().rev().find_map(serial_of)),
            verdict,
            code,
            reworked: provisioned
                && failed_before_passing(self.sessions.iter().map(|session| session.code)),
            lane: counted.lane.clone(),
            operator: counted.operator.clone(),
            started: Timestamp(counted.started),
            finished: counted.finished.map(Timestamp),
            firmware: self
                .sessions
                .iter()
                .rfind(attested)
                .map_or_else(Vec::new, |session| session.firmware.clone()),
            certificates: self
                .certificates
                .iter()
                .map(|one| one.row.clone())
                .collect(),
            sessions: self.sessions.iter().map(Session::row).collect(),
        })
    }

    /// The last session with a verdict that proved the UID, else the last with a verdict, else the last.
    fn last_that_counts(&self) -> Option<&Session> {
        let judged = |session: &&Session| session.code.is_some();
        let proven = |session: &&Session| session.proven.is_some();
        let sessions = || self.sessions.iter().rev();
        sessions()
            .filter(judged)
            .find(proven)
            .or_else(|| sessions().find(judged))
            .or_else(|| self.sessions.last())
    }

    /// What a code comes down to where the board has no identity from this batch.
    fn code_without_identity(&self, code: Option<VerdictCode>) -> Option<VerdictCode> {
        let live = |certificate: &Certificate| certificate.row.status == CertificateStatus::Live;
        let withdrawn = !self.certificates.is_empty() && !self.certificates.iter().any(live);
        let good =
            |code: VerdictCode| code.outcome() == Outcome::Pass || code == VerdictCode::InDoubt;
        code.map(|code| {
            if withdrawn && good(code) {
                VerdictCode::Revoked
            } else {
                code
            }
        })
    }
}
