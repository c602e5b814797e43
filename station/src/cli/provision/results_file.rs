//! The file of `--results`: one line of JSON a board, its last verdict; boards without a UID each
//! keep theirs.
//!
//! Somebody who claims a board's UID without proof, or a second board with that UID, has a line of
//! its own: it never takes the place of the board's. Lines of an earlier run in the same file stay,
//! so a line that was killed and started again has all boards of the batch. The file is replaced
//! whole, so a reader never sees half a line.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::{self, File, FileType};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::board_result::{BoardResult, Subject};
use crate::cli::failure::Failure;
use crate::verdict::{Outcome, VerdictCode};

/// Largest results file that is continued, in bytes.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Results so far, in the order of the verdicts.
#[derive(Debug)]
pub(super) struct ResultsFile {
    path: Option<PathBuf>,
    lines: BTreeMap<u64, Line>,
    newest: BTreeMap<Subject, u64>,
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
    uid_proven: bool,
    code: VerdictCode,
}

impl ResultsFile {
    /// Reads what is there. Without a path, results are kept in memory only.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let mut results = Self {
            path: None,
            lines: BTreeMap::new(),
            newest: BTreeMap::new(),
            next: 0,
            unwritten: 0,
        };
        let Some(path) = path else { return Ok(results) };
        let (path, text) = existing(path)?;
        results.path = Some(path.clone());
        for text in text.lines() {
            let known: Known = serde_json::from_str(text).map_err(|error| {
                Failure::usage(
                    format_args!("cannot continue {}", path.display()),
                    format_args!("it is no results file: {error}"),
                    "name another file with --results, or move this one away",
                )
            })?;
            let subject = known
                .uid
                .map(|uid| Subject::new(uid, known.uid_proven, known.code));
            results.insert(subject, text.to_owned(), None);
        }
        Ok(results)
    }

    /// Adds a verdict; an earlier one of the same board goes.
    pub(super) fn add(&mut self, board: &BoardResult) -> Result<(), Failure> {
        let text = serde_json::to_string(board).map_err(|error| self.failure(&error.into()))?;
        self.insert(board.subject(), text, Some(board.verdict));
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

    fn insert(&mut self, subject: Option<Subject>, text: String, outcome: Option<Outcome>) {
        if let Some(subject) = subject {
            for obsolete in subject.obsolete() {
                if let Some(before) = self.newest.remove(&obsolete) {
                    self.lines.remove(&before);
                }
            }
            self.newest.insert(subject, self.next);
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
        // What lies there is of a run that was killed, or nothing to be written through.
        let free = match fs::remove_file(&temporary) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        let made = free.and_then(|()| File::create_new(&temporary));
        let written = made.and_then(|mut file| {
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

/// The file behind `path`, and what it holds: nothing where there is none yet.
fn existing(path: &Path) -> Result<(PathBuf, String), Failure> {
    let refused = |why: &dyn Display| {
        let what = format!("cannot keep results in {}", path.display());
        Failure::usage(
            what,
            why,
            "name a file with --results; --json prints results instead",
        )
    };
    let found = match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let parent = path.parent().filter(|parent| *parent != Path::new(""));
            if path.file_name().is_none() || parent.is_some_and(|parent| !parent.is_dir()) {
                return Err(refused(&"its folder does not exist"));
            }
            return Ok((path.to_owned(), String::new()));
        }
        found => found.map_err(|error| refused(&error))?,
    };
    // Anything else would be replaced by a file at the first verdict, or be waited for without end.
    if !found.is_file() {
        let kind = kind_in_words(found.file_type());
        return Err(refused(&format_args!("it is {kind}, not a regular file")));
    }
    if found.len() > MAX_BYTES {
        return Err(refused(&"it is too large"));
    }
    let text = fs::read_to_string(path).map_err(|error| refused(&error))?;
    // A link stays one: the file that it leads to is replaced.
    let path = fs::canonicalize(path).map_err(|error| refused(&error))?;
    Ok((path, text))
}

fn kind_in_words(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::UtcMillis;
    use crate::names::{BatchId, LaneName};
    use crate::provisioning::Verdict;
    use crate::provisioning::action::WireCount;
    use crate::verdict::VerdictCode;

    /// A verdict on a board that proved its UID.
    fn result(uid: Option<u8>, code: VerdictCode) -> BoardResult {
        said(uid, uid, code)
    }

    fn said(claimed: Option<u8>, proven: Option<u8>, code: VerdictCode) -> BoardResult {
        let uid = |byte| firmware_proto::Uid::from_bytes(&[byte; 8]).unwrap();
        let verdict = Verdict {
            code,
            detail: "played".to_owned(),
            uid: proven.map(uid),
            claimed_uid: claimed.map(uid),
            device_serial: None,
            certificate_serial: None,
            duration_ms: 7,
            retries: 0,
            marginal: Vec::new(),
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

    /// The codes of the file after these verdicts, each in a run of its own where `restart`.
    fn check_kept(verdicts: &[(BoardResult, &[&str])]) {
        for restart in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("results.ndjson");
            let mut results = ResultsFile::open(Some(&path)).unwrap();
            for (verdict, expected) in verdicts {
                if restart {
                    results = ResultsFile::open(Some(&path)).unwrap();
                }
                results.add(verdict).unwrap();
                results.finish().unwrap();
                let found = codes(&path);
                let found: Vec<_> = found.iter().map(|(_, code)| code.as_str()).collect();
                assert_eq!(found, *expected, "restart: {restart}");
            }
        }
    }

    #[test]
    fn nobody_takes_the_place_of_the_board_that_they_claim_to_be() {
        use VerdictCode::{
            AlreadyProvisioned, AttKeyUnknown, AttSignature, LinkLost, Pass, UidReused,
        };
        let unproven = |code| said(Some(1), None, code);
        check_kept(&[
            (unproven(LinkLost), &["LINK-LOST"]),
            // Once the board has proven itself, its failed attempts count no more.
            (result(Some(1), Pass), &["PASS"]),
            (unproven(LinkLost), &["PASS", "LINK-LOST"]),
            (
                unproven(AttKeyUnknown),
                &["PASS", "LINK-LOST", "ATT-KEY-UNKNOWN"],
            ),
            // The certificate's UID, in evidence that did not verify.
            (
                result(Some(1), AttSignature),
                &["PASS", "LINK-LOST", "ATT-SIGNATURE"],
            ),
            // A second board with the same UID.
            (
                result(Some(1), UidReused),
                &["PASS", "LINK-LOST", "UID-REUSED"],
            ),
            // The board itself comes back.
            (
                result(Some(1), AlreadyProvisioned),
                &["UID-REUSED", "ALREADY-PROVISIONED"],
            ),
        ]);
    }

    #[test]
    fn only_a_regular_file_takes_results() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        for (path, why) in [
            (Path::new("/dev/full"), "it is a device"),
            (fifo.as_path(), "it is a pipe"),
            (folder.path(), "it is a folder"),
            (&folder.path().join("no/such"), "its folder does not exist"),
        ] {
            let refused = ResultsFile::open(Some(path)).unwrap_err();
            assert!(refused.why().contains(why), "{}", refused.why());
        }
        // A leftover of that kind is not written through.
        let path = folder.path().join("results.ndjson");
        std::os::unix::fs::symlink(&fifo, folder.path().join("results.ndjson.new")).unwrap();
        let mut results = ResultsFile::open(Some(&path)).unwrap();
        results.add(&result(Some(1), VerdictCode::Pass)).unwrap();
        results.finish().unwrap();
        assert_eq!(codes(&path).len(), 1);
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("results"), folder.path().join("link"));
        fs::write(&path, "").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let mut results = ResultsFile::open(Some(&link)).unwrap();
        results.add(&result(Some(1), VerdictCode::Pass)).unwrap();
        results.finish().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(codes(&path).len(), 1);
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
