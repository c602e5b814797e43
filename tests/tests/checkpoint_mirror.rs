//! The mirror of checkpoints: one that is gone is no new one, and one that begins is on record.
#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};

use acceptance::ledger_books::{begin_mirror, leaves};
use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::soft_token::SoftToken;
use acceptance::station_process::run;

/// Closes the batch of these tests, in which nothing was made.
const CLOSE: [&str; 6] = [
    "batch",
    "close",
    "MIRROR-1",
    "--short",
    "--operator",
    SUPERVISOR,
];

fn with_mirror(folder: &Path) -> (PreparedStation, PathBuf) {
    let station = PreparedStation::create(folder);
    let mirror = folder.join("mirror.txt");
    begin_mirror(&station, &mirror);
    (station, mirror)
}

#[test]
fn a_mirror_that_is_gone_is_no_new_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let (station, mirror) = with_mirror(folder.path());
    station.open_batch("MIRROR-1", 1);
    let note = fs::read(&mirror).expect("a note");
    fs::remove_file(&mirror).expect("it was there");

    let gone = "mirror.txt is not there";
    run(&mut station.opening("MIRROR-2", 1)).told(3, gone);
    station.run(CLOSE).told(3, gone);
    station.run(["ledger", "checkpoint"]).told(3, gone);
    station.run(["doctor"]).told(3, gone);
    let verify = || station.run(["ledger", "verify"]);
    verify().told(1, "the ledger was not compared with its mirror");
    verify().told(1, gone);
    let report = station.run(["ledger", "verify", "--json"]).code(1);
    assert_eq!(report.json_lines()[0]["verified"], false);
    assert!(!mirror.exists(), "nobody made it again");
    // A checkpoint that somebody kept does as well.
    let kept = folder.path().join("kept.txt");
    fs::write(&kept, &note).expect("a file");
    let mut against = station.command(["ledger", "verify", "--checkpoint"]);
    run(against.arg(&kept)).ok();
    assert_eq!(leaves(&station, &["mirror-begun"]).len(), 1);

    // Put back, all is well; begun anew, that is on record and in the mirror.
    fs::write(&mirror, note).expect("a file");
    verify().ok();
    fs::write(&mirror, "").expect("an empty file");
    verify().told(1, "mirror.txt is empty: the next checkpoint begins it");
    station.open_batch("MIRROR-2", 1);
    let begun = leaves(&station, &["mirror-begun"]);
    assert_eq!(begun.len(), 2);
    assert_eq!(begun[1]["path"], mirror.to_string_lossy().into_owned());
    verify().ok();
}

#[test]
fn init_begins_a_mirror_and_never_takes_anothers() {
    let folder = tempfile::tempdir().expect("a folder");
    let token = SoftToken::create(&folder.path().join("softhsm"), "acceptance");
    let station = PreparedStation::on(folder.path(), token);
    let mirror = folder.path().join("disk/mirror.txt");
    let init = || {
        let mut init = station.init(&station.home());
        run(init.arg("--checkpoint-mirror").arg(&mirror))
    };
    init().told(3, "cannot begin the mirror");
    fs::create_dir(folder.path().join("disk")).expect("a folder");
    fs::write(&mirror, "another ledger's").expect("a file");
    init().told(2, "the file holds something");
    assert_eq!(fs::read(&mirror).expect("a file"), b"another ledger's");
    fs::remove_file(&mirror).expect("it was there");
    init().ok();
    // Nothing was ever there: that is no alarm.
    let opened = run(&mut station.opening("MIRROR-1", 1)).ok();
    let begins = format!("the mirror {} begins with 2 entries", mirror.display());
    assert!(opened.stderr.contains(&begins), "{}", opened.stderr);
    assert!(!opened.stderr.contains("was empty"), "{}", opened.stderr);
    station.run(["ledger", "verify"]).ok();
    assert_eq!(leaves(&station, &["mirror-begun"]).len(), 1);
}

/// What is wrong says where: which file the ledger was compared with.
#[test]
fn a_foreign_mirror_and_a_newer_layout_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let (station, mirror) = with_mirror(folder.path());
    station.open_batch("MIRROR-1", 1);
    let good = fs::read_to_string(&mirror).expect("the note");
    fs::write(&mirror, good.replace("station", "stateon")).expect("written");
    let named = format!("compared with {}: it holds no checkpoint", mirror.display());
    station.run(["ledger", "verify"]).told(1, &named);
    let only_the_mirror = "what the ledger was compared with is no checkpoint of it";
    station.run(["ledger", "verify"]).told(1, only_the_mirror);
    station.run(["ledger", "checkpoint"]).told(3, &named);
    fs::write(&mirror, &good).expect("written");

    let ledger = station.home().join("ledger.sqlite");
    let books = rusqlite::Connection::open(&ledger).expect("the ledger");
    // Where tables alone differ, the log makes them again.
    books
        .execute("DELETE FROM event WHERE entry = 1", ())
        .expect("a row less");
    let tables = "the ledger's tables are not what its log says";
    station.run(["ledger", "verify"]).told(1, tables);
    station.run(["ledger", "rebuild"]).ok();
    station.run(["ledger", "verify"]).ok();
    books
        .pragma_update(None, "user_version", 999)
        .expect("a version");
    drop(books);
    let newer = "use the program that wrote it, or a newer one";
    station.run(["ledger", "verify"]).told(3, newer);
}

/// Whoever only looks, or exports, leaves an emptied mirror as it is; whoever begins it says so, and the ledger tells it.
#[test]
fn an_emptied_mirror_is_begun_again_by_nobody_who_only_looks() {
    let folder = tempfile::tempdir().expect("a folder");
    let (station, mirror) = with_mirror(folder.path());
    station.open_batch("MIRROR-1", 1);
    station.run(CLOSE).ok();
    let row = format!("{}: a checkpoint over ", mirror.display());
    station.run(["doctor"]).told(0, &row);
    let compared = format!("compared with: the mirror {} (", mirror.display());
    station.run(["ledger", "verify"]).told(0, &compared);

    fs::write(&mirror, "").expect("an empty file");
    let entries = || {
        let ledger = station.home().join("ledger.sqlite");
        let reader = station::ledger::Reader::open(&ledger).expect("a ledger");
        reader.size().expect("a size")
    };
    let before = entries();
    let states = station.run(["doctor", "--json"]).ok().json_lines();
    let state = states.iter().find(|row| row["check"] == "mirror");
    assert_eq!(state.expect("a row")["state"], "warning");
    let export = ["manifest", "export", "MIRROR-1", "--format", "csv"];
    station.run(export).ok();
    let export = ["manifest", "export", "MIRROR-1", "--format", "dsse"];
    station.run(export).ok();
    let empty = "mirror.txt is empty: the next checkpoint begins it";
    station.run(["ledger", "verify"]).told(1, empty);
    assert_eq!(entries(), before, "nothing was recorded");
    assert_eq!(fs::read(&mirror).expect("a file"), b"");

    let begun = station.run(["ledger", "checkpoint"]).ok();
    let said = format!(
        "the mirror {} was empty: it begins with {} entries",
        mirror.display(),
        before + 1
    );
    assert!(begun.stderr.contains(&said), "{}", begun.stderr);
    let told = format!("begun again at entry {before}:");
    station.run(["ledger", "verify"]).told(0, &told);
    let report = station.run(["ledger", "verify", "--json"]).ok();
    let report = &report.json_lines()[0];
    assert_eq!(report["mirror_begun"], serde_json::json!([before]));
    assert_eq!(report["compared_with"][0]["with"], "mirror");
    assert_eq!(report["compared_with"][0]["entries"], before + 1);
    assert_eq!(report["compared_with"][1]["with"], "token");
}
