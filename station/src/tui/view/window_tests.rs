//! Lists that are longer than the screen: all of them is seen by leafing, and what is not seen is told.

use ratatui::style::Style;

use super::grey_tests::styles;
use super::layout_tests::drawn;
use super::samples;
use crate::tui::event::{Event, Key, LaneNews, StationNews};
use crate::tui::geometry::SMALLEST;
use crate::tui::state::lanes::ShownFrame;
use crate::tui::state::{READ_MS, Screen, State};
use crate::tui::theme::{Look, Theme};
use crate::tui::told::Told;
use crate::tui::update::update;
use crate::words::{Happening, Language, Phrase};

/// How many lines each list has.
const LINES: usize = 60;

/// As many frames as a lane keeps.
const FRAMES: usize = 32;

/// A name that stands in one line alone.
fn name(at: usize) -> String {
    format!("Q{at:03}Z")
}

fn log() -> State {
    let mut state = samples::running(4);
    state.log.lines.clear();
    for at in 0..LINES {
        // Every third line takes two rows.
        let long = if at % 3 == 0 {
            " and more".repeat(9)
        } else {
            String::new()
        };
        let told = Told::LabelOdd(format!("{}{long}", name(at)));
        samples::hear(&mut state, StationNews::Told(told));
    }
    state.notice = None;
    state
}

fn device() -> State {
    let mut state = samples::running(4);
    state.device = samples::device();
    let report = state.device.report.as_mut().unwrap();
    let mut moment = report.timeline[0].clone();
    moment.happening = Happening::VerdictReached;
    let moments = (0..LINES).rev().map(|at| {
        moment.values = vec!["PASS".to_owned(), name(at)];
        moment.clone()
    });
    report.timeline = moments.collect();
    state
}

fn frames(from: usize) -> Vec<ShownFrame> {
    let sample = samples::frames().swap_remove(2);
    let frame = |at: usize| ShownFrame {
        message: name(at),
        utc_ms: sample.utc_ms + at as u64,
        ..sample.clone()
    };
    (from..from + FRAMES).map(frame).collect()
}

fn hear_frames(state: &mut State, from: usize) {
    let (lane, news) = ("L01".to_owned(), LaneNews::Frames(frames(from)));
    drop(update(state, Event::Lane { lane, news }));
}

fn lane() -> State {
    let mut state = samples::running(4);
    hear_frames(&mut state, 0);
    state
}

/// Each list on its screen, how many lines it has, and whether its newest is at the bottom.
fn all() -> [(State, usize, bool); 3] {
    let on = |screen, state| State {
        screen,
        size: SMALLEST,
        ..state
    };
    [
        (on(Screen::Log, log()), LINES, true),
        (on(Screen::Device, device()), LINES, false),
        (on(Screen::Lane, lane()), FRAMES, true),
    ]
}

fn press(state: &mut State, key: Key) {
    let at_ms = state.monotonic_ms + 2 * READ_MS;
    drop(update(state, Event::Key { key, at_ms }));
}

fn seen(state: &State) -> Vec<usize> {
    let (rows, faults) = drawn(state, Theme::Monochrome);
    assert!(faults.is_empty(), "{faults:?}");
    let text = rows.join("\n");
    (0..200).filter(|at| text.contains(&name(*at))).collect()
}

/// How many lines the mark says to be above and below.
fn marked(state: &State) -> (usize, usize) {
    let (rows, _) = drawn(state, Theme::Monochrome);
    let text = rows.join("\n");
    let count = |sign: char| {
        // A lane's board that awaits its label has another sign, and no figure behind it.
        let figure = |part: &str| part.split_whitespace().next()?.parse().ok();
        text.split(sign).skip(1).find_map(figure).unwrap_or(0)
    };
    (count('▲'), count('▼'))
}

#[test]
fn every_line_is_seen_by_leafing_and_the_mark_counts_those_that_are_not() {
    for (fresh, count, newest_below) in all() {
        for language in Language::ALL {
            let mut state = State {
                language,
                ..fresh.clone()
            };
            let (to_newest, to_oldest, back) = if newest_below {
                (Key::End, Key::Home, Key::PageDown)
            } else {
                (Key::Home, Key::End, Key::PageUp)
            };
            let name = format!("{:?} in {language}", state.screen);
            assert!(seen(&state).contains(&(count - 1)), "{name}: the newest");
            press(&mut state, to_oldest);
            let mut all = seen(&state);
            assert!(all.contains(&0), "{name}: the oldest");
            // It ends there: one page back is another page.
            for _ in 0..count.div_ceil(10) {
                let before = seen(&state);
                let (above, below) = marked(&state);
                let left = count - before.len();
                assert!((left..=left + 1).contains(&(above + below)), "{name}");
                press(&mut state, back);
                let now = seen(&state);
                assert!(now != before || now.contains(&(count - 1)), "{name}");
                all.extend(now);
            }
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count, "{name}: {all:?}");
            press(&mut state, to_oldest);
            press(&mut state, to_newest);
            assert!(seen(&state).contains(&(count - 1)), "{name}");
            let (above, below) = marked(&state);
            let newer = if newest_below { below } else { above };
            assert_eq!((newer, above + below > 0), (0, true), "{name}");
        }
    }
}

#[test]
fn the_mark_fits_at_every_width_and_is_none_where_all_is_seen() {
    for (fresh, _, _) in all() {
        for language in Language::ALL {
            for width in [80, 81, 100, 132, 200] {
                for at in [0, 3, 999] {
                    let mut state = fresh.clone();
                    (state.language, state.size) = (language, (width, 24));
                    state.log.below = at;
                    state.device.scrolled = at;
                    state.lanes.frames_below = at;
                    assert_ne!(marked(&state), (0, 0), "{:?}", state.screen);
                    seen(&state);
                }
            }
        }
        // A window that has grown shows all of it, wherever one had leafed to.
        let mut state = fresh.clone();
        press(&mut state, Key::PageUp);
        press(&mut state, Key::PageDown);
        state.size = (200, 120);
        assert_eq!(marked(&state), (0, 0), "{:?}", state.screen);
    }
}

#[test]
fn whoever_reads_further_up_is_told_how_much_is_new_and_keeps_their_place() {
    let [(mut log, ..), _, (mut lane, ..)] = all();
    for state in [&mut log, &mut lane] {
        (state.log.below, state.lanes.frames_below) = (3, 3);
        assert_eq!(marked(state).1, 3);
        let lowest = seen(state).last().copied();
        let more = (0..4).map(|at| Told::LabelOdd(name(100 + at)));
        for told in more {
            samples::hear(state, StationNews::Told(told));
        }
        state.notice = None;
        hear_frames(state, 4);
        assert_eq!(marked(state).1, 7, "{:?}", state.screen);
        assert_eq!(seen(state).last().copied(), lowest, "{:?}", state.screen);
    }
    // Frames that are no more are not waited for; another lane, and coming back, begin at the newest.
    hear_frames(&mut lane, 100);
    assert_eq!(marked(&lane).0, 0);
    press(&mut lane, Key::Right);
    press(&mut lane, Key::Left);
    assert_eq!(marked(&lane).1, 0);
    press(&mut lane, Key::PageUp);
    press(&mut lane, Key::F(5));
    assert_eq!(marked(&lane).1, 0);
}

#[test]
fn leafing_does_nothing_under_help() {
    for (mut state, ..) in all() {
        state.help = true;
        let before = (state.log.clone(), state.device.clone(), state.lanes.clone());
        for key in [Key::Home, Key::End, Key::PageUp, Key::PageDown] {
            press(&mut state, key);
        }
        assert_eq!((state.log, state.device, state.lanes), before);
    }
}

/// Whoever does not follow the newest line should not forget it.
#[test]
fn the_mark_is_strong_where_there_is_something_newer_and_only_there() {
    for (fresh, ..) in all() {
        for (away, look) in [(0, Look::Label), (1, Look::Strong), (9, Look::Strong)] {
            let mut state = fresh.clone();
            state.log.below = away;
            state.device.scrolled = away;
            state.lanes.frames_below = away;
            for (sign, phrase) in [("▲", Phrase::KeysUp), ("▼", Phrase::KeysDown)] {
                let keys = state.language.say(phrase);
                let (rows, _) = drawn(&state, Theme::Colours);
                let is_mark = |row: &&String| row.contains(sign) && row.contains(keys);
                if !rows.iter().any(|row| is_mark(&row)) {
                    continue;
                }
                let theme = Theme::Colours;
                let wanted = Style::reset().patch(theme.style(look));
                let found = styles(&state, theme, keys).unwrap();
                let alike = |style: &Style| {
                    (style.fg, style.add_modifier) == (wanted.fg, wanted.add_modifier)
                };
                assert!(found.iter().all(alike), "{:?} at {away}", state.screen);
            }
        }
    }
}
