//! What the ledger's own rules forbid, in words, and what that says about a board.

use firmware_proto::Uid;
use thiserror::Error;

use super::leaf::LeafError;
use super::standing::Shown;
use crate::encoding::Hex;
use crate::names::{BatchId, CertificateSerial, DeviceSerial, LaneName};
use crate::verdict::VerdictCode;

/// A rule of the ledger that a request breaks. The writer holds these whoever asks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The board has a live certificate already.
    #[error(
        "board {uid} has the live certificate {live}; revoke it in the same request, before the new one"
    )]
    SecondLive {
        /// The board.
        uid: Uid,
        /// Its live certificate.
        live: CertificateSerial,
    },
    /// The board has an intent already.
    #[error("board {uid} has the open intent {open}; finish or void it first")]
    SecondIntent {
        /// The board.
        uid: Uid,
        /// Its open intent.
        open: CertificateSerial,
    },
    /// The key belongs to another board.
    #[error("the key of board {uid} is known as that of board {holder}")]
    KeyOfAnother {
        /// The board that was to get a certificate.
        uid: Uid,
        /// The board that had the key first.
        holder: Uid,
    },
    /// The device serial belongs to another board.
    #[error("device serial {serial} belongs to board {holder}")]
    SerialOfAnother {
        /// The serial.
        serial: DeviceSerial,
        /// The board that has it.
        holder: Uid,
    },
    /// The board shows what only another board may show.
    #[error("{what} of board {uid} is known as that of board {holder}")]
    ShownByAnother {
        /// What it is.
        what: Shown,
        /// The board whose evidence it is in.
        uid: Uid,
        /// The board that showed it first.
        holder: Uid,
    },
    /// The certificate serial was used before.
    #[error("certificate serial {0} was used before")]
    SerialUsed(CertificateSerial),
    /// No open intent with that serial, board, key and device serial.
    #[error(
        "certificate {0} does not match an open intent of the same board, key, serials and batch"
    )]
    NoIntent(CertificateSerial),
    /// The certificate is not the signed form of the TBS that was intended.
    #[error("certificate {0} does not contain the TBS that was intended")]
    OtherTbs(CertificateSerial),
    /// No live certificate with that serial, board and batch.
    #[error("certificate {0} is not a live certificate of that board and batch")]
    NotLive(CertificateSerial),
    /// A step before it is missing, for example a proof before the commit.
    #[error("certificate {serial}: {missing} must be recorded first")]
    OutOfOrder {
        /// The certificate.
        serial: CertificateSerial,
        /// The kind that is missing.
        missing: &'static str,
    },
    /// A batch of that name was opened before.
    #[error("batch {0} was opened before; choose another name")]
    BatchExists(BatchId),
    /// The batch is unknown or closed.
    #[error("batch {0} is not open")]
    BatchNotOpen(BatchId),
    /// The work order's quantity is reached.
    #[error("batch {0} is full")]
    BatchFull(BatchId),
    /// Some boards of the batch are not finished.
    #[error("batch {batch} cannot be closed: {}; put these boards in again, or revoke their certificates", counts(.in_doubt, .unfinished, .intents))]
    BatchUnfinished {
        /// The batch.
        batch: BatchId,
        /// Boards that were ordered to lock and did not answer.
        in_doubt: Vec<Uid>,
        /// Boards with a live certificate that were not ordered to lock yet.
        unfinished: Vec<Uid>,
        /// Boards with an open intent.
        intents: Vec<Uid>,
    },
    /// The closing event does not state the batch's count and head.
    #[error("the closing of batch {0} does not state its count and head")]
    BatchHead(BatchId),
    /// The closing event does not state what the batch has.
    #[error("the closing of batch {0} does not state its tally")]
    BatchTally(BatchId),
    /// The terms of the batch are recorded.
    #[error("the terms of batch {0} are recorded already")]
    SecondTerms(BatchId),
    /// In a session one UID is proven.
    #[error("session {session} has proven another UID already than {uid}")]
    SecondUid {
        /// The session.
        session: Hex,
        /// What would be the second.
        uid: Uid,
    },
    /// Not every board is thrown away.
    #[error("board {uid} cannot be scrapped: {why}")]
    NotScrapped {
        /// The board.
        uid: Uid,
        /// What stands against it, and what to do.
        why: &'static str,
    },
    /// There is no hold to be cleared.
    #[error("lane {0} is not held; see station hold list")]
    NotHeld(LaneName),
    /// There is no hold to be cleared.
    #[error("batch {0} is not held; see station hold list")]
    BatchNotHeld(BatchId),
    /// The batch is held, so it is not closed.
    #[error(
        "batch {0} is held; a supervisor clears that first: station hold clear {0} --reason TEXT"
    )]
    BatchHeld(BatchId),
    /// The board is set aside.
    #[error(
        "board {0} is quarantined; a supervisor releases it first: station device release {0} --reason TEXT"
    )]
    Quarantined(Uid),
    /// The board is not set aside.
    #[error("board {0} is not quarantined; see station device show {0}")]
    NotQuarantined(Uid),
    /// No board has proven that UID.
    #[error("no board has proven the UID {0}; see station device list")]
    UnknownBoard(Uid),
    /// An event of this kind belongs to a batch.
    #[error("an event of kind {0} must name its batch")]
    NoBatch(&'static str),
    /// An event of this kind belongs to no batch.
    #[error("an event of kind {0} belongs to no batch")]
    UnwantedBatch(&'static str),
    /// The profile was never adopted, or is another product's.
    #[error("batch {0} names a profile that this ledger has not adopted for that product")]
    UnknownProfile(BatchId),
    /// A profile is not the one to be used.
    #[error(transparent)]
    Profile(#[from] super::profiles::ProfileRefusal),
    /// The profile's digest is not its text's.
    #[error("the profile's digest is not that of its text")]
    ProfileDigest,
    /// Nobody signed a checkpoint over so many entries.
    #[error("there is no checkpoint over {0} entries; cosign one that the ledger has")]
    NoSuchCheckpoint(u64),
    /// Another text, or a signature less.
    #[error(
        "the note is not the stored checkpoint over {0} entries with more signatures; cosign that one"
    )]
    OtherCheckpoint(u64),
    /// Only the very first event opens the ledger.
    #[error("the ledger is opened by its first event and by no other")]
    LedgerOpening,
    /// A digest of another length than SHA-256 has.
    #[error("{0} is no SHA-256 digest")]
    NotADigest(&'static str),
    /// The event is too large.
    #[error(transparent)]
    Leaf(LeafError),
    /// The request holds no event, or too many.
    #[error("a request records 1 to {most} events, not {got}")]
    RequestSize {
        /// How many there are.
        got: usize,
        /// How many there may be.
        most: usize,
    },
    /// Where device serials for the batch come from is not known.
    #[error("no source of device serials for batch {0}: {1}")]
    NoSerials(BatchId, String),
}

impl Refusal {
    /// The verdict on the board, where the rule is about the board and not about the station.
    #[must_use]
    pub fn code(&self) -> Option<VerdictCode> {
        match self {
            Self::KeyOfAnother { .. } => Some(VerdictCode::KeyReused),
            Self::SerialOfAnother { .. } => Some(VerdictCode::SerialReused),
            Self::ShownByAnother { what, .. } => Some(what.code()),
            Self::Quarantined(_) => Some(VerdictCode::Quarantined),
            _ => None,
        }
    }
}

fn counts(in_doubt: &[Uid], live: &[Uid], intents: &[Uid]) -> String {
    let names = |uids: &[Uid]| {
        let names: Vec<_> = uids.iter().map(ToString::to_string).collect();
        names.join(", ")
    };
    [
        (in_doubt, "in doubt"),
        (live, "with an unfinished certificate"),
        (intents, "with an open intent"),
    ]
    .iter()
    .filter(|(uids, _)| !uids.is_empty())
    .map(|(uids, what)| format!("{} {what} ({})", uids.len(), names(uids)))
    .collect::<Vec<_>>()
    .join(", ")
}
