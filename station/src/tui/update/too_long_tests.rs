//! What is longer than any code: a scan is refused whole, and of what a hand types nothing is cut unsaid.

use super::scan_tests::{answer, keys, press, shoot, signed_in, wait_for_mark};
use super::update;
use crate::tui::action::{Action, NewBatch};
use crate::tui::event::{Event, Key};
use crate::tui::scanner::{FORGET_MS, MAX_CHARS, PAUSE_MS};
use crate::tui::state::dialog::{BatchField, Dialog};
use crate::tui::state::said::Said;
use crate::tui::state::sign_in::SignIn;
use crate::tui::state::{READ_MS, State};

fn nobody() -> State {
    State {
        sign_in: SignIn::Nobody,
        ..signed_in()
    }
}

fn asked(dialog: Dialog) -> State {
    State {
        dialog: Some(dialog),
        ..signed_in()
    }
}

fn fields() -> Dialog {
    let batch = "B-1".to_owned();
    let batch = NewBatch {
        batch,
        ..NewBatch::default()
    };
    Dialog::OpenBatch(batch, BatchField::Quantity)
}

fn code(length: usize) -> String {
    "SA-1".chars().cycle().take(length).collect()
}

fn said(state: &State) -> Option<&Said> {
    state.notice.as_ref().map(|notice| &notice.said)
}

fn tick(state: &mut State, after_ms: u64) {
    let monotonic_ms = state.monotonic_ms + after_ms;
    let utc_ms = 0;
    let done = update(
        state,
        Event::Tick {
            monotonic_ms,
            utc_ms,
        },
    );
    assert_eq!(done, []);
}

#[test]
fn a_scan_that_is_too_long_is_no_scan_and_its_enter_answers_nothing() {
    let device = "SA-1".to_owned();
    let all = [
        nobody(),
        signed_in(),
        asked(fields()),
        asked(Dialog::Reprint { device }),
        asked(Dialog::Leave),
    ];
    for fresh in all {
        for length in [MAX_CHARS + 1, 3 * MAX_CHARS] {
            // The Enter comes at once, or as late as a machine that is held up reads it.
            for late_ms in [2, PAUSE_MS + 2, 10 * PAUSE_MS] {
                let mut state = fresh.clone();
                let before = state.clone();
                assert_eq!(shoot(&mut state, &keys(&code(length))), []);
                assert!(!state.is_ready_for_scan());
                tick(&mut state, late_ms - 1);
                let at_ms = state.monotonic_ms + 1;
                let key = Key::Enter;
                assert_eq!(update(&mut state, Event::Key { key, at_ms }), []);
                assert_eq!(said(&state), Some(&Said::ScanTooLong));
                assert_eq!(state.log.lines.len(), 1, "it is told once");
                let now = (&state.dialog, &state.sign_in, state.scanner.entry());
                assert_eq!(now, (&before.dialog, &before.sign_in, ""));
                wait_for_mark(&mut state);
                assert!(state.is_ready_for_scan());
            }
        }
    }
}

#[test]
fn nothing_of_a_scan_that_is_too_long_counts_however_it_comes() {
    // It stands still in the middle; then it goes on.
    let mut state = signed_in();
    assert_eq!(shoot(&mut state, &keys(&code(MAX_CHARS + 1))), []);
    tick(&mut state, 2 * PAUSE_MS);
    assert_eq!(shoot(&mut state, &keys("A-1\r")), []);
    // Two lines in one shot.
    wait_for_mark(&mut state);
    let two = format!("{}\rSA-2\r", code(MAX_CHARS + 1));
    assert_eq!(shoot(&mut state, &keys(&two)), []);
    // Behind what a hand has left, so that its first keys are those that do not fit.
    wait_for_mark(&mut state);
    for key in keys(&code(MAX_CHARS - 2)) {
        assert_eq!(press(&mut state, key), []);
    }
    assert_eq!(shoot(&mut state, &keys("SA-000003\r")), []);
    assert_eq!(said(&state), Some(&Said::ScanTooLong));
    // What is as long as it may be counts, and so does the scan after one that was refused.
    for code in [code(MAX_CHARS), "SA-4".to_owned()] {
        wait_for_mark(&mut state);
        let done = shoot(&mut state, &keys(&format!("{code}\r")));
        assert!(matches!(&done[..], [Action::Scan { code: taken, .. }] if *taken == code));
    }
}

#[test]
fn a_scanner_that_sends_no_enter_holds_nobody_up_for_ever() {
    for ends in [Key::Escape, Key::Enter] {
        let mut state = asked(Dialog::Leave);
        assert_eq!(shoot(&mut state, &keys(&code(MAX_CHARS + 1))), []);
        assert_eq!(
            press(&mut state, ends),
            [],
            "it takes the refused scan away"
        );
        assert_eq!(state.dialog, Some(Dialog::Leave));
        wait_for_mark(&mut state);
        assert_eq!(answer(&mut state), [Action::Leave]);
    }
    // By itself it goes as well, in a field too.
    for dialog in [Dialog::Leave, fields()] {
        let mut state = asked(dialog);
        assert_eq!(shoot(&mut state, &keys(&code(MAX_CHARS + 1))), []);
        tick(&mut state, FORGET_MS);
        assert!(!state.is_ready_for_scan());
        tick(&mut state, 1);
        assert!(state.is_ready_for_scan());
    }
}

#[test]
fn a_hand_is_told_of_the_limit_and_nothing_shorter_is_taken_for_what_was_meant() {
    let mut state = signed_in();
    for key in keys(&code(MAX_CHARS)) {
        assert_eq!(press(&mut state, key), []);
    }
    assert_eq!(said(&state), None);
    for key in [Key::Char('x'), Key::Char('y'), Key::Enter] {
        state.notice = None;
        assert_eq!(press(&mut state, key), [], "{key:?}");
        assert_eq!(said(&state), Some(&Said::EntryTooLong), "{key:?}");
        assert!(!state.shows_entry(), "the notice is seen");
        assert_eq!(state.scanner.entry(), code(MAX_CHARS));
    }
    tick(&mut state, READ_MS);
    assert_eq!(press(&mut state, Key::Backspace), []);
    assert!(state.shows_entry());
    let done = press(&mut state, Key::Enter);
    let wanted = code(MAX_CHARS - 1);
    assert!(matches!(&done[..], [Action::Scan { code, .. }] if *code == wanted));
}
