//! Whether station, boards and ledger agree: at most one live identity for each board, the same one on both
//! sides, and every verdict on record.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use station::ledger::Reader;
use station::names::BatchId;

use crate::prepared_station::PreparedStation;

/// Serial numbers of the certificates of a board that were issued and not revoked.
#[must_use]
pub fn live_certificates(history: &[Value]) -> BTreeSet<String> {
    let mut live = BTreeSet::new();
    for event in history {
        let serial = event["certificate_serial"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        match event["kind"].as_str() {
            Some("certificate-issued") => {
                live.insert(serial);
                assert!(live.len() <= 1, "two live identities: {history:#?}");
            }
            Some("certificate-revoked") => {
                live.remove(&serial);
            }
            _ => {}
        }
    }
    live
}

/// Codes that may leave a board unfinished, with a certificate that waits for it.
const UNFINISHED: &[&str] = &["IN-DOUBT", "LINK-LOST", "LINK-NOISE", "ABORTED"];

/// Checks that the ledger tells of each result: a verdict of that code, on that lane, about that board, and as
/// many of them as there are results.
///
/// # Panics
/// Where the ledger knows of fewer, with the first result that it does not tell of.
pub fn every_result_is_recorded(station: &PreparedStation, batch: &str) {
    type Told = (String, String, Option<String>);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut recorded: BTreeMap<Told, usize> = BTreeMap::new();
    let reader = Reader::open(&station.home().join("ledger.sqlite")).expect("the ledger");
    for leaf in reader.events_of_batch(&BatchId::parse(batch).expect("a name")) {
        let (_, leaf) = leaf.expect("an event");
        let event: Value = serde_json::from_slice(&leaf).expect("leaves are JSON");
        if event["kind"] != "verdict-reached" {
            continue;
        }
        let uid = event["uid"].as_str().or(event["claimed_uid"].as_str());
        let told = (
            text(&event["code"]),
            text(&event["lane"]),
            uid.map(str::to_owned),
        );
        *recorded.entry(told).or_default() += 1;
    }
    for result in station.results(batch) {
        let uid = result["uid"].as_str().map(str::to_owned);
        let told = (text(&result["code"]), text(&result["lane"]), uid);
        let left = recorded.get_mut(&told).filter(|left| **left > 0);
        let left = left.unwrap_or_else(|| panic!("the ledger does not tell of {result:#}"));
        *left -= 1;
    }
}

/// Checks every board that ever told who it is.
///
/// # Panics
/// Where the two sides disagree, with all that is known of the board.
pub fn check(station: &PreparedStation, batch: &str, boards: &[Value]) {
    let last: BTreeMap<String, Value> = station
        .results(batch)
        .into_iter()
        .filter_map(|line| Some((line["uid"].as_str()?.to_owned(), line)))
        .collect();
    for board in boards.iter().filter(|board| board["identified"] == true) {
        let uid = board["uid"].as_str().expect("a board has a UID");
        let Some(result) = last.get(uid) else {
            continue;
        };
        let history = station.history(uid);
        let live = live_certificates(&history);
        let story = || format!("board {board:#}\nresult {result:#}\nhistory {history:#?}");
        match result["verdict"].as_str() {
            Some("PASS") => {
                assert_eq!(
                    live.len(),
                    1,
                    "a passed board has one identity\n{}",
                    story()
                );
                assert_eq!(
                    board["locked"],
                    true,
                    "a passed board is locked\n{}",
                    story()
                );
                let serial = board["certificate_serial"].as_str().map(str::to_owned);
                assert_eq!(
                    live.first(),
                    serial.as_ref(),
                    "the same identity\n{}",
                    story()
                );
            }
            // Begun and not finished: the batch can't be closed until the board is met again, or its
            // certificate is revoked.
            _ if UNFINISHED.contains(&result["code"].as_str().unwrap_or_default()) => {
                let provisioned = history.iter().any(|event| event["kind"] == "provisioned");
                assert!(!provisioned, "unfinished, and provisioned\n{}", story());
            }
            // The clone is refused; the identity of the board that passed before stands.
            _ if result["code"] == "UID-REUSED" => {
                assert_eq!(
                    live.len(),
                    1,
                    "the first board keeps its identity\n{}",
                    story()
                );
            }
            _ => assert!(live.is_empty(), "a refused board has none\n{}", story()),
        }
    }
}
