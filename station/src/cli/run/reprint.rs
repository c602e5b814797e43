//! A label that is printed again, on a thread of its own: a printer that hangs keeps nobody from signing in, and
//! no scan waiting.
//!
//! 1. One at a time: what a person wishes while one is at the printer is refused.
//! 2. At the end it is waited for, at most [`LEAVING`](crate::worker::LEAVING). What is printed after that is not in the ledger.

use std::time::Duration;

use super::errand::{Errand, refused, tell};
use crate::cli::failure::Failure;
use crate::line::control::ControlRequest;
use crate::words::RefusalReason;
use crate::worker::Worker;

/// The label that is at the printer, where one is.
#[derive(Debug, Default)]
pub(super) struct Reprint {
    under_way: Option<Worker>,
}

impl Reprint {
    /// Has it printed; never waits. What comes of it is told by an event.
    pub(super) fn begin(
        &mut self,
        errand: Errand,
        device: String,
        reason: String,
    ) -> Result<(), Failure> {
        if self.is_at_the_printer() {
            return Err(Failure::usage(
                "the label was not printed again",
                "another label is at the printer",
                "wait until that one is printed, or see to the printer",
            )
            .because(RefusalReason::PrinterBusy));
        }
        let work = move || {
            let events = errand.events.clone();
            let request = ControlRequest::PrintLabel {
                device,
                reason,
                operator: errand.actor.operator.clone(),
            };
            if let Err(failure) = errand.run(request) {
                tell(&events, refused(&failure));
            }
        };
        let worker = Worker::start("reprint", work).map_err(|error| {
            let to_do = "see whether the machine is out of threads, then wish it once more";
            Failure::station("the label was not printed again", error, to_do)
        })?;
        self.under_way = Some(worker);
        Ok(())
    }

    fn is_at_the_printer(&self) -> bool {
        let worker = self.under_way.as_ref();
        worker.is_some_and(|worker| !worker.ends_within(Duration::ZERO))
    }

    /// Waits for it, as far as it is waited for.
    pub(super) fn await_end(&mut self) {
        if let Some(worker) = self.under_way.take() {
            worker.end();
        }
    }
}
