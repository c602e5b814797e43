//! Leaving the operator's terminal at once: a board in work is not lost, and it is said which one it was.
#![forbid(unsafe_code)]

use std::path::Path;

use acceptance::ledger_books::leaves;
use acceptance::operator_screen::sign_in;
use acceptance::prepared_station::{OPERATOR, PreparedStation};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::terminal_screen::TerminalScreen;

const CTRL_C: &str = "\x03";

#[test]
fn whoever_leaves_at_once_leaves_a_board_that_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", 1);
    let line = slow_line(folder.path(), &station);
    let mut screen = at_slow_line(&station, &line);
    sign_in(&screen, OPERATOR);
    // It has a certificate: whoever asks once waits until it has come to its end.
    screen.see("● 5/8");
    screen.type_text(CTRL_C);
    screen.see("Boards in work are brought to a safe state first");
    screen.type_text(CTRL_C);
    screen.see("Once more leaves at once");
    // A key that is held down is one wish; the mark says when the next one counts.
    screen.see("▶");
    screen.type_text(CTRL_C);
    let said = screen.see("left with 0");
    assert!(!screen.is_taken_over(), "{said}");
    let told = said.contains("put it in again, it goes on where it was");
    assert!(told && said.contains("Lane lane0: board "), "{said}");
    screen.type_text("\r");
    screen.finish();
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

    let screen = at_slow_line(&station, &line);
    sign_in(&screen, OPERATOR);
    screen.see("1/1");
    screen.press(10);
    screen.see("Boards in work are brought to a safe state first");
    screen.see("▶");
    screen.type_text("\r");
    let said = screen.see("left with 0");
    assert!(!said.contains("put it in again"), "{said}");
    assert_eq!(leaves(&station, &["certificate-issued"]).len(), 1);
    assert!(leaves(&station, &["certificate-revoked"]).is_empty());
    drop(line);
}

#[test]
fn nobody_who_is_not_signed_in_ends_a_line_that_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", 2);
    let line = slow_line(folder.path(), &station);
    let screen = at_slow_line(&station, &line);
    sign_in(&screen, OPERATOR);
    screen.see("● 5/8");
    screen.press(9);
    screen.see("Sign out? The line pauses");
    screen.see("▶");
    screen.type_text("\r");
    screen.see("finishing");
    screen.see("Scan your badge");
    for key in [CTRL_C, "\x1b[21~"] {
        screen.type_text(key);
        let seen = screen.see("The line has not ended: sign in first, then leave.");
        assert!(!seen.contains("brought to a safe state"), "{seen}");
    }
    // The board has its verdict meanwhile, and then there is nothing to be afraid for.
    screen.see("paused");
    screen.type_text(CTRL_C);
    screen.see("Boards in work are brought to a safe state first");
    screen.see("▶");
    screen.type_text("\r");
    screen.see("left with 0");
    screen.type_text("\r");
    let verdicts = leaves(&station, &["verdict-reached"]);
    let passed = verdicts.iter().all(|verdict| verdict["code"] == "PASS");
    assert!(passed && verdicts.len() == 1, "{verdicts:?}");
    drop(line);
}

/// So slow that a person has time for some keys, and the board stays in its fixture, whoever leaves.
fn slow_line(folder: &Path, station: &PreparedStation) -> SimulatedLine {
    let plan = LinePlan {
        baud: Some(9_600),
        hand_ms: Some(600_000),
        patience_ms: Some(600_000),
        ..LinePlan::good_boards(folder, station, 1, 3)
    };
    SimulatedLine::start(&folder.join("line"), &plan)
}

/// At a station that knows how slow its line is, started by a shell as people do: what is said in the end stands there.
fn at_slow_line(station: &PreparedStation, line: &SimulatedLine) -> TerminalScreen {
    let shell = r#""$@"; echo "left with $?"; read -r _"#;
    let run = station.command(["run", "--baud", "9600"]);
    let mut command = station.command_of(Path::new("sh"), ["-c", shell, "sh"]);
    command.arg(run.get_program()).args(run.get_args());
    for port in line.ports() {
        command.arg("--port").arg(port);
    }
    TerminalScreen::start(&command, (120, 40))
}
