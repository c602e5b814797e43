//! Exporting where something is in the way: a process that is killed, a folder that cannot be written, a manifest of
//! something else, a batch with boards missing.
#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::{Finished, Running, programs, run};
use acceptance::wait_for;

const BATCH: &str = "EXPORT-1";
const EMPTY: &str = "EXPORT-2";

struct Exporting {
    station: PreparedStation,
    folder: tempfile::TempDir,
}

/// A batch of one board, and one of none; one test at a time has the home.
fn exporting() -> MutexGuard<'static, Exporting> {
    static MADE: OnceLock<Mutex<Exporting>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let station = PreparedStation::create(folder.path());
        station.open_batch(BATCH, 2);
        let plan = LinePlan::good_boards(folder.path(), &station, 1, 4711);
        let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
        let mut arguments = station.provision_arguments(BATCH, &line.ports());
        arguments.extend(["--count".to_owned(), "1".to_owned()]);
        station.run(arguments).ok();
        let _ = line.stop();

        // One of two boards is made: that is asked about.
        let close = |batch: &str, more: &[&str]| {
            let mut close = station.command(["batch", "close", batch, "--operator", SUPERVISOR]);
            run(close.args(more))
        };
        let missing = "1 of the 2 that WO-1 asks for are made, 1 are missing";
        close(BATCH, &[]).told(1, missing);
        let shown = station.run(["batch", "show", BATCH, "--json"]).ok();
        assert_eq!(shown.json_lines()[0]["state"], "open");
        close(BATCH, &["--short"]).ok();
        close(BATCH, &[]).code(2);
        station.open_batch(EMPTY, 1);
        close(EMPTY, &["--short"]).ok();
        Mutex::new(Exporting { station, folder })
    });
    made.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Exporting {
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn export(&self, batch: &str, format: &str, name: &str, more: &[&str]) -> Finished {
        let mut export = self
            .station
            .command(["manifest", "export", batch, "--format", format]);
        run(export.args(more).arg("-o").arg(self.file(name)))
    }

    /// What lies in the home's folder of exports.
    fn left(&self) -> usize {
        fs::read_dir(self.station.home().join("exports"))
            .expect("a folder")
            .count()
    }
}

#[test]
fn what_a_killed_export_leaves_is_gone_with_the_next() {
    let exporting = exporting();
    let reached = exporting.file("reached");
    let arguments = ["manifest", "export", BATCH, "-o", "nowhere.json"];
    let station = &exporting.station;
    let mut armed = station.command_of(&programs().station_crash_points, arguments);
    armed
        .env("STATION_CRASH_POINT", "export:document")
        .env("STATION_CRASH_FILE", &reached);
    let running = Running::start(&mut armed);
    wait_for::condition("the document is begun", || reached.exists());
    let _killed = running.kill();
    assert_eq!(exporting.left(), 1, "the killed one's document");
    exporting.export(BATCH, "csv", "after.csv", &[]).ok();
    assert_eq!(exporting.left(), 0);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let exporting = exporting();
    let exports = exporting.station.home().join("exports");
    let _absent = fs::remove_dir_all(&exports);
    fs::write(&exports, "in the way").expect("a file");
    let said = exporting
        .export(BATCH, "dsse", "a.json", &[])
        .code(3)
        .stderr;
    let named = format!("cannot write the document in {}", exports.display());
    assert!(
        said.contains(&named) && said.contains("make room"),
        "{said}"
    );
    assert!(!exporting.file("a.json").exists());
    fs::remove_file(&exports).expect("it was there");
}

#[test]
fn what_comes_through_a_pipe_and_cannot_be_kept_is_not_called_absent() {
    let exporting = exporting();
    exporting.export(BATCH, "dsse", "piped.json", &[]).ok();
    let mut verify = Command::new("bash");
    verify.args(["-c", "\"$0\" manifest verify <(cat \"$1\") --trust \"$2\""]);
    verify
        .arg(&programs().station)
        .arg(exporting.file("piped.json"));
    verify.arg(exporting.station.root());
    run(&mut verify).ok();
    let nowhere = exporting.file("none");
    let said = run(verify.env("TMPDIR", &nowhere)).code(3).stderr;
    for part in [&*nowhere.to_string_lossy(), "TMPDIR"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn a_report_goes_with_the_manifest_of_its_batch_alone() {
    let exporting = exporting();
    exporting.export(BATCH, "dsse", "it's.json", &[]).ok();
    exporting.export(EMPTY, "dsse", "other.json", &[]).ok();
    let manifest = exporting.file("it's.json");
    let bent = exporting.file("bent.json");
    let text = fs::read_to_string(&manifest).expect("a manifest");
    fs::write(&bent, text.replacen("\"sig\":\"", "\"sig\":\"A", 1)).expect("a file");
    let with = |file: &Path| {
        let file = file.to_string_lossy().into_owned();
        exporting.export(BATCH, "html", "report.html", &["--manifest", &file])
    };
    with(&bent).told(1, "no report goes with");
    with(&exporting.file("other.json")).told(1, "it is of batch EXPORT-2");
    with(&exporting.station.root()).code(1);
    assert!(!exporting.file("report.html").exists());
    with(&manifest).ok();
    let page = fs::read_to_string(exporting.file("report.html")).expect("a report");
    let quoted = r"station manifest verify &#39;it&#39;\&#39;&#39;s.json&#39; --trust";
    assert!(page.contains(quoted), "the name is one word of the command");
}
