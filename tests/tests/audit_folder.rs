//! What an auditor is told of a folder as he received it: of manifests that do not verify, of what was not looked at,
//! and of questions that nothing answers.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance::station_process::{Finished, programs, run};
use acceptance::{forgery, repository};
use serde_json::Value;

const GOOD: &str = "good.dsse.json";
const FORGED: &str = "altered.dsse.json";

fn fixture(name: &str) -> PathBuf {
    repository::root().join("fixtures/manifests").join(name)
}

fn genuine() -> String {
    std::fs::read_to_string(fixture("every-kind.dsse.json")).expect("a manifest")
}

/// The same with another word in its statement; its signature is of the old one.
fn altered(from: &str, to: &str) -> String {
    let genuine = genuine();
    let statement = forgery::statement(genuine.as_bytes());
    assert!(statement.contains(from), "{from}");
    let envelope: Value = serde_json::from_str(&genuine).expect("JSON");
    let signature = &envelope["signatures"][0];
    let text = |name: &str| signature[name].as_str().expect("text");
    let statement = statement.replacen(from, to, 1);
    forgery::envelope(&statement, text("keyid"), text("sig"))
}

/// As above, where a serial is another one: it stands in several places.
fn forged() -> String {
    altered("\"serial\":\"SA-000001\"", "\"serial\":\"SA-000077\"")
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

fn query(folder: &Path, more: &[&str]) -> Finished {
    let mut command = Command::new(&programs().station);
    command.args(["audit", "query"]).arg(folder);
    command.arg("--trust").arg(fixture("root.pem"));
    run(command.args(more))
}

fn sum(finished: &Finished, name: &str) -> u64 {
    finished.remarks("sum")[0][name].as_u64().expect("a count")
}

#[test]
fn the_word_of_a_manifest_that_does_not_verify_is_taken_with_the_reason() {
    let alone = folder(&[(FORGED, &forged())]);
    let said = query(alone.path(), &["--unverified"]).code(1);
    assert!(said.stdout.contains("(NOT VERIFIED)"), "{}", said.stdout);
    let why = "does not verify: ";
    let taken = "; taken all the same, because of --unverified";
    let line = said.stderr.lines().find(|line| line.contains(why));
    let line = line.expect("it is told");
    assert!(line.contains(FORGED) && line.ends_with(taken), "{line}");
    assert!(said.stderr.contains("; 1 NOT VERIFIED"), "{}", said.stderr);

    let said = query(alone.path(), &["--unverified", "--json"]).code(1);
    assert_eq!(said.json_lines().len(), 7);
    assert_eq!(said.remarks("not_verified").len(), 1);
    assert_eq!(said.remarks("taken"), [true]);
    assert_eq!(sum(&said, "manifests_not_verified"), 1);
    assert_eq!(sum(&said, "manifests_refused"), 0);

    // Nothing holds where no root is given.
    let mut command = Command::new(&programs().station);
    command.args(["audit", "query", "--unverified"]);
    let said = run(command.arg(alone.path())).code(1);
    assert!(said.stderr.contains("no root was given"), "{}", said.stderr);
}

#[test]
fn a_manifest_that_does_not_verify_is_no_old_one_beside_a_good_one() {
    let both = folder(&[(GOOD, &genuine()), (FORGED, &forged())]);
    for more in [&["--json"][..], &["--json", "--unverified"]] {
        let said = query(both.path(), more).code(1);
        assert_eq!(said.json_lines().len(), 7, "{more:?}");
        let verified = |row: &Value| row["manifest"]["verified"] == true;
        assert!(said.json_lines().iter().all(verified), "{more:?}");
        assert_eq!(sum(&said, "manifests_superseded"), 0, "{more:?}");
        assert_eq!(sum(&said, "manifests_verified"), 1, "{more:?}");
        let told = sum(&said, "manifests_refused") + sum(&said, "manifests_not_verified");
        assert_eq!(told, 1, "{more:?}");
    }
    let said = query(both.path(), &["--unverified"]).code(1);
    let line = said.stderr.lines().next().expect("a line");
    for part in [FORGED, "does not verify and is left out", GOOD, ": "] {
        assert!(line.contains(part), "{part}: {line}");
    }
    // Of two that do not verify the one is taken, and both are told.
    let two = folder(&[("a.dsse.json", &forged()), ("b.dsse.json", &forged())]);
    let said = query(two.path(), &["--unverified", "--json"]).code(1);
    assert_eq!(sum(&said, "manifests_superseded"), 0);
    assert_eq!(sum(&said, "manifests_not_verified"), 2);
    assert_eq!(said.remarks("taken").len(), 2);
}

#[test]
fn rows_in_another_order_are_no_difference() {
    let from = "\"serial\":\"SA-000001\"";
    let to = "\"serial\":\"SA-000077\"";
    let statement = forgery::statement(genuine().as_bytes());
    let all = forgery::envelope(
        &statement.replace(from, to),
        &"0".repeat(64),
        "MAYCAQECAQE=",
    );
    let unsigned = forgery::envelope(&statement, &"0".repeat(64), "MAYCAQECAQE=");
    let two = folder(&[("a.dsse.json", &all), ("b.dsse.json", &unsigned)]);
    let said = query(two.path(), &["--unverified", "--json"]).code(1);
    let found = said.remarks("contradiction").remove(0);
    let differences = found["differences"].as_array().expect("a list");
    let mut devices: Vec<_> = differences
        .iter()
        .filter_map(|one| one["device"].as_str())
        .collect();
    devices.sort_unstable();
    assert_eq!(devices, ["SA-000001", "SA-000077"], "{found}");
}

#[test]
fn what_is_in_folders_of_the_folder_is_not_asked_and_told() {
    let outer = folder(&[(GOOD, &genuine())]);
    std::fs::create_dir(outer.path().join("sub")).expect("a folder");
    std::fs::write(outer.path().join("sub/more.dsse.json"), genuine()).expect("a file");
    query(outer.path(), &[]).told(0, "1 folder not looked into: sub\n");
    let said = query(outer.path(), &["--json"]).ok();
    assert_eq!(
        said.remarks("folders_not_looked_into"),
        [serde_json::json!(["sub"])]
    );
    assert_eq!(sum(&said, "folders_not_looked_into"), 1);
    std::fs::remove_file(outer.path().join(GOOD)).expect("it was there");
    query(outer.path(), &[]).told(2, "1 folder not looked into: sub");
}

/// A name that takes back the line about it stays a name.
#[test]
fn names_of_files_and_folders_are_not_obeyed() {
    let name = "\u{1b}[1A\u{1b}[2Kverified\nall is well.dsse.json";
    let folder = folder(&[(GOOD, &genuine()), (name, &forged())]);
    std::fs::create_dir(folder.path().join("\u{1b}[8mhidden")).expect("a folder");
    let asked = query(folder.path(), &["--serial", "SA-000001"]);
    let said = asked.stdout + &asked.stderr;
    assert!(!said.contains('\u{1b}'), "{said:?}");
    let whole = "\\u{1b}[1A\\u{1b}[2Kverified\\u{a}all is well.dsse.json";
    for shown in [whole, "\\u{1b}[8mhidden"] {
        assert!(said.contains(shown), "{shown}: {said}");
    }
}

#[test]
fn a_question_that_nothing_can_answer_is_told_what_there_is() {
    let here = folder(&[(GOOD, &genuine())]);
    let digest = "ab".repeat(32);
    let nobody = "01".repeat(12);
    for (asked, hint) in [
        (
            ["--serial", "SA-999999"],
            "no manifest that held has a device with serial SA-999999; station audit query without --serial lists",
        ),
        (
            ["--uid", &nobody],
            &format!(
                "no manifest that held has a device with UID {nobody}; station audit query without --uid lists"
            ),
        ),
        (
            ["--firmware", "AP=2.5.1"],
            "no manifest here has a component AP; there is APP",
        ),
        (
            ["--batch", "DEMO-9"],
            "no manifest here is of batch DEMO-9; there is B-2026-47",
        ),
        (
            ["--firmware", &digest[1..]],
            "a SHA-256 has 64 digits; this one has 63",
        ),
        (
            ["--certificate", &digest],
            &format!(
                "no manifest that held names this certificate (SHA-256 {digest}); that does not say that it is \
                 not genuine"
            ),
        ),
        (
            ["--certificate", "77"],
            "no manifest that held names this certificate (serial number 0000",
        ),
    ] {
        let said = query(here.path(), &asked).code(1);
        assert_eq!(
            said.stderr.matches(hint).count(),
            1,
            "{hint}: {}",
            said.stderr
        );
        assert_eq!(said.stderr.lines().count(), 2, "{}", said.stderr);
        let said = query(here.path(), &[&asked[..], &["--json"]].concat()).code(1);
        assert_eq!(said.remarks("hint").len(), 1, "{}", said.stderr);
    }
    let one = query(here.path(), &["--json", "--serial", "SA-000001"]).ok();
    let uid = one.json_lines().remove(0)["uid"]
        .as_str()
        .expect("a UID")
        .to_owned();
    // What is there gets no hint, though nothing fits the whole question.
    for asked in [
        ["--firmware", "APP=9.9.9"],
        ["--batch", "B-2026-47"],
        ["--certificate", "65656565656565656565656565656565"],
        ["--serial", "SA-000001"],
        ["--uid", &uid],
    ] {
        let said = query(
            here.path(),
            &[&asked[..], &["--json", "--worked-on-by", "nobody"]].concat(),
        );
        assert_eq!(said.remarks("hint"), Vec::<Value>::new(), "{asked:?}");
    }
    let told = query(here.path(), &["--certificate", "xyz"]).code(2);
    assert!(
        told.stderr.contains("or its serial number or SHA-256"),
        "{}",
        told.stderr
    );
}

fn verify(file: &str, root: &Path) -> Finished {
    let mut command = Command::new(&programs().station);
    command.args(["manifest", "verify", file, "--trust"]);
    run(command.arg(root))
}

#[test]
fn whoever_names_the_wrong_file_is_told_which_one_it_is() {
    let root = fixture("root.pem");
    let here = folder(&[]);
    let at = |name: &str| here.path().join(name);
    let mut convert = Command::new("openssl");
    convert.args(["x509", "-outform", "DER", "-in"]).arg(&root);
    run(convert.arg("-out").arg(at("root.der"))).ok();
    let manifest = fixture("every-kind.dsse.json");
    let manifest = manifest.to_str().expect("text");
    let said = verify(manifest, &at("root.der"));
    let command = format!(
        "openssl x509 -inform DER -in {} -out {}",
        at("root.der").display(),
        at("root.pem").display()
    );
    said.told(2, &command);
    verify(manifest, &fixture("every-kind.csv")).told(2, "no BEGIN CERTIFICATE in it");
    let der = at("root.der");
    let der = der.to_str().expect("text");
    query(here.path(), &["--certificate", der]).told(2, "openssl x509 -inform DER");

    std::fs::write(at("a.json.gz"), b"\x1f\x8b\x08\x00").expect("a file");
    for (file, is) in [
        (
            fixture("every-kind.cdx.json"),
            "the CycloneDX document, which is not signed",
        ),
        (
            fixture("every-kind.csv"),
            "the CSV table, which is not signed",
        ),
        (
            fixture("every-kind.html"),
            "the HTML report, which is not signed",
        ),
        (at("a.json.gz"), "compressed: gunzip"),
        (root.clone(), "a PEM file"),
    ] {
        let said = verify(file.to_str().expect("text"), &root).code(1);
        assert!(said.stderr.contains(is), "{is}: {}", said.stderr);
    }
    query(&at("nowhere"), &[]).told(2, "name a folder that is there");
}

#[test]
fn a_manifest_may_come_from_standard_input() {
    for feed in ["< \"$2\"", "< <(cat \"$2\")"] {
        let mut shell = Command::new("bash");
        let line = format!("exec \"$0\" manifest verify - --trust \"$1\" {feed}");
        shell.arg("-c").arg(line).arg(&programs().station);
        shell.args([fixture("root.pem"), fixture("every-kind.dsse.json")]);
        run(&mut shell).told(0, "verified: batch B-2026-47");
    }
}

#[test]
fn an_empty_variable_names_no_home() {
    let mut command = Command::new(&programs().station);
    command.env("STATION_HOME", "").args(["explain", "PASS"]);
    run(&mut command).ok();
    let mut command = Command::new(&programs().station);
    command.env("STATION_HOME", "").args(["batch", "list"]);
    run(&mut command).told(2, "give --home DIR or set STATION_HOME");
}
