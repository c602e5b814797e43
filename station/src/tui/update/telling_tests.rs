//! What is left of before once the station has told something else: of a line, of a hold, of who was to be let in.

use super::answers::{lane, station};
use super::answers_tests::{held, running};
use super::scan_tests::signed_in;
use crate::line::wishes::LineState;
use crate::tui::action::NewBatch;
use crate::tui::event::{AdapterChange, Did, LaneNews, NotLetIn, Refused, StationNews};
use crate::tui::state::State;
use crate::tui::state::alarms::{About, Alarm};
use crate::tui::state::batch::BatchHead;
use crate::tui::state::dialog::Dialog;
use crate::tui::state::lanes::{Doing, ShownVerdict, Wire};
use crate::tui::state::sign_in::SignIn;
use crate::tui::told::Told;
use crate::verdict::VerdictCode;
use crate::words::{Cause, PortFault};

fn start(state: &mut State, lanes: &[(&str, &str)]) {
    let lanes = lanes
        .iter()
        .map(|(name, port)| ((*name).to_owned(), (*port).to_owned()));
    let head = BatchHead {
        lanes: lanes.collect(),
        ..BatchHead::default()
    };
    drop(station(state, StationNews::LineStarted(head)));
}

#[test]
fn a_line_that_begins_has_its_own_lanes_and_nothing_of_what_they_did_before() {
    let mut state = State::default();
    start(&mut state, &[("L1", "a"), ("L2", "b"), ("L3", "c")]);
    lane(&mut state, "L1", &LaneNews::Step(3));
    lane(&mut state, "L2", &held(VerdictCode::UidReused, false, "L2"));
    state.lanes.chosen = 2;
    start(&mut state, &[("L1", "z"), ("L2", "b")]);
    let chosen = state.lanes.chosen().map(|lane| lane.name.as_str());
    assert_eq!(
        chosen,
        Some("L2"),
        "the last one, where the chosen one is gone"
    );
    for (lane, port) in state.lanes.list.iter().zip(["z", "b"]) {
        assert_eq!((&lane.doing, &lane.held), (&Doing::Starting, &None));
        assert_eq!(lane.port, port);
    }
}

#[test]
fn what_goes_wrong_is_marked_in_the_log_and_nothing_else_is() {
    let verdict = |code| {
        let verdict = ShownVerdict {
            code,
            detail: String::new(),
            uid: None,
            serial: None,
            took_ms: 1,
            wire: Wire::default(),
        };
        LaneNews::Verdict(Box::new(verdict))
    };
    let port = "a".to_owned();
    let swapped = AdapterChange {
        before: "A".to_owned(),
        now: "B".to_owned(),
        belongs_to: None,
    };
    for (news, bad, alarms) in [
        (verdict(VerdictCode::Pass), false, 0),
        (verdict(VerdictCode::HwLimit), true, 0),
        (verdict(VerdictCode::FwMeasurement), true, 1),
        (LaneNews::AdapterChanged(swapped), true, 0),
        (LaneNews::PortMissing(PortFault::Missing { port }), true, 0),
    ] {
        let mut state = running();
        lane(&mut state, "L1", &news);
        let marked = state.log.lines.iter().filter(|line| line.bad).count();
        assert_eq!(marked, usize::from(bad), "{news:?}");
        assert_eq!(state.alarms.open(), alarms, "{news:?}");
    }
    for fault in [None, Some("EIO".to_owned())] {
        let mut state = running();
        let bad = fault.is_some();
        let line = LineState::Paused;
        drop(station(&mut state, StationNews::LineEnded { line, fault }));
        assert_eq!(state.notice.map(|notice| notice.bad), Some(bad));
        assert_eq!(state.lanes.list[0].doing, Doing::Idle);
    }
}

#[test]
fn a_hold_that_is_cleared_is_that_of_the_lane_or_the_batch_of_that_name() {
    for (about, of_batch) in [
        (About::Lane("X".to_owned()), false),
        (About::Batch("X".to_owned()), true),
    ] {
        let mut state = State::default();
        start(&mut state, &[("L1", "a"), ("L2", "b"), ("X", "c")]);
        let code = VerdictCode::HwLimit;
        lane(&mut state, "L1", &held(code, true, "X"));
        lane(&mut state, "L2", &held(code, true, "Y"));
        lane(&mut state, "X", &held(code, false, "X"));
        drop(station(&mut state, StationNews::HoldCleared { about }));
        let lanes = state.lanes.list.iter();
        let free: Vec<_> = lanes.map(|lane| lane.held.is_none()).collect();
        assert_eq!(free, [of_batch, false, !of_batch]);
    }
}

#[test]
fn a_hold_that_is_cleared_takes_the_half_typed_reason_along_and_no_other_question() {
    let about = || About::Lane("L1".to_owned());
    let mut state = running();
    state.dialog = Some(Dialog::Leave);
    drop(station(
        &mut state,
        StationNews::HoldCleared { about: about() },
    ));
    assert_eq!(state.dialog, Some(Dialog::Leave));
    let (code, asked) = (VerdictCode::UidReused, about());
    state.dialog = Some(Dialog::Acknowledge {
        about: asked,
        code,
        since_ms: 1,
    });
    "half".chars().for_each(|c| state.scanner.take(c, 1));
    drop(station(
        &mut state,
        StationNews::HoldCleared { about: about() },
    ));
    assert_eq!((&state.dialog, state.scanner.entry()), (&None, ""));
    assert!(state.notice.is_some_and(|notice| notice.bad));
}

#[test]
fn whoever_waits_to_be_let_in_waits_no_longer_once_that_is_refused() {
    let mut state = signed_in();
    state.sign_in = SignIn::Checking;
    drop(station(
        &mut state,
        StationNews::Refused(Refused::default()),
    ));
    assert_eq!(state.sign_in, SignIn::Nobody);
}

#[test]
fn what_nobody_has_begun_at_sign_in_stays_and_what_is_known_of_ids_is_out_of_date() {
    // An ID that is being typed is not thrown away by an answer to what came before it.
    let mut state = signed_in();
    state.sign_in = SignIn::Nobody;
    state.by_name = vec!["op-1".to_owned()];
    state.scanner.take('o', 1);
    let not_let_in = Told::NotLetIn {
        why: NotLetIn::Unknown,
        wait_s: 0,
    };
    drop(station(&mut state, StationNews::Told(not_let_in)));
    assert_eq!(state.scanner.entry(), "o");
    // Nor is a question that stands, by somebody who is let in.
    let SignIn::Person(person) = signed_in().sign_in else {
        panic!("nobody");
    };
    state.dialog = Some(Dialog::Leave);
    drop(station(&mut state, StationNews::SignedIn(person)));
    assert_eq!(state.dialog, Some(Dialog::Leave));
    assert_eq!(state.by_name, ["op-1"]);
    let operator = "op-17".to_owned();
    drop(station(&mut state, StationNews::WantsPin { operator }));
    assert_eq!(state.by_name, Vec::<String>::new());
}

#[test]
fn a_batch_that_was_opened_is_not_filled_in_once_more() {
    let mut state = signed_in();
    state.draft = Some(NewBatch::default());
    let (batch, boards) = ("B-1".to_owned(), 8);
    let opened = Told::Did(Did::OpenedBatch { batch, boards });
    drop(station(&mut state, StationNews::Told(opened)));
    assert_eq!(state.draft, None);
}

#[test]
fn alarms_stand_in_the_order_in_which_the_ledger_tells_them() {
    let alarm = |lane: &str| Alarm {
        about: About::Lane(lane.to_owned()),
        code: VerdictCode::UidReused,
        cause: Cause::Verdict("why".to_owned()),
        utc_ms: 1,
        acknowledged: false,
    };
    let list = vec![alarm("L3"), alarm("L2"), alarm("L1")];
    let mut state = State::default();
    drop(station(&mut state, StationNews::Alarms(list.clone())));
    assert_eq!(state.alarms.list, list);
}
