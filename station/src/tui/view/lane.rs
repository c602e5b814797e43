//! One lane's cell, as large as there is room: from two rows up to block letters.
//!
//! ```text
//! left           /dev/ttyUSB0        left ✘ FAIL 3.2 s
//! ✘ FAIL              3.2 s          HW-LIMIT
//! 0A1B2C…
//! HW-LIMIT
//! i_sleep: measured 0.000041 A, …
//! ```

use super::canvas::{Canvas, fit_end};
use super::lane_words::{beside, board_of, name_look, name_of, row_look, second_row};
use super::lane_words::{state_word, time_text};
use super::line::fits;
use super::small_lane::Shares;
use super::{block_letters, line, port_label, small_lane};
use crate::tui::geometry::{Place, ROOMY, columns};
use crate::tui::state::State;
use crate::tui::state::lanes::{Lane, Shown, ShownVerdict};
use crate::tui::theme::{Look, of_verdict};
use crate::tui::vocabulary;
use crate::words::Language;

/// Fewest columns of a port's label.
pub(super) const PORT: u16 = 3;

/// A lane with what its cell is drawn from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell<'a> {
    /// Everything.
    pub(super) state: &'a State,
    /// The lane.
    pub(super) lane: &'a Lane,
    /// What tells its port from the others' ports.
    pub(super) label: &'a str,
    /// As much of it as a small cell shows.
    pub(super) tail: &'a str,
    /// How a small cell is shared out.
    pub(super) shares: Shares,
    /// Where it is drawn.
    pub(super) place: Place,
    /// Whether it is looked at.
    pub(super) chosen: bool,
}

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas<'_>, cell: &Cell<'_>) {
    let place = cell.place;
    let roomy = place.width + 1 >= ROOMY.0 && place.height >= ROOMY.1;
    if place.height < 4 {
        small_lane::draw(canvas, cell);
    } else if roomy && cell.lane.shown() == Shown::Verdict {
        large(canvas, cell);
    } else {
        medium(canvas, cell);
    }
}

/// Four rows and more.
fn medium(canvas: &mut Canvas<'_>, cell: &Cell<'_>) {
    let Cell {
        state, lane, place, ..
    } = *cell;
    header(canvas, cell);
    let (word, look) = state_word(state.language, lane);
    let row = place.row(1);
    let drawn = canvas.put(row, &word, look);
    let beside_word = row.columns(drawn + 1, row.width);
    canvas.put(
        place.row(2),
        &fit_end(board_of(lane), place.width),
        Look::Plain,
    );
    let row = place.row(3);
    let text = second_row(state.language, lane, row.width);
    let drawn = canvas.put_short(row, &text, row_look(lane));
    let below = row.columns(drawn + u16::from(drawn > 0), row.width);
    let time = time_text(state, lane);
    if let Some(row) = [beside_word, below]
        .into_iter()
        .find(|row| fits(&time, *row))
    {
        canvas.put_right(row, &time, Look::Plain);
    }
    story(canvas, state.language, lane, place.below(4));
}

/// Room enough for a verdict in block letters.
fn large(canvas: &mut Canvas<'_>, cell: &Cell<'_>) {
    let Cell {
        state, lane, place, ..
    } = *cell;
    let Some(verdict) = &lane.verdict else { return };
    header(canvas, cell);
    let block = place.below(1).top(block_letters::ROWS);
    big_verdict(canvas, state.language, verdict, block);
    let row = place.row(block_letters::ROWS + 1);
    let time = time_text(state, lane);
    let taken = canvas.put_right(row, &time, Look::Plain);
    let left = row.columns(0, row.width.saturating_sub(taken + 1));
    let drawn = if verdict.code.as_str() == "PASS" {
        0
    } else {
        canvas.put(left, verdict.code.as_str(), Look::Strong) + 1
    };
    let left = left.columns(drawn, left.width);
    canvas.put(left, &fit_end(board_of(lane), left.width), Look::Plain);
    story(
        canvas,
        state.language,
        lane,
        place.below(block_letters::ROWS + 2),
    );
}

fn big_verdict(canvas: &mut Canvas<'_>, language: Language, verdict: &ShownVerdict, place: Place) {
    let word = language.say(vocabulary::outcome(verdict.code));
    let look = of_verdict(verdict.code);
    let mark = vocabulary::sign(verdict.code);
    let sign = block_letters::sign(mark);
    let letters = block_letters::word(word).filter(|rows| fits(&rows[0], place));
    let both = match (&sign, &letters) {
        (Some(sign), Some(letters)) => {
            let rows = [0, 1, 2, 3, 4].map(|row: usize| format!("{}  {}", sign[row], letters[row]));
            Some(rows).filter(|rows| fits(&rows[0], place))
        }
        _ => None,
    };
    let drawn = both.or_else(|| letters.clone());
    if let Some(rows) = drawn {
        for (row, text) in (0..).zip(&rows) {
            canvas.put_middle(place.row(row), text, look);
        }
        return;
    }
    // A word that has no letters of blocks, or too many of them: its sign large, itself beside it.
    let word = format!("  {word}");
    if let Some(rows) = sign {
        for (row, text) in (0..).zip(&rows) {
            let beside = if row == 2 {
                word.clone()
            } else {
                " ".repeat(usize::from(columns(&word)))
            };
            canvas.put_middle(place.row(row), &format!("{text}{beside}"), look);
        }
    }
}

/// Its name; at the right its port, after what is told beside a verdict.
fn header(canvas: &mut Canvas<'_>, cell: &Cell<'_>) {
    let Cell {
        lane, label, place, ..
    } = *cell;
    let row = place.row(0);
    let port_needs = columns(label).min(row.width / 2) + 1;
    let told = |width| beside(cell.state.language, lane, width);
    let sign = 2 * u16::from(told(1).is_some());
    let room = row.width.saturating_sub(port_needs + sign);
    let name = name_of(lane, cell.chosen, room);
    let drawn = canvas.put(row, &name, name_look(cell.chosen));
    let mut rest = row.columns(drawn + 1, row.width);
    let port_needs = port_needs.min(PORT + 1);
    if let Some((told, look)) = told(rest.width.saturating_sub(port_needs)) {
        let drawn = canvas.put(rest, &told, look);
        rest = rest.columns(drawn + 1, rest.width);
    }
    let port = port_label::fitting(&lane.port, label, rest.width);
    canvas.put_right(rest, &port, Look::Label);
}

/// Why and what to do, as far as there are rows; whole in the focus below the lanes.
fn story(canvas: &mut Canvas<'_>, language: Language, lane: &Lane, place: Place) {
    let told = matches!(lane.shown(), Shown::Held | Shown::Fault | Shown::Verdict);
    if !told {
        return;
    }
    let (why, to_do) = line::why_and_what(language, lane);
    let wrapped = super::canvas::wrap(&to_do, place.width).len();
    let needs = u16::try_from(wrapped).unwrap_or(u16::MAX).min(place.height);
    let mut used = 0;
    if let Some(why) = why {
        let above = place.top(place.height - needs);
        used = canvas.put_wrapped_short(above, &why, Look::Plain);
    }
    canvas.put_wrapped_short(place.below(used), &to_do, Look::Label);
}
