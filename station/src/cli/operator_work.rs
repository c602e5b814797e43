//! Enrolling operators and changing what they prove themselves with: the work of the process that owns the
//! home.

use super::failure::Failure;
use super::owner::{Done, Owner};
use crate::access::{AccessError, BadgeCode, NewOperator, OperatorPin, Register, Secret};
use crate::clock::UtcMillis;
use crate::ledger::EventStore as _;
use crate::ledger::event::{
    Actor, CredentialChangedRecord, Event, Fact, OperatorEnrolledRecord, OperatorStateRecord,
};
use crate::ledger::standing::Durability;
use crate::line::control::ControlRequest;
use crate::names::OperatorId;
use crate::role::Role;

/// Does what is asked about operators; None where that is not what is asked.
pub(super) fn perform(
    owner: &Owner,
    request: &ControlRequest,
    actor: &Actor,
    now: UtcMillis,
) -> Result<Option<Done>, Failure> {
    Ok(Some(match request {
        ControlRequest::EnrolOperator {
            subject,
            role,
            badge,
            pin,
            ..
        } => enrol(owner, (subject, *role), badge.as_ref(), pin, actor, now)?,
        ControlRequest::DisableOperator {
            subject, reason, ..
        } => set_disabled(owner, subject, true, reason, actor, now)?,
        ControlRequest::EnableOperator {
            subject, reason, ..
        } => set_disabled(owner, subject, false, reason, actor, now)?,
        ControlRequest::ChangePin { subject, pin, .. } => {
            change_pin(owner, subject, pin, actor, now)?
        }
        ControlRequest::ChangeBadge { subject, badge, .. } => {
            change_badge(owner, subject, badge, actor, now)?
        }
        _ => return Ok(None),
    }))
}

/// Enrols somebody: first what proves who they are, then the ledger's word that they are enrolled.
fn enrol(
    owner: &Owner,
    (subject, role): (&OperatorId, Role),
    badge: Option<&Secret>,
    pin: &Secret,
    actor: &Actor,
    now: UtcMillis,
) -> Result<Done, Failure> {
    let register = Register::of(&owner.home.paths());
    let badge = badge.map(badge_code).transpose()?;
    let book = register.book()?;
    book.may_enrol(subject, role, badge.as_ref())?;
    let pin = chosen(pin)?;
    book.may_choose(&pin, badge.as_ref())?;
    let record = OperatorEnrolledRecord {
        operator: subject.clone(),
        role,
        badge: badge.is_some(),
        actor: actor.clone(),
    };
    register.enrol(NewOperator {
        id: subject.clone(),
        role,
        badge,
        pin: Register::hash(&pin)?,
    })?;
    record_fact(owner, Fact::OperatorEnrolled(record), now)?;
    Ok(done(
        subject,
        "enrolled",
        &format!("operator {subject} is enrolled as {role}"),
    ))
}

/// Lets somebody sign in no more, or again: the ledger's word counts.
fn set_disabled(
    owner: &Owner,
    subject: &OperatorId,
    disabled: bool,
    reason: &str,
    actor: &Actor,
    now: UtcMillis,
) -> Result<Done, Failure> {
    let register = Register::of(&owner.home.paths());
    let book = register.book()?;
    let known = book.find(subject);
    let known = known.ok_or_else(|| AccessError::Unknown(subject.clone()))?;
    let state = if disabled { "disabled" } else { "enabled" };
    if known.disabled == disabled {
        return Err(Failure::usage(
            format_args!("operator {subject} cannot be {state}"),
            "they are already",
            "see station operator list",
        ));
    }
    if disabled {
        book.may_disable(subject)?;
    }
    let record = OperatorStateRecord {
        operator: subject.clone(),
        reason: reason.to_owned(),
        actor: actor.clone(),
    };
    let fact = if disabled {
        Fact::OperatorDisabled(record)
    } else {
        Fact::OperatorEnabled(record)
    };
    record_fact(owner, fact, now)?;
    Ok(done(
        subject,
        state,
        &format!("operator {subject} is {state}"),
    ))
}

/// Gives somebody another PIN.
fn change_pin(
    owner: &Owner,
    subject: &OperatorId,
    pin: &Secret,
    actor: &Actor,
    now: UtcMillis,
) -> Result<Done, Failure> {
    let register = Register::of(&owner.home.paths());
    let pin = chosen(pin)?;
    register.book()?.may_choose(&pin, None)?;
    register.set_pin(subject, Register::hash(&pin)?)?;
    let record = changed(subject, actor);
    record_fact(owner, Fact::PinChanged(record), now)?;
    Ok(done(
        subject,
        "pin-changed",
        &format!("operator {subject} has another PIN"),
    ))
}

/// Gives somebody another badge.
fn change_badge(
    owner: &Owner,
    subject: &OperatorId,
    badge: &Secret,
    actor: &Actor,
    now: UtcMillis,
) -> Result<Done, Failure> {
    let register = Register::of(&owner.home.paths());
    register.set_badge(subject, &badge_code(badge)?)?;
    let record = changed(subject, actor);
    record_fact(owner, Fact::BadgeChanged(record), now)?;
    Ok(done(
        subject,
        "badge-changed",
        &format!("operator {subject} has another badge"),
    ))
}

fn changed(subject: &OperatorId, actor: &Actor) -> CredentialChangedRecord {
    CredentialChangedRecord {
        operator: subject.clone(),
        actor: actor.clone(),
    }
}

fn record_fact(owner: &Owner, fact: Fact, now: UtcMillis) -> Result<(), Failure> {
    let event = Event::of_station(now, fact);
    owner.ledger.record(vec![event], Durability::Durable)?;
    Ok(())
}

fn badge_code(badge: &Secret) -> Result<BadgeCode, Failure> {
    BadgeCode::parse(badge.expose()).ok_or_else(|| {
        Failure::usage(
            "the badge cannot be used",
            "it is no badge's code",
            "scan it again",
        )
    })
}

fn chosen(pin: &Secret) -> Result<OperatorPin, Failure> {
    OperatorPin::choose(pin.expose())
        .map_err(|fault| Failure::usage("the PIN cannot be used", fault, "choose another"))
}

fn done(subject: &OperatorId, what: &str, text: &str) -> Done {
    Done::Fact {
        text: text.to_owned(),
        json: serde_json::json!({ "operator": subject, "done": what }).to_string(),
    }
}
