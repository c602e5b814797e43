//! Does for other commands what only the owner of the home can do, while the line runs.

use std::sync::Arc;

use super::StationFloor;
use crate::cli::authority::Authorised;
use crate::cli::failure::Failure;
use crate::cli::owner::Owner;
use crate::ledger::event::Actor;
use crate::line::control::{ControlRequest, ControlResponse};
use crate::line::control_socket::Handler;
use crate::line::stop::StopLevel;
use crate::names::LaneName;
use crate::words::RefusalReason;

/// The owner's side of the control socket.
pub(in crate::cli) struct OwnerDesk {
    floor: Arc<StationFloor>,
    office: Owner,
}

impl OwnerDesk {
    pub(in crate::cli) const fn new(floor: Arc<StationFloor>, office: Owner) -> Self {
        Self { floor, office }
    }

    pub(in crate::cli) fn handler(self) -> Handler {
        Arc::new(move |request| self.answer(&request))
    }

    /// Does what another command asks for.
    pub(in crate::cli) fn answer(&self, request: &ControlRequest) -> ControlResponse {
        let now = self.floor.clock.now().utc;
        let asked = self.office.authorise(request, now);
        self.answer_once(asked)
    }

    /// Does what somebody wishes who signed in at this process's terminal.
    pub(in crate::cli) fn answer_signed_in(
        &self,
        request: ControlRequest,
        actor: Actor,
    ) -> ControlResponse {
        let asked = self.office.signed_in(request, actor);
        self.answer_once(asked)
    }

    fn answer_once(&self, asked: Result<Authorised, Failure>) -> ControlResponse {
        asked
            .and_then(|asked| self.serve(&asked))
            .unwrap_or_else(|failure| ControlResponse::Refused(failure.to_refusal()))
    }

    fn serve(&self, asked: &Authorised) -> Result<ControlResponse, Failure> {
        if let Some(response) = self.office_work(asked) {
            return Ok(response);
        }
        match &asked.request {
            ControlRequest::Status => Ok(ControlResponse::Status(self.floor.status())),
            ControlRequest::AcceptClock { reason, .. } => {
                self.accept_clock(reason.clone(), asked.actor()?.clone())
            }
            _ => Err(Failure::station(
                "the line did not do it",
                "nobody took the request",
                "report this",
            )),
        }
    }

    /// Batches, holds and manifests: the same work as where no station runs.
    fn office_work(&self, asked: &Authorised) -> Option<ControlResponse> {
        let request = &asked.request;
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
            )
            .because(RefusalReason::BoardInWork);
            return Some(ControlResponse::Refused(busy.to_refusal()));
        }
        if let ControlRequest::ClearHold { .. } | ControlRequest::ClearBatchHold { .. } = request {
            return self.clear(asked);
        }
        let response = self.office.answer(asked, self.floor.clock.now().utc)?;
        if closes_ours && matches!(response, ControlResponse::Done { .. }) {
            self.floor.stop.raise(StopLevel::Finishing);
        }
        Some(response)
    }

    /// Recorded first: what goes on is free in the ledger too. No verdict is recorded meanwhile, so that the
    /// stop rules count from here on as they would after a start.
    fn clear(&self, asked: &Authorised) -> Option<ControlResponse> {
        let mut watch = self.floor.watch();
        let response = self.office.answer(asked, self.floor.clock.now().utc)?;
        match (&asked.request, &response) {
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

    fn accept_clock(&self, reason: String, actor: Actor) -> Result<ControlResponse, Failure> {
        let Some(jump) = self.floor.accept_clock(reason, actor)? else {
            return Err(Failure::usage(
                "there is nothing to accept",
                "the clock has not jumped",
                "nothing is to be done",
            ));
        };
        let accepted = jump.to_string();
        Ok(done(
            format!("accepted: {accepted}"),
            &Accepted { accepted },
        ))
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
