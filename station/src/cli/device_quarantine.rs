//! `station device quarantine` and `release`: boards that QA sets aside.

use clap::Args;
use firmware_proto::Uid;
use serde::Serialize;

use super::context::Context;
use super::failure::Failure;
use super::hold::reason;
use super::owner::{self, Done, Owner};
use crate::access::Deed;
use crate::clock::UtcMillis;
use crate::ledger::event::{Actor, Event, Fact, QuarantineRecord};
use crate::ledger::reader::DeviceOverview;
use crate::ledger::standing::Durability;
use crate::ledger::{EventStore as _, Reader};
use crate::line::control::ControlRequest;
use crate::names::OperatorId;

/// Which board, and why.
#[derive(Debug, Args)]
pub(crate) struct QuarantineArguments {
    /// UID or serial
    pub(super) device: String,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: String,
}

/// A board that is set aside, for people and programs.
#[derive(Serialize)]
pub(super) struct QuarantineView {
    since: String,
    reason: String,
    operator: OperatorId,
    /// The entry that set it aside.
    entry: u64,
}

impl QuarantineView {
    /// One line.
    pub(super) fn in_words(&self) -> String {
        let Self {
            since,
            reason,
            operator,
            ..
        } = self;
        format!("since {since} by {operator}: {reason}")
    }
}

/// Whether the board is set aside, by whom and why.
pub(super) fn of(
    reader: &Reader,
    device: &DeviceOverview,
) -> Result<Option<QuarantineView>, Failure> {
    let Some(entry) = device.quarantined_at else {
        return Ok(None);
    };
    let leaf = reader.entry(entry)?.leaf;
    match leaf.fact {
        Fact::BoardQuarantined(QuarantineRecord { reason, actor, .. }) => {
            Ok(Some(QuarantineView {
                since: leaf.time.to_string(),
                reason,
                operator: actor.operator,
                entry,
            }))
        }
        _ => Err(Failure::station(
            format_args!("cannot show the quarantine of board {}", device.uid),
            format_args!("entry {entry} holds none"),
            "run station ledger verify",
        )),
    }
}

/// Which way a board goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is set aside.
    Aside,
    /// It is released.
    Back,
}

impl Turn {
    /// What is refused where the board is so already, and why.
    fn refusal(self, uid: &Uid) -> Failure {
        let (what, why) = match self {
            Self::Aside => ("is not set aside a second time", "it is quarantined"),
            Self::Back => ("is not released", "it is not quarantined"),
        };
        Failure::usage(
            format_args!("board {uid} {what}"),
            why,
            format_args!("see station device show {uid}"),
        )
    }

    fn in_words(self, uid: &Uid) -> String {
        let what = match self {
            Self::Aside => "is quarantined; it gets nothing until it is released",
            Self::Back => "is released; it is again what it was before",
        };
        format!("board {uid} {what}")
    }

    fn fact(self, record: QuarantineRecord) -> Fact {
        match self {
            Self::Aside => Fact::BoardQuarantined(record),
            Self::Back => Fact::BoardReleased(record),
        }
    }
}

/// Has the board set aside or released by whoever owns the home.
pub(super) fn ask(
    context: &Context,
    uid: Uid,
    turn: Turn,
    arguments: &QuarantineArguments,
) -> Result<(), Failure> {
    let operator = context.operator_for(&context.home()?, Deed::QuarantineBoard)?;
    let reason = arguments.reason.clone();
    let request = match turn {
        Turn::Aside => ControlRequest::QuarantineBoard {
            uid,
            reason,
            operator,
        },
        Turn::Back => ControlRequest::ReleaseBoard {
            uid,
            reason,
            operator,
        },
    };
    owner::show(context, owner::perform(context, &request)?);
    Ok(())
}

/// Sets a board aside or lets it go on; run by the owner of the home.
pub(super) fn turn(
    owner: &Owner,
    uid: &Uid,
    turn: Turn,
    reason: &str,
    actor: &Actor,
    now: UtcMillis,
) -> Result<Done, Failure> {
    let is_aside = known(owner, uid)?.quarantined_at.is_some();
    if is_aside == (turn == Turn::Aside) {
        return Err(turn.refusal(uid));
    }
    let fact = turn.fact(QuarantineRecord {
        uid: uid.clone(),
        reason: reason.to_owned(),
        actor: actor.clone(),
    });
    let json = serde_json::json!({
        "uid": uid, "kind": fact.kind(), "reason": reason, "operator": actor.operator,
    });
    let event = Event::of_station(now, fact);
    owner.ledger.record(vec![event], Durability::Durable)?;
    Ok(Done::Fact {
        text: turn.in_words(uid),
        json: json.to_string(),
    })
}

fn known(owner: &Owner, uid: &Uid) -> Result<DeviceOverview, Failure> {
    let known = Reader::open(&owner.home.ledger())?.device(uid)?;
    known.ok_or_else(|| {
        Failure::usage(
            format_args!("there is no board {uid}"),
            "the ledger has none that proved that UID",
            "see station device list",
        )
    })
}
