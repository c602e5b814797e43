//! Nobody is signed in whose sign-in is not in the ledger, and nobody's leaving is lost, where another program keeps
//! the ledger locked for longer than the station waits.
#![forbid(unsafe_code)]

use acceptance::ledger_books;
use acceptance::operator_screen::{at_terminal, leave, sign_in};
use acceptance::prepared_station::{OPERATOR, PreparedStation, SUPERVISOR};
use acceptance::terminal_screen::TerminalScreen;
use rusqlite::Connection;

/// Nobody else writes to the ledger until this is dropped.
fn locked(station: &PreparedStation) -> Connection {
    let ledger = station.home().join("ledger.sqlite");
    let lock = Connection::open(ledger).expect("the ledger");
    lock.execute_batch("BEGIN IMMEDIATE").expect("its lock");
    lock
}

fn put_away_refusal(screen: &TerminalScreen) {
    let refused = "The ledger did not take it";
    screen.see(refused);
    screen.type_text("\x1b");
    screen.see_that("no refusal", |text| !text.contains(refused));
}

#[test]
fn who_cannot_be_recorded_is_not_signed_in_and_who_has_left_is_recorded_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let ports = [folder.path().join("no-adapter")];
    let mut screen = at_terminal(&station, &ports, (120, 40));

    screen.see("Scan your badge");
    let lock = locked(&station);
    screen.scan(OPERATOR);
    put_away_refusal(&screen);
    screen.see("Scan your badge");
    assert!(ledger_books::leaves(&station, &["signed-in"]).is_empty());
    drop(lock);
    sign_in(&screen, OPERATOR);

    let lock = locked(&station);
    screen.press(9);
    put_away_refusal(&screen);
    screen.see("Scan your badge");
    assert!(ledger_books::leaves(&station, &["signed-out"]).is_empty());
    drop(lock);
    sign_in(&screen, SUPERVISOR);
    leave(&mut screen);

    let told: Vec<_> = ledger_books::leaves(&station, &["signed-in", "signed-out"])
        .iter()
        .map(|leaf| {
            let of_actor = leaf["actor"]["operator"].as_str();
            let who = of_actor.or(leaf["operator"].as_str()).unwrap_or("nobody");
            format!("{} {who}", leaf["kind"].as_str().unwrap_or("-"))
        })
        .collect();
    let (operator, supervisor) = (OPERATOR, SUPERVISOR);
    let expected = [
        format!("signed-in {operator}"),
        format!("signed-out {operator}"),
        format!("signed-in {supervisor}"),
        format!("signed-out {supervisor}"),
    ];
    assert_eq!(told, expected);
    station.run(["ledger", "verify"]).ok();
}
