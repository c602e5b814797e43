//! Whether a row says what the log says: its own entries, read and compared with it.
//!
//! A row shows the leaves that it rests on. Here they are read and held against it; whether they lie in the
//! log is for [`ledger_proof`](super::ledger_proof), which gets their hashes from here.

use std::path::{Path, PathBuf};

use firmware_proto::Uid;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::board_row::{BoardRow, CertificateRow, LogEntry, Scrapping, SessionRow};
use super::rejected::Rejected;
use super::shown_entries::{Anchor, ShownEntries, Whose};
use super::spool::{NotKept, Spool};
use crate::encoding::{Hex, sha256};
use crate::ledger::event::Fact;
use crate::ledger::leaf::{Leaf, LeafError};
use crate::ledger::merkle_tree::leaf_hash;
use crate::names::BatchId;

/// Why a row and its entries do not go together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EntryFault {
    /// Not a leaf of our log.
    #[error("ledger entry {index} of {row} cannot be read: {fault}")]
    Leaf {
        /// Whose it is.
        row: String,
        /// Which entry.
        index: u64,
        /// Why.
        fault: LeafError,
    },
    /// It says something else than the row.
    #[error("the row of {row} does not agree with its ledger entry {index} on {what}")]
    Other {
        /// Whose it is.
        row: String,
        /// Which entry.
        index: u64,
        /// On what they differ.
        what: &'static str,
    },
}

/// An entry that is not in the batch's range, with its own proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvenApart {
    /// Whose it is.
    pub row: String,
    /// Where.
    pub index: u64,
    /// Its leaf hash.
    pub hash: Hex,
    /// Its inclusion proof.
    pub proof: Vec<Hex>,
}

/// Entries that must lie in the log.
#[derive(Debug)]
pub struct Anchors {
    /// Those in the batch's range.
    pub within: ShownEntries,
    /// The others, each a [`ProvenApart`] in JSON.
    pub apart: Spool,
    pub(super) folder: PathBuf,
    rows: u64,
}

impl Anchors {
    /// None yet; files will be in that folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            within: ShownEntries::new(folder),
            apart: Spool::new(folder),
            folder: folder.to_owned(),
            rows: 0,
        }
    }

    /// Reads the row's entries and holds them against it.
    ///
    /// # Errors
    /// The first fault.
    pub fn add(&mut self, batch: &BatchId, row: &BoardRow) -> Result<(), Rejected> {
        let verdict = self.read(batch, row, &row.entry)?;
        agree(row, &row.entry, &verdict_agrees(batch, row, &verdict))?;
        for one in &row.certificates {
            let issued = self.read(batch, row, &one.entry)?;
            agree(row, &one.entry, &issuing_agrees(batch, row, one, &issued))?;
            let Some(entry) = &one.revocation_entry else {
                continue;
            };
            let revoked = self.read(batch, row, entry)?;
            agree(row, entry, &revocation_agrees(row, one, &revoked))?;
        }
        if let Some(scrapped) = &row.scrapped {
            let leaf = self.read(batch, row, &scrapped.entry)?;
            let rules = scrapping_agrees(batch, &row.uid, scrapped, &leaf);
            agree(row, &scrapped.entry, &rules)?;
        }
        self.rows = self.rows.saturating_add(1);
        Ok(())
    }

    fn read(
        &mut self,
        batch: &BatchId,
        row: &BoardRow,
        entry: &LogEntry,
    ) -> Result<Leaf, Rejected> {
        let bytes = entry.leaf.as_bytes();
        let leaf = Leaf::decode(bytes).map_err(|fault| EntryFault::Leaf {
            row: row.name(),
            index: entry.index,
            fault,
        })?;
        let hash = leaf_hash(bytes);
        match &entry.proof {
            None => {
                let position = leaf.position.as_ref().filter(|at| at.batch == *batch);
                let anchor = Anchor {
                    index: entry.index,
                    hash,
                    seq: position.map(|at| at.seq),
                    prev: position.and_then(|at| at.prev),
                };
                self.within.push(&anchor, &Whose::Row(self.rows))?;
            }
            Some(proof) => self.push_apart(&ProvenApart {
                row: row.name(),
                index: entry.index,
                hash: hash.into(),
                proof: proof.clone(),
            })?,
        }
        Ok(leaf)
    }

    fn push_apart(&mut self, apart: &ProvenApart) -> Result<(), NotKept> {
        let bytes = serde_json::to_vec(apart);
        self.apart
            .push(&bytes.map_err(|error| NotKept::new(&self.folder, error))?)
    }
}

/// Whether row and leaf agree on something, and on what.
type Agreement = (bool, &'static str);

fn agree(row: &BoardRow, entry: &LogEntry, rules: &[Agreement]) -> Result<(), EntryFault> {
    let broken = rules.iter().find(|(holds, _)| !holds);
    broken.map_or(Ok(()), |(_, what)| {
        Err(EntryFault::Other {
            row: row.name(),
            index: entry.index,
            what,
        })
    })
}

/// The session that the row's entry belongs to.
fn session_of<'row>(row: &'row BoardRow, leaf: &Leaf) -> Option<&'row SessionRow> {
    let mut sessions = row.sessions.iter();
    sessions.find(|session| Some(&session.session) == leaf.session.as_ref())
}

fn verdict_agrees(batch: &BatchId, row: &BoardRow, leaf: &Leaf) -> Vec<Agreement> {
    let session = session_of(row, leaf);
    let counted = session.is_some_and(|session| {
        (&session.lane, session.started, session.finished) == (&row.lane, row.started, row.finished)
    });
    let mut rules = vec![
        (leaf.batch() == Some(batch), "the batch"),
        (counted, "the session that counts"),
    ];
    match &leaf.fact {
        Fact::VerdictReached {
            lane,
            code,
            uid,
            claimed_uid,
            device_serial,
            ..
        } => rules.extend([
            (*lane == row.lane, "the lane"),
            (
                session.is_some_and(|session| session.code == Some(*code)),
                "the code of its session",
            ),
            (
                uid.as_ref()
                    .or(claimed_uid.as_ref())
                    .is_none_or(|uid| *uid == row.uid),
                "the UID",
            ),
            (
                row.finished.is_some_and(|at| at.0 == leaf.time),
                "when it was reached",
            ),
            (
                !row.passed() || device_serial.is_none() || *device_serial == row.serial,
                "the serial",
            ),
        ]),
        Fact::SessionOpened {
            lane, claimed_uid, ..
        } => rules.extend([
            (*lane == row.lane, "the lane"),
            (*claimed_uid == row.uid || row.uid_proven, "the UID"),
            (row.started.0 == leaf.time, "when it began"),
            (row.finished.is_none(), "that it ended"),
        ]),
        _ => rules.push((false, "what it is: no verdict")),
    }
    rules
}

fn issuing_agrees(
    batch: &BatchId,
    row: &BoardRow,
    one: &CertificateRow,
    leaf: &Leaf,
) -> Vec<Agreement> {
    let Fact::CertificateIssued {
        uid,
        certificate_serial,
        device_serial,
        certificate,
        ..
    } = &leaf.fact
    else {
        return vec![(false, "what it is: no certificate")];
    };
    let issued_in = one.issued_in.as_ref().unwrap_or(batch);
    vec![
        (*uid == row.uid, "the UID"),
        (
            *certificate_serial == one.serial,
            "the certificate's serial",
        ),
        (row.serial.as_ref() == Some(device_serial), "the serial"),
        (
            one.sha256.digest() == Some(sha256(&certificate.0)),
            "the certificate's digest",
        ),
        (one.issued.0 == leaf.time, "when it was issued"),
        (leaf.batch() == Some(issued_in), "the batch"),
        (one.issued_in.as_ref() != Some(batch), "the batch"),
    ]
}

fn revocation_agrees(row: &BoardRow, one: &CertificateRow, leaf: &Leaf) -> Vec<Agreement> {
    let Fact::CertificateRevoked {
        uid,
        certificate_serial,
        reason,
        ..
    } = &leaf.fact
    else {
        return vec![(false, "what it is: no revocation")];
    };
    let revoked = one.revoked.is_some_and(|at| at.0 == leaf.time);
    vec![
        (*uid == row.uid, "the UID"),
        (
            *certificate_serial == one.serial,
            "the certificate's serial",
        ),
        (one.reason == Some(*reason), "the reason"),
        (revoked, "when it was revoked"),
    ]
}

fn scrapping_agrees(
    batch: &BatchId,
    uid: &Uid,
    scrapped: &Scrapping,
    leaf: &Leaf,
) -> Vec<Agreement> {
    let Fact::BoardScrapped(record) = &leaf.fact else {
        return vec![(false, "what it is: no scrapping")];
    };
    vec![
        (leaf.batch() == Some(batch), "the batch"),
        (record.uid == *uid, "the UID"),
        (record.reason == scrapped.reason, "the reason"),
        (
            record.actor.operator == scrapped.operator,
            "who recorded it",
        ),
        (scrapped.time.0 == leaf.time, "when it was scrapped"),
    ]
}
