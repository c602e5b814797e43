//! `docs/auditor.md` as a newcomer follows it: every command of the page, in its order, in what the demo leaves.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use acceptance::station_process::{Finished, programs, run};
use acceptance::{independent_readers, repository};
use serde_json::Value;

#[path = "auditor_walkthrough/python_alone.rs"]
mod python_alone;

struct Demo {
    folder: tempfile::TempDir,
}

impl Demo {
    fn out(&self) -> PathBuf {
        self.folder.path().join("demo")
    }

    fn devices(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.out().join("results.ndjson")).expect("results");
        let parse = |line| serde_json::from_str(line).expect("JSON");
        text.lines().map(parse).collect()
    }
}

fn demo() -> &'static Demo {
    static DEMO: OnceLock<Demo> = OnceLock::new();
    DEMO.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let bin = programs().station.parent().expect("a folder of programs");
        let mut demo = Command::new(repository::root().join("script/demo"));
        demo.arg(folder.path().join("demo")).env("DEMO_BIN", bin);
        run(&mut demo).ok();
        Demo { folder }
    })
}

/// What an auditor has received, in a folder of its own.
fn received() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut copy = Command::new("cp");
    let out = demo().out();
    copy.arg("-r").args(
        [
            "manifest.dsse.json",
            "manifest.csv",
            "manifest.cdx.json",
            "report.html",
        ]
        .map(|name| out.join(name)),
    );
    copy.args(["root.pem", "chain.pem", "certs"].map(|name| out.join(name)));
    run(copy.arg(folder.path())).ok();
    folder
}

/// A shell with our program in its path, and nothing else of ours.
fn shell(folder: &Path, commands: &str) -> Finished {
    let bin = programs().station.parent().expect("a folder of programs");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("bash");
    shell
        .args(["-euo", "pipefail", "-c", commands])
        .current_dir(folder);
    shell
        .env_clear()
        .env("PATH", format!("{}:{path}", bin.display()));
    run(&mut shell)
}

/// The page's marked blocks: what they are, and what is in them.
fn blocks(page: &str) -> Vec<(String, String)> {
    let marked = page.split("<!-- auditor: ").skip(1);
    let block = |text: &str| {
        let (what, rest) = text
            .split_once(" -->\n```")
            .expect("a block after its mark");
        let (_, rest) = rest.split_once('\n').expect("a block");
        let (inside, _) = rest.split_once("```").expect("the block's end");
        (what.to_owned(), inside.to_owned())
    };
    marked.map(block).collect()
}

#[test]
fn a_newcomer_follows_the_page() {
    let page = repository::text("docs/auditor.md");
    let folder = received();
    let mut said = String::new();
    for (what, inside) in blocks(&page) {
        match what.strip_prefix("file ") {
            Some(name) => std::fs::write(folder.path().join(name), inside).expect("a file"),
            None => {
                let finished = shell(folder.path(), &inside).ok();
                said.push_str(&finished.stdout);
                said.push_str(&finished.stderr);
            }
        }
    }
    for part in [
        "verified: batch DEMO-1",
        "Verified OK",
        "signer.pem: OK",
        "1.3.6.1.4.1.32473.3.2",
        "Signature Verified Successfully",
        "1 manifest read, 1 verified, 0 refused",
        "key ID: OK",
        "DEVELOPMENT PKI",
    ] {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
    let passed = demo()
        .devices()
        .iter()
        .filter(|one| one["code"] == "PASS")
        .count();
    let certificates = said
        .lines()
        .filter(|line| line.starts_with("certs/") && line.ends_with(": OK"));
    assert_eq!(certificates.count(), passed);
    let live = std::fs::read_to_string(folder.path().join("live.ndjson")).expect("an answer");
    assert_eq!(live.lines().count(), passed);
}

#[test]
fn what_the_demo_leaves_is_valid_for_others() {
    let folder = received();
    let file = |name| folder.path().join(name);
    let manifest = file("manifest.dsse.json");
    independent_readers::statement(&manifest).ok();
    independent_readers::table(&file("manifest.csv"), &manifest).ok();
    independent_readers::inventory(&file("manifest.cdx.json")).ok();
}

#[test]
fn the_same_question_has_the_same_answer_with_and_without_our_tool() {
    let page = repository::text("docs/auditor.md");
    let folder = received();
    let (_, program) = blocks(&page)
        .into_iter()
        .find(|(what, _)| what == "file audit.py")
        .expect("audit.py");
    std::fs::write(folder.path().join("audit.py"), program).expect("a file");
    for (ours, theirs) in [
        ("--serial SA-000002", "serial SA-000002"),
        ("--firmware APP=2.5.1", "firmware APP 2.5.1"),
        ("--firmware APP=2.4.0", "firmware APP 2.4.0"),
        (
            "--certificate certs/SA-000003.pem",
            "certificate certs/SA-000003.pem",
        ),
        ("--live", "live"),
    ] {
        let ours = format!("station audit query . --trust root.pem --json {ours}");
        let uid = |one: Value| one["uid"].as_str().expect("a UID").to_owned();
        let ours: Vec<String> = shell(folder.path(), &ours)
            .ok()
            .json_lines()
            .into_iter()
            .map(uid)
            .collect();
        let theirs = shell(
            folder.path(),
            &format!("python3 audit.py manifest.dsse.json {theirs}"),
        )
        .ok();
        let theirs: Vec<&str> = theirs
            .stdout
            .lines()
            .skip(1)
            .filter_map(|line| line.split(' ').nth(1))
            .collect();
        assert!(!ours.is_empty());
        assert_eq!(ours, theirs);
    }
}

fn query(folder: &Path, more: &str) -> Finished {
    shell(folder, &format!("station audit query . {more}"))
}

#[test]
fn questions_are_answered_from_manifests_that_hold() {
    let folder = received();
    let at = folder.path();
    let all = demo().devices();
    let count = |code: &str| all.iter().filter(|one| one["code"] == code).count();
    for (question, expected) in [
        ("--code HW-LIMIT", count("HW-LIMIT")),
        ("--verdict PASS --live", count("PASS")),
        ("--worked-on-by op-1 --verdict PASS", count("PASS")),
        ("--from 2020-01-01 --verdict PASS", count("PASS")),
        ("--batch DEMO-1 --verdict PASS", count("PASS")),
    ] {
        let found = query(at, &format!("--trust root.pem --json {question}"))
            .ok()
            .json_lines();
        assert_eq!(found.len(), expected, "{question}");
        assert!(found.iter().all(|one| one["manifest"]["verified"] == true));
        assert!(
            found
                .iter()
                .all(|one| one["manifest"]["development"] == true)
        );
    }
    for nothing in [
        "--to 2020-01-01",
        "--worked-on-by nobody",
        "--batch OTHER",
        "--firmware 9.9.9",
    ] {
        let said = query(at, &format!("--trust root.pem {nothing}")).code(1);
        assert!(
            said.stdout.is_empty() && said.stderr.contains("0 devices"),
            "{nothing}: {}",
            said.stderr
        );
    }
    query(at, "--serial SA-000001").code(2);
    query(at, "--trust root.pem --verdict GOOD").code(2);
    shell(at, "station audit query certs --trust root.pem").code(2);
}

#[test]
fn a_manifest_that_does_not_verify_is_refused_or_marked() {
    let folder = received();
    let at = folder.path();
    let genuine = std::fs::read_to_string(at.join("manifest.dsse.json")).expect("a manifest");
    // Its first byte is damaged: it does not vanish from the count.
    std::fs::write(at.join("damaged.dsse.json"), genuine.replacen('{', "[", 1)).expect("a file");
    let middle = genuine.len() / 2;
    let other = if genuine.as_bytes()[middle] == b'A' {
        "B"
    } else {
        "A"
    };
    let changed = format!("{}{other}{}", &genuine[..middle], &genuine[middle + 1..]);
    std::fs::write(at.join("changed.json"), changed).expect("a file");

    let said = query(at, "--trust root.pem --serial SA-000001 --json").code(1);
    assert_eq!(said.json_lines().len(), 1, "the genuine one still answers");
    for name in ["damaged.dsse.json", "changed.json"] {
        assert!(said.stderr.contains(name), "{name}: {}", said.stderr);
    }
    assert!(
        said.stderr.contains("\"manifests_refused\":2"),
        "{}",
        said.stderr
    );

    // Another root: nothing holds, unless somebody asks for it, and then it is marked.
    let issuing = "home/pki/issuing.pem";
    std::fs::copy(demo().out().join(issuing), at.join("other.pem")).expect("a certificate");
    for name in ["damaged.dsse.json", "changed.json"] {
        std::fs::remove_file(at.join(name)).expect("it was there");
    }
    let said = query(at, "--trust other.pem --serial SA-000001").code(1);
    assert!(said.stdout.is_empty(), "{}", said.stdout);
    let said = query(at, "--trust other.pem --unverified --serial SA-000001").code(1);
    assert!(said.stdout.contains("NOT VERIFIED"), "{}", said.stdout);
    assert!(said.stderr.contains("does not verify"), "{}", said.stderr);
    let said = query(at, "--unverified --serial SA-000001 --json").code(1);
    assert_eq!(said.json_lines()[0]["manifest"]["verified"], false);
}

#[test]
fn of_two_manifests_of_a_batch_the_later_counts() {
    let folder = received();
    let at = folder.path();
    let out = demo().out();
    // Exported again, with a name that sorts before the first one.
    let again = format!(
        ". {}/env; station --operator sv-1 manifest export DEMO-1 -o {}/again.json",
        out.display(),
        at.display()
    );
    shell(at, &again).ok();
    let said = query(at, "--trust root.pem --serial SA-000001 --json").ok();
    let found = said.json_lines();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["manifest"]["file"], "./again.json");
    assert!(
        said.stderr
            .contains("\"superseded\":\"./manifest.dsse.json\""),
        "{}",
        said.stderr
    );
    // A copy of one file is no second word.
    std::fs::copy(at.join("again.json"), at.join("copy.json")).expect("a copy");
    let found = query(at, "--trust root.pem --serial SA-000001 --json")
        .ok()
        .json_lines();
    assert_eq!(
        (found.len(), &found[0]["manifest"]["file"]),
        (1, &Value::from("./again.json"))
    );
}
