//! The documents that are made of a manifest for people and for other tools: the report and CycloneDX.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::batch::TestBatch;
use crate::clock::{Timestamp, UtcMillis};
use crate::encoding::{Hex, sha256};
use crate::ledger::event::{Actor, Assurance, Event, Fact, MeasurementRecord, TrippedRule};
use crate::manifest::cyclonedx;
use crate::manifest::report::chart::{LANE_COLOURS, MAPPED};
use crate::manifest::report::{ManifestFile, Report, Tally, write};
use crate::manifest::statement::Statement;
use crate::names::{LaneName, OperatorId};
use crate::verdict::VerdictCode;

/// Long before the report was made.
const MANIFEST_SIGNED: Timestamp = Timestamp(UtcMillis(1_700_000_000_000));

/// What somebody may write into a field to be read as something else.
const HOSTILE: &str = "</td><script>alert(1)</script><img src=x onerror=alert(2)>&\u{202e}\"'";

fn measured(
    name: &str,
    value: &str,
    unit: &str,
    limits: Option<(&str, &str)>,
) -> MeasurementRecord {
    let within = |(low, high): (&str, &str)| {
        let number = |text: &str| text.parse::<f64>().unwrap();
        (number(low)..=number(high)).contains(&number(value))
    };
    MeasurementRecord {
        name: name.to_owned(),
        value: value.to_owned(),
        unit: unit.to_owned(),
        low: limits.map(|(low, _)| low.to_owned()),
        high: limits.map(|(_, high)| high.to_owned()),
        code: if limits.is_none_or(within) {
            VerdictCode::Pass
        } else {
            VerdictCode::HwLimit
        },
        limits: limits.is_none().then(|| "like 2.1.#".to_owned()),
        readings: Vec::new(),
        deviation: None,
        marginal: false,
    }
}

/// The self-test of a board, the same for the same number.
fn self_test(number: u8) -> Vec<MeasurementRecord> {
    let volts = format!("3.{}", 270 + u32::from(number) * 7 % 60);
    let amperes = format!("0.0000{}", if number == 3 { 91 } else { 10 + number });
    vec![
        measured("vdd_3v3", &volts, "V", Some(("3.135", "3.465"))),
        measured("i_sleep", &amperes, "A", Some(("0.000002", "0.00003"))),
        measured("rom", "2.1.4", "none", None),
    ]
}

/// The batch in which everything happens, with self-tests and with holds.
fn of_every_kind(words: &str) -> (Statement, Tally) {
    let mut batch = TestBatch::of_every_kind();
    let statement = batch.statement();
    let mut tally = Tally::default();
    for (number, noted) in (0_u8..).zip(&batch.events) {
        let event = &noted.event;
        tally.note(event);
        if matches!(event.fact, Fact::EvidenceAppraised { .. }) {
            let measurements = Fact::MeasurementsJudged {
                uid: super::batch::uid(number),
                code: VerdictCode::Pass,
                measurements: self_test(number),
                random_source: None,
            };
            tally.note(&like(event, measurements));
        }
        if matches!(
            event.fact,
            Fact::VerdictReached {
                code: VerdictCode::AttKeyUnknown,
                ..
            }
        ) {
            hold(&mut tally, event, words);
        }
    }
    (statement, tally)
}

fn like(event: &Event, fact: Fact) -> Event {
    Event {
        fact,
        ..event.clone()
    }
}

/// A lane and the batch are held; the lane is cleared.
fn hold(tally: &mut Tally, event: &Event, words: &str) {
    let lane = LaneName::parse("lane-2").unwrap();
    let rule = TrippedRule {
        name: "attestation_alarms".to_owned(),
        found: 2,
        limit: 2,
        window: Some(20),
    };
    for fact in [
        Fact::HoldPlaced {
            lane: lane.clone(),
            code: VerdictCode::AttKeyUnknown,
            detail: words.to_owned(),
            ports: Vec::new(),
            rule: Some(rule.clone()),
        },
        Fact::HoldCleared {
            lane: lane.clone(),
            reason: words.to_owned(),
            actor: Actor {
                operator: OperatorId::parse("supervisor-1").unwrap(),
                assurance: Assurance::Asserted,
            },
        },
        Fact::BatchHoldPlaced {
            lane,
            code: VerdictCode::AttKeyUnknown,
            detail: words.to_owned(),
            rule,
        },
    ] {
        tally.note(&like(event, fact));
    }
}

fn page(words: &str) -> String {
    let (statement, tally) = of_every_kind(words);
    let manifest = ManifestFile {
        name: "every-kind.dsse.json".to_owned(),
        sha256: Hex::from(sha256(b"the manifest")),
        signed_at: Some(MANIFEST_SIGNED),
    };
    let report = Report {
        predicate: &statement.predicate,
        tally: &tally,
        root: &Hex::from(sha256(b"the root")),
        manifest: Some(&manifest),
    };
    let mut page = Vec::new();
    write(&mut page, &report, |take| {
        statement.predicate.boards.iter().try_for_each(take)
    })
    .unwrap();
    String::from_utf8(page).unwrap()
}

fn inventory() -> String {
    let (statement, _) = of_every_kind("");
    let mut document = Vec::new();
    cyclonedx::write(&mut document, &statement.predicate, |take| {
        statement.predicate.boards.iter().try_for_each(take)
    })
    .unwrap();
    String::from_utf8(document).unwrap()
}

/// Set it to write the files anew, after a change that is meant; say why in the commit.
const WRITE: &str = "STATION_WRITE_FIXTURES";

#[test]
fn the_same_batch_gives_the_same_documents() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/manifests");
    for (name, made) in [
        ("every-kind.html", page("two foreign keys")),
        ("every-kind.cdx.json", inventory()),
    ] {
        let path = folder.join(name);
        if std::env::var_os(WRITE).is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap();
        let differing = made
            .lines()
            .zip(kept.lines())
            .find(|(made, kept)| made != kept);
        assert!(made == kept, "{name}: {differing:?}");
    }
}

#[test]
fn what_people_and_boards_write_stays_text() {
    let page = page(HOSTILE);
    assert!(
        !page.contains("<script") && !page.contains("<img"),
        "markup got through"
    );
    assert!(!page.contains('\u{202e}'));
    // As often as it was written: twice as a hold's reason, once by the person who cleared it.
    assert_eq!(page.matches("&lt;script&gt;alert(1)").count(), 3);
}

#[test]
fn the_report_s_time_is_not_taken_for_the_manifest_s() {
    let made = of_every_kind("").0.predicate.signed_at;
    let page = page("");
    for (name, time) in [("Report made", made), ("Manifest signed", MANIFEST_SIGNED)] {
        let fact = format!("<dt>{name}</dt><dd>{time}</dd>");
        assert!(page.contains(&fact), "{fact}");
    }
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let page = page("two foreign keys");
    for outside in [
        "http://", "https://", "//cdn", "@import", "url(", "<link", "<script", "<iframe", "src=",
    ] {
        let allowed = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!allowed.contains(outside), "{outside}");
    }
    assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'"));
}

#[test]
fn every_colour_of_a_chart_has_its_counterpart_for_dark_pages() {
    let page = page("two foreign keys");
    let (style, body) = page.split_once("</style>").unwrap();
    let mut seen = BTreeSet::new();
    for kind in ["fill=\"#", "stroke=\"#"] {
        for after in body.split(kind).skip(1) {
            seen.insert(format!("[{kind}{}\"]", &after[..6]));
        }
    }
    assert!(seen.len() > 8, "{seen:?}");
    for selector in seen {
        assert!(style.contains(&selector), "{selector} is not in style.css");
    }
    for colour in LANE_COLOURS {
        let selector = format!(
            "[fill=\"#{:02X}{:02X}{:02X}\"]",
            colour.0, colour.1, colour.2
        );
        assert!(style.contains(&selector), "{selector} is not in style.css");
    }
    assert!(MAPPED.iter().all(|colour| !LANE_COLOURS.contains(colour)));
}

#[test]
fn the_report_says_who_cleared_what() {
    let page = page("two foreign keys");
    let (_, alarms) = page.split_once("<section id=\"alarms\"").unwrap();
    let (alarms, _) = alarms.split_once("</section>").unwrap();
    for part in [
        "lane lane-2",
        "the batch",
        "supervisor-1",
        "not cleared",
        "rule attestation_alarms: 2 of 20",
    ] {
        assert!(alarms.contains(part), "{part} is not in {alarms}");
    }
    assert!(
        alarms.contains("<td>cleared by supervisor-1</td>"),
        "{alarms}"
    );
}

#[test]
fn yields_are_those_of_the_counts() {
    let (statement, _) = of_every_kind("");
    let counts = &statement.predicate.counts;
    assert_eq!(
        (counts.presented, counts.passed, counts.reworked),
        (7, 2, 1)
    );
    let page = page("");
    // Of seven boards one had been provisioned elsewhere.
    assert!(
        page.contains("<small>1 of 6 passed without an earlier failure"),
        "first pass"
    );
    assert!(page.contains("<small>2 of 6 passed in the end"), "final");
}

#[test]
fn each_part_of_the_inventory_has_a_name_of_its_own() {
    let document: Value = serde_json::from_str(&inventory()).unwrap();
    assert_eq!(document["specVersion"], cyclonedx::SPEC_VERSION);
    let (statement, _) = of_every_kind("");
    let devices = document["components"].as_array().unwrap();
    assert_eq!(devices.len(), statement.predicate.boards.len());
    let parts = devices
        .iter()
        .flat_map(|device| device["components"].as_array().unwrap());
    let names: Vec<&str> = devices
        .iter()
        .chain(parts)
        .map(|part| part["bom-ref"].as_str().unwrap())
        .collect();
    let different: BTreeSet<_> = names.iter().collect();
    assert_eq!(different.len(), names.len(), "{names:?}");
    let serial = document["serialNumber"].as_str().unwrap();
    assert_eq!(
        (serial.len(), &serial[..9], &serial[23..24]),
        (45, "urn:uuid:", "8"),
        "{serial}"
    );
}
