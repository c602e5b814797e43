//! What is said of the chosen batch and of the chosen alarm, and of which batch the charts are.

use super::layout_tests::drawn;
use super::samples::{alarms, person, running};
use crate::tui::event::{Event, Key};
use crate::tui::geometry::SMALLEST;
use crate::tui::saying;
use crate::tui::state::sign_in::Role;
use crate::tui::state::{Screen, State};
use crate::tui::theme::Theme;
use crate::tui::update::update;
use crate::verdict::VerdictCode;
use crate::words::{Language, Phrase};

fn seen(state: &State) -> String {
    let (rows, faults) = drawn(state, Theme::Monochrome);
    assert!(faults.is_empty(), "{faults:?}");
    rows.join("\n")
}

/// Somebody in that role looks at that alarm.
fn looking_at_alarm(at: usize, role: Role) -> State {
    let mut state = State {
        size: SMALLEST,
        screen: Screen::Alarms,
        sign_in: person(role),
        ..running(4)
    };
    state.alarms.list = alarms();
    state.alarms.chosen = at;
    state
}

#[test]
fn an_alarm_says_what_an_enter_does_with_it() {
    for language in Language::ALL {
        for (at, alarm) in alarms().into_iter().enumerate() {
            let mut state = looking_at_alarm(at, Role::Supervisor);
            state.language = language;
            let text = seen(&state).replace(' ', "");
            for (phrase, is_it) in [
                (Phrase::ClearHold, alarm.about.holds()),
                (Phrase::Acknowledge, !alarm.about.holds()),
            ] {
                let hint = language.say(phrase).replace(' ', "");
                assert_eq!(text.contains(&hint), is_it, "{alarm:?}\n{text}");
            }
        }
    }
}

/// What is refused fits a hold and any other alarm.
#[test]
fn whoever_may_see_to_no_alarm_is_told_so_and_not_of_a_hold() {
    for at in 0..alarms().len() {
        let mut state = looking_at_alarm(at, Role::Operator);
        let (key, at_ms) = (Key::Enter, state.monotonic_ms + 10_000);
        drop(update(&mut state, Event::Key { key, at_ms }));
        let said = state.notice.map(|notice| notice.said).unwrap();
        let text = saying::text(Language::English, &said);
        assert_eq!(
            text, "Acknowledge the alarm: takes the role supervisor",
            "{at}"
        );
    }
}

#[test]
fn the_charts_say_of_which_batch_they_are_and_how_many_codes_are_not_seen() {
    let all = VerdictCode::ALL;
    let mut state = State {
        size: SMALLEST,
        screen: Screen::Batch,
        ..running(4)
    };
    let batch = state.batches.head.as_ref().unwrap().batch.clone();
    for (count, unseen) in [(1, None), (7, None), (8, Some(2)), (12, Some(6))] {
        let codes = all.iter().take(count).map(|code| (*code, 3));
        state.batches.progress.codes = codes.collect();
        let text = seen(&state);
        assert!(
            text.contains(&format!("Verdicts by code: {batch}")),
            "{text}"
        );
        assert!(
            text.contains(&format!("Yield over time: {batch}")),
            "{text}"
        );
        let more = unseen.map(|unseen| format!("+{unseen} more"));
        match more {
            Some(more) => assert!(text.contains(&more), "{text}"),
            None => assert!(!text.contains(" more"), "{text}"),
        }
    }
}
