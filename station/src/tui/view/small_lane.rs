//! A lane's cell of two or three rows, where 32 lanes share the smallest terminal.
//!
//! ```text
//!  L02 ✔ PASS   3.2 s   L03 ● 3/8    1.7 s   L10 ◆        9.1 s   L08 ✘ FAIL     !
//! SA-000123            measured   …CB0002   scan the label       HW-LIMIT …CB0007
//! ```

use super::canvas::{Canvas, fit_end};
use super::lane_words::{beside, board_of, doing, name_look, name_of, row_look};
use super::lane_words::{state_sign, state_word, time_text};
use super::line::fits;
use crate::tui::geometry::{Place, columns};
use crate::tui::state::State;
use crate::tui::state::lanes::{Lane, Shown};
use crate::tui::theme::Look;

/// Columns of the name that are seen at least, its mark among them.
const NAME: u16 = 4;

/// Fewest columns that tell one board from its neighbours.
const BOARD: u16 = 6;

/// Draws it: what the lane does is never cut, its name and its board are, from their beginning.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    state: &State,
    lane: &Lane,
    place: Place,
    chosen: bool,
) {
    let language = state.language;
    let head = place.row(0);
    let (word, look) = match lane.shown() {
        // The row below has the word, and may have it alone.
        Shown::AwaitsLabel | Shown::Fault => state_sign(lane),
        _ => state_word(language, lane),
    };
    // A sign for a hold, or for a port that went with the board, has its place in any case.
    let sign = 2 * u16::from(beside(language, lane, 1).is_some());
    let room = head.width.saturating_sub(columns(&word) + 1 + sign);
    let name = name_of(lane, chosen, room.max(NAME));
    let x = canvas.put(head, &name, name_look(chosen)) + 1;
    let drawn = canvas.put(head.columns(x, head.width), &word, look);
    let rest = head.columns(x + drawn + 1, head.width);
    let time = time_text(state, lane);
    if let Some((told, look)) = beside(language, lane, rest.width) {
        canvas.put_right(rest, &told, look);
    } else if fits(&time, rest) {
        canvas.put_right(rest, &time, Look::Plain);
    }
    second(canvas, state, lane, place.row(1));
    if place.height > 2 {
        let row = place.row(2);
        let port = lane.port.rsplit('/').next().unwrap_or_default();
        let port = fit_end(port, row.width / 2);
        let taken = canvas.put_right(row, &port, Look::Label);
        let left = row.columns(0, row.width.saturating_sub(taken + 1));
        canvas.put(left, &fit_end(board_of(lane), left.width), Look::Label);
    }
}

/// What the lane does, or the verdict's code; at its right as much of the board as there is room for.
fn second(canvas: &mut Canvas<'_>, state: &State, lane: &Lane, row: Place) {
    let text = match (&lane.verdict, lane.shown()) {
        (Some(verdict), Shown::Verdict) if verdict.code.as_str() == "PASS" => String::new(),
        (Some(verdict), Shown::Verdict) => verdict.code.as_str().to_owned(),
        (_, Shown::Held) => lane.held.as_ref().map_or_else(String::new, |held| {
            // Its own hold needs no name.
            let name = Some(&held.name).filter(|name| **name != lane.name);
            let name = name.map_or_else(String::new, |name| format!(" {name}"));
            format!("{}{name}", held.code)
        }),
        _ => doing(state.language, lane),
    };
    let look = match lane.shown() {
        Shown::AwaitsLabel | Shown::Fault => state_sign(lane).1,
        _ => row_look(lane),
    };
    let drawn = if lane.shown() == Shown::Held {
        canvas.put_short(row, &text, look)
    } else {
        canvas.put(row, &text, look)
    };
    let gap = u16::from(drawn > 0);
    let rest = row.columns(drawn + gap, row.width);
    let board = fit_end(board_of(lane), rest.width);
    let tells = columns(&board) >= BOARD || board == board_of(lane);
    if board == "-" || !tells {
        return;
    }
    if drawn == 0 {
        canvas.put(rest, &board, look);
    } else {
        canvas.put_right(rest, &board, Look::Plain);
    }
}
