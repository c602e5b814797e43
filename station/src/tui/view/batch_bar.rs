//! The header of every screen: what is made, how far it is, whether all is well, who works here.
//!
//! ```text
//! SENSOR-A  Batch B-2026-47  Order WO-1                    Operator op-17  14:03:22
//! ████████░░░░ 312/500  Yield 97.4 %  Rate 412/h  Left 0:27 h
//! running  Alarms 0  HSM ok  Ledger ok                             > scan or type
//! ```

use super::canvas::{Canvas, fit_end};
use crate::line::wishes::LineState;
use crate::tui::geometry::{HEADER_ROWS, Place, columns, whole};
use crate::tui::state::dialog::Dialog;
use crate::tui::state::{Screen, State};
use crate::tui::theme::Look;
use crate::tui::{clock_text, vocabulary};
use crate::words::Phrase;

/// Most columns of the name of the lane that the next scan is for.
const LANE: u16 = 12;

/// Columns of the progress bar.
const BAR: u16 = 20;

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State) {
    let head = whole(state.size).top(HEADER_ROWS);
    who_and_what(canvas, state, head.row(0));
    how_far(canvas, state, head.row(1));
    how_well(canvas, state, head.row(2));
}

fn who_and_what(canvas: &mut Canvas<'_>, state: &State, row: Place) {
    let language = state.language;
    let person = state.sign_in.person();
    let who = person.map_or(language.say(Phrase::Nobody), |person| &person.operator);
    let clock = clock_text(state.utc_ms);
    let right = format!("{} {who}  {clock}", language.say(Phrase::Operator));
    let taken = canvas.put_right(row, &right, Look::Plain);
    let room = row.columns(0, row.width.saturating_sub(taken + 1));
    let Some(batch) = &state.batches.head else {
        canvas.put(room, language.say(Phrase::NoBatch), Look::Strong);
        return;
    };
    let product = canvas.put_short(room, &batch.product, Look::Strong);
    let rest = room.columns(product + 2, room.width);
    let text = format!(
        "{} {}  {} {}",
        language.say(Phrase::Batch),
        batch.batch,
        language.say(Phrase::WorkOrder),
        batch.work_order
    );
    canvas.put_short(rest, &text, Look::Plain);
}

fn how_far(canvas: &mut Canvas<'_>, state: &State, row: Place) {
    let language = state.language;
    let progress = &state.batches.progress;
    if state.batches.head.is_none() {
        return;
    }
    let bar = bar(progress.done, progress.target, BAR);
    canvas.put(row.columns(0, BAR), &bar, Look::Busy);
    let permille = progress.yield_permille.map(tenths);
    let rate = progress.rate_per_hour.map(|rate| rate.to_string());
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let text = format!(
        "{}/{}  {} {} %  {} {}/h  {} {}",
        progress.done,
        progress.target,
        language.say(Phrase::Yield),
        or_dash(permille),
        language.say(Phrase::Rate),
        or_dash(rate),
        language.say(Phrase::TimeLeft),
        or_dash(progress.left_s.map(hours)),
    );
    canvas.put(row.columns(BAR + 1, row.width), &text, Look::Plain);
}

fn how_well(canvas: &mut Canvas<'_>, state: &State, row: Place) {
    let language = state.language;
    let (line, look) = if state.batch_is_held() {
        (Phrase::BatchHeld, Look::Held)
    } else {
        let look = match state.batches.line {
            LineState::Running => Look::Strong,
            _ => Look::Plain,
        };
        (vocabulary::line(state.batches.line), look)
    };
    let mut x = canvas.put(row, language.say(line), look) + 2;
    let open = state.alarms.open();
    let alarms = format!("{} {open}", language.say(Phrase::Alarms));
    let look = if open > 0 { Look::Bad } else { Look::Plain };
    x += canvas.put(row.columns(x, row.width), &alarms, look) + 2;
    for (name, well) in [
        (Phrase::Hsm, state.health.hsm),
        (Phrase::Ledger, state.health.ledger),
    ] {
        let (word, look) = if well {
            (Phrase::Well, Look::Plain)
        } else {
            (Phrase::Unwell, Look::Fault)
        };
        let text = format!("{} {}", language.say(name), language.say(word));
        x += canvas.put(row.columns(x, row.width), &text, look) + 2;
    }
    let next = state.lanes.served_next();
    let next = next.filter(|_| state.screen != Screen::Device && state.gives_labels());
    let (mark, word) = match next {
        _ if !state.is_ready_for_scan() => ("…", language.say(Phrase::ScanWait).to_owned()),
        // A scan answers no question.
        _ if state.dialog.as_ref().is_some_and(Dialog::is_question) => {
            ("▶", language.say(Phrase::EnterYes).to_owned())
        }
        _ if matches!(state.dialog, Some(Dialog::Refused(_))) => {
            ("▶", language.say(Phrase::EscBack).to_owned())
        }
        Some(name) => {
            let is_read = state.lanes.is_next_read(state.monotonic_ms);
            let word = language.fill(Phrase::ScanFor, &[&fit_end(name, LANE)]);
            (if is_read { "▶" } else { "…" }, word)
        }
        None => ("▶", language.say(Phrase::ScanReady).to_owned()),
    };
    let screen = match state.screen {
        Screen::Line => String::new(),
        other => format!("[{}]  ", language.say(vocabulary::screen(other))),
    };
    let room = row.columns(x, row.width);
    // Which lane a scan is for is said before the name of the screen, whose picture says it too.
    let said = [format!("{screen}{mark} {word}"), format!("{mark} {word}")];
    let fitting = said.into_iter().find(|text| columns(text) <= room.width);
    let text = fitting.unwrap_or_else(|| mark.to_owned());
    canvas.put_right(room, &text, Look::Label);
}

/// A bar of that many columns.
pub(super) fn bar(done: u64, target: u64, width: u16) -> String {
    let filled = done
        .min(target)
        .saturating_mul(u64::from(width))
        .checked_div(target)
        .unwrap_or(0);
    let filled = usize::try_from(filled).unwrap_or(0).min(usize::from(width));
    let rest = usize::from(width) - filled;
    format!("{}{}", "█".repeat(filled), "░".repeat(rest))
}

/// Tenths with a point.
fn tenths(permille: u16) -> String {
    format!("{}.{}", permille / 10, permille % 10)
}

fn hours(seconds: u64) -> String {
    let minutes = seconds.div_ceil(60);
    format!("{}:{:02} h", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::event::Refused;
    use crate::tui::state::sign_in::SignIn;
    use crate::tui::theme::Theme;
    use crate::tui::view::layout_tests::drawn;
    use crate::tui::view::samples;

    /// What a person at a line of ten is told to do, the last lane of which waits for a label.
    fn mark(state: State) -> String {
        let state = State {
            size: crate::tui::geometry::SMALLEST,
            ..state
        };
        let (rows, _) = drawn(&state, Theme::Monochrome);
        let (row, ready) = (&rows[2], ["▶", "…"]);
        let at = ready.iter().find_map(|mark| row.find(mark));
        row[at.unwrap_or(row.len())..].trim_end().to_owned()
    }

    #[test]
    fn while_a_question_stands_it_is_not_said_that_a_scan_is_taken() {
        let asked = |dialog| State {
            dialog: Some(dialog),
            ..samples::running(10)
        };
        assert_eq!(mark(samples::running(10)), "▶ label for L10");
        assert_eq!(mark(asked(Dialog::SignOut)), "▶ Enter: yes");
        let text = || "EIO".to_owned();
        let refused = Dialog::Refused(Refused {
            reason: None,
            what: text(),
            why: text(),
            next: text(),
        });
        assert_eq!(mark(asked(refused)), "▶ Esc: back");
        // Nobody has read it yet.
        let mut state = asked(Dialog::SignOut);
        state.asked_ms = Some(state.monotonic_ms);
        assert_eq!(mark(state), "… wait");
    }

    #[test]
    fn no_lane_is_named_to_nobody() {
        let mut state = samples::running(10);
        state.sign_in = SignIn::Nobody;
        assert_eq!(mark(state), "▶ scan or type");
    }

    #[test]
    fn a_bar_is_as_long_as_what_is_done() {
        assert_eq!(bar(0, 10, 4), "░░░░");
        assert_eq!(bar(5, 10, 4), "██░░");
        assert_eq!(bar(11, 10, 4), "████");
        assert_eq!(bar(1, 0, 4), "░░░░");
        assert_eq!(tenths(974), "97.4");
        assert_eq!(hours(3_900), "1:05 h");
        assert_eq!(hours(1), "0:01 h");
        assert_eq!(hours(0), "0:00 h");
    }
}
