//! The batch screen: the batches, what can be done, verdicts by code, and the yield over time.

use super::canvas::Canvas;
use crate::tui::geometry::{Place, columns};
use crate::tui::short_time_text;
use crate::tui::state::State;
use crate::tui::state::batch::{BatchRow, DEEDS, YieldPoint};
use crate::tui::state::why_not::why_not;
use crate::tui::theme::Look;
use crate::tui::vocabulary;
use crate::words::{Language, Phrase};

/// Rows of a chart, its title among them.
const CHART_ROWS: u16 = 8;

/// Columns of the scale beside a chart.
const SCALE: u16 = 5;

/// Eighths of a block, from none to all.
const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, place: Place) {
    let charts = place.below(place.height.saturating_sub(CHART_ROWS));
    let deeds_rows = u16::try_from(DEEDS.len()).unwrap_or(4) + 2;
    let above = place.top(place.height - charts.height);
    let list = above.top(above.height.saturating_sub(deeds_rows));
    batches(canvas, state, list);
    deeds(canvas, state, above.below(list.height));
    let half = charts.width / 2;
    codes(canvas, state, charts.columns(0, half.saturating_sub(1)));
    yields(canvas, state, charts.columns(half, charts.width));
}

/// When the first of these points was, and under its own column the last where that says more and has room.
fn times(canvas: &mut Canvas<'_>, state: &State, row: Place, shown: &[YieldPoint]) {
    let when = |point: Option<&YieldPoint>| {
        let utc_ms = point.map_or(0, |point| point.utc_ms);
        short_time_text(utc_ms, state.utc_ms)
    };
    let (first, last) = (when(shown.first()), when(shown.last()));
    let drawn = canvas.put(row, &first, Look::Label);
    let under = row
        .top(1)
        .columns(0, u16::try_from(shown.len()).unwrap_or(row.width));
    if last != first && under.width > drawn + columns(&last) {
        canvas.put_right(under, &last, Look::Label);
    }
}

fn batches(canvas: &mut Canvas<'_>, state: &State, place: Place) {
    let language = state.language;
    let heads = [
        Phrase::Batch,
        Phrase::Product,
        Phrase::State,
        Phrase::Done,
        Phrase::Failed,
        Phrase::InDoubt,
    ];
    let cells = heads.map(|phrase| language.say(phrase).to_owned());
    table_row(canvas, beside_mark(place.row(0)), &cells, Look::Label);
    if state.batches.list.is_empty() {
        canvas.put(place.row(1), language.say(Phrase::NoBatch), Look::Plain);
    }
    let room = usize::from(place.height.saturating_sub(1)).max(1);
    let first = state.batches.chosen.saturating_sub(room - 1);
    let shown = state.batches.list.iter().enumerate().skip(first).take(room);
    for (row, (at, batch)) in (1..).zip(shown) {
        let (mark, look) = if at == state.batches.chosen {
            ("▸", Look::Chosen)
        } else {
            (" ", Look::Plain)
        };
        let cells = cells_of(language, batch, state.batches.done(batch));
        let row = place.row(row);
        canvas.put(row, mark, look);
        table_row(canvas, beside_mark(row), &cells, look);
    }
}

/// What is left of a row beside the mark of the chosen one.
fn beside_mark(row: Place) -> Place {
    row.columns(2, row.width)
}

fn cells_of(language: Language, batch: &BatchRow, (done, target): (u64, u64)) -> [String; 6] {
    let word = if batch.closed {
        Phrase::Closed
    } else {
        Phrase::Open
    };
    [
        batch.batch.clone(),
        batch.product.clone(),
        language.say(word).to_owned(),
        format!("{done}/{target}"),
        batch.failed.to_string(),
        batch.in_doubt.to_string(),
    ]
}

/// A row of the table: each cell in its column.
fn table_row(canvas: &mut Canvas<'_>, row: Place, cells: &[String; 6], look: Look) {
    const WIDTHS: [u16; 6] = [16, 13, 12, 11, 14, 12];
    let mut x = 0;
    for (cell, width) in cells.iter().zip(WIDTHS) {
        let place = row.columns(x, width.saturating_sub(1));
        if look == Look::Label {
            canvas.put(place, cell, look);
        } else {
            canvas.put_short(place, cell, look);
        }
        x = x.saturating_add(width);
    }
}

fn deeds(canvas: &mut Canvas<'_>, state: &State, place: Place) {
    let language = state.language;
    let title = language.say(Phrase::WhatCanBeDone);
    let drawn = canvas.put(place.row(0), title, Look::Strong);
    let hint = language.say(Phrase::ChooseWithArrows);
    canvas.put(
        place.row(0).columns(drawn + 2, place.width),
        hint,
        Look::Label,
    );
    for (at, deed) in DEEDS.iter().enumerate() {
        let row = place.row(u16::try_from(at).unwrap_or(0) + 1);
        let chosen = at == state.batches.deed;
        let mark = if chosen { "▸" } else { " " };
        let text = format!("{mark} {}", language.say(vocabulary::deed(*deed)));
        match why_not(state, *deed) {
            None => {
                let look = if chosen { Look::Chosen } else { Look::Plain };
                canvas.put(row, &text, look);
            }
            Some(why) => {
                let why = vocabulary::why_not(language, why);
                canvas.put(row, &format!("{text}  ({why})"), Look::Grey);
            }
        }
    }
}

/// What a chart shows, of which batch, and that there is nothing to show yet.
fn heading(canvas: &mut Canvas<'_>, state: &State, place: Place, title: Phrase, is_empty: bool) {
    let language = state.language;
    let title = language.say(title);
    let head = state.batches.head.as_ref();
    let of_batch = head.map(|head| format!("{title}: {}", head.batch));
    let title = of_batch.as_deref().unwrap_or(title);
    canvas.put_short(place.row(0), title, Look::Strong);
    if is_empty {
        let nothing = language.say(Phrase::NoVerdictsYet);
        canvas.put(place.row(1), nothing, Look::Plain);
    }
}

/// Verdicts by code, as a bar chart.
fn codes(canvas: &mut Canvas<'_>, state: &State, place: Place) {
    let codes = &state.batches.progress.codes;
    heading(
        canvas,
        state,
        place,
        Phrase::CountersByCode,
        codes.is_empty(),
    );
    let most = codes
        .iter()
        .map(|(_, count)| *count)
        .max()
        .unwrap_or(1)
        .max(1);
    let room = usize::from(place.height.saturating_sub(1));
    // Where not all are seen, the last row says so.
    let rows = if codes.len() > room {
        room.saturating_sub(1)
    } else {
        room
    };
    if codes.len() > rows {
        let unseen = (codes.len() - rows).to_string();
        let more = state.language.fill(Phrase::More, &[&unseen]);
        canvas.put(place.below(place.height - 1), &more, Look::Label);
    }
    let name = codes
        .iter()
        .take(rows)
        .map(|(code, _)| columns(code.as_str()));
    let name = name.max().unwrap_or(0);
    for (at, (code, count)) in (1..).zip(codes.iter().take(rows)) {
        let row = place.row(at);
        canvas.put(row, code.as_str(), Look::Plain);
        let figure = count.to_string();
        let room = row.width.saturating_sub(name + 2 + columns(&figure));
        let wide = (count.saturating_mul(u64::from(room)) / most).max(1);
        let wide = u16::try_from(wide).unwrap_or(room).min(room);
        let bar = "█".repeat(usize::from(wide));
        canvas.put(row.columns(name + 1, room), &bar, Look::Busy);
        let beside = row.columns(name + wide + 2, row.width);
        canvas.put(beside, &figure, Look::Plain);
    }
}

/// The first-pass yield over time, the newest at the right, with the times of the first and the last point.
fn yields(canvas: &mut Canvas<'_>, state: &State, place: Place) {
    let points = &state.batches.progress.yield_over_time;
    heading(
        canvas,
        state,
        place,
        Phrase::YieldOverTime,
        points.is_empty(),
    );
    if points.is_empty() {
        return;
    }
    let beneath = place.columns(SCALE + 1, place.width).below(1);
    let plot = beneath.top(beneath.height.saturating_sub(1));
    let scale = place.columns(0, SCALE).below(1);
    for (row, label) in [(0, "100 %"), (plot.height.saturating_sub(1), "0 %")] {
        canvas.put_right(scale.row(row), label, Look::Label);
    }
    let room = usize::from(plot.width);
    let shown = &points[points.len().saturating_sub(room)..];
    times(canvas, state, beneath.below(plot.height), shown);
    let levels: Vec<u32> = shown
        .iter()
        .map(|point| u32::from(point.permille).min(1000) * u32::from(plot.height) * 8 / 1000)
        .collect();
    for row in 0..plot.height {
        let from = u32::from(plot.height - 1 - row) * 8;
        let eighth = |level: &u32| {
            let filled = level.saturating_sub(from).min(8);
            EIGHTHS[filled as usize]
        };
        let line: String = levels.iter().map(eighth).collect();
        canvas.put(plot.row(row), &line, Look::Busy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    const MINUTE_MS: u64 = 60_000;
    const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

    /// The row of times beneath so many points, each that much later than the one before.
    fn drawn(points: u64, apart_ms: u64) -> String {
        const WIDTH: u16 = 40;
        let point = |at: u64| YieldPoint {
            utc_ms: 2 * DAY_MS + at * apart_ms,
            permille: 900,
        };
        let shown: Vec<_> = (0..points).map(point).collect();
        let state = State {
            utc_ms: 3 * DAY_MS - 1,
            ..State::default()
        };
        let mut buffer = Buffer::empty(Rect::new(0, 0, WIDTH, 1));
        let mut canvas = Canvas::new(&mut buffer, crate::tui::theme::Theme::Monochrome);
        let row = Place {
            x: 0,
            y: 0,
            width: WIDTH,
            height: 1,
        };
        times(&mut canvas, &state, row, &shown);
        assert_eq!(canvas.faults(), [""; 0], "{points} points");
        let cells = (0..WIDTH).filter_map(|x| buffer.cell((x, 0)));
        let row: String = cells.map(ratatui::buffer::Cell::symbol).collect();
        row.trim_end().to_owned()
    }

    #[test]
    fn the_last_time_stands_under_its_point_where_it_has_room() {
        for points in 1..=40 {
            let row = drawn(points, MINUTE_MS);
            let last = format!("00:{:02}", points - 1);
            let both = row.strip_prefix("00:00").map(str::trim_start);
            let expected = if points > 10 { last.as_str() } else { "" };
            assert_eq!(both, Some(expected), "{points} points");
            if points > 10 {
                assert_eq!(row.len() as u64, points, "{row}");
            }
        }
    }

    #[test]
    fn no_time_is_said_twice() {
        assert_eq!(drawn(40, MINUTE_MS / 100), "00:00");
    }
}
