//! What is written to terminals with 16 colours, with none, and where nobody wants any.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use acceptance::operator_screen::{leave, running, sign_in};
use acceptance::prepared_station::{OPERATOR, PreparedStation};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::terminal_screen::{Kind, TerminalScreen};

/// One board is bad; that of another lane each time, or the lane would be held.
const ONE_BAD: &str = r#"
schema = 1

[[defect]]
name = "old-firmware"
expected = "FW-VERSION"
fault = { kind = "firmware-version", component = "APP", version = "2.4.0" }

[[assign]]
device = LANE
defect = "old-firmware"
"#;

fn one_good_one_bad(folder: &Path, station: &PreparedStation, seed: u64) -> LinePlan {
    let defects = folder.join("one-bad.toml");
    let lane = (seed % 8).to_string();
    std::fs::write(&defects, ONE_BAD.replace("LANE", &lane)).unwrap();
    LinePlan {
        // So many that verdicts are words, not block letters.
        lanes: 8,
        devices: 8,
        defects,
        ..LinePlan::good_boards(folder, station, 1, seed)
    }
}

/// The numbers of every sequence that says how text looks (SGR).
fn looks(written: &str) -> Vec<u16> {
    let mut numbers = Vec::new();
    for sequence in written.split("\x1b[").skip(1) {
        let end = sequence.find(|c: char| !c.is_ascii_digit() && c != ';' && c != '?');
        let (parameters, rest) = sequence.split_at(end.expect("a sequence has an end"));
        if rest.starts_with('m') {
            numbers.extend(parameters.split(';').map(|text| text.parse().unwrap_or(0)));
        }
    }
    numbers
}

fn shown_on(
    kind: Kind,
    (folder, station): (&Path, &PreparedStation),
    seed: u64,
) -> (String, Vec<u16>) {
    let plan = one_good_one_bad(folder, station, seed);
    let line = SimulatedLine::start(&folder.join(format!("line{seed}")), &plan);
    let ports: Vec<PathBuf> = line.ports();
    let mut screen = TerminalScreen::start_at(kind, &running(station, &ports), (80, 24));
    sign_in(&screen, OPERATOR);
    let seen = screen.see_that("a good board and a bad one", |text| {
        text.contains("✔ PASS") && text.contains("✘ FAIL")
    });
    drop(line.finish());
    leave(&mut screen);
    let looks = looks(&screen.written());
    assert!(looks.contains(&1), "{kind:?} without bold text: {looks:?}");
    (seen, looks)
}

const fn is_colour(number: u16) -> bool {
    matches!(number, 30..=49 | 90..=107)
}

#[test]
fn colours_are_the_sixteen_or_none_and_verdicts_are_read_without() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", 100);
    let at = (folder.path(), &station);
    let kind = |term, no_color| Kind { term, no_color };

    for (seed, term) in [(61, "xterm"), (62, "xterm-256color")] {
        let (_, numbers) = shown_on(kind(term, None), at, seed);
        let sixteen = |number: &u16| matches!(number, 0..=7 | 30..=37 | 40..=47 | 90..=97);
        let others: Vec<_> = numbers.iter().filter(|number| !sixteen(number)).collect();
        assert!(others.is_empty(), "{term}: {others:?}");
        for (what, number) in [("a green ground", 42), ("a red one", 41)] {
            assert!(numbers.contains(&number), "{term} without {what}");
        }
    }
    for (seed, without) in [
        (63, kind("xterm-256color", Some("1"))),
        (64, kind("vt100", None)),
        (65, kind("dumb", None)),
        (66, kind("xterm-mono", None)),
    ] {
        let (seen, numbers) = shown_on(without, at, seed);
        let coloured: Vec<_> = numbers.iter().filter(|n| is_colour(**n)).collect();
        assert!(coloured.is_empty(), "{without:?}: {coloured:?}");
        // What is bad stands out even so: it is reversed.
        assert!(numbers.contains(&7), "{without:?}: {numbers:?}");
        assert!(seen.contains("FW-VERSION"), "{seen}");
    }
}
