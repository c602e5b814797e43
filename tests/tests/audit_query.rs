//! What an auditor asks of a folder of manifests in which not all is as it should be: two words about one batch,
//! a later word about one board, and what is named as a manifest and cannot be read.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use acceptance::forgery;
use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::{Finished, programs, run};
use serde_json::Value;
use station::manifest::assemble::fill;
use station::manifest::statement::Statement;

const BATCH: &str = "ASKED-1";
const LATER: &str = "ASKED-2";
const SEED: u64 = 811;

struct Asked {
    station: PreparedStation,
    folder: tempfile::TempDir,
}

/// Two batches: in the second, boards come that answer to the UIDs of the first.
fn asked() -> &'static Asked {
    static ASKED: OnceLock<Asked> = OnceLock::new();
    ASKED.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let station = PreparedStation::create(folder.path());
        for batch in [BATCH, LATER] {
            station.open_batch(batch, 2);
            let plan = LinePlan::good_boards(folder.path(), &station, 2, SEED);
            let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
            let running = station.provision(batch, &line.ports());
            let _ = line.finish();
            running.interrupt();
            let _ = running.finish();
            let close = ["batch", "close", batch, "--short", "--operator", SUPERVISOR];
            station.run(close).ok();
            let mut export = station.command(["manifest", "export", batch, "-o"]);
            run(export.arg(folder.path().join(format!("{batch}.dsse.json")))).ok();
        }
        Asked { station, folder }
    })
}

/// A folder with some of the manifests.
fn received(batches: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for batch in batches {
        let name = format!("{batch}.dsse.json");
        let from = asked().folder.path().join(&name);
        std::fs::copy(from, folder.path().join(name)).expect("a copy");
    }
    folder
}

fn query(folder: &Path, more: &[&str]) -> Finished {
    let mut command = Command::new(&programs().station);
    command.args(["--json", "audit", "query"]).arg(folder);
    command.arg("--trust").arg(asked().station.root());
    run(command.args(more))
}

#[test]
fn two_manifests_that_verify_and_differ_are_a_finding() {
    let folder = received(&[BATCH]);
    let genuine = folder.path().join(format!("{BATCH}.dsse.json"));
    let bytes = std::fs::read(&genuine).expect("a manifest");
    // What a manifest shows no entry of is its signer's word.
    let statement = forgery::statement(&bytes);
    let mut statement: Statement = serde_json::from_str(&statement).expect("a statement");
    let mut boards = std::mem::take(&mut statement.predicate.boards);
    "9.9.9".clone_into(&mut boards[0].firmware[0].version);
    fill(&mut statement, boards);
    let forged = String::from_utf8(statement.to_bytes().expect("bytes")).expect("text");
    let thief = Path::new(env!("CARGO_BIN_EXE_sign_with_station_key"));
    let forged = forgery::envelope_by(thief, &asked().station, "manifest", &forged);
    let file = folder.path().join("zz.dsse.json");
    std::fs::write(&file, forged).expect("a file");

    let said = query(folder.path(), &[]).code(1);
    let rows = said.json_lines();
    assert_eq!(rows.len(), 2, "it answers all the same");
    assert!(
        rows.iter()
            .all(|row| row["manifest"]["contradicted"] == true)
    );
    let found = said.remarks("contradiction").remove(0);
    assert_eq!(found["batch"], BATCH);
    assert_eq!(found["differences"][0]["what"], "its firmware");
    for (side, path) in [("earlier", &file), ("later", &genuine)] {
        assert_eq!(found[side], path.to_str().expect("text"), "{side}");
    }
    assert_eq!(said.remarks("sum")[0]["contradictions"], 1);
    // Of two that nobody has verified it is told as well.
    let mut command = Command::new(&programs().station);
    command.args(["audit", "query", "--unverified"]);
    let said = run(command.arg(folder.path())).code(1);
    let marked = said.stdout.matches("(NOT VERIFIED) (CONTRADICTED)").count();
    assert_eq!(marked, 2, "{}", said.stdout);
    let told = said.stderr.contains("do not verify and contradict");
    assert!(told, "{}", said.stderr);
    // A copy is no second word.
    std::fs::copy(&genuine, &file).expect("a copy");
    let row = query(folder.path(), &[]).ok().json_lines().remove(0);
    assert_eq!(row["manifest"]["contradicted"], false);
}

#[test]
fn a_question_for_good_boards_hears_what_a_later_batch_says() {
    let first = received(&[BATCH]);
    let passed = query(first.path(), &["--verdict", "PASS"]).ok();
    assert_eq!(passed.json_lines().len(), 2);

    let both = received(&[BATCH, LATER]);
    let failed = query(both.path(), &["--verdict", "FAIL"]).ok().json_lines();
    assert_eq!(failed.len(), 2, "the second batch has clones");
    let all = query(both.path(), &[]).ok().remarks("sum").remove(0);
    let sizes = ["rows", "devices", "batches"].map(|name| all[name].as_u64());
    assert_eq!(sizes, [4, 2, 2].map(Some), "{all}");
    let said = query(both.path(), &["--verdict", "PASS"]).code(1);
    assert_eq!(said.json_lines().len(), 0, "{}", said.stdout);
    assert_eq!(said.remarks("sum")[0]["overtaken"], 2);
    // Who names the batch gets its word, with the later one.
    let named = query(both.path(), &["--verdict", "PASS", "--batch", BATCH]).ok();
    for device in named.json_lines() {
        assert_eq!(device["later"]["batch"], LATER, "{device}");
        assert_eq!(device["later"]["verdict"], "FAIL", "{device}");
    }
    assert_eq!(named.json_lines().len(), 2);
}

#[test]
fn a_board_is_found_by_its_uid_and_no_other_one_is() {
    let folder = received(&[BATCH, LATER]);
    let all = query(folder.path(), &["--batch", BATCH]).ok().json_lines();
    for board in &all {
        let uid = board["uid"].as_str().expect("a UID");
        let found = query(folder.path(), &["--uid", uid]).ok().json_lines();
        let batches: Vec<_> = found.iter().map(|one| &one["manifest"]["batch"]).collect();
        assert_eq!(batches, [BATCH, LATER], "{uid}");
        assert!(found.iter().all(|one| one["uid"] == uid), "{found:?}");
        let one = query(folder.path(), &["--uid", uid, "--batch", BATCH]).ok();
        assert_eq!(one.json_lines().len(), 1, "{}", one.stdout);
    }
    let nobody = query(folder.path(), &["--uid", "0123456789ABCDEF01234567"]).code(1);
    assert_eq!(nobody.stdout, "");
    query(folder.path(), &["--uid", "no UID"]).code(2);
}

/// Who types a serial or a version in small letters is told how it is written; the same at the station itself.
#[test]
fn a_name_in_another_case_is_not_found_and_told() {
    let folder = received(&[BATCH]);
    let board = query(folder.path(), &[]).ok().json_lines().remove(0);
    let serial = board["serial"].as_str().expect("a serial");
    let small = serial.to_ascii_lowercase();
    assert_ne!(small, serial);
    let said = query(folder.path(), &["--serial", &small]).code(1);
    assert_eq!(said.stdout, "");
    assert_eq!(said.remarks("did_you_mean"), [serde_json::json!([serial])]);
    let mut words = Command::new(&programs().station);
    words.args(["audit", "query", "--serial", &small, "--trust"]);
    let words = run(words.arg(asked().station.root()).arg(folder.path()));
    words.told(1, &format!("did you mean {serial}? "));
    // Nothing is guessed where something is found, or where nothing is like it.
    for more in [serial, "SA-999999"] {
        let said = query(folder.path(), &["--serial", more]);
        assert_eq!(said.remarks("did_you_mean"), Vec::<Value>::new(), "{more}");
    }
    let station = &asked().station;
    let hint = format!("did you mean {serial}? ");
    for verb in ["show", "history", "certificate"] {
        station.run(["device", verb, &small]).told(2, &hint);
    }
    let unknown = station.run(["device", "show", "SA-999999"]).code(2);
    assert!(
        !unknown.stderr.contains("did you mean"),
        "{}",
        unknown.stderr
    );
}

/// A day is one of UTC, from its first millisecond to its last, whatever the time zone of who asks. The manifest is
/// one whose times were changed, so that nothing verifies it.
#[test]
fn a_day_begins_at_midnight_and_ends_before_the_next() {
    let folder = received(&[BATCH]);
    let file = folder.path().join(format!("{BATCH}.dsse.json"));
    let bytes = std::fs::read(&file).expect("a manifest");
    let mut statement: Value = serde_json::from_str(&forgery::statement(&bytes)).expect("JSON");
    let rows = statement["predicate"]["boards"].as_array_mut();
    let [last, first] = &mut rows.expect("rows")[..] else {
        panic!("two boards");
    };
    last["finished"] = "2026-11-25T23:59:59.999Z".into();
    first["finished"] = "2026-11-26T00:00:00.000Z".into();
    let serials = [&last["serial"], &first["serial"]].map(|one| one.as_str().expect("text"));
    let [last, first] = serials.map(str::to_owned);
    let bent = forgery::envelope(&statement.to_string(), &"0".repeat(64), "MAYCAQECAQE=");
    std::fs::write(&file, bent).expect("a file");
    let asked = |zone: &str, more: &[&str]| -> Vec<String> {
        let mut command = Command::new(&programs().station);
        command.args(["--json", "audit", "query", "--unverified"]);
        command.arg(folder.path()).args(more).env("TZ", zone);
        let rows = run(&mut command).json_lines();
        let serial = |row: &Value| row["serial"].as_str().expect("a serial").to_owned();
        rows.iter().map(serial).collect()
    };
    let (last, first) = ([last], [first]);
    let both = [last.clone(), first.clone()].concat();
    for zone in ["UTC", "Asia/Kolkata", "America/Los_Angeles"] {
        let of = |more: &[&str]| asked(zone, more);
        assert_eq!(of(&[]), both);
        assert_eq!(of(&["--from", "2026-11-25", "--to", "2026-11-25"]), last);
        assert_eq!(of(&["--from", "2026-11-26", "--to", "2026-11-26"]), first);
        assert_eq!(of(&["--from", "2026-11-25", "--to", "2026-11-26"]), both);
        assert_eq!(of(&["--from", "2026-11-26"]), first);
        assert_eq!(of(&["--to", "2026-11-25"]), last);
        assert_eq!(of(&["--to", "2026-11-24"]), Vec::<String>::new());
        assert_eq!(of(&["--from", "2026-11-27"]), Vec::<String>::new());
        // A moment is itself, given in any zone.
        assert_eq!(of(&["--from", "2026-11-26T00:00:00Z"]), first);
        assert_eq!(of(&["--from", "2026-11-26T05:30:00+05:30"]), first);
    }
}

#[test]
fn what_is_named_as_a_manifest_and_cannot_be_read_is_told() {
    let folder = received(&[BATCH]);
    let at = |name: &str| -> PathBuf { folder.path().join(name) };
    let mut pipe = Command::new("mkfifo");
    run(pipe.arg(at("pipe.dsse.json"))).ok();
    std::os::unix::fs::symlink(at("nowhere"), at("link.dsse.json")).expect("a link");
    std::fs::create_dir(at("folder.dsse.json")).expect("a folder");
    let said = query(folder.path(), &[]).code(1);
    assert_eq!(said.json_lines().len(), 2, "the manifest answers");
    let unread = said.remarks("unread");
    let expected = ["folder", "link", "pipe"].map(|name| at(&format!("{name}.dsse.json")));
    let expected: Vec<_> = expected
        .iter()
        .map(|path| path.to_str().expect("text"))
        .collect();
    assert_eq!(unread, expected, "{}", said.stderr);
    assert_eq!(said.remarks("sum")[0]["manifests_unread"], 3);
}

#[test]
fn what_would_be_taken_for_a_condition_and_is_none_is_refused() {
    let folder = received(&[BATCH]);
    let told = query(folder.path(), &["--operator", "op-7"]).code(2);
    assert!(told.stderr.contains("--worked-on-by"), "{}", told.stderr);
    let mut command = Command::new(&programs().station);
    command.env("STATION_OPERATOR", "op-7");
    command
        .args(["--json", "audit", "query"])
        .arg(folder.path());
    let said = run(command.arg("--trust").arg(asked().station.root())).ok();
    assert_eq!(said.json_lines().len(), 2, "the environment asks nothing");

    let days = ["--from", "2026-11-26", "--to", "2026-11-25"];
    let told = query(folder.path(), &days).code(2);
    assert!(told.stderr.contains("is after --to"), "{}", told.stderr);
    let code = query(folder.path(), &["--verdict", "HW-LIMIT"]).code(2);
    assert!(code.stderr.contains("--code HW-LIMIT"), "{}", code.stderr);
}
