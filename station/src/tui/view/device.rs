//! One board: what the ledger knows of it, and its events, the newest first.

use super::canvas::{Canvas, wrap};
use super::window::{self, Newest, Window};
use crate::tui::geometry::{self, Place, columns};
use crate::tui::state::State;
use crate::tui::state::device::{DeviceReport, Moment};
use crate::tui::state::sign_in::Deed;
use crate::tui::state::why_not::why_not;
use crate::tui::theme::{Look, of_verdict};
use crate::tui::{date_text, vocabulary};
use crate::verdict::VerdictCode;
use crate::words::{Language, Phrase};

/// Columns of a label.
const LABEL: u16 = 14;

/// Rows above the timeline.
const FACTS: u16 = 6;

/// Most rows of an event.
const MOMENT_ROWS: u16 = 3;

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, place: Place) {
    let language = state.language;
    canvas.put(place.row(0), language.say(Phrase::ScanABoard), Look::Label);
    let Some(report) = &state.device.report else {
        if let Some(wanted) = &state.device.wanted {
            let text = language.fill(Phrase::UnknownBoard, &[wanted]);
            canvas.put_wrapped_short(place.below(2), &text, Look::Strong);
        }
        return;
    };
    facts(canvas, state, report, place.below(1));
    timeline(canvas, state, report, place.below(FACTS));
}

/// What is seen of the timeline.
pub(super) fn window(state: &State, place: Place) -> Window {
    let Some(report) = &state.device.report else {
        return Window::default();
    };
    let place = place.below(FACTS + 1);
    let rows_of = |from_newest: usize| {
        let moment = report.timeline.get(from_newest);
        let said = moment.map(|moment| said(state.language, moment));
        said.map_or(1, |(time, said)| {
            let width = place.width.saturating_sub(columns(&time) + 2);
            wrap(&said, width).len().clamp(1, usize::from(MOMENT_ROWS))
        })
    };
    let scrolled = state.device.scrolled;
    Window::on(report.timeline.len(), scrolled, place.height, rows_of)
}

/// When something happened, and what.
fn said(language: Language, moment: &Moment) -> (String, String) {
    let happened = language.happened(moment.happening, &moment.values);
    let detail = more_of(language, moment);
    let said = format!("{happened}  {detail}").trim_end().to_owned();
    (date_text(moment.utc_ms), said)
}

fn facts(canvas: &mut Canvas<'_>, state: &State, report: &DeviceReport, place: Place) {
    let language = state.language;
    let none = language.say(Phrase::NoCertificate);
    let serial = report.serial.as_deref().unwrap_or(none);
    let certificate = report.certificate.as_deref().unwrap_or(none);
    let rows = [
        (Phrase::Uid, report.uid.as_str()),
        (Phrase::Serial, serial),
        (Phrase::Certificate, certificate),
    ];
    for (at, (label, value)) in (0..).zip(rows) {
        let row = place.row(at);
        canvas.put(row.columns(0, LABEL), language.say(label), Look::Label);
        canvas.put_short(row.columns(LABEL, row.width), value, Look::Plain);
    }
    let row = place.row(3);
    canvas.put(
        row.columns(0, LABEL),
        language.say(Phrase::Verdict),
        Look::Label,
    );
    let rest = row.columns(LABEL, row.width);
    let Some((code, batch, lane)) = &report.verdict else {
        canvas.put(rest, none, Look::Plain);
        return;
    };
    let word = language.say(vocabulary::outcome(*code));
    let text = format!("{} {word}", vocabulary::sign(*code));
    let drawn = canvas.put(rest, &text, of_verdict(*code));
    let code = Some(code.as_str()).filter(|code| *code != word);
    let code = code.map_or_else(String::new, |code| format!("{code}  "));
    let text = format!(
        "{code}{} {batch}  {} {lane}",
        language.say(Phrase::Batch),
        language.say(Phrase::Lane)
    );
    canvas.put_short(rest.columns(drawn + 1, rest.width), &text, Look::Plain);
}

fn timeline(canvas: &mut Canvas<'_>, state: &State, report: &DeviceReport, place: Place) {
    let language = state.language;
    let drawn = canvas.put(place.row(0), language.say(Phrase::Timeline), Look::Strong);
    let deed = language.say(vocabulary::deed(Deed::Reprint));
    let rest = place.row(0).columns(drawn + 2, place.width);
    match why_not(state, Deed::Reprint) {
        None => {
            let text = language.fill(Phrase::EnterDoes, &[deed]);
            canvas.put_right(rest, &text, Look::Label)
        }
        Some(why) => {
            let text = format!("{deed} ({})", vocabulary::why_not(language, why));
            canvas.put_right(rest, &text, Look::Grey)
        }
    };
    let window = window(state, geometry::body(state.size));
    let place = place.below(1);
    window::mark(canvas, language, window, Newest::Above, place);
    let mut rows = window.list(place);
    for moment in report.timeline.iter().skip(window.newer) {
        if rows.height == 0 {
            break;
        }
        let (time, said) = said(language, moment);
        let indent = columns(&time) + 2;
        canvas.put(rows.row(0), &time, Look::Label);
        let text = rows.columns(indent, rows.width);
        let used = canvas.put_wrapped_short(text.top(MOMENT_ROWS), &said, Look::Plain);
        rows = rows.below(used.max(1));
    }
}

/// What the code means, where the event has one that is not good, and the record's own line.
fn more_of(language: Language, moment: &Moment) -> String {
    let code = moment
        .values
        .first()
        .and_then(|code| VerdictCode::parse(code));
    match code.filter(|code| *code != VerdictCode::Pass) {
        Some(code) if !moment.detail.is_empty() => language.whole_detail(code, &moment.detail),
        _ => language.technical(&moment.detail),
    }
}
