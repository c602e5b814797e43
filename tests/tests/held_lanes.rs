//! A lane on which two boards had one key: it stays held, whoever restarts the station, until a
//! supervisor clears it under their name.
#![forbid(unsafe_code)]

use std::process::Command;

use acceptance::owner_socket::ask;
use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::{Finished, Running, run};
use acceptance::{wait_for, weak_generator};
use serde_json::Value;

const BATCH: &str = "HELD-1";

/// The lane's name is that of its port.
const LANE: &str = "lane0";

/// Two boards with one weak generator, then a good one.
fn one_weak_generator() -> String {
    format!("schema = 1\n{}", weak_generator::catalogue(0, 1))
}

fn as_supervisor(station: &PreparedStation, arguments: &[&str]) -> Command {
    let mut command = station.command(arguments);
    command.args(["--operator", SUPERVISOR]);
    command
}

fn json(finished: Finished) -> Vec<Value> {
    finished.ok().json_lines()
}

fn lane_status(station: &PreparedStation) -> Value {
    let status = json(station.run(["status", "--json"])).remove(0);
    assert_eq!(status["running"], true, "{status}");
    status["lanes"][0].clone()
}

/// Waits until the station has told people of the hold, and of the way out.
fn await_hold(running: &Running) {
    let told = format!("station hold clear {LANE} --reason");
    wait_for::condition("the hold to be told", || running.stderr().contains(&told));
}

const CLEAR: [&str; 5] = ["hold", "clear", LANE, "--reason", "both boards are with QA"];

#[test]
fn a_held_lane_stays_held_until_a_supervisor_clears_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    station.open_batch(BATCH, 3);
    let defects = folder.path().join("weak-pair.toml");
    std::fs::write(&defects, one_weak_generator()).expect("a catalogue is written");
    let plan = LinePlan {
        lanes: 1,
        devices: 3,
        defects,
        ..LinePlan::good_boards(folder.path(), &station, 1, 71)
    };
    let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);

    let first = station.provision(BATCH, &line.ports());
    await_hold(&first);
    first.interrupt();
    first.finish().code(1);
    let held = json(station.run(["hold", "list", "--json"]));
    assert_eq!(held.len(), 1, "{held:?}");
    assert_eq!(
        (&held[0]["lane"], &held[0]["code"]),
        (&LANE.into(), &"KEY-REUSED".into())
    );
    let status = json(station.run(["status", "--json"])).remove(0);
    assert_eq!(status["running"], false, "{status}");

    // Another name for the same port does not get round it; the way out names the lane that is held.
    let mut renamed = station.command(station.provision_arguments(BATCH, &line.ports()));
    let renamed = Running::start(renamed.args(["--lane", "elsewhere"]));
    await_hold(&renamed);
    renamed.interrupt();
    let refused = renamed.finish().code(1);
    let told = "lane elsewhere is held and took no board";
    assert!(refused.stderr.contains(told), "{}", refused.stderr);
    assert_eq!(station.results(BATCH).len(), 2, "no board was begun");

    let second = station.provision(BATCH, &line.ports());
    await_hold(&second);
    let lane = lane_status(&station);
    assert_eq!(lane["held"], "KEY-REUSED", "{lane}");
    let refused = station.run(CLEAR).code(2);
    assert!(refused.stderr.contains("supervisor"), "{}", refused.stderr);
    let lane = lane_status(&station);
    assert_eq!(
        (&lane["held"], &lane["verdicts"]),
        (&"KEY-REUSED".into(), &0.into())
    );
    assert_eq!(
        station.results(BATCH).len(),
        2,
        "the third board was not begun"
    );

    // A reason that was typed for a hold of before clears none.
    let reason = format!(r#""operator":"{SUPERVISOR}","reason":"seen","since":1"#);
    let of_before = format!(r#"{{"request":"clear-hold","lane":"{LANE}",{reason}}}"#);
    let answer = ask(&station.home().join("control.sock"), &of_before);
    assert!(answer.contains("it is held anew since"), "{answer}");
    assert_eq!(lane_status(&station)["held"], "KEY-REUSED");

    let mut clear = as_supervisor(&station, &CLEAR);
    let cleared = json(run(clear.arg("--json"))).remove(0);
    assert_eq!(cleared["operator"], SUPERVISOR, "{cleared}");
    let (_, boards) = line.finish();
    assert_eq!(boards.len(), 3);
    second.interrupt();
    drop(second.finish());
    let results = station.results(BATCH);
    let codes: Vec<_> = results.iter().map(|result| &result["code"]).collect();
    assert_eq!(codes, ["PASS", "KEY-REUSED", "PASS"]);

    // Where no line runs, the command does the work itself; there is nothing left for it.
    run(&mut as_supervisor(&station, &CLEAR)).code(2);
    let nothing = ["clock", "accept", "--reason", "it is right"];
    let refused = run(&mut as_supervisor(&station, &nothing)).code(2);
    assert!(
        refused.stderr.contains("nothing to accept"),
        "{}",
        refused.stderr
    );
    assert!(json(station.run(["hold", "list", "--json"])).is_empty());
    station.run(["ledger", "verify"]).ok();
}

#[test]
fn where_no_line_runs_the_command_clears_the_hold_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    station.open_batch(BATCH, 2);
    let defects = folder.path().join("weak-pair.toml");
    std::fs::write(&defects, one_weak_generator()).expect("a catalogue is written");
    let plan = LinePlan {
        lanes: 1,
        devices: 2,
        defects,
        ..LinePlan::good_boards(folder.path(), &station, 1, 72)
    };
    let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
    let running = station.provision(BATCH, &line.ports());
    await_hold(&running);
    // Killed, not stopped: the hold was recorded together with the verdict.
    running.kill();
    run(&mut as_supervisor(&station, &CLEAR)).ok();
    let none = station.run(["hold", "list"]).ok();
    assert_eq!(none.stdout, "nothing is held\n");
    station.run(["ledger", "verify"]).ok();
}
