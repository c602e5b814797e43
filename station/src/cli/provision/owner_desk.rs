//! Does for other commands what only the owner of the home can do, while the line runs.

use std::sync::Arc;

use super::StationFloor;
use crate::cli::context::OwnedStation;
use crate::cli::failure::Failure;
use crate::cli::owner::Owner;
use crate::ledger::event::{Actor, Assurance};
use crate::line::control::{ControlRequest, ControlResponse, Refusal};
use crate::line::control_socket::Handler;
use crate::line::stop::StopLevel;
use crate::names::{LaneName, OperatorId};
use crate::station_home::{OperatorConfig, Role};

/// Who may open and close batches, clear holds and accept the clock.
const ROLES: &[Role] = &[Role::Supervisor];

/// The owner's side of the control socket.
pub(super) struct OwnerDesk {
    floor: Arc<StationFloor>,
    operators: Vec<OperatorConfig>,
    office: Owner,
}

impl OwnerDesk {
    pub(super) fn handler(floor: Arc<StationFloor>, owned: &OwnedStation) -> Handler {
        let office = Owner {
            home: owned.home.clone(),
            pki: owned.pki.clone(),
            signer: owned.signer.clone(),
            ledger: floor.store.clone(),
        };
        let desk = Self {
            floor,
            operators: owned.home.config().operators.clone(),
            office,
        };
        Arc::new(move |request| desk.serve(request).unwrap_or_else(ControlResponse::Refused))
    }

    fn serve(&self, request: ControlRequest) -> Result<ControlResponse, Refusal> {
        if let Some(response) = self.office_work(&request) {
            return Ok(response);
        }
        match request {
            ControlRequest::Status => Ok(ControlResponse::Status(self.floor.status())),
            ControlRequest::AcceptClock { reason, operator } => self.accept_clock(reason, operator),
            ControlRequest::OpenBatch { .. }
            | ControlRequest::CloseBatch { .. }
            | ControlRequest::RevokeAndCloseBatch { .. }
            | ControlRequest::ClearHold { .. }
            | ControlRequest::ClearBatchHold { .. }
            | ControlRequest::ProveKeys
            | ControlRequest::Checkpoint
            | ControlRequest::KeptCheckpoint
            | ControlRequest::AddCosignatures { .. }
            | ControlRequest::ExportManifest { .. } => Err(Failure::station(
                "the line did not do it",
                "nobody took the request",
                "report this",
            )
            .to_refusal()),
        }
    }

    /// Batches, holds and manifests: the same work as where no station runs.
    fn office_work(&self, request: &ControlRequest) -> Option<ControlResponse> {
        let closes_ours = match request {
            ControlRequest::CloseBatch { batch, .. }
            | ControlRequest::RevokeAndCloseBatch { batch, .. } => {
                batch == self.floor.production.batch()
            }
            _ => false,
        };
        if closes_ours && let Some(busy) = self.busy_lane() {
            let busy = Failure::check(
                format_args!("batch {} cannot be closed", self.floor.production.batch()),
                format_args!("a board is in work on lane {busy}"),
                "let it have its verdict, then give the command again",
            );
            return Some(ControlResponse::Refused(busy.to_refusal()));
        }
        if let ControlRequest::ClearHold { .. } | ControlRequest::ClearBatchHold { .. } = request {
            return self.clear(request);
        }
        let response = self.office.answer(request, self.floor.clock.now().utc)?;
        if closes_ours && matches!(response, ControlResponse::Done { .. }) {
            self.floor.stop.raise(StopLevel::Finishing);
        }
        Some(response)
    }

    /// Recorded first: what goes on is free in the ledger too. No verdict is recorded meanwhile, so that the
    /// stop rules count from here on as they would after a start.
    fn clear(&self, request: &ControlRequest) -> Option<ControlResponse> {
        let mut watch = self.floor.watch();
        let response = self.office.answer(request, self.floor.clock.now().utc)?;
        match (request, &response) {
            (ControlRequest::ClearHold { lane, .. }, ControlResponse::Done { .. }) => {
                self.floor.holds.clear(lane);
                watch.clear_lane(lane);
            }
            (ControlRequest::ClearBatchHold { batch, .. }, ControlResponse::Done { .. })
                if batch == self.floor.production.batch() =>
            {
                self.floor.holds.clear_batch();
                watch.clear_batch();
            }
            _ => {}
        }
        drop(watch);
        Some(response)
    }

    fn busy_lane(&self) -> Option<LaneName> {
        let lanes = self.floor.status().lanes;
        lanes
            .into_iter()
            .find(|lane| lane.in_work)
            .map(|lane| lane.lane)
    }

    fn accept_clock(
        &self,
        reason: String,
        operator: OperatorId,
    ) -> Result<ControlResponse, Refusal> {
        let actor = self.supervisor(operator)?;
        let accepted = self.floor.accept_clock(reason, actor);
        let accepted = accepted.map_err(|error| Failure::from(error).to_refusal())?;
        let Some(jump) = accepted else {
            return Err(Failure::usage(
                "there is nothing to accept",
                "the clock has not jumped",
                "nothing is to be done",
            )
            .to_refusal());
        };
        let accepted = jump.to_string();
        Ok(done(
            format!("accepted: {accepted}"),
            &Accepted { accepted },
        ))
    }

    fn supervisor(&self, operator: OperatorId) -> Result<Actor, Refusal> {
        let known = self.operators.iter().find(|known| known.id == operator);
        if known.is_some_and(|known| ROLES.contains(&known.role)) {
            return Ok(Actor {
                operator,
                assurance: Assurance::Asserted,
            });
        }
        Err(Failure::usage(
            format_args!("operator {operator} may not do this"),
            "it takes the role supervisor",
            "ask somebody who has that role",
        )
        .to_refusal())
    }
}

#[derive(serde::Serialize)]
struct Accepted {
    accepted: String,
}

fn done(text: String, object: &impl serde::Serialize) -> ControlResponse {
    let json = serde_json::to_string(object).unwrap_or_else(|_| "{}".to_owned());
    ControlResponse::Done { text, json }
}
