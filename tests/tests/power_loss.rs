//! Power and processes go away at every step, on both sides: the board is completed, there is never a
//! second live identity, and both sides agree in the end.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use acceptance::agreement;
use acceptance::prepared_station::PreparedStation;
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::{Running, programs};
use acceptance::wait_for;

const BATCH: &str = "POWER-1";

/// Where a board's power can fail while it is provisioned: the step, and how often it happens on the
/// way of a good board.
const STEPS: &[(&str, u32)] = &[
    ("load-record", 1),
    ("store-record", 3),
    ("attest", 3),
    ("self-test", 1),
    ("make-key", 1),
    ("sign", 2),
    ("verify", 3),
    ("write-blob", 2),
    ("write-receipt", 1),
    ("install-chain", 1),
    ("lock", 1),
    ("answer-identity", 1),
    ("answer-evidence", 1),
    ("answer-measurements", 1),
    ("answer-key-evidence", 1),
    ("answer-chunks-received", 1),
    ("answer-chunk", 3),
    ("answer-installed", 1),
    ("answer-proof", 1),
    ("answer-receipt", 1),
];

const PHASES: &[&str] = &["before", "during", "after"];

const LANES: usize = 6;

#[test]
fn a_board_may_lose_power_at_every_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let (catalogue, devices) = every_power_cut(folder.path());
    station.open_batch(BATCH, devices);
    let plan = LinePlan {
        lanes: LANES,
        devices,
        defects: catalogue,
        ..LinePlan::good_boards(folder.path(), &station, LANES, 91)
    };
    let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
    let running = station.provision(BATCH, &line.ports());
    let (_, boards) = line.finish();
    running.interrupt();
    let _ = running.finish();

    assert_eq!(boards.len(), devices, "every board had its turn");
    let results = station.results(BATCH);
    for board in &boards {
        let result = results.iter().rfind(|line| line["uid"] == board["uid"]);
        let result = result.unwrap_or_else(|| panic!("no verdict on {board:#}"));
        assert_eq!(result["verdict"], "PASS", "{result:#}\n{board:#}");
        let phase = board["faults"].to_string();
        let torn = phase.contains("during") && board["power_cuts"] == 0;
        assert!(
            torn || board["power_cuts"] == 1,
            "its power never failed: {board:#}"
        );
    }
    agreement::check(&station, BATCH, &boards);
}

/// A catalogue with one board for each step, occurrence and phase.
fn every_power_cut(folder: &Path) -> (PathBuf, usize) {
    let mut catalogue = String::from("schema = 1\n");
    let mut device = 0;
    for (step, occurrences) in STEPS {
        for occurrence in 1..=*occurrences {
            for phase in PHASES {
                let name = format!("{step}-{occurrence}-{phase}");
                let _ = write!(
                    catalogue,
                    "[[defect]]\nname = \"{name}\"\nexpected = \"PASS\"\n\
                     fault = {{ kind = \"power-cut\", cuts = [{{ step = \"{step}\", \
                     phase = \"{phase}\", occurrence = {occurrence} }}] }}\n\
                     [[assign]]\ndevice = {device}\ndefect = \"{name}\"\n"
                );
                device += 1;
            }
        }
    }
    let file = folder.join("every-power-cut.toml");
    std::fs::write(&file, catalogue).expect("a catalogue is written");
    (file, device)
}

#[test]
fn the_station_may_be_killed_at_every_point() {
    let points = points_of_a_boards_way();
    assert!(
        points.len() >= 30,
        "a board's way has more points than {points:?}"
    );
    for kind in [
        "certificate-intended",
        "certificate-issued",
        "commit-signed",
        "provisioned",
    ] {
        let recorded = points
            .iter()
            .any(|point| point.starts_with("record:") && point.contains(kind));
        assert!(recorded, "no point at which {kind} is recorded: {points:?}");
    }
    // Two stations walk through the points, each through half of them.
    let halves: Vec<Vec<String>> = (0..2)
        .map(|half| points.iter().skip(half).step_by(2).cloned().collect())
        .collect();
    std::thread::scope(|scope| {
        for (number, half) in halves.iter().enumerate() {
            scope.spawn(move || kill_at(half, 92 + number as u64));
        }
    });
}

/// The names of all points that one good board's provisioning passes.
fn points_of_a_boards_way() -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    station.open_batch(BATCH, 1);
    let plan = LinePlan::good_boards(folder.path(), &station, 1, 90);
    let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
    let trace = folder.path().join("trace");
    let arguments = count_one(&station, &line.ports());
    let mut armed = station.command_of(&programs().station_crash_points, arguments);
    let running = Running::start(armed.env("STATION_CRASH_TRACE", &trace));
    running.finish().ok();
    let _ = line.stop();
    let trace = std::fs::read_to_string(trace).expect("a trace was written");
    let mut seen = BTreeSet::new();
    trace
        .lines()
        .filter(|name| seen.insert(*name))
        .map(str::to_owned)
        .collect()
}

/// Kills a station once at each point, and lets another finish what was begun.
fn kill_at(points: &[String], seed: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    // A point after the farewell takes the next board, so there are more boards than points.
    let boards = 2 * points.len() + 2;
    station.open_batch(BATCH, boards);
    let plan = LinePlan {
        devices: boards,
        ..LinePlan::good_boards(folder.path(), &station, 1, seed)
    };
    let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
    let reached = folder.path().join("reached");
    for point in points {
        let arguments = station.provision_arguments(BATCH, &line.ports());
        let mut armed = station.command_of(&programs().station_crash_points, arguments);
        armed
            .env("STATION_CRASH_POINT", point)
            .env("STATION_CRASH_FILE", &reached);
        let running = Running::start(&mut armed);
        wait_for::condition(&format!("the point {point}\n{}", running.said()), || {
            std::fs::read_to_string(&reached).is_ok_and(|text| text.trim() == point)
        });
        let killed = running.kill();
        assert_eq!(killed.status.code(), None, "it was killed at {point}");
        std::fs::remove_file(&reached).expect("the mark is taken away");

        let finished = station.run(count_one(&station, &line.ports()));
        let finished = finished.ok();
        assert!(
            !finished.stdout.contains("FAIL"),
            "after {point}:\n{}",
            finished.stdout
        );
    }
    let boards = line.stop();
    agreement::check(&station, BATCH, &boards);
    for result in station.results(BATCH) {
        assert_eq!(result["verdict"], "PASS", "{result:#}");
    }
    station.run(["ledger", "verify"]).ok();
}

fn count_one(station: &PreparedStation, ports: &[PathBuf]) -> Vec<String> {
    let mut arguments = station.provision_arguments(BATCH, ports);
    arguments.extend(["--count".to_owned(), "1".to_owned()]);
    arguments
}
