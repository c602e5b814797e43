//! A port that vanishes while a board is in work on it, and what can be asked of a station meanwhile.
#![forbid(unsafe_code)]

use acceptance::prepared_station::PreparedStation;
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::wait_for;

const BATCH: &str = "LOST-1";

/// One that asks for patience until somebody takes it away.
const SLOW: &str = r#"
schema = 1

[[defect]]
name = "never-done"
expected = "LINK-LOST"
fault = { kind = "slow", step = "attest", times = 100000, retry-ms = 200 }

[[assign]]
device = 0
defect = "never-done"
"#;

fn in_work(station: &PreparedStation) -> bool {
    let asked = station.run(["status", "--json"]);
    asked.status.success() && asked.json_lines()[0]["lanes"][0]["in_work"] == true
}

#[test]
fn a_board_whose_port_vanishes_has_its_verdict_and_the_next_one_passes() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    station.open_batch(BATCH, 3);
    let defects = folder.path().join("slow.toml");
    std::fs::write(&defects, SLOW).expect("a catalogue is written");
    let plan = LinePlan {
        defects,
        ..LinePlan::good_boards(folder.path(), &station, 1, 81)
    };
    let lanes = folder.path().join("lanes");
    let line = SimulatedLine::start(&lanes, &plan);
    let ports = line.ports();
    let running = station.provision(BATCH, &ports);
    wait_for::condition("a board in work", || in_work(&station));

    // The token is the station's: it is asked, and what nobody checks now is told.
    let found = station.run(["doctor", "--json"]).ok().json_lines();
    let state = |check: &str| {
        let line = found.iter().find(|line| line["check"] == check);
        line.map(|line| line["state"].clone()).unwrap_or_default()
    };
    assert_eq!(state("keys"), "ok", "{found:#?}");
    assert_eq!(state("token and ledger"), "skipped", "{found:#?}");
    let text = station.run(["doctor"]).ok().stdout;
    assert!(!text.contains("the station is well"), "{text}");
    assert!(text.contains("the rest was left out"), "{text}");

    line.kill();
    running.line("the lost board's verdict", |line| {
        line.contains("LINK-LOST")
    });
    wait_for::condition("the lane to wait for its port", || !in_work(&station));
    for port in &ports {
        drop(std::fs::remove_file(port));
    }
    let good = LinePlan::good_boards(folder.path(), &station, 1, 82);
    let line = SimulatedLine::start(&lanes, &good);
    running.line("the next board's verdict", |line| line.contains("PASS"));
    let (_, boards) = line.finish();
    running.interrupt();
    running.finish().code(1);

    let results = station.results(BATCH);
    let codes: Vec<_> = results.iter().map(|line| &line["code"]).collect();
    assert_eq!(codes, ["LINK-LOST", "PASS"], "{results:#?}");
    let detail = results[0]["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("the port has gone"), "{results:#?}");
    assert_eq!(results[1]["uid"], boards[0]["uid"]);
    station.run(["ledger", "verify"]).ok();
}
