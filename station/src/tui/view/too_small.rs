//! The terminal is too small: what is needed, and that nothing has stopped.

use super::canvas::Canvas;
use crate::tui::geometry::{SMALLEST, whole};
use crate::tui::saying;
use crate::tui::state::State;
use crate::tui::state::dialog::Dialog;
use crate::tui::theme::Look;
use crate::words::Phrase;

/// Draws it; what does not fit even so is left out.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State) {
    let figures = [SMALLEST.0, SMALLEST.1, state.size.0, state.size.1].map(|n| n.to_string());
    let figures = figures.each_ref().map(String::as_str);
    let text = state.language.fill(Phrase::TooSmall, &figures);
    let all = whole(state.size);
    let used = canvas.put_wrapped_short(all, &text, Look::Strong);
    let goes_on = state.language.say(Phrase::TooSmallGoesOn);
    let used = used + canvas.put_wrapped_short(all.below(used), goes_on, Look::Plain);
    let used = match &state.notice {
        Some(notice) => {
            let said = saying::text(state.language, &notice.said);
            used + canvas.put_wrapped_short(all.below(used), &said, Look::Strong)
        }
        None => used,
    };
    // The only question that can be answered here.
    if state.dialog == Some(Dialog::Leave) {
        let said = [Phrase::ConfirmLeave, Phrase::EnterYes, Phrase::EscNo];
        let asks = said.map(|phrase| state.language.say(phrase)).join("  ");
        canvas.put_wrapped_short(all.below(used), &asks, Look::Strong);
    }
}
