//! Fulfils what is wished of the line itself: start, pause, end.

use std::sync::{Arc, PoisonError};

use super::clerk::Clerk;
use super::line_work::{EndedLine, Listeners, RunningLine};
use super::people::People;
use crate::access::Deed;
use crate::cli::failure::Failure;
use crate::cli::provision;
use crate::cli::provision::owner_desk::OwnerDesk;
use crate::cli::provision::preparation::{self, office};
use crate::clock::Clock as _;
use crate::ledger::Reader;
use crate::line::stop::StopLevel;
use crate::line::supervisor::LineEnd;
use crate::line::wishes::{self, LineState, Obstacle, Wish};
use crate::names::BatchId;
use crate::tui::event::StationNews;
use crate::tui::told::Told;
use crate::words::{RefusalReason, Trouble};

impl Clerk<'_> {
    pub(super) fn start_line(&mut self, batch: &BatchId) -> Result<(), Failure> {
        let actor = self.permitted(Deed::ProvisionBoards)?;
        self.refuse_what_is_in_the_way(Wish::Start, Some(batch))?;
        let (chosen, now) = (self.chosen.clone(), self.clock.utc());
        let of = actor.clone();
        let mut line = preparation::line(self.station, chosen, Some(batch), actor, now)?;
        let remarks = std::mem::take(&mut line.remarks);
        let reader = Reader::open(&self.station.owned.home.ledger())?;
        let desk = OwnerDesk::new(Arc::clone(&line.floor), office(self.station));
        let to = Listeners {
            events: self.events.clone(),
            orders: self.orders.clone(),
            frames: self.frames.clone(),
        };
        let running = RunningLine::start(line, &reader, &of.operator, to)?;
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(desk));
        self.line = Some(running);
        self.line_of = Some(of);
        self.resting = None;
        self.last_batch = Some(batch.clone());
        self.follow_alarms();
        for says in remarks {
            let trouble = Trouble::Remark;
            self.tell(StationNews::Told(Told::Trouble { trouble, says }));
        }
        Ok(())
    }

    /// Somebody wishes that it pauses.
    pub(super) fn pause_line(&self) -> Result<(), Failure> {
        let line = self.line.as_ref().map(RunningLine::state);
        may_pause(&self.people, line)?;
        self.pause();
        Ok(())
    }

    pub(super) fn pause(&self) {
        if let Some(line) = &self.line {
            line.floor.stop.raise(StopLevel::Finishing);
            self.tell(StationNews::LineIs(line.state()));
        }
    }

    /// The same that the screen shows grey, for whoever wished it before it was grey.
    pub(super) fn refuse_what_is_in_the_way(
        &self,
        wish: Wish,
        batch: Option<&BatchId>,
    ) -> Result<(), Failure> {
        let line = self.line.as_ref();
        let state = line.map_or(LineState::Paused, RunningLine::state);
        let works_on = line.map(|line| line.batch().as_str());
        let reader = Reader::open(&self.station.owned.home.ledger())?;
        let found = match batch {
            Some(name) => Some(reader.batch(name)?.ok_or_else(|| no_such_batch(name))?),
            None => None,
        };
        let found = found.as_ref().map(preparation::standing);
        let obstacle = wishes::obstacle(wish, (state, works_on), found.as_ref());
        obstacle.map_or(Ok(()), |obstacle| Err(in_the_way(obstacle)))
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
            resting,
        } = ended;
        self.resting = Some(resting);
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
            line: LineState::ended(floor.production.is_full()),
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

/// Whether somebody may pause the line now, which does that, or does not run.
fn may_pause(people: &People, line: Option<LineState>) -> Result<(), Failure> {
    people.permitted(Deed::PauseBatch)?;
    let state = line.unwrap_or(LineState::Paused);
    wishes::obstacle(Wish::Pause, (state, None), None)
        .map_or(Ok(()), |obstacle| Err(in_the_way(obstacle)))
}

fn no_such_batch(name: &BatchId) -> Failure {
    let why = format!("there is no batch {name}");
    Failure::usage("it was not done", why, "choose another").because(RefusalReason::BatchUnknown)
}

fn in_the_way(obstacle: Obstacle) -> Failure {
    let (why, next, reason) = match obstacle {
        Obstacle::LineRuns => (
            "the line is running",
            "pause it first",
            RefusalReason::LineRuns,
        ),
        Obstacle::BoardsFinish => (
            "the line is ending",
            "wait until it has ended, then do it once more",
            RefusalReason::LineEnding,
        ),
        Obstacle::LineStands => (
            "the line is not running",
            "nothing is to be done",
            RefusalReason::LineStands,
        ),
        Obstacle::NoOpenBatch => (
            "no open batch was named",
            "choose another",
            RefusalReason::BatchClosed,
        ),
        Obstacle::BatchFull => (
            "all boards of the batch are made",
            "close it, then open another",
            RefusalReason::BatchFull,
        ),
    };
    Failure::usage("it was not done", why, next).because(reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MonotonicMillis;
    use crate::ledger::fixture::new_ledger_at;
    use crate::station_home::{StationHome, home_with_operators};

    /// Somebody who came to the terminal, or nobody.
    fn signed_in(who: &str) -> People {
        let folder = home_with_operators(&[("op-7", "operator"), ("sv-7", "supervisor")]);
        let home = StationHome::open(folder.path()).unwrap();
        drop(new_ledger_at(&home.ledger()));
        let now = MonotonicMillis(1_000);
        let mut people = People::new(&home, now);
        people.identify(who, now).unwrap();
        assert_eq!(people.who().is_some(), who != "nobody");
        people
    }

    /// A wish may come from before the screen showed it grey.
    #[test]
    fn a_pause_is_refused_to_whoever_may_not_and_while_there_is_nothing_to_pause() {
        use LineState::{Finishing, Full, Running};
        let reason = |who: &str, line| {
            let refused = may_pause(&signed_in(who), line).err()?;
            refused.to_refusal().reason
        };
        for line in [None, Some(Running), Some(Finishing)] {
            assert_eq!(reason("nobody", line), Some(RefusalReason::NobodySignedIn));
            assert_eq!(reason("op-7", line), Some(RefusalReason::OtherRole));
        }
        for (line, expected) in [
            (None, Some(RefusalReason::LineStands)),
            (Some(Full), Some(RefusalReason::LineStands)),
            (Some(Finishing), Some(RefusalReason::LineEnding)),
            (Some(Running), None),
        ] {
            assert_eq!(reason("sv-7", line), expected, "{line:?}");
        }
    }
}
