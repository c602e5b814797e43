//! Which word counts, where several manifests have one.
//!
//! 1. Of two manifests of one batch of one ledger, the one over the larger ledger, else the one that was signed later.
//!    Two that contradict each other are a finding of their own ([`same_batch`](super::same_batch)).
//! 2. Of two words about one board, in whatever batches, the newer: in one ledger the later entry counts, else the
//!    later time. A board whose UID was only claimed is another one than the board that has proven it.
//! 3. Of two words about one certificate, in whatever batches, that of the larger ledger, else that of the manifest
//!    that was signed later.
//!
//! No word of a manifest that was not verified counts before one of a verified one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use firmware_proto::Uid;

use super::question::{Found, FoundCertificate, LaterWord, Question, Source};
use super::statement::{BoardRow, CertificateStatus};
use crate::clock::UtcMillis;
use crate::names::{BatchId, CertificateSerial, StationName};

/// What was found in one manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// The manifest.
    pub source: Source,
    /// The devices, in its order.
    pub devices: Vec<Found>,
}

/// What counts of several manifests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// In the order in which they were handed over.
    pub answers: Vec<Answers>,
    /// Devices that would answer by the verdict of a batch, and do not by that of a later one.
    pub overtaken: u64,
}

/// The manifests of each batch of each ledger, by their numbers; the one that counts is the last of each.
#[must_use]
pub fn by_batch(sources: &[&Source]) -> Vec<Vec<usize>> {
    let mut batches: BTreeMap<(&str, &BatchId), Vec<usize>> = BTreeMap::new();
    for (at, source) in sources.iter().enumerate() {
        let key = (source.ledger_key.as_str(), &source.batch);
        batches.entry(key).or_default().push(at);
    }
    let mut batches: Vec<_> = batches.into_values().collect();
    for batch in &mut batches {
        batch.sort_by_key(|at| {
            let rank = sources
                .get(*at)
                .map(|source| (source.verified, source.entries, source.signed_at));
            (rank, Reverse(*at))
        });
    }
    batches
}

/// A batch that is in two ledgers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwoLedgers<'a> {
    /// Its station, and its name.
    pub batch: (&'a StationName, &'a BatchId),
    /// A manifest of each.
    pub files: Vec<&'a str>,
}

/// Batches of one name and station that verified manifests place in several ledgers.
#[must_use]
pub fn in_two_ledgers<'a>(sources: &[&'a Source]) -> Vec<TwoLedgers<'a>> {
    let mut batches: BTreeMap<(&StationName, &BatchId), BTreeMap<&str, &str>> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.verified) {
        let ledgers = batches.entry((&source.station, &source.batch)).or_default();
        ledgers.entry(&source.ledger_key).or_insert(&source.file);
    }
    let several = batches.into_iter().filter(|(_, ledgers)| ledgers.len() > 1);
    several
        .map(|(batch, ledgers)| TwoLedgers {
            batch,
            files: ledgers.into_values().collect(),
        })
        .collect()
}

/// The newest words about some boards and their certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    wanted: BTreeSet<Uid>,
    boards: BTreeMap<(Uid, bool), BoardWord>,
    certificates: BTreeMap<CertificateSerial, (Rank, FoundCertificate)>,
}

/// What a manifest's words are ranked by.
type Rank = (bool, String, u64, UtcMillis);

#[derive(Clone, Debug, PartialEq, Eq)]
struct BoardWord {
    verified: bool,
    ledger_key: String,
    entry: u64,
    time: UtcMillis,
    word: LaterWord,
}

impl Words {
    /// About the boards that answer.
    #[must_use]
    pub fn about(answers: &[Answers]) -> Self {
        let devices = answers.iter().flat_map(|one| &one.devices);
        Self {
            wanted: devices.map(|device| device.uid.clone()).collect(),
            ..Self::default()
        }
    }

    /// Whether a row is about one of them.
    #[must_use]
    pub fn want(&self, row: &BoardRow) -> bool {
        self.wanted.contains(&row.uid)
    }

    /// Notes what a manifest says of a board.
    pub fn note(&mut self, source: &Source, device: &Found) {
        let key = (device.uid.clone(), device.uid_proven);
        let word = BoardWord::of(source, device);
        match self.boards.get_mut(&key) {
            Some(known) if !word.is_newer_than(known) => {}
            Some(known) => *known = word,
            None => drop(self.boards.insert(key, word)),
        }
        let rank = rank(source);
        for one in &device.certificates {
            let known = self.certificates.get(&one.serial);
            if known.is_none_or(|(known, _)| is_larger(&rank, known)) {
                let said = (rank.clone(), one.clone());
                self.certificates.insert(one.serial, said);
            }
        }
    }

    /// Tells a device the newest words about it.
    fn tell(&self, source: &Source, device: &mut Found) {
        let newest = self.boards.get(&(device.uid.clone(), device.uid_proven));
        let own = BoardWord::of(source, device);
        let newest = newest.filter(|newest| newest.is_newer_than(&own));
        device.later = newest.map(|newest| newest.word.clone());
        for one in &mut device.certificates {
            // A serial number is one certificate's only where the digest agrees.
            if let Some((_, word)) = self.certificates.get(&one.serial)
                && word.sha256 == one.sha256
            {
                one.status = word.status;
                one.revoked = word.revoked;
                one.reason = word.reason;
            }
        }
    }
}

fn rank(source: &Source) -> Rank {
    let Source {
        verified,
        ledger_key,
        entries,
        signed_at,
        ..
    } = source;
    (*verified, ledger_key.clone(), *entries, signed_at.0)
}

/// Sizes can be compared in one ledger only.
fn is_larger(one: &Rank, other: &Rank) -> bool {
    match one.0.cmp(&other.0) {
        std::cmp::Ordering::Equal if one.1 == other.1 => (one.2, one.3) > (other.2, other.3),
        std::cmp::Ordering::Equal => one.3 > other.3,
        verified => verified.is_gt(),
    }
}

impl BoardWord {
    fn of(source: &Source, device: &Found) -> Self {
        Self {
            verified: source.verified,
            ledger_key: source.ledger_key.clone(),
            entry: device.entry,
            time: device.finished.unwrap_or(device.started).0,
            word: LaterWord {
                batch: source.batch.clone(),
                verdict: device.verdict,
                code: device.code,
                file: source.file.clone(),
            },
        }
    }

    fn is_newer_than(&self, other: &Self) -> bool {
        if self.verified != other.verified {
            return self.verified;
        }
        if self.ledger_key == other.ledger_key {
            return self.entry > other.entry;
        }
        self.time > other.time
    }
}

/// What counts of all that was found in the manifests that count, given the newest words about it.
#[must_use]
pub fn settle(question: &Question, mut answers: Vec<Answers>, words: &Words) -> Settled {
    let mut overtaken = 0;
    // Whoever names the batch asks what it came to.
    let by_newest =
        question.batch.is_none() && (question.verdict.is_some() || question.code.is_some());
    for Answers { source, devices } in &mut answers {
        for device in devices.iter_mut() {
            words.tell(source, device);
        }
        devices.retain(|device| {
            let other = device.later.as_ref();
            let stands = !by_newest || other.is_none_or(|word| word.verdict == device.verdict);
            overtaken += u64::from(!stands);
            stands
        });
        if question.live {
            for device in devices.iter_mut() {
                let live = |one: &FoundCertificate| one.status == CertificateStatus::Live;
                device.certificates.retain(live);
            }
            devices.retain(|device| !device.certificates.is_empty());
        }
    }
    Settled { answers, overtaken }
}
