//! The alarms: what somebody must look at, the newest first, and the chosen one's whole story.

use super::canvas::Canvas;
use crate::tui::geometry::{Place, columns};
use crate::tui::state::State;
use crate::tui::state::alarms::{About, Alarm};
use crate::tui::state::sign_in::Deed;
use crate::tui::state::why_not::why_not;
use crate::tui::theme::Look;
use crate::tui::{clock_text, vocabulary};
use crate::words::{Language, Phrase};

/// Rows of the chosen alarm's story.
const STORY_ROWS: u16 = 10;

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, place: Place) {
    let language = state.language;
    let alarms = &state.alarms;
    if alarms.list.is_empty() {
        canvas.put(place.row(1), language.say(Phrase::NoAlarms), Look::Plain);
        return;
    }
    let list = place.top(place.height.saturating_sub(STORY_ROWS));
    let room = usize::from(list.height).max(1);
    let first = alarms.chosen.saturating_sub(room - 1);
    let shown = alarms.list.iter().enumerate().skip(first).take(room);
    for (row, (at, alarm)) in (0..).zip(shown) {
        alarm_row(canvas, language, alarm, list.row(row), at == alarms.chosen);
    }
    if let Some(chosen) = alarms.chosen() {
        story(canvas, state, chosen, place.below(list.height));
    }
}

fn alarm_row(canvas: &mut Canvas<'_>, language: Language, alarm: &Alarm, row: Place, chosen: bool) {
    let mark = if chosen { "▸" } else { " " };
    let sign = if alarm.acknowledged { "✔" } else { "!" };
    let text = format!("{mark}{sign} {}", clock_text(alarm.utc_ms));
    let look = match (chosen, alarm.acknowledged) {
        (true, _) => Look::Chosen,
        (false, true) => Look::Grey,
        (false, false) => Look::Strong,
    };
    let x = canvas.put(row, &text, look) + 2;
    let place = row.columns(x, 20);
    canvas.put_short(place, alarm.code.as_str(), look);
    canvas.put_short(
        row.columns(x + 21, row.width),
        &about(language, &alarm.about),
        look,
    );
}

fn about(language: Language, about: &About) -> String {
    match about {
        About::Lane(lane) => format!(
            "{} {lane}: {}",
            language.say(Phrase::Lane),
            language.say(Phrase::Held)
        ),
        About::Batch(batch) => format!(
            "{} {batch}: {}",
            language.say(Phrase::Batch),
            language.say(Phrase::Held)
        ),
        About::Clock => language.say(Phrase::Time).to_owned(),
        About::Board { lane, uid, .. } => format!(
            "{} {lane}  {}",
            language.say(Phrase::Lane),
            uid.as_deref().unwrap_or("-")
        ),
    }
}

fn story(canvas: &mut Canvas<'_>, state: &State, alarm: &Alarm, place: Place) {
    let language = state.language;
    canvas.rule(place.row(0), Look::Label);
    let code = alarm.code.as_str();
    let drawn = canvas.put(place.row(1), code, Look::Strong);
    let about = about(language, &alarm.about);
    let rest = place.row(1).columns(drawn + 2, place.width);
    canvas.put_short(rest, &about, Look::Plain);
    let why = format!(
        "{}: {}",
        language.say(Phrase::Why),
        language.whole_cause(alarm.code, &alarm.cause)
    );
    let used = canvas.put_wrapped_short(place.below(2).top(4), &why, Look::Plain);
    if alarm.acknowledged {
        let last = place.below(2 + used).row(0);
        canvas.put(last, language.say(Phrase::Acknowledged), Look::Grey);
        return;
    }
    // A lane that is held takes no board: what its board's code says to do with it comes later.
    let action = match alarm.about {
        About::Lane(_) | About::Batch(_) => language.say(Phrase::CallSupervisor),
        About::Clock | About::Board { .. } => language.action(alarm.code),
    };
    let to_do = format!("{}: {action}", language.say(Phrase::ToDo));
    let used = used + canvas.put_wrapped(place.below(2 + used).top(2), &to_do, Look::Plain);
    let last = place.below(2 + used).row(0);
    let hint = language.say(if alarm.about.holds() {
        Phrase::ClearHold
    } else {
        Phrase::Acknowledge
    });
    match why_not(state, Deed::Acknowledge) {
        None => canvas.put(last, hint, Look::Label),
        Some(why) => {
            let text = format!("{hint} ({})", vocabulary::why_not(language, why));
            debug_assert!(columns(&text) > 0);
            canvas.put_wrapped(place.below(2 + used), &text, Look::Grey)
        }
    };
}
