//! A ledger of ten thousand boards, made through the writer and read as a whole; views that are made again. The same
//! program makes the ledger of a million boards that `script/bench --scale` measures.
#![forbid(unsafe_code)]

use std::path::Path;

use acceptance::prepared_station::PreparedStation;
use acceptance::station_process::{Finished, run};
use serde_json::Value;

/// Boards, and the events of each.
const DEVICES: u64 = 10_000;
const EVENTS: u64 = 11;

fn at_scale(station: &PreparedStation, arguments: &[&str]) -> Value {
    let program = Path::new(env!("CARGO_BIN_EXE_ledger_at_scale"));
    let home = station.home().to_string_lossy().into_owned();
    let (command, rest) = arguments.split_first().expect("a command");
    let arguments = [&[*command, &home][..], rest].concat();
    let finished = run(&mut station.command_of(program, arguments)).ok();
    finished.json_lines().pop().expect("one object")
}

fn verify(station: &PreparedStation, more: &[&str]) -> Finished {
    let arguments = [&["ledger", "verify", "--json"][..], more].concat();
    let mut command = station.command(arguments);
    run(command.env("XDG_STATE_HOME", station.folder().join("state")))
}

#[test]
fn ten_thousand_boards_are_one_ledger() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let made = at_scale(&station, &["make", &DEVICES.to_string()]);
    // The ledger's opening, the profile, the batch's opening and closing.
    let entries = DEVICES * EVENTS + 4;
    assert_eq!(made["all_entries"], entries);
    let report = verify(&station, &[]).ok().json_lines().remove(0);
    assert_eq!(report["verified"], true);
    assert_eq!(
        (&report["entries"], &report["covered"]),
        (&entries.into(), &entries.into())
    );
    let passes = report["passes"].as_array().expect("passes");
    let names: Vec<_> = passes.iter().map(|pass| &pass["pass"]).collect();
    assert_eq!(names, ["log", "signatures", "views"]);
    assert!(passes.iter().all(|pass| pass["milliseconds"].is_u64()));
    let found = at_scale(&station, &["lookups", "200"]);
    assert_eq!(found["devices"], DEVICES);
    let read = at_scale(&station, &["read", "2"]);
    assert_eq!(read["entries"], entries);
    let left = station.folder().join("state/station");
    let left = std::fs::read_dir(left).into_iter().flatten().flatten();
    let left = left.filter(|entry| entry.path().join("views.sqlite").exists());
    assert_eq!(left.count(), 0, "nothing is left of the verification");
}

#[test]
fn views_are_made_again_and_the_log_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    at_scale(&station, &["make", "30", "4"]);
    let ledger = station.home().join("ledger.sqlite");
    let tamper = |sql: &str| {
        let connection = rusqlite::Connection::open(&ledger).expect("the ledger opens");
        connection.execute_batch(sql).expect("it can be changed");
    };
    let root = |report: &Finished| report.json_lines()[0]["root"].clone();
    let before = root(&verify(&station, &[]).ok());
    tamper(
        "PRAGMA foreign_keys = OFF; DELETE FROM device WHERE uid = (SELECT min(uid) FROM device)",
    );
    let damaged = verify(&station, &["--no-resume"]).code(1);
    assert!(damaged.stderr.contains("view device"), "{}", damaged.stderr);
    let rebuilt = station.run(["ledger", "rebuild", "--json"]).ok();
    assert_eq!(rebuilt.json_lines()[0]["entries"], 30 * EVENTS + 4);
    assert_eq!(root(&verify(&station, &[]).ok()), before);

    // What is wrong with the log is named, and no views are made from it.
    tamper(
        "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'lane', 'line') AS BLOB)
         WHERE idx = 3",
    );
    let damaged = verify(&station, &[]).code(1);
    assert!(damaged.stderr.contains("entry 3 "), "{}", damaged.stderr);
    let refused = station.run(["ledger", "rebuild"]).code(1);
    assert!(refused.stderr.contains("entry 3 "), "{}", refused.stderr);
}

#[test]
fn nothing_is_rebuilt_beside_an_owner() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let lock = station.home().join("lock");
    let held = std::fs::File::open(lock).expect("the home's lock");
    rustix::fs::flock(&held, rustix::fs::FlockOperation::NonBlockingLockExclusive)
        .expect("nobody has it");
    let refused = station.run(["ledger", "rebuild"]);
    assert_ne!(refused.status.code(), Some(0));
    drop(held);
    station.run(["ledger", "rebuild"]).ok();
}
