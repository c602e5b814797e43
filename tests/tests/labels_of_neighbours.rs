//! Several lanes wait for labels at once: each board gets the label that was scanned for it, or none.
#![forbid(unsafe_code)]

use std::path::Path;

use acceptance::ledger_books;
use acceptance::operator_screen::{at_terminal, leave, sign_in};
use acceptance::prepared_station::{OPERATOR, PreparedStation, SUPERVISOR};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::terminal_screen::TerminalScreen;
use acceptance::wait_for;

/// A person who leaves boards where they are.
const PATIENT_MS: Option<u32> = Some(600_000);

fn labelled(folder: &Path) -> PreparedStation {
    let station = PreparedStation::create(folder);
    let profile = station.labelled_profile().to_string_lossy().into_owned();
    let batch = ["--operator", SUPERVISOR, "batch", "open", "B-1"];
    let terms = ["--work-order", "WO-1", "--quantity", "8", "--profile"];
    let arguments = [&batch[..], &terms, &[&profile]].concat();
    station.run(arguments).ok();
    station
}

fn two_lanes(folder: &Path, station: &PreparedStation, devices: usize) -> LinePlan {
    LinePlan {
        lanes: 2,
        devices,
        patience_ms: PATIENT_MS,
        ..LinePlan::good_boards(folder, station, 2, 5)
    }
}

fn both_wait(screen: &TerminalScreen) {
    screen.see_that("both lanes wait", |text| {
        text.matches("scan the label").count() >= 2
    });
}

/// Whichever was named first, the operator chooses the first lane.
fn choose_first(screen: &TerminalScreen) {
    both_wait(screen);
    screen.type_text("\x1b[C\x1b[D");
    screen.see("▶ label for lane0");
}

/// Which serial the board on that lane has, of boards that passed.
fn passed(station: &PreparedStation) -> Vec<(String, String)> {
    let mut passed: Vec<_> = ledger_books::leaves(station, &["verdict-reached"])
        .iter()
        .filter(|leaf| leaf["code"] == "PASS")
        .map(|leaf| {
            let text = |key: &str| leaf[key].as_str().unwrap_or("-").to_owned();
            (text("lane"), text("device_serial"))
        })
        .collect();
    passed.sort();
    passed
}

fn each_has_its_own(station: &PreparedStation) {
    let own = [("lane0", "SA-000001"), ("lane1", "SA-000002")];
    let own = own.map(|(lane, serial)| (lane.to_owned(), serial.to_owned()));
    assert_eq!(passed(station), own);
    let held = ledger_books::leaves(station, &["hold-placed"]);
    assert!(held.is_empty(), "{held:?}");
}

#[test]
fn a_trigger_that_is_pulled_twice_costs_the_neighbour_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let station = labelled(folder.path());
    let plan = two_lanes(folder.path(), &station, 2);
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let mut screen = at_terminal(&station, &line.ports(), (100, 30));
    sign_in(&screen, OPERATOR);
    choose_first(&screen);
    screen.scan("SA-000001");
    // The first board is done by then.
    screen.see("1/8");
    screen.see("▶ label for lane1");
    screen.scan("SA-000001");
    screen.see("Lane lane0 has this label. Scan the label of the board on lane lane1.");
    screen.see("▶ label for lane1");
    screen.scan("SA-000002");
    screen.see("2/8");
    leave(&mut screen);
    each_has_its_own(&station);
}

#[test]
fn whoever_aims_at_a_label_is_not_overtaken_by_another_lane() {
    let folder = tempfile::tempdir().unwrap();
    let station = labelled(folder.path());
    let plan = LinePlan {
        gap_ms: Some(500),
        ..two_lanes(folder.path(), &station, 3)
    };
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let mut screen = at_terminal(&station, &line.ports(), (100, 30));
    sign_in(&screen, OPERATOR);
    choose_first(&screen);
    screen.scan("SA-000001");
    screen.see("1/8");
    // The next board of the lane that is chosen waits by now.
    both_wait(&screen);
    screen.see("▶ label for lane1");
    screen.scan("SA-000002");
    screen.see("2/8");
    each_has_its_own(&station);
    leave(&mut screen);
}

#[test]
fn a_board_that_goes_on_after_a_crash_has_its_label_still() {
    let folder = tempfile::tempdir().unwrap();
    let station = labelled(folder.path());
    let plan = LinePlan {
        latency_ms: Some(60),
        hand_ms: PATIENT_MS,
        ..two_lanes(folder.path(), &station, 2)
    };
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let screen = at_terminal(&station, &line.ports(), (100, 30));
    sign_in(&screen, OPERATOR);
    choose_first(&screen);
    screen.scan("SA-000001");
    wait_for::condition("the certificate", || {
        !ledger_books::leaves(&station, &["certificate-issued"]).is_empty()
    });
    rustix::process::kill_process(screen.id(), rustix::process::Signal::KILL).unwrap();
    drop(screen);

    let mut screen = at_terminal(&station, &line.ports(), (100, 30));
    sign_in(&screen, OPERATOR);
    screen.see("▶ label for lane1");
    // Out of habit: whoever scanned it saw no PASS.
    screen.scan("SA-000001");
    screen.see("Lane lane0 has this label. Scan the label of the board on lane lane1.");
    screen.see("▶ label for lane1");
    screen.scan("SA-000002");
    screen.see("2/8");
    leave(&mut screen);
    each_has_its_own(&station);
}
