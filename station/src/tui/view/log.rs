//! The log of the shift, the newest at the bottom, each line whole.

use super::canvas::{Canvas, wrap};
use super::window::{self, Newest, Window};
use crate::tui::geometry::{Place, columns};
use crate::tui::saying;
use crate::tui::state::State;
use crate::tui::state::log::Line;
use crate::tui::theme::Look;
use crate::tui::{clock_text, date_text};
use crate::words::Phrase;

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, place: Place) {
    let log = &state.log;
    if log.lines.is_empty() {
        let text = state.language.say(Phrase::NothingYet);
        canvas.put(place.row(0), text, Look::Plain);
        return;
    }
    let window = window(state, place);
    window::mark(canvas, state.language, window, Newest::Below, place);
    let end = log.lines.len().saturating_sub(window.newer);
    let mut above = window.list(place);
    for line in log.lines.iter().take(end).rev() {
        if above.height == 0 {
            break;
        }
        above = from_below(canvas, state, line, above);
    }
}

/// What is seen of it.
pub(super) fn window(state: &State, place: Place) -> Window {
    let lines = &state.log.lines;
    let rows_of = |from_newest: usize| {
        let at = lines.len().checked_sub(from_newest + 1);
        let line = at.and_then(|at| lines.get(at));
        line.map_or(1, |line| said(state, line, place).1.len().max(1))
    };
    Window::on(lines.len(), state.log.below, place.height, rows_of)
}

/// When a line was said, and it in rows.
fn said(state: &State, line: &Line, place: Place) -> (String, Vec<String>) {
    let day = |utc_ms: u64| utc_ms / 86_400_000;
    let time = if day(line.utc_ms) == day(state.utc_ms) {
        clock_text(line.utc_ms)
    } else {
        date_text(line.utc_ms)
    };
    let text = saying::text(state.language, &line.said);
    let rows = wrap(&text, place.width.saturating_sub(indent(&time)));
    (time, rows)
}

/// Columns before the text.
fn indent(time: &str) -> u16 {
    columns(time) + 3
}

/// A line at the bottom of the place, over as many rows as it takes to say all of it; gives what is left above.
fn from_below(canvas: &mut Canvas<'_>, state: &State, line: &Line, place: Place) -> Place {
    let (time, rows) = said(state, line, place);
    let indent = indent(&time);
    let rows = u16::try_from(rows.len().max(1))
        .unwrap_or(u16::MAX)
        .min(place.height);
    let text = saying::text(state.language, &line.said);
    let left = place.top(place.height - rows);
    let rows = place.below(left.height);
    canvas.put(rows.row(0), &time, Look::Label);
    let sign = if line.bad { "!" } else { " " };
    canvas.put(rows.row(0).columns(indent - 2, 1), sign, Look::Strong);
    // Only the topmost may be cut: it is whole once it is scrolled down to.
    canvas.put_wrapped_short(rows.columns(indent, rows.width), &text, Look::Plain);
    left
}
