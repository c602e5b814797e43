//! Fulfils what is wished of the line itself: start, pause, end.

use std::sync::{Arc, PoisonError};

use super::clerk::Clerk;
use super::line_work::{EndedLine, Listeners, RunningLine};
use crate::cli::failure::Failure;
use crate::cli::provision;
use crate::cli::provision::owner_desk::OwnerDesk;
use crate::cli::provision::preparation::{self, office};
use crate::clock::Clock as _;
use crate::ledger::{LaneWear, Reader};
use crate::line::stop::StopLevel;
use crate::line::supervisor::LineEnd;
use crate::names::BatchId;
use crate::role::Role;
use crate::tui::event::StationNews;
use crate::tui::state::lanes::Wear;
use crate::words::{RefusalReason, Trouble};

impl Clerk<'_> {
    pub(super) fn start_line(&mut self, batch: &BatchId) -> Result<(), Failure> {
        let (actor, role) = self
            .people
            .who()
            .map_or_else(|| self.actor().map(|actor| (actor, Role::Auditor)), Ok)?;
        if let Err(denied) = crate::access::permits(role, crate::access::Deed::ProvisionBoards) {
            let what = format!("operator {} may not do this", actor.operator);
            return Err(
                Failure::usage(what, denied, "ask somebody who has that role")
                    .because(RefusalReason::OtherRole),
            );
        }
        if self.line.is_some() {
            let why = "the line is running";
            return Err(
                Failure::usage("the line was not started", why, "pause it first")
                    .because(RefusalReason::LineRuns),
            );
        }
        let (chosen, now) = (self.chosen.clone(), self.clock.utc());
        let mut line = preparation::line(self.station, chosen, Some(batch), actor, now)?;
        let remarks = std::mem::take(&mut line.remarks);
        let reader = Reader::open(&self.station.owned.home.ledger())?;
        self.tell(StationNews::Wear(wear(&reader)?));
        let desk = OwnerDesk::new(Arc::clone(&line.floor), office(self.station));
        let to = Listeners {
            events: self.events.clone(),
            orders: self.orders.clone(),
            frames: self.frames.clone(),
        };
        let running = RunningLine::start(line, &reader, to)?;
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(desk));
        self.line = Some(running);
        self.last_batch = Some(batch.clone());
        self.follow_alarms();
        for says in remarks {
            let trouble = Trouble::Remark;
            self.tell(StationNews::Trouble { trouble, says });
        }
        Ok(())
    }

    pub(super) fn pause(&self) {
        if let Some(line) = &self.line {
            line.floor.stop.raise(StopLevel::Finishing);
        }
    }

    pub(super) fn leave(&mut self) {
        self.leaving = true;
        if let Some(line) = &self.line {
            line.floor.stop.raise_by_person();
        }
    }

    pub(super) fn end_line(&mut self) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let Some(ended) = self.line.take().and_then(RunningLine::join) else {
            return;
        };
        let EndedLine {
            floor,
            report,
            labels,
            left,
        } = ended;
        self.left.extend(left);
        for news in labels {
            self.tell(news);
        }
        let fault = match (&report.end, floor.clock.jump()) {
            (LineEnd::LedgerFailed { .. } | LineEnd::Broken { .. }, _) => {
                provision::station_fault(&floor, &report).err()
            }
            _ => None,
        };
        self.tell(StationNews::LineEnded {
            full: floor.production.is_full(),
            fault: fault.as_ref().map(|fault| fault.why().to_owned()),
        });
        if fault.is_some() {
            self.fault = fault;
        }
        self.tell_health();
        if let Err(failure) = self.list_batches() {
            self.refuse(&failure);
        }
        let takes_up = std::mem::take(&mut self.takes_up);
        if takes_up
            && !self.leaving
            && let Err(failure) = self.take_up_work()
        {
            self.refuse(&failure);
        }
    }
}

/// What the lanes have seen so far, in all batches.
pub(super) fn wear(reader: &Reader) -> Result<Vec<(String, Wear)>, Failure> {
    let shown = |of: LaneWear| Wear {
        boards: of.verdicts,
        passed: of.passed,
        failed_in_a_row: of.failed_in_a_row,
    };
    let lanes = reader.lane_wear()?.into_iter();
    Ok(lanes
        .map(|(lane, of)| (lane.to_string(), shown(of)))
        .collect())
}
