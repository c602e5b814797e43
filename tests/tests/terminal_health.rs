//! The header of the operator's terminal: alarms, HSM and ledger are as they are, whoever changed them.
#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};

use acceptance::ledger_books::{begin_mirror, configure};
use acceptance::operator_screen::{at_terminal, leave, sign_in};
use acceptance::prepared_station::{OPERATOR, PreparedStation, SUPERVISOR};
use acceptance::simulated_line::{LinePlan, SimulatedLine};

const SIZE: (u16, u16) = (120, 40);

/// A board with a chip of somebody else's, and one with the UID of another: the second holds its lane.
const ALARMING: &str = r#"schema = 1

[[defect]]
name = "wrong-csr-key"
expected = "KEY-FOREIGN"
fault = { kind = "foreign-key" }

[[defect]]
name = "clone"
expected = "UID-REUSED"
fault = { kind = "clone" }

[[assign]]
device = 1
defect = "wrong-csr-key"

[[assign]]
device = 3
defect = "clone"
after = 2
"#;

/// A lane without an adapter: no board comes, and no line is needed.
fn nowhere(folder: &Path) -> [PathBuf; 1] {
    [folder.join("no-adapter")]
}

fn alarming_boards(folder: &Path, station: &PreparedStation) -> LinePlan {
    let defects = folder.join("alarming.toml");
    fs::write(&defects, ALARMING).expect("a catalogue");
    LinePlan {
        lanes: 1,
        devices: 4,
        defects,
        ..LinePlan::good_boards(folder, station, 1, 11)
    }
}

#[test]
fn alarms_follow_the_ledger_whoever_raises_or_clears_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", 8);
    let plan = alarming_boards(folder.path(), &station);
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let mut screen = at_terminal(&station, &line.ports(), SIZE);
    sign_in(&screen, OPERATOR);
    screen.see("■ HELD");
    screen.see("Alarms 2");

    // Another command clears the hold; the screen hears of it from the ledger and the lane.
    let lane = line.ports()[0].file_name().expect("a name").to_owned();
    let lane = lane.to_str().expect("text");
    let clear = ["hold", "clear", lane, "--reason", "the clone went to QA"];
    station
        .run([&clear[..], &["--operator", SUPERVISOR]].concat())
        .ok();
    screen.see("Alarms 1");
    leave(&mut screen);
    drop(line);

    // What nobody has looked at is there again before anybody signs in, and no line runs.
    let mut screen = at_terminal(&station, &nowhere(folder.path()), SIZE);
    screen.see("Alarms 1");
    screen.press(4);
    screen.see("KEY-FOREIGN");
    leave(&mut screen);
}

#[test]
fn the_header_says_when_the_ledgers_mirror_is_not_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).expect("a folder");
    begin_mirror(&station, &disk.join("mirror.txt"));
    configure(&station, "checkpoint_interval_s = 1\n");
    let mut screen = at_terminal(&station, &nowhere(folder.path()), SIZE);
    screen.see("Ledger ok");

    // The mirror's disk goes, and somebody signs in: there is something to be mirrored.
    let away = folder.path().join("away");
    fs::rename(&disk, &away).expect("it goes");
    sign_in(&screen, OPERATOR);
    let seen = screen.see("Ledger FAULT");
    assert!(seen.contains("HSM ok"), "{seen}");
    // Why is in the log for as long as somebody may ask.
    screen.press(6);
    screen
        .see("Ledger fault: call the supervisor. Technical: recorded, but the checkpoint's mirror");
    fs::rename(&away, &disk).expect("it comes back");
    screen.see("Ledger ok");
    leave(&mut screen);
}

#[test]
fn the_header_says_when_the_token_does_not_sign_though_no_board_asks() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let mut screen = at_terminal(&station, &nowhere(folder.path()), SIZE);
    screen.see("HSM ok");
    let (here, away) = (station.token().objects(), folder.path().join("away"));
    fs::rename(&here, &away).expect("it goes");
    fs::create_dir(&here).expect("an empty place");
    screen.see("HSM FAULT");
    fs::remove_dir_all(&here).expect("it was empty");
    fs::rename(&away, &here).expect("it comes back");
    screen.see("HSM ok");
    leave(&mut screen);
}
