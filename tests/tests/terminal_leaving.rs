//! Leaving the operator's terminal at once: a board in work is not lost, and it is said which one it was.
#![forbid(unsafe_code)]

use acceptance::ledger_books::leaves;
use acceptance::operator_screen::{leave, sign_in};
use acceptance::prepared_station::{OPERATOR, PreparedStation};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::terminal_screen::TerminalScreen;

const CTRL_C: &str = "\x03";

#[test]
fn whoever_leaves_at_once_leaves_a_board_that_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", 1);
    let plan = LinePlan {
        // So slow that a person has time for three keys, and the board stays in its fixture, whoever leaves.
        baud: Some(9_600),
        hand_ms: Some(600_000),
        patience_ms: Some(600_000),
        ..LinePlan::good_boards(folder.path(), &station, 1, 3)
    };
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let mut screen = at_slow_line(&station, &line);
    sign_in(&screen, OPERATOR);
    // It has a certificate: whoever asks once waits until it has come to its end.
    screen.see("● 5/8");
    screen.type_text(CTRL_C);
    screen.see("Boards in work are brought to a safe state first");
    screen.type_text(CTRL_C);
    screen.see("Once more leaves at once");
    screen.type_text(CTRL_C);
    let status = screen.finish();
    assert_eq!(status.code(), Some(0), "{}", screen.text());
    let said = screen.see_that("what was left", |text| {
        text.contains("put it in again, it goes on where it was")
    });
    assert!(!screen.is_taken_over(), "{said}");

    // It has a verdict that says so, and nothing of it was withdrawn.
    let verdicts = leaves(&station, &["verdict-reached"]);
    let codes: Vec<_> = verdicts
        .iter()
        .map(|verdict| verdict["code"].as_str())
        .collect();
    assert!(
        codes == [Some("ABORTED")] || codes == [Some("IN-DOUBT")],
        "{verdicts:?}"
    );

    let mut screen = at_slow_line(&station, &line);
    sign_in(&screen, OPERATOR);
    screen.see("1/1");
    leave(&mut screen);
    assert_eq!(leaves(&station, &["certificate-issued"]).len(), 1);
    assert!(leaves(&station, &["certificate-revoked"]).is_empty());
    drop(line);
}

/// At a station that knows how slow its line is.
fn at_slow_line(station: &PreparedStation, line: &SimulatedLine) -> TerminalScreen {
    let mut command = station.command(["run", "--baud", "9600"]);
    for port in line.ports() {
        command.arg("--port").arg(port);
    }
    TerminalScreen::start(&command, (120, 40))
}
