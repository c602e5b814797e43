//! Every defect that a board can have: it gets the verdict that was written down for it by hand, and no
//! refused board leaves with an identity.
#![forbid(unsafe_code)]

use std::process::Command;

use acceptance::agreement;
use acceptance::attentive_supervisor::AttentiveSupervisor;
use acceptance::forgery;
use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::repository;
use acceptance::simulated_line::{ASKED_INTO_SILENCE, LinePlan, SimulatedLine};
use acceptance::station_process::{programs, run};
use serde_json::Value;

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
    turned_away_boards_can_be_scrapped(&station);
    unfinished_boards_block_the_closing(&station);
    let row = manifest_row(&station);
    assert_eq!(row["scrapped"]["reason"], REASON, "{row:#}");
}

const REASON: &str = "of no use to anybody";

/// Who was turned away by what it said first: no session was opened.
fn turned_away(station: &PreparedStation) -> String {
    let results = station.results(BATCH);
    let other = |result: &&Value| result["code"] == "PRODUCT-MISMATCH";
    let result = results.iter().find(other).expect("another product");
    result["uid"]
        .as_str()
        .expect("it says who it is")
        .to_owned()
}

/// Every board that a manifest shows can be thrown away, however early it was refused.
fn turned_away_boards_can_be_scrapped(station: &PreparedStation) {
    let uid = turned_away(station);
    let scrap = ["device", "scrap", &uid, "--batch", BATCH];
    let who = ["--reason", REASON, "--operator", SUPERVISOR];
    let scrapped = station.run(scrap.iter().chain(&who)).ok();
    assert!(scrapped.stdout.contains(&uid), "{}", scrapped.stdout);
    station.run(["ledger", "verify"]).ok();
}

/// That board's row in the manifest, which verifies.
fn manifest_row(station: &PreparedStation) -> Value {
    let manifest = station.folder().join("manifest.dsse.json");
    let mut export = station.command(["manifest", "export", BATCH]);
    let who = ["--operator", SUPERVISOR];
    run(export.args(who).arg("-o").arg(&manifest)).ok();
    let mut verify = station.command(["manifest", "verify"]);
    run(verify.arg(&manifest).arg("--trust").arg(station.root())).ok();
    let uid = turned_away(station);
    let manifest = std::fs::read(&manifest).expect("the manifest");
    let statement = forgery::statement(&manifest);
    let statement: Value = serde_json::from_str(&statement).expect("a statement");
    let mut rows = statement["predicate"]["boards"]
        .as_array()
        .into_iter()
        .flatten();
    let row = rows.find(|row| row["uid"] == uid.as_str());
    row.unwrap_or_else(|| panic!("no row of {uid}")).clone()
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
}
