//! From the events of a batch to one row a board.
//!
//! Which session belongs to which board:
//! 1. A session in which a UID was proven by attestation belongs to the board of that UID.
//! 2. Any other session belongs to the board that was claimed; an impostor's session is listed with
//!    the board it claimed to be, marked as not proven.
//! 3. A session in which no UID was even claimed belongs to no row; it is counted.
//!
//! Which code counts is decided in [`counted_session`](super::counted_session).

use std::collections::BTreeMap;

use firmware_proto::Uid;

use super::board_certificates::{Certificate, certificates};
use super::board_sessions::{Session, sessions};
use super::counted_session::Counted;
use super::session_row::SessionRow;
use super::statement::{BoardRow, LogEntry, Measured, Scrapping, Timestamp, failed_before_passing};
use crate::encoding::Hex;
use crate::ledger::event::{Event, Fact};
use crate::names::{BatchId, LaneName};
use crate::shift::{Shift, shift_at};
use crate::verdict::{Outcome, VerdictCode};

pub use super::board_sessions::SessionUid;

/// An event with its place in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Noted {
    /// Its index.
    pub index: u64,
    /// The leaf as it lies in the log.
    pub leaf: String,
    /// Its inclusion proof, where a manifest shows the entry and has no leaf hash for it.
    pub proof: Option<Vec<Hex>>,
    /// What it says.
    pub event: Event,
}

impl Noted {
    /// As a row shows it.
    #[must_use]
    pub fn entry(&self) -> LogEntry {
        LogEntry {
            index: self.index,
            leaf: self.leaf.clone(),
            proof: self.proof.clone(),
        }
    }
}

/// What all rows of a batch have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The batch.
    pub batch: BatchId,
    /// Its shifts.
    pub shifts: Vec<Shift>,
    /// Holds of lanes that were cleared since the batch was opened, with the index of the clearing.
    pub cleared: Vec<(LaneName, u64)>,
    /// Whether rows have measurements.
    pub with_measurements: bool,
}

/// The rows, and the sessions that belong to none.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// Sorted as the manifest has them.
    pub boards: Vec<BoardRow>,
    /// Sessions without any UID, in the ledger's order.
    pub unidentified: Vec<SessionRow>,
}

/// Sessions in which nobody said who it is, of these events.
#[must_use]
pub fn unidentified(frame: &Frame, events: &[Noted]) -> Vec<SessionRow> {
    let sessions = sessions(frame, events);
    let nobodys = sessions.iter().filter(|one| one.whose.uid().is_none());
    nobodys.map(Session::row).collect()
}

/// Makes all rows from the batch's events and those of the same boards outside the batch, in the ledger's
/// order. For small batches: everything is in memory.
///
/// # Errors
/// The board that has a certificate but no session, which no ledger of ours can hold.
pub fn collect(frame: &Frame, events: &[Noted]) -> Result<Rows, Uid> {
    let mut boards: BTreeMap<Uid, Vec<Noted>> = BTreeMap::new();
    let mut uids: BTreeMap<Hex, Uid> = BTreeMap::new();
    for session in sessions(frame, events) {
        if let Some(uid) = session.whose.uid() {
            uids.insert(session.name.clone(), uid.clone());
        }
    }
    for noted in events {
        let of_session = noted.event.session.as_ref().and_then(|name| uids.get(name));
        let uid = own_uid(&noted.event.fact).or(of_session);
        if let Some(uid) = uid {
            boards.entry(uid.clone()).or_default().push(noted.clone());
        }
    }
    let make = |(uid, events): (Uid, Vec<Noted>)| match row(frame, &uid, &events) {
        // What only another batch knows of a board makes no row, nor that it was scrapped.
        None if events.iter().all(|one| {
            one.event.batch.as_ref() != Some(&frame.batch)
                || matches!(one.event.fact, Fact::BoardScrapped(_))
        }) =>
        {
            None
        }
        made => Some(made.ok_or(uid)),
    };
    let boards = boards.into_iter().filter_map(make);
    let mut boards = boards.collect::<Result<Vec<_>, _>>()?;
    boards.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    Ok(Rows {
        boards,
        unidentified: unidentified(frame, events),
    })
}

/// The board of an event that belongs to it whatever its session.
fn own_uid(fact: &Fact) -> Option<&Uid> {
    match fact {
        Fact::CertificateIssued { uid, .. }
        | Fact::Provisioned { uid, .. }
        | Fact::CertificateRevoked { uid, .. } => Some(uid),
        Fact::BoardScrapped(scrapping) => Some(&scrapping.uid),
        _ => None,
    }
}

/// The row of one board, from its sessions in the batch and what the ledger has of its certificates, in the
/// ledger's order. None where no session of the batch was held with it.
#[must_use]
pub fn row(frame: &Frame, uid: &Uid, events: &[Noted]) -> Option<BoardRow> {
    let board = Board {
        sessions: sessions(frame, events),
        certificates: certificates(frame, events),
    };
    let mut row = board.into_row(frame, uid.clone())?;
    let passed = row.passed();
    row.held = !passed && events.iter().any(|one| is_held(frame, one));
    let here = |one: &&Noted| one.event.batch.as_ref() == Some(&frame.batch);
    row.scrapped = events.iter().filter(here).find_map(scrapping);
    if frame.with_measurements {
        row.measurements = events.iter().rev().find_map(|one| measured(uid, one));
    }
    Some(row)
}

/// Whether it put a hold on its lane that nobody has cleared.
fn is_held(frame: &Frame, noted: &Noted) -> bool {
    let Fact::HoldPlaced { lane, .. } = &noted.event.fact else {
        return false;
    };
    let mut cleared = frame.cleared.iter();
    !cleared.any(|(other, index)| other == lane && *index > noted.index)
}

pub(super) fn scrapping(noted: &Noted) -> Option<Scrapping> {
    let Fact::BoardScrapped(record) = &noted.event.fact else {
        return None;
    };
    Some(Scrapping {
        time: Timestamp(noted.event.time),
        operator: record.actor.operator.clone(),
        reason: record.reason.clone(),
        entry: noted.entry(),
    })
}

fn measured(uid: &Uid, noted: &Noted) -> Option<Measured> {
    match &noted.event.fact {
        Fact::MeasurementsJudged {
            uid: of,
            code,
            measurements,
            ..
        } if of == uid => Some(Measured {
            time: Timestamp(noted.event.time),
            code: *code,
            index: noted.index,
            values: measurements.clone(),
        }),
        _ => None,
    }
}

struct Board {
    sessions: Vec<Session>,
    certificates: Vec<Certificate>,
}

impl Board {
    fn into_row(self, frame: &Frame, uid: Uid) -> Option<BoardRow> {
        let sessions: Vec<_> = self.sessions.iter().map(Session::row).collect();
        let rows = self.certificates.iter().map(|one| one.row.clone());
        let certificates: Vec<_> = rows.collect();
        let Counted {
            session: counted,
            code,
        } = Counted::of(&sessions, &certificates)?;
        let verdict = code.map_or(Outcome::Error, VerdictCode::outcome);
        let attested = |session: &&Session| !session.firmware.is_empty();
        let serial = self
            .certificates
            .last()
            .map(|certificate| &certificate.device_serial);
        let serial_of = |session: &Session| {
            session.serial.clone().filter(|_| {
                session
                    .code
                    .is_some_and(|code| code.outcome() == Outcome::Pass)
            })
        };
        Some(BoardRow {
            uid,
            uid_proven: sessions.iter().any(|session| session.uid_proven),
            serial: serial
                .cloned()
                .or_else(|| self.sessions.iter().rev().find_map(serial_of)),
            verdict,
            code,
            reworked: code == Some(VerdictCode::Pass)
                && failed_before_passing(sessions.iter().map(|session| session.code)),
            held: false,
            scrapped: None,
            lane: counted.lane.clone(),
            operator: counted.operator.clone(),
            shift: shift_at(&frame.shifts, counted.started.0),
            started: counted.started,
            finished: counted.finished,
            firmware: self
                .sessions
                .iter()
                .rfind(attested)
                .map_or_else(Vec::new, |session| session.firmware.clone()),
            measurements: None,
            index: counted.index()?,
            certificates,
            sessions,
        })
    }
}
