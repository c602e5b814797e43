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
use super::certificate_entries::{issuing_agrees, provisioning_agrees, revocation_agrees};
use super::rejected::Rejected;
use super::session_entries::{Agreement, SessionFacts, actor_of};
use super::session_row::SessionRow;
use super::shown_entries::{Anchor, ShownEntries, Whose};
use super::spool::{NotKept, Spool};
use super::statement::{ClockAcceptance, HoldClearing, ScrappedApart};
use crate::encoding::Hex;
use crate::ledger::event::{Actor, BatchTally, Fact, FurtherTally};
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
    /// Whom the entries so far name.
    named: BTreeSet<Actor>,
    /// What they are, as the closing event counts.
    log: BatchTally,
    further: FurtherTally,
    rows: u64,
    unidentified: u64,
    last_unidentified: Option<u64>,
}

/// Whose entry is read, and how people call it.
struct Owner {
    whose: Whose,
    name: String,
}

impl Owner {
    /// Of what belongs to no board.
    fn of(whose: Whose) -> Self {
        Self {
            name: whose.to_string(),
            whose,
        }
    }
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
            named: BTreeSet::new(),
            log: BatchTally::default(),
            further: FurtherTally::default(),
            rows: 0,
            unidentified: 0,
            last_unidentified: None,
        }
    }

    /// Reads the row's entries and holds them against it.
    ///
    /// # Errors
    /// The first fault.
    pub fn add(&mut self, row: &BoardRow) -> Result<(), Rejected> {
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
            self.certificate(&owner, row, one)?;
        }
        if row.certificates.is_empty() && row.serial != good_serial {
            let what = "its serial";
            return Err(other(&owner, row.index, what).into());
        }
        if let Some(scrapped) = &row.scrapped {
            self.scrapping(&owner, &row.uid, scrapped)?;
        }
        self.rows = self.rows.saturating_add(1);
        Ok(())
    }

    fn scrapping(
        &mut self,
        owner: &Owner,
        uid: &Uid,
        scrapped: &Scrapping,
    ) -> Result<(), Rejected> {
        let leaf = self.read(owner, &scrapped.entry)?;
        let rules = scrapping_agrees(&self.batch, uid, scrapped, &leaf);
        agree(owner, &scrapped.entry, &rules)?;
        self.log.scrapped += 1;
        Ok(())
    }

    /// The same for a board that was scrapped and has no row.
    ///
    /// # Errors
    /// The first fault.
    pub fn add_scrapped_apart(&mut self, one: &ScrappedApart) -> Result<(), Rejected> {
        let owner = Owner {
            whose: Whose::Scrapping,
            name: format!("scrapped board {}", one.uid),
        };
        self.scrapping(&owner, &one.uid, &one.scrapped)
    }

    /// Reads a certificate's entries and holds them against it.
    fn certificate(
        &mut self,
        owner: &Owner,
        row: &BoardRow,
        one: &CertificateRow,
    ) -> Result<(), Rejected> {
        let issued = self.read(owner, &one.entry)?;
        let rules = issuing_agrees(&self.batch, row, one, &issued);
        agree(owner, &one.entry, &rules)?;
        self.log.certificates_issued += 1;
        if let Some(entry) = &one.provisioning_entry {
            let leaf = self.read(owner, entry)?;
            let rules = provisioning_agrees(&self.batch, row, one, &leaf);
            agree(owner, entry, &rules)?;
            self.log.provisioned += 1;
        }
        if let Some(entry) = &one.revocation_entry {
            let leaf = self.read(owner, entry)?;
            agree(owner, entry, &revocation_agrees(row, one, &leaf))?;
            // One of before the closing lies in the range, and has no proof of its own.
            self.further.revoked += u64::from(entry.proof.is_none());
        }
        Ok(())
    }

    /// The same for a session in which nobody said who it is.
    ///
    /// # Errors
    /// The first fault.
    pub fn add_unidentified(&mut self, session: &SessionRow) -> Result<(), Rejected> {
        let owner = Owner::of(Whose::Unidentified(self.unidentified));
        let index = session.index().unwrap_or_default();
        let before = self.last_unidentified.replace(index);
        if before.is_some_and(|before| before >= index) {
            let what = "its place: these are in the ledger's order";
            return Err(other(&owner, index, what).into());
        }
        self.session(&owner, session, None)?;
        self.unidentified = self.unidentified.saturating_add(1);
        Ok(())
    }

    /// The same for an accepted clock.
    ///
    /// # Errors
    /// The first fault.
    pub fn add_clock(&mut self, accepted: &ClockAcceptance) -> Result<(), Rejected> {
        let owner = Owner::of(Whose::Clock);
        let leaf = self.read(&owner, &accepted.entry)?;
        agree(&owner, &accepted.entry, &acceptance_agrees(accepted, &leaf))?;
        Ok(())
    }

    /// The same for a hold that was cleared.
    ///
    /// # Errors
    /// The first fault.
    pub fn add_clearing(&mut self, cleared: &HoldClearing) -> Result<(), Rejected> {
        let owner = Owner::of(Whose::Clearing);
        let leaf = self.read(&owner, &cleared.entry)?;
        let rules = clearing_agrees(&self.batch, cleared, &leaf);
        agree(&owner, &cleared.entry, &rules)?;
        self.further.holds_cleared += 1;
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
            self.log.sessions += 1;
        }
        if let Some(entry) = &session.evidence {
            let leaf = self.read(owner, entry)?;
            agree(owner, entry, &facts.appraise(&self.batch, session, &leaf))?;
        }
        if let Some(entry) = &session.verdict {
            let leaf = self.read(owner, entry)?;
            agree(owner, entry, &facts.judge(&self.batch, session, &leaf))?;
            self.log.verdicts += 1;
        }
        let proven = session.opening.is_some() && session.uid_proven;
        self.further.proven += u64::from(proven);
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
        if let Some(actor) = actor_of(&leaf.fact) {
            if !self.operators.contains(actor) {
                let what = "who did it: nobody of the operators' list";
                return Err(other(owner, entry.index, what).into());
            }
            if !self.named.contains(actor) {
                self.named.insert(actor.clone());
            }
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

    /// What the closing event must have counted, where the batch has terms or none.
    #[must_use]
    pub fn tally(&self, has_terms: bool) -> BatchTally {
        BatchTally {
            further: Some(FurtherTally {
                terms: u64::from(has_terms),
                ..self.further
            }),
            ..self.log
        }
    }

    /// Whom the entries name, and who opened and closed the batch.
    pub(super) fn named(&self, opened_and_closed: [Actor; 2]) -> BTreeSet<Actor> {
        self.named
            .iter()
            .cloned()
            .chain(opened_and_closed)
            .collect()
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

fn clearing_agrees(batch: &BatchId, cleared: &HoldClearing, leaf: &Leaf) -> Vec<Agreement> {
    let Fact::BatchHoldCleared { reason, actor } = &leaf.fact else {
        return vec![(false, "what it is: no hold was cleared")];
    };
    vec![
        (leaf.batch() == Some(batch), "the batch"),
        (cleared.reason == *reason, "the reason"),
        (cleared.time.0 == leaf.time, "when it was cleared"),
        (
            (&cleared.operator, cleared.assurance) == (&actor.operator, actor.assurance),
            "who cleared it",
        ),
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
