//! Esc takes back what was changed last, and throws no field of a new batch away unasked.

use super::scan_tests::{answer, keys, press, shoot, signed_in, wait_for_mark};
use super::update;
use crate::line::wishes::LineState;
use crate::tui::action::{Action, NewBatch};
use crate::tui::command::Direction;
use crate::tui::event::{Event, Key, Refused, StationNews};
use crate::tui::recorder::Recorder;
use crate::tui::scanner::PAUSE_MS;
use crate::tui::state::State;
use crate::tui::state::dialog::{BatchField, Dialog};
use crate::tui::state::sign_in::SignIn;
use crate::tui::told::{Gone, Told};

fn batch() -> NewBatch {
    NewBatch {
        batch: "B-1".to_owned(),
        profile: "p.toml".to_owned(),
        ..NewBatch::default()
    }
}

/// The profile's field of a batch that is half filled in.
fn half() -> Dialog {
    Dialog::OpenBatch(batch(), BatchField::Profile)
}

fn half_filled() -> State {
    State {
        dialog: Some(half()),
        ..signed_in()
    }
}

fn press_all(state: &mut State, keys: &[Key]) {
    for key in keys {
        assert_eq!(press(state, *key), [], "{key:?}");
    }
}

/// A key that waits is obeyed once no scan can follow it.
fn wait(state: &mut State) {
    let tick = Event::Tick {
        monotonic_ms: state.monotonic_ms + 10 * PAUSE_MS,
        utc_ms: 0,
    };
    assert_eq!(update(state, tick), []);
}

#[test]
fn the_first_esc_gives_a_field_its_former_text_back() {
    let erase = Key::Backspace;
    for changed in [vec![erase], vec![erase, Key::Char('x')], vec![erase; 9]] {
        let mut state = half_filled();
        press_all(&mut state, &changed);
        assert_ne!(state.dialog, Some(half()), "{changed:?}");
        // Reading it for a while takes nothing of it away.
        wait(&mut state);
        press_all(&mut state, &[Key::Escape]);
        assert_eq!((&state.dialog, state.scanner.entry()), (&Some(half()), ""));
        press_all(&mut state, &[Key::Escape]);
        assert_eq!(state.dialog, Some(Dialog::Discard));
    }
    // What is confirmed is not taken back, nor what is left for another field.
    for leaves in [Key::Enter, Key::Down] {
        let mut state = half_filled();
        press_all(&mut state, &[erase, leaves, Key::Escape]);
        assert_eq!(state.dialog, Some(Dialog::Discard), "{leaves:?}");
        let Some(Dialog::OpenBatch(batch, _)) = &state.beneath else {
            panic!("{:?}", state.beneath);
        };
        assert_eq!(batch.profile, "p.tom");
    }
    // In an empty field there is nothing to take back.
    let mut state = half_filled();
    press_all(&mut state, &[Key::Down, erase, Key::Escape]);
    assert_eq!(state.dialog, Some(Dialog::Discard));
}

#[test]
fn fields_are_thrown_away_by_a_yes_alone() {
    let mut state = half_filled();
    press_all(&mut state, &[Key::Escape]);
    assert_eq!(state.dialog, Some(Dialog::Discard));
    // No scan answers it, and a no goes back.
    assert_eq!(shoot(&mut state, &keys("SA-000001\r")), []);
    wait_for_mark(&mut state);
    assert_eq!(state.dialog, Some(Dialog::Discard));
    press_all(&mut state, &[Key::Escape]);
    assert_eq!((&state.dialog, &state.beneath), (&Some(half()), &None));
    press_all(&mut state, &[Key::Escape]);
    assert_eq!(answer(&mut state), []);
    assert_eq!((&state.dialog, &state.beneath), (&None, &None));
    // Where nothing is filled in, nothing is asked.
    let fresh = Dialog::OpenBatch(NewBatch::default(), BatchField::default());
    state.dialog = Some(fresh);
    press_all(&mut state, &[Key::Escape]);
    assert_eq!(state.dialog, None);
}

#[test]
fn another_question_over_fields_goes_back_to_them() {
    for (key, question) in [(Key::F(10), Dialog::Leave), (Key::F(9), Dialog::SignOut)] {
        let mut state = half_filled();
        state.batches.line = LineState::Running;
        press_all(&mut state, &[Key::Backspace, key]);
        wait(&mut state);
        assert_eq!(state.dialog, Some(question));
        // Something of before was refused meanwhile.
        let refused = StationNews::Refused(Refused::default());
        assert_eq!(update(&mut state, Event::Station(refused)), []);
        press_all(&mut state, &[Key::Escape]);
        assert_eq!(state.dialog, Some(half()), "{key:?}");
    }
    // A question that the first key of a scan has asked is gone, and the fields are not.
    let mut state = half_filled();
    let scan: Vec<_> = [Key::F(10)].into_iter().chain(keys("q.toml\r")).collect();
    assert_eq!(shoot(&mut state, &scan), []);
    let Some(Dialog::OpenBatch(batch, _)) = &state.dialog else {
        panic!("{:?}", state.dialog);
    };
    assert_eq!((&*batch.batch, &*batch.profile), ("B-1", "q.toml"));
}

#[test]
fn what_lies_beneath_a_question_goes_with_whoever_filled_it_in_and_is_in_no_recording() {
    let mut state = half_filled();
    press_all(&mut state, &[Key::Escape]);
    let text = Recorder::new(&state).text();
    assert!(!text.contains("p.toml"), "{text}");
    let signed_out = StationNews::Told(Told::SignedOut(Gone::Left));
    drop(update(&mut state, Event::Station(signed_out)));
    assert_eq!(state.sign_in, SignIn::Nobody);
    assert_eq!((&state.dialog, &state.beneath), (&None, &None));
}

#[test]
fn what_is_typed_into_a_field_stands_there_without_the_space_around_it() {
    let mut state = half_filled();
    state.scanner.edit("  q.toml ");
    super::entry::other_field(&mut state, Direction::Down);
    let Some(Dialog::OpenBatch(batch, field)) = &state.dialog else {
        panic!("{:?}", state.dialog);
    };
    assert_eq!((&*batch.profile, *field), ("q.toml", BatchField::WorkOrder));
    assert_eq!(state.scanner.entry(), "");
}

#[test]
fn what_is_half_typed_goes_where_a_refusal_comes_over_it() {
    let mut state = signed_in();
    press_all(&mut state, &keys("SA-0"));
    let refused = StationNews::Refused(Refused::default());
    assert_eq!(update(&mut state, Event::Station(refused)), []);
    assert_eq!(state.scanner.entry(), "");
    // The Enter that puts it away sends nothing.
    assert_eq!(press(&mut state, Key::Enter), Vec::<Action>::new());
    assert_eq!(state.dialog, None);
}
