//! The file of `--results`: one line of JSON a board, its last verdict; boards without a UID each
//! keep theirs.
//!
//! Lines of an earlier run in the same file stay, so a line that was killed and started again has
//! all
//! boards of the batch. The file is replaced whole, so a reader never sees half a line.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::board_result::BoardResult;
use crate::cli::failure::Failure;
use crate::verdict::Outcome;

/// Largest results file that is continued, in bytes.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Results so far, in the order of the verdicts.
#[derive(Debug)]
pub(super) struct ResultsFile {
    path: Option<PathBuf>,
    lines: BTreeMap<u64, Line>,
    newest: BTreeMap<String, u64>,
    next: u64,
    unwritten: usize,
}

#[derive(Debug)]
struct Line {
    text: String,
    /// Whether it is of this run, and what it says.
    outcome: Option<Outcome>,
}

/// What must be in a line for it to be continued.
#[derive(Deserialize)]
struct Known {
    uid: Option<String>,
}

impl ResultsFile {
    /// Reads what is there. Without a path, results are kept in memory only.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let mut results = Self {
            path: path.map(Path::to_owned),
            lines: BTreeMap::new(),
            newest: BTreeMap::new(),
            next: 0,
            unwritten: 0,
        };
        let Some(path) = path else { return Ok(results) };
        for text in existing(path)?.lines() {
            let known: Known = serde_json::from_str(text).map_err(|error| {
                Failure::usage(
                    format_args!("cannot continue {}", path.display()),
                    format_args!("it is no results file: {error}"),
                    "name another file with --results, or move this one away",
                )
            })?;
            results.insert(known.uid, text.to_owned(), None);
        }
        Ok(results)
    }

    /// Adds a verdict; an earlier one of the same board goes.
    pub(super) fn add(&mut self, board: &BoardResult) -> Result<(), Failure> {
        let text = serde_json::to_string(board).map_err(|error| self.failure(&error.into()))?;
        self.insert(board.uid.clone(), text, Some(board.verdict));
        self.unwritten += 1;
        // Writing all lines at each verdict would cost ever more; one in a hundred costs ever the
        // same.
        if self.unwritten > self.lines.len() / 100 {
            return self.write(false);
        }
        Ok(())
    }

    /// Writes all of it, durable.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.write(true)
    }

    /// Whether any board of this run has not passed in the end.
    pub(super) fn has_failed_board(&self) -> bool {
        let failed = |line: &Line| !matches!(line.outcome, None | Some(Outcome::Pass));
        self.lines.values().any(failed)
    }

    /// Whether this run had no verdict.
    pub(super) fn is_unchanged(&self) -> bool {
        self.lines.values().all(|line| line.outcome.is_none())
    }

    fn insert(&mut self, uid: Option<String>, text: String, outcome: Option<Outcome>) {
        if let Some(uid) = uid
            && let Some(before) = self.newest.insert(uid, self.next)
        {
            self.lines.remove(&before);
        }
        self.lines.insert(self.next, Line { text, outcome });
        self.next += 1;
    }

    fn write(&mut self, durable: bool) -> Result<(), Failure> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let temporary = path.with_file_name(name);
        let mut text = String::new();
        for line in self.lines.values() {
            text.push_str(&line.text);
            text.push('\n');
        }
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            if durable { file.sync_all() } else { Ok(()) }
        });
        written
            .and_then(|()| fs::rename(&temporary, path))
            .map_err(|error| self.failure(&error))?;
        self.unwritten = 0;
        Ok(())
    }

    fn failure(&self, error: &std::io::Error) -> Failure {
        let path = self.path.as_deref().unwrap_or(Path::new("the results"));
        Failure::station(
            format_args!("cannot write {}", path.display()),
            error,
            "make room or choose another file; the ledger has every verdict all the same",
        )
    }
}

fn existing(path: &Path) -> Result<String, Failure> {
    let failed = |why: &dyn std::fmt::Display| {
        let what = format!("cannot read {}", path.display());
        Failure::usage(what, why, "name another file with --results")
    };
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(failed(&error)),
        Ok(found) if found.len() > MAX_BYTES => return Err(failed(&"it is too large")),
        Ok(_) => {}
    }
    fs::read_to_string(path).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::UtcMillis;
    use crate::names::{BatchId, LaneName};
    use crate::provisioning::Verdict;
    use crate::provisioning::action::WireCount;
    use crate::verdict::VerdictCode;

    fn result(uid: Option<u8>, code: VerdictCode) -> BoardResult {
        let uid = uid.map(|byte| firmware_proto::Uid::from_bytes(&[byte; 8]).unwrap());
        let verdict = Verdict {
            code,
            detail: "played".to_owned(),
            uid: None,
            claimed_uid: uid,
            device_serial: None,
            certificate_serial: None,
            duration_ms: 7,
            retries: 0,
            wire: WireCount::default(),
            last_board: None,
        };
        let batch = BatchId::parse("B1").unwrap();
        let lane = LaneName::parse("L1").unwrap();
        BoardResult::new(&batch, &lane, &verdict, UtcMillis(0))
    }

    fn codes(path: &Path) -> Vec<(Option<String>, String)> {
        let text = fs::read_to_string(path).unwrap();
        let line = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| line[key].as_str().map(str::to_owned);
            (text("uid"), text("code").unwrap())
        };
        text.lines().map(line).collect()
    }

    #[test]
    fn the_last_verdict_of_a_board_counts_and_nameless_ones_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.ndjson");
        let mut results = ResultsFile::open(Some(&path)).unwrap();
        assert!(results.is_unchanged());
        for (uid, code) in [
            (Some(1), VerdictCode::LinkLost),
            (None, VerdictCode::LinkNoise),
            (None, VerdictCode::LinkNoise),
            (Some(1), VerdictCode::Pass),
        ] {
            results.add(&result(uid, code)).unwrap();
        }
        assert!(results.has_failed_board());
        results.finish().unwrap();
        // Started again, on the same file.
        let mut results = ResultsFile::open(Some(&path)).unwrap();
        results.add(&result(Some(2), VerdictCode::Pass)).unwrap();
        assert!(!results.has_failed_board());
        results.finish().unwrap();
        let found = codes(&path);
        let found: Vec<_> = found.iter().map(|(_, code)| code.as_str()).collect();
        assert_eq!(found, ["LINK-NOISE", "LINK-NOISE", "PASS", "PASS"]);
    }

    #[test]
    fn another_kind_of_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thesis.txt");
        fs::write(&path, "chapter one\n").unwrap();
        assert!(ResultsFile::open(Some(&path)).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "chapter one\n");
    }
}
