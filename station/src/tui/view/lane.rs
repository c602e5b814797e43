//! One lane's cell, as large as there is room: from two rows up to block letters.
//!
//! ```text
//! left           /dev/ttyUSB0        left ✘ FAIL 3.2 s
//! ✘ FAIL              3.2 s          HW-LIMIT
//! 0A1B2C…
//! HW-LIMIT
//! i_sleep: measured 0.000041 A, …
//! ```

use super::canvas::Canvas;
use super::line::fits;
use super::{block_letters, line};
use crate::tui::geometry::{Place, ROOMY, columns};
use crate::tui::state::State;
use crate::tui::state::lanes::{Doing, Lane, STEPS, ShownVerdict};
use crate::tui::theme::{Look, of_verdict};
use crate::tui::{seconds, vocabulary};
use crate::words::{Language, Phrase};

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
        small(canvas, state, lane, place, chosen);
    } else if roomy && lane.verdict.is_some() && lane.held.is_none() {
        large(canvas, state, lane, place, chosen);
    } else {
        medium(canvas, state, lane, place, chosen);
    }
}

/// Two or three rows: name and state, then the code or the step.
fn small(canvas: &mut Canvas<'_>, state: &State, lane: &Lane, place: Place, chosen: bool) {
    let (word, look) = state_word(state.language, lane);
    let head = place.row(0);
    let word_columns = columns(&word);
    let time = time_text(state, lane);
    let room = head.width.saturating_sub(word_columns + 1);
    let name = name_of(lane, chosen);
    let name_columns = canvas.put_short(
        head.columns(0, room.max(4).min(head.width)),
        &name,
        name_look(chosen),
    );
    let x = name_columns + 1;
    let drawn = canvas.put_short(head.columns(x, head.width), &word, look);
    let rest = head.columns(x + drawn + 1, head.width);
    if fits(&time, rest) {
        canvas.put_right(rest, &time, Look::Plain);
    }
    canvas.put_short(
        place.row(1),
        &second_row(state.language, lane, place.width),
        row_look(lane),
    );
    if place.height > 2 {
        let board = board_of(lane);
        canvas.put_short(
            place.row(2),
            &format!("{board}  {}", lane.port),
            Look::Label,
        );
    }
}

/// Four rows and more.
fn medium(canvas: &mut Canvas<'_>, state: &State, lane: &Lane, place: Place, chosen: bool) {
    header(canvas, lane, place.row(0), chosen);
    let (word, look) = state_word(state.language, lane);
    let row = place.row(1);
    let drawn = canvas.put_short(row, &word, look);
    let rest = row.columns(drawn + 1, row.width);
    let time = time_text(state, lane);
    if fits(&time, rest) {
        canvas.put_right(rest, &time, Look::Plain);
    }
    canvas.put_short(place.row(2), board_of(lane), Look::Plain);
    let text = second_row(state.language, lane, place.width);
    canvas.put_short(place.row(3), &text, row_look(lane));
    story(canvas, state.language, lane, place.below(4));
}

/// Room enough for a verdict in block letters.
fn large(canvas: &mut Canvas<'_>, state: &State, lane: &Lane, place: Place, chosen: bool) {
    let Some(verdict) = &lane.verdict else { return };
    header(canvas, lane, place.row(0), chosen);
    let block = place.below(1).top(block_letters::ROWS);
    big_verdict(canvas, state.language, verdict, block);
    let row = place.row(block_letters::ROWS + 1);
    let time = time_text(state, lane);
    let taken = canvas.put_right(row, &time, Look::Plain);
    let left = row.columns(0, row.width.saturating_sub(taken + 1));
    let drawn = if verdict.code.as_str() == "PASS" {
        0
    } else {
        canvas.put_short(left, verdict.code.as_str(), Look::Strong) + 1
    };
    canvas.put_short(left.columns(drawn, left.width), board_of(lane), Look::Plain);
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

fn header(canvas: &mut Canvas<'_>, lane: &Lane, row: Place, chosen: bool) {
    let name = name_of(lane, chosen);
    let drawn = canvas.put_short(row, &name, name_look(chosen));
    let rest = row.columns(drawn + 1, row.width);
    let port = lane.port.rsplit('/').next().unwrap_or_default();
    let port = if fits(&lane.port, rest) {
        &lane.port
    } else {
        port
    };
    let port = super::canvas::fit(port, rest.width);
    canvas.put_right(rest, &port, Look::Label);
}

/// Why and what to do, as far as there are rows; whole in the focus below the lanes.
fn story(canvas: &mut Canvas<'_>, language: Language, lane: &Lane, place: Place) {
    let told = match &lane.doing {
        _ if lane.held.is_some() => true,
        Doing::NoPort(_) | Doing::Silent => true,
        _ => lane.verdict.is_some() && !is_at_work(lane),
    };
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

const fn is_at_work(lane: &Lane) -> bool {
    matches!(lane.doing, Doing::Working(_) | Doing::AwaitsLabel)
}

fn name_of(lane: &Lane, chosen: bool) -> String {
    let mark = if chosen { "▸" } else { " " };
    format!("{mark}{}", lane.name)
}

const fn name_look(chosen: bool) -> Look {
    if chosen { Look::Chosen } else { Look::Strong }
}

fn board_of(lane: &Lane) -> &str {
    let board = lane.serial.as_deref().or(lane.uid.as_deref());
    board.unwrap_or("-")
}

/// The word and the sign for what the lane does, or for the verdict that stands.
pub(super) fn state_word(language: Language, lane: &Lane) -> (String, Look) {
    if lane.held.is_some() {
        return (format!("■ {}", language.say(Phrase::Held)), Look::Held);
    }
    if let Some(verdict) = lane.verdict.as_ref().filter(|_| !is_at_work(lane)) {
        let word = language.say(vocabulary::outcome(verdict.code));
        let sign = vocabulary::sign(verdict.code);
        return (format!("{sign} {word}"), of_verdict(verdict.code));
    }
    match &lane.doing {
        Doing::Working(step) => (format!("● {step}/{STEPS}"), Look::Busy),
        Doing::AwaitsLabel => (
            format!("◆ {}", language.say(Phrase::LaneAwaitsLabel)),
            Look::Chosen,
        ),
        Doing::NoPort(_) => (
            format!("! {}", language.say(Phrase::LaneNoPort)),
            Look::Fault,
        ),
        Doing::Silent => (
            format!("! {}", language.say(Phrase::LaneSilent)),
            Look::Fault,
        ),
        _ => ("·".to_owned(), Look::Plain),
    }
}

fn time_text(state: &State, lane: &Lane) -> String {
    let ms = if is_at_work(lane) {
        state.monotonic_ms.saturating_sub(lane.since_ms)
    } else if let (Some(_), Some(took)) = (&lane.verdict, lane.took_ms) {
        took
    } else {
        return String::new();
    };
    format!("{} s", seconds(ms))
}

/// The step with its bar, the code of a verdict, or what the lane waits for.
fn second_row(language: Language, lane: &Lane, width: u16) -> String {
    if let Some(held) = &lane.held {
        return format!("{} {}", held.code, held.name);
    }
    if let Doing::Working(step) = &lane.doing {
        let bar = super::batch_bar::bar(u64::from(*step), u64::from(STEPS), u16::from(STEPS));
        return format!("{bar} {}", language.say(vocabulary::step(*step)));
    }
    if let Some(verdict) = lane.verdict.as_ref().filter(|_| !is_at_work(lane)) {
        if verdict.code.as_str() == "PASS" {
            return board_of(lane).to_owned();
        }
        let code = verdict.code.as_str();
        let with_board = format!("{code} {}", board_of(lane));
        return if columns(&with_board) <= width {
            with_board
        } else {
            code.to_owned()
        };
    }
    doing(language, lane)
}

const fn row_look(lane: &Lane) -> Look {
    if is_at_work(lane) {
        Look::Busy
    } else {
        Look::Plain
    }
}

/// What the lane does, in words.
pub(super) fn doing(language: Language, lane: &Lane) -> String {
    let phrase = match &lane.doing {
        Doing::Idle => Phrase::LaneIdle,
        Doing::Starting => Phrase::LaneStarting,
        Doing::NoPort(_) => Phrase::LaneNoPort,
        Doing::Silent => Phrase::LaneSilent,
        Doing::Waiting => Phrase::StepAwaitingBoard,
        Doing::AwaitsLabel => Phrase::LaneAwaitsLabel,
        Doing::Ended => Phrase::LaneEnded,
        Doing::Working(step) => vocabulary::step(*step),
    };
    language.say(phrase).to_owned()
}
