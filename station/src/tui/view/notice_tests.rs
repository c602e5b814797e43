//! What the last row and the dialogs say where something was not taken: whole, in every language.

use super::layout_tests::drawn;
use super::samples;
use crate::tui::event::{Event, Key, Refused};
use crate::tui::geometry::SMALLEST;
use crate::tui::saying;
use crate::tui::scanner::MAX_CHARS;
use crate::tui::state::dialog::Dialog;
use crate::tui::state::said::Said;
use crate::tui::state::{READ_MS, State};
use crate::tui::theme::Theme;
use crate::tui::update::update;
use crate::words::{Language, Phrase, RefusalReason};

fn in_each_language() -> impl Iterator<Item = State> {
    Language::ALL.into_iter().map(|language| State {
        language,
        size: SMALLEST,
        ..samples::running(8)
    })
}

/// Without the spaces between wide characters, or those that a line's end has taken.
fn there(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn that_something_is_too_long_is_never_cut() {
    for mut state in in_each_language() {
        let language = state.language;
        for pace_ms in [2, 2 * READ_MS] {
            for at in 0..=MAX_CHARS as u64 {
                let key = Key::Char('x');
                let at_ms = 200_000 * pace_ms + at * pace_ms;
                drop(update(&mut state, Event::Key { key, at_ms }));
            }
            let said = if pace_ms == 2 {
                Said::ScanTooLong
            } else {
                Said::EntryTooLong
            };
            let (rows, faults) = drawn(&state, Theme::Monochrome);
            let last = rows.last().unwrap();
            assert_eq!(last, &saying::text(language, &said), "{faults:?}");
            state.scanner.clear();
        }
    }
}

#[test]
fn whether_fields_are_thrown_away_is_asked_in_full() {
    for mut state in in_each_language() {
        state.dialog = Some(Dialog::Discard);
        let (rows, faults) = drawn(&state, Theme::Monochrome);
        assert!(faults.is_empty(), "{faults:?}");
        let seen = rows.join(" ");
        for phrase in [Phrase::ConfirmDiscard, Phrase::EnterYes, Phrase::EscNo] {
            let text = state.language.say(phrase);
            assert!(there(&seen).contains(&there(text)), "{text}\n{seen}");
        }
    }
}

#[test]
fn technical_text_of_a_refusal_is_said_to_be_such() {
    for mut state in in_each_language() {
        let text = || "EIO".to_owned();
        state.dialog = Some(Dialog::Refused(Refused {
            reason: Some(RefusalReason::BatchHeld),
            what: text(),
            why: text(),
            next: text(),
        }));
        let (rows, _) = drawn(&state, Theme::Monochrome);
        let label = state.language.technical("EIO:");
        assert!(
            label != "EIO:" && rows.join("\n").contains(&label),
            "{rows:#?}"
        );
    }
}
