//! What tests of the ledger's own words have in common: its configuration, its checkpoints, checked proofs.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use station::ledger::Reader;

use crate::prepared_station::PreparedStation;
use crate::station_process::{Finished, programs, run};

/// Adds lines below `[ledger]`.
///
/// # Panics
/// Where the configuration can't be changed.
pub fn configure(station: &PreparedStation, ledger: &str) {
    let path = station.home().join("station.toml");
    let text = std::fs::read_to_string(&path).expect("a configuration");
    let text = text.replacen("[ledger]\n", &format!("[ledger]\n{ledger}"), 1);
    std::fs::write(&path, text).expect("the configuration is written");
}

/// Names a file as the mirror of checkpoints, and makes it, empty, as one that begins.
///
/// # Panics
/// Where file or configuration can't be written.
pub fn begin_mirror(station: &PreparedStation, mirror: &Path) {
    std::fs::write(mirror, "").expect("an empty file");
    let quoted = format!("checkpoint_mirror = {:?}\n", mirror.display().to_string());
    configure(station, &quoted);
}

/// The station's events of these kinds, from the log itself.
///
/// # Panics
/// Where it cannot be read.
#[must_use]
pub fn leaves(station: &PreparedStation, kinds: &[&str]) -> Vec<Value> {
    let reader = Reader::open(&station.home().join("ledger.sqlite")).expect("a ledger");
    let leaf = |at| {
        let entry = reader.entry(at).expect("an entry");
        serde_json::from_slice(&entry.leaf.encode().expect("a leaf")).expect("JSON")
    };
    (0..reader.size().expect("a size"))
        .map(leaf)
        .filter(|leaf: &Value| kinds.contains(&leaf["kind"].as_str().unwrap_or_default()))
        .collect()
}

/// Has a checkpoint signed, and keeps it in the file.
///
/// # Panics
/// Where the station refuses.
pub fn checkpoint(station: &PreparedStation, file: &Path) -> String {
    let note = station.run(["ledger", "checkpoint"]).ok().stdout;
    std::fs::write(file, &note).expect("a note is written");
    note
}

/// How many entries a note covers.
///
/// # Panics
/// Where it is no checkpoint.
#[must_use]
pub fn size(note: &str) -> u64 {
    note.lines()
        .nth(1)
        .and_then(|size| size.parse().ok())
        .expect("a size")
}

/// Checks a proof. With an empty environment, in an empty folder: no home, no token, no network needed.
///
/// # Panics
/// Where there is no empty folder.
#[must_use]
pub fn check(file: &Path, flags: &[&str]) -> Finished {
    let empty = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(&programs().station);
    command.env_clear().current_dir(empty.path());
    command
        .args(["ledger", "check-proof"])
        .arg(file)
        .args(flags);
    run(&mut command)
}

/// A path as an argument.
#[must_use]
pub fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
