//! Starts the lanes, hears what they say, and decides when the line is to stop.
//!
//! The line stops, letting boards in work finish, once
//!
//! 1. every place of the batch is taken (the [`Floor`] notices),
//! 2. so many verdicts were reached as were asked for (the lanes notice); a board in work at that moment on each
//!    other lane adds its own,
//! 3. no board was in work on any lane for the idle time, or
//! 4. the ledger failed on one lane.
//!
//! A person's wish to stop comes in from outside, by [`StopSignal`](super::stop::StopSignal).

use std::collections::BTreeMap;
use std::time::Duration;

use super::driver::BoardSession;
use super::floor::Floor;
use super::lane::{self, Lane};
use super::lane_event::{EventReceiver, LaneEnd, LaneEvent, LaneReporter, News, queue};
use super::link::Port;
use super::stop::StopLevel;
use super::verdict_limit::VerdictLimit;
use crate::clock::MonotonicMillis;
use crate::identity::signer::Signer;
use crate::ledger::EventStore;
use crate::names::LaneName;
use crate::provisioning::Step;

/// Longest wait for news between two looks at the stop rules.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// How long a lane's first board may take to answer before people are told, in milliseconds.
const SILENT_AFTER_MS: u64 = 10_000;

/// A lane to be started.
pub struct LanePlan<C> {
    /// Its name.
    pub name: LaneName,
    /// Its port.
    pub port: Box<dyn Port>,
    /// What each of its sessions needs to know.
    pub context: C,
}

impl<C> std::fmt::Debug for LanePlan<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LanePlan({} on {})", self.name, self.port.name())
    }
}

/// When to stop, besides a full batch.
#[derive(Clone, Copy, Debug, Default)]
pub struct StopRules {
    /// After so many verdicts.
    pub verdicts: Option<u64>,
    /// After so many milliseconds without a board in work.
    pub idle_ms: Option<u64>,
}

/// Why the line ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// Every place of the batch is taken.
    BatchFull,
    /// So many verdicts as were asked for.
    VerdictsReached,
    /// No board for the idle time.
    Idle,
    /// A person wished it, or another command closed the batch.
    Stopped,
    /// The ledger cannot be written.
    LedgerFailed {
        /// What it said.
        detail: String,
    },
    /// A mistake in this program ended a lane.
    Broken {
        /// The lane.
        lane: LaneName,
        /// What happened.
        end: LaneEnd,
    },
}

/// What a lane did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneTally {
    /// The lane.
    pub lane: LaneName,
    /// Its port.
    pub port: String,
    /// How many boards answered.
    pub boards_met: u64,
    /// How many verdicts there were.
    pub verdicts: u64,
    /// Why its port could not be opened, and what to do, where it is so still.
    pub trouble: Option<String>,
}

/// What the line did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineReport {
    /// Why it ended.
    pub end: LineEnd,
    /// What each lane did.
    pub lanes: Vec<LaneTally>,
}

/// Runs the lanes until all have ended. `listen` is called for each event, on the calling thread.
pub fn run<S: Signer, E: EventStore, M: BoardSession>(
    floor: &Floor<S, E>,
    plans: Vec<LanePlan<M::Context>>,
    rules: StopRules,
    listen: impl FnMut(&LaneEvent),
) -> LineReport {
    let (sender, receiver) = queue();
    let limit = VerdictLimit::new(rules.verdicts);
    let limit = &limit;
    let mut supervisor = Supervisor {
        floor,
        limit,
        idle_ms: rules.idle_ms,
        lanes: BTreeMap::new(),
        last_work: floor.clock.now().monotonic,
        end: None,
    };
    std::thread::scope(|scope| {
        for plan in plans {
            supervisor.add(&plan);
            let watch = EndWatch::new(LaneReporter::new(plan.name, sender.clone()));
            let lane = Lane {
                reporter: watch.reporter.clone(),
                port: plan.port,
                context: plan.context,
            };
            let name = lane.reporter.lane().to_string();
            let work = move || watch.close(lane::run::<S, E, M>(floor, lane, limit));
            let spawned = std::thread::Builder::new()
                .name(name)
                .spawn_scoped(scope, work);
            // A thread that could not start has dropped its watch, which has told so.
            drop(spawned);
        }
        supervisor.watch(&receiver, listen);
    });
    supervisor.report()
}

/// Tells a lane's end, even where its thread panics.
struct EndWatch {
    reporter: LaneReporter,
    end: LaneEnd,
}

impl EndWatch {
    fn new(reporter: LaneReporter) -> Self {
        let end = LaneEnd::Panicked;
        Self { reporter, end }
    }

    fn close(mut self, end: LaneEnd) {
        self.end = end;
    }
}

impl Drop for EndWatch {
    fn drop(&mut self) {
        self.reporter.report(News::Ended(self.end.clone()));
    }
}

struct Supervisor<'a, S, E> {
    floor: &'a Floor<S, E>,
    limit: &'a VerdictLimit,
    idle_ms: Option<u64>,
    lanes: BTreeMap<LaneName, LaneState>,
    last_work: MonotonicMillis,
    end: Option<LineEnd>,
}

struct LaneState {
    tally: LaneTally,
    at_work: bool,
    running: bool,
    /// Since when its port is open without any board having answered; None once people were told.
    silent_since: Option<MonotonicMillis>,
}

impl<S: Signer, E: EventStore> Supervisor<'_, S, E> {
    fn add<C>(&mut self, plan: &LanePlan<C>) {
        self.floor.sight.add_lane(&plan.name, plan.port.name());
        let tally = LaneTally {
            lane: plan.name.clone(),
            port: plan.port.name().to_owned(),
            boards_met: 0,
            verdicts: 0,
            trouble: None,
        };
        let state = LaneState {
            tally,
            at_work: false,
            running: true,
            silent_since: None,
        };
        self.lanes.insert(plan.name.clone(), state);
    }

    fn watch(&mut self, receiver: &EventReceiver, mut listen: impl FnMut(&LaneEvent)) {
        while self.lanes.values().any(|lane| lane.running) {
            if let Some(event) = receiver.receive(LOOK_INTERVAL) {
                self.floor.sight.note(&event);
                self.note(&event);
                listen(&event);
            }
            for event in self.silent_lanes() {
                self.floor.sight.note(&event);
                listen(&event);
            }
            self.judge();
        }
    }

    fn note(&mut self, event: &LaneEvent) {
        let Some(lane) = self.lanes.get_mut(&event.lane) else {
            return;
        };
        match &event.news {
            News::Silent | News::AdapterChanged(_) | News::Board { .. } | News::AwaitsLabel => {}
            News::Step(Step::AwaitingBoard) => lane.at_work = false,
            News::Step(step) => {
                lane.silent_since = None;
                lane.tally.boards_met += u64::from(*step == Step::Identified);
                lane.at_work = true;
            }
            News::Verdict(_) => {
                lane.at_work = false;
                lane.tally.verdicts += 1;
                self.last_work = self.floor.clock.now().monotonic;
            }
            News::Ended(end) => {
                lane.running = false;
                lane.at_work = false;
                let lane = event.lane.clone();
                self.note_end(lane, end.clone());
            }
            News::PortOpen => {
                lane.tally.trouble = None;
                let first = lane.tally.boards_met == 0;
                lane.silent_since = first.then(|| self.floor.clock.now().monotonic);
            }
            News::PortMissing(reason) => {
                lane.at_work = false;
                lane.silent_since = None;
                lane.tally.trouble = Some(reason.to_string());
            }
            News::Held(_) | News::Released => {
                lane.at_work = false;
                lane.silent_since = None;
            }
        }
    }

    fn note_end(&mut self, lane: LaneName, end: LaneEnd) {
        let fault = match end {
            LaneEnd::Stopped => return,
            LaneEnd::LedgerFailed { detail } => LineEnd::LedgerFailed { detail },
            LaneEnd::Runaway | LaneEnd::Panicked => LineEnd::Broken { lane, end },
        };
        // Boards on other lanes are brought to a safe state as far as the ledger still allows.
        self.floor.stop.raise(StopLevel::Aborting);
        // A fault outranks whatever else made the line stop.
        self.end = Some(fault);
    }

    /// Lanes of which people must be told that nobody answers there.
    fn silent_lanes(&mut self) -> Vec<LaneEvent> {
        let now = self.floor.clock.now().monotonic;
        let mut silent = Vec::new();
        for (lane, state) in &mut self.lanes {
            let long = |since: &mut MonotonicMillis| now.since(*since) >= SILENT_AFTER_MS;
            if state.silent_since.take_if(long).is_some() {
                let (lane, news) = (lane.clone(), News::Silent);
                silent.push(LaneEvent { lane, news });
            }
        }
        silent
    }

    fn judge(&mut self) {
        let now = self.floor.clock.now().monotonic;
        if self.lanes.values().any(|lane| lane.at_work) {
            self.last_work = now;
        }
        if self.end.is_some() {
            return;
        }
        let idle = |limit| now.since(self.last_work) >= limit;
        let end = if self.floor.production.is_full() {
            LineEnd::BatchFull
        } else if self.limit.is_reached() {
            LineEnd::VerdictsReached
        } else if self.idle_ms.is_some_and(idle) {
            LineEnd::Idle
        } else {
            return;
        };
        self.floor.stop.raise(StopLevel::Finishing);
        self.end = Some(end);
    }

    fn report(self) -> LineReport {
        LineReport {
            end: self.end.unwrap_or(LineEnd::Stopped),
            lanes: self.lanes.into_values().map(|lane| lane.tally).collect(),
        }
    }
}
