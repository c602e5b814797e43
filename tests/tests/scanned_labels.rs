//! A product whose boards have their labels already: each serial is scanned at the screen, and nothing else is pressed
//! until PASS.
#![forbid(unsafe_code)]

use acceptance::ledger_books;
use acceptance::operator_screen::{at_terminal, leave, sign_in};
use acceptance::prepared_station::{OPERATOR, PreparedStation, SUPERVISOR};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::staffed_station::{OFFICER, OFFICER_PIN, SUPERVISOR_PIN, Staffed};
use acceptance::wait_for;

fn open_batch(station: &PreparedStation) {
    let profile = station.labelled_profile();
    let mut arguments = vec!["--operator", SUPERVISOR, "batch", "open", "B-1"];
    let text = profile.to_string_lossy();
    arguments.extend([
        "--work-order",
        "WO-1",
        "--quantity",
        "4",
        "--profile",
        &text,
    ]);
    station.run(arguments).ok();
}

#[test]
fn a_scan_gives_the_waiting_lane_its_serial() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    open_batch(&station);
    let plan = LinePlan {
        lanes: 1,
        devices: 4,
        ..LinePlan::good_boards(folder.path(), &station, 1, 5)
    };
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let mut screen = at_terminal(&station, &line.ports(), (80, 24));
    sign_in(&screen, OPERATOR);

    // Bar codes of other things are scanned in vain: the lane waits on.
    screen.see("scan the label");
    screen.scan("4006381333931");
    screen.see("No label of this product. Scan the label or take the board out: 4006381333931");
    // Nor is the label of a product whose labels look otherwise; the board that has it is taken out.
    screen.scan("GW4711");
    screen.see("No label of this product. Scan the label or take the board out: GW4711");
    // Two codes in one shot: the second is not the next board's.
    screen.see("▶");
    screen.type_text("]C1SA-000042\rSA-000043\r");
    screen.see("SA-000042 belongs to lane lane0");
    screen.see("1/4");

    // The next board, with the label of the one before: it fails, and the lane waits for a supervisor.
    screen.see("scan the label");
    screen.scan("SA-000042");
    screen.see("SERIAL-REUSED");
    let held = || {
        let holds = station.run(["hold", "list", "--json"]).ok().json_lines();
        holds.first().map(|hold| hold["code"].clone())
    };
    wait_for::condition("the lane's hold", || held() == Some("SERIAL-REUSED".into()));
    let clear = [
        "hold",
        "clear",
        "lane0",
        "--reason",
        "the neighbour's label",
    ];
    station
        .run(clear.iter().chain(&["--operator", SUPERVISOR]))
        .ok();

    screen.see("scan the label");
    screen.scan("SA-000044");
    screen.see("2/4");
    // A board with the label of another product fails; the lane goes on.
    screen.see("scan the label");
    screen.scan("SB-000045");
    screen.see("SERIAL-LABEL");
    let verdicts = ledger_books::leaves(&station, &["verdict-reached"]);
    let last = verdicts.last().unwrap();
    assert_eq!(last["code"], "SERIAL-LABEL", "{verdicts:?}");
    assert_eq!(
        last["detail"],
        "the label SB-000045 is none of this product"
    );
    let (_, boards) = line.finish();
    assert_eq!(boards.len(), 4);
    // Nobody waits now: the scan is told, and not kept for a board that comes later.
    screen.scan("SA-000045");
    screen.see("No lane waits for a label: nothing was used.");
    leave(&mut screen);

    for serial in ["SA-000042", "SA-000044"] {
        station.run(["device", "show", serial]).ok();
    }
    station.run(["device", "show", "SA-000043"]).code(2);
}

#[test]
fn without_a_screen_nothing_is_provisioned() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    open_batch(&station);
    let refused = station.provision("B-1", &[folder.path().join("lane0")]);
    let refused = refused.finish();
    let finished = refused.code(2);
    assert!(
        finished.stderr.contains("station run"),
        "{}",
        finished.stderr
    );
}

/// A board gets its serial in the name of whoever began the line: nobody else's scan gives it one.
#[test]
fn a_serial_is_given_by_whoever_began_the_line_alone() {
    let staffed = Staffed::create();
    let (supervisor, officer) = ((SUPERVISOR, SUPERVISOR_PIN), (OFFICER, OFFICER_PIN));
    staffed.add("op-2", "operator", "2580", Some(officer)).ok();
    let (folder, station) = (staffed.folder.path(), &staffed.station);
    let profile = station.labelled_profile().to_string_lossy().into_owned();
    let order = ["--work-order", "WO-1", "--quantity", "1"];
    let mut arguments = vec!["batch", "open", "B-1", "--profile", &profile];
    arguments.extend(order);
    staffed.run(&arguments, Some(supervisor)).ok();
    let plan = LinePlan {
        lanes: 1,
        devices: 1,
        ..LinePlan::good_boards(folder, station, 1, 5)
    };
    let line = SimulatedLine::start(&folder.join("line"), &plan);
    let mut screen = at_terminal(station, &line.ports(), (100, 30));
    let come = |(who, pin): (&str, &str)| {
        screen.see("▶");
        screen.scan(&format!("BADGE-{who}"));
        screen.see(&format!("{who}: enter the PIN"));
        screen.scan(pin);
        screen.see(&format!("Operator {who} "));
    };
    screen.see("Scan your badge");
    come(supervisor);
    screen.see("scan the label");
    for (who, why) in [
        (officer, "Your role may not do this."),
        (("op-2", "2580"), "The line is ending."),
    ] {
        come(who);
        screen.see("▶");
        screen.scan("SA-000042");
        screen.see(why);
        screen.type_text("\x1b");
        screen.see_that("no refusal", |text| !text.contains("Not done"));
    }
    // The board waits on, for them.
    come(supervisor);
    screen.see("▶");
    screen.scan("SA-000042");
    screen.see("1/1");
    drop(line.finish());
    leave(&mut screen);
    let reached = staffed.leaves(&["verdict-reached"]);
    assert_eq!(reached.len(), 1, "{reached:?}");
    assert_eq!(reached[0]["device_serial"], "SA-000042");
}
