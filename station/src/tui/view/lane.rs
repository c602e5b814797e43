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
use super::{block_letters, line, small_lane};
use crate::tui::geometry::{Place, ROOMY, columns};
use crate::tui::state::State;
use crate::tui::state::lanes::{Lane, Shown, ShownVerdict};
use crate::tui::theme::{Look, of_verdict};
use crate::tui::vocabulary;
use crate::words::Language;

/// Draws it.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    state: &State,
    lane: &Lane,
    place: Place,
    chosen: bool,
) {
    let roomy = place.width + 1 >= ROOMY.0 && place.height >= ROOMY.1;
    if place.height < 4 {
        small_lane::draw(canvas, state, lane, place, chosen);
    } else if roomy && lane.shown() == Shown::Verdict {
        large(canvas, state, lane, place, chosen);
    } else {
        medium(canvas, state, lane, place, chosen);
    }
}

/// Four rows and more.
fn medium(canvas: &mut Canvas<'_>, state: &State, lane: &Lane, place: Place, chosen: bool) {
    header(canvas, state.language, lane, place.row(0), chosen);
    let (word, look) = state_word(state.language, lane);
    let row = place.row(1);
    let drawn = canvas.put(row, &word, look);
    let rest = row.columns(drawn + 1, row.width);
    let time = time_text(state, lane);
    if fits(&time, rest) {
        canvas.put_right(rest, &time, Look::Plain);
    }
    canvas.put(
        place.row(2),
        &fit_end(board_of(lane), place.width),
        Look::Plain,
    );
    let text = second_row(state.language, lane, place.width);
    canvas.put_short(place.row(3), &text, row_look(lane));
    story(canvas, state.language, lane, place.below(4));
}

/// Room enough for a verdict in block letters.
fn large(canvas: &mut Canvas<'_>, state: &State, lane: &Lane, place: Place, chosen: bool) {
    let Some(verdict) = &lane.verdict else { return };
    header(canvas, state.language, lane, place.row(0), chosen);
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

fn header(canvas: &mut Canvas<'_>, language: Language, lane: &Lane, row: Place, chosen: bool) {
    let name = name_of(lane, chosen, row.width.saturating_sub(2));
    let drawn = canvas.put(row, &name, name_look(chosen));
    let rest = row.columns(drawn + 1, row.width);
    if let Some((told, look)) = beside(language, lane, rest.width) {
        canvas.put_right(rest, &told, look);
        return;
    }
    let port = lane.port.rsplit('/').next().unwrap_or_default();
    let port = if fits(&lane.port, rest) {
        &lane.port
    } else {
        port
    };
    canvas.put_right(rest, &fit_end(port, rest.width), Look::Label);
}

/// Why and what to do, as far as there are rows; whole in the focus below the lanes.
fn story(canvas: &mut Canvas<'_>, language: Language, lane: &Lane, place: Place) {
    let told = matches!(lane.shown(), Shown::Held | Shown::Fault | Shown::Verdict);
    if place.height == 0 || !told {
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
