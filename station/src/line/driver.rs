//! Drives one session: from the moment a lane is free until there is a verdict, or no board in
//! work and a
//! reason to stop.
//!
//! 1. Each input is handed over with the time at which it happened; actions are done in their
//!    order.
//! 2. A question is answered before the next action that follows from its answer.
//! 3. A board in work is never dropped: the session itself ends by deadlines and bounds, and at a halt
//!    records where the board stands.

use std::collections::VecDeque;
use std::time::Duration;

use firmware_proto::Uid;

#[cfg(feature = "crash-points")]
use super::crash_points;
use super::floor::Floor;
use super::lane_event::{LaneReporter, News};
use super::link::Link;
use super::questions::{self, Trouble};
use super::stop::StopLevel;
use super::timer::Timer;
use super::wire_tap::LaneTap;
use crate::clock::MonotonicMillis;
use crate::identity::signer::Signer;
use crate::ledger::EventStore;
use crate::ledger::event::Fact;
use crate::ledger::standing::{DeviceStanding, NoPlace};
#[cfg(feature = "crash-points")]
use crate::provisioning::Step;
use crate::provisioning::{Action, Input, LastBoard, Now, Session, SessionContext, Verdict};

/// Most bytes of one read.
const READ_BYTES: usize = 4096;

/// Most actions that may follow from one input; a whole board takes some sixty.
const MAX_ACTIONS_PER_INPUT: u32 = 1_000;

/// A read shorter than this that does not end a frame is the trickle of a slow line.
const TRICKLE_BYTES: usize = 64;

/// How long a trickle may gather before the next read, so that a slow line costs no wake-up a byte.
const GATHER: Duration = Duration::from_millis(2);

/// How long a label may be awaited, in milliseconds. Less than a session may take: then the board's work is put off.
const LABEL_WAIT_MS: u64 = 120_000;

/// How soon a label that was scanned is noticed.
const LABEL_LATENCY: Duration = Duration::from_millis(20);

/// What ends a frame on the wire.
const FRAME_DELIMITER: u8 = 0;

/// A state machine for one board; [`Session`] is the real one.
pub trait BoardSession: Sized {
    /// What one session needs to know.
    type Context: Clone + Send;

    /// Begins to wait for a board.
    fn begin(context: Self::Context, last: Option<LastBoard>, now: Now) -> (Self, Vec<Action>);

    /// Whether a board is in work: if not, the session may be dropped.
    fn has_board(&self) -> bool;

    /// The board of the session before, where it may still be in the fixture.
    fn last_board(&self, now: Now) -> Option<LastBoard>;

    /// Takes what happened; gives what is to be done.
    fn handle(&mut self, now: Now, input: Input) -> Vec<Action>;
}

impl BoardSession for Session {
    type Context = SessionContext;

    fn begin(context: SessionContext, last: Option<LastBoard>, now: Now) -> (Self, Vec<Action>) {
        Self::new(context, last, now)
    }

    fn has_board(&self) -> bool {
        self.has_board()
    }

    fn last_board(&self, now: Now) -> Option<LastBoard> {
        self.last_board(now)
    }

    fn handle(&mut self, now: Now, input: Input) -> Vec<Action> {
        self.handle(now, input)
    }
}

/// How a session came to its end.
#[derive(Debug)]
pub(super) enum Ended {
    /// With a verdict.
    Finished {
        verdict: Box<Verdict>,
        /// The HSM did not answer at some time.
        hsm_failed: bool,
        /// What the ledger said, where it failed: nothing may go on.
        ledger_failed: Option<String>,
        /// The port is gone too.
        port_lost: bool,
    },
    /// No board was in work when the port went.
    PortLost,
    /// No board was in work when something wanted the lane to stand still.
    Vacant {
        /// What is still to go from the fixture.
        last_board: Option<LastBoard>,
    },
    /// In the middle of the work.
    Halted,
    /// The session asked without end.
    Runaway,
}

/// One session and what it works with.
pub(super) struct Driver<'a, S, E, M> {
    floor: &'a Floor<S, E>,
    reporter: &'a LaneReporter,
    link: &'a mut dyn Link,
    tap: LaneTap,
    session: M,
    timer: Timer,
    #[cfg(feature = "crash-points")]
    step: Step,
    finished: Option<Verdict>,
    trouble: Trouble,
    port_lost: bool,
    runaway: bool,
    /// Of which wish to stop the session knows.
    told: StopLevel,
    /// The board whose label is awaited, and until when.
    label: Option<(Uid, MonotonicMillis)>,
}

impl<'a, S: Signer, E: EventStore, M: BoardSession> Driver<'a, S, E, M> {
    /// Works on one board.
    pub(super) fn run(
        floor: &'a Floor<S, E>,
        reporter: &'a LaneReporter,
        link: &'a mut dyn Link,
        context: M::Context,
        last_board: Option<LastBoard>,
    ) -> Ended {
        let (session, actions) = M::begin(context, last_board, floor.clock.now());
        let mut driver = Self {
            floor,
            reporter,
            link,
            tap: floor.taps.of(reporter.lane()),
            session,
            timer: Timer::default(),
            #[cfg(feature = "crash-points")]
            step: Step::AwaitingBoard,
            finished: None,
            trouble: Trouble::default(),
            port_lost: false,
            runaway: false,
            told: StopLevel::Running,
            label: None,
        };
        driver.perform(actions);
        let ended = driver.work();
        floor.boards.leave(reporter.lane());
        floor.labels.leave(reporter.lane());
        ended
    }

    fn work(mut self) -> Ended {
        let mut buffer = [0; READ_BYTES];
        loop {
            let level = self.floor.stop.level();
            if let Some(ended) = self.ended(level) {
                return ended;
            }
            if level >= StopLevel::Aborting && level > self.told {
                self.told = level;
                self.feed(if level == StopLevel::Halted {
                    Input::Halt
                } else {
                    Input::Abort
                });
                continue;
            }
            let now = self.floor.clock.now().monotonic;
            if self.timer.take_due(now) {
                self.feed(Input::Time);
                continue;
            }
            if let Some(answer) = self.label_answer(level, now) {
                self.feed(answer);
                continue;
            }
            match self.link.receive(&mut buffer, self.wait(now)) {
                Ok(0) => {}
                Ok(count) => {
                    let bytes = buffer.get(..count).unwrap_or_default();
                    self.tap.received(self.floor.clock.now().utc, bytes);
                    let trickle = count < TRICKLE_BYTES && bytes.last() != Some(&FRAME_DELIMITER);
                    self.feed(Input::Bytes(bytes.to_vec()));
                    if trickle {
                        self.floor.stop.wait(level, GATHER);
                    }
                }
                Err(_) => self.lose_port(),
            }
        }
    }

    fn wait(&self, now: MonotonicMillis) -> Duration {
        let wait = self.timer.wait(now);
        if self.label.is_some() {
            return wait.min(LABEL_LATENCY);
        }
        wait
    }

    /// The label that was awaited was scanned, or is awaited no longer.
    fn label_answer(&mut self, level: StopLevel, now: MonotonicMillis) -> Option<Input> {
        let (uid, until) = self.label.clone()?;
        let lane = self.reporter.lane();
        if let Some(scanned) = self.floor.labels.take(lane) {
            self.label = None;
            let answer = questions::reserve_scanned(self.floor, &mut self.trouble, &uid, scanned);
            self.tell_serial(uid, &answer);
            return Some(answer);
        }
        let waits = now < until && level < StopLevel::Aborting && !self.port_lost;
        if waits {
            return None;
        }
        self.label = None;
        self.floor.labels.leave(lane);
        Some(Input::Reserved(Err(NoPlace::NoLabel)))
    }

    /// Whether, and how, the session is over.
    fn ended(&mut self, level: StopLevel) -> Option<Ended> {
        if self.runaway {
            return Some(Ended::Runaway);
        }
        if let Some(verdict) = self.finished.take() {
            return Some(Ended::Finished {
                verdict: Box::new(verdict),
                hsm_failed: self.trouble.hsm,
                ledger_failed: self.trouble.ledger.take(),
                port_lost: self.port_lost,
            });
        }
        // Told so, a session with a board ends with a verdict; nobody waits for one that does not.
        if level == StopLevel::Halted && (self.told == level || !self.session.has_board()) {
            return Some(Ended::Halted);
        }
        if self.session.has_board() && !self.port_lost {
            return None;
        }
        if self.port_lost {
            return Some(Ended::PortLost);
        }
        let stand_still = level != StopLevel::Running
            || self.floor.clock.jump().is_some()
            || self.floor.holds.of(self.reporter.lane()).is_some();
        stand_still.then(|| Ended::Vacant {
            last_board: self.session.last_board(self.floor.clock.now()),
        })
    }

    fn feed(&mut self, input: Input) {
        let actions = self.session.handle(self.floor.clock.now(), input);
        self.perform(actions);
    }

    /// Tells the session once.
    fn lose_port(&mut self) {
        if !self.port_lost {
            self.port_lost = true;
            self.feed(Input::PortLost);
        }
    }

    fn perform(&mut self, actions: Vec<Action>) {
        let mut open = VecDeque::from(actions);
        let mut send_failed = false;
        for _ in 0..MAX_ACTIONS_PER_INPUT {
            let Some(action) = open.pop_front() else {
                if send_failed {
                    self.lose_port();
                }
                return;
            };
            #[cfg(feature = "crash-points")]
            let point = crash_points::before(&action, self.step);
            let answer = match action {
                Action::Send(bytes) => {
                    self.tap.sent(self.floor.clock.now().utc, &bytes);
                    send_failed |= !self.port_lost && self.link.send(&bytes).is_err();
                    None
                }
                Action::WakeAt(at) => {
                    self.timer.set(at);
                    None
                }
                Action::Report(step) => {
                    #[cfg(feature = "crash-points")]
                    {
                        self.step = step;
                    }
                    self.reporter.report(News::Step(step));
                    None
                }
                Action::Finish(verdict) => {
                    self.finished = Some(verdict);
                    None
                }
                question => self.ask(question),
            };
            #[cfg(feature = "crash-points")]
            crash_points::after(point);
            if let Some(answer) = answer {
                open.extend(self.session.handle(self.floor.clock.now(), answer));
            }
        }
        self.runaway = true;
    }

    /// Has a question answered, and tells which board it is about.
    fn ask(&mut self, question: Action) -> Option<Input> {
        if let Action::Record { events, .. } = &question {
            let opened = events.iter().find_map(|event| match &event.fact {
                Fact::SessionOpened { claimed_uid, .. } => Some(claimed_uid.clone()),
                _ => None,
            });
            if let Some(uid) = opened {
                let device_serial = None;
                self.reporter.report(News::Board { uid, device_serial });
            }
        }
        if let Action::Reserve { uid } = &question
            && self.floor.labels.asks()
        {
            let now = self.floor.clock.now().monotonic;
            self.label = Some((uid.clone(), now.plus(LABEL_WAIT_MS)));
            self.floor.labels.wait(self.reporter.lane(), uid);
            self.reporter.report(News::AwaitsLabel);
            return None;
        }
        let reserving = match &question {
            Action::Reserve { uid } => Some(uid.clone()),
            _ => None,
        };
        let lane = self.reporter.lane();
        let asked_about = match &question {
            Action::LookUpBoard { uid, .. } => Some(uid.clone()),
            _ => None,
        };
        let answer = questions::answer(self.floor, lane, &mut self.trouble, question);
        if let (Some(uid), Some(Input::Board(standing))) = (asked_about, &answer) {
            self.tell_known_serial(uid, standing);
        }
        if let (Some(uid), Some(answer)) = (reserving, &answer) {
            self.tell_serial(uid, answer);
        }
        answer
    }

    /// A board that was begun before has its serial already: nobody else on the line is given it.
    fn tell_known_serial(&self, uid: Uid, standing: &DeviceStanding) {
        let Some(serial) = standing.device_serial().cloned() else {
            return;
        };
        if self.floor.labels.asks() {
            self.floor.labels.has(self.reporter.lane(), &uid, &serial);
        }
        let device_serial = Some(serial);
        self.reporter.report(News::Board { uid, device_serial });
    }

    fn tell_serial(&self, uid: Uid, answer: &Input) {
        if let Input::Reserved(Ok(place)) = answer {
            let device_serial = Some(place.device_serial.clone());
            self.reporter.report(News::Board { uid, device_serial });
        }
    }
}
