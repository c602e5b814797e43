//! What is said of a lane in one word or one row, whatever the size of its cell.

use super::canvas::fit_end;
use crate::tui::geometry::columns;
use crate::tui::state::State;
use crate::tui::state::lanes::{Doing, Lane, STEPS, Shown};
use crate::tui::theme::{Look, of_verdict};
use crate::tui::{seconds, vocabulary};
use crate::verdict::VerdictCode;
use crate::words::{Language, Phrase};

/// Its name, with a mark where it is the chosen one; of a name that is too long the end.
pub(super) fn name_of(lane: &Lane, chosen: bool, width: u16) -> String {
    let mark = if chosen { "▸" } else { " " };
    format!("{mark}{}", fit_end(&lane.name, width.saturating_sub(1)))
}

/// How its name looks.
pub(super) const fn name_look(chosen: bool) -> Look {
    if chosen { Look::Chosen } else { Look::Strong }
}

/// Its board: the serial, else the UID.
pub(super) fn board_of(lane: &Lane) -> &str {
    let board = lane.serial.as_deref().or(lane.uid.as_deref());
    board.unwrap_or("-")
}

/// The sign for what the lane does, or for the verdict that stands.
pub(super) fn state_sign(lane: &Lane) -> (String, Look) {
    let (sign, look) = match (lane.shown(), &lane.verdict) {
        (Shown::Held, _) => ("■", Look::Held),
        (Shown::Fault, _) => ("!", Look::Fault),
        (Shown::Working(_), _) => ("●", Look::Busy),
        (Shown::AwaitsLabel, _) => ("◆", Look::Chosen),
        (Shown::Verdict, Some(verdict)) => {
            (vocabulary::sign(verdict.code), of_verdict(verdict.code))
        }
        (Shown::Verdict | Shown::Nothing, _) => ("·", Look::Plain),
    };
    (sign.to_owned(), look)
}

/// The word and the sign for what the lane does, or for the verdict that stands.
pub(super) fn state_word(language: Language, lane: &Lane) -> (String, Look) {
    let (sign, look) = state_sign(lane);
    let word = match (lane.shown(), &lane.verdict) {
        (Shown::Held, _) => language.say(Phrase::Held).to_owned(),
        (Shown::Working(step), _) => format!("{step}/{STEPS}"),
        (Shown::Fault | Shown::AwaitsLabel, _) => doing(language, lane),
        (Shown::Verdict, Some(verdict)) => {
            language.say(vocabulary::outcome(verdict.code)).to_owned()
        }
        (Shown::Verdict | Shown::Nothing, _) => return (sign, look),
    };
    (format!("{sign} {word}"), look)
}

/// What is told beside a verdict that stands: that the lane is held, that its port is gone, or that nobody answers;
/// as much as there is room for.
pub(super) fn beside(language: Language, lane: &Lane, width: u16) -> Option<(String, Look)> {
    let (sign, word, look) = match lane.shown() {
        Shown::Verdict if lane.held.is_some() => {
            ("■", language.say(Phrase::Held).to_owned(), Look::Held)
        }
        Shown::Verdict if lane.has_fault() => ("!", doing(language, lane), Look::Fault),
        _ => return None,
    };
    let whole = format!("{sign} {word}");
    let fits = columns(&whole) <= width;
    Some((if fits { whole } else { sign.to_owned() }, look))
}

/// How long its board has been in work, or was, in milliseconds; nothing where it has none.
pub(super) fn time_ms(state: &State, lane: &Lane) -> Option<u64> {
    match lane.shown() {
        Shown::Working(_) | Shown::AwaitsLabel => {
            Some(state.monotonic_ms.saturating_sub(lane.since_ms))
        }
        Shown::Verdict => lane.took_ms,
        _ => None,
    }
}

/// That time in seconds, with tenths.
pub(super) fn time_text(state: &State, lane: &Lane) -> String {
    let ms = time_ms(state, lane);
    ms.map_or_else(String::new, |ms| format!("{} s", seconds(ms)))
}

/// A time in three columns at most: whole seconds, from a hundred on minutes, and so on.
pub(super) fn whole_seconds(ms: u64) -> String {
    let seconds = ms / 1_000;
    let in_units = [(1, 's'), (60, 'm'), (3_600, 'h'), (86_400, 'd')];
    let shown = |(unit, sign)| (seconds / unit, sign);
    let (count, sign) = in_units
        .map(shown)
        .into_iter()
        .find(|(count, _)| *count < 100)
        .unwrap_or((99, 'd'));
    format!("{count}{sign}")
}

/// A column for each step, where there is room for as many.
fn bar(step: u8, room: u16) -> String {
    let steps = u16::from(STEPS);
    super::batch_bar::bar(u64::from(step), u64::from(STEPS), steps.min(room))
}

/// The step with its bar, the code of a verdict, or what the lane waits for.
pub(super) fn second_row(language: Language, lane: &Lane, width: u16) -> String {
    match (lane.shown(), &lane.held, &lane.verdict) {
        (Shown::Held, Some(held), _) => format!("{} {}", held.code, held.name),
        (Shown::Working(step), ..) => {
            let word = language.say(vocabulary::step(step));
            let room = width.saturating_sub(columns(word) + 1);
            format!("{} {word}", bar(step, room))
        }
        (Shown::AwaitsLabel, ..) => bar(lane.step, width),
        // The word above says it.
        (Shown::Fault, ..) => String::new(),
        // The board stands in a row of its own.
        (Shown::Verdict, _, Some(verdict)) if verdict.code == VerdictCode::Pass => String::new(),
        (Shown::Verdict, _, Some(verdict)) => verdict.code.as_str().to_owned(),
        _ => doing(language, lane),
    }
}

/// How that row looks.
pub(super) fn row_look(lane: &Lane) -> Look {
    match lane.shown() {
        Shown::Working(_) | Shown::AwaitsLabel => Look::Busy,
        _ => Look::Plain,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_time_has_three_columns_at_most() {
        for (ms, wanted) in [
            (0, "0s"),
            (3_999, "3s"),
            (99_999, "99s"),
            (100_000, "1m"),
            (5_999_999, "99m"),
            (6_000_000, "1h"),
            (360_000_000, "4d"),
            (u64::MAX, "99d"),
        ] {
            assert_eq!(whole_seconds(ms), wanted, "{ms}");
        }
    }
}
