//! A lane's cell of two or three rows, where 32 lanes share the smallest terminal.
//!
//! ```text
//!  L02 ✔ PASS    2  3s ▸L03 ● 3/8     3  1s  L10 ◆ …0009  10  9s  L08 ✘ FAIL    8  3s
//!  SA-000123            measured   …CB0002   scan the label       ! HW-LIMIT …CB0007
//! ```
//!
//! The gap between two cells is the column before the name, where the chosen lane's mark stands.

use super::canvas::{Canvas, fit_end};
use super::lane::{Cell, PORT};
use super::lane_words::{beside, board_of, doing, name_look, name_of, row_look};
use super::lane_words::{state_sign, state_word, time_ms, time_text, whole_seconds};
use super::port_label::tails;
use crate::tui::geometry::{Place, columns};
use crate::tui::state::lanes::{Lane, Shown};
use crate::tui::theme::Look;
use crate::words::{Language, Phrase};

/// Columns of the name that are seen at least, its mark among them.
const NAME: u16 = 4;

/// Fewest columns of a board that tell it from its neighbours.
const BOARD: u16 = 4;

/// Columns of a time with tenths, and of one in whole seconds.
const TIME: u16 = 6;
const SHORT_TIME: u16 = 3;

/// Columns of an outcome's short word.
const SHORT_WORD: u16 = 5;

/// How the first row of a cell is shared out: the same in all cells of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shares {
    /// Columns for the port.
    port: u16,
    /// Columns for a time; where they are few, an outcome's short word is said as well.
    time: u16,
    /// Columns left free before the next cell.
    gap: u16,
}

impl Shares {
    /// For a row of that width and ports with these labels; with it as much of each label as is shown.
    pub(super) fn of(language: Language, width: u16, labels: &[&str]) -> (Self, Vec<String>) {
        let words = [Phrase::Pass, Phrase::Fail, Phrase::Error];
        let words = words.map(|phrase| columns(language.say(phrase)));
        let word = words.into_iter().max().unwrap_or_default();
        let room = |gap: u16, word: u16, time: u16| {
            width.saturating_sub(gap + NAME + 1 + 2 + word + 1 + time + 1)
        };
        let whole = [1, 0].map(|gap| (gap, TIME, room(gap, word, TIME)));
        let fitting = whole.into_iter().find(|(.., room)| *room >= PORT);
        let short = (0, SHORT_TIME, room(0, SHORT_WORD, SHORT_TIME));
        let (gap, time, room) = fitting.unwrap_or(short);
        let tails = tails(labels, room);
        let port = tails
            .iter()
            .map(|tail| columns(tail))
            .max()
            .unwrap_or_default();
        (Self { port, time, gap }, tails)
    }
}

/// Draws it. What the lane does is never cut; its name, its board and its port are, from their beginning. What has no
/// room in the rows below the name, the row of the name has instead of a time.
pub(super) fn draw(canvas: &mut Canvas<'_>, cell: &Cell<'_>) {
    let Cell { lane, place, .. } = *cell;
    // Where there is little room, the gap at the right belongs to the row of the name; the rows below begin under it.
    let head = Place {
        width: place.width + 1 - cell.shares.gap,
        ..place.row(0)
    };
    let below = Place {
        x: place.x + 1,
        ..place.below(1)
    };
    let own_row = below.height > 1;
    let (drawn, told) = doings(canvas, cell, below.row(0), own_row);
    let board = if own_row {
        let row = below.row(1);
        canvas.put(row, &fit_end(board_of(lane), row.width), Look::Label);
        None
    } else {
        board(canvas, lane, below.row(0), drawn)
    };
    header(canvas, cell, head, board, told);
}

/// What the lane does, or the verdict's code after what is told beside it. Gives the columns drawn, and what is
/// told where it would leave no room for the code and the board.
fn doings(
    canvas: &mut Canvas<'_>,
    cell: &Cell<'_>,
    row: Place,
    own_row: bool,
) -> (u16, Option<(String, Look)>) {
    let Cell { state, lane, .. } = *cell;
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
    let needs = columns(&text) + if own_row { 0 } else { 1 + BOARD };
    let told = |width| beside(state.language, lane, width);
    let fits = |told: &(String, Look)| columns(&told.0) + 1 + needs <= row.width;
    let there = [told(u16::MAX), told(1)].into_iter().flatten().find(fits);
    let mut drawn = 0;
    if let Some((said, look)) = &there {
        drawn = canvas.put(row, said, *look) + 1;
    }
    let rest = row.columns(drawn, row.width);
    drawn += if lane.shown() == Shown::Held {
        canvas.put_short(rest, &text, look)
    } else {
        canvas.put(rest, &text, look)
    };
    (drawn, told(1).filter(|_| there.is_none()))
}

/// As much of the board as there is room for behind what was drawn; gives it where that is too little.
fn board<'a>(canvas: &mut Canvas<'_>, lane: &'a Lane, row: Place, drawn: u16) -> Option<&'a str> {
    let board = board_of(lane);
    let rest = row.columns(drawn + u16::from(drawn > 0), row.width);
    let shown = fit_end(board, rest.width);
    if board == "-" {
        return None;
    }
    if columns(&shown) < BOARD && shown != board {
        return Some(board);
    }
    if drawn == 0 {
        canvas.put(rest, &shown, row_look(lane));
    } else {
        canvas.put_right(rest, &shown, Look::Plain);
    }
    None
}

/// Name and state; at the right the port, and before it the time or what is given instead.
fn header(
    canvas: &mut Canvas<'_>,
    cell: &Cell<'_>,
    row: Place,
    board: Option<&str>,
    told: Option<(String, Look)>,
) {
    let Cell {
        state,
        lane,
        label,
        shares,
        ..
    } = *cell;
    let language = state.language;
    let (word, look) = match lane.shown() {
        // The row below has the word, and may have it alone.
        Shown::AwaitsLabel | Shown::Fault => state_sign(lane),
        Shown::Verdict if shares.time < TIME => short_word(language, lane),
        _ => state_word(language, lane),
    };
    // A name that ends as its port does says both.
    let port = if lane.name.ends_with(label) {
        0
    } else {
        shares.port
    };
    let board_here = board.map_or(0, |_| BOARD + 1);
    let others = columns(&word) + 1 + board_here + shares.time + 1 + port + u16::from(port > 0);
    let room = row.width.saturating_sub(others);
    let name = name_of(lane, cell.chosen, room.max(NAME));
    let port = if name.ends_with(label) {
        0
    } else {
        shares.port
    };
    let mut x = canvas.put(row, &name, name_look(cell.chosen)) + 1;
    x += canvas.put(row.columns(x, row.width), &word, look) + 1;
    if let Some((said, look)) = told {
        x += canvas.put(row.columns(x, row.width), &said, look) + 1;
    }
    let mut rest = row.columns(x, row.width);
    // The time stands last: what stands beside the next lane's name is no name.
    let room = rest
        .width
        .saturating_sub(board_here + port + u16::from(port > 0));
    let tenths = Some(time_text(state, lane)).filter(|_| shares.time == TIME);
    let whole = time_ms(state, lane).map(whole_seconds);
    let mut times = tenths.into_iter().chain(whole);
    let time = times.find(|time| columns(time) <= room).unwrap_or_default();
    canvas.put_right(rest, &time, Look::Plain);
    let taken = match board {
        Some(_) if time.is_empty() => 0,
        _ => columns(&time).max(shares.time.min(room)) + 1,
    };
    rest = rest.columns(0, rest.width.saturating_sub(taken));
    if port > 0 && port <= rest.width {
        canvas.put_right(rest, cell.tail, Look::Label);
        rest = rest.columns(0, rest.width.saturating_sub(port + 1));
    }
    if let Some(board) = board.filter(|_| rest.width >= BOARD) {
        canvas.put(rest, &fit_end(board, rest.width), Look::Plain);
    }
}

/// The sign and the short word of a verdict's outcome.
fn short_word(language: Language, lane: &Lane) -> (String, Look) {
    let (sign, look) = state_sign(lane);
    let code = lane.verdict.as_ref().map(|verdict| verdict.code);
    let word = code.map_or("", |code| language.short_outcome(code.outcome()));
    (format!("{sign} {word}"), look)
}
