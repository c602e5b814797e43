//! Whoever does nothing at the screen is signed out; whoever touches a key, or puts boards in, is not.
#![forbid(unsafe_code)]

use std::time::Duration;

use acceptance::ledger_books;
use acceptance::operator_screen::{at_terminal, leave, sign_in};
use acceptance::prepared_station::{OPERATOR, PreparedStation};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::wait_for;

/// The least that the configuration takes.
const IDLE: Duration = Duration::from_secs(5);

fn sign_out_when_idle(station: &PreparedStation, idle: Duration) {
    let path = station.home().join("station.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    let short = format!("idle_seconds = {}", idle.as_secs());
    assert!(config.contains("idle_minutes = 15"), "{config}");
    std::fs::write(&path, config.replace("idle_minutes = 15", &short)).unwrap();
}

/// The list of batches is asked anew every few seconds: by nobody.
#[test]
fn who_does_nothing_at_the_batches_is_signed_out_too() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    sign_out_when_idle(&station, IDLE * 2);
    station.open_batch("B-1", 4);
    let plan = LinePlan::good_boards(folder.path(), &station, 1, 342);
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let mut screen = at_terminal(&station, &line.ports(), (100, 30));
    sign_in(&screen, OPERATOR);
    screen.see("1/4");
    drop(line.finish());
    screen.press(2);
    screen.see("What can be done");
    screen.see("Scan your badge");
    sign_in(&screen, OPERATOR);
    leave(&mut screen);
}

#[test]
fn who_does_nothing_is_signed_out_and_the_line_pauses() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    sign_out_when_idle(&station, IDLE);
    station.open_batch("B-1", 4);
    let plan = LinePlan::good_boards(folder.path(), &station, 1, 341);
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let mut screen = at_terminal(&station, &line.ports(), (100, 30));
    sign_in(&screen, OPERATOR);
    screen.see("1/4");
    drop(line.finish());

    // Keys that wish nothing, and the mouse, say that somebody is there.
    let longer = wait_for::Deadline::after(IDLE * 2);
    while !longer.has_passed() {
        screen.type_text("\x1b[C\x1b[<0;1;10M");
        wait_for::a_moment();
    }
    let here = format!("Operator {OPERATOR} ");
    screen.see_that("somebody who is there", |text| text.contains(&here));
    assert!(ledger_books::leaves(&station, &["signed-out"]).is_empty());

    screen.see("Scan your badge");
    screen.see("paused");
    let out = ledger_books::leaves(&station, &["signed-out"]);
    assert_eq!(out.len(), 1, "{out:?}");
    assert_eq!(out[0]["why"], "idle", "{out:?}");

    // The next one goes on.
    sign_in(&screen, OPERATOR);
    screen.see("running");
    leave(&mut screen);
}
