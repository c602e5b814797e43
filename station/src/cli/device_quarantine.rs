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

/// Has the board set aside by whoever owns the home.
pub(super) fn ask_quarantine(
    context: &Context,
    uid: Uid,
    arguments: &QuarantineArguments,
) -> Result<(), Failure> {
    let (operator, reason) = asked_by(context, arguments)?;
    let request = ControlRequest::QuarantineBoard {
        uid,
        reason,
        operator,
    };
    owner::show(context, owner::perform(context, &request)?);
    Ok(())
}

/// Has the board released by whoever owns the home.
pub(super) fn ask_release(
    context: &Context,
    uid: Uid,
    arguments: &QuarantineArguments,
) -> Result<(), Failure> {
    let (operator, reason) = asked_by(context, arguments)?;
    let request = ControlRequest::ReleaseBoard {
        uid,
        reason,
        operator,
    };
    owner::show(context, owner::perform(context, &request)?);
    Ok(())
}

fn asked_by(
    context: &Context,
    arguments: &QuarantineArguments,
) -> Result<(OperatorId, String), Failure> {
    let home = context.home()?;
    let operator = context.operator_for(&home, Deed::QuarantineBoard)?;
    Ok((operator, arguments.reason.clone()))
}

/// Sets a board aside; run by the owner of the home.
pub(super) fn quarantine(
    owner: &Owner,
    uid: &Uid,
    reason: &str,
    actor: &Actor,
    now: UtcMillis,
) -> Result<Done, Failure> {
    if known(owner, uid)?.quarantined_at.is_some() {
        return Err(Failure::usage(
            format_args!("board {uid} is not set aside a second time"),
            "it is quarantined",
            format_args!("see station device show {uid}"),
        ));
    }
    let fact = Fact::BoardQuarantined(record(uid, reason, actor));
    let text = format!("board {uid} is quarantined; it gets nothing until it is released");
    done(owner, fact, now, text)
}

/// Lets a board go on; run by the owner of the home.
pub(super) fn release(
    owner: &Owner,
    uid: &Uid,
    reason: &str,
    actor: &Actor,
    now: UtcMillis,
) -> Result<Done, Failure> {
    if known(owner, uid)?.quarantined_at.is_none() {
        return Err(Failure::usage(
            format_args!("board {uid} is not released"),
            "it is not quarantined",
            format_args!("see station device show {uid}"),
        ));
    }
    let fact = Fact::BoardReleased(record(uid, reason, actor));
    let text = format!("board {uid} is released; it is again what it was before");
    done(owner, fact, now, text)
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

fn record(uid: &Uid, reason: &str, actor: &Actor) -> QuarantineRecord {
    QuarantineRecord {
        uid: uid.clone(),
        reason: reason.to_owned(),
        actor: actor.clone(),
    }
}

fn done(owner: &Owner, fact: Fact, now: UtcMillis, text: String) -> Result<Done, Failure> {
    let (Fact::BoardQuarantined(record) | Fact::BoardReleased(record)) = &fact else {
        return Err(owner::other_version());
    };
    let json = serde_json::json!({
        "uid": record.uid, "kind": fact.kind(), "reason": record.reason,
        "operator": record.actor.operator,
    });
    let event = Event {
        time: now,
        batch: None,
        session: None,
        fact,
    };
    owner.ledger.record(vec![event], Durability::Durable)?;
    let json = json.to_string();
    Ok(Done::Fact { text, json })
}
