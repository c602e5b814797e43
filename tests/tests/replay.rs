//! A man on the wire gains nothing: what he has recorded is worth nothing again, to nobody, and what
//! he relays or swaps is found out. He has no key; he sees and sends every byte.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use acceptance::bare_station::{BareStation, chunk_bytes};
use acceptance::man_on_the_wire::{From, ManOnTheWire, Record, hand_on, keep_the_board};
use acceptance::prepared_station::PreparedStation;
use acceptance::serial_wire::Frame;
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::wait_for;
use firmware_proto::object_transfer::BlobId;
use firmware_proto::{Nonce, ProvisioningState, Refusal, Request, Response};
use serde_json::Value;

const BATCH: &str = "REPLAY-1";

/// A station and good boards, one on each lane.
struct Scene {
    station: PreparedStation,
    line: SimulatedLine,
    folder: tempfile::TempDir,
}

impl Scene {
    fn set(boards: usize, seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let station = PreparedStation::create(folder.path());
        station.open_batch(BATCH, 10);
        let plan = LinePlan::good_boards(folder.path(), &station, boards, seed);
        let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
        Self {
            station,
            line,
            folder,
        }
    }

    fn port_for_the_station(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Provisions on one port until there is a verdict, then stops the station. Gives that verdict.
    fn verdict_on(&self, port: &Path) -> Value {
        // The file has one line for each board; a new one has this session's alone.
        let _ = std::fs::remove_file(self.station.results_file(BATCH));
        let running = self.station.provision(BATCH, &[port.to_owned()]);
        let verdict = wait_for::value("a verdict", || {
            self.station.results(BATCH).into_iter().next()
        });
        running.interrupt();
        let _ = running.finish();
        verdict
    }

    fn board(&self, lane: usize) -> BareStation {
        BareStation::open(&self.line.ports()[lane])
    }

    /// Stops the line and gives what each board was in the end.
    fn boards(self) -> Vec<Value> {
        self.line.stop()
    }
}

/// Bodies that the station sent, of requests that fit.
fn requests(record: &Record, fits: impl Fn(&Request<'_>) -> bool) -> Vec<Vec<u8>> {
    let of_station = record.iter().filter(|(from, _)| *from == From::Station);
    let fitting = of_station.filter(|(_, frame)| frame.request().is_some_and(|r| fits(&r)));
    fitting.map(|(_, frame)| frame.body.clone()).collect()
}

/// Frames of the last answer that begins with a response that fits: that response and what follows in
/// its exchange.
fn answer(record: &Record, fits: impl Fn(&Response<'_>) -> bool) -> Vec<Frame> {
    let of_board = || record.iter().filter(|(from, _)| *from != From::Station);
    let first = of_board()
        .filter(|(_, frame)| frame.response().is_some_and(|r| fits(&r)))
        .last()
        .map(|(_, frame)| frame.header.exchange)
        .expect("the record has such an answer");
    of_board()
        .filter(|(_, frame)| frame.header.exchange == first)
        .map(|(_, frame)| frame.clone())
        .collect()
}

#[test]
fn a_recorded_session_is_worth_nothing_to_boards() {
    let scene = Scene::set(2, 71);
    let port = scene.port_for_the_station("tapped");
    let man = ManOnTheWire::start(&port, &scene.line.ports()[..1], keep_the_board);
    assert_eq!(scene.verdict_on(&port)["code"], "PASS");
    let record = man.end();
    let chunks = requests(&record, |r| matches!(r, Request::WriteChunk { .. }));
    let install = requests(&record, |r| matches!(r, Request::Install { .. })).remove(0);
    let commit = requests(&record, |r| matches!(r, Request::Commit { .. })).remove(0);

    // To the same board, which is committed: nothing is installed again.
    let mut same = scene.board(0);
    let identity = same.hello();
    let Response::Identity(identity) = identity.response() else {
        panic!("{identity:?}")
    };
    assert_eq!(identity.state, ProvisioningState::Committed);
    for body in &chunks {
        same.tell_body(body);
    }
    let refused = same.ask_body(&install);
    assert!(
        matches!(refused.response(), Response::Refused(_)),
        "{refused:?}"
    );
    let again = same.ask(&Request::MakeKey {
        key_nonce: Nonce::from_bytes([1; 32]),
    });
    assert!(
        matches!(again.response(), Response::Refused(_)),
        "{again:?}"
    );

    // To another board, as far as it would go with a station of its own.
    let mut other = scene.board(1);
    let claimed = other.hello();
    let Response::Identity(fresh) = claimed.response() else {
        panic!("{claimed:?}")
    };
    assert_eq!(fresh.state, ProvisioningState::Unprovisioned);
    let evidence = other.ask(&Request::Attest {
        station_nonce: Nonce::from_bytes([2; 32]),
    });
    assert!(
        matches!(evidence.response(), Response::Evidence(_)),
        "{evidence:?}"
    );
    let _ = other.ask(&Request::SelfTest);
    let key = other.ask(&Request::MakeKey {
        key_nonce: Nonce::from_bytes([3; 32]),
    });
    assert!(
        matches!(key.response(), Response::KeyEvidence(_)),
        "{key:?}"
    );
    let package = package(&chunks);
    let size = usize::from(fresh.max_frame_bytes);
    other.upload(BlobId::InstallPackage, &package, chunk_bytes(size));
    let refused = other.ask_body(&install);
    let refused = refused.response();
    assert!(
        matches!(refused, Response::Refused(Refusal::Grant)),
        "{refused:?}"
    );
    let refused = other.ask_body(&commit);
    assert!(
        matches!(refused.response(), Response::Refused(_)),
        "{refused:?}"
    );
    let none = other.ask(&Request::GetReceipt {
        receipt_nonce: Nonce::from_bytes([4; 32]),
    });
    assert!(
        matches!(none.response(), Response::Refused(Refusal::NoReceipt)),
        "{none:?}"
    );

    let boards = scene.boards();
    let (passed, fresh): (Vec<&Value>, Vec<&Value>) =
        boards.iter().partition(|board| board["lane"] == "lane0");
    assert_eq!(passed[0]["keys_made"], 1, "{passed:?}");
    assert_eq!(passed[0]["locked"], true);
    assert_eq!(fresh[0]["locked"], false, "{fresh:?}");
    assert!(fresh[0]["certificate"].is_null(), "{fresh:?}");
}

/// The package that was uploaded in these chunks.
fn package(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut parts = std::collections::BTreeMap::new();
    for body in chunks {
        if let Ok(Request::WriteChunk { index, data, .. }) = postcard::from_bytes(body) {
            parts.insert(index, data.to_vec());
        }
    }
    parts.into_values().flatten().collect()
}

#[test]
fn a_recorded_session_is_worth_nothing_to_the_station() {
    let scene = Scene::set(1, 72);
    let port = scene.port_for_the_station("tapped");
    let man = ManOnTheWire::start(&port, &scene.line.ports(), hand_on);
    let genuine = scene.verdict_on(&port);
    assert_eq!(genuine["code"], "PASS");
    let record = man.end();

    // He plays the board: to each question the answer that the board once gave to one of its kind.
    let port = scene.port_for_the_station("replayed");
    let replayed = ManOnTheWire::start(&port, &[], move |_, frame, wires| {
        // The first byte of a body is the kind of its message.
        let answered = |asked: &Frame| {
            record.iter().any(|(from, seen)| {
                *from != From::Station && seen.header.exchange == asked.header.exchange
            })
        };
        let asked = record.iter().find(|(from, seen)| {
            *from == From::Station && seen.body.first() == frame.body.first() && answered(seen)
        });
        let Some((_, asked)) = asked else { return };
        for (from, seen) in &record {
            if *from != From::Station && seen.header.exchange == asked.header.exchange {
                let mut answer = seen.clone();
                answer.header.exchange = frame.header.exchange;
                wires.to_station(&answer);
            }
        }
    });
    let verdict = scene.verdict_on(&port);
    assert_eq!(verdict["code"], "ATT-NONCE", "{verdict}");
    drop(replayed);

    // The genuine board's identity stands, and there is still only one.
    let uid = genuine["uid"].as_str().expect("a passed board has a UID");
    let kinds = scene.station.kinds_of_events(uid);
    let issued = kinds
        .iter()
        .filter(|kind| *kind == "certificate-issued")
        .count();
    assert_eq!(issued, 1, "{kinds:?}");
    assert!(
        !kinds.iter().any(|kind| kind == "certificate-revoked"),
        "{kinds:?}"
    );
}

#[test]
fn the_receipt_of_another_board_passes_nobody() {
    let scene = Scene::set(2, 73);
    let port = scene.port_for_the_station("first");
    let man = ManOnTheWire::start(&port, &scene.line.ports()[..1], hand_on);
    assert_eq!(scene.verdict_on(&port)["code"], "PASS");
    let receipt = answer(&man.end(), |r| matches!(r, Response::Receipt(_)));

    let port = scene.port_for_the_station("second");
    let man = ManOnTheWire::start(
        &port,
        &scene.line.ports()[1..],
        move |from, frame, wires| {
            let is_receipt = matches!(frame.response(), Some(Response::Receipt(_)));
            if from == From::Station || !is_receipt {
                return hand_on(from, frame, wires);
            }
            for recorded in &receipt {
                let mut forged = recorded.clone();
                forged.header.exchange = frame.header.exchange;
                wires.to_station(&forged);
            }
        },
    );
    let verdict = scene.verdict_on(&port);
    drop(man);
    let code = verdict["code"].as_str().unwrap_or_default();
    assert!(["RECEIPT-INVALID", "IN-DOUBT"].contains(&code), "{verdict}");
}

#[test]
fn evidence_of_one_board_does_not_carry_the_key_of_another() {
    let scene = Scene::set(2, 74);
    let port = scene.port_for_the_station("relayed");
    // Both boards hear every question; the station hears the first one, but for its key.
    let man = ManOnTheWire::start(
        &port,
        &scene.line.ports(),
        |from, frame, wires| match from {
            From::Station => {
                wires.to_board(0, frame);
                wires.to_board(1, frame);
            }
            From::Board(board) => {
                let chosen = usize::from(is_about_the_key(frame));
                if board == chosen {
                    wires.to_station(frame);
                }
            }
        },
    );
    let verdict = scene.verdict_on(&port);
    drop(man);
    assert_ne!(verdict["verdict"], "PASS", "{verdict}");
    let code = verdict["code"].as_str().unwrap_or_default();
    assert!(
        ["ATT-NONCE", "ATT-SESSION", "ATT-SIGNATURE", "KEY-FOREIGN"].contains(&code),
        "{verdict}"
    );
    for board in scene.boards() {
        assert!(board["certificate"].is_null(), "{board}");
        assert_eq!(board["locked"], false, "{board}");
    }
}

fn is_about_the_key(frame: &Frame) -> bool {
    match frame.response() {
        Some(Response::KeyEvidence(_)) => true,
        Some(Response::Chunk { blob, .. }) => blob == BlobId::KeyEvidence,
        _ => false,
    }
}

#[test]
fn a_board_swapped_in_mid_session_gets_nothing_of_the_first_one() {
    let scene = Scene::set(2, 75);
    let port = scene.port_for_the_station("swapped");
    let uids = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&uids);
    let mut swapped = false;
    // Once the first board has attested, the second one is on the wire, and stays there.
    let man = ManOnTheWire::start(&port, &scene.line.ports(), move |from, frame, wires| {
        let attested = matches!(
            frame.request(),
            Some(Request::SelfTest | Request::MakeKey { .. })
        );
        swapped |= from == From::Station && attested;
        let present = usize::from(swapped);
        match from {
            From::Station => wires.to_board(present, frame),
            From::Board(board) if board == present => {
                if let (Some(Response::Identity(identity)), Ok(mut seen)) =
                    (frame.response(), seen.lock())
                {
                    seen.push(identity.uid.to_string());
                }
                wires.to_station(frame);
            }
            From::Board(_) => {}
        }
    });
    let _ = scene.verdict_on(&port);
    drop(man);
    let first = uids.lock().expect("nobody panicked")[0].clone();
    let results = scene.station.results(BATCH);
    let of_first: Vec<&Value> = results
        .iter()
        .filter(|line| line["uid"] == *first)
        .collect();
    assert!(
        of_first.iter().all(|line| line["verdict"] != "PASS"),
        "{results:?}"
    );
    assert!(
        !scene
            .station
            .kinds_of_events(&first)
            .iter()
            .any(|kind| kind == "certificate-issued"),
        "{results:?}"
    );
    for board in scene.boards() {
        if board["uid"] == *first {
            assert!(board["certificate"].is_null(), "{board}");
        }
    }
}
