//! Every screen, in every state, language and size: nothing is cut, nothing lies over anything else, columns
//! stand below each other.

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{draw, said_samples, sample_list, samples};
use crate::tui::geometry::{Grid, SMALLEST};
use crate::tui::state::said::Said;
use crate::tui::state::{Screen, State};
use crate::tui::theme::Theme;
use crate::tui::told::Told;
use crate::verdict::VerdictCode;
use crate::words::{Language, Phrase};

/// Every size that a screen is laid out for, in columns and rows.
const WIDTHS: std::ops::RangeInclusive<u16> = SMALLEST.0..=200;
const HEIGHTS: std::ops::RangeInclusive<u16> = SMALLEST.1..=60;

/// How many states are drawn at each of them.
const PER_SIZE: usize = 4;

const SIZES: [(u16, u16); 7] = [
    SMALLEST,
    (81, 25),
    (100, 30),
    (120, 24),
    (132, 43),
    (160, 50),
    (200, 60),
];

/// What is drawn, row by row, and what had to be left out.
pub(super) fn drawn(state: &State, theme: Theme) -> (Vec<String>, Vec<String>) {
    let (width, height) = state.size;
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let faults = draw(state, theme, &mut buffer);
    let row = |y: u16| {
        let mut text = String::new();
        let mut x = 0;
        while x < width {
            let symbol = buffer[(x, y)].symbol();
            text.push_str(symbol);
            x += crate::tui::geometry::columns(symbol).max(1);
        }
        text.trim_end().to_owned()
    };
    ((0..height).map(row).collect(), faults)
}

fn check(name: &str, state: &State) {
    let (rows, faults) = drawn(state, Theme::Colours);
    assert!(
        faults.is_empty(),
        "{name} in {} at {:?}: {faults:#?}\n{}",
        state.language,
        state.size,
        rows.join("\n")
    );
}

#[test]
fn nothing_is_cut_and_nothing_overlaps() {
    let said = said_samples::all(&samples::running(24));
    for (name, state) in sample_list::all().into_iter().chain(said) {
        for language in Language::ALL {
            for size in SIZES {
                let state = State {
                    language,
                    size,
                    ..state.clone()
                };
                check(&name, &state);
            }
        }
    }
}

/// Every width from 80 to 200 with every height from 24 to 60, in an order in which each size has other states and
/// languages than its neighbours; over all sizes each state comes in each language at many. All of them at every
/// size take about an hour: `LAYOUT_SWEEP=all`.
#[test]
fn nothing_is_cut_at_any_size() {
    let states = sample_list::all();
    let in_languages = states.len() * Language::ALL.len();
    let all = std::env::var("LAYOUT_SWEEP").is_ok_and(|wish| wish == "all");
    let at_each_size = if all { in_languages } else { PER_SIZE };
    let sizes = WIDTHS.flat_map(|width| HEIGHTS.map(move |height| (width, height)));
    let mut turn = 0;
    for size in sizes {
        for _ in 0..at_each_size {
            let (name, state) = &states[turn % states.len()];
            let language = Language::ALL[turn / states.len() % Language::ALL.len()];
            turn += 1;
            let state = State {
                language,
                size,
                ..state.clone()
            };
            check(name, &state);
        }
    }
    assert!(turn >= 40 * in_languages, "{turn} of {in_languages}");
}

#[test]
fn what_to_do_is_never_cut_whatever_the_verdict() {
    for code in VerdictCode::ALL {
        for lanes in [1, 8, 32] {
            let mut state = samples::running(lanes);
            let verdict = samples::verdict(*code, samples::OUT_OF_LIMITS);
            state.lanes.list[0].verdict = Some(verdict);
            for language in Language::ALL {
                for size in [SMALLEST, (200, 60)] {
                    for screen in [Screen::Line, Screen::Lane] {
                        let state = State {
                            language,
                            size,
                            screen,
                            ..state.clone()
                        };
                        check(code.as_str(), &state);
                        let (rows, _) = drawn(&state, Theme::Monochrome);
                        let seen: String = rows.concat().split_whitespace().collect();
                        let action = language.action(*code);
                        let action: String = action.split_whitespace().collect();
                        assert!(seen.contains(&action), "{code} {language} {size:?}");
                    }
                }
            }
        }
    }
}

/// A bar code of a shop (13 digits) in the smallest terminal.
#[test]
fn what_to_do_after_a_scan_in_vain_is_never_cut() {
    for language in Language::ALL {
        let mut state = samples::running(8);
        state.language = language;
        state.size = SMALLEST;
        state.say(Said::Told(Told::NoLabel("4006381333931".to_owned())), true);
        let (rows, _) = drawn(&state, Theme::Monochrome);
        let last = rows.last().unwrap();
        assert!(
            last.contains("4006381333931") && !last.contains('…'),
            "{last}"
        );
        // Of a longer code the end is cut, and not what to do.
        let long = "(01)04012345678901(21)ABC123456789".repeat(2);
        state.say(Said::Told(Told::NoLabel(long)), true);
        let (rows, _) = drawn(&state, Theme::Monochrome);
        let last = rows.last().unwrap();
        let said = language.fill(Phrase::NoLabel, &["(01)0"]);
        let there = |text: &str| text.replace(' ', "");
        assert!(there(last).contains(&there(&said)), "{last}");
        let of_lane = Told::LabelOfLane {
            lane: "lane10".to_owned(),
            waits: "lane12".to_owned(),
        };
        state.say(Said::Told(of_lane), true);
        let (rows, _) = drawn(&state, Theme::Monochrome);
        let last = rows.last().unwrap();
        assert!(last.contains("lane12") && !last.contains('…'), "{last}");
    }
}

#[test]
fn a_measured_value_stands_with_its_limits_at_every_size() {
    for lanes in [1, 8, 24, 32] {
        for size in SIZES {
            let state = State {
                size,
                ..samples::running(lanes)
            };
            let (rows, _) = drawn(&state, Theme::Monochrome);
            let seen = rows.join("\n");
            for part in ["HW-LIMIT", "measured 0.000041 A", "0.000002 to 0.00003"] {
                assert!(seen.contains(part), "{part} at {size:?}\n{seen}");
            }
        }
    }
}

#[test]
fn lanes_stand_in_columns() {
    for language in Language::ALL {
        for size in SIZES {
            let state = State {
                language,
                size,
                ..samples::running(32)
            };
            let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
            draw(&state, Theme::Monochrome, &mut buffer);
            let grid = Grid::of(size, 32).unwrap();
            for lane in 0..32 {
                let place = grid.place(lane).unwrap();
                let name: String = (0..4)
                    .map(|x| buffer[(place.x + x, place.y)].symbol().to_owned())
                    .collect();
                let mark = if lane == 0 { "▸" } else { " " };
                assert_eq!(name, format!("{mark}L{:02}", lane + 1), "{size:?}");
            }
        }
    }
}

#[test]
fn a_verdict_is_told_by_word_and_sign_and_never_by_colour_alone() {
    for language in Language::ALL {
        let state = State {
            language,
            size: SMALLEST,
            ..samples::running(24)
        };
        let (coloured, _) = drawn(&state, Theme::Colours);
        let (plain, _) = drawn(&state, Theme::Monochrome);
        assert_eq!(coloured, plain);
        let seen = plain.join("\n");
        for (sign, phrase) in [
            ("✔", Phrase::Pass),
            ("✘", Phrase::Fail),
            ("!", Phrase::Error),
        ] {
            let word = format!("{sign} {}", language.say(phrase));
            assert!(seen.contains(&word), "{word}\n{seen}");
        }
    }
}

#[test]
fn a_terminal_that_is_too_small_says_what_it_needs() {
    let state = State {
        size: (60, 20),
        ..samples::running(8)
    };
    let (rows, _) = drawn(&state, Theme::Colours);
    let seen = rows.join(" ");
    assert!(
        seen.contains("80 x 24") && seen.contains("60 x 20"),
        "{seen}"
    );
    assert!(seen.contains("goes on"), "{seen}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_size_makes_a_screen_panic(width in 1_u16..220, height in 1_u16..70, at in 0_usize..1000) {
        let all = sample_list::all();
        let (name, state) = &all[at % all.len()];
        let language = Language::ALL[at % 4];
        let state = State { language, size: (width, height), ..state.clone() };
        let (rows, faults) = drawn(&state, Theme::Colours);
        prop_assert_eq!(rows.len(), usize::from(height));
        let fits = width >= SMALLEST.0 && height >= SMALLEST.1;
        prop_assert!(!fits || faults.is_empty(), "{} {:?}", name, faults);
    }
}
