//! Whether a manifest's extract of the ledger holds, by itself and with the rest of the manifest.
//!
//! 1. The ledger's key is named after the station, and signed the checkpoint.
//! 2. The closing event lies in the log at the stated index, under that checkpoint.
//! 3. It closes this batch, at the stated time, by the stated operator.
//! 4. It says how many events the batch has, and the hash of the last; the manifest says the same.
//!
//! Since each event of a batch names the one before it, that fixes all of them: whoever has the log, or
//! a mirror of it, can follow them from the closing event back to the opening one.

use firmware_proto::Digest;
use thiserror::Error;

use super::statement::{Milestone, Predicate};
use crate::encoding::Hex;
use crate::ledger::checkpoint::{self, Checkpoint, CheckpointError, VerifierKey};
use crate::ledger::event::Fact;
use crate::ledger::leaf::{Leaf, LeafError};
use crate::ledger::merkle_tree::leaf_hash;
use crate::ledger::proof::verify_inclusion;

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
    #[error("the closing event cannot be read: {0}")]
    Leaf(#[from] LeafError),
    /// It says something else than the manifest.
    #[error("the closing event does not agree with the manifest on {0}")]
    Closing(&'static str),
    /// It is not in the log.
    #[error("the closing event is not in the log at index {0} under the checkpoint")]
    NotIncluded(u64),
}

/// Checks the extract.
///
/// # Errors
/// The first fault.
pub fn check(predicate: &Predicate) -> Result<(), LedgerFault> {
    let ledger = &predicate.ledger;
    let expected = checkpoint::origin(&predicate.station);
    let key = VerifierKey::parse(&ledger.vkey)?;
    if ledger.origin != expected || key.name() != expected {
        return Err(LedgerFault::Origin {
            expected,
            got: ledger.origin.clone(),
        });
    }
    let head = Checkpoint::open(&ledger.checkpoint, &key)?.head;
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
    check_closing(predicate, &Leaf::decode(ledger.closing_leaf.as_bytes())?)?;
    let path: Option<Vec<Digest>> = ledger.closing_proof.iter().map(Hex::digest).collect();
    let leaf = leaf_hash(ledger.closing_leaf.as_bytes());
    let included =
        path.is_some_and(|path| verify_inclusion(&leaf, last, head.size, &path, &head.root));
    included.then_some(()).ok_or(LedgerFault::NotIncluded(last))
}

fn check_closing(predicate: &Predicate, leaf: &Leaf) -> Result<(), LedgerFault> {
    let ledger = &predicate.ledger;
    let Fact::BatchClosed { count, head, actor } = &leaf.fact else {
        return Err(LedgerFault::Closing("what it is: it closes no batch"));
    };
    let position = leaf
        .position
        .as_ref()
        .ok_or(LedgerFault::Closing("the batch"))?;
    let prev = position.prev.map(Hex::from);
    let Milestone {
        time,
        operator,
        assurance,
    } = &predicate.closed;
    let agreements = [
        (position.batch == predicate.batch, "the batch"),
        (
            *count == ledger.event_count && position.seq == *count,
            "the number of events",
        ),
        (
            *head == ledger.event_head && prev.as_ref() == Some(head),
            "the hash of the event before it",
        ),
        (leaf.time == time.0, "the time of closing"),
        (
            (&actor.operator, actor.assurance) == (operator, *assurance),
            "who closed it",
        ),
    ];
    let broken = agreements.into_iter().find(|(holds, _)| !holds);
    broken.map_or(Ok(()), |(_, what)| Err(LedgerFault::Closing(what)))
}
