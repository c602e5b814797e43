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
use super::row_entries::{Anchor, Anchors, ProvenApart};
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

/// What an entry is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// It opened, described or closed the batch.
    Batch(&'static str),
    /// A row rests on it; counted from 0.
    Row(u32),
    /// The same, by the name of its board.
    Board(String),
}

impl std::fmt::Display for Whose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Batch(event) => write!(f, "the {event}"),
            Self::Row(row) => write!(f, "an entry of row {}", u64::from(*row) + 1),
            Self::Board(name) => write!(f, "an entry of {name}"),
        }
    }
}

/// What of the extract can be checked before its leaf hashes come.
#[derive(Clone, Debug)]
pub struct Extract {
    head: TreeHead,
    proof: RangeProof,
    first: u64,
    last: u64,
    event_head: Hex,
    /// Entries that the manifest shows, by index, with what they are.
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
                Whose::Batch("opening event"),
            ),
            (
                anchor(last, &ledger.closing_leaf, &closing),
                Whose::Batch("closing event"),
            ),
        ];
        let terms = match &ledger.terms {
            None => None,
            Some(LogEntry { index, leaf, .. }) => {
                let terms = read("event with the terms", leaf)?;
                let whose = Whose::Batch("event with the terms");
                shown.push((anchor(*index, leaf, &terms), whose));
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

    /// Adds what the rows rest on; their own proofs are checked here.
    ///
    /// # Errors
    /// The first entry whose proof does not hold.
    pub fn add(&mut self, anchors: Anchors) -> Result<(), LedgerFault> {
        for one in &anchors.apart {
            self.check_apart(one)?;
        }
        let rows = anchors.within.into_iter();
        let of_row = |(row, anchor)| (anchor, Whose::Row(row));
        self.shown.extend(rows.map(of_row));
        self.shown.sort_by_key(|(anchor, _)| anchor.index);
        self.check_chain()
    }

    fn check_apart(&self, one: &ProvenApart) -> Result<(), LedgerFault> {
        let path: Option<Vec<Digest>> = one.proof.iter().map(Hex::digest).collect();
        let Anchor { index, hash, .. } = one.anchor;
        let within = (self.first..=self.last).contains(&index);
        let head = self.head;
        let proven =
            path.is_some_and(|path| verify_inclusion(&hash, index, head.size, &path, &head.root));
        let fault = || LedgerFault::NotProven {
            row: one.row.clone(),
            index,
        };
        (proven && !within).then_some(()).ok_or_else(fault)
    }

    /// The batch's chain, as far as its events are shown.
    fn check_chain(&self) -> Result<(), LedgerFault> {
        let mut before: Option<(u64, &Anchor)> = None;
        for (anchor, _) in &self.shown {
            let Some(seq) = anchor.seq else {
                continue;
            };
            let broken = match before {
                None => seq != 0 || anchor.index != self.first,
                Some((number, other)) => {
                    let follows = number + 1 == seq;
                    let apart = anchor.index.saturating_sub(other.index);
                    seq <= number
                        || seq - number > apart
                        || (follows && anchor.prev != Some(other.hash))
                }
            };
            if broken {
                return Err(LedgerFault::Chain(anchor.index));
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
    /// The next of the shown entries.
    shown: usize,
    /// Whether the last piece was full: only then may another one follow.
    full: bool,
    has_head: bool,
}

impl<'extract> LeafHashes<'extract> {
    /// Begins with the range's first entry.
    ///
    /// # Errors
    /// Where the proof does not fit the range.
    pub fn new(extract: &'extract Extract) -> Result<Self, LedgerFault> {
        let verifier = RangeVerifier::new(extract.first, extract.head.size, &extract.proof)?;
        Ok(Self {
            extract,
            verifier,
            shown: 0,
            full: true,
            has_head: false,
        })
    }

    /// The next piece of the list.
    ///
    /// # Errors
    /// A piece that is not made as stations make it, or an entry that has another hash than it should.
    pub fn add(&mut self, Base64Bytes(piece): &Base64Bytes) -> Result<(), LedgerFault> {
        let hashes = piece.len() / HASH_BYTES;
        let whole = piece.len() % HASH_BYTES == 0 && (1..=HASHES_A_PIECE).contains(&hashes);
        if !self.full || !whole {
            return Err(LedgerFault::Pieces(self.verifier.next_index()));
        }
        self.full = hashes == HASHES_A_PIECE;
        for bytes in piece.chunks_exact(HASH_BYTES) {
            if let Ok(bytes) = bytes.try_into() {
                self.push(Digest::from_bytes(bytes))?;
            }
        }
        Ok(())
    }

    fn push(&mut self, hash: Digest) -> Result<(), LedgerFault> {
        let index = self.verifier.next_index();
        self.has_head |=
            index < self.extract.last && self.extract.event_head.0.as_slice() == hash.as_bytes();
        while let Some((anchor, whose)) = self.extract.shown.get(self.shown) {
            if anchor.index > index {
                break;
            }
            if anchor.index < index || anchor.hash != hash {
                return Err(not_included(anchor, whose));
            }
            self.shown += 1;
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
        if let Some((anchor, whose)) = extract.shown.get(self.shown) {
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
