//! Whole lines on fake ports: why they end, and what they report.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::clock_guard::ClockGuard;
use super::fake::{FakeClock, FakeContext, FakeDevice, FakeSession, fake_port};
use super::floor::{Floor, Production};
use super::lane_event::{LaneEnd, LaneEvent, News};
use super::stop::StopLevel;
use super::supervisor::{LanePlan, LineEnd, LineReport, StopRules, run};
use crate::clock::{Clock, UtcMillis};
use crate::hsm::fake::SoftwareSigner;
use crate::ledger::fake::MemoryStore;
use crate::names::{BatchId, LaneName};
use crate::provisioning::Step;

type TestFloor = Floor<SoftwareSigner, MemoryStore>;

struct Line {
    clock: Arc<FakeClock>,
    floor: TestFloor,
}

impl Line {
    fn new(quantity: u32) -> Self {
        let clock = Arc::new(FakeClock::at(UtcMillis(1_795_336_200_000)));
        let guard = ClockGuard::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let batch = BatchId::parse("B1").unwrap();
        let floor = Floor::new(
            SoftwareSigner::from_seed(1),
            MemoryStore::new(),
            guard,
            Production::new(batch, quantity, 0),
        );
        Self { clock, floor }
    }

    /// Two lanes, each with a device in it.
    fn run(
        &self,
        rules: StopRules,
        mut listen: impl FnMut(&LaneEvent, &[FakeDevice]),
    ) -> LineReport {
        let (begins, _begun) = channel();
        let mut devices = Vec::new();
        let mut plans = Vec::new();
        for name in ["L1", "L2"] {
            let (socket, port) = fake_port();
            devices.push(socket.plug_in());
            plans.push(LanePlan {
                name: LaneName::parse(name).unwrap(),
                port: Box::new(port),
                context: FakeContext(begins.clone()),
            });
        }
        let listen = |event: &LaneEvent| listen(event, &devices);
        run::<_, _, FakeSession>(&self.floor, plans, rules, listen)
    }
}

fn says(devices: &[FakeDevice], event: &LaneEvent, words: &[u8]) {
    let device = &devices[usize::from(event.lane.as_str() == "L2")];
    // The lane may have ended since it said so.
    let _ = device.to_station.send(words.to_vec());
}

#[test]
fn ends_once_so_many_verdicts_are_there() {
    let line = Line::new(10);
    let rules = StopRules {
        verdicts: Some(3),
        idle_ms: None,
    };
    // The supervisor hears nothing before the lanes have stopped by themselves, and boards enough wait on both.
    let mut heard = false;
    let report = line.run(rules, |_, devices| {
        if !heard {
            heard = true;
            for device in devices.iter().flat_map(|device| [device; 8]) {
                // Three verdicts may be there before the last of them is sent, and the lanes gone.
                let _ = device.to_station.send(b"pass\0".to_vec());
            }
            line.floor
                .stop
                .wait(StopLevel::Running, Duration::from_mins(1));
        }
    });
    assert_eq!(report.end, LineEnd::VerdictsReached);
    let verdicts: u64 = report.lanes.iter().map(|lane| lane.verdicts).sum();
    // The other lane may have a board in work by the time of the third verdict, which is finished.
    assert!((3..=4).contains(&verdicts), "{report:?}");
    assert_eq!(line.floor.status().verdicts, verdicts);
}

#[test]
fn ends_when_no_board_comes_but_not_while_one_is_in_work() {
    let line = Line::new(10);
    let rules = StopRules {
        verdicts: None,
        idle_ms: Some(5_000),
    };
    let report = line.run(rules, |event, devices| match &event.news {
        News::Step(Step::AwaitingBoard) if event.lane.as_str() == "L1" => {
            says(devices, event, b"work\0");
        }
        News::Step(Step::Identified) => {
            line.clock.advance(60_000);
            says(devices, event, b"noise\0");
        }
        News::Verdict(_) => line.clock.advance(5_000),
        _ => {}
    });
    assert_eq!(report.end, LineEnd::Idle);
    let met: Vec<_> = report.lanes.iter().map(|lane| lane.verdicts).collect();
    assert_eq!(met, [1, 0]);
}

#[test]
fn a_full_batch_ends_the_line() {
    let line = Line::new(0);
    let report = line.run(StopRules::default(), |_, _| {});
    assert_eq!(report.end, LineEnd::BatchFull);
}

#[test]
fn a_persons_wish_ends_the_line() {
    let line = Line::new(10);
    // A second wish means more than the first, and the other lane opens its port too.
    let mut wished = false;
    let report = line.run(StopRules::default(), |event, _| {
        if event.news == News::PortOpen && !wished {
            wished = true;
            line.floor.stop.raise_by_person();
        }
    });
    assert_eq!(report.end, LineEnd::Stopped);
    assert_eq!(line.floor.stop.level(), StopLevel::Aborting);
}

#[test]
fn a_broken_lane_ends_the_line() {
    let line = Line::new(10);
    let report = line.run(StopRules::default(), |event, devices| {
        if event.lane.as_str() == "L2" && event.news == News::Step(Step::AwaitingBoard) {
            says(devices, event, b"forever\0");
        }
    });
    let broken = LineEnd::Broken {
        lane: LaneName::parse("L2").unwrap(),
        end: LaneEnd::Runaway,
    };
    assert_eq!(report.end, broken);
}
