//! The log of the shift, the newest at the bottom.

use super::canvas::Canvas;
use crate::tui::clock_text;
use crate::tui::geometry::{Place, columns};
use crate::tui::saying;
use crate::tui::state::State;
use crate::tui::theme::Look;
use crate::words::Phrase;

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, place: Place) {
    let log = &state.log;
    if log.lines.is_empty() {
        let text = state.language.say(Phrase::NothingYet);
        canvas.put(place.row(0), text, Look::Plain);
        return;
    }
    let end = log.lines.len().saturating_sub(log.below);
    let first = end.saturating_sub(usize::from(place.height));
    let shown = log.lines.iter().skip(first).take(end - first);
    for (at, line) in (0..).zip(shown) {
        let row = place.row(at);
        let time = clock_text(line.utc_ms);
        canvas.put(row, &time, Look::Label);
        let sign = if line.bad { "!" } else { " " };
        let rest = row.columns(columns(&time) + 1, row.width);
        canvas.put(rest, sign, Look::Strong);
        let text = saying::text(state.language, &line.said);
        canvas.put_short(rest.columns(2, rest.width), &text, Look::Plain);
    }
}
