//! What all lanes have in common: keys, ledger, clock, the wish to stop, holds, and how far the
//! batch is.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::boards_in_work::BoardsInWork;
use super::clock_guard::{ClockGuard, ClockJump};
use super::control::{BatchHeld, LaneStatus, LineStatus};
use super::hold::{Hold, Holds};
use super::label_desk::LabelDesk;
use super::lane_event::{LaneEvent, News};
use super::stop::{StopLevel, StopSignal};
use super::stop_watch::StopWatch;
use super::wire_tap::WireTaps;
use crate::ledger::event::{Actor, Event, Fact};
use crate::ledger::standing::Durability;
use crate::ledger::{EventStore, LedgerError};
use crate::names::{BatchId, LaneName};
use crate::provisioning::Step;

/// What all lanes have in common.
#[derive(Debug)]
pub struct Floor<S, E> {
    /// The keys.
    pub signer: S,
    /// The ledger.
    pub store: E,
    /// The time.
    pub clock: ClockGuard,
    /// Whether to stop.
    pub stop: StopSignal,
    /// Lanes that take no board.
    pub holds: Holds,
    /// What the stop rules know of the batch.
    watch: Mutex<StopWatch>,
    /// How far the batch is.
    pub production: Production,
    /// Which board is in work on which lane.
    pub boards: BoardsInWork,
    /// Lanes that wait for a label to be scanned.
    pub labels: LabelDesk,
    /// What each lane is doing, for `status`.
    pub sight: Sight,
    /// The last frames on each lane's wire.
    pub taps: WireTaps,
}

impl<S, E> Floor<S, E> {
    /// Nothing held, nothing stopped.
    pub fn new(signer: S, store: E, clock: ClockGuard, production: Production) -> Self {
        Self {
            signer,
            store,
            clock,
            stop: StopSignal::default(),
            holds: Holds::default(),
            watch: Mutex::default(),
            production,
            boards: BoardsInWork::default(),
            labels: LabelDesk::default(),
            sight: Sight::default(),
            taps: WireTaps::default(),
        }
    }

    /// What the stop rules know of the batch. Whoever records a verdict, or clears a hold, has it meanwhile.
    pub fn watch(&self) -> MutexGuard<'_, StopWatch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what became durable: once every place is taken, no lane begins another board.
    pub(super) fn note_recorded(&self, provisioned: u32) {
        if provisioned > 0 && self.production.add(provisioned) {
            self.stop.raise(StopLevel::Finishing);
        }
    }

    /// A person says that the clock is right after its jump. Recorded first: where that fails, no
    /// lane goes on. Gives the jump, if there was one.
    ///
    /// # Errors
    /// Where it cannot be recorded.
    pub fn accept_clock(
        &self,
        reason: String,
        actor: Actor,
    ) -> Result<Option<ClockJump>, LedgerError>
    where
        E: EventStore,
    {
        let Some(proposal) = self.clock.proposal() else {
            return Ok(None);
        };
        let accepted = Event {
            time: proposal.from.utc,
            batch: None,
            session: None,
            fact: Fact::ClockAccepted { reason, actor },
        };
        self.store.record(vec![accepted], Durability::Durable)?;
        self.clock.accept(&proposal);
        Ok(Some(proposal.jump))
    }

    /// How the line is doing.
    pub fn status(&self) -> LineStatus {
        let mut lanes = self.sight.lanes();
        for lane in &mut lanes {
            // A lane whose port is missing has not told yet that it is held.
            if let Some(hold) = self.holds.of(&lane.lane) {
                lane.held = lane.held.or(Some(hold.code));
                lane.held_as = Some(hold.name().to_owned());
            }
        }
        LineStatus {
            process: std::process::id(),
            batch: self.production.batch.clone(),
            provisioned: self.production.provisioned(),
            quantity: self.production.quantity,
            verdicts: lanes.iter().map(|lane| lane.verdicts).sum(),
            batch_held: self.holds.of_batch().map(|hold| BatchHeld {
                code: hold.code,
                detail: hold.detail,
            }),
            lanes,
        }
    }
}

/// How far the batch is.
#[derive(Debug)]
pub struct Production {
    batch: BatchId,
    quantity: u32,
    provisioned: AtomicU32,
}

impl Production {
    /// A batch with so many boards provisioned before.
    #[must_use]
    pub fn new(batch: BatchId, quantity: u32, provisioned_before: u32) -> Self {
        Self {
            batch,
            quantity,
            provisioned: AtomicU32::new(provisioned_before),
        }
    }

    /// The batch.
    #[must_use]
    pub fn batch(&self) -> &BatchId {
        &self.batch
    }

    /// How many boards it is to have.
    #[must_use]
    pub fn quantity(&self) -> u32 {
        self.quantity
    }

    /// How many it has.
    #[must_use]
    pub fn provisioned(&self) -> u32 {
        self.provisioned.load(Ordering::SeqCst)
    }

    /// Whether every place is taken.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.provisioned() >= self.quantity
    }

    /// Adds boards; gives whether every place is taken now.
    fn add(&self, boards: u32) -> bool {
        self.provisioned.fetch_add(boards, Ordering::SeqCst);
        self.is_full()
    }
}

/// How many boards these events complete.
pub(super) fn boards_completed(events: &[Event]) -> u32 {
    let complete = |event: &&Event| matches!(event.fact, Fact::Provisioned { .. });
    u32::try_from(events.iter().filter(complete).count()).unwrap_or(u32::MAX)
}

/// What each lane was last seen doing.
#[derive(Debug, Default)]
pub struct Sight(Mutex<BTreeMap<LaneName, LaneStatus>>);

impl Sight {
    pub(super) fn add_lane(&self, lane: &LaneName, port: &str) {
        let status = LaneStatus {
            lane: lane.clone(),
            port: port.to_owned(),
            doing: "starting".to_owned(),
            in_work: false,
            held: None,
            held_as: None,
            verdicts: 0,
        };
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.insert(lane.clone(), status);
    }

    pub(super) fn note(&self, event: &LaneEvent) {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(status) = lanes.get_mut(&event.lane) else {
            return;
        };
        match &event.news {
            News::Step(step) => status.in_work = *step != Step::AwaitingBoard,
            News::Verdict(_) | News::Ended(_) => status.in_work = false,
            _ => {}
        }
        match &event.news {
            News::PortMissing(reason) => status.doing = reason.to_string(),
            News::PortOpen => "port open".clone_into(&mut status.doing),
            News::AdapterChanged(change) => {
                status.doing = change.to_string();
            }
            News::Silent => "no board answers".clone_into(&mut status.doing),
            News::Step(step) => step.label().clone_into(&mut status.doing),
            News::Verdict(verdict) => {
                status.verdicts += 1;
                status.doing = format!("last board: {}", verdict.code);
            }
            News::Held(Hold { code, detail, .. }) => {
                status.held = Some(*code);
                status.doing = format!("held: {detail}");
            }
            News::Released => {
                status.held = None;
                status.held_as = None;
                "waiting for a board".clone_into(&mut status.doing);
            }
            News::Ended(_) => "ended".clone_into(&mut status.doing),
            News::AwaitsLabel => "waiting for a label".clone_into(&mut status.doing),
            News::Board { .. } => {}
        }
    }

    fn lanes(&self) -> Vec<LaneStatus> {
        let lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.values().cloned().collect()
    }
}
