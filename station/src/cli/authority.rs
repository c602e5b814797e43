//! Whether the owner of the home believes an operator, and lets them do it.

use super::failure::Failure;
use super::operator_proof::{may, refused};
use super::owner::Owner;
use crate::access::{BadgeCode, Deed, Moment, OperatorPin, Refused, Register};
use crate::clock::UtcMillis;
use crate::ledger::EventStore as _;
use crate::ledger::event::{Actor, Assurance, Event, Fact, SignInRefusedRecord};
use crate::ledger::standing::Durability;
use crate::line::control::{ControlRequest, Proof};
use crate::names::OperatorId;

/// A request whose operator was believed.
pub(crate) struct Authorised {
    /// What is asked for.
    pub(crate) request: ControlRequest,
    /// Who asks; None where nobody needs to.
    pub(crate) actor: Option<Actor>,
}

impl Authorised {
    /// Who asks, where somebody must.
    pub(crate) fn actor(&self) -> Result<&Actor, Failure> {
        self.actor.as_ref().ok_or_else(|| {
            Failure::usage(
                "nobody was named as operator",
                "this changes something, and the ledger records who did it",
                "give --operator ID or set STATION_OPERATOR",
            )
        })
    }
}

impl Owner {
    /// Finds out who asks, and whether they may.
    pub(crate) fn authorise(
        &self,
        asked: &ControlRequest,
        now: UtcMillis,
    ) -> Result<Authorised, Failure> {
        let (request, proof) = match asked {
            ControlRequest::Proven { proof, wish } => (&**wish, Some(proof)),
            bare => (bare, None),
        };
        if let ControlRequest::Proven { .. } = request {
            let why = "it has two proofs";
            return Err(Failure::usage(
                "the request cannot be done",
                why,
                "report this",
            ));
        }
        let actor = match (request.operator(), request.deed()) {
            (Some(operator), Some(deed)) => Some(self.acting(operator, proof, deed, now)?),
            _ => None,
        };
        Ok(Authorised {
            request: request.clone(),
            actor,
        })
    }

    /// A wish of somebody who signed in at this process's terminal, where they still may have it.
    pub(crate) fn signed_in(
        &self,
        request: ControlRequest,
        actor: Actor,
    ) -> Result<Authorised, Failure> {
        if let Some(deed) = request.deed() {
            may(&self.home, &actor.operator, deed)?;
        }
        let actor = Some(actor);
        Ok(Authorised { request, actor })
    }

    /// The actor that events name, where this operator is believed and may do it.
    pub(crate) fn acting(
        &self,
        operator: &OperatorId,
        proof: Option<&Proof>,
        deed: Deed,
        now: UtcMillis,
    ) -> Result<Actor, Failure> {
        may(&self.home, operator, deed)?;
        let register = Register::of(&self.home.paths());
        if register.book()?.is_empty() {
            return Ok(Actor {
                operator: operator.clone(),
                assurance: Assurance::Asserted,
            });
        }
        let Some(proof) = proof else {
            return Err(Failure::usage(
                format_args!("operator {operator} may not do this"),
                "they are enrolled with a PIN, and did not give it",
                "give the command at a terminal, or with --operator-pin-file FILE",
            ));
        };
        let believed = believe(&register, operator, proof);
        self.record_wrong_pins(&register, now)?;
        believed
    }

    /// Tells the ledger of wrong PINs, those of other processes too.
    pub(crate) fn record_wrong_pins(
        &self,
        register: &Register,
        now: UtcMillis,
    ) -> Result<(), Failure> {
        let wrong = register.unrecorded()?;
        if wrong.is_empty() {
            return Ok(());
        }
        let event = |(operator, count): &(OperatorId, u32)| {
            Event::of_station(
                now,
                Fact::SignInRefused(SignInRefusedRecord {
                    operator: operator.clone(),
                    count: *count,
                }),
            )
        };
        let events = wrong.iter().map(event).collect();
        self.ledger.record(events, Durability::Durable)?;
        Ok(register.recorded(&wrong)?)
    }
}

fn believe(register: &Register, operator: &OperatorId, proof: &Proof) -> Result<Actor, Failure> {
    let wrong = |why: &dyn std::fmt::Display| {
        Failure::usage(
            format_args!("operator {operator} may not do this"),
            why,
            "try again",
        )
    };
    let pin = OperatorPin::parse(proof.pin.expose()).map_err(|fault| wrong(&fault))?;
    let assurance = match &proof.badge {
        None => Assurance::Pin,
        Some(shown) => {
            let code = BadgeCode::parse(shown.expose());
            let book = register.book()?;
            let owner = code.and_then(|code| book.by_badge(&code));
            if owner.is_none_or(|owner| owner.id != *operator) {
                return Err(wrong(&"that badge is not theirs"));
            }
            Assurance::BadgeAndPin
        }
    };
    let now = Moment::now()?;
    let word = register.check_pin(operator, &pin, &now);
    word.map_err(|why: Refused| refused(operator, &why))?;
    Ok(Actor {
        operator: operator.clone(),
        assurance,
    })
}
