//! What the last row shows: what is being typed where it stands nowhere else, a notice, or the keys.

use super::layout_tests::drawn;
use super::samples;
use crate::tui::geometry::SMALLEST;
use crate::tui::saying;
use crate::tui::scanner::MAX_CHARS;
use crate::tui::state::State;
use crate::tui::state::dialog::Dialog;
use crate::tui::state::said::Said;
use crate::tui::state::sign_in::SignIn;
use crate::tui::theme::Theme;

fn typing(text: &str) -> State {
    let mut state = State {
        size: SMALLEST,
        ..samples::running(4)
    };
    for (at, character) in (0_u64..).step_by(1_000).zip(text.chars()) {
        state.scanner.take(character, at);
    }
    state
}

fn last(state: &State) -> String {
    drawn(state, Theme::Monochrome).0.pop().unwrap()
}

#[test]
fn what_is_typed_stands_once() {
    let mut state = typing("SA-1");
    assert_eq!(last(&state), "› SA-1_");
    // A question has it in its field, and so has the sign-in.
    let keys = last(&typing(""));
    let device = "SA-1".to_owned();
    state.dialog = Some(Dialog::Reprint { device });
    assert_eq!(last(&state), keys);
    state.dialog = None;
    state.sign_in = SignIn::Nobody;
    assert_eq!(last(&state), keys);
}

#[test]
fn that_something_is_too_long_stands_where_it_is_typed_and_no_longer_than_a_notice() {
    let mut state = typing(&"x".repeat(MAX_CHARS + 1));
    let said = Said::EntryTooLong;
    state.tell(said.clone(), true);
    assert_eq!(last(&state), saying::text(state.language, &said));
    state.notice = None;
    assert!(last(&state).starts_with("› xxx"));
    // Any other notice waits until nothing is typed.
    let mut state = typing("SA-1");
    state.tell(said, true);
    assert_eq!(last(&state), "› SA-1_");
}
