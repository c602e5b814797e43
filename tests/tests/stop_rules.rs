//! Stop rules of a profile: a lane and a batch are held, stay so over a restart, and go on when a supervisor
//! clears them with a reason.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use acceptance::owner_socket::ask;
use acceptance::prepared_station::{PreparedStation, SUPERVISOR, sample_profile};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::{Running, run};
use acceptance::wait_for;
use serde_json::Value;

const BATCH: &str = "STOP-1";

/// The sample profile with other stop rules.
fn profile(folder: &Path, rules: &str) -> PathBuf {
    let text = std::fs::read_to_string(sample_profile()).expect("the sample profile");
    let (before, _) = text.split_once("[stop_rules]").expect("it has stop rules");
    let file = folder.join("stop-rules.toml");
    std::fs::write(&file, format!("{before}[stop_rules]\n{rules}\n"))
        .expect("a profile is written");
    file
}

/// Boards that leak, all but the last `good` ones.
fn line(
    folder: &Path,
    station: &PreparedStation,
    lanes: usize,
    bad: usize,
    good: usize,
) -> SimulatedLine {
    let mut defects = "schema = 1\n[[defect]]\nname = \"leaky\"\nexpected = \"HW-LIMIT\"\n\
         fault = { kind = \"measurement\", name = \"i_sleep\", value = 41.0e-6 }\n"
        .to_owned();
    for device in 0..bad {
        defects += &format!("[[assign]]\ndevice = {device}\ndefect = \"leaky\"\n");
    }
    let file = folder.join("leaky.toml");
    std::fs::write(&file, defects).expect("a catalogue is written");
    let plan = LinePlan {
        lanes,
        devices: bad + good,
        defects: file,
        ..LinePlan::good_boards(folder, station, lanes, 81)
    };
    SimulatedLine::start(&folder.join("lanes"), &plan)
}

fn open(station: &PreparedStation, profile: &Path, quantity: usize) {
    let quantity = quantity.to_string();
    let mut open = station.command(["batch", "open", BATCH, "--work-order", "WO-1"]);
    open.args(["--quantity", &quantity, "--operator", SUPERVISOR]);
    run(open.arg("--profile").arg(profile)).ok();
}

fn held(station: &PreparedStation) -> Vec<Value> {
    station.run(["hold", "list", "--json"]).ok().json_lines()
}

fn await_told(running: &Running, name: &str) {
    let told = format!("station hold clear {name} --reason");
    wait_for::condition("the hold to be told", || running.stderr().contains(&told));
}

fn clear(station: &PreparedStation, name: &str) {
    // Not the operator's to decide.
    let clear = ["hold", "clear", name, "--reason", "fixture repaired"];
    let refused = station.run(clear).code(2);
    assert!(refused.stderr.contains("supervisor"), "{}", refused.stderr);
    let blank = [
        "hold",
        "clear",
        name,
        "--reason",
        " ",
        "--operator",
        SUPERVISOR,
    ];
    let refused = station.run(blank).code(2);
    assert!(refused.stderr.contains("say why"), "{}", refused.stderr);
    run(station.command(clear).args(["--operator", SUPERVISOR])).ok();
}

#[test]
fn a_lane_with_too_many_failures_in_a_row_is_held_over_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let rules = "failures_in_a_row_on_lane = { count = 2, holds = \"lane\" }";
    open(&station, &profile(folder.path(), rules), 2);
    let line = line(folder.path(), &station, 1, 3, 1);

    let first = station.provision(BATCH, &line.ports());
    await_told(&first, "lane0");
    first.interrupt();
    drop(first.finish());
    let holds = held(&station);
    assert_eq!(holds.len(), 1, "{holds:?}");
    let rule = &holds[0]["rule"];
    assert_eq!(rule["name"], "failures_in_a_row_on_lane", "{holds:?}");
    assert_eq!((&rule["found"], &rule["limit"]), (&2.into(), &2.into()));
    assert_eq!(
        station.results(BATCH).len(),
        2,
        "the third board was not begun"
    );

    let second = station.provision(BATCH, &line.ports());
    await_told(&second, "lane0");
    clear(&station, "lane0");
    // The third board fails, but counting began anew; the fourth passes.
    let (_, boards) = line.finish();
    assert_eq!(boards.len(), 4);
    second.interrupt();
    drop(second.finish());
    let results = station.results(BATCH);
    let codes: Vec<_> = results.iter().map(|result| &result["code"]).collect();
    assert_eq!(codes, ["HW-LIMIT", "HW-LIMIT", "HW-LIMIT", "PASS"]);
    assert!(held(&station).is_empty());
    station.run(["ledger", "verify"]).ok();
}

#[test]
fn a_batch_whose_yield_is_too_low_is_held_on_every_lane_over_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let rules = "first_pass_yield = { window = 2, percent = 60, holds = \"batch\" }";
    open(&station, &profile(folder.path(), rules), 2);
    let line = line(folder.path(), &station, 2, 2, 2);

    let first = station.provision(BATCH, &line.ports());
    await_told(&first, BATCH);
    let status = station
        .run(["status", "--json"])
        .ok()
        .json_lines()
        .remove(0);
    assert_eq!(status["batch_held"]["code"], "HW-LIMIT", "{status}");
    first.interrupt();
    drop(first.finish());
    let holds = held(&station);
    assert_eq!(holds.len(), 1, "{holds:?}");
    assert_eq!(holds[0]["batch"], BATCH);
    assert_eq!(holds[0]["rule"]["name"], "first_pass_yield", "{holds:?}");
    let shown = station.run(["batch", "show", BATCH]).ok();
    assert!(
        shown.stdout.contains("held for HW-LIMIT"),
        "{}",
        shown.stdout
    );
    let close = ["batch", "close", BATCH, "--short", "--operator", SUPERVISOR];
    let refused = station.run(close).code(1);
    assert!(
        refused.stderr.contains("a stop rule holds it"),
        "{}",
        refused.stderr
    );

    let second = station.provision(BATCH, &line.ports());
    await_told(&second, BATCH);
    assert_eq!(station.results(BATCH).len(), 2, "no board was begun");
    // A reason that was typed for a hold of before clears none.
    let reason = format!(r#""operator":"{SUPERVISOR}","reason":"seen","since":1"#);
    let of_before = format!(r#"{{"request":"clear-batch-hold","batch":"{BATCH}",{reason}}}"#);
    let answer = ask(&station.home().join("control.sock"), &of_before);
    assert!(answer.contains("it is held anew since"), "{answer}");
    assert_eq!(held(&station).len(), 1);
    clear(&station, BATCH);
    let (_, boards) = line.finish();
    assert_eq!(boards.len(), 4);
    drop(second.finish());
    assert!(held(&station).is_empty());
    station.run(["ledger", "verify"]).ok();
    station.run(close).ok();
}
