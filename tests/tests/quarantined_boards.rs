//! Boards that QA sets aside: refused on every line until they are released, and then what they were.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::Command;

use acceptance::man_on_the_wire::{ManOnTheWire, keep_the_board};
use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::{Running, run};
use acceptance::wait_for;
use serde_json::Value;

/// Two boards: the first one's firmware is old, the second one is good.
const DEFECTS: &str = r#"
schema = 1

[[defect]]
name = "old-firmware"
expected = "FW-VERSION"
fault = { kind = "firmware-version", component = "APP", version = "2.4.0" }

[[assign]]
device = 0
defect = "old-firmware"
"#;

struct Scene {
    folder: tempfile::TempDir,
    station: PreparedStation,
}

/// The results of one batch, by device.
struct Presented {
    uids: [String; 2],
    codes: [String; 2],
    running: Running,
}

impl Scene {
    fn set() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let station = PreparedStation::create(folder.path());
        Self { folder, station }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Puts both boards in, on a lane each, in a batch of its own, until each has its verdict. The same seed
    /// makes the same boards, which have forgotten everything.
    fn present(&self, batch: &str) -> Presented {
        self.station.open_batch(batch, 4);
        let defects = self.path().join("old-firmware.toml");
        std::fs::write(&defects, DEFECTS).expect("a catalogue is written");
        let plan = LinePlan {
            defects,
            ..LinePlan::good_boards(self.path(), &self.station, 2, 93)
        };
        let line = SimulatedLine::start(&self.path().join(batch), &plan);
        let running = self.station.provision(batch, &line.ports());
        let results = wait_for::value("a verdict for each board", || {
            Some(self.station.results(batch)).filter(|results| results.len() == 2)
        });
        let boards = line.stop();
        let uid_of = |device: u64| {
            let board = boards.iter().find(|board| board["device"] == device);
            let board = board.unwrap_or_else(|| panic!("device {device} in {boards:#?}"));
            board["uid"].as_str().unwrap_or_default().to_owned()
        };
        let uids = [uid_of(0), uid_of(1)];
        let code_of = |uid: &String| {
            let result = results.iter().find(|result| result["uid"] == uid.as_str());
            let result = result.unwrap_or_else(|| panic!("{uid} in {results:#?}"));
            result["code"].as_str().unwrap_or_default().to_owned()
        };
        let codes = [code_of(&uids[0]), code_of(&uids[1])];
        Presented {
            uids,
            codes,
            running,
        }
    }

    fn as_supervisor(&self, verb: &str, board: &str, reason: &str) -> Command {
        let arguments = ["device", verb, board, "--reason", reason, "--json"];
        let mut command = self.station.command(arguments);
        command.args(["--operator", SUPERVISOR]);
        command
    }

    fn shown(&self, board: &str) -> Value {
        let shown = self.station.run(["device", "show", board, "--json"]);
        shown.ok().json_lines().remove(0)
    }

    fn issued(&self, uid: &str) -> usize {
        let kinds = self.station.kinds_of_events(uid);
        let issued = kinds.iter().filter(|kind| *kind == "certificate-issued");
        issued.count()
    }
}

fn stop(running: Running) {
    running.interrupt();
    drop(running.finish());
}

#[test]
fn a_quarantined_board_is_refused_until_it_is_released() {
    let scene = Scene::set();
    let first = scene.present("QUARANTINE-1");
    assert_eq!(first.codes, ["FW-VERSION", "PASS"]);
    let [failed, passed] = &first.uids;

    // While the line runs, its owner does it.
    let set_aside = ["device", "quarantine", failed, "--reason", "lot 7"];
    let refused = scene.station.run(set_aside).code(2);
    assert!(refused.stderr.contains("supervisor"), "{}", refused.stderr);
    let mut command = scene.as_supervisor("quarantine", failed, "lot 7");
    let done = run(&mut command).ok().json_lines().remove(0);
    assert_eq!(
        (&done["kind"], &done["operator"]),
        (&"board-quarantined".into(), &SUPERVISOR.into())
    );
    let twice = run(&mut scene.as_supervisor("quarantine", failed, "again")).code(2);
    assert!(twice.stderr.contains("quarantined"), "{}", twice.stderr);
    stop(first.running);
    // Where none runs, the command does it itself; by serial too.
    let serial = scene.shown(passed)["serial"].clone();
    let serial = serial.as_str().expect("a passed board has a serial");
    run(&mut scene.as_supervisor("quarantine", serial, "returned by a customer")).ok();

    let shown = scene.shown(failed);
    assert_eq!(shown["quarantine"]["reason"], "lot 7", "{shown:#}");
    assert_eq!(shown["code"], "FW-VERSION", "{shown:#}");
    let shown = scene.shown(passed);
    assert_eq!(shown["quarantine"]["operator"], SUPERVISOR, "{shown:#}");
    assert_eq!(shown["certificate_status"], "live", "{shown:#}");
    let listed = scene.station.run(["device", "list", "--json"]).ok();
    for board in listed.json_lines() {
        assert_eq!(board["quarantined"], true, "{board}");
    }
    let history = scene.station.run(["device", "history", failed]).ok().stdout;
    let told = format!("quarantined by {SUPERVISOR}: lot 7");
    assert!(history.contains(&told), "{history}");

    // The failed one is refused as such. The other one shows no identity: that it may be a clone comes first.
    let second = scene.present("QUARANTINE-2");
    assert_eq!(second.codes, ["QUARANTINED", "UID-REUSED"]);
    assert_eq!((scene.issued(failed), scene.issued(passed)), (0, 1));
    run(&mut scene.as_supervisor("release", failed, "reflash it")).ok();
    stop(second.running);
    run(&mut scene.as_supervisor("release", failed, "twice")).code(2);
    let hold = ["hold", "clear", "lane1", "--reason", "the board is with QA"];
    let mut clear = scene.station.command(hold);
    run(clear.args(["--operator", SUPERVISOR])).ok();

    // Released, it is what it was; the other one's certificate is live all the time.
    let third = scene.present("QUARANTINE-3");
    assert_eq!(third.codes, ["FW-VERSION", "UID-REUSED"]);
    stop(third.running);
    assert!(scene.shown(failed)["quarantine"].is_null());
    assert_eq!(scene.shown(passed)["certificate_status"], "live");
    scene.station.run(["ledger", "verify"]).ok();

    // Manifests are made all the same.
    let close = [
        "batch",
        "close",
        "QUARANTINE-2",
        "--short",
        "--operator",
        SUPERVISOR,
    ];
    scene.station.run(close).ok();
    let manifest = scene.path().join("manifest.dsse.json");
    let mut export = scene
        .station
        .command(["manifest", "export", "QUARANTINE-2"]);
    run(export
        .args(["--operator", SUPERVISOR])
        .arg("-o")
        .arg(&manifest))
    .ok();
    let mut verify = scene.station.command(["manifest", "verify"]);
    run(verify
        .arg(&manifest)
        .arg("--trust")
        .arg(scene.station.root()))
    .ok();
}

#[test]
fn a_passed_board_is_refused_while_it_is_set_aside_and_passed_again_after() {
    const BATCH: &str = "QUARANTINE-4";
    let scene = Scene::set();
    scene.station.open_batch(BATCH, 4);
    let plan = LinePlan {
        patience_ms: Some(600_000),
        ..LinePlan::good_boards(scene.path(), &scene.station, 1, 94)
    };
    let line = SimulatedLine::start(&scene.path().join("lanes"), &plan);
    let port = scene.path().join("tapped");
    let man = ManOnTheWire::start(&port, &line.ports(), keep_the_board);
    let verdict = || {
        // The file has one line for each board; a new one has this session's alone.
        let _ = std::fs::remove_file(scene.station.results_file(BATCH));
        let running = scene.station.provision(BATCH, std::slice::from_ref(&port));
        let verdict = wait_for::value("a verdict", || {
            scene.station.results(BATCH).into_iter().next()
        });
        stop(running);
        verdict
    };
    let passed = verdict();
    assert_eq!(passed["code"], "PASS", "{passed}");
    let uid = passed["uid"].as_str().expect("a passed board has a UID");
    run(&mut scene.as_supervisor("quarantine", uid, "lot 7")).ok();
    let refused = verdict();
    assert_eq!(refused["code"], "QUARANTINED", "{refused}");
    assert_eq!(refused["verdict"], "FAIL", "{refused}");
    run(&mut scene.as_supervisor("release", uid, "checked")).ok();
    let again = verdict();
    assert_eq!(again["code"], "ALREADY-PROVISIONED", "{again}");
    drop(man.end());
    drop(line.stop());
    assert_eq!(scene.issued(uid), 1);
    let kinds = scene.station.kinds_of_events(uid);
    assert!(
        !kinds.contains(&"certificate-revoked".to_owned()),
        "{kinds:?}"
    );
    scene.station.run(["ledger", "verify"]).ok();
}
