//! Samples of what a station tells, for the tests of layout and the snapshots.

use crate::line::wishes::LineState;
use crate::tui::event::{Event, LaneNews, StationNews};
use crate::tui::state::State;
use crate::tui::state::alarms::{About, Alarm};
use crate::tui::state::batch::{BatchHead, BatchRow, Progress, YieldPoint};
use crate::tui::state::device::{Device, DeviceReport, Moment};
use crate::tui::state::lanes::{Held, ShownFrame, ShownVerdict, Wear, Wire};
use crate::tui::state::sign_in::{Deed, Person, Role, SignIn};
use crate::tui::update::update;
use crate::verdict::VerdictCode;
use crate::words::{Cause, FrameRemark, Happening, PortFault, StopRule};

/// A quarter past two on some day.
pub(super) const NOON: u64 = 1_795_010_400_000 + 900_000;

/// A detail such as sessions give.
pub(super) const OUT_OF_LIMITS: &str = "i_sleep: got 0.000041 A, limits 0.000002 to 0.00003";

pub(super) fn verdict(code: VerdictCode, detail: &str) -> ShownVerdict {
    let passed = code == VerdictCode::Pass;
    ShownVerdict {
        code,
        detail: detail.to_owned(),
        uid: Some("F55CDF463D6CEDAD1ACB1B29".to_owned()),
        serial: passed.then(|| "SA-000123".to_owned()),
        took_ms: 3_240,
        wire: Wire {
            sent: 4_211,
            received: 3_977,
            noise: 3,
            round_trips: 14,
            retries: 1,
        },
    }
}

pub(super) fn person(role: Role) -> SignIn {
    let supervisor = [
        Deed::Start,
        Deed::Pause,
        Deed::OpenBatch,
        Deed::CloseBatch,
        Deed::Acknowledge,
        Deed::Reprint,
    ];
    let (may, may_not) = if role == Role::Supervisor {
        (supervisor.to_vec(), Vec::new())
    } else {
        let (may, denied) = supervisor.split_at(1);
        let denied = denied.iter().map(|deed| (*deed, Role::Supervisor));
        (may.to_vec(), denied.collect())
    };
    SignIn::Person(Person {
        operator: "op-17".to_owned(),
        role,
        may,
        may_not,
    })
}

/// A line that runs with so many lanes, each in another state.
pub(super) fn running(lanes: usize) -> State {
    let mut state = State {
        monotonic_ms: 100_000,
        utc_ms: NOON,
        has_printer: true,
        sign_in: person(Role::Supervisor),
        ..State::default()
    };
    let name = |lane: usize| format!("L{:02}", lane + 1);
    let head = BatchHead {
        batch: "B-2026-47".to_owned(),
        product: "SENSOR-A".to_owned(),
        work_order: "WO-1187".to_owned(),
        begun_by: "op-17".to_owned(),
        lanes: (0..lanes)
            .map(|lane| (name(lane), format!("/dev/ttyUSB{lane}")))
            .collect(),
    };
    hear(&mut state, StationNews::LineStarted(head));
    hear(&mut state, StationNews::LineIs(LineState::Running));
    let wear = Wear {
        boards: 10_413,
        passed: 10_020,
        failed_in_a_row: 1,
    };
    let one = |passed, failed_in_a_row| Wear {
        boards: 1,
        passed,
        failed_in_a_row,
    };
    let of_one = [(1, one(1, 0)), (4, one(0, 0)), (6, one(0, 1))];
    let of_one = of_one.map(|(lane, wear)| (name(lane), wear));
    let wear = [vec![(name(0), wear)], of_one.to_vec()].concat();
    hear(&mut state, StationNews::Wear(wear));
    hear(&mut state, StationNews::Progress(progress()));
    state.notice = None;
    for lane in 0..lanes {
        for news in lane_news(lane) {
            let lane = name(lane);
            let answer = update(&mut state, Event::Lane { lane, news });
            assert_eq!(answer, []);
        }
    }
    state.monotonic_ms += 1_700;
    state
}

/// What may have travelled on a wire.
pub(super) fn frames() -> Vec<ShownFrame> {
    let frame = |at, to_board, bytes, times, message: &str, remark| ShownFrame {
        utc_ms: NOON + at,
        to_board,
        bytes,
        times,
        message: message.to_owned(),
        remark,
    };
    let limits = Some(FrameRemark::Limits {
        frame_bytes: 1_024,
        window: 16,
    });
    let identity = "Identity F55CDF463D6CEDAD1ACB0000 SENSOR-A rev C v2 Blank";
    let whole = Some(FrameRemark::Of { bytes: 1_398 });
    let (noise, not_passed) = (Some(FrameRemark::Noise), Some(FrameRemark::NotPassed));
    vec![
        frame(0, true, 43, 120, "Hello v1-2", limits),
        frame(20, false, 76, 1, identity, None),
        frame(1_100, true, 42, 1, "Attest", None),
        frame(1_140, false, 47, 1, "Evidence", whole),
        frame(2_200, false, 512, 1, "Chunk Evidence #0 500 B", None),
        frame(2_900, false, 12, 1, "", noise),
        frame(3_100, true, 11, 2, "SelfTest", None),
        frame(3_200, true, 12, 1, "Farewell", not_passed),
    ]
}

/// What a lane has said: another story for each of ten neighbours.
fn lane_news(lane: usize) -> Vec<LaneNews> {
    let uid = format!("F55CDF463D6CEDAD1ACB{lane:04}");
    let board = |serial: Option<&str>| LaneNews::Board {
        uid: uid.clone(),
        serial: serial.map(str::to_owned),
    };
    let ended = |code, detail| LaneNews::Verdict(Box::new(verdict(code, detail)));
    match lane % 10 {
        0 => vec![
            LaneNews::Step(1),
            board(None),
            ended(VerdictCode::HwLimit, OUT_OF_LIMITS),
            LaneNews::Frames(frames()),
        ],
        1 => vec![
            LaneNews::Step(1),
            ended(VerdictCode::Pass, ""),
            LaneNews::Step(0),
        ],
        2 => vec![LaneNews::Step(1), board(None), LaneNews::Step(3)],
        3 => vec![LaneNews::Step(0)],
        4 => vec![ended(VerdictCode::StationHsm, "the token was removed")],
        5 => vec![
            LaneNews::Step(1),
            board(Some("SA-000124")),
            LaneNews::Step(7),
        ],
        6 => vec![
            ended(VerdictCode::KeyReused, "board 07 has the same key"),
            LaneNews::Held(Held {
                name: format!("L{:02}", lane + 1),
                of_batch: false,
                code: VerdictCode::KeyReused,
                cause: Cause::Verdict("board 07 has the same key".to_owned()),
                since_ms: None,
            }),
        ],
        7 => vec![LaneNews::PortMissing(PortFault::Missing {
            port: "/dev/ttyUSB7".to_owned(),
        })],
        8 => vec![LaneNews::Silent],
        _ => vec![
            LaneNews::Step(1),
            board(None),
            LaneNews::Step(4),
            LaneNews::AwaitsLabel,
        ],
    }
}

/// The same lane on lanes with names and ports as long as they may be.
pub(super) fn with_long_names(state: &State) -> State {
    let mut state = state.clone();
    for (at, lane) in state.lanes.list.iter_mut().enumerate() {
        lane.name = format!("fixture-on-the-left-of-table-{at:03}");
        lane.port = format!("/dev/serial/by-path/pci-0000:00:14.0-usb-0:2.{at}:1.0-port0");
    }
    state
}

/// Each lane says the same.
pub(super) fn all_say(state: &State, news: &[LaneNews]) -> State {
    let mut state = state.clone();
    let names: Vec<_> = state
        .lanes
        .list
        .iter()
        .map(|lane| lane.name.clone())
        .collect();
    for lane in names {
        for news in news.iter().cloned() {
            let lane = lane.clone();
            drop(update(&mut state, Event::Lane { lane, news }));
        }
    }
    state
}

fn progress() -> Progress {
    Progress {
        done: 312,
        target: 500,
        yield_permille: Some(974),
        rate_per_hour: Some(412),
        left_s: Some(1_640),
        codes: vec![
            (VerdictCode::Pass, 312),
            (VerdictCode::HwLimit, 9),
            (VerdictCode::FwVersion, 4),
            (VerdictCode::AlreadyProvisioned, 2),
            (VerdictCode::KeyReused, 1),
        ],
        yield_over_time: (0..90)
            .map(|at| YieldPoint {
                utc_ms: NOON - u64::from(90 - at) * 77_000,
                permille: 1000 - (at * 37) % 260,
            })
            .collect(),
    }
}

pub(super) fn hear(state: &mut State, news: StationNews) {
    drop(update(state, Event::Station(news)));
}

pub(super) fn rows() -> Vec<BatchRow> {
    let row = |name: &str, done, closed: bool| BatchRow {
        batch: name.to_owned(),
        product: "SENSOR-A".to_owned(),
        work_order: "WO-1187".to_owned(),
        done,
        target: 500,
        failed: 13,
        in_doubt: u64::from(!closed),
        closed,
    };
    vec![row("B-2026-47", 312, false), row("B-2026-46", 500, true)]
}

pub(super) fn alarms() -> Vec<Alarm> {
    let alarm = |about, code, cause| Alarm {
        about,
        code,
        cause,
        utc_ms: NOON,
        acknowledged: false,
    };
    vec![
        alarm(
            About::Batch("B-2026-47".to_owned()),
            VerdictCode::HwLimit,
            Cause::Rule(StopRule {
                name: "first_pass_yield".to_owned(),
                found: 85,
                limit: 90,
                window: Some(20),
            }),
        ),
        alarm(
            About::Board {
                lane: "L05".to_owned(),
                uid: Some("F55CDF463D6CEDAD1ACB1B29".to_owned()),
                code: VerdictCode::FwMeasurement,
            },
            VerdictCode::FwMeasurement,
            Cause::Verdict("component main: the digest is not the released one".to_owned()),
        ),
        alarm(
            About::Clock,
            VerdictCode::StationClock,
            Cause::Clock {
                back: true,
                seconds: 7_200,
            },
        ),
    ]
}

pub(super) fn device() -> Device {
    let moment = |minute: u64, happening, values: &[&str], detail: &str| Moment {
        utc_ms: NOON + minute * 60_000,
        happening,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
        detail: detail.to_owned(),
    };
    let certificate = "5be1a3a7c41d0b0a5be1a3a7c41d0b0a";
    Device {
        wanted: Some("SA-000123".to_owned()),
        report: Some(DeviceReport {
            uid: "F55CDF463D6CEDAD1ACB1B29".to_owned(),
            serial: Some("SA-000123".to_owned()),
            verdict: Some((VerdictCode::Pass, "B-2026-47".to_owned(), "L02".to_owned())),
            certificate: Some("5be1a3a7c41d0b0a5be1a3a7c41d0b0a".to_owned()),
            timeline: vec![
                moment(0, Happening::SessionOpened, &["L02"], ""),
                moment(
                    0,
                    Happening::EvidenceAppraised,
                    &["FW-VERSION", "main 1.4.2, loader 2.0.1"],
                    "main: got version 1.4.2, allowed 1.5.0",
                ),
                moment(
                    1,
                    Happening::CertificateIssued,
                    &[certificate, "SA-000123"],
                    "",
                ),
                moment(
                    1,
                    Happening::VerdictReached,
                    &["PASS", "L02", "3.2", "0"],
                    "",
                ),
            ],
        }),
        scrolled: 0,
    }
}

pub(super) fn progress_of_none() -> Progress {
    Progress::default()
}

/// Somebody who may do everything here.
pub(super) fn supervisor() -> Person {
    match person(Role::Supervisor) {
        SignIn::Person(person) => person,
        other => panic!("{other:?}"),
    }
}
