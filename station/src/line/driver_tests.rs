//! Lanes on fake ports: what becomes of a board, a port, an HSM, a ledger, a clock.

mod labels;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::clock_guard::ClockGuard;
use super::fake::{
    BATCH, FakeClock, FakeContext, FakeDevice, FakeSession, LANE, Socket, fake_port, uid,
};
use super::floor::{Floor, Production};
use super::hold::{Hold, HoldCause, PortNames};
use super::lane::{self, Lane};
use super::lane_event::{EventReceiver, LaneEnd, LaneReporter, News, queue};
use super::stop::StopLevel;
use super::verdict_limit::VerdictLimit;
use crate::clock::{Clock, UtcMillis};
use crate::hsm::fake::SoftwareSigner;
use crate::ledger::LedgerError;
use crate::ledger::event::{Actor, Assurance, Fact};
use crate::ledger::fake::MemoryStore;
use crate::ledger::fixture::opening;
use crate::names::{BatchId, LaneName, OperatorId};
use crate::provisioning::{LastBoard, Step};
use crate::verdict::VerdictCode;

/// A lane that runs, and everything a test holds of it.
struct Bench {
    floor: Arc<Floor<SoftwareSigner, MemoryStore>>,
    clock: Arc<FakeClock>,
    socket: Socket,
    events: EventReceiver,
    begun: Receiver<Option<LastBoard>>,
    thread: std::thread::JoinHandle<LaneEnd>,
}

impl Bench {
    fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// A lane on which there is a hold from before.
    fn start_held(hold: Hold) -> Self {
        Self::start_with(|floor| floor.holds.place(hold, PortNames::new()))
    }

    fn start_with(change: impl FnOnce(&mut Floor<SoftwareSigner, MemoryStore>)) -> Self {
        let clock = Arc::new(FakeClock::at(UtcMillis(1_795_336_200_000)));
        let guard = ClockGuard::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let batch = BatchId::parse("B1").unwrap();
        let (signer, production) = (SoftwareSigner::from_seed(1), Production::new(batch, 10, 0));
        let mut floor = Floor::new(signer, MemoryStore::new(), guard, production);
        change(&mut floor);
        let floor = Arc::new(floor);
        let (socket, port) = fake_port();
        let (sender, events) = queue();
        let (begins, begun) = channel();
        let lane = Lane {
            reporter: LaneReporter::new(LaneName::parse("L1").unwrap(), sender),
            port: Box::new(port),
            context: FakeContext(begins),
        };
        let theirs = Arc::clone(&floor);
        let run = move || lane::run::<_, _, FakeSession>(&theirs, lane, &VerdictLimit::new(None));
        let thread = std::thread::spawn(run);
        Self {
            floor,
            clock,
            socket,
            events,
            begun,
            thread,
        }
    }

    /// The next news of that kind.
    fn await_news(&self, wanted: impl Fn(&News) -> bool) -> News {
        loop {
            let event = self.events.receive(Duration::from_mins(1));
            let news = event.expect("news in time").news;
            if wanted(&news) {
                return news;
            }
        }
    }

    fn await_verdict(&self, code: VerdictCode) {
        let News::Verdict(verdict) = self.await_news(|news| matches!(news, News::Verdict(_)))
        else {
            panic!("no verdict");
        };
        assert_eq!(verdict.code, code);
    }

    fn await_hold(&self, wanted: VerdictCode) {
        self.await_news(|news| matches!(news, News::Held(hold) if hold.code == wanted));
    }

    fn device_says(&self, words: &[u8]) -> FakeDevice {
        let device = self.socket.plug_in();
        device.answer(words);
        device
    }

    fn await_work(&self) {
        self.await_news(|news| *news == News::Step(Step::Identified));
    }

    fn stop(self, level: StopLevel) -> LaneEnd {
        self.floor.stop.raise(level);
        self.thread.join().unwrap()
    }

    /// What the sessions so far were told of the board before.
    fn last_boards(&self) -> Vec<bool> {
        self.begun.try_iter().map(|last| last.is_some()).collect()
    }
}

#[test]
fn one_board_after_another() {
    let bench = Bench::start();
    let device = bench.device_says(b"pass\0");
    bench.await_verdict(VerdictCode::Pass);
    device.answer(b"pass\0");
    bench.await_verdict(VerdictCode::Pass);
    assert_eq!(bench.last_boards()[..2], [false, true]);
    assert_eq!(bench.stop(StopLevel::Finishing), LaneEnd::Stopped);
}

#[test]
fn a_port_that_vanishes_ends_the_board_and_is_awaited() {
    let bench = Bench::start();
    bench.await_news(|news| matches!(news, News::PortMissing(_)));
    drop(bench.device_says(b"work\0"));
    bench.await_verdict(VerdictCode::LinkLost);
    bench.await_news(|news| matches!(news, News::PortMissing(_)));
    let _device = bench.device_says(b"pass\0");
    bench.await_verdict(VerdictCode::Pass);
}

#[test]
fn time_passes_only_when_it_is_due() {
    let bench = Bench::start();
    let device = bench.socket.plug_in();
    device.hear();
    bench.clock.advance(100);
    // The second hello comes only because the time came.
    device.hear();
    assert_eq!(bench.stop(StopLevel::Finishing), LaneEnd::Stopped);
}

#[test]
fn an_hsm_that_stays_silent_holds_the_lane_and_the_same_board_is_taken_up_again() {
    let bench = Bench::start();
    let device = bench.device_says(b"work\0");
    bench.await_work();
    // More than the driver's patience and a few probes.
    bench.floor.signer.fail_next(6);
    device.to_station.send(b"pass\0".to_vec()).unwrap();
    bench.await_verdict(VerdictCode::StationHsm);
    bench.await_hold(VerdictCode::StationHsm);
    bench.await_news(|news| *news == News::Released);
    device.answer(b"pass\0");
    bench.await_verdict(VerdictCode::Pass);
    assert_eq!(bench.last_boards()[..2], [false, false]);
}

#[test]
fn an_hsm_that_fails_for_a_moment_is_not_noticed() {
    let bench = Bench::start();
    let device = bench.device_says(b"work\0");
    bench.await_work();
    bench.floor.signer.fail_next(2);
    device.to_station.send(b"pass\0".to_vec()).unwrap();
    bench.await_verdict(VerdictCode::Pass);
}

#[test]
fn a_ledger_that_fails_ends_the_lane() {
    let bench = Bench::start();
    let device = bench.device_says(b"work\0");
    bench.await_work();
    let full = LedgerError::DiskFull { doing: "append" };
    bench.floor.store.fail_next(full.clone());
    device.to_station.send(b"pass\0".to_vec()).unwrap();
    bench.await_verdict(VerdictCode::StationLedger);
    let detail = full.to_string();
    let end = bench.thread.join().unwrap();
    assert_eq!(end, LaneEnd::LedgerFailed { detail });
}

/// The ledger is well: it keeps one board from what it may not have, and the next one is taken.
#[test]
fn a_rule_of_the_ledger_ends_the_board_and_not_the_lane() {
    let bench = Bench::start();
    let device = bench.device_says(b"forbidden\0");
    bench.await_verdict(VerdictCode::StationLedger);
    device.answer(b"pass\0");
    bench.await_verdict(VerdictCode::Pass);
    assert_eq!(bench.stop(StopLevel::Finishing), LaneEnd::Stopped);
}

#[test]
fn a_doubled_key_holds_the_lane_until_it_is_cleared() {
    let bench = Bench::start();
    bench.floor.store.open_batch(opening(BATCH, 10)).unwrap();
    let device = bench.device_says(b"reused\0");
    bench.await_verdict(VerdictCode::KeyReused);
    bench.await_hold(VerdictCode::KeyReused);
    let events = bench.floor.store.events();
    let held = |fact: &Fact| {
        matches!(
            fact,
            Fact::HoldPlaced {
                code: VerdictCode::KeyReused,
                ..
            }
        )
    };
    let placed = events.iter().find(|event| held(&event.fact)).unwrap();
    // Whoever kills the station finds both in the ledger, or neither.
    let requests = bench.floor.store.requests();
    let request = requests.iter().find(|kinds| kinds.contains(&"hold-placed"));
    assert_eq!(request.unwrap(), &["verdict-reached", "hold-placed"]);
    // Whoever comes to this port under another name is held too.
    let Fact::HoldPlaced { ports, .. } = &placed.fact else {
        panic!("no hold");
    };
    let port = PortNames::from([ports[0].clone()]);
    let other = LaneName::parse("other").unwrap();
    bench.floor.holds.seat(&other, port);
    let by_port = bench.floor.holds.of(&other).unwrap();
    assert_eq!((by_port.lane.as_str(), ports.len()), (LANE, 1));
    let lane = LaneName::parse(LANE).unwrap();
    assert!(bench.floor.holds.clear(&lane).is_some());
    bench.await_news(|news| *news == News::Released);
    device.answer(b"pass\0");
    bench.await_verdict(VerdictCode::Pass);
}

#[test]
fn a_hold_from_before_keeps_every_board_out() {
    let bench = Bench::start_held(Hold {
        lane: LaneName::parse(LANE).unwrap(),
        code: VerdictCode::UidReused,
        detail: "seen yesterday".to_owned(),
        batch: None,
        cause: HoldCause::Code,
        since: None,
    });
    let device = bench.socket.plug_in();
    bench.await_hold(VerdictCode::UidReused);
    assert!(bench.last_boards().is_empty(), "no session was begun");
    let lane = LaneName::parse(LANE).unwrap();
    assert!(bench.floor.holds.clear(&lane).is_some());
    bench.await_news(|news| *news == News::Released);
    device.answer(b"pass\0");
    bench.await_verdict(VerdictCode::Pass);
}

#[test]
fn a_clock_that_jumps_lets_the_board_finish_and_holds_the_lane() {
    let bench = Bench::start();
    let device = bench.device_says(b"work\0");
    bench.await_work();
    bench.clock.step_utc(-3_600_000);
    device.to_station.send(b"pass\0".to_vec()).unwrap();
    bench.await_verdict(VerdictCode::Pass);
    bench.await_hold(VerdictCode::StationClock);
    let last = bench.floor.store.events().last().unwrap().time;
    assert_eq!(last, UtcMillis(1_795_336_200_000));
    let accept = || {
        let operator = OperatorId::parse("sv-1").unwrap();
        let assurance = Assurance::Asserted;
        let actor = Actor {
            operator,
            assurance,
        };
        bench.floor.accept_clock("it is right".to_owned(), actor)
    };
    // What is not recorded does not take effect.
    bench.floor.store.fail_next(LedgerError::Stopped);
    assert!(accept().is_err());
    assert!(bench.floor.clock.jump().is_some());
    let jump = accept().unwrap().unwrap();
    bench.await_news(|news| *news == News::Released);
    let events = bench.floor.store.events();
    let last = events.last().unwrap();
    assert!(matches!(last.fact, Fact::ClockAccepted { .. }));
    assert_eq!(last.time, jump.found);
    assert_eq!(accept().unwrap(), None);
}

#[test]
fn whatever_screams_has_one_verdict_until_it_is_quiet() {
    let bench = Bench::start();
    let device = bench.device_says(b"noise\0");
    bench.await_verdict(VerdictCode::LinkNoise);
    for _ in 0..20 {
        device.to_station.send(b"noise\0".to_vec()).unwrap();
    }
    // Not before the line is quiet does the station speak again, and so the next verdict is
    // another.
    device.answer(b"pass\0");
    bench.await_verdict(VerdictCode::Pass);
}

#[test]
fn a_board_in_work_is_finished_or_aborted_as_the_wish_to_stop_says() {
    let bench = Bench::start();
    let device = bench.device_says(b"work\0");
    bench.await_work();
    bench.floor.stop.raise(StopLevel::Finishing);
    device.to_station.send(b"pass\0".to_vec()).unwrap();
    bench.await_verdict(VerdictCode::Pass);
    assert_eq!(bench.thread.join().unwrap(), LaneEnd::Stopped);

    let bench = Bench::start();
    let _device = bench.device_says(b"work\0");
    bench.await_work();
    bench.floor.stop.raise(StopLevel::Aborting);
    bench.await_verdict(VerdictCode::Aborted);
    assert_eq!(bench.thread.join().unwrap(), LaneEnd::Stopped);

    let bench = Bench::start();
    let _device = bench.device_says(b"work\0");
    bench.await_work();
    bench.floor.stop.raise(StopLevel::Halted);
    bench.await_verdict(VerdictCode::Aborted);
    assert_eq!(bench.thread.join().unwrap(), LaneEnd::Stopped);
}

#[test]
fn a_session_that_asks_without_end_is_cut_off() {
    let bench = Bench::start();
    let _device = bench.device_says(b"forever\0");
    assert_eq!(bench.thread.join().unwrap(), LaneEnd::Runaway);
}

#[test]
fn the_board_of_the_session_before_is_named_to_the_next() {
    let bench = Bench::start();
    let device = bench.device_says(b"pass\0");
    bench.await_verdict(VerdictCode::Pass);
    device.hear();
    let second = bench.begun.try_iter().nth(1).unwrap().unwrap();
    let is_ours = |board| matches!(board, LastBoard::Known { uid: named, .. } if named == uid());
    assert!(is_ours(second));
}

#[test]
fn a_board_that_has_gone_before_a_hold_is_not_looked_for_after_it() {
    let bench = Bench::start();
    let device = bench.device_says(b"pass\0");
    bench.await_verdict(VerdictCode::Pass);
    device.answer(b"gone\0");
    bench.await_work();
    let lane = LaneName::parse("L1").unwrap();
    let hold = Hold {
        lane: lane.clone(),
        code: VerdictCode::KeyReused,
        detail: "as told".to_owned(),
        batch: None,
        cause: HoldCause::Code,
        since: None,
    };
    bench.floor.holds.place(hold, PortNames::new());
    bench.await_hold(VerdictCode::KeyReused);
    bench.floor.holds.clear(&lane);
    bench.await_news(|news| *news == News::Released);
    bench.await_news(|news| *news == News::Step(Step::AwaitingBoard));
    assert_eq!(bench.last_boards(), [false, true, false]);
    assert_eq!(bench.stop(StopLevel::Finishing), LaneEnd::Stopped);
}
