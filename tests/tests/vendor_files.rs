//! Boards that only the chip vendor's files can tell apart: revocation lists, authorities below a root, and the
//! file of chips without certificates. And evidence looked at by people, without a station.
#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance::agreement;
use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::repository;
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::{Finished, programs, run};

const BATCH: &str = "VENDOR-1";
const LANES: usize = 4;
const DEVICES: usize = 8;
const SEED: u64 = 7;

#[test]
fn boards_are_judged_by_the_vendors_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let profile = vendor_profile(&folder.path().join("vendor"));
    open(&station, &profile).ok();
    // The line finds the file of chips in the home, not beside the profile.
    fs::remove_file(profile.with_file_name("chips.csv")).expect("a file to remove");

    let catalogue = repository::root().join("fixtures/defects/vendor-files.toml");
    let plan = LinePlan {
        lanes: LANES,
        devices: DEVICES,
        defects: catalogue.clone(),
        ..LinePlan::good_boards(folder.path(), &station, LANES, SEED)
    };
    let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
    // Without a revocation list nothing starts.
    let refused = station.provision(BATCH, &line.ports()).finish().code(3);
    assert!(refused.stderr.contains("revocation list") || refused.stderr.contains("trust"));
    for name in ["root-1.crl", "root-2.crl", "lot.crl"] {
        let kept = station.home().join("trust").join(name);
        fs::copy(profile.with_file_name(name), kept).expect("a list is put into the home");
    }
    let report = line.report_file().to_owned();
    let running = station.provision(BATCH, &line.ports());
    let (_, boards) = line.finish();
    running.interrupt();
    let station_said = running.finish();
    let mut compare = Command::new(&programs().simulator);
    compare.arg("compare").arg("--simulated").arg(&report);
    compare.arg("--results").arg(station.results_file(BATCH));
    compare.arg("--defects").arg(&catalogue);
    let compared = run(&mut compare);
    let said = format!("{}\n{}", compared.stdout, station_said.stderr);
    assert_eq!(compared.status.code(), Some(0), "{said}");
    agreement::check(&station, BATCH, &boards);
    for result in station.results(BATCH) {
        if result["code"] == "PASS" {
            let history = station.history(result["uid"].as_str().expect("a UID"));
            let judged = history
                .iter()
                .find(|one| one["kind"] == "evidence-appraised");
            let judged = judged.expect("evidence in the ledger");
            assert!(judged["relied_on"][0].is_string(), "{judged:#}");
            assert_eq!(judged["claims"]["client_id"], 1, "{judged:#}");
        }
    }
}

#[test]
fn a_batch_is_not_opened_with_another_file_of_chips() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let profile = vendor_profile(&folder.path().join("vendor"));
    let chips = profile.with_file_name("chips.csv");
    let good = fs::read_to_string(&chips).expect("a file of chips");
    let rows: Vec<&str> = good.lines().collect();
    fs::write(&chips, rows[..3].join("\n") + "\n").expect("a shorter file");
    let refused = open(&station, &profile).code(2);
    assert!(refused.stderr.contains("SHA-256"), "{}", refused.stderr);
    fs::write(&chips, [rows[0], rows[1], rows[1]].join("\n") + "\n")
        .expect("a file with a row twice");
    let refused = open(&station, &profile).code(2);
    assert!(
        refused.stderr.contains("line 3: this instance ID"),
        "{}",
        refused.stderr
    );
    fs::write(&chips, good).expect("the file again");
    open(&station, &profile).ok();
}

#[test]
fn a_token_is_shown_without_a_station() {
    let token = repository::root().join("fixtures/vectors/psa/psa-sign1.cbor");
    let shown = inspect(&[&token]).code(0).stdout;
    for words in [
        "envelope: COSE_Sign1 (tag 18)",
        "2147483647 (secure side)",
        "0x3000 (secured)",
        "tag:psacertified.org,2023:psa#tfm",
        "component PRoT",
    ] {
        assert!(shown.contains(words), "{shown}");
    }
    let sample = repository::root().join("fixtures/profiles/sensor-a.toml");
    let with_profile = [&token, Path::new("--profile"), &sample];
    let judged = inspect(&with_profile).code(1).stdout;
    assert!(judged.contains("would fail: ATT-PRODUCT"), "{judged}");
    assert!(judged.contains("not judged"), "{judged}");
    let json = inspect(&[&token, Path::new("--profile"), &sample, Path::new("--json")]);
    let json = &json.code(1).json_lines()[0];
    assert_eq!(json["review"]["code"], "ATT-PRODUCT", "{json:#}");
    assert_eq!(json["claims"]["components"][0]["type"], "PRoT", "{json:#}");

    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("a file is written");
        path
    };
    let bytes = fs::read(&token).expect("the vector");
    let untagged = inspect(&[&write("untagged", &bytes[1..])]).code(0).stdout;
    assert!(untagged.contains("COSE without a tag"), "{untagged}");
    assert!(untagged.contains("no board may send this"), "{untagged}");
    assert!(untagged.contains("component PRoT"), "{untagged}");
    let garbage = inspect(&[&write("garbage", b"\x1b[2Jhello")])
        .code(1)
        .stdout;
    assert!(
        garbage.contains("no claims") && !garbage.contains('\x1b'),
        "{garbage}"
    );
    inspect(&[&write("empty", b"")]).code(2);
    inspect(&[&write("long", &vec![0; 100_000])]).code(2);
    inspect(&[&folder.path().join("absent")]).code(2);
}

fn inspect(arguments: &[&Path]) -> Finished {
    let mut command = Command::new(&programs().station);
    command.args(["evidence", "inspect"]).args(arguments);
    run(command.env_remove("STATION_HOME"))
}

fn open(station: &PreparedStation, profile: &Path) -> Finished {
    let mut command = station.command(["batch", "open", BATCH, "--work-order", "WO-1"]);
    command.args(["--quantity", &DEVICES.to_string(), "--operator", SUPERVISOR]);
    run(command.arg("--profile").arg(profile))
}

/// The sample profile with all that the simulated vendor has, beside the vendor's files.
fn vendor_profile(folder: &Path) -> PathBuf {
    let mut command = Command::new(&programs().simulator);
    command.arg("vendor-files").arg(folder);
    command.args([
        "--seed",
        &SEED.to_string(),
        "--devices",
        &DEVICES.to_string(),
    ]);
    run(&mut command).ok();
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("a file of the vendor's");
    let digest = sha256_of(&folder.join("chips.csv"));
    let sample = repository::root().join("fixtures/profiles/sensor-a.toml");
    let more = format!(
        "[attestation]\nrequire_crl = true\n\
         allow_list = {{ file = \"chips.csv\", sha256 = \"{digest}\" }}"
    );
    let roots = format!("roots = [\"\"\"\n{}\"\"\", \"\"\"", read("root-2.pem"));
    let text = fs::read_to_string(sample)
        .expect("the sample profile")
        .replacen("[attestation]", &more, 1)
        .replacen("roots = [\"\"\"", &roots, 1);
    let profile = folder.join("profile.toml");
    fs::write(&profile, text).expect("a profile is written");
    profile
}

fn sha256_of(file: &Path) -> String {
    let said = run(Command::new("sha256sum").arg(file)).ok().stdout;
    said.split_whitespace().next().expect("a digest").to_owned()
}
