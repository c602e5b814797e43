//! Each lane's cell tells everything, where 32 share the smallest terminal as well: name, port, board, step, time,
//! verdict with its code.

use super::lane_words::board_of;
use super::layout_tests::drawn;
use super::{port_label, sample_list, samples};
use crate::tui::event::LaneNews;
use crate::tui::geometry::{Grid, SMALLEST};
use crate::tui::state::State;
use crate::tui::state::lanes::{Lane, STEPS, Shown};
use crate::tui::theme::Theme;
use crate::tui::vocabulary;
use crate::verdict::VerdictCode;
use crate::words::Language;

/// Numbers of lanes and sizes at which cells have from two rows up, with columns of 20 and more.
const SIZES: [(usize, (u16, u16)); 8] = [
    (32, SMALLEST),
    (24, SMALLEST),
    (18, SMALLEST),
    (16, SMALLEST),
    (8, SMALLEST),
    (32, (81, 30)),
    (32, (132, 25)),
    (32, (160, 50)),
];

/// Letters of a long code, beside which a board has room only in place of its time, and in a held lane none.
const LONG_CODE: usize = 15;

/// The rows of each lane's cell, from its mark to the next one's.
pub(super) fn cells(state: &State) -> Vec<Vec<String>> {
    let (rows, faults) = drawn(state, Theme::Monochrome);
    assert_eq!(faults, Vec::<String>::new(), "{}", rows.join("\n"));
    let grid = Grid::of(state.size, state.lanes.list.len()).unwrap();
    (0..state.lanes.list.len())
        .map(|lane| {
            let place = grid.place(lane).unwrap();
            let part = |y: u16| column_range(&rows[usize::from(y)], place.x, place.width + 1);
            (place.y..place.y + place.height).map(part).collect()
        })
        .collect()
}

/// What stands in those columns.
fn column_range(row: &str, from: u16, width: u16) -> String {
    let mut at = 0;
    row.chars()
        .filter(|c| {
            let here = at;
            at += crate::tui::geometry::columns(c.encode_utf8(&mut [0; 4]));
            here >= from && here < from + width
        })
        .collect()
}

fn has_time(cell: &str) -> bool {
    let words: Vec<_> = cell.split_whitespace().collect();
    let number = |text: &str| text.parse::<f64>().is_ok();
    let whole = |word: &&str| word.strip_suffix(['s', 'm']).is_some_and(number);
    words.iter().any(whole) || words.windows(2).any(|two| number(two[0]) && two[1] == "s")
}

fn last(text: &str, count: usize) -> &str {
    &text[text.len().saturating_sub(count)..]
}

fn told_whole(language: Language, lane: &Lane, label: &str, cell: &[String]) {
    let whole = cell.join("\n");
    let why = format!("{} in {language}:\n{whole}", lane.name);
    let first: Vec<_> = cell[0].split_whitespace().collect();
    let name = first[0].trim_start_matches('▸');
    assert!(last(&lane.name, 2) == last(name, 2), "name: {why}");
    let short =
        lane.name.chars().count() <= 3 || lane.name.ends_with(label) && lane.name.len() <= 6;
    assert!(!short || name == lane.name, "name: {why}");
    let port = port_label::tail(label, 3);
    let own = first.iter().skip(1).any(|word| word.ends_with(&port));
    assert!(own || lane.name.ends_with(label), "port {label}: {why}");
    let long = |code: VerdictCode| code.as_str().len() >= LONG_CODE;
    let long = lane
        .verdict
        .as_ref()
        .is_some_and(|verdict| long(verdict.code));
    let aside = lane.shown() == Shown::Verdict && (lane.held.is_some() || lane.has_fault());
    let board = board_of(lane);
    let told = board == "-" || whole.contains(last(board, 3));
    assert!(told || (long && aside), "board: {why}");
    match (lane.shown(), &lane.verdict) {
        (Shown::Working(step), _) => {
            assert!(whole.contains(&format!("{step}/{STEPS}")), "step: {why}");
            let word = language.say(vocabulary::step(step));
            assert!(whole.contains(word), "{word}: {why}");
            assert!(has_time(&whole), "time: {why}");
        }
        (Shown::AwaitsLabel, _) => assert!(has_time(&whole), "time: {why}"),
        (Shown::Verdict, Some(verdict)) => {
            let code = verdict.code;
            let words = [
                language.say(vocabulary::outcome(code)),
                language.short_outcome(code.outcome()),
            ];
            let said = |word| whole.contains(&format!("{} {word}", vocabulary::sign(code)));
            assert!(words.into_iter().any(said), "verdict: {why}");
            let code = code.as_str();
            assert!(code == "PASS" || whole.contains(code), "code: {why}");
            assert!(long || has_time(&whole), "time: {why}");
            let held = lane.held.is_none() || whole.contains('■');
            assert!(held, "hold: {why}");
            let gone = lane.held.is_some() || !lane.has_fault() || whole.contains("! ");
            assert!(gone, "port's fault: {why}");
        }
        (Shown::Held, _) => assert!(whole.contains('■'), "hold: {why}"),
        (Shown::Fault, _) => assert!(whole.contains('!'), "fault: {why}"),
        _ => {}
    }
}

fn check(state: &State) {
    let labels = port_label::labels(&state.lanes.list);
    let cells = cells(state);
    for ((lane, label), cell) in state.lanes.list.iter().zip(labels).zip(&cells) {
        told_whole(state.language, lane, label, cell);
    }
}

#[test]
fn every_cell_tells_port_board_step_time_and_verdict() {
    for (lanes, size) in SIZES {
        let mut states = vec![samples::running(lanes)];
        states.extend(
            sample_list::on_every_lane(lanes)
                .into_iter()
                .map(|(_, state)| state),
        );
        for step in 1..=STEPS {
            let uid = "F55CDF463D6CEDAD1ACB1B29".to_owned();
            let board = LaneNews::Board { uid, serial: None };
            let news = [LaneNews::Step(step), board];
            states.push(samples::all_say(&samples::running(lanes), &news));
        }
        for language in Language::ALL {
            for state in &states {
                check(&State {
                    language,
                    size,
                    ..state.clone()
                });
            }
        }
    }
}

#[test]
fn every_code_leaves_room_for_the_board_and_the_port() {
    for (lanes, size) in SIZES {
        for codes in VerdictCode::ALL.chunks(lanes) {
            let mut state = samples::running(lanes);
            for (lane, code) in state.lanes.list.iter_mut().zip(codes) {
                let verdict = Box::new(samples::verdict(*code, samples::OUT_OF_LIMITS));
                lane.note(&LaneNews::Verdict(verdict), 100_000);
            }
            for language in Language::ALL {
                check(&State {
                    language,
                    size,
                    ..state.clone()
                });
            }
        }
    }
}
