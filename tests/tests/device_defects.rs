//! Every defect that a board can have: it gets the verdict that was written down for it by hand, and no
//! refused board leaves with an identity.
#![forbid(unsafe_code)]

use std::process::Command;

use acceptance::agreement;
use acceptance::attentive_supervisor::AttentiveSupervisor;
use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::repository;
use acceptance::simulated_line::{ASKED_INTO_SILENCE, LinePlan, SimulatedLine};
use acceptance::station_process::{programs, run};

const BATCH: &str = "DEFECTS-1";
const LANES: usize = 8;
const DEVICES: usize = 133;

#[test]
fn every_defect_gets_its_verdict_and_no_identity() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    station.open_batch(BATCH, DEVICES);
    let catalogue = repository::root().join("fixtures/defects/all.toml");
    let plan = LinePlan {
        lanes: LANES,
        devices: DEVICES,
        defects: catalogue.clone(),
        gap_hellos: Some(ASKED_INTO_SILENCE),
        ..LinePlan::good_boards(folder.path(), &station, LANES, 51)
    };
    let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
    let report = line.report_file().to_owned();
    let running = station.provision(BATCH, &line.ports());
    // Repeats hold their lanes; the boards behind them are to have their turn too.
    let supervisor = AttentiveSupervisor::watch(&station);
    let (_, boards) = line.finish();
    drop(supervisor);
    running.interrupt();
    let station_said = running.finish();

    let mut compare = Command::new(&programs().simulator);
    compare.arg("compare").arg("--simulated").arg(&report);
    compare
        .arg("--results")
        .arg(station.results_file(BATCH))
        .arg("--defects")
        .arg(&catalogue);
    let compared = run(&mut compare);
    assert_eq!(
        compared.status.code(),
        Some(0),
        "{}\n{}\n{}",
        compared.stdout,
        compared.stderr,
        station_said.stderr
    );
    agreement::check(&station, BATCH, &boards);
    agreement::every_result_is_recorded(&station, BATCH);
    for result in station.results(BATCH) {
        let proven = result["uid_proven"] == true;
        let Some(uid) = result["uid"].as_str().filter(|_| proven) else {
            continue;
        };
        let history = station.history(uid);
        let told = history
            .iter()
            .any(|event| event["kind"] == "verdict-reached" && event["code"] == result["code"]);
        assert!(told, "the ledger does not tell of {result:#}\n{history:#?}");
    }
    station.run(["ledger", "verify"]).ok();
    unfinished_boards_block_the_closing(&station);
}

/// Boards in doubt, and boards lost after issuing, stand in the way; giving them up takes a reason.
fn unfinished_boards_block_the_closing(station: &PreparedStation) {
    let who = ["--operator", SUPERVISOR];
    let refused = station.run(["batch", "close", BATCH, "--short"].iter().chain(&who));
    assert_ne!(refused.status.code(), Some(0), "{}", refused.stdout);
    assert!(refused.stderr.contains("why:"), "{}", refused.stderr);
    let give_up = ["--revoke-unfinished", "--reason", "boards scrapped"];
    let closed = station
        .run(["batch", "close", BATCH].iter().chain(&give_up).chain(&who))
        .ok();
    let said = closed.stdout + &closed.stderr;
    assert!(said.contains(" fewer than ordered"), "{said}");
    let manifest = station.folder().join("manifest.dsse.json");
    let mut export = station.command(["manifest", "export", BATCH]);
    run(export.args(who).arg("-o").arg(&manifest)).ok();
    let mut verify = station.command(["manifest", "verify"]);
    run(verify.arg(&manifest).arg("--trust").arg(station.root())).ok();
}
