//! The session: hands each input to the step that waits for it, and ends well or badly.
//!
//! 1. At most one question is open: a request on the wire, or an [`Action`] that is answered.
//! 2. A step that fails ends the session: certificate withdrawn where the step says so, verdict
//!    recorded, farewell to the board, [`Action::Finish`].
//! 3. A board that was reset or fell silent is greeted again and starts over at step 2; what the
//!    ledger knows then decides what is done again and what is not.

use firmware_proto::{Request, Response};

use super::action::{Action, LastBoard, Step, Verdict};
use super::answer::{Answer, Failure};
use super::awaiting::Awaiting;
use super::context::SessionContext;
use super::desk::{Desk, Ending};
use super::exchange::Outcome;
use super::expectation::{Interruption, refused};
use super::greeting::Greeting;
use super::input::{Input, Now};
use super::steps;
use super::timing::MAX_RESTARTS;
use crate::clock::MonotonicMillis;
use crate::verdict::{Outcome as VerdictOutcome, VerdictCode};

/// How often the farewell is sent; the board need not answer it.
const FAREWELL_ATTEMPTS: u8 = 3;

/// One board, from the first `Hello` to the recorded verdict.
#[derive(Debug)]
pub struct Session {
    desk: Desk,
    awaiting: Awaiting,
}

impl Session {
    /// Begins to wait for a board; `last_board` is what the session before left in the fixture.
    #[must_use]
    pub fn new(
        context: SessionContext,
        last_board: Option<LastBoard>,
        now: Now,
    ) -> (Self, Vec<Action>) {
        let mut desk = Desk::new(context, now);
        desk.report(Step::AwaitingBoard);
        desk.draw();
        let greeting = Greeting::first(last_board, now.monotonic);
        let mut session = Self {
            desk,
            awaiting: Awaiting::Board(greeting),
        };
        let actions = session.take_actions();
        (session, actions)
    }

    /// Whether a board is in work: if not, the session may be dropped at any time.
    #[must_use]
    pub fn has_board(&self) -> bool {
        match self.awaiting {
            Awaiting::Nothing => false,
            Awaiting::Board(_) => self.desk.met_at.is_some(),
            // A board that never said its name has a verdict all the same, and it is to be told.
            _ => true,
        }
    }

    /// The board of the session before, where it may still be in the fixture and no other was met.
    #[must_use]
    pub fn last_board(&self, now: Now) -> Option<LastBoard> {
        match &self.awaiting {
            Awaiting::Board(greeting) => greeting.last_board(now.monotonic),
            _ => None,
        }
    }

    /// Takes what happened; gives what is to be done, in this order.
    pub fn handle(&mut self, now: Now, input: Input) -> Vec<Action> {
        self.desk.now = now;
        match input {
            Input::Bytes(bytes) => self.bytes(&bytes),
            Input::Time => self.time(),
            Input::PortLost => self.leave_board(VerdictCode::LinkLost, "the port has gone"),
            Input::Halt => self.leave_board(VerdictCode::Aborted, "the station was left at once"),
            Input::Abort => self.desk.abort_wanted = true,
            Input::HsmFailed { detail } => self.hsm_failed(detail),
            Input::LedgerFailed { detail } => self.ledger_failed(detail),
            Input::Forbidden { code, detail } => {
                let code = code.unwrap_or(VerdictCode::StationLedger);
                self.awaiting = self.end(&Ending::new(code, detail));
            }
            answer => self.step(|desk, awaiting| steps::answered(desk, awaiting, answer)),
        }
        self.stop_where_it_is_safe();
        self.stop_when_overdue();
        self.take_actions()
    }

    fn take_actions(&mut self) -> Vec<Action> {
        if let Some(at) = self.deadline() {
            self.desk.actions.push(Action::WakeAt(at));
        }
        std::mem::take(&mut self.desk.actions)
    }

    fn deadline(&self) -> Option<MonotonicMillis> {
        let greeting = match &self.awaiting {
            Awaiting::Board(greeting) => greeting.deadline(),
            _ => None,
        };
        [self.desk.exchange.deadline(), greeting]
            .into_iter()
            .flatten()
            .min()
    }

    /// Runs one step on what is awaited, and deals with its end.
    fn step(&mut self, run: impl FnOnce(&mut Desk, Awaiting) -> Result<Awaiting, Interruption>) {
        let awaiting = std::mem::replace(&mut self.awaiting, Awaiting::Nothing);
        self.awaiting = match run(&mut self.desk, awaiting) {
            Ok(next) => next,
            Err(Interruption::Ending(ending)) => self.end(&ending),
            Err(Interruption::Refused(refusal)) => self.end(&refused(refusal)),
            Err(Interruption::Restart) => self.restart("the board was reset"),
            Err(Interruption::Doubted(ending)) => {
                let said = format!("{}: {}", ending.code, ending.detail);
                let awaiting = self.restart(&said);
                self.desk.doubted = Some(said);
                awaiting
            }
        };
        if let Awaiting::Farewell(verdict) = &self.awaiting
            && self.desk.exchange.deadline().is_none()
        {
            let verdict = (**verdict).clone();
            self.finish(verdict);
        }
    }

    /// What a board says without its key's signature, after it was ordered to lock, decides nothing: anyone
    /// on the wire could have said it, and a locked board whose certificate is revoked is lost.
    fn end(&mut self, ending: &Ending) -> Awaiting {
        self.desk.exchange.cancel();
        let failed = ending.code.outcome() == VerdictOutcome::Fail;
        let in_doubt = ending.code == VerdictCode::InDoubt;
        if self.desk.commit_sent && failed && !ending.signed && !in_doubt {
            let (code, detail) = (ending.code, &ending.detail);
            let detail = format!("ordered to lock, and then: {code}: {detail}");
            let doubt = Ending::new(VerdictCode::InDoubt, detail);
            return Awaiting::VerdictRecord(Box::new(self.desk.conclude(&doubt)));
        }
        Awaiting::VerdictRecord(Box::new(self.desk.conclude(ending)))
    }

    fn finish(&mut self, verdict: Verdict) {
        self.awaiting = Awaiting::Nothing;
        self.desk.actions.push(Action::Finish(verdict));
    }

    fn restart(&mut self, reason: &str) -> Awaiting {
        self.desk.exchange.cancel();
        self.desk.restarts = self.desk.restarts.saturating_add(1);
        if self.desk.restarts > MAX_RESTARTS || self.overdue() {
            let failure = Failure::Lost {
                attempts: self.desk.restarts,
            };
            let ending = self.desk.failed(&failure);
            return self.end(&ending);
        }
        let now = self.desk.now.monotonic;
        let until = now.plus(self.desk.context.timing.reconnect_ms);
        self.desk.draw();
        Awaiting::Board(Greeting::back(until, reason.to_owned(), now))
    }

    fn overdue(&self) -> bool {
        let met = self.desk.met_at;
        met.is_some_and(|met| {
            self.desk.now.monotonic.since(met) > self.desk.context.timing.session_ms
        })
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let outcome = self.desk.exchange.receive(self.desk.now.monotonic, bytes);
        let answered = outcome.done.is_some();
        self.advance(outcome);
        if !answered && matches!(self.awaiting, Awaiting::Board(_)) {
            self.step(|desk, awaiting| match awaiting {
                Awaiting::Board(greeting) => Ok(Awaiting::Board(
                    greeting.heard(desk).map_err(Interruption::Ending)?,
                )),
                other => Ok(other),
            });
        }
    }

    fn time(&mut self) {
        let outcome = self.desk.exchange.time(self.desk.now.monotonic);
        self.advance(outcome);
        if matches!(self.awaiting, Awaiting::Board(_)) {
            self.step(|desk, awaiting| match awaiting {
                Awaiting::Board(greeting) => Ok(Awaiting::Board(
                    greeting.time(desk).map_err(Interruption::Ending)?,
                )),
                other => Ok(other),
            });
        }
    }

    /// What the exchange wants sent, then what came of it.
    fn advance(&mut self, outcome: Outcome) {
        if !outcome.send.is_empty() {
            self.desk.actions.push(Action::Send(outcome.send));
        }
        match outcome.done {
            None => {}
            Some(Ok(answer)) => self.answered(answer),
            Some(Err(failure)) => self.failed(&failure),
        }
    }

    fn answered(&mut self, answer: Answer) {
        self.step(|desk, awaiting| steps::wire_answered(desk, awaiting, answer));
    }

    fn failed(&mut self, failure: &Failure) {
        match (&self.awaiting, failure) {
            (Awaiting::Board(_), _) => self.step(|desk, awaiting| match awaiting {
                Awaiting::Board(greeting) => greeting
                    .failed(desk, failure)
                    .map(Awaiting::Board)
                    .map_err(Interruption::Ending),
                other => Ok(other),
            }),
            (Awaiting::Farewell(verdict), _) => {
                let verdict = (**verdict).clone();
                self.finish(verdict);
            }
            (_, Failure::Lost { .. }) => {
                self.awaiting = self.restart(&failure.to_string());
            }
            _ => {
                let ending = self.desk.failed(failure);
                self.awaiting = self.end(&ending);
            }
        }
    }

    /// Ends without another word to the board; what was begun for it stays. The code is for a board that was not ordered
    /// to lock.
    fn leave_board(&mut self, code: VerdictCode, why: &str) {
        self.desk.displaced = true;
        match &self.awaiting {
            Awaiting::Board(_) if self.desk.met_at.is_none() => {}
            Awaiting::VerdictRecord(_) | Awaiting::Nothing => {}
            Awaiting::Farewell(verdict) => {
                let verdict = (**verdict).clone();
                self.finish(verdict);
            }
            _ => {
                let code = if self.desk.commit_sent {
                    VerdictCode::InDoubt
                } else {
                    code
                };
                self.awaiting = self.end(&Ending::new(code, why));
            }
        }
    }

    /// An intent that could not be signed stays open: the board finishes it when it comes again.
    fn hsm_failed(&mut self, detail: String) {
        if matches!(self.awaiting, Awaiting::Board(_)) && self.desk.met_at.is_none() {
            // Nobody has met a board yet, so there is nothing to record.
            let verdict = self
                .desk
                .verdict(&Ending::new(VerdictCode::StationHsm, detail));
            return self.finish(verdict);
        }
        let code = if self.desk.commit_sent {
            VerdictCode::InDoubt
        } else {
            VerdictCode::StationHsm
        };
        self.awaiting = self.end(&Ending::new(code, detail));
    }

    /// Nothing can be recorded any more, so the session ends at once.
    fn ledger_failed(&mut self, detail: String) {
        self.desk.exchange.cancel();
        let verdict = self
            .desk
            .verdict(&Ending::new(VerdictCode::StationLedger, detail));
        self.finish(verdict);
    }

    /// A board may ask for patience, but not without end.
    fn stop_when_overdue(&mut self) {
        if self.overdue() && self.desk.exchange.deadline().is_some() && !self.is_ending() {
            let seconds = self.desk.context.timing.session_ms / 1000;
            let ending = self.desk.failed(&Failure::Endless { seconds });
            self.awaiting = self.end(&ending);
        }
    }

    fn is_ending(&self) -> bool {
        matches!(
            self.awaiting,
            Awaiting::VerdictRecord(_) | Awaiting::Farewell(_) | Awaiting::Nothing
        )
    }

    /// Before the intent a board can be left at any time; after it, it is finished first.
    fn stop_where_it_is_safe(&mut self) {
        let asking = matches!(
            self.awaiting,
            Awaiting::Evidence(..) | Awaiting::Measurements(_) | Awaiting::Key(..)
        );
        if self.desk.abort_wanted && asking {
            self.awaiting = self.end(&Ending::new(VerdictCode::Aborted, "the work was stopped"));
        }
    }
}

/// The verdict is durable: tell the board.
pub(super) fn farewell(desk: &mut Desk, verdict: Box<Verdict>) -> Awaiting {
    let passed = verdict.code.outcome() == VerdictOutcome::Pass;
    let attempts = match verdict.code {
        VerdictCode::LinkLost | VerdictCode::LinkNoise | VerdictCode::InDoubt => 1,
        _ => FAREWELL_ATTEMPTS,
    };
    let request = Request::Farewell { passed };
    let frame = desk.exchange.ask(desk.now.monotonic, &request, attempts);
    desk.actions.push(Action::Send(frame));
    Awaiting::Farewell(verdict)
}

/// The board took leave, in whatever words.
pub(super) fn taken_leave(desk: &mut Desk, verdict: Box<Verdict>, answer: &Answer) -> Awaiting {
    if let Answer::Message(body) = answer
        && matches!(body.response(), Ok(Response::Done))
    {
        desk.exchange.cancel();
    }
    Awaiting::Farewell(verdict)
}
