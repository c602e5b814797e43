//! Where arrows, pages and the mouse lead, to the last lane and the last line of each list and no further.

use super::scan_tests::{press, signed_in};
use super::update;
use crate::tui::command::Command;
use crate::tui::event::{Event, Key};
use crate::tui::geometry::{self, Grid, SMALLEST};
use crate::tui::state::alarms::{About, Alarm};
use crate::tui::state::batch::{BatchRow, DEEDS};
use crate::tui::state::dialog::Dialog;
use crate::tui::state::lanes::Lane;
use crate::tui::state::said::Said;
use crate::tui::state::{Leaving, Screen, State};
use crate::verdict::VerdictCode;
use crate::words::Cause;

/// With so many lanes, alarms and batches.
fn with(count: usize) -> State {
    let mut state = signed_in();
    let lane = |at: usize| Lane {
        name: format!("L{at}"),
        ..Lane::default()
    };
    state.lanes.list = (0..count).map(lane).collect();
    let alarm = |at: usize| Alarm {
        about: About::Lane(format!("L{at}")),
        code: VerdictCode::KeyForeign,
        cause: Cause::Verdict("why".to_owned()),
        utc_ms: 1,
        acknowledged: false,
    };
    state.alarms.list = (0..count).map(alarm).collect();
    let batch = |at: usize| BatchRow {
        batch: format!("B-{at}"),
        ..BatchRow::default()
    };
    state.batches.list = (0..count).map(batch).collect();
    state
}

fn chosen(state: &State) -> usize {
    match state.screen {
        Screen::Alarms => state.alarms.chosen,
        Screen::Batch => state.batches.chosen,
        _ => state.lanes.chosen,
    }
}

fn choose(state: &mut State, at: usize) {
    (state.alarms.chosen, state.batches.chosen) = (at, at);
    state.lanes.chosen = at;
}

#[test]
fn an_arrow_leads_to_the_lane_that_stands_there() {
    let mut state = with(30);
    assert_eq!(Grid::of(state.size, 30).unwrap().columns, 4);
    // Two lanes stand in the last row, 28 and 29.
    for (key, from, to) in [
        (Key::Right, 0, 1),
        (Key::Right, 3, 4),
        (Key::Right, 28, 29),
        (Key::Right, 29, 29),
        (Key::Left, 29, 28),
        (Key::Left, 1, 0),
        (Key::Left, 0, 0),
        (Key::Down, 0, 4),
        (Key::Down, 25, 29),
        (Key::Down, 26, 29),
        (Key::Down, 27, 29),
        (Key::Down, 28, 28),
        (Key::Down, 29, 29),
        (Key::Up, 29, 25),
        (Key::Up, 4, 0),
        (Key::Up, 3, 3),
    ] {
        choose(&mut state, from);
        assert_eq!(press(&mut state, key), [], "{key:?} from {from}");
        assert_eq!(chosen(&state), to, "{key:?} from {from}");
    }
}

#[test]
fn one_goes_on_in_a_list_and_back_and_not_beyond_its_ends() {
    let along = [Key::Right, Key::Down, Key::Left, Key::Up];
    let pages = [Key::PageDown, Key::PageUp, Key::End, Key::Home];
    for (screen, key, from, to) in [
        (Screen::Lane, along[0], 0, 1),
        (Screen::Lane, along[1], 0, 1),
        (Screen::Lane, along[1], 24, 24),
        (Screen::Lane, along[2], 1, 0),
        (Screen::Lane, along[3], 1, 0),
        (Screen::Alarms, along[0], 0, 1),
        (Screen::Alarms, along[1], 0, 1),
        (Screen::Alarms, along[1], 24, 24),
        (Screen::Alarms, along[2], 1, 0),
        (Screen::Alarms, along[3], 1, 0),
        (Screen::Batch, along[1], 0, 1),
        (Screen::Batch, along[1], 24, 24),
        (Screen::Batch, along[3], 1, 0),
    ] {
        let mut state = with(25);
        state.screen = screen;
        choose(&mut state, from);
        drop(press(&mut state, key));
        assert_eq!(chosen(&state), to, "{screen:?} {key:?}");
    }
    for screen in [Screen::Alarms, Screen::Batch] {
        for (key, to) in pages
            .into_iter()
            .zip([[10, 22, 24], [0, 2, 14], [24; 3], [0; 3]])
        {
            for (from, to) in [0, 12, 24].into_iter().zip(to) {
                let mut state = with(25);
                state.screen = screen;
                choose(&mut state, from);
                drop(press(&mut state, key));
                assert_eq!(chosen(&state), to, "{screen:?} {key:?}");
            }
        }
    }
}

#[test]
fn every_deed_is_reached_and_none_behind_the_last() {
    let mut state = with(2);
    state.screen = Screen::Batch;
    for at in 1..=DEEDS.len() {
        drop(press(&mut state, Key::Right));
        assert_eq!(state.batches.deed, at.min(DEEDS.len() - 1));
    }
    drop(press(&mut state, Key::Left));
    assert_eq!(state.batches.deed, DEEDS.len() - 2);
    assert_eq!(state.batches.chosen, 0);
}

#[test]
fn in_a_text_to_the_right_is_down() {
    for (screen, down, up) in [
        (Screen::Log, [Key::Right, Key::Down], [Key::Left, Key::Up]),
        (
            Screen::Device,
            [Key::Left, Key::Up],
            [Key::Right, Key::Down],
        ),
    ] {
        for (to_newer, to_older) in down.into_iter().zip(up) {
            let mut state = samples(screen);
            (state.log.below, state.device.scrolled) = (2, 2);
            drop(press(&mut state, to_older));
            let away = |state: &State| match screen {
                Screen::Log => state.log.below,
                _ => state.device.scrolled,
            };
            assert_eq!(away(&state), 3, "{screen:?} {to_older:?}");
            drop(press(&mut state, to_newer));
            assert_eq!(away(&state), 2, "{screen:?} {to_newer:?}");
        }
    }
}

/// The log and the past of a board, each longer than the screen.
fn samples(screen: Screen) -> State {
    use crate::tui::state::device::{DeviceReport, Moment};
    let mut state = signed_in();
    state.screen = screen;
    let moment = Moment {
        utc_ms: 1,
        happening: crate::words::Happening::SessionOpened,
        values: vec!["L1".to_owned()],
        detail: String::new(),
    };
    state.device.report = Some(DeviceReport {
        timeline: vec![moment; 60],
        ..DeviceReport::default()
    });
    for utc_ms in 0..60 {
        state.log.add(utc_ms, false, Said::NoReason);
    }
    state
}

#[test]
fn whoever_leafed_further_than_a_grown_window_goes_leafs_back_from_its_end() {
    let mut state = samples(Screen::Log);
    state.log.below = 1_000;
    drop(press(&mut state, Key::PageUp));
    let most = state.log.below;
    state.log.below = 1_000;
    drop(press(&mut state, Key::PageDown));
    assert_eq!(state.log.below, most - 10);
}

#[test]
fn nothing_is_chosen_under_help_or_a_question() {
    let keys = [
        Key::Up,
        Key::Down,
        Key::Left,
        Key::Right,
        Key::PageUp,
        Key::PageDown,
        Key::Home,
        Key::End,
    ];
    for screen in Screen::ALL {
        for (help, dialog) in [(true, None), (false, Some(Dialog::Leave))] {
            for key in keys {
                let mut state = samples(screen);
                let lists = with(25);
                (state.lanes, state.alarms, state.batches) =
                    (lists.lanes, lists.alarms, lists.batches);
                choose(&mut state, 12);
                (state.log.below, state.device.scrolled) = (7, 7);
                (state.help, state.dialog) = (help, dialog.clone());
                let before = state.clone();
                drop(press(&mut state, key));
                state.monotonic_ms = before.monotonic_ms;
                assert_eq!(state, before, "{screen:?} {key:?}");
            }
        }
    }
}

/// What was opened is looked at next, unless somebody has chosen meanwhile: with a page as with a step.
#[test]
fn whoever_has_chosen_a_batch_by_the_page_has_chosen() {
    for key in [Key::Down, Key::PageDown, Key::End] {
        let mut state = with(3);
        state.screen = Screen::Batch;
        state.batches.opened = Some("B-9".to_owned());
        drop(press(&mut state, key));
        assert_eq!(state.batches.opened, None, "{key:?}");
    }
}

fn hints(state: &State) -> Vec<(u16, u16)> {
    let row = state.size.1 - 1;
    let columns = (0..state.size.0).map(|column| (column, row));
    let is_hint = |at: &(u16, u16)| geometry::hint_at(state.size, state.language, *at).is_some();
    columns.filter(is_hint).collect()
}

#[test]
fn the_mouse_presses_no_key_that_is_not_seen() {
    let seen = with(3);
    let typed = |state: &mut State| drop(press(state, Key::Char('S')));
    let changes: [&dyn Fn(&mut State); 4] = [
        &typed,
        &|state| state.tell(Said::NoReason, true),
        &|state| state.leaving = Leaving::Safely,
        &|state| state.size = (SMALLEST.0 - 1, SMALLEST.1),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut fresh = seen.clone();
        change(&mut fresh);
        assert!(!hints(&fresh).is_empty());
        for (column, row) in hints(&fresh) {
            let mut state = fresh.clone();
            let done = update(&mut state, Event::Mouse { column, row });
            assert_eq!((done, &state), (Vec::new(), &fresh), "change {at}");
        }
    }
    let leave =
        |at: &(u16, u16)| geometry::hint_at(seen.size, seen.language, *at) == Some(Command::Leave);
    let (column, row) = hints(&seen).into_iter().find(leave).unwrap();
    let mut state = seen;
    assert_eq!(update(&mut state, Event::Mouse { column, row }), []);
    assert_eq!(state.dialog, Some(Dialog::Leave));
}

#[test]
fn the_mouse_chooses_a_lane_where_lanes_are_seen() {
    for screen in Screen::ALL {
        let mut state = with(3);
        state.screen = screen;
        let place = Grid::of(state.size, 3).unwrap().place(1).unwrap();
        let (column, row) = (place.x, place.y);
        assert_eq!(update(&mut state, Event::Mouse { column, row }), []);
        let expected = usize::from(screen == Screen::Line);
        assert_eq!(state.lanes.chosen, expected, "{screen:?}");
    }
}
