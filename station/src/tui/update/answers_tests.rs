//! What lanes and the station tell, and what the state is then.

use super::answers::{lane, station};
use super::scan_tests::{keys, shoot, signed_in};
use super::update;
use crate::line::wishes::LineState;
use crate::tui::action::Action;
use crate::tui::event::{Did, Event, LaneNews, NotLetIn, StationNews};
use crate::tui::state::alarms::About;
use crate::tui::state::batch::BatchHead;
use crate::tui::state::device::DeviceReport;
use crate::tui::state::dialog::Dialog;
use crate::tui::state::lanes::{Held, Lane};
use crate::tui::state::said::Said;
use crate::tui::state::sign_in::{Deed, SignIn};
use crate::tui::state::why_not::{WhyNot, why_not};
use crate::tui::state::{READ_MS, State};
use crate::tui::told::Told;
use crate::verdict::VerdictCode;
use crate::words::Cause;

pub(super) fn running() -> State {
    let mut state = State::default();
    let head = BatchHead {
        lanes: vec![("L1".to_owned(), "port".to_owned())],
        ..BatchHead::default()
    };
    drop(station(&mut state, StationNews::LineStarted(head)));
    let runs = StationNews::LineIs(LineState::Running);
    drop(station(&mut state, runs));
    state
}

pub(super) fn held(code: VerdictCode, of_batch: bool, name: &str) -> LaneNews {
    LaneNews::Held(Held {
        name: name.to_owned(),
        of_batch,
        code,
        cause: Cause::Verdict("why".to_owned()),
        since_ms: None,
    })
}

#[test]
fn an_alarm_of_a_hold_ends_with_the_hold_whoever_cleared_it() {
    for news in [
        held(VerdictCode::UidReused, false, "L1"),
        held(VerdictCode::HwLimit, true, "B-1"),
        held(VerdictCode::StationClock, false, "L1"),
        held(VerdictCode::StationHsm, false, "L1"),
    ] {
        let mut state = running();
        lane(&mut state, "L1", &news);
        assert_eq!(state.alarms.open(), 1, "{news:?}");
        lane(&mut state, "L1", &LaneNews::Released);
        assert_eq!(state.alarms.open(), 0, "{news:?}");
    }
}

#[test]
fn a_lane_that_waits_for_the_key_store_is_no_alarm_when_the_line_has_ended() {
    let mut state = running();
    lane(
        &mut state,
        "L1",
        &held(VerdictCode::StationHsm, false, "L1"),
    );
    let ended = StationNews::LineEnded {
        line: LineState::Paused,
        fault: None,
    };
    drop(station(&mut state, ended.clone()));
    assert_eq!(state.alarms.open(), 0);
    // What somebody has to clear stays.
    let mut state = running();
    lane(&mut state, "L1", &held(VerdictCode::UidReused, false, "L1"));
    drop(station(&mut state, ended));
    assert_eq!(state.alarms.open(), 1);
    let about = About::Lane("L1".to_owned());
    drop(station(&mut state, StationNews::HoldCleared { about }));
    assert_eq!(state.alarms.open(), 0);
}

#[test]
fn a_batch_is_held_until_somebody_clears_it_though_no_line_works_on_it() {
    let mut state = running();
    if let Some(head) = &mut state.batches.head {
        head.batch = "B-1".to_owned();
    }
    let other = held(VerdictCode::HwLimit, true, "B-2");
    lane(&mut state, "L1", &other);
    assert!(!state.batch_is_held(), "another batch is");
    let own = held(VerdictCode::HwLimit, true, "B-1");
    lane(&mut state, "L1", &own);
    assert!(state.batch_is_held());
    let ended = StationNews::LineEnded {
        line: LineState::Paused,
        fault: None,
    };
    drop(station(&mut state, ended));
    assert!(state.batch_is_held());
    let about = About::Batch("B-1".to_owned());
    drop(station(&mut state, StationNews::HoldCleared { about }));
    assert!(!state.batch_is_held());
}

#[test]
fn the_next_scan_is_for_whom_the_screen_names() {
    let mut state = State::default();
    let head = BatchHead {
        lanes: ["L1", "L2", "L3"]
            .map(|lane| (lane.to_owned(), lane.to_owned()))
            .to_vec(),
        ..BatchHead::default()
    };
    let tell = |state: &mut State, event| drop(update(state, event));
    let says = |state: &mut State, lane: &str, news| {
        let lane = lane.to_owned();
        drop(update(state, Event::Lane { lane, news }));
    };
    tell(&mut state, Event::Station(StationNews::LineStarted(head)));
    assert_eq!(state.lanes.served_next(), None);
    for name in ["L3", "L2"] {
        says(&mut state, name, LaneNews::AwaitsLabel);
    }
    assert_eq!(state.lanes.served_next(), Some("L3"), "it waits longest");
    // Whoever aims at its label is not overtaken by the chosen lane.
    says(&mut state, "L1", LaneNews::AwaitsLabel);
    assert_eq!(state.lanes.served_next(), Some("L3"), "it was named");
    says(&mut state, "L1", LaneNews::Step(5));
    state.lanes.chosen = 1;
    tell(&mut state, tick(READ_MS));
    assert_eq!(state.lanes.served_next(), Some("L2"), "it is chosen");
    // What is scanned again before the lane has said that it goes on is for the other one.
    let taken = Told::LabelTaken {
        serial: "SA-1".to_owned(),
        lane: "L2".to_owned(),
    };
    tell(&mut state, Event::Station(StationNews::Told(taken)));
    assert_eq!(state.lanes.served_next(), Some("L3"));
    says(&mut state, "L3", LaneNews::Step(5));
    assert_eq!(state.lanes.served_next(), None);
    says(&mut state, "L1", LaneNews::AwaitsLabel);
    let ended = StationNews::LineEnded {
        line: LineState::Paused,
        fault: None,
    };
    tell(&mut state, Event::Station(ended));
    assert_eq!(state.lanes.served_next(), None);
}

fn tick(monotonic_ms: u64) -> Event {
    Event::Tick {
        monotonic_ms,
        utc_ms: 0,
    }
}

/// Whoever scans before they can have read for which lane meant another one.
#[test]
fn a_lane_is_named_for_a_while_before_a_scan_is_for_it() {
    let mut state = running();
    let other = Lane {
        name: "L2".to_owned(),
        ..Lane::default()
    };
    state.lanes.list.push(other);
    let waits = |state: &mut State, lane: &str| {
        let (lane, news) = (lane.to_owned(), LaneNews::AwaitsLabel);
        drop(update(state, Event::Lane { lane, news }));
    };
    let is_read = |state: &State| state.lanes.is_next_read(state.monotonic_ms);
    drop(update(&mut state, tick(10_000)));
    waits(&mut state, "L2");
    for (at_ms, read) in [(0, false), (READ_MS - 1, false), (READ_MS, true)] {
        drop(update(&mut state, tick(10_000 + at_ms)));
        assert_eq!(is_read(&state), read, "{at_ms}");
    }
    // Another that begins to wait takes nothing of it away; once it is named itself, it is to be read.
    waits(&mut state, "L1");
    assert!(is_read(&state));
    let (lane, news) = ("L2".to_owned(), LaneNews::Silent);
    drop(update(&mut state, Event::Lane { lane, news }));
    assert_eq!(state.lanes.served_next(), Some("L1"));
    assert!(!is_read(&state));
    // Where there is one lane, there is nothing to read.
    state.lanes.list.truncate(1);
    assert!(is_read(&state));
}

#[test]
fn a_reason_is_not_given_for_what_was_held_after_somebody_else_cleared_it() {
    let mut state = running();
    lane(&mut state, "L1", &held(VerdictCode::UidReused, false, "L1"));
    let about = || About::Lane("L1".to_owned());
    let (code, asked) = (VerdictCode::UidReused, about());
    state.dialog = Some(Dialog::Acknowledge {
        about: asked,
        code,
        since_ms: 1,
    });
    let other = About::Lane("L2".to_owned());
    drop(station(
        &mut state,
        StationNews::HoldCleared { about: other },
    ));
    assert!(state.dialog.is_some(), "another one was cleared");
    // Nor does somebody's look at a board's alarm: nothing stands still for it.
    let board = || About::Board {
        lane: "L1".to_owned(),
        uid: None,
        code,
    };
    let asked = Dialog::Acknowledge {
        about: board(),
        code,
        since_ms: 1,
    };
    let of_hold = state.dialog.replace(asked);
    let seen = StationNews::HoldCleared { about: board() };
    drop(station(&mut state, seen));
    assert!(state.dialog.is_some(), "somebody has looked");
    state.dialog = of_hold;
    drop(station(
        &mut state,
        StationNews::HoldCleared { about: about() },
    ));
    assert_eq!(state.dialog, None);
    let said = state.notice.map(|notice| notice.said);
    let told = Said::Told(Told::Did(Did::Cleared("L1".to_owned())));
    assert_eq!(said, Some(told));
}

fn answer(wanted: &str, uid: Option<&str>) -> StationNews {
    let report = uid.map(|uid| {
        Box::new(DeviceReport {
            uid: uid.to_owned(),
            serial: Some(wanted.to_owned()),
            ..DeviceReport::default()
        })
    });
    StationNews::Device {
        wanted: wanted.to_owned(),
        report,
    }
}

#[test]
fn a_board_whose_label_was_printed_again_is_looked_up_anew() {
    let printed = |device: &str| StationNews::Told(Told::Did(Did::Printed(device.to_owned())));
    let mut state = signed_in();
    drop(station(&mut state, answer("SA-000001", Some("A5"))));
    let again = Action::Scan {
        code: "A5".to_owned(),
        lane: None,
        look_up: true,
    };
    let done = station(&mut state, printed("SA-000001"));
    assert_eq!(done, [Action::ListBatches, again]);
    // By its UID as well.
    assert_eq!(station(&mut state, printed("A5")).len(), 2);
    // Another board's, or while nobody is signed in: nothing is looked up.
    let done = station(&mut state, printed("SA-000002"));
    assert_eq!(done, [Action::ListBatches]);
    state.sign_in = SignIn::Nobody;
    let done = station(&mut state, printed("SA-000001"));
    assert_eq!(done, [Action::ListBatches]);
}

#[test]
fn that_a_board_is_unknown_is_not_said_beside_one_that_is_known() {
    let mut state = signed_in();
    drop(station(&mut state, answer("SA-000009", None)));
    assert!(state.notice.is_some());
    drop(station(&mut state, answer("SA-000001", Some("A5"))));
    assert_eq!(state.notice, None);
    // Something else that is said stays.
    drop(station(&mut state, StationNews::Told(Told::NobodyWaits)));
    drop(station(&mut state, answer("SA-000001", Some("A5"))));
    assert!(state.notice.is_some());
}

#[test]
fn that_a_pin_was_wrong_is_not_said_to_whoever_comes_next() {
    let not_let_in = StationNews::Told(Told::NotLetIn {
        why: NotLetIn::WrongPin,
        wait_s: 0,
    });
    let mut state = signed_in();
    state.sign_in = SignIn::Nobody;
    drop(station(&mut state, not_let_in.clone()));
    assert!(state.notice.is_some());
    let done = shoot(&mut state, &keys("BADGE-2\r"));
    assert!(matches!(done[..], [Action::Identify { .. }]), "{done:?}");
    assert_eq!(state.notice, None);
    // The PIN is asked for once more: that it was wrong stands until another one is typed.
    let operator = "op-17".to_owned();
    drop(station(&mut state, not_let_in));
    drop(station(&mut state, StationNews::WantsPin { operator }));
    assert!(state.notice.is_some());
    drop(shoot(&mut state, &keys("739164\r")));
    assert_eq!(state.notice, None);
}

/// A mark that asks somebody for a scan that would be refused costs them time.
#[test]
fn labels_are_asked_of_whoever_began_the_line_alone() {
    let mut state = signed_in();
    let operator = state.sign_in.person().map(|person| person.operator.clone());
    for (begun_by, gives) in [(operator, true), (Some("sv-9".to_owned()), false)] {
        let head = BatchHead {
            begun_by: begun_by.unwrap_or_default(),
            ..BatchHead::default()
        };
        drop(station(&mut state, StationNews::LineStarted(head)));
        assert_eq!(state.gives_labels(), gives);
    }
    state.sign_in = SignIn::Nobody;
    state.batches.head = Some(BatchHead::default());
    assert!(!state.gives_labels());
}

#[test]
fn a_lane_is_held_though_no_line_runs() {
    let shown = |state: &State| state.lanes.list.first().map(|lane| lane.held.is_some());
    let mut state = running();
    lane(&mut state, "L1", &held(VerdictCode::UidReused, false, "L1"));
    let ended = StationNews::LineEnded {
        line: LineState::Paused,
        fault: None,
    };
    drop(station(&mut state, ended.clone()));
    assert_eq!(shown(&state), Some(true));
    let about = About::Lane("L1".to_owned());
    drop(station(&mut state, StationNews::HoldCleared { about }));
    assert_eq!(shown(&state), Some(false));
    // A lane that only waited by itself is held no longer.
    let mut state = running();
    lane(
        &mut state,
        "L1",
        &held(VerdictCode::StationHsm, false, "L1"),
    );
    drop(station(&mut state, ended));
    assert_eq!(shown(&state), Some(false));
    // Nor has a line to run first: the ledger says so to whoever starts the station.
    let mut held_before = running();
    lane(
        &mut held_before,
        "L1",
        &held(VerdictCode::UidReused, false, "L1"),
    );
    let mut state = running();
    state.batches.line = LineState::Paused;
    let told = StationNews::Alarms(held_before.alarms.list);
    drop(station(&mut state, told));
    assert_eq!(shown(&state), Some(true));
}

#[test]
fn a_hold_is_in_the_log_once() {
    let holds = |state: &State| {
        let said = state.log.lines.iter().map(|line| &line.said);
        said.filter(|said| matches!(said, Said::Held { .. }))
            .count()
    };
    let mut state = running();
    let other = Lane {
        name: "L2".to_owned(),
        ..Lane::default()
    };
    state.lanes.list.push(other);
    for name in ["L1", "L2"] {
        lane(&mut state, name, &held(VerdictCode::HwLimit, true, "B-1"));
    }
    assert_eq!(holds(&state), 1);
    lane(&mut state, "L2", &held(VerdictCode::UidReused, false, "L2"));
    assert_eq!(holds(&state), 2);
}

#[test]
fn an_alarm_that_somebody_has_looked_at_is_nobodys_any_more() {
    let mut state = signed_in();
    let SignIn::Person(person) = &mut state.sign_in else {
        panic!("nobody is signed in");
    };
    person.may.clear();
    state.lanes.list = running().lanes.list;
    lane(&mut state, "L1", &held(VerdictCode::UidReused, false, "L1"));
    let why = |state: &State| why_not(state, Deed::Acknowledge);
    assert!(matches!(why(&state), Some(WhyNot::TakesRole(_))));
    state.alarms.clear(&About::Lane("L1".to_owned()));
    assert_eq!(why(&state), Some(WhyNot::NothingHeld));
}
