//! Does for other commands what only the owner of the home can do, while the line runs.

use std::sync::Arc;

use super::StationFloor;
use crate::cli::context::OwnedStation;
use crate::ledger::event::{Actor, Assurance, Event, Fact};
use crate::ledger::standing::Durability;
use crate::ledger::{BatchClosing, BatchOpening, EventStore as _, LedgerError};
use crate::line::control::{ControlRequest, ControlResponse, Refusal};
use crate::line::control_socket::Handler;
use crate::line::stop::StopLevel;
use crate::names::{BatchId, LaneName, OperatorId};
use crate::profile::Profile;
use crate::station_home::{OperatorConfig, Role};

/// Who may open and close batches, clear holds and accept the clock.
const ROLES: &[Role] = &[Role::Supervisor];

/// The owner's side of the control socket.
pub(super) struct OwnerDesk {
    floor: Arc<StationFloor>,
    operators: Vec<OperatorConfig>,
    issuing_certificate: Vec<u8>,
}

impl OwnerDesk {
    pub(super) fn handler(floor: Arc<StationFloor>, owned: &OwnedStation) -> Handler {
        let desk = Self {
            floor,
            operators: owned.home.config().operators.clone(),
            issuing_certificate: owned.pki.issuing.der().to_vec(),
        };
        Arc::new(move |request| desk.serve(request).unwrap_or_else(ControlResponse::Refused))
    }

    fn serve(&self, request: ControlRequest) -> Result<ControlResponse, Refusal> {
        match request {
            ControlRequest::Status => Ok(ControlResponse::Status(self.floor.status())),
            ControlRequest::CloseBatch { batch, operator } => self.close_batch(batch, operator),
            ControlRequest::ClearHold {
                lane,
                reason,
                operator,
            } => self.clear_hold(&lane, reason, operator),
            ControlRequest::AcceptClock { reason, operator } => self.accept_clock(reason, operator),
            request @ ControlRequest::OpenBatch { .. } => self.open_batch(request),
            ControlRequest::ExportManifest { .. } => Err(refusal(
                1,
                "a manifest is not exported while the line runs",
                "stop the line first",
            )),
        }
    }

    fn open_batch(&self, request: ControlRequest) -> Result<ControlResponse, Refusal> {
        let ControlRequest::OpenBatch {
            batch,
            profile_name,
            profile_text,
            work_order,
            quantity,
            operator,
        } = request
        else {
            return Err(refusal(2, "no request to open a batch", "report this"));
        };
        let actor = self.supervisor(operator)?;
        let profile = Profile::parse(&profile_name, &profile_text)
            .map_err(|faults| refusal(2, faults, "correct the profile"))?;
        let opening = BatchOpening {
            time: self.floor.clock.now().utc,
            batch: batch.clone(),
            profile,
            work_order,
            quantity,
            issuing_certificate: self.issuing_certificate.clone(),
            actor,
        };
        self.floor
            .store
            .open_batch(opening)
            .map_err(|error| ledger_refusal(&error))?;
        Ok(done(format!("batch {batch} is open"), &Opened { batch }))
    }

    fn close_batch(
        &self,
        batch: BatchId,
        operator: OperatorId,
    ) -> Result<ControlResponse, Refusal> {
        let closing = BatchClosing {
            time: self.floor.clock.now().utc,
            batch: batch.clone(),
            actor: self.supervisor(operator)?,
        };
        self.floor
            .store
            .close_batch(closing)
            .map_err(|error| ledger_refusal(&error))?;
        if batch == *self.floor.production.batch() {
            self.floor.stop.raise(StopLevel::Finishing);
        }
        Ok(done(format!("batch {batch} is closed"), &Closed { batch }))
    }

    fn clear_hold(
        &self,
        lane: &LaneName,
        reason: String,
        operator: OperatorId,
    ) -> Result<ControlResponse, Refusal> {
        let actor = self.supervisor(operator)?;
        if self.floor.holds.of(lane).is_none() {
            let what = format!("lane {lane} is not held");
            return Err(refusal(2, what, "see station status"));
        }
        self.record(Fact::HoldCleared {
            lane: lane.clone(),
            reason,
            actor,
        })?;
        self.floor.holds.clear(lane);
        let lane = lane.clone();
        Ok(done(
            format!("lane {lane} takes boards again"),
            &Cleared { lane },
        ))
    }

    fn accept_clock(
        &self,
        reason: String,
        operator: OperatorId,
    ) -> Result<ControlResponse, Refusal> {
        let actor = self.supervisor(operator)?;
        let Some(jump) = self.floor.clock.accept() else {
            return Err(refusal(
                2,
                "the clock has not jumped",
                "nothing is to be done",
            ));
        };
        self.record(Fact::ClockAccepted { reason, actor })?;
        let accepted = jump.to_string();
        Ok(done(
            format!("accepted: {accepted}"),
            &Accepted { accepted },
        ))
    }

    fn record(&self, fact: Fact) -> Result<(), Refusal> {
        let event = Event {
            time: self.floor.clock.now().utc,
            batch: None,
            session: None,
            fact,
        };
        let recorded = self.floor.store.record(vec![event], Durability::Durable);
        recorded.map(drop).map_err(|error| ledger_refusal(&error))
    }

    fn supervisor(&self, operator: OperatorId) -> Result<Actor, Refusal> {
        let known = self.operators.iter().find(|known| known.id == operator);
        if known.is_some_and(|known| ROLES.contains(&known.role)) {
            return Ok(Actor {
                operator,
                assurance: Assurance::Asserted,
            });
        }
        let what = format!("operator {operator} may not do this: it takes a supervisor");
        Err(refusal(2, what, "ask somebody who has that role"))
    }
}

#[derive(serde::Serialize)]
struct Opened {
    batch: BatchId,
}

#[derive(serde::Serialize)]
struct Closed {
    batch: BatchId,
}

#[derive(serde::Serialize)]
struct Cleared {
    lane: LaneName,
}

#[derive(serde::Serialize)]
struct Accepted {
    accepted: String,
}

fn done(text: String, object: &impl serde::Serialize) -> ControlResponse {
    let json = serde_json::to_string(object).unwrap_or_else(|_| "{}".to_owned());
    ControlResponse::Done { text, json }
}

fn refusal(exit_status: u8, what: impl std::fmt::Display, next: &str) -> Refusal {
    Refusal {
        exit_status,
        what: what.to_string(),
        next: next.to_owned(),
    }
}

fn ledger_refusal(error: &LedgerError) -> Refusal {
    match error {
        LedgerError::Refused(rule) => refusal(1, rule, "see station batch show"),
        fault => refusal(3, fault, "see station doctor"),
    }
}
