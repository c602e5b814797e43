//! A bad line between station and board: bytes flipped, lost, doubled, noise, a slow adapter. The board
//! passes after retries, or the link is given up; nothing else.
#![forbid(unsafe_code)]

use acceptance::agreement;
use acceptance::prepared_station::PreparedStation;
use acceptance::simulated_line::{LinePlan, SimulatedLine};

const BATCH: &str = "WIRE-1";

/// How bad a line is, and whether every board must pass on it.
struct Line {
    faults: &'static str,
    must_pass: bool,
}

const LINES: &[Line] = &[
    Line {
        faults: "flipped-bytes-per-million = 1500",
        must_pass: true,
    },
    Line {
        faults: "lost-bytes-per-million = 1000",
        must_pass: true,
    },
    Line {
        faults: "doubled-frames-per-thousand = 500",
        must_pass: true,
    },
    Line {
        faults: "delayed-frames-per-thousand = 300, delay-ms = 150",
        must_pass: true,
    },
    Line {
        faults: "noise-before-hello-bytes = 2000, noise-bursts-per-million = 2000",
        must_pass: true,
    },
    Line {
        faults: "lost-frames-per-thousand = 60, reordered-frames-per-thousand = 100",
        must_pass: true,
    },
    Line {
        faults: "lost-frames-per-thousand = 900",
        must_pass: false,
    },
    Line {
        faults: "flipped-bytes-per-million = 60000",
        must_pass: false,
    },
];

const BOARDS_PER_LINE: usize = 2;

#[test]
fn a_bad_line_costs_retries_or_the_link_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let devices = LINES.len() * BOARDS_PER_LINE;
    station.open_batch(BATCH, devices);
    let mut catalogue = String::from("schema = 1\n");
    for (number, line) in LINES.iter().enumerate() {
        catalogue += &format!(
            "[[defect]]\nname = \"line-{number}\"\nexpected = \"PASS\"\n\
             fault = {{ kind = \"wire\", faults = {{ {} }} }}\n",
            line.faults
        );
        for board in 0..BOARDS_PER_LINE {
            // Boards go round the lanes, so each kind of line stays on a lane of its own.
            let device = board * LINES.len() + number;
            catalogue += &format!("[[assign]]\ndevice = {device}\ndefect = \"line-{number}\"\n");
        }
    }
    let file = folder.path().join("lines.toml");
    std::fs::write(&file, catalogue).expect("a catalogue is written");
    let plan = LinePlan {
        lanes: LINES.len(),
        devices,
        defects: file,
        patience_ms: Some(15_000),
        ..LinePlan::good_boards(folder.path(), &station, LINES.len(), 61)
    };
    let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
    let running = station.provision(BATCH, &line.ports());
    let (_, boards) = line.finish();
    running.interrupt();
    let _ = running.finish();

    let results = station.results(BATCH);
    for board in &boards {
        let name = board["defect"].as_str().unwrap_or_default();
        let number: usize = name
            .trim_start_matches("line-")
            .parse()
            .expect("a line's number");
        let result = results.iter().rfind(|line| line["uid"] == board["uid"]);
        let code = result.and_then(|line| line["code"].as_str());
        if LINES[number].must_pass {
            assert_eq!(code, Some("PASS"), "{board:#}\n{results:#?}");
        } else {
            let fair = [
                None,
                Some("PASS"),
                Some("LINK-LOST"),
                Some("LINK-NOISE"),
                Some("IN-DOUBT"),
            ];
            assert!(fair.contains(&code), "{board:#}\n{result:?}");
        }
    }
    agreement::check(&station, BATCH, &boards);
}

/// A board at a real line's speed behind a slow adapter passes, and needs few round trips.
#[test]
fn a_slow_adapter_is_paid_a_few_times_a_board() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    station.open_batch(BATCH, 1);
    let plan = LinePlan {
        baud: Some(115_200),
        latency_ms: Some(16),
        ..LinePlan::good_boards(folder.path(), &station, 1, 62)
    };
    let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
    let running = station.provision(BATCH, &line.ports());
    let (_, boards) = line.finish();
    running.interrupt();
    let _ = running.finish();
    let result = &station.results(BATCH)[0];
    assert_eq!(result["code"], "PASS", "{result:#}");
    let bytes = |key: &str| boards[0][key].as_u64().expect("bytes are counted");
    let total = bytes("bytes_from_station") + bytes("bytes_to_station");
    assert!(
        total <= 7_000,
        "{total} bytes for one board: {:#}",
        boards[0]
    );
}
