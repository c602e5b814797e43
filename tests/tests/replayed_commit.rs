//! A commit is for one board, in one boot, about one proof. Whoever has recorded it and says it again to the
//! same board, after its power was off, gains nothing.
#![forbid(unsafe_code)]

use std::path::PathBuf;

use acceptance::agreement;
use acceptance::bare_station::BareStation;
use acceptance::man_on_the_wire::{From, ManOnTheWire, Record, hand_on};
use acceptance::prepared_station::PreparedStation;
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::Running;
use acceptance::wait_for;
use firmware_proto::response::Identity;
use firmware_proto::{Nonce, ProvisioningState, Refusal, Request, Response};
use serde_json::Value;

const BATCH: &str = "COMMIT-1";

/// A station, and a board whose power fails once.
struct Scene {
    station: PreparedStation,
    line: SimulatedLine,
    folder: tempfile::TempDir,
}

impl Scene {
    fn set(cut: &str, seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let station = PreparedStation::create(folder.path());
        station.open_batch(BATCH, 2);
        let catalogue = folder.path().join("one-cut.toml");
        let text = format!(
            "schema = 1\n[[defect]]\nname = \"cut\"\nexpected = \"PASS\"\n\
             fault = {{ kind = \"power-cut\", cuts = [{{ {cut} }}] }}\n\
             [[assign]]\ndevice = 0\ndefect = \"cut\"\n"
        );
        std::fs::write(&catalogue, text).expect("a catalogue is written");
        let plan = LinePlan {
            defects: catalogue,
            ..LinePlan::good_boards(folder.path(), &station, 1, seed)
        };
        let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
        Self {
            station,
            line,
            folder,
        }
    }

    fn tapped(&self) -> PathBuf {
        self.folder.path().join("tapped")
    }

    fn provision(&self, port: PathBuf) -> Running {
        self.station.provision(BATCH, &[port])
    }

    fn verdict(&self) -> Value {
        wait_for::value("a verdict", || {
            self.station.results(BATCH).into_iter().next()
        })
    }

    /// Both sides agree, and the board has the one identity that the station meant it to have.
    fn ends_with_one_identity(self) {
        let boards = self.line.stop();
        agreement::check(&self.station, BATCH, &boards);
        assert_eq!(boards[0]["power_cuts"], 1, "{boards:?}");
        assert_eq!(boards[0]["keys_made"], 1, "{boards:?}");
        assert_eq!(boards[0]["locked"], true, "{boards:?}");
        let uid = boards[0]["uid"].as_str().expect("a UID");
        let kinds = self.station.kinds_of_events(uid);
        let issued = kinds.iter().filter(|kind| *kind == "certificate-issued");
        assert_eq!(issued.count(), 1, "{kinds:?}");
        self.station.run(["ledger", "verify"]).ok();
    }
}

/// The first commit of a record, as it was said.
fn commit(record: &Record) -> Vec<u8> {
    let said = record.iter().find(|(from, frame)| {
        *from == From::Station && matches!(frame.request(), Some(Request::Commit { .. }))
    });
    said.expect("the station said a commit").1.body.clone()
}

/// Whom the board said that it is before that commit.
fn identity_before_the_commit(record: &Record) -> Identity {
    let before = record.iter().take_while(|(from, frame)| {
        *from != From::Station || !matches!(frame.request(), Some(Request::Commit { .. }))
    });
    let identities = before.filter_map(|(from, frame)| match frame.response() {
        Some(Response::Identity(identity)) if *from != From::Station => Some(identity),
        _ => None,
    });
    identities.last().expect("the board said who it is")
}

fn identity(board: &mut BareStation) -> Identity {
    let answer = board.hello();
    let Response::Identity(identity) = answer.response() else {
        panic!("{answer:?}")
    };
    identity
}

/// The board has its commit, and was off since: it says again what it said then, and nothing else.
#[test]
fn a_commit_said_again_to_the_committed_board_gives_its_old_receipt() {
    let scene = Scene::set("step = \"answer-receipt\", phase = \"before\"", 76);
    // The farewell is held back, so that the board stays in its fixture.
    let man = ManOnTheWire::start(
        &scene.tapped(),
        &scene.line.ports(),
        |from, frame, wires| {
            let farewell = matches!(frame.request(), Some(Request::Farewell { .. }));
            if from != From::Station || !farewell {
                hand_on(from, frame, wires);
            }
        },
    );
    let running = scene.provision(scene.tapped());
    assert_eq!(scene.verdict()["code"], "PASS");
    running.interrupt();
    let _ = running.finish();
    let record = man.end();

    let mut board = BareStation::open(&scene.line.ports()[0]);
    let now = identity(&mut board);
    let then = identity_before_the_commit(&record);
    assert_ne!(now.boot, then.boot, "its power failed after the commit");
    assert_ne!(
        now.device_nonce, then.device_nonce,
        "no grant of then is good"
    );
    let receipt = board.ask(&Request::GetReceipt {
        receipt_nonce: Nonce::from_bytes([5; 32]),
    });
    let again = board.ask_body(&commit(&record));
    let (Response::Receipt(first), Response::Receipt(second)) =
        (receipt.response(), again.response())
    else {
        panic!("{receipt:?} {again:?}")
    };
    let object = usize::from(first.first_bytes);
    assert_eq!(first.first_bytes, second.first_bytes);
    assert_eq!(receipt.blob[..object], again.blob[..object]);
    let after = identity(&mut board);
    assert_eq!(after.state, ProvisioningState::Committed);
    assert_eq!(after.device_nonce, now.device_nonce);
    // One bit beside it, and the board knows of no such commit.
    let mut other = commit(&record);
    let middle = other.len() / 2;
    other[middle] ^= 1;
    let refused = board.ask_body(&other);
    assert!(
        matches!(refused.response(), Response::Refused(_)),
        "{refused:?}"
    );
    drop(board);
    scene.ends_with_one_identity();
}

/// The power failed before the board had looked at the commit: it is not of this boot any more. The station
/// itself, which comes back, finishes the board with a commit of its own.
#[test]
fn a_commit_that_was_lost_with_the_power_is_no_commit_afterwards() {
    let scene = Scene::set("step = \"verify\", phase = \"before\", occurrence = 3", 77);
    let (heard, commits) = std::sync::mpsc::channel();
    // From the commit on, the board is cut off from the station.
    let mut cut_off = false;
    let man = ManOnTheWire::start(
        &scene.tapped(),
        &scene.line.ports(),
        move |from, frame, wires| {
            if cut_off {
                return;
            }
            hand_on(from, frame, wires);
            if from == From::Station && matches!(frame.request(), Some(Request::Commit { .. })) {
                cut_off = true;
                let _ = heard.send(());
            }
        },
    );
    let running = scene.provision(scene.tapped());
    let said = commits.recv_timeout(wait_for::PATIENCE);
    said.unwrap_or_else(|_| panic!("no commit\n{}", running.said()));
    let _ = running.kill();
    let record = man.end();

    let mut board = BareStation::open(&scene.line.ports()[0]);
    let now = identity(&mut board);
    let then = identity_before_the_commit(&record);
    assert_ne!(now.boot, then.boot, "its power failed at the commit");
    assert_eq!(now.state, ProvisioningState::Installed);
    let refused = board.ask_body(&commit(&record));
    let refused = refused.response();
    assert!(
        matches!(refused, Response::Refused(Refusal::OutOfOrder)),
        "{refused:?}"
    );
    // Nor where it has proved itself to the man before: a commit is about the proof that the station saw.
    let proof = board.ask(&Request::Prove {
        station_nonce: Nonce::from_bytes([6; 32]),
    });
    assert!(
        matches!(proof.response(), Response::Proof { .. }),
        "{proof:?}"
    );
    let refused = board.ask_body(&commit(&record));
    let refused = refused.response();
    assert!(
        matches!(refused, Response::Refused(Refusal::Commit)),
        "{refused:?}"
    );
    let none = board.ask(&Request::GetReceipt {
        receipt_nonce: Nonce::from_bytes([7; 32]),
    });
    assert!(
        matches!(none.response(), Response::Refused(Refusal::NoReceipt)),
        "{none:?}"
    );
    assert_eq!(identity(&mut board).state, ProvisioningState::Installed);
    drop(board);

    let running = scene.provision(scene.line.ports()[0].clone());
    assert_eq!(scene.verdict()["code"], "PASS");
    running.interrupt();
    let _ = running.finish();
    scene.ends_with_one_identity();
}
