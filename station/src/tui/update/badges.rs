//! Badges in the fields of a new batch: the station is asked about each field that is filled in, so that none stands
//! there in clear until all of them are.

use crate::tui::action::{Action, NewBatch, Secret};
use crate::tui::state::State;
use crate::tui::state::dialog::{BatchField, Dialog};
use crate::tui::state::said::Said;

/// What stands in the fields that are being filled in.
pub(super) fn fields(state: &State) -> Option<NewBatch> {
    match &state.dialog {
        Some(Dialog::OpenBatch(batch, _)) => Some(batch.clone()),
        _ => None,
    }
}

/// Asks about what has come into a field since then, by a scan or by hand.
pub(super) fn ask(state: &State, before: Option<&NewBatch>) -> Vec<Action> {
    let (Some(before), Some(after)) = (before, fields(state)) else {
        return Vec::new();
    };
    let is_new = |field: &BatchField| {
        let text = field.of(&after);
        !text.is_empty() && text != field.of(before)
    };
    let about = |field: BatchField| Action::LookAtField {
        field,
        text: Secret(field.of(&after).to_owned()),
    };
    let new = BatchField::ALL.into_iter().filter(is_new);
    new.map(about).collect()
}

/// The field has somebody's badge: it goes, unless something else stands there by now. A recording has no code.
pub(super) fn take_out(state: &mut State, field: BatchField, code: &Secret) {
    let Secret(code) = code;
    let open = [&mut state.dialog, &mut state.beneath];
    for dialog in open.into_iter().flatten() {
        let Dialog::OpenBatch(batch, open) = dialog else {
            continue;
        };
        // It may have gone back into the entry meanwhile, to be changed.
        let edited = *open == field && field.of(batch).is_empty();
        if field.of(batch) == code || code.is_empty() {
            field.fill(batch, String::new());
        } else if !edited {
            continue;
        }
        if edited {
            state.scanner.clear();
        } else if !state.scanner.is_typing() {
            *open = field;
        }
    }
    state.say(Said::BadgeInField, true);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::event::{Event, Key, StationNews};
    use crate::tui::update::scan_tests::{keys, shoot_all, signed_in, wait_for_mark};
    use crate::tui::update::update;

    const BADGE: &str = "BADGE-op-1";

    fn opening() -> State {
        let mut state = signed_in();
        let fresh = Dialog::OpenBatch(NewBatch::default(), BatchField::default());
        state.dialog = Some(fresh);
        state
    }

    fn press(state: &mut State, key: Key) -> Vec<Action> {
        shoot_all(state, &[key])
    }

    fn asks(field: BatchField, text: &str) -> Action {
        let text = Secret(text.to_owned());
        Action::LookAtField { field, text }
    }

    /// As the station answers where it is one.
    fn is_badge(state: &mut State, field: BatchField) {
        let code = Secret(BADGE.to_owned());
        let news = StationNews::BadgeInField { field, code };
        assert_eq!(update(state, Event::Station(news)), []);
    }

    fn open(state: &State) -> (NewBatch, BatchField) {
        match &state.dialog {
            Some(Dialog::OpenBatch(batch, field)) => (batch.clone(), *field),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_field_is_asked_about_once_it_is_filled_in() {
        use BatchField as B;
        let mut state = opening();
        for (field, text) in [
            (B::Name, BADGE),
            (B::Profile, "p.toml"),
            (B::WorkOrder, "W"),
        ] {
            let done = shoot_all(&mut state, &keys(&format!("{text}\r")));
            assert_eq!(done, [asks(field, text)]);
            wait_for_mark(&mut state);
        }
        // The last one by a scan, which has nothing done by itself.
        let done = shoot_all(&mut state, &keys("600\r"));
        assert_eq!(done, [asks(B::Quantity, "600")]);
        wait_for_mark(&mut state);
        // By hand, and left without an Enter.
        for key in [Key::Up, Key::Backspace] {
            assert_eq!(press(&mut state, key), []);
        }
        assert_eq!(press(&mut state, Key::Char('7')), []);
        assert_eq!(press(&mut state, Key::Up), [asks(B::WorkOrder, "7")]);
        // What stood there before is not asked about anew.
        assert_eq!(press(&mut state, Key::Enter), []);
    }

    #[test]
    fn a_badge_is_taken_out_of_its_field_which_is_filled_in_anew() {
        let mut state = opening();
        drop(shoot_all(&mut state, &keys(&format!("{BADGE}\r"))));
        is_badge(&mut state, BatchField::Name);
        assert_eq!(open(&state), (NewBatch::default(), BatchField::Name));
        let said = state.notice.as_ref().map(|notice| &notice.said);
        assert_eq!(said, Some(&Said::BadgeInField));
        assert!(!format!("{state:?}").contains(BADGE));
        // Where somebody types in another field by then, they go on there.
        let mut state = opening();
        drop(shoot_all(&mut state, &keys(&format!("{BADGE}\r"))));
        wait_for_mark(&mut state);
        assert_eq!(press(&mut state, Key::Char('p')), []);
        is_badge(&mut state, BatchField::Name);
        assert_eq!(open(&state), (NewBatch::default(), BatchField::Profile));
        assert_eq!(state.scanner.entry(), "p");
    }

    #[test]
    fn a_badge_is_taken_out_wherever_it_went_meanwhile_and_nothing_else_is() {
        // Beneath a question.
        let mut state = opening();
        drop(shoot_all(&mut state, &keys(&format!("{BADGE}\r"))));
        wait_for_mark(&mut state);
        drop(press(&mut state, Key::F(10)));
        assert_eq!(state.dialog, Some(Dialog::Leave));
        is_badge(&mut state, BatchField::Name);
        assert!(!format!("{state:?}").contains(BADGE));
        // Back in the entry.
        let mut state = opening();
        drop(shoot_all(&mut state, &keys(&format!("{BADGE}\r"))));
        wait_for_mark(&mut state);
        for key in [Key::Up, Key::Backspace] {
            assert_eq!(press(&mut state, key), []);
        }
        is_badge(&mut state, BatchField::Name);
        assert_eq!(state.scanner.entry(), "");
        drop(press(&mut state, Key::Escape));
        assert!(!format!("{state:?}").contains("BADGE-op"));
        // Something else stands there by now.
        let mut state = opening();
        drop(shoot_all(&mut state, &keys(&format!("{BADGE}\r"))));
        wait_for_mark(&mut state);
        assert_eq!(press(&mut state, Key::Up), []);
        drop(shoot_all(&mut state, &keys("B-1\r")));
        is_badge(&mut state, BatchField::Name);
        assert_eq!(open(&state).0.batch, "B-1");
    }
}
