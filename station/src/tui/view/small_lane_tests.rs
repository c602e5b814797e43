//! What a cell says, and how it looks, where there is little room or just enough.

use ratatui::style::{Color, Modifier, Style};

use super::cell_tests::cells;
use super::grey_tests::styles;
use super::samples;
use crate::tui::event::LaneNews;
use crate::tui::geometry::{Grid, ROOMY, SMALLEST};
use crate::tui::state::State;
use crate::tui::state::lanes::Held;
use crate::tui::theme::{Look, Theme};
use crate::verdict::VerdictCode;
use crate::words::{Cause, Language};

/// So many lanes of which the first one has said that alone.
fn saying(lanes: usize, news: &[LaneNews]) -> State {
    let mut state = State {
        size: SMALLEST,
        ..samples::running(lanes)
    };
    let lane = &mut state.lanes.list[0];
    (lane.verdict, lane.uid) = (None, None);
    for news in news {
        lane.note(news, 100_000);
    }
    state
}

fn first(state: &State) -> Vec<String> {
    cells(state).swap_remove(0)
}

fn held(name: &str, of_batch: bool) -> LaneNews {
    LaneNews::Held(Held {
        name: name.to_owned(),
        of_batch,
        code: VerdictCode::KeyReused,
        cause: Cause::Verdict("why".to_owned()),
        since_ms: None,
    })
}

#[test]
fn a_lane_that_is_held_names_what_is_held_unless_it_is_itself() {
    let below = |news| first(&saying(32, &[news]))[1].trim().to_owned();
    assert_eq!(below(held("L01", false)), "KEY-REUSED");
    assert_eq!(below(held("B-26", true)), "KEY-REUSED B-26");
}

fn alike_in(style: &Style) -> (Option<Color>, Option<Color>, Modifier) {
    (style.fg, style.bg, style.add_modifier)
}

#[test]
fn what_a_lane_waits_for_looks_like_its_sign_in_both_rows() {
    let label = [LaneNews::Step(4), LaneNews::AwaitsLabel];
    for (news, word, look) in [
        (&label[..], "scan the label", Look::Chosen),
        (&[LaneNews::Silent], "no answer", Look::Fault),
    ] {
        let mut state = saying(32, news);
        // It is the only one to say so.
        for lane in &mut state.lanes.list[1..] {
            lane.note(&LaneNews::PortOpen, 100_000);
            lane.verdict = None;
        }
        let cell = first(&state);
        assert!(cell[1].contains(word), "{cell:?}");
        for theme in [Theme::Colours, Theme::Monochrome] {
            let wanted = Style::reset().patch(theme.style(look));
            let found = styles(&state, theme, word).unwrap();
            let alike = |style: &Style| alike_in(style) == alike_in(&wanted);
            assert!(found.iter().all(alike), "{word}: {found:?}");
        }
    }
}

#[test]
fn a_board_with_a_short_name_stands_in_its_own_row() {
    let serial = Some("A1".to_owned());
    let uid = "F55CDF463D6CEDAD1ACB1B29".to_owned();
    let news = [LaneNews::Step(3), LaneNews::Board { uid, serial }];
    let cell = first(&saying(32, &news));
    assert!(
        !cell[0].contains("A1") && cell[1].contains("A1"),
        "{cell:?}"
    );
}

#[test]
fn a_name_that_ends_as_its_port_does_says_both_only_where_that_end_is_seen() {
    // Two rows of twenty columns: of a long name as much is seen as has room.
    let with = |name: &str, port: &str| {
        let mut state = saying(32, &[LaneNews::Step(3)]);
        for (at, lane) in state.lanes.list.iter_mut().enumerate() {
            lane.name = format!("{name}{at:02}");
            lane.port = format!("/dev/{port}{at:02}");
        }
        first(&state)[0].clone()
    };
    let words = |row: &str| {
        row.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let short = words(&with("P", "P"));
    assert_eq!(short[0], "▸P00");
    assert!(
        !short[1..].iter().any(|word| word.ends_with("00")),
        "{short:?}"
    );
    // What the port has no need of, the name has.
    let name = words(&with("fixture-left-", "left-")).swap_remove(0);
    assert!(name.ends_with("left-00"), "{name}");
    let long = words(&with("fixture-leftmostbench", "leftmostbench"));
    assert!(!long[0].ends_with("leftmostbench00"), "{long:?}");
    assert!(long[1..].iter().any(|word| word == "00"), "{long:?}");
}

#[test]
fn a_verdict_stands_in_block_letters_from_the_size_on_that_has_room_for_them() {
    let blocks = |size, cell| {
        let state = State {
            size,
            ..samples::running(6)
        };
        assert_eq!(Grid::of(size, 6).unwrap().cell, cell);
        cells(&state)[0].join("").contains('█')
    };
    let (width, height) = ROOMY;
    assert!(blocks((3 * width, 2 * height + 8), ROOMY));
    assert!(!blocks(
        (3 * width - 1, 2 * height + 8),
        (width - 1, height)
    ));
    assert!(!blocks((3 * width, 2 * height + 7), (width, height - 1)));
}

#[test]
fn a_port_stands_apart_whatever_else_has_to_be_in_its_row() {
    let verdict = |code| {
        let verdict = samples::verdict(code, samples::OUT_OF_LIMITS);
        LaneNews::Verdict(Box::new(verdict))
    };
    for aside in [held("B-2026-47", true), LaneNews::Silent] {
        for codes in VerdictCode::ALL.chunks(32) {
            let mut state = saying(32, &[]);
            for (lane, code) in state.lanes.list.iter_mut().zip(codes) {
                lane.note(&verdict(*code), 100_000);
                lane.note(&aside, 100_000);
            }
            for language in Language::ALL {
                state.language = language;
                for ((at, cell), code) in cells(&state).iter().enumerate().zip(codes) {
                    let mut words = cell[0].split_whitespace();
                    let port = at.to_string();
                    assert!(
                        words.any(|word| word == port),
                        "{code} in {language}: {cell:?}"
                    );
                }
            }
        }
    }
}
