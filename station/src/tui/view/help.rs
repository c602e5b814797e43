//! Help on the screen that is shown, over it.

use super::canvas::Canvas;
use super::dialog::framed;
use crate::tui::geometry::whole;
use crate::tui::state::State;
use crate::tui::theme::Look;
use crate::tui::vocabulary;
use crate::words::Phrase;

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State) {
    let language = state.language;
    let title = format!(
        "{}: {}",
        language.say(Phrase::KeyHelp),
        language.say(vocabulary::screen(state.screen))
    );
    let texts = [
        vocabulary::help(state.screen),
        Phrase::HelpKeys,
        Phrase::HelpScan,
        Phrase::HelpLeave,
    ];
    let inside = framed(canvas, whole(state.size), (70, 18), &title, Look::Strong);
    let mut rest = inside;
    for text in texts {
        let used = canvas.put_wrapped(rest, language.say(text), Look::Plain);
        rest = rest.below(used + 1);
    }
    let last = inside.row(inside.height.saturating_sub(1));
    canvas.put(last, language.say(Phrase::EscBack), Look::Label);
}
