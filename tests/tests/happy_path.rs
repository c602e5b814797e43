//! The demo's batch, as README promises it: every verdict as expected, every file where it belongs, and
//! openssl agrees with all of it.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance::repository;
use acceptance::station_process::{Finished, programs, run};
use serde_json::Value;

/// What `script/demo` leaves in OUT.
const FILES: &[&str] = &[
    "home/station.toml",
    "home/ledger.sqlite",
    "home/pki/root.pem",
    "home/pki/issuing.pem",
    "chain.pem",
    "root.pem",
    "manifest.dsse.json",
    "manifest.csv",
    "manifest.cdx.json",
    "report.html",
    "results.ndjson",
    "simulator.ndjson",
    "env",
];

fn demo(out: &Path, changes: &[(&str, &str)]) -> Finished {
    let folder = programs().station.parent().expect("a folder of programs");
    let mut command = Command::new(repository::root().join("script/demo"));
    command.arg(out).env("DEMO_BIN", folder);
    command.envs(changes.iter().copied());
    run(&mut command)
}

fn ndjson(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    text.lines()
        .map(|line| serde_json::from_str(line).expect("NDJSON"))
        .collect()
}

fn certificates(out: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(out.join("certs")).expect("a folder of certificates");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

#[test]
fn the_demo_does_what_readme_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("demo");
    let finished = demo(&out, &[]).ok();

    for file in FILES {
        assert!(
            out.join(file).is_file(),
            "the demo left no {file}\n{}",
            finished.stdout
        );
    }
    let results = ndjson(&out.join("results.ndjson"));
    let uids: BTreeSet<&str> = results
        .iter()
        .filter_map(|line| line["uid"].as_str())
        .collect();
    assert_eq!(uids.len(), 24, "{results:#?}");
    for key in ["uid", "serial", "lane", "verdict", "code", "milliseconds"] {
        assert!(
            results.iter().all(|line| line.get(key).is_some()),
            "a result has no {key}"
        );
    }
    for code in [
        "FW-VERSION",
        "ATT-DEBUG",
        "ATT-KEY-UNKNOWN",
        "KEY-FOREIGN",
        "PASS",
    ] {
        assert!(
            results.iter().any(|line| line["code"] == code),
            "no board got {code}"
        );
        assert!(
            finished.stdout.contains(code),
            "{code} is not in the table\n{}",
            finished.stdout
        );
    }

    let passed: BTreeSet<String> = results
        .iter()
        .filter(|line| line["verdict"] == "PASS")
        .map(|line| {
            line["serial"]
                .as_str()
                .expect("a passed board has a serial")
                .to_owned()
        })
        .collect();
    let written: BTreeSet<String> = certificates(&out)
        .iter()
        .map(|file| {
            file.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert_eq!(
        passed, written,
        "one certificate for each passed board, and no other"
    );
    let csv = std::fs::read_to_string(out.join("manifest.csv")).expect("a CSV");
    for serial in &passed {
        assert!(
            csv.contains(serial.as_str()),
            "{serial} is not in manifest.csv"
        );
    }

    openssl_agrees(&out, passed.len());
    readme_commands_work(&out, &finished.stdout);
    a_changed_expectation_is_noticed(&out);
}

/// Strict verification of every chain, and what the certificates say.
fn openssl_agrees(out: &Path, expected: usize) {
    let mut good = 0;
    for certificate in certificates(out) {
        let mut verify = Command::new("openssl");
        verify
            .args(["verify", "-x509_strict", "-CAfile"])
            .arg(out.join("root.pem"));
        verify
            .arg("-untrusted")
            .arg(out.join("chain.pem"))
            .arg(&certificate);
        let verified = run(&mut verify).ok();
        assert!(
            verified.stdout.trim_end().ends_with(": OK"),
            "{}",
            verified.stdout
        );
        let mut show = Command::new("openssl");
        show.args(["x509", "-noout", "-text", "-in"])
            .arg(&certificate);
        let text = run(&mut show).ok().stdout;
        let serial = certificate
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        for part in [
            format!("serialNumber = {serial}").as_str(),
            "Not After : Dec 31 23:59:59 9999 GMT",
            "X509v3 Key Usage: critical",
            "X509v3 Authority Key Identifier",
            "X509v3 Subject Alternative Name",
            "ecdsa-with-SHA256",
            "prime256v1",
        ] {
            assert!(text.contains(part), "{serial} lacks {part}\n{text}");
        }
        good += 1;
    }
    assert_eq!(good, expected);
}

/// The block of README that checks the demo's files, as people paste it.
fn readme_commands_work(out: &Path, demo_output: &str) {
    let readme = repository::text("README.md");
    let block = readme
        .split("<!-- openssl check -->\n```sh\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("README.md has a block of openssl commands");
    for line in block.lines().filter(|line| !line.starts_with("cd ")) {
        assert!(
            demo_output.contains(line),
            "the demo does not print {line:?}\n{demo_output}"
        );
    }
    let commands = block.replace("target/demo", &out.to_string_lossy());
    let mut shell = Command::new("bash");
    shell
        .args(["-euo", "pipefail", "-c", &commands])
        .current_dir(out);
    let checked = run(&mut shell).ok();
    let verified = checked
        .stdout
        .lines()
        .filter(|line| line.starts_with("certs/") && line.ends_with(": OK"))
        .count();
    assert_eq!(verified, certificates(out).len(), "{}", checked.stdout);
    assert!(checked.stdout.contains("Verified OK"), "{}", checked.stdout);
}

/// Somebody writes another verdict into the catalogue: the comparison fails, and says where.
fn a_changed_expectation_is_noticed(out: &Path) {
    let catalogue = repository::text("fixtures/defects/demo.toml");
    let changed = catalogue.replacen("\"ATT-DEBUG\"", "\"PASS\"", 1);
    assert_ne!(catalogue, changed);
    let file = out.join("changed.toml");
    std::fs::write(&file, changed).expect("a catalogue is written");
    let mut compare = Command::new(&programs().simulator);
    compare
        .arg("compare")
        .arg("--results")
        .arg(out.join("results.ndjson"));
    compare.arg("--simulated").arg(out.join("simulator.ndjson"));
    compare.arg("--defects").arg(&file);
    let compared = run(&mut compare).code(1);
    assert!(compared.stdout.contains("ATT-DEBUG"), "{}", compared.stdout);
}

/// The demo's exit status is the comparison's, and it takes no folder that is not its own.
#[test]
fn the_demo_fails_where_a_verdict_is_not_the_expected_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let catalogue = folder.path().join("wrong.toml");
    let wrong = "schema = 1\n[[defect]]\nname = \"old\"\nexpected = \"PASS\"\n\
                 fault = { kind = \"firmware-version\", component = \"APP\", version = \"2.4.0\" }\n\
                 [[assign]]\ndevice = 0\ndefect = \"old\"\n";
    std::fs::write(&catalogue, wrong).expect("a catalogue is written");
    let catalogue = catalogue.to_string_lossy();
    let small = [
        ("DEMO_DEFECTS", &*catalogue),
        ("DEMO_LANES", "2"),
        ("DEMO_DEVICES", "3"),
    ];
    let out = folder.path().join("demo");
    let finished = demo(&out, &small).code(1);
    assert!(
        finished.stdout.contains("FW-VERSION"),
        "{}",
        finished.stdout
    );
    // Its own folder is taken again.
    demo(&out, &small).code(1);

    let foreign = folder.path().join("foreign");
    std::fs::create_dir(&foreign).expect("a folder");
    std::fs::write(foreign.join("precious"), "do not touch").expect("a file");
    let refused = demo(&foreign, &small).code(1);
    assert!(
        refused.stderr.contains("is no demo of ours"),
        "{}",
        refused.stderr
    );
    assert!(foreign.join("precious").is_file());
}
