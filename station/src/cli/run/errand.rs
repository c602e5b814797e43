//! One piece of the office's work, and whoever wishes it: it can be taken to another thread.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use crate::cli::failure::Failure;
use crate::cli::owner::Owner;
use crate::cli::provision::owner_desk::OwnerDesk;
use crate::clock::UtcMillis;
use crate::ledger::event::Actor;
use crate::line::control::{ControlRequest, ControlResponse};
use crate::tui::event::{Did, Event, Refused, StationNews};
use crate::tui::told::Told;
use crate::words::RefusalReason;

/// See the module.
pub(super) struct Errand {
    /// Of the line, where one runs.
    pub(super) desk: Option<Arc<OwnerDesk>>,
    pub(super) office: Owner,
    pub(super) actor: Actor,
    pub(super) now: UtcMillis,
    /// Where it is told what was done.
    pub(super) events: SyncSender<Event>,
}

impl Errand {
    /// Has it done, and tells so.
    pub(super) fn run(self, request: ControlRequest) -> Result<(), Failure> {
        let did = did(&request);
        let response = if let Some(desk) = self.desk {
            desk.answer_signed_in(request, self.actor)
        } else {
            let asked = self.office.signed_in(request, self.actor)?;
            self.office.answer_signed_in(&asked, self.now)
        };
        match response {
            ControlResponse::Done { .. } => {
                if let Some(did) = did {
                    tell(&self.events, StationNews::Told(Told::Did(did)));
                }
                Ok(())
            }
            ControlResponse::Refused(refusal) => Err(Failure::from_refusal(refusal)),
            ControlResponse::Ending => Err(Failure::usage(
                "it was not done",
                "the line is ending",
                "wait until it has ended, then do it once more",
            )
            .because(RefusalReason::LineEnding)),
            ControlResponse::Status(_)
            | ControlResponse::Document { .. }
            | ControlResponse::DocumentFile { .. } => Ok(()),
        }
    }
}

/// Tells the terminal.
pub(super) fn tell(events: &SyncSender<Event>, news: StationNews) {
    let _told = events.send(Event::Station(news));
}

/// A failure as the terminal shows it.
pub(super) fn refused(failure: &Failure) -> StationNews {
    let refusal = failure.to_refusal();
    StationNews::Refused(Refused {
        reason: refusal.reason,
        what: refusal.what,
        why: refusal.why,
        next: refusal.next,
    })
}

/// What is told of a wish that was done.
fn did(request: &ControlRequest) -> Option<Did> {
    Some(match request {
        ControlRequest::OpenBatch {
            batch, quantity, ..
        } => Did::OpenedBatch {
            batch: batch.to_string(),
            boards: *quantity,
        },
        ControlRequest::CloseBatch { batch, .. } => Did::ClosedBatch(batch.to_string()),
        ControlRequest::ClearHold { lane, .. } => Did::Cleared(lane.to_string()),
        ControlRequest::ClearBatchHold { batch, .. } => Did::Cleared(batch.to_string()),
        ControlRequest::AcceptClock { .. } => Did::AcceptedClock,
        ControlRequest::PrintLabel { device, .. } => Did::Printed(device.clone()),
        _ => return None,
    })
}
