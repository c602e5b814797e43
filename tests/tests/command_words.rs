//! What commands say to people, and with which exit status they refuse.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::Command;

use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::{Finished, programs, run};
use serde_json::Value;

const BATCH: &str = "WORDS-1";

fn station() -> (tempfile::TempDir, PreparedStation) {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    (folder, station)
}

#[track_caller]
fn says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in:\n{said}");
    }
}

#[track_caller]
fn keeps_from(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(!said.contains(part), "{part:?} is in:\n{said}");
    }
}

#[test]
fn a_quiet_doctor_tells_only_what_is_not_well() {
    let (_folder, station) = station();
    let loud = station.run(["doctor"]).ok().stdout;
    says(&loud, &["  ok  ", "warning", "the station is well"]);
    let quiet = station.run(["doctor", "--quiet"]).ok().stdout;
    says(&quiet, &["mirror: warning, none", "do: "]);
    assert_eq!(
        quiet.matches("mirror").count(),
        2,
        "once, and in what to do: {quiet}"
    );
    keeps_from(&quiet, &["  ok  ", "the station is well"]);
    let states = station.run(["doctor", "--quiet", "--json"]).ok();
    let states = states.json_lines();
    assert!(!states.is_empty() && states.iter().all(|line| line["state"] != "ok"));
}

fn close(station: &PreparedStation, batch: &str) -> Finished {
    station.run(["batch", "close", batch, "--short", "--operator", SUPERVISOR])
}

#[test]
fn a_batch_that_is_not_open_was_closed_or_never_opened() {
    let (_folder, station) = station();
    let never = close(&station, BATCH).code(2);
    says(&never.stderr, &["there is no batch WORDS-1", "ever opened"]);
    station.open_batch(BATCH, 1);
    let twice = run(&mut station.opening(BATCH, 1)).code(2);
    says(&twice.stderr, &["cannot be opened", "before"]);
    close(&station, BATCH).ok();
    let again = close(&station, BATCH).code(2);
    says(&again.stderr, &["WORDS-1 cannot be closed", "closed at 20"]);
}

/// One good board on one lane.
fn provision_one(folder: &Path, station: &PreparedStation, flags: &[&str]) -> Finished {
    let plan = LinePlan::good_boards(folder, station, 1, 17);
    let line = SimulatedLine::start(&folder.join("lanes"), &plan);
    let mut arguments = station.provision_arguments(BATCH, &line.ports());
    arguments.extend(flags.iter().map(|&flag| flag.to_owned()));
    let finished = station.run(arguments).ok();
    line.finish().0.ok();
    finished
}

#[test]
fn a_line_says_what_it_begins_with_and_why_it_ended() {
    let (folder, station) = station();
    station.open_batch(BATCH, 1);
    let told = provision_one(folder.path(), &station, &[]);
    let first = [
        "batch WORDS-1: 0 of 1 made",
        "Sensor A",
        "lane0 (",
        "Ctrl-C",
    ];
    says(&told.stderr, &first);
    let last = told.stderr.lines().last().unwrap_or_default();
    says(
        last,
        &[
            "ended: the batch is full; 1 passed, 0 failed",
            "1 of 1 made",
        ],
    );

    // What became of the board, from the opening of its session on.
    let result = &station.results(BATCH)[0];
    let uid = result["uid"].as_str().expect("a UID");
    let kinds = station.kinds_of_events(uid);
    assert_eq!(kinds.first().map(String::as_str), Some("session-opened"));
    let history = station.run(["device", "history", uid]).ok().stdout;
    says(
        history.lines().next().unwrap_or_default(),
        &["session opened on lane0"],
    );
}

#[test]
fn a_quiet_line_keeps_to_verdicts_and_a_json_line_to_json() {
    let (folder, station) = station();
    station.open_batch(BATCH, 1);
    let quiet = provision_one(folder.path(), &station, &["--quiet"]);
    assert_eq!(
        (quiet.stderr.as_str(), quiet.stdout.lines().count()),
        ("", 1)
    );

    let (folder, station) = self::station();
    station.open_batch(BATCH, 1);
    let json = provision_one(folder.path(), &station, &["--json"]);
    let remarks: Vec<Value> = json
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).expect("stderr is NDJSON too"))
        .collect();
    assert_eq!(
        remarks[0]["started"]["lanes"][0]["lane"], "lane0",
        "{remarks:?}"
    );
    let ended = &remarks.last().expect("a last word")["ended"];
    assert_eq!(
        (&ended["reason"], &ended["verdicts"]["passed"]),
        (&"batch-full".into(), &1.into())
    );
    assert_eq!(json.json_lines().len(), 1, "stdout holds the verdict alone");
}

#[test]
fn a_path_that_is_no_serial_port_is_told_at_once() {
    let (folder, station) = station();
    station.open_batch(BATCH, 1);
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "").expect("a file");
    let refused = station
        .run(station.provision_arguments(BATCH, &[file]))
        .code(2);
    says(
        &refused.stderr,
        &["no serial port", "notes.txt is an ordinary file"],
    );
    // A device, but none that speaks serially: not hidden by the silence that follows from it.
    let mut arguments = station.provision_arguments(BATCH, &["/dev/null".into()]);
    arguments.extend(["--idle-timeout".to_owned(), "1".to_owned()]);
    let refused = station.run(arguments).code(1);
    says(
        &refused.stderr,
        &["port /dev/null cannot be used", "serial port"],
    );
    keeps_from(&refused.stderr, &["no board answers"]);
}

#[test]
fn devices_are_listed_by_serial() {
    let (folder, station) = station();
    station.open_batch(BATCH, 6);
    let mut plan = LinePlan::good_boards(folder.path(), &station, 6, 18);
    plan.lanes = 3;
    let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
    station
        .run(station.provision_arguments(BATCH, &line.ports()))
        .ok();
    line.finish().0.ok();
    let listed = station.run(["device", "list", "--json"]).ok().json_lines();
    let serials: Vec<_> = listed.iter().map(|line| line["serial"].as_str()).collect();
    assert_eq!(serials.len(), 6);
    assert!(serials.is_sorted(), "{serials:?}");
}

#[test]
fn a_line_that_no_station_visits_ends_with_a_failure_and_says_how_to_visit_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut simulator = Command::new(&programs().simulator);
    simulator.args(["line", "--devices", "2", "--station-wait", "1", "--dir"]);
    let lonely = run(simulator.arg(folder.path().join("lanes"))).code(1);
    says(
        &lonely.stderr,
        &[
            "station provision --operator ID --port",
            "2 boards were never met by a station",
        ],
    );
    let report = lonely.stdout.lines().filter(|line| line.starts_with('{'));
    assert_eq!(report.count(), 1, "{}", lonely.stdout);
}
