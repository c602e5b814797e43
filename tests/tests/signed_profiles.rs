//! Only what the product owner has signed decides what boards must be: at the opening of a batch, at the
//! start of a line, and for each new board.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use acceptance::prepared_station::{PreparedStation, SUPERVISOR, sample_profile};
use acceptance::production_station::{ALWAYS, ProductOwner, create};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::{programs, run};
use acceptance::wait_for;
use serde_json::Value;
use station::clock::UtcMillis;

/// The sample profile with one measurement's limit changed, and the same name.
fn changed_sample(folder: &Path) -> PathBuf {
    let text = std::fs::read_to_string(sample_profile()).expect("the sample");
    let changed = text.replacen("organization = \"", "organization = \"New ", 1);
    assert_ne!(changed, text);
    let path = folder.join("changed.toml");
    std::fs::write(&path, changed).expect("a profile");
    path
}

#[track_caller]
fn refused(station: &PreparedStation, batch: &str, profile: &Path, expected: &str) {
    let refused = run(&mut station.opening_with(batch, 1, profile)).code(2);
    assert!(refused.stderr.contains(expected), "{}", refused.stderr);
    let listed = station.run(["batch", "list", "--json"]).ok();
    assert!(!listed.stdout.contains(batch), "{}", listed.stdout);
}

fn run_one_board(folder: &Path, station: &PreparedStation, batch: &str, seed: u64) -> Value {
    let plan = LinePlan::good_boards(folder, station, 1, seed);
    let line = SimulatedLine::start(&folder.join(format!("lanes-{batch}")), &plan);
    let provision = station.provision_arguments(batch, &line.ports());
    let mut command = station.command(provision);
    let _ = run(command.args(["--count", "1"]));
    let _ = line.finish();
    let results = station.results(batch);
    assert_eq!(results.len(), 1, "{results:?}");
    results[0].clone()
}

#[test]
fn a_station_for_real_products_takes_no_other_profile() {
    let folder = tempfile::tempdir().unwrap();
    let (station, owner) = create(folder.path());
    let sample = sample_profile();
    let foreign = ProductOwner::create(folder.path(), "somebody").sample_profile();
    let early = owner.sign_profile(&sample, 1, ["2089-01-01T00:00:00Z", ALWAYS[1]]);
    let late = owner.sign_profile(&sample, 1, [ALWAYS[0], "2021-01-01T00:00:00Z"]);
    refused(&station, "UNSIGNED", &sample, "not signed");
    refused(&station, "FOREIGN", &foreign, "trusts");
    refused(&station, "EARLY", &early, "not valid before 2089-01-01");
    refused(
        &station,
        "LATE",
        &late,
        "expired: it was valid until 2021-01-01",
    );
    let good = owner.sign_profile(&sample, 2, ALWAYS);
    let text = std::fs::read_to_string(&good).unwrap();
    let torn = folder.path().join("torn.json");
    std::fs::write(&torn, text.trim_end()).unwrap();
    refused(&station, "TORN", &torn, "re-formatted");

    // The good one, by the pinned key alone; and none of another.
    let verify = |authority: &Path| {
        let mut command = Command::new(&programs().station);
        command.args(["profile", "verify"]).arg(&good);
        run(command.arg("--authority").arg(authority))
    };
    let said = verify(&owner.key()).ok();
    assert!(said.stdout.contains("version 2"), "{}", said.stdout);
    verify(&folder.path().join("somebody/owner.pub.pem")).code(1);

    run(&mut station.opening_with("GOOD", 1, &good)).ok();
    let result = run_one_board(folder.path(), &station, "GOOD", 92);
    assert_eq!(result["code"], "PASS", "{result}");
    let digest = station.run(["profile", "list", "--json"]).ok().json_lines()[0]["profile"].clone();
    let history = station.history(result["uid"].as_str().unwrap());
    let verdict = history.last().unwrap();
    assert!(
        verdict.to_string().contains(digest.as_str().unwrap()),
        "{verdict}"
    );
    older_versions(&station, &owner, folder.path());
}

/// Version 2 is adopted: neither an older one nor another text of it comes by itself.
fn older_versions(station: &PreparedStation, owner: &ProductOwner, folder: &Path) {
    let changed = changed_sample(folder);
    let older = owner.sign_profile(&changed, 1, ALWAYS);
    let twin = owner.sign_profile(&changed, 2, ALWAYS);
    refused(station, "OLDER", &older, "older than version 2");
    refused(station, "TWIN", &twin, "another text");
    let mut allowed = station.opening_with("OLD-OK", 1, &older);
    run(allowed.arg("--older-profile")).code(2);
    run(allowed.args(["--reason", "version 2 was recalled"])).ok();
    let newer = owner.sign_profile(&changed, 3, ALWAYS);
    run(&mut station.opening_with("NEWER", 1, &newer)).ok();

    let listed = station.run(["profile", "list", "--json"]).ok().json_lines();
    let versions: Vec<_> = listed.iter().map(|one| one["version"].as_u64()).collect();
    assert_eq!(versions, [Some(2), Some(1), Some(3)]);
    let file = listed[2]["signed_file"].as_str().unwrap();
    let shown = station.run(["profile", "show", file, "--signed"]).ok();
    assert_eq!(shown.stdout, std::fs::read_to_string(&newer).unwrap());
    let shown = station.run(["profile", "show", file, "--text"]).ok();
    assert_eq!(shown.stdout, std::fs::read_to_string(&changed).unwrap());
    station.run(["profile", "show", "0000"]).code(2);
    station.run(["ledger", "verify"]).ok();
    let closed = [
        "batch",
        "close",
        "OLD-OK",
        "--short",
        "--operator",
        SUPERVISOR,
    ];
    station.run(closed).ok();
    let mut export = station.command(["manifest", "export", "OLD-OK", "--operator", SUPERVISOR]);
    let manifest = run(&mut export).ok();
    assert!(manifest.stdout.len() > 100, "{}", manifest.stdout);
}

/// A time that comes soon, as a person would write it.
#[expect(
    clippy::disallowed_methods,
    reason = "the profile is to expire while the test runs"
)]
fn in_seconds(seconds: u64) -> String {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UtcMillis((since_1970.as_secs() + seconds) * 1000).to_string()
}

#[test]
fn a_profile_that_expires_stops_new_boards() {
    let folder = tempfile::tempdir().unwrap();
    let (station, owner) = create(folder.path());
    let until = in_seconds(15);
    let short = owner.sign_profile(&sample_profile(), 1, [ALWAYS[0], &until]);
    run(&mut station.opening_with("SHORT", 2, &short)).ok();
    wait_for::value("the profile's end", || {
        let mut verify = Command::new(&programs().station);
        verify.args(["profile", "verify"]).arg(&short);
        let verified = run(verify.arg("--authority").arg(owner.key()));
        verified.stderr.contains("expired").then_some(())
    });
    let result = run_one_board(folder.path(), &station, "SHORT", 93);
    assert_eq!(result["code"], "PROFILE-EXPIRED", "{result}");
    let said = result.to_string();
    assert!(said.contains("the profile has expired"), "{said}");
    let shown = station.run(["batch", "show", "SHORT", "--json"]).ok();
    assert_eq!(shown.json_lines()[0]["provisioned"], 0, "{}", shown.stdout);
}

#[test]
fn a_profile_is_checked_before_it_is_signed() {
    let folder = tempfile::tempdir().unwrap();
    let owner = ProductOwner::create(folder.path(), "owner");
    let text = std::fs::read_to_string(sample_profile()).unwrap();
    let text = text.replacen("schema = 1", "schema = 1\ncolour = 1", 1);
    let text = text.replacen("SA-######", "none", 1);
    let faulty = folder.path().join("faulty.toml");
    std::fs::write(&faulty, text).unwrap();
    let check = |file: &Path, json: bool| {
        let mut command = Command::new(&programs().station);
        command.args(["profile", "check"]).arg(file);
        run(command.args(json.then_some("--json")))
    };
    let told = check(&faulty, false).code(1);
    assert!(
        told.stdout.contains("faulty.toml:4: colour: unknown key"),
        "{}",
        told.stdout
    );
    assert!(told.stdout.contains("2 faults"), "{}", told.stdout);
    let told = check(&faulty, true).code(1).json_lines();
    assert_eq!((told.len(), &told[0]["line"]), (2, &Value::from(4)));
    let good = check(&sample_profile(), true).ok().json_lines();
    assert_eq!(good[0]["product"], "SENSOR-A");
    let unsigned = folder.path().join("never.json");
    let mut sign = owner.command(["profile", "sign"]);
    sign.arg(&faulty)
        .args(["--not-before", ALWAYS[0], "--not-after", ALWAYS[1], "-o"]);
    run(sign.arg(&unsigned)).code(2);
    assert!(!unsigned.exists());
}

#[test]
fn a_development_home_takes_a_profile_that_nobody_signed_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    station.open_batch("DEV", 1);
    let listed = station.run(["profile", "list"]).ok();
    assert!(listed.stdout.contains("not signed"), "{}", listed.stdout);
    let listed = station.run(["profile", "list", "--json"]).ok().json_lines();
    assert_eq!(listed[0]["signed_file"], Value::Null);
    // A signature of somebody else is worse than none.
    let foreign = ProductOwner::create(folder.path(), "somebody").sample_profile();
    refused(&station, "FOREIGN", &foreign, "trusts");
}
