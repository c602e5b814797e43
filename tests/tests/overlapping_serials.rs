//! Two sources that give one device serial out: no second board gets it, whichever way they meet.
#![forbid(unsafe_code)]

use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::wait_for;

const LISTED: &str = "LISTED-1";
const COUNTED: &str = "COUNTED-1";

/// Opens the batch with serials of its own.
fn open_listed(station: &PreparedStation, serials: &str) -> acceptance::station_process::Finished {
    let list = station.folder().join("serials.txt");
    std::fs::write(&list, serials).expect("a list is written");
    let mut opening = station.opening(LISTED, 1);
    acceptance::station_process::run(opening.arg("--serials").arg(list))
}

#[test]
fn a_serial_that_was_given_out_twice_holds_the_lane() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    // What the profile's counter will reach first. Nobody has it yet, so that the list is taken.
    open_listed(&station, "SA-000001\n").ok();
    station.open_batch(COUNTED, 1);
    let plan = |seed| LinePlan::good_boards(folder.path(), &station, 1, seed);

    let line = SimulatedLine::start(&folder.path().join("counted"), &plan(81));
    let running = station.provision(COUNTED, &line.ports());
    drop(line.finish());
    running.interrupt();
    running.finish().ok();
    let passed = station.results(COUNTED).remove(0);
    assert_eq!(passed["code"], "PASS", "{passed:#}");
    assert_eq!(passed["serial"], "SA-000001", "{passed:#}");

    let line = SimulatedLine::start(&folder.path().join("listed"), &plan(82));
    let running = station.provision(LISTED, &line.ports());
    wait_for::condition("the hold to be told", || {
        running.stderr().contains("station hold clear lane0")
    });
    drop(line.stop());
    running.interrupt();
    let said = running.finish();
    assert_eq!(said.status.code(), Some(1), "{}", said.stderr);
    let refused = station.results(LISTED).remove(0);
    assert_eq!(refused["code"], "SERIAL-REUSED", "{refused:#}");
    let uid = refused["uid"].as_str().expect("a proven UID");
    let kinds = station.kinds_of_events(uid);
    assert!(
        !kinds.iter().any(|kind| kind.starts_with("certificate-")),
        "nothing was intended or issued: {kinds:?}"
    );
    let holds = station.run(["hold", "list", "--json"]).ok().json_lines();
    assert_eq!(holds[0]["lane"], "lane0", "{holds:?}");
    assert_eq!(holds[0]["code"], "SERIAL-REUSED", "{holds:?}");
    let told = format!("{}\n{}", said.stdout, said.stderr);
    let holder = passed["uid"].as_str().expect("a UID");
    assert!(told.contains(holder), "names the board that has it: {told}");
    station.run(["ledger", "verify"]).ok();
}

#[test]
fn a_list_with_a_serial_in_use_opens_no_batch() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    station.open_batch(COUNTED, 1);
    let plan = LinePlan::good_boards(folder.path(), &station, 1, 83);
    let line = SimulatedLine::start(&folder.path().join("counted"), &plan);
    let running = station.provision(COUNTED, &line.ports());
    drop(line.finish());
    running.interrupt();
    running.finish().ok();
    let holder = station.results(COUNTED).remove(0);

    let refused = open_listed(&station, "SA-000001\n");
    assert_eq!(refused.status.code(), Some(2), "{}", refused.stderr);
    let uid = holder["uid"].as_str().expect("a UID");
    let why = format!("serial SA-000001 belongs to board {uid} already");
    assert!(refused.stderr.contains(&why), "{}", refused.stderr);
    // The refusal leaves nothing behind that would stand in the way.
    open_listed(&station, "SA-000002\n").ok();
    let batches = station
        .run(["batch", "list", "--operator", SUPERVISOR])
        .ok();
    assert!(batches.stdout.contains(LISTED), "{}", batches.stdout);
}
