//! What the report says, held against the ledger and the manifest by somebody else's arithmetic; and its own commands.

use std::path::Path;
use std::process::Command;

use acceptance::repository;
use acceptance::station_process::{Finished, programs, run};

use super::batch;

/// Python's statistics over the ledger's export.
fn figures(report: &Path) -> Finished {
    let batch = batch();
    let mut command = Command::new("python3");
    command.args(["-I", "-c", include_str!("figures.py")]);
    command.arg(report);
    command.arg(batch.file("ledger.ndjson"));
    command.arg(batch.file("manifest.dsse.json"));
    command.arg(repository::root().join("docs/runbook.md"));
    run(&mut command)
}

/// The text with the first whole number after `mark` one larger.
fn one_more(text: &str, mark: &str) -> String {
    let at = text.find(mark).unwrap_or_else(|| panic!("no {mark}")) + mark.len();
    let (before, rest) = text.split_at(at);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = rest[..digits].parse().expect("a number");
    format!("{before}{}{}", number + 1, &rest[digits..])
}

/// The first number of the table with that caption, in its columns of numbers.
fn one_more_in(text: &str, caption: &str) -> String {
    let at = text.find(&format!("<caption>{caption}<")).expect("a table");
    let (before, rest) = text.split_at(at);
    format!("{before}{}", one_more(rest, "<td class=\"n\">"))
}

#[test]
fn every_figure_is_what_the_ledger_says() {
    let report = batch().file("report.html");
    figures(&report).told(0, "every figure is right");

    // One of each kind changed: the arithmetic would see it.
    let text = std::fs::read_to_string(&report).expect("a report");
    let bent = batch().file("bent.html");
    let replaced = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    let bar = " fill=\"#C2412D\" stroke=\"none\"/>";
    let limit = "stroke=\"#B42318\" stroke-width=\"2\" points=\"";
    for (what, page, named) in [
        (
            "a count",
            one_more_in(&text, "Failures by code"),
            "failures by code",
        ),
        ("a bar", replaced(bar, "/>"), "bars of the Pareto chart"),
        ("a lane", one_more_in(&text, "Lanes"), "sessions by lane"),
        (
            "a quantity",
            one_more_in(&text, "Measured quantities"),
            "values of ",
        ),
        ("a badge", one_more(&text, "\">Cpk "), "a badge"),
        (
            "a limit",
            replaced(limit, &format!("{limit}9")),
            "a limit of ",
        ),
        (
            "a name",
            replaced("<td>sv-1</td>", "<td>sv-2</td>"),
            "who cleared a hold",
        ),
        (
            "a key",
            replaced("<pre>provisioning-", "<pre>provisioner-"),
            "the ledger's key",
        ),
    ] {
        std::fs::write(&bent, page).expect("a page is written");
        println!("{what}");
        figures(&bent).told(1, named);
    }
}

/// Each command of the page, as an auditor copies it, with the files that they were given; and the digests that
/// the page names beside it.
#[test]
fn the_report_s_own_commands_find_the_digests_that_it_names() {
    let batch = batch();
    let text = std::fs::read_to_string(batch.file("report.html")).expect("a report");
    let received = tempfile::tempdir().expect("a folder");
    for (from, to) in [
        ("manifest.dsse.json", "manifest.dsse.json"),
        ("home/pki/root.pem", "root.pem"),
    ] {
        std::fs::copy(batch.file(from), received.path().join(to)).expect("a file");
    }
    let (_, steps) = text
        .split_once("<section id=\"verify\"")
        .expect("a section");
    let programs = programs().station.parent().expect("a folder").to_owned();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut digests = 0;
    let mut verified = 0;
    for step in steps.split("<li>").skip(1) {
        let command = step
            .split("<pre>")
            .nth(1)
            .and_then(|rest| rest.split("</pre>").next());
        let command = command.expect("a command or a value");
        if !command.starts_with("openssl") && !command.starts_with("station") {
            continue;
        }
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(received.path());
        shell.env("PATH", format!("{}:{path}", programs.display()));
        let said = run(&mut shell).ok().stdout;
        match step
            .split("<code>")
            .nth(1)
            .and_then(|rest| rest.split("</code>").next())
        {
            Some(digest) => {
                assert_eq!(said.split(' ').next(), Some(digest), "{command}");
                digests += 1;
            }
            None => {
                assert!(said.starts_with("verified: batch "), "{command}: {said}");
                verified += 1;
            }
        }
    }
    assert_eq!((digests, verified), (2, 1), "{steps}");
}
