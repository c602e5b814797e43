//! Keys that come sooner than anybody can have read, keys that are held down, and what is left half typed.

use super::scan_tests::{keys, press, shoot, signed_in, wait_for_mark};
use super::update;
use crate::line::wishes::LineState;
use crate::tui::action::Action;
use crate::tui::event::{Event, Key, Refused, StationNews};
use crate::tui::geometry::SMALLEST;
use crate::tui::scanner::FAST_MS;
use crate::tui::state::dialog::Dialog;
use crate::tui::state::sign_in::SignIn;
use crate::tui::state::{Leaving, READ_MS, State};
use crate::tui::told::{Gone, Told};

/// So long after the last key.
fn after(state: &mut State, wait_ms: u64, key: Key) -> Vec<Action> {
    let at_ms = state.monotonic_ms + wait_ms;
    update(state, Event::Key { key, at_ms })
}

fn at_work() -> State {
    let mut state = signed_in();
    state.batches.line = LineState::Running;
    state
}

fn hear(state: &mut State, news: StationNews) {
    drop(update(state, Event::Station(news)));
}

#[test]
fn an_enter_soon_after_a_key_that_waited_answers_nothing() {
    for wait_ms in [FAST_MS + 1, FAST_MS + 20, READ_MS - 1] {
        let mut state = at_work();
        assert_eq!(press(&mut state, Key::F(9)), []);
        assert_eq!(after(&mut state, wait_ms, Key::Enter), [], "{wait_ms} ms");
        assert_eq!(state.dialog, Some(Dialog::SignOut), "{wait_ms} ms");
        assert_eq!(after(&mut state, READ_MS, Key::Enter), []);
        let (monotonic_ms, utc_ms) = (state.monotonic_ms + FAST_MS + 1, 0);
        let tick = Event::Tick {
            monotonic_ms,
            utc_ms,
        };
        assert_eq!(update(&mut state, tick), [Action::SignOut]);
    }
    // So fast it is a scanner's, and so is the key before it.
    let mut state = at_work();
    assert_eq!(shoot(&mut state, &[Key::F(9), Key::Enter]), []);
    wait_for_mark(&mut state);
    assert_eq!(state.dialog, None);
}

#[test]
fn leaving_is_not_confirmed_unread_in_a_small_window_either() {
    let mut state = signed_in();
    state.size = (SMALLEST.0 - 1, SMALLEST.1);
    assert_eq!(press(&mut state, Key::F(10)), []);
    assert_eq!(after(&mut state, FAST_MS + 20, Key::Enter), []);
    assert_eq!(state.dialog, Some(Dialog::Leave));
    assert_eq!(after(&mut state, READ_MS, Key::Enter), [Action::Leave]);
}

#[test]
fn a_key_that_is_held_down_does_not_leave_at_once() {
    let mut state = at_work();
    assert_eq!(press(&mut state, Key::Interrupt), []);
    assert_eq!(after(&mut state, 500, Key::Interrupt), [Action::Leave]);
    for _ in 0..40 {
        assert_eq!(after(&mut state, 33, Key::Interrupt), []);
    }
    assert_eq!(state.leaving, Leaving::Safely);
    assert!(!state.shows_hints(), "there is nothing to be clicked");
    assert_eq!(after(&mut state, 900, Key::Interrupt), [Action::Leave]);
    assert_eq!(state.leaving, Leaving::AtOnce);
}

#[test]
fn nothing_of_a_pin_is_left_where_ids_are_typed() {
    for told in [
        Told::SignedOut(Gone::Left),
        Told::NotLetIn {
            why: crate::tui::event::NotLetIn::NoPin,
            wait_s: 0,
        },
    ] {
        let mut state = signed_in();
        let operator = "op-17".to_owned();
        state.sign_in = SignIn::WantsPin { operator };
        for key in keys("0815") {
            assert_eq!(press(&mut state, key), []);
        }
        hear(&mut state, StationNews::Told(told));
        assert_eq!(
            (&state.sign_in, state.scanner.entry()),
            (&SignIn::Nobody, "")
        );
    }
}

#[test]
fn a_key_waits_for_no_scan_where_something_is_typed_already() {
    let mut state = signed_in();
    state.sign_in = SignIn::Nobody;
    let language = state.language;
    assert_eq!(press(&mut state, Key::Char('o')), []);
    assert_eq!(press(&mut state, Key::Tab), []);
    assert_eq!(state.language, language.next());
}

#[test]
fn whoever_types_a_pin_is_there() {
    let mut state = signed_in();
    state.present_ms = 0;
    let operator = "op-17".to_owned();
    state.sign_in = SignIn::WantsPin { operator };
    assert_eq!(press(&mut state, Key::Char('0')), [Action::Present]);
}

#[test]
fn what_a_hand_has_left_is_no_part_of_a_scan() {
    let mut state = signed_in();
    assert_eq!(press(&mut state, Key::Char('x')), []);
    let done = shoot(&mut state, &keys("BADGE-sv-1\r"));
    let whole = matches!(&done[..], [Action::Scan { code, .. }] if code == "BADGE-sv-1");
    assert!(whole, "{done:?}");
}

#[test]
fn a_refusal_of_something_else_throws_no_field_away() {
    let mut state = signed_in();
    let asks = Dialog::Reprint {
        device: "SA-1".to_owned(),
    };
    state.dialog = Some(asks.clone());
    assert_eq!(press(&mut state, Key::Char('t')), []);
    hear(&mut state, StationNews::Refused(Refused::default()));
    assert_eq!((state.dialog, state.scanner.entry()), (Some(asks), "t"));
    assert!(state.notice.is_some_and(|notice| notice.bad));
}

#[test]
fn the_log_is_read_from_its_end_whoever_leafed_in_it_before() {
    let mut state = signed_in();
    for _ in 0..50 {
        hear(&mut state, StationNews::Told(Told::NobodyWaits));
    }
    assert_eq!(press(&mut state, Key::F(6)), []);
    assert_eq!(press(&mut state, Key::PageUp), []);
    assert!(state.log.below > 0);
    assert_eq!(press(&mut state, Key::F(6)), []);
    assert_eq!(state.log.below, 0);
}
