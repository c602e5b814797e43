//! The last row: what is being typed, else that the program is on its way out, else a notice, else the keys.

use super::canvas::Canvas;
use crate::tui::geometry::{Place, columns, footer, hints};
use crate::tui::saying;
use crate::tui::state::sign_in::SignIn;
use crate::tui::state::{Leaving, State};
use crate::tui::theme::Look;
use crate::words::Phrase;

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State) {
    let row = footer(state.size);
    if state.shows_entry() {
        let text = format!("› {}", entry(state));
        canvas.put_short(row, &text, Look::Strong);
    } else if state.is_leaving() {
        canvas.put_short(row, &on_its_way_out(state), Look::Chosen);
    } else if let Some(notice) = &state.notice {
        let look = if notice.bad { Look::Bad } else { Look::Chosen };
        let text = saying::text(state.language, &notice.said);
        canvas.put_short(row, &text, look);
    } else {
        for hint in hints(state.size, state.language) {
            let place = Place {
                x: hint.x,
                width: hint.width,
                ..row
            };
            let key = canvas.put(place, &hint.key, Look::Strong);
            canvas.put(place.columns(key + 1, place.width), hint.word, Look::Plain);
        }
    }
}

/// Said until the end: what becomes of boards in work, and how to wait for them no longer.
fn on_its_way_out(state: &State) -> String {
    let language = state.language;
    if state.leaving == Leaving::AtOnce {
        return language.say(Phrase::LeavingAtOnce).to_owned();
    }
    let leaving = language.say(Phrase::Leaving);
    let both = format!("{leaving} {}", language.say(Phrase::LeavingAgain));
    if columns(&both) > state.size.0 {
        return leaving.to_owned();
    }
    both
}

/// What is being typed, hidden where it is a PIN, with a mark where the next character goes.
pub(super) fn entry(state: &State) -> String {
    let typed = state.scanner.entry();
    if matches!(state.sign_in, SignIn::WantsPin { .. } | SignIn::Checking) {
        return format!("{}_", "*".repeat(typed.chars().count()));
    }
    format!("{typed}_")
}
