//! Does what the terminal wishes, one wish after another, and answers by events. The only one beneath the
//! terminal that waits: for the ledger, the token, a PIN's hash.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};

use super::alarm_watch::AlarmWatch;
use super::errand;
use super::frame_watch::FrameWatch;
use super::health::Health;
use super::lasting_fault::LastingFault;
use super::line_work::{LeftBoard, RunningLine};
use super::office_wishes::a_reason;
use super::people::People;
use super::reprint::Reprint;
use super::resting::Resting;
use crate::access::Deed;
use crate::cli::failure::Failure;
use crate::cli::provision::chosen_lanes::ChosenLanes;
use crate::cli::provision::owner_desk::OwnerDesk;
use crate::cli::provision::preparation::{WorkingStation, office};
use crate::clock::{Clock, MonotonicMillis, UtcMillis};
use crate::ledger::event::{Actor, Event as LedgerEvent, Fact};
use crate::ledger::standing::Durability;
use crate::ledger::{EventStore as _, Reader};
use crate::line::clock_guard::ClockGuard;
use crate::line::control::ControlRequest;
use crate::line::control_socket::Handler;
use crate::line::system_clock::SystemClock;
use crate::line::wishes::Wish;
use crate::names::{BatchId, LaneName};
use crate::tui::action::Action;
use crate::tui::event::{Event, StationNews};
use crate::words::{RefusalReason, Trouble};

/// What the clerk is given.
pub(super) enum Order {
    /// The terminal wishes something.
    Wish(Action),
    /// The line has ended.
    LineEnded,
}

/// Who serves other commands while a line runs.
pub(super) type CurrentLine = Arc<Mutex<Option<Arc<OwnerDesk>>>>;

/// Serves other commands: the line's desk while one runs, else the office alone.
pub(super) fn handler(station: &WorkingStation, current: CurrentLine) -> Handler {
    let office = office(station);
    Arc::new(move |request| {
        let desk = current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match desk {
            Some(desk) => desk.answer(&request),
            None => office.answer_alone(&request, SystemClock::start().utc()),
        }
    })
}

/// See the module.
pub(super) struct Clerk<'a> {
    pub(super) station: &'a WorkingStation,
    pub(super) chosen: ChosenLanes,
    pub(super) events: SyncSender<Event>,
    pub(super) orders: Sender<Order>,
    pub(super) current: CurrentLine,
    pub(super) clock: SystemClock,
    pub(super) people: People,
    pub(super) line: Option<RunningLine>,
    /// In whose name it works.
    pub(super) line_of: Option<Actor>,
    /// What is left of the line before, while none runs.
    pub(super) resting: Option<Resting>,
    /// Somebody has signed in while a line that was paused had not ended yet: it is begun again.
    pub(super) takes_up: bool,
    reprint: Reprint,
    /// The batch that was worked on last.
    pub(super) last_batch: Option<BatchId>,
    /// How many verdicts there were when the clerk looked last.
    pub(super) verdicts: u64,
    /// When the clerk looked last.
    pub(super) looked: MonotonicMillis,
    /// None where the ledger could not be read yet.
    pub(super) alarms: Option<AlarmWatch>,
    /// Why they cannot be followed, as far as it was told.
    pub(super) unread: LastingFault,
    /// As it was told last.
    pub(super) health: Health,
    pub(super) frames: FrameWatch,
    pub(super) leaving: bool,
    pub(super) fault: Option<Failure>,
    /// Boards that a person who left did not wait for.
    pub(super) left: Vec<LeftBoard>,
}

/// What is told when the screen is gone.
pub(super) struct Parting {
    /// What made the line stop, where that was a fault of the station.
    pub(super) fault: Option<Failure>,
    /// Boards that were not waited for.
    pub(super) left: Vec<LeftBoard>,
}

impl<'a> Clerk<'a> {
    pub(super) fn new(
        station: &'a WorkingStation,
        chosen: ChosenLanes,
        events: SyncSender<Event>,
        orders: Sender<Order>,
        current: CurrentLine,
    ) -> Self {
        let clock = SystemClock::start();
        let people = People::new(&station.owned.home, clock.monotonic());
        Self {
            station,
            chosen,
            events,
            orders,
            current,
            looked: clock.monotonic(),
            clock,
            people,
            line: None,
            line_of: None,
            resting: None,
            takes_up: false,
            reprint: Reprint::default(),
            last_batch: None,
            verdicts: 0,
            alarms: None,
            unread: LastingFault::of(Trouble::Ledger),
            health: Health::default(),
            frames: FrameWatch::default(),
            leaving: false,
            fault: None,
            left: Vec::new(),
        }
    }

    /// Works until the person has left and the line has ended.
    pub(super) fn work(mut self, orders: &Receiver<Order>) -> Parting {
        self.follow_alarms();
        self.tell_health();
        loop {
            #[cfg(feature = "crash-points")]
            crate::tui::panic_point::pass("clerk");
            match orders.recv_timeout(self.until_look()) {
                Ok(Order::Wish(action)) => {
                    if !action.comes_by_itself() {
                        self.people.touched(self.clock.monotonic());
                    }
                    if let Err(failure) = self.fulfil(action) {
                        self.refuse(&failure);
                    }
                }
                Ok(Order::LineEnded) => self.end_line(),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            // Due whether it was quiet until then or not.
            if self.until_look().is_zero() {
                self.look();
            }
            if self.leaving && self.line.is_none() {
                break;
            }
        }
        self.reprint.await_end();
        let facts = self.people.end(self.clock.monotonic());
        if let Err(failure) = self.record(facts) {
            self.fault.get_or_insert(failure);
        }
        Parting {
            fault: self.fault,
            left: self.left,
        }
    }

    pub(super) fn tell(&self, news: StationNews) {
        errand::tell(&self.events, news);
    }

    pub(super) fn refuse(&self, failure: &Failure) {
        self.tell(errand::refused(failure));
    }

    fn fulfil(&mut self, action: Action) -> Result<(), Failure> {
        self.keep_badges_out(&action)?;
        match action {
            Action::Identify { badge } => self.identify(&badge),
            Action::Prove { pin, .. } => self.prove(&pin),
            Action::SignOut => self.sign_out(),
            Action::ListBatches => self.list_batches(),
            Action::OpenBatch(batch) => self.open_batch(&batch),
            Action::LookAtField { field, text } => self.look_at_field(field, text),
            Action::StartLine { batch } => self.start_line(&named(&batch, BatchId::parse)?),
            Action::PauseLine => self.pause_line(),
            Action::CloseBatch { batch } => {
                let batch = named(&batch, BatchId::parse)?;
                let operator = self.permitted(Deed::CloseBatch)?.operator;
                self.refuse_what_is_in_the_way(Wish::Close, Some(&batch))?;
                self.have_done(ControlRequest::CloseBatch { batch, operator })
            }
            Action::ClearHold {
                name,
                of_batch,
                since_ms,
                reason,
            } => self.clear_hold(&name, of_batch, UtcMillis(since_ms), reason),
            Action::AcceptClock { reason } => self.accept_clock(reason),
            Action::AcknowledgeAlarm {
                lane,
                uid,
                code,
                reason,
            } => self.acknowledge(&lane, uid.as_deref(), code, reason),
            Action::Scan {
                code,
                lane,
                look_up,
            } => self.scanned(&code, lane.as_ref(), look_up),
            Action::Reprint { device, reason } => {
                let (errand, reason) = (self.errand()?, a_reason(reason)?);
                self.reprint.begin(errand, device, reason)
            }
            Action::WatchLane { lane } => {
                let lane = lane.and_then(|lane| LaneName::parse(&lane).ok());
                self.frames.turn_to(lane);
                self.tell_frames();
                Ok(())
            }
            Action::Leave => {
                self.leave();
                Ok(())
            }
            Action::Present | Action::Redraw | Action::WriteRecording => Ok(()),
        }
    }

    pub(super) fn record(&self, facts: Vec<Fact>) -> Result<(), Failure> {
        if facts.is_empty() {
            return Ok(());
        }
        let time = self.now()?;
        let event = |fact| LedgerEvent::of_station(time, fact);
        let events = facts.into_iter().map(event).collect();
        self.station.store.record(events, Durability::Durable)?;
        Ok(())
    }

    pub(super) fn now(&self) -> Result<UtcMillis, Failure> {
        let of_line = self.line.as_ref().map(|line| &line.floor.clock);
        time_of_record(of_line, &self.clock, &self.station.owned.home.ledger())
    }

    pub(super) fn actor(&self) -> Result<Actor, Failure> {
        let who = self.people.who().map(|(actor, _)| actor);
        who.ok_or_else(nobody_signed_in)
    }

    /// Who is signed in, where their role lets them do it.
    pub(super) fn permitted(&self, deed: Deed) -> Result<Actor, Failure> {
        self.people.permitted(deed)
    }
}

/// The time for what is recorded: the line's, which does not follow a jump; without one, never before the ledger's
/// last event.
fn time_of_record(
    line: Option<&ClockGuard>,
    clock: &dyn Clock,
    ledger: &Path,
) -> Result<UtcMillis, Failure> {
    if let Some(line) = line {
        return Ok(line.now().utc);
    }
    let reader = Reader::open(ledger)?;
    let last = reader.entry(reader.size()?.saturating_sub(1))?.leaf.time;
    Ok(clock.utc().max(last))
}

pub(super) fn nobody_signed_in() -> Failure {
    let why = "nobody is signed in";
    Failure::usage("it was not done", why, "scan your badge first")
        .because(RefusalReason::NobodySignedIn)
}

pub(super) fn named<T, E: std::fmt::Display>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<T, Failure> {
    parse(text).map_err(|error| {
        Failure::usage("it was not done", error, "type it once more")
            .because(RefusalReason::NotAName)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::fixture::{new_ledger_at, station_event};
    use crate::line::fake::FakeClock;

    /// When the last event of the ledger below was.
    const LAST: u64 = 1_795_336_300_000;

    /// A ledger in that folder whose last event was then.
    fn ledger(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("ledger.sqlite");
        let accepted = Fact::ClockAccepted {
            reason: "set".to_owned(),
            actor: crate::ledger::fixture::actor(),
        };
        let event = LedgerEvent {
            time: UtcMillis(LAST),
            ..station_event(accepted)
        };
        let store = new_ledger_at(&path);
        store.record(vec![event], Durability::Durable).unwrap();
        path
    }

    #[test]
    fn what_the_screen_records_has_the_time_of_the_line() {
        const HOUR: u64 = 3_600_000;
        let folder = tempfile::tempdir().unwrap();
        let path = ledger(folder.path());
        let clock = Arc::new(FakeClock::at(UtcMillis(LAST + 1_000)));
        let time = |line| time_of_record(line, &*clock, &path).unwrap().0;
        let guard = ClockGuard::after(clock.clone(), UtcMillis(LAST));
        assert_eq!(time(Some(&guard)), LAST + 1_000);
        // The clock jumps: the line goes on with the time that it has, and so does what is recorded beside it.
        clock.step_utc(3_600_000);
        clock.advance(500);
        assert_eq!(time(Some(&guard)), LAST + 1_500);
        // Without a line there is nothing to follow but the clock.
        assert_eq!(time(None), LAST + HOUR + 1_500);
        // Nothing is before what was recorded last.
        clock.step_utc(-7_200_000);
        assert_eq!(time(None), LAST);
    }
}
