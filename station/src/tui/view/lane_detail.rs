//! One lane: its board, its wire, how worn its fixture is, and its last frames.

use super::canvas::{Canvas, wrap};
use super::lane_words::{beside, state_word};
use super::line::said_of;
use super::port_label;
use super::window::{self, Newest, Window};
use crate::tui::clock_text;
use crate::tui::geometry::{self, Place, columns};
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
    let labels = port_label::labels(&state.lanes.list);
    let label = labels.get(state.lanes.chosen).copied().unwrap_or_default();
    let shown = port_label::fitting(&lane.port, label, port.width);
    canvas.put(port, &shown, Look::Plain);
    let mut below = place.below(1);
    for (text, most, look) in story(language, lane) {
        let used = canvas.put_wrapped(below.top(most), &text, look);
        below = below.below(used);
    }
    canvas.rule(below.row(0), Look::Label);
    below = below.below(1);
    figures(canvas, language, lane, below.columns(0, FIGURES));
    frames(canvas, state, lane, below.columns(FIGURES + 1, below.width));
}

/// Why the lane is as it is and what is to be done, each with its most rows.
fn story(language: Language, lane: &Lane) -> impl Iterator<Item = (String, u16, Look)> {
    let (why, to_do) = said_of(language, lane);
    let why = why.map(|why| (why, 6, Look::Plain));
    why.into_iter().chain([(to_do, 4, Look::Strong)])
}

/// What is seen of the frames.
pub(super) fn window(state: &State, place: Place) -> Window {
    let Some(lane) = state.lanes.chosen() else {
        return Window::default();
    };
    let rows = story(state.language, lane).map(|(text, most, _)| {
        let rows = wrap(&text, place.width).len();
        u16::try_from(rows).unwrap_or(most).min(most)
    });
    // The lane, the rule, and the title of the frames.
    let above = rows.sum::<u16>() + 3;
    let room = place.height.saturating_sub(above);
    Window::on(lane.frames.len(), state.lanes.frames_below, room, |_| 1)
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
    let window = window(state, geometry::body(state.size));
    let place = place.below(1);
    window::mark(canvas, state.language, window, Newest::Below, place);
    let end = lane.frames.len().saturating_sub(window.newer);
    let seen = lane.frames.iter().take(end).skip(window.older);
    for (at, frame) in (0..).zip(seen) {
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
