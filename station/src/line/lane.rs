//! A lane: one port, one thread, one board after another.

use std::time::Duration;

use super::driver::{BoardSession, Driver, Ended};
use super::floor::Floor;
use super::hold::{Hold, HoldCause};
use super::hotplug;
use super::lane_event::{LaneEnd, LaneReporter, News};
use super::link::{Link, Port};
use super::session_budget::SessionBudget;
use super::stop::StopLevel;
use super::verdict_limit::VerdictLimit;
use crate::identity::signer::Signer;
use crate::ledger::EventStore;
use crate::ledger::event::{AdapterChangedRecord, Event, Fact};
use crate::ledger::standing::Durability;
use crate::provisioning::{LastBoard, Verdict};
use crate::verdict::{Outcome, VerdictCode};

/// How often a lane that stands still looks whether it may go on.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// Longest wait between two tries whether the HSM is back.
const MAX_HSM_INTERVAL: Duration = Duration::from_secs(5);

/// How long a noisy line must be quiet before another board is believed in.
const QUIET: Duration = Duration::from_millis(300);

/// Pause between two reads of noise, so that it costs the lane's time and not the machine's.
const NOISE_PAUSE: Duration = Duration::from_millis(10);

/// What a lane needs besides the floor.
pub struct Lane<C> {
    /// Its way to tell; names it.
    pub reporter: LaneReporter,
    /// Its port.
    pub port: Box<dyn Port>,
    /// What each session needs to know.
    pub context: C,
}

impl<C> std::fmt::Debug for Lane<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lane({} on {})", self.reporter.lane(), self.port.name())
    }
}

/// Runs the lane until the line stops.
pub(super) fn run<S: Signer, E: EventStore, M: BoardSession>(
    floor: &Floor<S, E>,
    lane: Lane<M::Context>,
    limit: &VerdictLimit,
) -> LaneEnd {
    let Lane {
        reporter,
        mut port,
        context,
    } = lane;
    let mut worker = Worker::<S, E, M> {
        floor,
        reporter: &reporter,
        limit,
        context,
        budget: SessionBudget::default(),
        last_board: None,
        hsm_failed: false,
    };
    loop {
        let Some(mut link) = hotplug::await_port(port.as_mut(), &floor.stop, &reporter) else {
            return LaneEnd::Stopped;
        };
        // Known anew at each opening: another adapter may have been plugged in.
        floor.holds.seat(reporter.lane(), port.known_as());
        if let Some(change) = port.adapter_change() {
            let fact = Fact::AdapterChanged(AdapterChangedRecord {
                lane: reporter.lane().clone(),
                port: port.name().to_owned(),
                before: change.before.clone(),
                now: change.now.clone(),
            });
            reporter.report(News::AdapterChanged(change));
            let event = Event {
                time: floor.clock.now().utc,
                batch: None,
                session: None,
                fact,
            };
            if let Err(error) = floor.store.record(vec![event], Durability::Durable) {
                let detail = error.to_string();
                return LaneEnd::LedgerFailed { detail };
            }
        }
        if let Some(end) = worker.work_on(link.as_mut()) {
            return end;
        }
    }
}

struct Worker<'a, S, E, M: BoardSession> {
    floor: &'a Floor<S, E>,
    reporter: &'a LaneReporter,
    limit: &'a VerdictLimit,
    context: M::Context,
    budget: SessionBudget,
    last_board: Option<LastBoard>,
    hsm_failed: bool,
}

impl<S: Signer, E: EventStore, M: BoardSession> Worker<'_, S, E, M> {
    /// One board after another; None where the port has gone.
    fn work_on(&mut self, link: &mut dyn Link) -> Option<LaneEnd> {
        loop {
            if !self.await_leave() {
                return Some(LaneEnd::Stopped);
            }
            let (context, last_board) = (self.context.clone(), self.last_board.clone());
            match Driver::<S, E, M>::run(self.floor, self.reporter, link, context, last_board) {
                Ended::Finished {
                    verdict,
                    hsm_failed,
                    ledger_failed,
                    port_lost,
                } => {
                    let noisy = verdict.code == VerdictCode::LinkNoise;
                    self.hsm_failed = hsm_failed;
                    self.conclude(*verdict);
                    if let Some(detail) = ledger_failed {
                        return Some(LaneEnd::LedgerFailed { detail });
                    }
                    if port_lost || (noisy && !self.await_quiet(link)) {
                        return None;
                    }
                }
                Ended::PortLost => return None,
                Ended::Vacant { last_board } => self.last_board = last_board,
                Ended::Halted => return Some(LaneEnd::Stopped),
                Ended::Runaway => return Some(LaneEnd::Runaway),
            }
        }
    }

    /// Tells the verdict and draws its consequences for the lane. A hold was placed when the verdict
    /// was recorded.
    fn conclude(&mut self, verdict: Verdict) {
        // A board that the HSM left unfinished stays in, and is taken up as soon as the HSM is
        // back.
        self.last_board = verdict.last_board.clone().filter(|_| !self.hsm_failed);
        if verdict.claimed_uid.is_some() || verdict.code.outcome() != Outcome::Error {
            if verdict.code != VerdictCode::Aborted {
                self.limit.count(&self.floor.stop);
            }
            self.reporter.report(News::Verdict(Box::new(verdict)));
        }
    }

    /// Waits until another board may be begun; false where the line stops first.
    fn await_leave(&mut self) -> bool {
        let mut told: Option<Hold> = None;
        let mut hsm_interval = LOOK_INTERVAL;
        loop {
            let level = self.floor.stop.level();
            if level != StopLevel::Running {
                return false;
            }
            let Some(hold) = self.reason_to_wait() else {
                if told.is_some() {
                    self.reporter.report(News::Released);
                }
                return self.await_budget();
            };
            let interval = if hold.code == VerdictCode::StationHsm {
                hsm_interval = (hsm_interval * 2).min(MAX_HSM_INTERVAL);
                hsm_interval
            } else {
                LOOK_INTERVAL
            };
            if told.as_ref().map(|told| (told.code, told.name())) != Some((hold.code, hold.name()))
            {
                self.reporter.report(News::Held(hold.clone()));
                told = Some(hold);
            }
            self.floor.stop.wait(level, interval);
        }
    }

    fn reason_to_wait(&mut self) -> Option<Hold> {
        // Reading the time is what notices a jump.
        self.floor.clock.now();
        if let Some(jump) = self.floor.clock.jump() {
            return Some(Hold {
                lane: self.reporter.lane().clone(),
                code: VerdictCode::StationClock,
                detail: jump.to_string(),
                batch: None,
                cause: HoldCause::Clock(jump),
                since: None,
            });
        }
        if let Some(hold) = self.floor.holds.of(self.reporter.lane()) {
            return Some(hold);
        }
        if self.hsm_failed {
            // Eight bytes that nobody uses: the smallest thing that an HSM can be asked for.
            match self.floor.signer.random(&mut [0; 8]) {
                Ok(()) => self.hsm_failed = false,
                Err(error) => {
                    return Some(Hold {
                        lane: self.reporter.lane().clone(),
                        code: VerdictCode::StationHsm,
                        detail: error.to_string(),
                        batch: None,
                        cause: HoldCause::Code,
                        since: None,
                    });
                }
            }
        }
        None
    }

    /// Waits until the faces have read enough and the minute has a session left.
    fn await_budget(&mut self) -> bool {
        loop {
            let level = self.floor.stop.level();
            if level != StopLevel::Running {
                return false;
            }
            if !self.reporter.await_room(LOOK_INTERVAL) {
                continue;
            }
            match self.budget.take(self.floor.clock.now().monotonic) {
                Ok(()) => return true,
                Err(wait_ms) => {
                    self.floor.stop.wait(level, Duration::from_millis(wait_ms));
                }
            }
        }
    }

    /// Throws noise away until the line is quiet: whatever screams there has had its verdict.
    /// False where
    /// the port has gone.
    fn await_quiet(&self, link: &mut dyn Link) -> bool {
        let mut buffer = [0; 1024];
        loop {
            let level = self.floor.stop.level();
            if level != StopLevel::Running {
                return true;
            }
            match link.receive(&mut buffer, QUIET) {
                Ok(0) => return true,
                Ok(_) => {
                    self.floor.stop.wait(level, NOISE_PAUSE);
                }
                Err(_) => return false,
            }
        }
    }
}
