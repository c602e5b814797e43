//! Home and mirror put back to an older day together: nothing in either shows it, the token does.
#![forbid(unsafe_code)]

use std::fs;
use std::path::Path;
use std::process::Command;

use acceptance::ledger_books::begin_mirror;
use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::{Finished, run};
use acceptance::wait_for;

/// The ledger's files and the mirror, which an attacker, or a restore, takes back together.
const FILES: [&str; 5] = [
    "home/ledger.sqlite",
    "home/ledger.sqlite-wal",
    "home/ledger.sqlite-shm",
    "home/ledger.sqlite-views",
    "mirror.txt",
];

fn copy_all(from: &Path, to: &Path) {
    for name in FILES {
        let (from, to) = (from.join(name), to.join(name));
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        let _absent = fs::remove_file(&to);
        if from.exists() {
            fs::copy(from, to).expect("a copy");
        }
    }
}

fn with_mirror(folder: &Path) -> PreparedStation {
    let station = PreparedStation::create(folder);
    begin_mirror(&station, &folder.join("mirror.txt"));
    station.run(["ledger", "checkpoint"]).ok();
    station
}

fn entries(station: &PreparedStation) -> u64 {
    let verified = station
        .run(["ledger", "verify", "--json"])
        .ok()
        .json_lines()
        .remove(0);
    verified["entries"].as_u64().expect("a number")
}

fn close(station: &PreparedStation, batch: &str) -> Finished {
    station.run(["batch", "close", batch, "--short", "--operator", SUPERVISOR])
}

#[test]
fn a_home_and_its_mirror_rolled_back_together_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = with_mirror(folder.path());
    station.open_batch("OLD-1", 1);
    let older = entries(&station);
    let saved = folder.path().join("saved");
    copy_all(folder.path(), &saved);
    // Nothing is wrong with the copy as long as nothing came after it.
    copy_all(&saved, folder.path());
    station.run(["ledger", "verify"]).ok();
    let doctor = station.run(["doctor"]).ok().stdout;
    assert!(doctor.contains("the token keeps one"), "{doctor}");

    close(&station, "OLD-1").ok();
    station.open_batch("NEW-1", 1);
    let newer = entries(&station);
    assert!(newer > older);
    let newest = folder.path().join("newest");
    copy_all(folder.path(), &newest);
    copy_all(&saved, folder.path());

    let named = format!(
        "the ledger is older than the token's checkpoint: it has {older} entries, the token has seen {newer}"
    );
    station.run(["ledger", "verify"]).told(1, &named);
    station.run(["ledger", "checkpoint"]).told(3, &named);
    station.run(["doctor"]).told(3, &named);
    run(&mut station.opening("NEW-2", 1)).told(3, &named);
    close(&station, "OLD-1").told(3, &named);
    // Nor is anything made of it for somebody else; the entries themselves are shown, and called what they are.
    for refused in [
        &["ledger", "prove", "--entry", "0"][..],
        &["ledger", "rebuild"],
        &["ledger", "export"],
    ] {
        station.run(refused).told(1, &named);
    }
    assert!(
        station
            .run(["ledger", "prove", "--entry", "0"])
            .stdout
            .is_empty()
    );
    let shown = station.run(["ledger", "export"]).code(1).stdout;
    assert!(shown.contains("ledger-opened"), "{shown}");
    let rebuilt = station.run(["ledger", "rebuild", "--contradicted"]).ok();
    assert!(rebuilt.stderr.contains(&named), "{}", rebuilt.stderr);

    // Refused, it has signed nothing and kept nothing: the newer home is as good as it was.
    copy_all(&newest, folder.path());
    station.run(["ledger", "verify"]).ok();
    close(&station, "NEW-1").ok();
}

/// A closing whose checkpoint the token did not take goes on; who looks later is told. The same where the token itself
/// is put back.
#[test]
fn a_token_that_lacks_the_last_batch_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = with_mirror(folder.path());
    let (token, before) = (folder.path().join("softhsm"), folder.path().join("before"));
    let doctor = || station.run(["doctor"]).ok().stdout;
    assert!(doctor().contains("no batch was opened"), "{}", doctor());
    let copy = |from: &Path, to: &Path| {
        let _absent = fs::remove_dir_all(to);
        run(Command::new("cp").arg("-r").arg(from).arg(to)).ok();
    };
    for opening in [true, false] {
        copy(&token, &before);
        if opening {
            station.open_batch("LOST-1", 1);
        } else {
            close(&station, "LOST-1").ok();
        }
        assert!(doctor().contains("the token keeps one"), "{}", doctor());
        let newer = folder.path().join("newer");
        copy(&token, &newer);
        copy(&before, &token);
        assert!(
            doctor().contains("the token keeps none over entry"),
            "{}",
            doctor()
        );
        copy(&newer, &token);
    }
}

/// Power fails when the token has the new note and still the one before it. SoftHSM keeps each object in a file, so that
/// moment can be made.
#[test]
fn a_token_left_with_two_notes_is_read_and_tidied_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = with_mirror(folder.path());
    let (token, before) = (folder.path().join("softhsm"), folder.path().join("before"));
    station.open_batch("TORN-1", 1);
    run(Command::new("cp").arg("-r").arg(&token).arg(&before)).ok();
    close(&station, "TORN-1").ok();
    let objects = || {
        let mut find = Command::new("find");
        let found = run(find.arg(&token).args(["-name", "*.object"]))
            .ok()
            .stdout;
        found.lines().count()
    };
    let whole = objects();
    let mut merge = Command::new("cp");
    merge.arg("-rn").arg(before.join(".")).arg(&token);
    run(&mut merge).ok();
    assert_eq!(
        objects(),
        whole + 1,
        "the older note is back beside the newer"
    );

    station.run(["ledger", "verify"]).ok();
    let doctor = station.run(["doctor"]).ok().stdout;
    assert!(doctor.contains("the token keeps one"), "{doctor}");
    station.open_batch("TORN-2", 1);
    assert_eq!(objects(), whole, "one note is left");
    station.run(["ledger", "verify"]).ok();
}

/// The token's checkpoint is read through the line that owns the token.
#[test]
fn a_running_line_tells_what_its_token_keeps() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = with_mirror(folder.path());
    station.open_batch("RUN-1", 2);
    let plan = LinePlan::good_boards(folder.path(), &station, 1, 93);
    let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
    let running = station.provision("RUN-1", &line.ports());
    let _ = line.finish();
    wait_for::condition("the board's verdict", || {
        station.results("RUN-1").len() == 1
    });
    let verified = station.run(["ledger", "verify"]).ok();
    assert!(!verified.stderr.contains("token"), "{}", verified.stderr);
    running.interrupt();
    let _ = running.finish();
}

/// A copy of the books on a desk, without the token, is verified all the same; that nobody asked the token is told.
#[test]
fn without_the_token_the_rest_is_verified_and_that_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = with_mirror(folder.path());
    let verify = |more: &[&str]| {
        let mut verify = station.command(["ledger", "verify"]);
        run(verify.args(more).env("SOFTHSM2_CONF", "/nonexistent"))
    };
    let told = "not compared with the checkpoint in the token: ";
    let said = verify(&[]).ok().stdout;
    assert!(said.contains(told), "{said}");
    let shown = verify(&["--json"]).ok().json_lines().remove(0);
    assert_eq!(shown["token_compared"], false, "{shown}");
    assert!(shown["token_not_compared"].is_string(), "{shown}");
    // Whoever insists on it is not told that all is well.
    let insisted = verify(&["--token"]);
    insisted.told(3, "PKCS#11 module");
    assert!(!insisted.stdout.contains("verified"), "{}", insisted.stdout);

    station
        .run(["ledger", "verify", "--token"])
        .told(1, "the token keeps no checkpoint");
    station.open_batch("KEPT-1", 1);
    let verified = station.run(["ledger", "verify", "--token", "--json"]).ok();
    assert_eq!(verified.json_lines()[0]["token_compared"], true);
}
