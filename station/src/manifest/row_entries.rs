//! Whether a row says what the log says: its own entries, read and compared with it.
//!
//! A row shows the leaves that it rests on. Here they are read and held against it; whether they lie in the
//! log is for [`ledger_proof`](super::ledger_proof), which gets their hashes from here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use firmware_proto::Uid;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::board_row::{BoardRow, CertificateRow, LogEntry, Scrapping};
use super::rejected::Rejected;
use super::session_entries::{Agreement, SessionFacts, actor_of};
use super::session_row::SessionRow;
use super::shown_entries::{Anchor, ShownEntries, Whose};
use super::spool::{NotKept, Spool};
use super::statement::ClockAcceptance;
use crate::encoding::{Hex, sha256};
use crate::ledger::event::{Actor, Assurance, Fact};
use crate::ledger::leaf::{Leaf, LeafError};
use crate::ledger::merkle_tree::leaf_hash;
use crate::names::{BatchId, OperatorId};

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
    #[error("{row} does not agree with its ledger entry {index} on {what}")]
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

/// Entries that must lie in the log, and what the closing event will have counted of them.
#[derive(Debug)]
pub struct Anchors {
    /// Those in the batch's range.
    pub within: ShownEntries,
    /// The others, each a [`ProvenApart`] in JSON.
    pub apart: Spool,
    pub(super) folder: PathBuf,
    /// What all entries are held against: the batch, and everybody who is named.
    batch: BatchId,
    operators: BTreeSet<Actor>,
    /// Openings and verdicts so far.
    pub(super) openings: u64,
    pub(super) verdicts: u64,
    rows: u64,
    unidentified: u64,
}

/// Whose entry is read, and how people call it.
struct Owner {
    whose: Whose,
    name: String,
}

impl Anchors {
    /// None yet, of a batch with these operators; files will be in that folder.
    #[must_use]
    pub fn new(folder: &Path, batch: &BatchId, operators: &[Actor]) -> Self {
        Self {
            batch: batch.clone(),
            operators: operators.iter().cloned().collect(),
            within: ShownEntries::new(folder),
            apart: Spool::new(folder),
            folder: folder.to_owned(),
            openings: 0,
            verdicts: 0,
            rows: 0,
            unidentified: 0,
        }
    }

    /// Reads the row's entries and holds them against it.
    ///
    /// # Errors
    /// The first fault.
    pub fn add(&mut self, row: &BoardRow) -> Result<(), Rejected> {
        let batch = self.batch.clone();
        let owner = Owner {
            whose: Whose::Row(self.rows),
            name: row.name(),
        };
        let mut good_serial = None;
        for session in &row.sessions {
            let facts = self.session(&owner, session, Some(&row.uid))?;
            good_serial = facts.good_serial.or(good_serial);
        }
        for one in &row.certificates {
            let issued = self.read(&owner, &one.entry)?;
            agree(
                &owner,
                &one.entry,
                &issuing_agrees(&batch, row, one, &issued),
            )?;
            let Some(entry) = &one.revocation_entry else {
                continue;
            };
            let revoked = self.read(&owner, entry)?;
            agree(&owner, entry, &revocation_agrees(row, one, &revoked))?;
        }
        if row.certificates.is_empty() && row.serial != good_serial {
            let what = "its serial";
            return Err(other(&owner, row.index, what).into());
        }
        if let Some(scrapped) = &row.scrapped {
            let leaf = self.read(&owner, &scrapped.entry)?;
            let rules = scrapping_agrees(&batch, &row.uid, scrapped, &leaf);
            agree(&owner, &scrapped.entry, &rules)?;
        }
        self.rows = self.rows.saturating_add(1);
        Ok(())
    }

    /// The same for a session in which nobody said who it is.
    ///
    /// # Errors
    /// The first fault.
    pub fn add_unidentified(&mut self, session: &SessionRow) -> Result<(), Rejected> {
        let whose = Whose::Unidentified(self.unidentified);
        let owner = Owner {
            name: whose.to_string(),
            whose,
        };
        self.session(&owner, session, None)?;
        self.unidentified = self.unidentified.saturating_add(1);
        Ok(())
    }

    /// The same for an accepted clock.
    ///
    /// # Errors
    /// The first fault.
    pub fn add_clock(&mut self, accepted: &ClockAcceptance) -> Result<(), Rejected> {
        let owner = Owner {
            whose: Whose::Clock,
            name: Whose::Clock.to_string(),
        };
        let leaf = self.read(&owner, &accepted.entry)?;
        agree(&owner, &accepted.entry, &acceptance_agrees(accepted, &leaf))?;
        Ok(())
    }

    /// Reads a session's entries and holds them against it, and it against whose it is to be.
    fn session(
        &mut self,
        owner: &Owner,
        session: &SessionRow,
        board: Option<&Uid>,
    ) -> Result<SessionFacts, Rejected> {
        let mut facts = SessionFacts::default();
        if let Some(entry) = &session.opening {
            let leaf = self.read(owner, entry)?;
            agree(owner, entry, &facts.open(&self.batch, session, &leaf))?;
            self.openings = self.openings.saturating_add(1);
        }
        if let Some(entry) = &session.evidence {
            let leaf = self.read(owner, entry)?;
            agree(owner, entry, &facts.appraise(&self.batch, session, &leaf))?;
        }
        if let Some(entry) = &session.verdict {
            let leaf = self.read(owner, entry)?;
            agree(owner, entry, &facts.judge(&self.batch, session, &leaf))?;
            self.verdicts = self.verdicts.saturating_add(1);
        }
        let index = session.index().unwrap_or_default();
        let broken = facts.end(session, board);
        let broken = broken.iter().find(|(holds, _)| !holds);
        broken.map_or(Ok(facts), |(_, what)| Err(other(owner, index, what).into()))
    }

    fn read(&mut self, owner: &Owner, entry: &LogEntry) -> Result<Leaf, Rejected> {
        let bytes = entry.leaf.as_bytes();
        let leaf = Leaf::decode(bytes).map_err(|fault| EntryFault::Leaf {
            row: owner.name.clone(),
            index: entry.index,
            fault,
        })?;
        if actor_of(&leaf.fact).is_some_and(|actor| !self.operators.contains(actor)) {
            let what = "who did it: nobody of the operators' list";
            return Err(other(owner, entry.index, what).into());
        }
        let hash = leaf_hash(bytes);
        match &entry.proof {
            None => {
                let position = leaf.position.as_ref().filter(|at| at.batch == self.batch);
                let anchor = Anchor {
                    index: entry.index,
                    hash,
                    seq: position.map(|at| at.seq),
                    prev: position.and_then(|at| at.prev),
                };
                self.within.push(&anchor, &owner.whose)?;
            }
            Some(proof) => self.push_apart(&ProvenApart {
                row: owner.name.clone(),
                index: entry.index,
                hash: hash.into(),
                proof: proof.clone(),
            })?,
        }
        Ok(leaf)
    }

    /// Whether somebody is in the list of operators, as surely.
    #[must_use]
    pub fn knows(&self, operator: &OperatorId, assurance: Assurance) -> bool {
        self.operators.contains(&Actor {
            operator: operator.clone(),
            assurance,
        })
    }

    fn push_apart(&mut self, apart: &ProvenApart) -> Result<(), NotKept> {
        let bytes = serde_json::to_vec(apart);
        self.apart
            .push(&bytes.map_err(|error| NotKept::new(&self.folder, error))?)
    }
}

fn agree(owner: &Owner, entry: &LogEntry, rules: &[Agreement]) -> Result<(), EntryFault> {
    let broken = rules.iter().find(|(holds, _)| !holds);
    broken.map_or(Ok(()), |(_, what)| Err(other(owner, entry.index, what)))
}

fn other(owner: &Owner, index: u64, what: &'static str) -> EntryFault {
    EntryFault::Other {
        row: owner.name.clone(),
        index,
        what,
    }
}

fn acceptance_agrees(accepted: &ClockAcceptance, leaf: &Leaf) -> Vec<Agreement> {
    let Fact::ClockAccepted { actor, .. } = &leaf.fact else {
        return vec![(false, "what it is: no clock was accepted")];
    };
    vec![
        (accepted.time.0 == leaf.time, "the new time"),
        (
            (&accepted.operator, accepted.assurance) == (&actor.operator, actor.assurance),
            "who accepted it",
        ),
    ]
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
