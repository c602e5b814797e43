//! The last row: what is being typed, else a notice, else the keys.

use super::canvas::Canvas;
use crate::tui::geometry::{Place, footer, hints};
use crate::tui::state::State;
use crate::tui::state::sign_in::SignIn;
use crate::tui::theme::Look;

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State) {
    let row = footer(state.size);
    let in_dialog = state.dialog.is_some() || state.sign_in.person().is_none();
    if !in_dialog && !state.scanner.entry().is_empty() {
        let text = format!("› {}", entry(state));
        canvas.put_short(row, &text, Look::Strong);
    } else if let Some(notice) = &state.notice {
        let look = if notice.bad { Look::Bad } else { Look::Chosen };
        canvas.put_short(row, &notice.text, look);
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

/// What is being typed, hidden where it is a PIN, with a mark where the next character goes.
pub(super) fn entry(state: &State) -> String {
    let typed = state.scanner.entry();
    if matches!(state.sign_in, SignIn::WantsPin { .. } | SignIn::Checking) {
        return format!("{}_", "*".repeat(typed.chars().count()));
    }
    format!("{typed}_")
}
