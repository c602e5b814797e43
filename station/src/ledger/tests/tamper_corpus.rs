//! Some hundreds of ledgers that somebody changed, made from a seed. Each is found by the verification or refused
//! as a file; one that is not found says the same as before, value for value.

mod changes;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use firmware_proto::Digest;

use super::rebuilding::try_dump;
use super::tampering::populated;
use super::*;
use crate::encoding::sha256;
use crate::ledger::checkpoint::VerifierKey;
use crate::ledger::column::{Hash, Int};
use crate::ledger::{KeptElsewhere, LedgerHandle, Reader, verify};

/// Printed with each failure; another one makes another corpus.
const SEED: u64 = 0x5eed_1ed6_e400_2026;

/// Fewer changed ledgers than this, no two of them alike, say that the generator lost something.
const DISTINCT_MIN: usize = 500;

/// What an auditor's ledger is of: devices, events, what proves them (the tree), what signs them. Each of them is
/// among the corpus in each of the manners.
const THINGS: [&str; 4] = ["device", "entry", "node", "checkpoint"];
const MANNERS: [&str; 4] = ["changed", "removed", "added", "swapped"];

/// `SplitMix64`: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let index = self.below(all.len() as u64);
        &all[usize::try_from(index).unwrap()]
    }
}

fn mirrored(note: &str) -> KeptElsewhere<'_> {
    let path = Path::new("mirror.txt");
    KeptElsewhere { path, note }
}

/// A ledger with its last checkpoint, as a mirror keeps it.
struct Original {
    home: Home,
    file: Vec<u8>,
    key: VerifierKey,
    mirror: String,
    size: u64,
    dump: Vec<String>,
}

impl Original {
    fn make() -> Self {
        let home = populated();
        let ledger = home.open().unwrap();
        ledger.open_batch(opening("B-2", 20)).unwrap();
        for number in 10..22 {
            let events = events("B-2", board(number).whole_way());
            ledger.record(events, Durability::Checkpointed).unwrap();
        }
        ledger.close_batch(closing("B-2")).unwrap();
        drop(ledger);
        let reader = Reader::open(&home.path()).unwrap();
        Self {
            file: std::fs::read(home.path()).unwrap(),
            key: reader.opening().unwrap().key,
            mirror: reader.latest_checkpoint().unwrap().unwrap().note,
            size: reader.size().unwrap(),
            dump: try_dump(&home).unwrap(),
            home,
        }
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.home.path().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    }

    fn restore(&self) {
        for suffix in ["-wal", "-shm", "-journal"] {
            let _ = std::fs::remove_file(self.beside(suffix));
        }
        std::fs::write(self.home.path(), &self.file).unwrap();
    }

    /// What the ledger says, by digest: two files with the same rows are one, whatever SQLite counts in its pages. Where
    /// the rows cannot be read or are the original's, the digest of the file.
    fn content(&self) -> Digest {
        match try_dump(&self.home) {
            Ok(dump) if dump != self.dump => sha256(dump.join("\n").as_bytes()),
            _ => sha256(&std::fs::read(self.home.path()).unwrap()),
        }
    }

    /// What a verification finds, as text; nothing where the ledger is clean.
    fn found(&self) -> String {
        match verify(&self.home.path(), &self.key, Some(mirrored(&self.mirror))) {
            Ok(report) => {
                let findings = report.findings.iter().map(ToString::to_string);
                findings.collect::<Vec<_>>().join("; ")
            }
            Err(error) => error.to_string(),
        }
    }
}

/// A way to change a ledger, with what must be named.
struct Change {
    /// A table, or what is beneath the tables.
    thing: String,
    manner: &'static str,
    what: String,
    how: How,
    named: Option<String>,
}

enum How {
    Sql(String),
    /// A byte of the file, and the bits that are turned over.
    Flip(usize, u8),
    Cut(usize),
    /// The file as it was after so many entries.
    RollBack(usize),
}

fn sql(thing: &str, manner: &'static str, what: &str, sql: String) -> Change {
    Change {
        thing: thing.to_owned(),
        manner,
        what: what.to_owned(),
        how: How::Sql(sql),
        named: None,
    }
}

/// Copies of the file as it was before; each is a good ledger, that only the mirror tells from the last one.
fn generations() -> Vec<Vec<u8>> {
    let home = populated();
    let read = || std::fs::read(home.path()).unwrap();
    let mut all = vec![read()];
    home.open().unwrap().open_batch(opening("B-2", 20)).unwrap();
    all.push(read());
    for number in [10, 11] {
        let events = events("B-2", board(number).whole_way());
        home.open()
            .unwrap()
            .record(events, Durability::Checkpointed)
            .unwrap();
        all.push(read());
    }
    all
}

#[expect(clippy::print_stdout, reason = "how large the corpus is")]
#[test]
fn every_changed_ledger_is_found() {
    let original = Original::make();
    assert_eq!(original.found(), "", "the untouched ledger");
    let random = &mut Random(SEED);
    let mut all = Vec::new();
    changes::values(&original, random, &mut all);
    changes::entries(&original, random, &mut all);
    changes::checkpoints(&original, random, &mut all);
    changes::definitions(&mut all);
    changes::bytes(&original, random, &mut all);
    let older = generations();
    let mut made = BTreeSet::new();
    let mut kinds: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (number, change) in all.iter().enumerate() {
        original.restore();
        apply(change, &original, &older);
        let what = format!("seed {SEED:#x}, change {number}: {}", change.what);
        let content = original.content();
        let found = original.found();
        if found.is_empty() {
            let same = try_dump(&original.home).is_ok_and(|dump| dump == original.dump);
            assert!(same, "{what}: not found");
        } else if made.insert(content) {
            *kinds.entry((&change.thing, change.manner)).or_default() += 1;
            let named = change
                .named
                .as_ref()
                .is_none_or(|name| found.contains(name));
            assert!(named, "{what}: {found}");
        }
    }
    let (changed, tried) = (made.len(), all.len());
    println!("{changed} changed ledgers of {tried}, no two alike: {kinds:?}");
    assert!(changed >= DISTINCT_MIN, "seed {SEED:#x}: only {changed}");
    for thing in THINGS {
        for manner in MANNERS {
            let found = kinds.contains_key(&(thing, manner));
            assert!(found, "seed {SEED:#x}: no {thing} was {manner}");
        }
    }
    original.restore();
    assert_eq!(original.found(), "", "the untouched ledger again");
}

fn apply(change: &Change, original: &Original, older: &[Vec<u8>]) {
    let path = original.home.path();
    match &change.how {
        // A change that a constraint forbids is none.
        How::Sql(sql) => {
            let connection = rusqlite::Connection::open(path).unwrap();
            connection
                .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF")
                .unwrap();
            let _ = connection.execute_batch(&format!("BEGIN; {sql}; COMMIT"));
        }
        How::Flip(at, bits) => {
            let mut file = original.file.clone();
            file[*at] ^= bits;
            std::fs::write(path, file).unwrap();
        }
        How::Cut(at) => std::fs::write(path, &original.file[..*at]).unwrap(),
        How::RollBack(generation) => std::fs::write(path, &older[*generation]).unwrap(),
    }
}

/// What is still in the write-ahead log can be cut off or spoilt: SQLite then takes the ledger for an older one, and
/// the mirror tells.
#[test]
fn a_changed_write_ahead_log_is_found() {
    let original = Original::make();
    let ledger =
        LedgerHandle::open(&original.home.path(), original.home.signer.clone(), None).unwrap();
    ledger.open_batch(opening("B-3", 3)).unwrap();
    ledger
        .record(
            events("B-3", board(40).whole_way()),
            Durability::Checkpointed,
        )
        .unwrap();
    let reader = Reader::open(&original.home.path()).unwrap();
    let mirror = reader.latest_checkpoint().unwrap().unwrap().note;
    let (main, wal) = (
        std::fs::read(original.home.path()).unwrap(),
        std::fs::read(original.beside("-wal")).unwrap(),
    );
    drop(reader);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let verified = |wal: &[u8]| {
        std::fs::write(&path, &main).unwrap();
        std::fs::write(folder.path().join("ledger.sqlite-wal"), wal).unwrap();
        let _ = std::fs::remove_file(folder.path().join("ledger.sqlite-shm"));
        verify(&path, &original.key, Some(mirrored(&mirror))).is_ok_and(|report| report.is_clean())
    };
    assert!(verified(&wal), "the untouched one");
    assert!(!verified(&[]), "none");
    let random = &mut Random(SEED);
    for number in 0..24 {
        let at = usize::try_from(random.below(wal.len() as u64)).unwrap();
        let cut = format!(
            "seed {SEED:#x}, change {number}: cut at {at} of {}",
            wal.len()
        );
        assert!(!verified(&wal[..at]), "{cut}");
        let mut flipped = wal.clone();
        flipped[at] ^= 1 << random.below(8);
        assert!(
            !verified(&flipped),
            "seed {SEED:#x}, change {number}: a bit at {at}"
        );
    }
}

#[test]
fn another_history_beside_the_mirror_is_found() {
    let original = Original::make();
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 200)).unwrap();
    for number in 0..30 {
        ledger
            .record(events(B, board(number).whole_way()), Durability::Durable)
            .unwrap();
    }
    drop(ledger);
    let report = verify(&home.path(), &original.key, None).unwrap();
    assert_eq!(report.findings, [], "signed by the same key, and whole");
    let report = verify(
        &home.path(),
        &original.key,
        Some(mirrored(&original.mirror)),
    )
    .unwrap();
    let two = Damage::TwoLogs {
        size: original.size,
    };
    assert_eq!(report.findings, [two.beside(Path::new("mirror.txt"))]);
    let connection = rusqlite::Connection::open(home.path()).unwrap();
    let first: (Int, Hash) = connection
        .query_row("SELECT idx, hash FROM entry LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(first.0.0, 0);
}
