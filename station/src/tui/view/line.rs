//! The line screen: all lanes at once, and the whole story of the chosen one below them.

use super::canvas::{Canvas, fit_end};
use super::lane::Cell;
use super::small_lane::Shares;
use super::{lane, lane_words, port_label};
use crate::tui::geometry::{FOCUS_ROWS, Grid, Place, body, columns};
use crate::tui::state::State;
use crate::tui::state::lanes::{Doing, Held, Lane, Shown};
use crate::tui::theme::{Look, of_verdict};
use crate::tui::{seconds, vocabulary};
use crate::verdict::VerdictCode;
use crate::words::{Language, Phrase};

/// Most columns of a lane's name above its story.
const NAME: u16 = 16;

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State) {
    let lanes = &state.lanes;
    let body = body(state.size);
    let labels = port_label::labels(&lanes.list);
    if let Some(grid) = Grid::of(state.size, lanes.list.len()) {
        let shares = Shares::of(state.language, grid.cell.0, &labels);
        for (at, (lane, label)) in lanes.list.iter().zip(&labels).enumerate() {
            let Some(place) = grid.place(at) else {
                continue;
            };
            let cell = Cell {
                state,
                lane,
                label,
                shares,
                place,
                chosen: at == lanes.chosen,
            };
            lane::draw(canvas, &cell);
        }
    }
    if let Some(chosen) = lanes.chosen() {
        let focus = body.below(body.height.saturating_sub(FOCUS_ROWS));
        let label = labels.get(lanes.chosen).copied().unwrap_or_default();
        focus_on(canvas, state, chosen, label, focus);
    }
}

/// The chosen lane in words: who, what, why, and what to do. What to do is never cut.
fn focus_on(canvas: &mut Canvas<'_>, state: &State, lane: &Lane, label: &str, place: Place) {
    let language = state.language;
    let row = place.row(0);
    let mut x = canvas.put(row, "──", Look::Label) + 1;
    let name = fit_end(&lane.name, NAME);
    x += canvas.put(row.columns(x, row.width), &name, Look::Strong) + 1;
    if let Some(verdict) = &lane.verdict {
        let code = verdict.code;
        let word = language.say(vocabulary::outcome(code));
        let text = format!("{} {word}", vocabulary::sign(code));
        let look = of_verdict(code);
        x += canvas.put(row.columns(x, row.width), &text, look) + 1;
        if code.as_str() != "PASS" {
            x += canvas.put(row.columns(x, row.width), code.as_str(), Look::Strong) + 1;
        }
    }
    let took = lane.took_ms.filter(|_| lane.verdict.is_some());
    let took = took.map_or(String::new(), |ms| format!("  {} s", seconds(ms)));
    let rest = row.columns(x, row.width);
    let board = fit_end(
        lane_words::board_of(lane),
        rest.width.saturating_sub(columns(&took)),
    );
    let text = format!("{board}{took}");
    let drawn = canvas.put(rest, &text, Look::Plain) + 2;
    let rest = rest.columns(drawn, rest.width);
    let port = port_label::fitting(&lane.port, label, rest.width);
    canvas.put(rest, &port, Look::Label);
    let (why, to_do) = said_of(language, lane);
    let rest = place.below(1);
    let needs = super::canvas::wrap(&to_do, rest.width).len();
    let needs = u16::try_from(needs).unwrap_or(rest.height).min(rest.height);
    let above = rest.top(rest.height - needs);
    let mut used = 0;
    if let Some(why) = why {
        used = canvas.put_wrapped_short(above, &why, Look::Plain);
    }
    canvas.put_wrapped(rest.below(used), &to_do, Look::Strong);
}

/// Why the lane is as it is and what a person does next, each with its word before it; where nobody has to do
/// anything, what goes on.
pub(super) fn said_of(language: Language, lane: &Lane) -> (Option<String>, String) {
    let (why, next) = why_and_what(language, lane);
    let goes_on = match lane.shown() {
        Shown::Working(_) => true,
        Shown::Nothing => lane.held.is_none(),
        _ => false,
    };
    let next = if goes_on {
        next
    } else {
        format!("{}: {next}", language.say(Phrase::ToDo))
    };
    let why = why.map(|why| format!("{}: {why}", language.say(Phrase::Why)));
    (why, next)
}

/// Why the lane is as it is, and what a person does next.
pub(super) fn why_and_what(language: Language, lane: &Lane) -> (Option<String>, String) {
    let say = |phrase| language.say(phrase).to_owned();
    // What was wrong with a board is not forgotten because its port went with it, or the lane is held for something
    // else.
    let failed = lane
        .verdict
        .as_ref()
        .filter(|verdict| verdict.code != VerdictCode::Pass);
    let failed = failed.filter(|_| lane.shown() == Shown::Verdict);
    let own_hold = |held: &&Held| failed.is_none_or(|verdict| verdict.code == held.code);
    if let Some(held) = lane.held.as_ref().filter(own_hold) {
        let detail = language.cause(held.code, &held.cause);
        let why = format!("{} {}: {detail}", held.name, held.code);
        return (Some(why), say(Phrase::CallSupervisor));
    }
    match &lane.doing {
        _ if failed.is_some() => of_verdict_shown(language, lane),
        Doing::NoPort(fault) => {
            let (why, to_do) = language.port_fault(fault);
            (Some(why), to_do.to_owned())
        }
        Doing::Silent => (Some(say(Phrase::LaneSilent)), say(Phrase::CheckCable)),
        Doing::AwaitsLabel => (None, say(Phrase::LaneAwaitsLabel)),
        Doing::Working(step) => (None, language.say(vocabulary::step(*step)).to_owned()),
        _ => of_verdict_shown(language, lane),
    }
}

fn of_verdict_shown(language: Language, lane: &Lane) -> (Option<String>, String) {
    let Some(verdict) = &lane.verdict else {
        return (None, lane_words::doing(language, lane));
    };
    let why = language.detail(verdict.code, &verdict.detail);
    let why = Some(why).filter(|_| verdict.code != VerdictCode::Pass);
    (why, language.action(verdict.code).to_owned())
}

/// Whether a text fits into a row; for those who lay out.
pub(super) fn fits(text: &str, place: Place) -> bool {
    columns(text) <= place.width
}
