//! Whether a manifest's extract of the ledger holds, by itself and with the rest of the manifest.
//!
//! 1. The ledger's key is named after the station, and signed the checkpoint.
//! 2. The leaf hashes are those of the log from the first to the last index, under that checkpoint: one
//!    proof for all of them.
//! 3. The first is of the event that opened this batch, the last of the event that closed it; both say what
//!    the manifest says.
//! 4. The entries that the rows rest on are among them, each at its index.
//! 5. The batch's chain holds where it can be seen: numbers rise with the index, an event names the one
//!    before it, and the head that the closing event names is there.
//!
//! Since each event of a batch names the one before it, count and head fix all of them: whoever has the log,
//! or a mirror of it, can follow them from the closing event back to the opening one.

use firmware_proto::Digest;
use thiserror::Error;

use super::batch_entries::{agree, closing_agrees, opening_agrees, terms_agree};
use super::rejected::Rejected;
use super::row_entries::{Anchors, ProvenApart};
use super::shown_entries::{Anchor, SortedEntries, Whose};
use super::spool::NotKept;
use super::statement::{HASHES_A_PIECE, LedgerExtract, LogEntry, Predicate};
use crate::encoding::{Base64Bytes, Hex};
use crate::ledger::checkpoint::{self, Checkpoint, CheckpointError, VerifierKey};
use crate::ledger::event::{BatchTally, Fact};
use crate::ledger::leaf::{Leaf, LeafError};
use crate::ledger::merkle_tree::leaf_hash;
use crate::ledger::proof::{TreeHead, verify_inclusion};
use crate::ledger::range_proof::{RangeFault, RangeProof, RangeVerifier};

/// Bytes of a leaf hash.
const HASH_BYTES: usize = 32;

/// Why an extract does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LedgerFault {
    /// Key or checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Another station's ledger.
    #[error("the ledger is {got:?}, the station's own is {expected:?}")]
    Origin {
        /// The origin that belongs to the station's name.
        expected: String,
        /// What the manifest says.
        got: String,
    },
    /// The checkpoint is older than the closing.
    #[error("the checkpoint covers {size} events, the batch was closed by event {last_index}")]
    TooEarly {
        /// The checkpoint's tree size.
        size: u64,
        /// Index of the closing event.
        last_index: u64,
    },
    /// Fewer places than events.
    #[error("{count} events cannot lie between index {first} and {last}")]
    Range {
        /// Events before the closing one.
        count: u64,
        /// Index of the opening event.
        first: u64,
        /// Index of the closing event.
        last: u64,
    },
    /// Not a leaf of our log.
    #[error("the {event} cannot be read: {fault}")]
    Leaf {
        /// Which one.
        event: &'static str,
        /// Why.
        fault: LeafError,
    },
    /// It says something else than the manifest.
    #[error("the {event} does not agree with the manifest on {what}")]
    Other {
        /// Which one.
        event: &'static str,
        /// On what.
        what: &'static str,
    },
    /// The range proof has the wrong shape.
    #[error("the proof of the batch's range does not fit: {0}")]
    Proof(#[from] RangeFault),
    /// Hashes of another length, or too many of them in one piece.
    #[error("the list of leaf hashes is not made as a station makes it, at entry {0}")]
    Pieces(u64),
    /// Another number of leaf hashes than of entries.
    #[error("there are {got} leaf hashes for the {expected} entries of the batch's range")]
    LeafCount {
        /// Entries.
        expected: u64,
        /// Hashes.
        got: u64,
    },
    /// Leaf hashes, proof or checkpoint.
    #[error(
        "the leaf hashes and their proof do not lead to the checkpoint's root: a leaf hash, the proof or \
         the checkpoint was changed"
    )]
    Root,
    /// An entry that the manifest shows is not the log's.
    #[error("{whose} is not in the log: entry {index} has another leaf hash")]
    NotIncluded {
        /// Which one.
        whose: Whose,
        /// Where it should be.
        index: u64,
    },
    /// An entry outside the range, whose own proof does not hold.
    #[error("ledger entry {index} of {row} is not in the log: its inclusion proof does not hold")]
    NotProven {
        /// Whose it is.
        row: String,
        /// Where it should be.
        index: u64,
    },
    /// The batch's chain is broken.
    #[error("the chain of the batch's events is broken at entry {0}")]
    Chain(u64),
}

/// The closing event's own sums, where it has them.
///
/// # Errors
/// Where it cannot be read.
pub fn tally(ledger: &LedgerExtract) -> Result<Option<BatchTally>, LedgerFault> {
    match read("closing event", &ledger.closing_leaf)?.fact {
        Fact::BatchClosed { tally, .. } => Ok(tally),
        _ => Ok(None),
    }
}

fn read(event: &'static str, leaf: &str) -> Result<Leaf, LedgerFault> {
    Leaf::decode(leaf.as_bytes()).map_err(|fault| LedgerFault::Leaf { event, fault })
}

/// What of the extract can be checked before its leaf hashes come.
#[derive(Debug)]
pub struct Extract {
    head: TreeHead,
    proof: RangeProof,
    first: u64,
    last: u64,
    event_head: Hex,
    /// The batch's own events that the manifest shows.
    shown: Vec<(Anchor, Whose)>,
}

impl Extract {
    /// Checks key, checkpoint and the batch's own events.
    ///
    /// # Errors
    /// The first fault.
    pub fn of(predicate: &Predicate) -> Result<Self, LedgerFault> {
        let ledger = &predicate.ledger;
        let head = check_checkpoint(predicate)?;
        let (first, last) = (ledger.first_index, ledger.last_index);
        if last >= head.size {
            return Err(LedgerFault::TooEarly {
                size: head.size,
                last_index: last,
            });
        }
        let places = last.saturating_sub(first);
        if ledger.event_count == 0 || ledger.event_count > places {
            return Err(LedgerFault::Range {
                count: ledger.event_count,
                first,
                last,
            });
        }
        let opening = read("opening event", &ledger.opening_leaf)?;
        agree("opening event", &opening_agrees(predicate, &opening))?;
        let closing = read("closing event", &ledger.closing_leaf)?;
        agree("closing event", &closing_agrees(predicate, &closing))?;
        let mut shown = vec![
            (
                anchor(first, &ledger.opening_leaf, &opening),
                Whose::Opening,
            ),
            (anchor(last, &ledger.closing_leaf, &closing), Whose::Closing),
        ];
        let terms = match &ledger.terms {
            None => None,
            Some(LogEntry { index, leaf, proof }) => {
                let event = "event with the terms";
                let what = "where it is: one in the batch's range has no proof of its own";
                agree(event, &[(proof.is_none(), what)])?;
                let terms = read("event with the terms", leaf)?;
                shown.push((anchor(*index, leaf, &terms), Whose::Terms));
                Some(terms)
            }
        };
        agree(
            "event with the terms",
            &terms_agree(predicate, terms.as_ref()),
        )?;
        let proof = ledger.range_proof.proof();
        Ok(Self {
            head,
            proof: proof.ok_or(LedgerFault::Root)?,
            first,
            last,
            event_head: ledger.event_head.clone(),
            shown,
        })
    }

    /// Checks the own proofs of what the rows rest on, and the batch's chain. Gives all that must be among the
    /// leaf hashes.
    ///
    /// # Errors
    /// The first entry whose proof does not hold, or that is not in the chain.
    pub fn shown(&self, anchors: Anchors) -> Result<SortedEntries, Rejected> {
        let Anchors {
            mut within,
            mut apart,
            folder,
            ..
        } = anchors;
        let mut record = Vec::new();
        while apart.next(&mut record)? {
            let one = serde_json::from_slice(&record);
            let one = one.map_err(|error| NotKept::new(&folder, error))?;
            self.check_apart(&one)?;
        }
        for (anchor, whose) in &self.shown {
            within.push(anchor, whose)?;
        }
        let mut shown = within.sorted()?;
        self.check_chain(&mut shown)?;
        shown.rewind();
        Ok(shown)
    }

    fn check_apart(&self, one: &ProvenApart) -> Result<(), LedgerFault> {
        let path: Option<Vec<Digest>> = one.proof.iter().map(Hex::digest).collect();
        let index = one.index;
        let within = (self.first..=self.last).contains(&index);
        let head = self.head;
        let proven = path.zip(one.hash.digest()).is_some_and(|(path, hash)| {
            verify_inclusion(&hash, index, head.size, &path, &head.root)
        });
        let fault = || LedgerFault::NotProven {
            row: one.row.clone(),
            index,
        };
        (proven && !within).then_some(()).ok_or_else(fault)
    }

    /// The batch's chain, as far as its events are shown.
    fn check_chain(&self, shown: &mut SortedEntries) -> Result<(), Rejected> {
        let mut before: Option<(u64, Anchor)> = None;
        for entry in shown.by_ref() {
            let (anchor, _) = entry?;
            let Some(seq) = anchor.seq else {
                continue;
            };
            let broken = match &before {
                None => seq != 0 || anchor.index != self.first,
                Some((number, other)) => {
                    let follows = number.checked_add(1) == Some(seq);
                    let apart = anchor.index.saturating_sub(other.index);
                    seq <= *number
                        || seq - number > apart
                        || (follows && anchor.prev != Some(other.hash))
                }
            };
            if broken {
                return Err(LedgerFault::Chain(anchor.index).into());
            }
            before = Some((seq, anchor));
        }
        Ok(())
    }
}

/// Takes the leaf hashes as they come.
#[derive(Debug)]
pub struct LeafHashes<'extract> {
    extract: &'extract Extract,
    verifier: RangeVerifier<'extract>,
    shown: SortedEntries,
    /// The next of the shown entries.
    next: Option<(Anchor, Whose)>,
    /// Whether the last piece was full: only then may another one follow.
    full: bool,
    has_head: bool,
}

impl<'extract> LeafHashes<'extract> {
    /// Begins with the range's first entry; `shown` are those that must be among them.
    ///
    /// # Errors
    /// Where the proof does not fit the range.
    pub fn new(extract: &'extract Extract, mut shown: SortedEntries) -> Result<Self, Rejected> {
        let verifier = RangeVerifier::new(extract.first, extract.head.size, &extract.proof);
        Ok(Self {
            extract,
            verifier: verifier.map_err(LedgerFault::from)?,
            next: shown.next().transpose()?,
            shown,
            full: true,
            has_head: false,
        })
    }

    /// The next piece of the list.
    ///
    /// # Errors
    /// A piece that is not made as stations make it, or an entry that has another hash than it should.
    pub fn add(&mut self, Base64Bytes(piece): &Base64Bytes) -> Result<(), Rejected> {
        let hashes = piece.len() / HASH_BYTES;
        let whole = piece.len() % HASH_BYTES == 0 && (1..=HASHES_A_PIECE).contains(&hashes);
        if !self.full || !whole {
            return Err(LedgerFault::Pieces(self.verifier.next_index()).into());
        }
        self.full = hashes == HASHES_A_PIECE;
        for bytes in piece.chunks_exact(HASH_BYTES) {
            if let Ok(bytes) = bytes.try_into() {
                self.push(Digest::from_bytes(bytes))?;
            }
        }
        Ok(())
    }

    fn push(&mut self, hash: Digest) -> Result<(), Rejected> {
        let index = self.verifier.next_index();
        self.has_head |=
            index < self.extract.last && self.extract.event_head.0.as_slice() == hash.as_bytes();
        while let Some((anchor, whose)) = &self.next {
            if anchor.index > index {
                break;
            }
            if anchor.index < index || anchor.hash != hash {
                return Err(not_included(anchor, whose).into());
            }
            self.next = self.shown.next().transpose()?;
        }
        self.verifier.push(hash);
        Ok(())
    }

    /// All have come.
    ///
    /// # Errors
    /// Where they do not lead to the checkpoint, or lack an entry.
    pub fn finish(self) -> Result<(), LedgerFault> {
        let extract = self.extract;
        let got = self.verifier.next_index() - extract.first;
        let expected = extract.last - extract.first + 1;
        if got != expected {
            return Err(LedgerFault::LeafCount { expected, got });
        }
        if let Some((anchor, whose)) = &self.next {
            return Err(not_included(anchor, whose));
        }
        if !self.has_head {
            return Err(LedgerFault::Chain(extract.last));
        }
        let root = self.verifier.finish()?;
        (root == extract.head.root)
            .then_some(())
            .ok_or(LedgerFault::Root)
    }
}

fn not_included(anchor: &Anchor, whose: &Whose) -> LedgerFault {
    LedgerFault::NotIncluded {
        whose: whose.clone(),
        index: anchor.index,
    }
}

fn anchor(index: u64, bytes: &str, leaf: &Leaf) -> Anchor {
    Anchor {
        index,
        hash: leaf_hash(bytes.as_bytes()),
        seq: leaf.position.as_ref().map(|at| at.seq),
        prev: leaf.position.as_ref().and_then(|at| at.prev),
    }
}

fn check_checkpoint(predicate: &Predicate) -> Result<TreeHead, LedgerFault> {
    let ledger = &predicate.ledger;
    let expected = checkpoint::origin(&predicate.station);
    let key = VerifierKey::parse(&ledger.vkey)?;
    if ledger.origin != expected || key.name() != expected {
        return Err(LedgerFault::Origin {
            expected,
            got: ledger.origin.clone(),
        });
    }
    Ok(Checkpoint::open(&ledger.checkpoint, &key)?.head)
}
