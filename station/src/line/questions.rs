//! Answers what a session asks: signatures and random bytes from the signer, facts from the ledger.
//!
//! A signer that fails is asked again a few times, a little later each time, before the session is
//! told.
//! A ledger that fails is told at once: nothing that was not recorded may go on.

use std::time::Duration;

use firmware_proto::Uid;

use super::floor::{Floor, boards_completed};
use super::hold::{self, Placed};
use super::label_desk::Label;
use super::stop::StopLevel;
use crate::identity::signer::Signer;
use crate::ledger::event::{Event, Fact};
use crate::ledger::standing::{DeviceStanding, Durability, NoPlace};
use crate::ledger::{EventStore, LedgerError, Refusal};
use crate::names::LaneName;
use crate::provisioning::{Action, Input};

/// Waits before the signer is asked again. Together less than a board's patience.
const SIGNER_BACK_OFF: [Duration; 3] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(800),
];

/// What went wrong while a session's questions were answered.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// The HSM did not answer, in spite of all patience.
    pub(super) hsm: bool,
    /// What the ledger said.
    pub(super) ledger: Option<String>,
}

/// Answers one question; None where the action is none.
pub(super) fn answer<S: Signer, E: EventStore>(
    floor: &Floor<S, E>,
    lane: &LaneName,
    trouble: &mut Trouble,
    question: Action,
) -> Option<Input> {
    let answered = match question {
        Action::Draw => draw(floor),
        Action::Sign { role, message } => {
            ask_signer(floor, || floor.signer.sign(role, &message)).map(Input::Signed)
        }
        Action::LookUpBoard { uid, shown } => {
            let elsewhere = floor.boards.take(&uid, lane);
            let board = ask_ledger(floor, || match &shown {
                Some(shown) => floor.store.standing_of(&uid, shown),
                None => floor.store.standing(&uid),
            });
            board.map(|standing| {
                let standing = DeviceStanding {
                    elsewhere,
                    ..standing
                };
                Input::Board(Box::new(standing))
            })
        }
        Action::LookUpKey { key } => {
            ask_ledger(floor, || floor.store.key_holder(&key)).map(Input::KeyHolder)
        }
        Action::Reserve { uid } => {
            let batch = floor.production.batch();
            ask_ledger(floor, || floor.store.reserve(batch, &uid)).map(Input::Reserved)
        }
        Action::Record { events, durability } => record(floor, events, durability),
        Action::Send(_) | Action::WakeAt(_) | Action::Report(_) | Action::Finish(_) => return None,
    };
    Some(input(answered, trouble))
}

/// Takes a place for the board with the serial that was scanned from its label.
pub(super) fn reserve_scanned<S: Signer, E: EventStore>(
    floor: &Floor<S, E>,
    trouble: &mut Trouble,
    uid: &Uid,
    scanned: Label,
) -> Input {
    let batch = floor.production.batch();
    let place = match scanned {
        Label::OfProduct(scanned) => {
            ask_ledger(floor, || floor.store.reserve_scanned(batch, uid, &scanned))
        }
        Label::Foreign(scanned) => Ok(Err(NoPlace::ForeignLabel { scanned })),
    };
    input(place.map(Input::Reserved), trouble)
}

/// What the session is told.
fn input(answered: Result<Input, Failure>, trouble: &mut Trouble) -> Input {
    match answered {
        Ok(input) => input,
        Err(Failure::Hsm(detail)) => {
            trouble.hsm = true;
            Input::HsmFailed { detail }
        }
        Err(Failure::Forbidden(rule)) => Input::Forbidden {
            code: rule.code(),
            detail: rule.to_string(),
        },
        Err(Failure::Ledger(detail)) => {
            trouble.ledger = Some(detail.clone());
            Input::LedgerFailed { detail }
        }
    }
}

/// Who did not answer, and what they said.
enum Failure {
    Hsm(String),
    Ledger(String),
    /// The ledger is well, and a rule of its own forbids it.
    Forbidden(Refusal),
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        match error {
            // The key store's fault: what is recorded stays, and the board is taken up again later.
            LedgerError::NotCheckpointed { .. } => Self::Hsm(error.to_string()),
            _ => Self::Ledger(error.to_string()),
        }
    }
}

fn draw<S: Signer, E>(floor: &Floor<S, E>) -> Result<Input, Failure> {
    let mut bytes = [0; 32];
    ask_signer(floor, || floor.signer.random(&mut bytes))?;
    Ok(Input::Drawn(bytes))
}

fn record<S, E: EventStore>(
    floor: &Floor<S, E>,
    mut events: Vec<Event>,
    durability: Durability,
) -> Result<Input, Failure> {
    let completed = boards_completed(&events);
    let is_verdict = |event: &&Event| matches!(event.fact, Fact::VerdictReached { .. });
    let verdict = events.iter().find(is_verdict).cloned();
    // Rules see verdicts in the order in which the log has them, so one is recorded after another.
    let mut watch = verdict.as_ref().map(|_| floor.watch());
    let placed = match (&verdict, &watch) {
        (Some(verdict), Some(watch)) => hold::placed_by(verdict, &floor.holds, watch),
        _ => Vec::new(),
    };
    events.extend(placed.iter().map(|placed| placed.event.clone()));
    let recorded = floor
        .store
        .record(events, durability)
        .map_err(|error| match error {
            // A verdict that cannot be recorded would be lost: that stops the line.
            LedgerError::Refused(rule) if verdict.is_none() => Failure::Forbidden(rule),
            error => error.into(),
        })?;
    if let (Some(watch), Some(verdict)) = (&mut watch, &verdict) {
        watch.follow(&verdict.fact);
    }
    for Placed { hold, ports, .. } in placed {
        floor.holds.place(hold, ports);
    }
    drop(watch);
    floor.note_recorded(completed);
    Ok(Input::Recorded(recorded))
}

fn ask_signer<S, E, T, F: std::error::Error>(
    floor: &Floor<S, E>,
    ask: impl FnMut() -> Result<T, F>,
) -> Result<T, Failure> {
    with_patience(floor, |_| true, ask).map_err(|error| Failure::Hsm(error.to_string()))
}

/// A look-up may need a checkpoint, and that one a signature.
fn ask_ledger<S, E, T>(
    floor: &Floor<S, E>,
    ask: impl FnMut() -> Result<T, LedgerError>,
) -> Result<T, Failure> {
    let signer_failed = |error: &LedgerError| matches!(error, LedgerError::NotCheckpointed { .. });
    Ok(with_patience(floor, signer_failed, ask)?)
}

fn with_patience<S, E, T, F>(
    floor: &Floor<S, E>,
    worth_waiting: impl Fn(&F) -> bool,
    mut ask: impl FnMut() -> Result<T, F>,
) -> Result<T, F> {
    let mut level = floor.stop.level();
    for wait in SIGNER_BACK_OFF {
        match ask() {
            Err(failure) if level < StopLevel::Halted && worth_waiting(&failure) => {
                level = floor.stop.wait(level, wait);
            }
            ended => return ended,
        }
    }
    ask()
}
