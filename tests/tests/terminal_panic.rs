//! A mistake in the terminal's own code: whichever of its threads panics, the terminal is given back, the station
//! ends and says so, and the board in work is finished later.
#![forbid(unsafe_code)]

use acceptance::operator_screen::{at_terminal, leave, running_by, sign_in};
use acceptance::prepared_station::{OPERATOR, PreparedStation};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::programs;
use acceptance::terminal_screen::TerminalScreen;

#[test]
fn the_terminal_is_given_back_and_boards_go_on_whichever_thread_panics() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", 2);
    let plan = LinePlan {
        baud: Some(19_200),
        // The board stays in its fixture, whoever bids it farewell.
        hand_ms: Some(600_000),
        patience_ms: Some(600_000),
        ..LinePlan::good_boards(folder.path(), &station, 1, 331)
    };
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    for thread in ["screen", "keys", "loop", "clerk"] {
        let file = folder.path().join(format!("{thread}.panic"));
        let armed = &programs().station_crash_points;
        let mut command = running_by(armed, &station, &line.ports());
        command
            .env("STATION_PANIC_POINT", thread)
            .env("STATION_PANIC_FILE", &file);
        let mut screen = TerminalScreen::start(&command, (100, 30));
        sign_in(&screen, OPERATOR);
        screen.see_that("a board in work", |text| {
            text.contains("● ") || text.contains("1/2")
        });
        std::fs::write(&file, "").unwrap();
        let status = screen.finish();
        let text = screen.text();
        assert_eq!(status.code(), Some(3), "{thread}: {status}\n{text}");
        let left_behind = screen.left_behind();
        assert!(left_behind.is_empty(), "{thread}: {left_behind:?}");
        for part in ["broke down", "report this"] {
            assert!(text.contains(part), "{thread}\n{text}");
        }
        // What went wrong is told in one sentence, not with a stack.
        assert!(!text.contains("RUST_BACKTRACE"), "{thread}\n{text}");
    }
    let mut screen = at_terminal(&station, &line.ports(), (80, 24));
    sign_in(&screen, OPERATOR);
    screen.see("1/2");
    leave(&mut screen);
    station.run(["ledger", "verify"]).ok();
}
