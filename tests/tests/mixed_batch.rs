//! Every defect mixed into one batch, alone and several at once, drawn from a seed: each verdict is one
//! that was written down, no board that must be refused has an identity, no record is lost.
//!
//! `MIXED_BOARDS` and `MIXED_SEED` make it longer and another one:
//!
//!     MIXED_BOARDS=1000 cargo test -p acceptance --test mixed_batch
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance::agreement;
use acceptance::attentive_supervisor::AttentiveSupervisor;
use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::repository;
use acceptance::simulated_line::{ASKED_INTO_SILENCE, LinePlan, SimulatedLine};
use acceptance::station_process::{programs, run};

const BATCH: &str = "MIXED-1";
/// Lanes of a short batch, and most lanes of a long one.
const LANES: std::ops::RangeInclusive<usize> = 8..=24;
const BOARDS: usize = 200;
const SEED: u64 = 20_261_123;

#[test]
fn every_mixture_of_defects_ends_as_it_must() {
    let boards = from_environment("MIXED_BOARDS").unwrap_or(BOARDS);
    let seed = from_environment("MIXED_SEED").unwrap_or(SEED);
    let lanes = (boards / 20).clamp(*LANES.start(), *LANES.end());
    println!("MIXED_BOARDS={boards} MIXED_SEED={seed} on {lanes} lanes");
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    station.open_batch(BATCH, boards);
    let catalogue = mixture(folder.path());
    let plan = LinePlan {
        lanes,
        devices: boards,
        defects: catalogue.clone(),
        gap_hellos: Some(ASKED_INTO_SILENCE),
        ..LinePlan::good_boards(folder.path(), &station, lanes, seed)
    };
    let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
    let report = line.report_file().to_owned();
    let running = station.provision(BATCH, &line.ports());
    // Some defects hold their lanes; the boards behind them are to have their turn too.
    let supervisor = AttentiveSupervisor::watch(&station);
    let (_, presented) = line.finish();
    drop(supervisor);
    running.interrupt();
    let station_said = running.finish();
    assert_eq!(presented.len(), boards, "{}", station_said.stderr);

    let mut compare = Command::new(&programs().simulator);
    compare.arg("compare").arg("--simulated").arg(&report);
    compare.arg("--results").arg(station.results_file(BATCH));
    compare.arg("--defects").arg(&catalogue);
    let compared = run(&mut compare);
    let status = compared.status.code();
    let told = format!("{}\n{}", compared.stdout, compared.stderr);
    assert_eq!(
        status,
        Some(0),
        "seed {seed}\n{told}\n{}",
        station_said.stderr
    );
    agreement::check(&station, BATCH, &presented);
    agreement::every_result_is_recorded(&station, BATCH);

    station.run(["ledger", "verify"]).ok();
    let who = ["--operator", SUPERVISOR];
    let close = [
        "batch",
        "close",
        BATCH,
        "--revoke-unfinished",
        "--reason",
        "scrapped",
    ];
    station.run(close.iter().chain(&who)).ok();
    let manifest = station.folder().join("manifest.dsse.json");
    let mut export = station.command(["manifest", "export", BATCH]);
    run(export.args(who).arg("-o").arg(&manifest)).ok();
    let mut verify = station.command(["manifest", "verify"]);
    run(verify.arg(&manifest).arg("--trust").arg(station.root())).ok();
}

/// The whole catalogue without its assignments: of ten boards seven have one to three defects.
fn mixture(folder: &Path) -> PathBuf {
    let whole = repository::root().join("fixtures/defects/all.toml");
    let whole = std::fs::read_to_string(whole).expect("the catalogue can be read");
    let defects = whole.split("[[assign]]").next().unwrap_or_default();
    let text = format!("{defects}\n[combined]\nper-thousand = 700\nleast = 1\nmost = 3\n");
    let file = folder.join("mixture.toml");
    std::fs::write(&file, text).expect("a catalogue is written");
    file
}

fn from_environment<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number")),
    )
}
