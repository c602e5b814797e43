//! A shift at the operator's terminal: the built program on a real PTY, a line of simulated boards beneath it,
//! and a terminal emulator that says what a person sees.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use acceptance::operator_screen::{acknowledge, at_terminal, leave, sign_in};
use acceptance::prepared_station::{OPERATOR, PreparedStation, SUPERVISOR};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::terminal_screen::TerminalScreen;
use acceptance::{ledger_books, repository, wait_for};
use serde_json::Value;

const SIZE: (u16, u16) = (120, 40);

const CLONE: &str = r#"
[[defect]]
name = "clone"
expected = "UID-REUSED"
fault = { kind = "clone" }

[[assign]]
device = 30
defect = "clone"
after = 29
"#;

/// Good and bad boards, and one with the UID of another, which holds its lane.
fn mixed_boards(folder: &Path, station: &PreparedStation, lanes: usize, boards: usize) -> LinePlan {
    let demo = repository::root().join("fixtures/defects/demo.toml");
    let mut catalogue = std::fs::read_to_string(demo).unwrap();
    catalogue.push_str(CLONE);
    let defects = folder.join("shift.toml");
    std::fs::write(&defects, catalogue).unwrap();
    LinePlan {
        lanes,
        devices: boards,
        defects,
        ..LinePlan::good_boards(folder, station, 1, 11)
    }
}

/// What the terminal was told of alarms that were cleared, by its recording, once the ledger was looked at again.
fn cleared_until_the_next_look(screen: &TerminalScreen, station: &PreparedStation) -> Vec<Value> {
    let path = station.home().join("terminal-recording.json");
    let record = "\x14";
    wait_for::value("a look at the ledger after the last one", || {
        screen.type_text(record);
        let recording = std::fs::read_to_string(&path).ok()?;
        // It may be half written.
        let recording: Value = serde_json::from_str(&recording).ok()?;
        let events = recording["events"].as_array()?;
        let cleared = |event: &Value| event.pointer("/station/hold-cleared/about").cloned();
        let of_board =
            |event: &Value| cleared(event).is_some_and(|about| about["board"].is_object());
        let last = events.iter().position(of_board)?;
        // Each look ends with how far the batch is.
        let looked = events[last..]
            .iter()
            .any(|event| event["station"]["progress"].is_object());
        looked.then(|| events.iter().filter_map(cleared).collect())
    })
}

#[test]
fn a_shift_with_24_lanes() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    let spool = print_to_a_spool(&station);
    let plan = mixed_boards(folder.path(), &station, 24, 48);
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let mut screen = at_terminal(&station, &line.ports(), SIZE);

    // Somebody who may not open a batch is told why not.
    sign_in(&screen, OPERATOR);
    screen.press(2);
    screen.see("Open a batch  (takes the role supervisor)");
    screen.press(9);
    screen.see("Scan your badge");

    // A supervisor opens one, field by field, each from one scan.
    sign_in(&screen, SUPERVISOR);
    screen.press(2);
    screen.see("▸ Start the line  (choose an open batch)");
    screen.type_text("\x1b[C\x1b[C");
    screen.see("▸ Open a batch");
    screen.type_text("\r");
    screen.see("Name of the new batch");
    let profile = station.labelled_profile();
    for field in ["B-1", &profile.to_string_lossy(), "WO-7", "60"] {
        // A second code in the same shot is not taken for the next field.
        screen.type_text(&format!("{field}\rSECOND\r"));
        let end = &field[field.len().saturating_sub(20)..];
        screen.see_that("the field, and the mark for the next scan", |text| {
            text.contains(end) && text.contains("▶")
        });
    }
    // The last one opens nothing by itself: a person has the last word.
    screen.see("60_");
    screen.type_text("\r");
    screen.see("Batch B-1 is open for 60 boards");
    screen.see_that("the batch in the list", |text| {
        text.contains("B-1") && text.contains("0/60")
    });

    // The line works; each board's label is scanned where its lane asks for it, and nothing else is pressed.
    // Verdicts are read at the line screen.
    screen.type_text("\x1b[D\x1b[D");
    screen.see("▸ Start the line");
    screen.type_text("\r");
    screen.press(1);
    let mut labels = (1..).map(|number| format!("SA-{number:06}"));
    let mut seen = BTreeSet::new();
    // A clone holds its lane: what it was is found out, and the lane goes on.
    scan_labels(&screen, &mut labels, &mut seen, "■ HELD");
    screen.press(4);
    acknowledge(
        &screen,
        "UID-REUSED",
        "Clear the hold",
        "the clone went to QA",
    );
    screen.see("goes on.");
    acknowledge(
        &screen,
        "KEY-FOREIGN",
        "Acknowledge the alarm",
        "found the wrong chip",
    );
    screen.see_that("the alarm that was looked at", |text| {
        let row = text.lines().find(|row| row.starts_with('▸'));
        row.is_some_and(|row| row.contains("✔") && row.contains("KEY-FOREIGN"))
    });
    screen.press(1);
    scan_labels(&screen, &mut labels, &mut seen, " 41/60");
    let signs: Vec<_> = seen.iter().map(String::as_str).collect();
    assert_eq!(signs, ["✔ PASS", "✘ FAIL"]);
    let (_, boards) = line.finish();
    assert_eq!(boards.len(), 48);
    let cleared = cleared_until_the_next_look(&screen, &station);
    assert_eq!(cleared.len(), 2, "each is told once: {cleared:?}");

    // Every lane is asked in turn for its story.
    screen.press(5);
    screen.see("boards seen");
    screen.press(6);
    screen.see("PASS");

    // A label is torn: it is printed once more.
    screen.press(3);
    screen.see("Scan a label");
    screen.scan("SA-000001");
    screen.see("verdict PASS on lane");
    screen.see("▶");
    screen.type_text("\r");
    screen.see("Print the label again: SA-000001");
    screen.type_by_hand("the first one is torn");
    screen.see("The label of SA-000001 went to");
    let labels = std::fs::read_dir(&spool).unwrap().flatten();
    let labels: Vec<_> = labels.map(|label| label.file_name()).collect();
    assert!(labels.contains(&"SA-000001-2.zpl".into()), "{labels:?}");

    // The batch is paused and closed; what stands in the way is said.
    screen.press(2);
    screen.see("Pause the line");
    screen.type_text("\x1b[C");
    screen.see("▸ Pause the line");
    screen.type_text("\r");
    screen.see("paused");
    screen.type_text("\x1b[C\x1b[C");
    screen.see("▸ Close the batch");
    screen.type_text("\r");
    screen.see("41 of 60 boards are made.");
    screen.see("▶");
    screen.type_text("\r");
    screen.see("closed");
    screen.press(9);
    screen.see("Scan your badge");
    leave(&mut screen);

    // All of it is in the ledger, with who did it.
    let log = station.run(["batch", "show", "B-1", "--json"]).ok();
    let batch = &log.json_lines()[0];
    assert_eq!(batch["batch"], "B-1", "{batch}");
    // The clone has the name of the board that it copies, which had passed.
    assert_eq!(batch["counts"]["failed"], 6, "{batch}");
    assert_eq!(batch["counts"]["passed"], 41, "{batch}");
    let looked = ledger_books::leaves(&station, &["alarm-acknowledged"]);
    assert_eq!(looked.len(), 1, "{looked:?}");
    assert_eq!(looked[0]["reason"], "found the wrong chip");
    assert_eq!(looked[0]["actor"]["operator"], SUPERVISOR);
    let printed = ledger_books::leaves(&station, &["label-printed"]);
    let by_hand: Vec<_> = printed
        .iter()
        .filter(|label| !label["reprint"].is_null())
        .collect();
    assert_eq!(by_hand.len(), 1, "{printed:?}");
    assert_eq!(by_hand[0]["reprint"]["reason"], "the first one is torn");
}

/// Scans the next label wherever one is awaited, until the screen says that; notes which verdicts were there to see.
fn scan_labels(
    screen: &TerminalScreen,
    labels: &mut impl Iterator<Item = String>,
    seen: &mut BTreeSet<String>,
    until: &str,
) {
    loop {
        let ready = |text: &str| text.contains('◆') && text.contains('▶');
        let text = screen.see_that(until, |text| text.contains(until) || ready(text));
        let signs = ["✔ PASS", "✘ FAIL"].map(str::to_owned);
        seen.extend(signs.into_iter().filter(|sign| text.contains(sign)));
        if text.contains(until) {
            return;
        }
        let Some(label) = labels.next() else { return };
        screen.scan(&label);
        screen.see(&format!("{label} belongs to lane"));
    }
}

/// Gives the station a printer that is a folder.
fn print_to_a_spool(station: &PreparedStation) -> PathBuf {
    let spool = station.folder().join("labels");
    std::fs::create_dir(&spool).unwrap();
    let path = station.home().join("station.toml");
    let mut config = std::fs::read_to_string(&path).unwrap();
    config.push_str(&format!("\n[label_printer]\nspool = {spool:?}\n"));
    std::fs::write(&path, config).unwrap();
    spool
}

#[test]
fn a_board_is_looked_up_by_a_scan_of_its_label() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", 4);
    let plan = LinePlan::good_boards(folder.path(), &station, 2, 5);
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let mut screen = at_terminal(&station, &line.ports(), (80, 24));
    // With one open batch the line works as soon as somebody who may is signed in.
    sign_in(&screen, OPERATOR);
    screen.see("2/4");
    screen.press(3);
    screen.see("Scan a label");
    screen.scan("]C1SA-000001");
    // The newest first, whole sentences over several rows.
    let seen = screen.see("verdict PASS on lane");
    assert!(seen.contains("SA-000001 is provisioned with"), "{seen}");
    screen.scan("SA-999999");
    screen.see("The ledger knows no board SA-999999.");
    // Another language, chosen where nobody is signed in.
    screen.press(9);
    screen.see("Sign out? The line pauses");
    screen.see("▶");
    screen.type_text("\r");
    screen.see("Scan your badge");
    screen.type_text("\t");
    screen.see("请扫描工牌");
    screen.type_text("\t\t\t");
    screen.see("Scan your badge");
    // While a board is in work, nobody leaves who is not signed in.
    screen.see("paused");
    leave(&mut screen);
    drop(line);
}

#[test]
fn the_terminal_is_given_back_and_boards_go_on_whatever_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", 2);
    let plan = LinePlan {
        devices: 1,
        lanes: 1,
        baud: Some(19_200),
        // The board stays in its fixture, whoever bids it farewell.
        hand_ms: Some(600_000),
        patience_ms: Some(600_000),
        ..LinePlan::good_boards(folder.path(), &station, 1, 3)
    };
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    for signal in [
        rustix::process::Signal::TERM,
        rustix::process::Signal::HUP,
        rustix::process::Signal::INT,
        rustix::process::Signal::QUIT,
    ] {
        let mut screen = at_terminal(&station, &line.ports(), (80, 24));
        sign_in(&screen, OPERATOR);
        // A slow board is in work.
        screen.see_that("a board in work", |text| {
            text.contains("● ") || text.contains("1/2")
        });
        rustix::process::kill_process(screen.id(), signal).unwrap();
        let status = screen.finish();
        assert_eq!(status.code(), Some(0), "{signal:?}\n{}", screen.text());
        assert!(!screen.is_taken_over(), "{signal:?}");
    }
    // The terminal itself goes: nobody is left to be told, and the board comes to a safe state.
    let mut screen = at_terminal(&station, &line.ports(), (80, 24));
    sign_in(&screen, OPERATOR);
    screen.see_that("a board in work", |text| {
        text.contains("● ") || text.contains("1/2")
    });
    screen.close();
    let status = screen.finish();
    assert_eq!(status.code(), Some(0), "{status}\n{}", screen.text());
    // The board that was stopped again and again is finished at last.
    let mut screen = at_terminal(&station, &line.ports(), (80, 24));
    sign_in(&screen, OPERATOR);
    screen.see("1/2");
    leave(&mut screen);
    drop(line);
    // Whoever starts the station again has the whole shift in the log.
    let mut screen = at_terminal(&station, &[folder.path().join("nowhere")], (80, 24));
    sign_in(&screen, OPERATOR);
    screen.press(6);
    screen.see_that("the shift before", |text| {
        text.contains("PASS  SA-000001") && text.contains("Signed out")
    });
    leave(&mut screen);
}

#[test]
fn a_terminal_that_is_resized_or_too_small_stays_readable() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", 4);
    let plan = LinePlan::good_boards(folder.path(), &station, 4, 5);
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let mut screen = at_terminal(&station, &line.ports(), (200, 60));
    sign_in(&screen, OPERATOR);
    screen.see("4/4");
    for size in [(80, 24), (60, 20), (132, 43), (81, 25)] {
        screen.resize(size);
        if size.0 < 80 {
            screen.see("The window is too small: 80 x 24");
        } else {
            screen.see_that("all of it at the new size", |text| {
                let rows = text.lines().count();
                rows == usize::from(size.1) && text.contains("F10 leave")
            });
        }
    }
    // Somebody else wrote on the terminal: Ctrl-L draws all of it once more, what has not changed as well.
    let drawn = || screen.written().matches("leave").count();
    let before = drawn();
    screen.type_text("\x0c");
    wait_for::condition("all of it once more", || drawn() > before);
    leave(&mut screen);
    drop(line);
}
