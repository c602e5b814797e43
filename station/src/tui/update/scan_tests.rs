//! Scans where a question or a field is open, and what is within them: only a person's keys do anything.

use super::update;
use crate::line::wishes::LineState;
use crate::tui::action::{Action, NewBatch};
use crate::tui::event::{Event, Key};
use crate::tui::geometry::SMALLEST;
use crate::tui::scanner::{FAST_MS, PAUSE_MS};
use crate::tui::state::alarms::About;
use crate::tui::state::batch::{BatchHead, BatchRow};
use crate::tui::state::dialog::{BatchField, Dialog};
use crate::tui::state::lanes::{Doing, Lane};
use crate::tui::state::said::Said;
use crate::tui::state::sign_in::{Deed, Person, Role, SignIn};
use crate::tui::state::why_not::{WhyNot, why_not};
use crate::tui::state::{READ_MS, State};
use crate::verdict::VerdictCode;
use crate::words::Language;

pub(super) fn signed_in() -> State {
    let person = Person {
        operator: "op-17".to_owned(),
        role: Role::Supervisor,
        may: vec![Deed::Start, Deed::Pause, Deed::CloseBatch],
        may_not: Vec::new(),
    };
    State {
        sign_in: SignIn::Person(person),
        monotonic_ms: 10_000,
        size: SMALLEST,
        // Nobody has to be told of presence in these tests.
        present_ms: 1_000_000,
        ..State::default()
    }
}

/// Keys, two milliseconds apart, after a pause; that the station is asked about a field is left out.
pub(super) fn shoot(state: &mut State, keys: &[Key]) -> Vec<Action> {
    let mut done = shoot_all(state, keys);
    done.retain(|action| !matches!(action, Action::LookAtField { .. }));
    done
}

/// The same, with nothing left out.
pub(super) fn shoot_all(state: &mut State, keys: &[Key]) -> Vec<Action> {
    let from = state.monotonic_ms + 2 * READ_MS;
    let mut done = Vec::new();
    for (at_ms, key) in (from..).step_by(2).zip(keys) {
        done.extend(update(state, Event::Key { key: *key, at_ms }));
    }
    done
}

pub(super) fn press(state: &mut State, key: Key) -> Vec<Action> {
    shoot(state, &[key])
}

/// As the terminal tells it: ETX is Ctrl-C, DC4 Ctrl-T, ESC [21~ F10.
pub(super) fn keys(text: &str) -> Vec<Key> {
    let key = |character| match character {
        '\u{3}' => Key::Interrupt,
        '\u{14}' => Key::Record,
        '\u{c}' => Key::Redraw,
        '\u{7f}' => Key::Backspace,
        '\u{1b}' => Key::F(10),
        '\t' => Key::Tab,
        '\r' => Key::Enter,
        other => Key::Char(other),
    };
    text.chars().map(key).collect()
}

/// An Enter, and time for what could follow it in a scan.
pub(super) fn answer(state: &mut State) -> Vec<Action> {
    assert_eq!(press(state, Key::Enter), []);
    let monotonic_ms = state.monotonic_ms + FAST_MS + 1;
    let utc_ms = 0;
    let tick = Event::Tick {
        monotonic_ms,
        utc_ms,
    };
    update(state, tick)
}

pub(super) fn wait_for_mark(state: &mut State) {
    let tick = Event::Tick {
        monotonic_ms: state.monotonic_ms + PAUSE_MS + 1,
        utc_ms: 0,
    };
    drop(update(state, tick));
}

#[test]
fn what_frames_a_scan_or_is_within_it_does_nothing() {
    for scan in [
        "\u{2}SA-1\u{3}\r",
        "\u{2}SA-1\r\u{3}",
        "SA\u{1b}-1\r",
        "S\u{14}A-\u{c}1\r",
        "SA-1\u{7f}\r",
        "\u{3}SA-1\r",
        "\u{1b}SA-1\r",
    ] {
        let mut state = signed_in();
        let done = shoot(&mut state, &keys(scan));
        let code = "SA-1".to_owned();
        let (lane, look_up) = (None, false);
        let taken = [Action::Scan {
            code,
            lane,
            look_up,
        }];
        assert_eq!(done, taken, "{scan:?}");
        assert_eq!(state.dialog, None, "{scan:?}");
        // A person's key does what it did, right after the scan.
        wait_for_mark(&mut state);
        drop(press(&mut state, Key::Interrupt));
        assert_eq!(state.dialog, Some(Dialog::Leave), "{scan:?}");
    }
}

#[test]
fn at_sign_in_a_framed_scan_neither_leaves_nor_changes_the_language() {
    let mut state = State {
        size: SMALLEST,
        ..State::default()
    };
    let done = shoot(&mut state, &keys("\u{2}op\t-17\u{3}\r"));
    let badge = "op-17".to_owned();
    assert_eq!(done, [Action::Identify { badge }]);
    assert_eq!((state.dialog, state.language), (None, Language::English));
}

#[test]
fn an_enter_answers_no_question_that_nobody_can_have_read() {
    for (after_ms, answers) in [(READ_MS - 1, false), (READ_MS, true)] {
        let mut state = signed_in();
        drop(press(&mut state, Key::F(10)));
        let key = Key::Enter;
        let at_ms = state.monotonic_ms + after_ms;
        assert_eq!(update(&mut state, Event::Key { key, at_ms }), []);
        let (monotonic_ms, utc_ms) = (at_ms + FAST_MS + 1, 0);
        let tick = Event::Tick {
            monotonic_ms,
            utc_ms,
        };
        let done = update(&mut state, tick);
        assert_eq!(done == [Action::Leave], answers, "{after_ms} ms");
    }
    // A key that is held down, as a keyboard repeats it, answers nothing.
    let mut state = signed_in();
    state.dialog = Some(Dialog::CloseBatch {
        batch: "B-1".to_owned(),
    });
    state.asked_ms = Some(state.monotonic_ms);
    let opened = state.monotonic_ms;
    for at_ms in (500..10_000).step_by(33) {
        let key = Key::Enter;
        let at_ms = opened + at_ms;
        assert_eq!(update(&mut state, Event::Key { key, at_ms }), []);
    }
    assert!(state.dialog.is_some());
    // Nor is a scan of nothing but its frame a wish and its answer.
    let mut state = signed_in();
    for frame in ["\u{3}\r\r", "\u{3}\u{3}\r"] {
        assert!(shoot(&mut state, &keys(frame)).is_empty(), "{frame:?}");
        assert!(!state.is_leaving());
        state.dialog = None;
    }
}

#[test]
fn no_scan_answers_a_question_and_it_is_told() {
    let batch = "B-1".to_owned();
    for question in [Dialog::SignOut, Dialog::Leave, Dialog::CloseBatch { batch }] {
        for scan in [
            "]C1\r",
            "   \r",
            "\u{2}\u{3}\r",
            "]C1\r\r",
            "SA-000001\r",
            "\rSA-000001\r",
            "\r\r",
        ] {
            let mut state = signed_in();
            state.dialog = Some(question.clone());
            assert!(shoot(&mut state, &keys(scan)).is_empty(), "{scan:?}");
            assert_eq!(state.dialog.as_ref(), Some(&question), "{scan:?}");
            let told = state.notice.map(|notice| notice.said);
            let of_code = scan.contains("SA").then_some(Said::QuestionStands);
            assert_eq!(told, of_code, "{scan:?}");
            assert_eq!(state.log.lines.len(), usize::from(of_code.is_some()));
        }
    }
}

#[test]
fn a_scan_is_no_reason() {
    let device = "SA-1".to_owned();
    let about = About::Lane("L1".to_owned());
    let code = VerdictCode::UidReused;
    for question in [
        Dialog::Reprint { device },
        Dialog::Acknowledge {
            about,
            code,
            since_ms: 1,
        },
    ] {
        let mut state = signed_in();
        state.dialog = Some(question.clone());
        assert!(shoot(&mut state, &keys("BADGE-sv-1\r")).is_empty());
        assert_eq!(state.dialog, Some(question));
        assert_eq!(state.notice.as_ref().unwrap().said, Said::NoReason);
        assert!(!format!("{state:?}").contains("BADGE"), "{state:?}");
        // Typed by a hand, it is one.
        wait_for_mark(&mut state);
        let mut done = Vec::new();
        for key in keys("torn\r") {
            done.extend(press(&mut state, key));
        }
        assert_eq!(done.len(), 1, "{done:?}");
    }
}

#[test]
fn fields_of_a_batch_take_scans_and_a_hand_has_it_opened() {
    let mut state = signed_in();
    let fresh = Dialog::OpenBatch(NewBatch::default(), BatchField::default());
    state.dialog = Some(fresh);
    for field in ["B-1\r", "p.toml\r", "WO-7\r", "60\r", "61\r"] {
        assert!(shoot(&mut state, &keys(field)).is_empty(), "{field:?}");
    }
    let done = press(&mut state, Key::Enter);
    let [Action::OpenBatch(batch)] = &done[..] else {
        panic!("{done:?}");
    };
    assert_eq!((&*batch.work_order, &*batch.quantity), ("WO-7", "61"));
}

#[test]
fn signing_out_is_asked_about_while_boards_are_finished_and_what_is_awaited_is_said() {
    let mut state = signed_in();
    state.batches.line = LineState::Finishing;
    let lane = Lane {
        name: "L7".to_owned(),
        doing: Doing::AwaitsLabel,
        ..Lane::default()
    };
    state.lanes.list = vec![Lane::default(), lane];
    state.batches.list = vec![BatchRow::default()];
    state.batches.head = Some(BatchHead::default());
    for deed in [Deed::Start, Deed::Pause, Deed::CloseBatch] {
        let why = WhyNot::LabelAwaited("L7".to_owned());
        assert_eq!(why_not(&state, deed), Some(why), "{deed:?}");
    }
    assert!(press(&mut state, Key::F(9)).is_empty());
    wait_for_mark(&mut state);
    assert_eq!(state.dialog, Some(Dialog::SignOut));
    assert_eq!(answer(&mut state), [Action::SignOut]);
}
