//! Help on the screen that is shown, over it.

use super::canvas::{Canvas, wrap};
use super::dialog::framed;
use crate::tui::geometry::whole;
use crate::tui::state::State;
use crate::tui::theme::Look;
use crate::tui::vocabulary;
use crate::words::{Help, Phrase};

/// Columns of its frame.
const WIDTH: u16 = 74;

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
        Help::Keys,
        Help::Scan,
        Help::Leave,
    ];
    let texts = texts.map(|text| language.help(text));
    let rows: usize = texts
        .iter()
        .map(|text| wrap(text, WIDTH - 4).len() + 1)
        .sum();
    // No higher than it must be: what it tells of should be seen beside it.
    let rows = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(3);
    let around = whole(state.size);
    let inside = framed(canvas, around, (WIDTH, rows), &title, Look::Strong);
    let mut rest = inside;
    for text in texts {
        let used = canvas.put_wrapped(rest, text, Look::Plain);
        rest = rest.below(used + 1);
    }
    let last = inside.row(inside.height.saturating_sub(1));
    canvas.put(last, language.say(Phrase::EscBack), Look::Label);
}
