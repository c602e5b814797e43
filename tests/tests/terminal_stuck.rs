//! A terminal that takes nothing any more: boards go on to their verdicts, and the station ends as it should.
#![forbid(unsafe_code)]

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use acceptance::ledger_books;
use acceptance::operator_screen::{at_terminal, leave, sign_in};
use acceptance::prepared_station::{OPERATOR, PreparedStation};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::terminal_screen::TerminalScreen;
use acceptance::wait_for;
use rustix::process::{Signal, kill_process};

const SIZE: (u16, u16) = (200, 60);

/// One after another: what is typed in one write is to come as one scan, on a machine with two cores too.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn lanes(station: &PreparedStation) -> Vec<serde_json::Value> {
    let asked = station.run(["status", "--json"]);
    let lines = asked.json_lines();
    let lanes = lines.first().map(|status| status["lanes"].clone());
    lanes
        .and_then(|lanes| lanes.as_array().cloned())
        .unwrap_or_default()
}

fn a_board_is_in_work(station: &PreparedStation) -> bool {
    lanes(station).iter().any(|lane| lane["in_work"] == true)
}

fn passed(station: &PreparedStation, batch: &str) -> serde_json::Value {
    let shown = station.run(["batch", "show", batch, "--json"]).ok();
    shown.json_lines()[0]["counts"]["passed"].clone()
}

/// Shuts the window, or has the signal sent.
fn end(screen: &mut TerminalScreen, signal: Option<Signal>) {
    match signal {
        Some(signal) => kill_process(screen.id(), signal).unwrap(),
        None => screen.close(),
    }
    let status = screen.finish();
    assert_eq!(status.code(), Some(0), "{signal:?}: {status}");
}

fn is_given_back(screen: &TerminalScreen) {
    screen.read_on();
    wait_for::condition("a terminal that is given back", || {
        screen.left_behind().is_empty()
    });
}

/// How many boards were left before their end.
fn boards_left(station: &PreparedStation) -> usize {
    let verdicts = ledger_books::leaves(station, &["verdict-reached"]);
    let left = |code: &serde_json::Value| code == "ABORTED" || code == "IN-DOUBT";
    let left = verdicts.iter().filter(|verdict| left(&verdict["code"]));
    left.count()
}

#[test]
fn boards_pass_while_the_terminal_takes_nothing_and_it_ends_as_it_is_told() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", 100);
    let ends = [Some(Signal::TERM), Some(Signal::HUP), None];
    for (round, signal) in ends.into_iter().enumerate() {
        let seed = 300 + round as u64;
        let plan = LinePlan {
            lanes: 4,
            devices: 8,
            ..LinePlan::good_boards(folder.path(), &station, 1, seed)
        };
        let line = SimulatedLine::start(&folder.path().join(format!("line{round}")), &plan);
        let mut screen = at_terminal(&station, &line.ports(), SIZE);
        screen.see("Scan your badge");
        screen.clog();
        // Keys are taken all the same.
        screen.type_text(&format!("{OPERATOR}\r"));
        let (_, boards) = line.finish();
        assert_eq!(boards.len(), 8);
        assert_eq!(passed(&station, "B-1"), 8 * (round + 1));
        end(&mut screen, signal);
        if signal.is_some() {
            is_given_back(&screen);
        }
    }
    let out = ledger_books::leaves(&station, &["signed-out"]);
    assert_eq!(out.len(), 3, "{out:?}");
    assert!(out.iter().all(|leaf| leaf["why"] == "end"), "{out:?}");
    station.run(["ledger", "verify"]).ok();
}

#[test]
fn a_terminal_that_is_read_again_shows_what_is_so() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", 20);
    let plan = LinePlan::good_boards(folder.path(), &station, 4, 311);
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let mut screen = at_terminal(&station, &line.ports(), (100, 30));
    screen.see("Scan your badge");
    screen.clog();
    screen.type_text(&format!("{OPERATOR}\r"));
    drop(line.finish());
    screen.read_on();
    screen.see("4/20");
    // What came in between is drawn over.
    screen.type_text("\x0c");
    screen.see_that("the keys", |text| text.contains("F10 leave"));
    leave(&mut screen);
}

/// One board, so slow that it is still in work when the station is ended.
fn slow_board(folder: &Path, station: &PreparedStation) -> LinePlan {
    LinePlan {
        baud: Some(19_200),
        // The board stays in its fixture, whoever bids it farewell.
        hand_ms: Some(600_000),
        patience_ms: Some(600_000),
        ..LinePlan::good_boards(folder, station, 1, 321)
    }
}

#[test]
fn a_board_in_work_at_a_stuck_terminal_is_finished_later() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", 2);
    let plan = slow_board(folder.path(), &station);
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    for signal in [Some(Signal::TERM), Some(Signal::HUP), None] {
        let mut screen = at_terminal(&station, &line.ports(), SIZE);
        screen.see("Scan your badge");
        screen.clog();
        screen.type_text(&format!("{OPERATOR}\r"));
        wait_for::condition("a board in work", || {
            a_board_is_in_work(&station) || passed(&station, "B-1") == 1
        });
        let before = boards_left(&station);
        end(&mut screen, signal);
        if signal.is_none() {
            continue;
        }
        // What is said at the end is said by nobody for ever: it kept the program once.
        is_given_back(&screen);
        if boards_left(&station) > before {
            screen.see("put it in again, it goes on where it was");
        }
    }
    let mut screen = at_terminal(&station, &line.ports(), (80, 24));
    sign_in(&screen, OPERATOR);
    screen.see("1/2");
    leave(&mut screen);
    station.run(["ledger", "verify"]).ok();
}
