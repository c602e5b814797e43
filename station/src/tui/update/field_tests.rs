//! Keys that wait for what follows them, windows too small to see anything in, and the fields of a new batch.

use super::scan_tests::{answer, keys, press, shoot, signed_in, wait_for_mark};
use super::update;
use crate::line::wishes::Obstacle;
use crate::tui::action::{Action, NewBatch};
use crate::tui::event::{Event, Key, Refused, StationNews};
use crate::tui::geometry::SMALLEST;
use crate::tui::scanner::{FAST_MS, FORGET_MS};
use crate::tui::state::device::DeviceReport;
use crate::tui::state::dialog::{BatchField, Dialog};
use crate::tui::state::said::Said;
use crate::tui::state::sign_in::{Deed, Role, SignIn};
use crate::tui::state::why_not::WhyNot;
use crate::tui::state::{READ_MS, Screen, State};
use crate::words::{Language, RefusalReason};

fn nobody() -> State {
    State {
        size: SMALLEST,
        monotonic_ms: 10_000,
        ..State::default()
    }
}

fn tick(state: &mut State, after_ms: u64) -> Vec<Action> {
    let tick = Event::Tick {
        monotonic_ms: state.monotonic_ms + after_ms,
        utc_ms: 0,
    };
    update(state, tick)
}

#[test]
fn the_first_key_of_a_scan_is_not_obeyed() {
    let mut state = nobody();
    let badge = "op-17".to_owned();
    let done = shoot(&mut state, &keys("\top-17\r"));
    assert_eq!(done, [Action::Identify { badge }]);
    assert_eq!(state.language, Language::English);
    for first in [Key::Record, Key::F(9)] {
        let mut state = signed_in();
        let scan: Vec<_> = [first].into_iter().chain(keys("SA-1\r")).collect();
        let done = shoot(&mut state, &scan);
        let taken = matches!(&done[..], [Action::Scan { code, .. }] if code == "SA-1");
        assert!(taken, "{first:?}: {done:?}");
        assert_eq!(tick(&mut state, 1_000), [], "{first:?}");
    }
}

#[test]
fn a_key_that_waited_is_obeyed_once_no_scan_can_follow_it() {
    for (key, action) in [
        (Key::Record, Action::WriteRecording),
        (Key::F(9), Action::SignOut),
    ] {
        let mut state = signed_in();
        assert_eq!(press(&mut state, key), []);
        assert_eq!(tick(&mut state, FAST_MS), [], "{key:?}");
        assert_eq!(tick(&mut state, 1), [action], "{key:?}");
        assert_eq!(tick(&mut state, 1_000), [], "{key:?}");
    }
    // Or before the key that a person presses after it.
    let mut state = nobody();
    assert_eq!(press(&mut state, Key::Tab), []);
    assert_eq!(press(&mut state, Key::Tab), []);
    assert_eq!(press(&mut state, Key::Char('o')), []);
    assert_eq!(state.language, Language::English.next().next());
    assert_eq!(state.scanner.entry(), "o");
}

#[test]
fn in_a_window_too_small_to_see_anything_one_can_only_leave() {
    let batch = "B-1".to_owned();
    let mut state = signed_in();
    state.size = (79, 24);
    state.dialog = Some(Dialog::CloseBatch { batch });
    let before = state.clone();
    for key in [
        Key::Enter,
        Key::Escape,
        Key::F(9),
        Key::F(2),
        Key::Down,
        Key::Tab,
    ] {
        assert_eq!(press(&mut state, key), [], "{key:?}");
        assert_eq!(tick(&mut state, 1_000), [], "{key:?}");
        assert_eq!(
            (&state.dialog, state.screen),
            (&before.dialog, before.screen)
        );
    }
    assert_eq!(shoot(&mut state, &keys("SA-000001\r")), []);
    wait_for_mark(&mut state);
    // Leaving is asked about, and no scan says yes to it.
    assert_eq!(press(&mut state, Key::Interrupt), []);
    assert_eq!(state.dialog, Some(Dialog::Leave));
    assert_eq!(shoot(&mut state, &keys("SA-000001\r")), []);
    wait_for_mark(&mut state);
    assert_eq!(press(&mut state, Key::Escape), []);
    assert_eq!(state.dialog, None);
    assert_eq!(press(&mut state, Key::F(10)), []);
    assert_eq!(tick(&mut state, READ_MS), []);
    assert_eq!(press(&mut state, Key::Enter), [Action::Leave]);
}

fn filled_in() -> State {
    let mut state = signed_in();
    let fresh = Dialog::OpenBatch(NewBatch::default(), BatchField::default());
    state.dialog = Some(fresh);
    for field in ["B-1\r", "p.toml\r", "WO-7\r", "6o\r"] {
        assert_eq!(shoot(&mut state, &keys(field)), []);
    }
    wait_for_mark(&mut state);
    state
}

fn refuse(state: &mut State, reason: RefusalReason) {
    let reason = Some(reason);
    let refused = Refused {
        reason,
        ..Refused::default()
    };
    drop(update(state, Event::Station(StationNews::Refused(refused))));
}

#[test]
fn a_batch_that_is_refused_is_mended_where_it_is_wrong() {
    for (reason, wrong) in [
        (RefusalReason::NotANumber, BatchField::Quantity),
        (RefusalReason::ProfileUnreadable, BatchField::Profile),
        (RefusalReason::BatchUnfinished, BatchField::Name),
    ] {
        for closing in [Key::Enter, Key::Escape] {
            let mut state = filled_in();
            assert_eq!(press(&mut state, Key::Enter).len(), 1);
            assert_eq!(state.dialog, None);
            refuse(&mut state, reason);
            assert_eq!(press(&mut state, closing), []);
            let Some(Dialog::OpenBatch(batch, field)) = &state.dialog else {
                panic!("{:?}", state.dialog);
            };
            assert_eq!((*field, &*batch.work_order), (wrong, "WO-7"));
        }
    }
    // A badge is not kept.
    let mut state = filled_in();
    drop(press(&mut state, Key::Enter));
    refuse(&mut state, RefusalReason::BadgeTyped);
    drop(press(&mut state, Key::Enter));
    assert_eq!((&state.dialog, &state.draft), (&None, &None));
    // Whatever is refused later is no draft.
    let mut state = filled_in();
    drop(press(&mut state, Key::Escape));
    refuse(&mut state, RefusalReason::NotANumber);
    assert_eq!(answer(&mut state), []);
    assert_eq!(state.dialog, None);
}

#[test]
fn a_field_that_was_filled_in_is_kept_changed_or_filled_in_anew() {
    let mut state = filled_in();
    // The figure: its last character goes, and another one comes.
    assert_eq!(press(&mut state, Key::Backspace), []);
    assert_eq!(press(&mut state, Key::Char('0')), []);
    // Up to the profile, and what was typed stays; down again with an Enter for each field.
    for key in [Key::Up, Key::Up, Key::Enter, Key::Enter] {
        assert_eq!(press(&mut state, key), [], "{key:?}");
    }
    let done = press(&mut state, Key::Enter);
    let [Action::OpenBatch(batch)] = &done[..] else {
        panic!("{done:?}");
    };
    assert_eq!((&*batch.profile, &*batch.quantity), ("p.toml", "60"));
}

#[test]
fn a_batch_with_an_empty_field_is_not_wished_for() {
    let mut state = signed_in();
    let fresh = Dialog::OpenBatch(NewBatch::default(), BatchField::Quantity);
    state.dialog = Some(fresh);
    for key in [Key::Char('6'), Key::Enter] {
        assert_eq!(press(&mut state, key), [], "{key:?}");
    }
    let asks = matches!(&state.dialog, Some(Dialog::OpenBatch(_, BatchField::Name)));
    assert!(asks, "{:?}", state.dialog);
}

#[test]
fn what_is_half_typed_is_forgotten_but_in_a_field() {
    let device = "SA-1".to_owned();
    for (dialog, kept) in [(None, ""), (Some(Dialog::Reprint { device }), "torn")] {
        let mut state = signed_in();
        state.dialog = dialog;
        for key in keys("torn") {
            assert_eq!(press(&mut state, key), []);
        }
        assert_eq!(tick(&mut state, FORGET_MS + 1), []);
        assert_eq!(state.scanner.entry(), kept);
    }
}

#[test]
fn an_enter_on_what_cannot_be_done_is_told_why() {
    let pressed = |change: &dyn Fn(&mut State)| {
        let mut state = signed_in();
        change(&mut state);
        let logged = state.log.lines.len();
        assert_eq!(press(&mut state, Key::Enter), []);
        assert_eq!((&state.dialog, state.log.lines.len()), (&None, logged));
        match state.notice.map(|notice| notice.said) {
            Some(Said::CannotNow { deed, why }) => Some((deed, why)),
            None => None,
            other => panic!("{other:?}"),
        }
    };
    let board = |serial: Option<&str>| DeviceReport {
        serial: serial.map(str::to_owned),
        ..DeviceReport::default()
    };
    let start = pressed(&|state| state.screen = Screen::Batch);
    let none = WhyNot::InTheWay(Obstacle::NoOpenBatch);
    assert_eq!(start, Some((Deed::Start, none)));
    let alarm = pressed(&|state| state.screen = Screen::Alarms);
    let takes = WhyNot::TakesRole(Role::Supervisor);
    assert_eq!(alarm, Some((Deed::Acknowledge, takes)));
    for (report, has_printer, why) in [
        (Some(board(Some("SA-1"))), false, Some(WhyNot::NoPrinter)),
        (Some(board(None)), true, Some(WhyNot::NoSerial)),
        (None, true, None),
    ] {
        let told = pressed(&|state| {
            state.screen = Screen::Device;
            state.has_printer = has_printer;
            state.device.report.clone_from(&report);
            if let SignIn::Person(person) = &mut state.sign_in {
                person.may.push(Deed::Reprint);
            }
        });
        assert_eq!(told, why.map(|why| (Deed::Reprint, why)));
    }
}
