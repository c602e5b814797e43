//! The tree stays readable: how long things may be, which calls nobody makes, what is left lying
//! about, and which documents belong to which code.
#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use acceptance::repository::{Faults, all_rust_files, files, shipping_files, text};
use acceptance::rust_source::{Code, lines_with};
use station::verdict::{Outcome, Retry, Severity, VerdictCode};

/// Calls that no shipping code makes, each with what to do instead. An exception is one that the code
/// itself states, with a reason, in an attribute `#[expect(clippy::…)]` that names this lint.
const BANNED: &[(&str, &str, &str)] = &[
    (
        ".unwrap()",
        "return an error that says what to do",
        "unwrap_used",
    ),
    (
        ".expect(",
        "return an error that says what to do",
        "expect_used",
    ),
    ("panic!", "return an error that says what to do", "panic"),
    (
        "unreachable!",
        "make the case impossible by type, or return an error",
        "unreachable",
    ),
    ("println!", "write through cli/output.rs", "print_stdout"),
    ("print!", "write through cli/output.rs", "print_stdout"),
    ("eprintln!", "write through cli/output.rs", "print_stderr"),
    ("eprint!", "write through cli/output.rs", "print_stderr"),
    (
        "thread::sleep",
        "wait for an event with a deadline",
        "disallowed_methods",
    ),
    (
        "process::exit",
        "return an exit status from main",
        "disallowed_methods",
    ),
    ("set_var", "put it into the child's environment", ""),
    ("dbg!", "remove it", ""),
    ("todo!", "do it", ""),
    ("unimplemented!", "do it", ""),
    (
        "SystemTime::now",
        "take the time from the Clock",
        "disallowed_methods",
    ),
    (
        "Instant::now",
        "take the time from the Clock",
        "disallowed_methods",
    ),
];

/// How far above a call its exception may stand: attributes, signature, a few lines.
const EXCEPTION_LINES: usize = 20;

/// Markers of unfinished work; put together so that this file does not contain them.
fn leftovers() -> Vec<String> {
    [
        ("TO", "DO"),
        ("FIX", "ME"),
        ("XX", "X"),
        ("(being ", "built)"),
        ("#[ig", "nore"),
    ]
    .map(|(a, b)| format!("{a}{b}"))
    .to_vec()
}

/// Tests at the end of a file don't count: they are read one at a time.
const LINES_PER_FILE_MAX: usize = 400;
const COLUMNS_MAX: usize = 100;

/// Words in file names that say nothing about the content.
const EMPTY_NAMES: &[&str] = &[
    "utils", "util", "helpers", "helper", "common", "misc", "shared",
];

#[test]
fn files_and_lines_have_an_end() {
    let mut faults = Faults::default();
    for path in all_rust_files() {
        let source = text(&path);
        let code = Code::read(&source);
        let count = code.text().trim_end().lines().count();
        if count > LINES_PER_FILE_MAX {
            faults.add(
                &path,
                count,
                &format!("more than {LINES_PER_FILE_MAX} lines: split it"),
            );
        }
        let lines = source.lines().zip(code.text_with_tests().lines());
        for (number, (written, code)) in lines.enumerate() {
            if columns(written, code) > COLUMNS_MAX {
                faults.add(
                    &path,
                    number + 1,
                    &format!("more than {COLUMNS_MAX} columns"),
                );
            }
        }
    }
    faults.none();
}

#[test]
fn names_of_files_say_what_is_inside() {
    let mut faults = Faults::default();
    for path in all_rust_files() {
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let folder = path
            .parent()
            .and_then(Path::file_name)
            .unwrap_or_default()
            .to_string_lossy();
        if EMPTY_NAMES
            .iter()
            .any(|name| *name == stem || *name == folder)
        {
            faults.add(
                &path,
                1,
                "this name says nothing: name it after its content",
            );
        }
    }
    faults.none();
}

#[test]
fn shipping_code_makes_no_banned_call() {
    let mut faults = Faults::default();
    for path in shipping_files() {
        let source = text(&path);
        let code = Code::read(&source);
        for (call, instead, lint) in BANNED {
            // A method of the file's own that happens to have that name.
            let own = call.starts_with('.') && source.contains(&format!("fn {}", &call[1..]));
            for (line, _) in code.lines_with(call) {
                if !own && !is_excepted(&source, line, lint) {
                    faults.add(&path, line, &format!("{call}: {instead}"));
                }
            }
        }
    }
    faults.none();
}

fn is_excepted(source: &str, line: usize, lint: &str) -> bool {
    let first = line.saturating_sub(EXCEPTION_LINES);
    let lint = format!("clippy::{lint}");
    let mut above = source.lines().skip(first).take(line - first);
    lint != "clippy::" && above.any(|line| line.contains(&lint))
}

#[test]
fn tests_wait_for_events() {
    let mut faults = Faults::default();
    for path in all_rust_files() {
        let code = Code::read(&text(&path));
        for (line, _) in lines_with(code.text_with_tests(), "thread::sleep") {
            faults.add(&path, line, "wait for an event with a deadline");
        }
    }
    faults.none();
}

#[test]
fn nothing_unfinished_is_left_lying() {
    let mut faults = Faults::default();
    let scripts = files("script", "").into_iter().chain(files("docs", ".md"));
    let rust = all_rust_files().into_iter();
    for path in rust.chain(scripts).chain(files("fixtures", ".toml")) {
        for (number, line) in text(&path).lines().enumerate() {
            for marker in leftovers() {
                if lines_with(line, &marker).next().is_some() {
                    faults.add(&path, number + 1, &format!("leftover {marker}"));
                }
            }
        }
    }
    faults.none();
}

#[test]
fn every_crate_root_forbids_unsafe_code() {
    let mut faults = Faults::default();
    let roots = all_rust_files().into_iter().filter(|path| {
        let name = path.to_string_lossy();
        let programs = name.contains("/src/main") || name.contains("/src/bin/");
        programs || name.ends_with("/src/lib.rs")
    });
    for path in roots.filter(|path| !path.starts_with("firmware-proto/fuzz")) {
        // The proof by linking is no_main and exports a symbol by name, which is unsafe by definition.
        let exempt = path.starts_with("firmware-proto/link-proof");
        if !exempt && !text(&path).contains("#![forbid(unsafe_code)]") {
            faults.add(&path, 1, "say #![forbid(unsafe_code)]");
        }
    }
    faults.none();
}

#[test]
fn every_file_says_what_it_is_for() {
    let mut faults = Faults::default();
    for path in all_rust_files() {
        // A `tests.rs` is said by the file it tests.
        if !path.ends_with("tests.rs") && !text(&path).starts_with("//!") {
            faults.add(
                &path,
                1,
                "begin with a module doc: what it is for, what it never does",
            );
        }
    }
    faults.none();
}

#[test]
fn the_runbook_and_the_verdict_codes_match() {
    let sections = runbook_sections();
    for code in VerdictCode::ALL {
        let entry = code.entry();
        let body = sections
            .get(entry.text)
            .unwrap_or_else(|| panic!("docs/runbook.md has no section {:?}", entry.text));
        assert!(
            body.contains(entry.action),
            "docs/runbook.md, {}: the operator's action is not {:?}",
            entry.text,
            entry.action
        );
        let head = match (entry.outcome, entry.severity) {
            (Outcome::Pass, _) => "PASS.",
            (Outcome::Fail, Severity::Routine) => "FAIL.",
            (Outcome::Fail, Severity::Alarm) => "FAIL, alarm.",
            (Outcome::Error, Severity::Routine) => "ERROR.",
            (Outcome::Error, Severity::Alarm) => "ERROR, alarm.",
        };
        assert!(
            body.starts_with(&format!("{head}\n")),
            "docs/runbook.md, {}: its first line is not {head:?}",
            entry.text
        );
        let retest = match entry.retry {
            Retry::Never => "does not help.",
            Retry::Once => "once, after the action.",
            Retry::Later => "yes, as soon as the station is well again.",
        };
        assert!(
            body.contains(&format!("- **Retest**: {retest}")),
            "docs/runbook.md, {}: the retest is not {retest:?}",
            entry.text
        );
        let operator = format!("- **Operator**: {}", entry.action);
        assert!(
            body.contains(&operator),
            "docs/runbook.md, {}: lacks {operator:?}",
            entry.text
        );
        for part in [
            "**Meaning**",
            "**Causes**",
            "**Operator**",
            "**QA**",
            "**Retest**",
        ] {
            assert!(
                body.contains(part),
                "docs/runbook.md, {}: lacks {part}",
                entry.text
            );
        }
    }
    for name in sections.keys() {
        assert!(
            VerdictCode::parse(name).is_some(),
            "docs/runbook.md has a section {name:?}, which is no verdict code"
        );
    }
}

/// A build must not depend on one mirror of the package registry, so none is named.
#[test]
fn no_package_registry_is_named() {
    let mut faults = Faults::default();
    let kinds = [".rs", ".toml", ".md", ".lock"];
    let mut paths: BTreeSet<PathBuf> = kinds.iter().flat_map(|kind| files("", kind)).collect();
    paths.extend(files("script", ""));
    for path in paths {
        for (number, line) in text(&path).lines().enumerate() {
            // Cargo.lock names the default registry by its index, which every mirror stands in for.
            let default = "registry+https://github.com/rust-lang/crates.io-index";
            let line = line.replace(default, "");
            for host in [
                concat!("crates", ".io"),
                concat!("index.crates", ".io"),
                concat!("arti", "factory"),
            ] {
                if line.contains(host) {
                    faults.add(&path, number + 1, &format!("names {host}"));
                }
            }
            if line.contains(concat!("registry", " = "))
                || line.contains(concat!("replace", "-with"))
            {
                faults.add(&path, number + 1, "names a registry");
            }
        }
    }
    faults.none();
}

/// The text of each `### CODE` section of the runbook.
fn runbook_sections() -> BTreeMap<String, String> {
    let runbook = text("docs/runbook.md");
    let mut sections = BTreeMap::new();
    for part in runbook.split("\n### ").skip(1) {
        let (name, body) = part.split_once('\n').unwrap_or((part, ""));
        let body = body.split("\n## ").next().unwrap_or_default();
        let doubled = sections
            .insert(name.trim().to_owned(), body.to_owned())
            .is_some();
        assert!(!doubled, "docs/runbook.md has two sections {name:?}");
    }
    sections
}

/// Columns of a line as written and with its literals blanked: a sentence in a table is not to be
/// broken, so a literal counts as one column.
fn columns(written: &str, code: &str) -> usize {
    let indentation = written.len() - written.trim_start().len();
    let words: Vec<&str> = code.split_whitespace().collect();
    indentation + words.join(" ").chars().count()
}
