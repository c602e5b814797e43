//! The lane's screen: the frames that really travelled, and a past that stays with the place.
#![forbid(unsafe_code)]

use acceptance::operator_screen::{at_terminal, leave, sign_in};
use acceptance::prepared_station::{OPERATOR, PreparedStation};
use acceptance::simulated_line::{LinePlan, SimulatedLine};

const SIZE: (u16, u16) = (120, 50);

/// The figure in the row of these words.
fn figure(screen: &str, words: &str) -> Option<u64> {
    let row = screen.lines().find(|row| row.contains(words))?;
    let rest = row.split_once(words)?.1;
    rest.split_whitespace().next()?.parse().ok()
}

#[test]
fn a_lane_shows_its_last_frames_and_what_it_has_seen_in_all_its_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", 4);
    let plan = LinePlan {
        devices: 2,
        ..LinePlan::good_boards(folder.path(), &station, 1, 5)
    };
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let mut screen = at_terminal(&station, &line.ports(), SIZE);
    sign_in(&screen, OPERATOR);
    screen.see("2/4");
    // Whoever looks only now sees what travelled before.
    screen.press(5);
    let seen = screen.see("Farewell passed");
    let uid = seen
        .lines()
        .find_map(|row| row.split_once("Identity ")?.1.split(' ').next());
    assert!(uid.is_none_or(|uid| uid.len() == 24), "{seen}");
    for frame in [
        "WriteChunk InstallPackage",
        "Installed ",
        "Proof ",
        "Commit ",
        "Receipt of ",
    ] {
        assert!(seen.contains(frame), "no {frame:?} in:\n{seen}");
    }
    assert_eq!(figure(&seen, "boards seen"), Some(2), "{seen}");
    let (_, boards) = line.finish();
    assert_eq!(boards.len(), 2);
    leave(&mut screen);

    // Another shift on the same lane, which meets no board.
    let port = [folder.path().join("line/lane0")];
    let mut screen = at_terminal(&station, &port, SIZE);
    sign_in(&screen, OPERATOR);
    screen.press(5);
    let past = |screen: &str| {
        figure(screen, "boards seen") == Some(2) && figure(screen, "failed in a row") == Some(0)
    };
    screen.see_that("the lane's past", past);
    leave(&mut screen);
}
