//! One lane: its board, its wire, how worn its fixture is, and its last frames.

use super::canvas::Canvas;
use super::lane_words::{beside, state_word};
use super::line::said_of;
use crate::tui::clock_text;
use crate::tui::geometry::{Place, columns};
use crate::tui::state::State;
use crate::tui::state::lanes::{Lane, ShownFrame};
use crate::tui::theme::Look;
use crate::words::{Language, Phrase};

/// Columns of the figures at the left.
const FIGURES: u16 = 38;

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, place: Place) {
    let language = state.language;
    let Some(lane) = state.lanes.chosen() else {
        canvas.put(place.row(1), language.say(Phrase::NothingYet), Look::Plain);
        return;
    };
    let row = place.row(0);
    let mut x = canvas.put_short(row, &lane.name, Look::Strong) + 2;
    let (word, look) = state_word(language, lane);
    x += canvas.put(row.columns(x, row.width), &word, look) + 2;
    if let Some((told, look)) = beside(language, lane, row.width) {
        x += canvas.put(row.columns(x, row.width), &told, look) + 2;
    }
    let rest = row.columns(x, row.width);
    let hint = language.say(Phrase::ChooseLane);
    let drawn = canvas.put_right(rest, hint, Look::Label);
    let port = rest.columns(0, rest.width.saturating_sub(drawn + 1));
    canvas.put_short(port, &lane.port, Look::Plain);
    let (why, to_do) = said_of(language, lane);
    let mut below = place.below(1);
    if let Some(why) = why {
        let used = canvas.put_wrapped(below.top(6), &why, Look::Plain);
        below = below.below(used);
    }
    let used = canvas.put_wrapped(below.top(4), &to_do, Look::Strong);
    below = below.below(used);
    canvas.rule(below.row(0), Look::Label);
    below = below.below(1);
    figures(canvas, language, lane, below.columns(0, FIGURES));
    frames(canvas, state, lane, below.columns(FIGURES + 1, below.width));
}

fn figures(canvas: &mut Canvas<'_>, language: Language, lane: &Lane, place: Place) {
    let tally = &lane.tally;
    let wire = &tally.wire;
    let rows = [
        (Phrase::Fixture, None),
        (Phrase::BoardsSeen, Some(tally.wear.boards)),
        (Phrase::Passed, Some(tally.wear.passed)),
        (Phrase::FailedInARow, Some(tally.wear.failed_in_a_row)),
        (Phrase::WireStatistics, None),
        (Phrase::SentBytes, Some(wire.sent)),
        (Phrase::ReceivedBytes, Some(wire.received)),
        (Phrase::NoiseBytes, Some(wire.noise)),
        (Phrase::RoundTrips, Some(wire.round_trips)),
        (Phrase::Retries, Some(wire.retries)),
    ];
    for (at, (phrase, figure)) in (0..).zip(rows) {
        let row = place.row(at);
        match figure {
            None => drop(canvas.put(row, language.say(phrase), Look::Strong)),
            Some(figure) => {
                canvas.put(row.columns(1, 24), language.say(phrase), Look::Plain);
                canvas.put_right(row.columns(26, 11), &figure.to_string(), Look::Plain);
            }
        }
    }
}

fn frames(canvas: &mut Canvas<'_>, state: &State, lane: &Lane, place: Place) {
    let title = state.language.say(Phrase::LastFrames);
    canvas.put_short(place.row(0), title, Look::Strong);
    let room = usize::from(place.height.saturating_sub(1));
    let skipped = lane.frames.len().saturating_sub(room);
    for (at, frame) in (1..).zip(lane.frames.iter().skip(skipped)) {
        let row = place.row(at);
        let time = clock_text(frame.utc_ms);
        canvas.put_short(row, &time, Look::Label);
        let rest = row.columns(columns(&time) + 1, row.width);
        let look = if frame.to_board {
            Look::Plain
        } else {
            Look::Strong
        };
        canvas.put_short(rest, &said(state.language, frame), look);
    }
}

/// Direction, bytes, what it says, and how often, where that was more than once.
fn said(language: Language, frame: &ShownFrame) -> String {
    let arrow = if frame.to_board { '→' } else { '←' };
    let often = if frame.times > 1 {
        format!("{}× ", frame.times)
    } else {
        String::new()
    };
    let remark = frame.remark.map(|remark| language.frame_remark(remark));
    let parts = [Some(frame.message.clone()), remark].into_iter().flatten();
    let text: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    format!("{arrow}{:>4} {often}{}", frame.bytes, text.join(" "))
}
