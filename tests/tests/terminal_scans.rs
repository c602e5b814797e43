//! What a scanner sends is a code and nothing else: its frame is no key of a person, and no scan is a reason.
#![forbid(unsafe_code)]

use std::fs;

use acceptance::ledger_books;
use acceptance::operator_screen::{at_terminal, leave, sign_in};
use acceptance::prepared_station::{OPERATOR, PreparedStation};
use acceptance::simulated_line::{LinePlan, SimulatedLine};

#[test]
fn a_framed_scan_neither_ends_the_station_nor_answers_or_gives_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", 2);
    let plan = LinePlan::good_boards(folder.path(), &station, 1, 5);
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let mut screen = at_terminal(&station, &line.ports(), (100, 30));
    // STX and ETX, as many scanners are set: at sign-in, and where a code is awaited.
    screen.see("Scan your badge");
    screen.scan(&format!("\u{2}{OPERATOR}\u{3}"));
    screen.see(&format!("Operator {OPERATOR} "));
    screen.see("1/2");
    screen.press(3);
    screen.see("Scan a label");
    screen.scan("\u{2}SA-000001\u{3}");
    screen.see("verdict PASS on lane");
    screen.scan("SA\u{1b}[21~-00\u{14}0001");
    screen.see("▶");
    assert!(!screen.text().contains("Leave?"), "{}", screen.text());
    assert!(!station.home().join("terminal-recording.json").exists());

    // A scan while a question stands is told, and answers nothing; nor does one of nothing.
    screen.press(9);
    screen.see("Sign out? The line pauses");
    screen.scan("SA-000001");
    let seen = screen.see("The scan was not taken: answer the question first");
    assert!(seen.contains("Sign out?"), "{seen}");
    screen.scan("]C1");
    screen.type_text("\x1b");
    let seen = screen.see_that("no question", |text| !text.contains("Sign out?"));
    assert!(seen.contains(&format!("Operator {OPERATOR} ")), "{seen}");
    sign_out_by_hand(&screen);

    // Nothing of a scan is in the recording.
    sign_in(&screen, OPERATOR);
    screen.type_text("\u{14}");
    let path = station.home().join("terminal-recording.json");
    acceptance::wait_for::condition("the recording", || path.exists());
    leave(&mut screen);
    let recording = fs::read_to_string(path).unwrap();
    assert!(!recording.contains(r#""char":"S""#), "{recording}");
    let verdicts = ledger_books::leaves(&station, &["verdict-reached"]);
    assert!(verdicts.iter().all(|verdict| verdict["code"] == "PASS"));
    drop(line);
}

fn sign_out_by_hand(screen: &acceptance::terminal_screen::TerminalScreen) {
    screen.see("▶");
    screen.press(9);
    screen.see("Sign out? The line pauses");
    screen.see("▶");
    screen.type_text("\r");
    screen.see("Scan your badge");
}
