//! `station device scrap`: a board of an open batch is thrown away.

use firmware_proto::Uid;
use serde::Serialize;

use super::context::Context;
use super::device::find;
use super::failure::Failure;
use super::owner::{self, Done, Owner};
use crate::access::Deed;
use crate::clock::UtcMillis;
use crate::ledger::event::{Actor, Event, Fact, ScrappingRecord};
use crate::ledger::standing::Durability;
use crate::ledger::{EventStore as _, LedgerError, Reader, Refusal};
use crate::line::control::ControlRequest;
use crate::names::BatchId;

/// Asks the owner of the home for it. A board that never proved its UID is named by the UID that it claimed.
pub(super) fn scrap(
    context: &Context,
    reader: Reader,
    (device, batch, reason): (&str, &BatchId, &str),
) -> Result<(), Failure> {
    let operator = context.operator_for(&context.home()?, Deed::ScrapBoard)?;
    let upper = serde_json::Value::String(device.to_ascii_uppercase());
    let uid = match find(&reader, device) {
        Ok(known) => known.uid,
        Err(unknown) => serde_json::from_value(upper).map_err(|_| unknown)?,
    };
    // The owner may need to write.
    drop(reader);
    let request = ControlRequest::ScrapBoard {
        batch: batch.clone(),
        uid,
        reason: reason.to_owned(),
        operator,
    };
    owner::show(context, owner::perform(context, &request)?);
    Ok(())
}

#[derive(Serialize)]
struct Scrapped<'a> {
    batch: &'a BatchId,
    uid: &'a Uid,
    reason: &'a str,
}

/// Records it; run by the owner of the home.
pub(super) fn record(
    owner: &Owner,
    (batch, uid, reason): (&BatchId, &Uid, &str),
    actor: &Actor,
    now: UtcMillis,
) -> Result<Done, Failure> {
    let event = Event {
        time: now,
        batch: Some(batch.clone()),
        session: None,
        fact: Fact::BoardScrapped(ScrappingRecord {
            uid: uid.clone(),
            reason: reason.to_owned(),
            actor: actor.clone(),
        }),
    };
    let recorded = owner.ledger.record(vec![event], Durability::Durable);
    recorded.map_err(|error| match &error {
        LedgerError::Refused(Refusal::NotScrapped { why, .. }) => Failure::usage(
            format_args!("board {uid} cannot be scrapped"),
            why.split("; ").next().unwrap_or(why),
            why.split("; ").nth(1).unwrap_or("nothing is to be done"),
        ),
        LedgerError::Refused(Refusal::BatchNotOpen(_)) => Failure::usage(
            format_args!("board {uid} cannot be scrapped"),
            format_args!("batch {batch} is not open"),
            "name the open batch in which it was presented; see station batch list",
        ),
        _ => error.into(),
    })?;
    let shown = Scrapped { batch, uid, reason };
    let json = serde_json::to_string(&shown).map_err(|error| {
        Failure::station("cannot show the board", error, "see station device history")
    })?;
    Ok(Done::Fact {
        text: format!("board {uid} is recorded as scrapped"),
        json,
    })
}
