//! What can go wrong with the ledger: who is at fault, and what a person does next.

use std::path::PathBuf;
use std::sync::Arc;

use firmware_proto::Uid;
use thiserror::Error;

use super::checkpoint::{CheckpointError, SignerFailure};
use super::leaf::LeafError;
use crate::names::{BatchId, CertificateSerial, DeviceSerial, LaneName};

/// Why the ledger did not do what it was asked. Cheap to clone, since a failed commit fails many at once.
#[derive(Clone, Debug, Error)]
pub enum LedgerError {
    /// A rule of the ledger forbids the event; nothing of the request was recorded.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The events are durable, but no signed checkpoint covers them.
    #[error(
        "recorded, but no checkpoint could be signed over it: {source}; the next checkpoint will \
             cover it once the key store answers again"
    )]
    NotCheckpointed {
        /// What the key store says.
        source: SignerFailure,
    },
    /// The events are durable and a checkpoint covers them, but its mirror could not be written.
    #[error(
        "recorded, but the checkpoint's mirror {path} could not be written: {source}; make the \
             mirror writable again"
    )]
    NotMirrored {
        /// The mirror.
        path: PathBuf,
        /// What the system says.
        source: Arc<std::io::Error>,
    },
    /// No room to write.
    #[error("the disk is full, nothing was recorded ({doing}); free space on the ledger's disk")]
    DiskFull {
        /// What was being done.
        doing: &'static str,
    },
    /// The file or its file system cannot be written.
    #[error(
        "the ledger is read-only ({doing}); check the file's owner and how the disk is mounted"
    )]
    ReadOnly {
        /// What was being done.
        doing: &'static str,
    },
    /// Somebody else holds the database.
    #[error("the ledger is locked by another program ({doing}); stop it, then try again")]
    Locked {
        /// What was being done.
        doing: &'static str,
    },
    /// Another writer owns the ledger.
    #[error("another process writes to the ledger {path}; only one may, stop the other first")]
    Owned {
        /// The ledger.
        path: PathBuf,
    },
    /// There is a file already.
    #[error("{path} exists already; a ledger is created once and never replaced")]
    Exists {
        /// The ledger.
        path: PathBuf,
    },
    /// There is no file.
    #[error(
        "there is no ledger at {path}; `station init` makes one, a lost one is restored from backup"
    )]
    Missing {
        /// The ledger.
        path: PathBuf,
    },
    /// The file is not what it should be.
    #[error(
        "the ledger is damaged: {0}; stop, keep the file as it is, and compare it with its mirror \
             or backup (`station ledger verify` names every entry)"
    )]
    Damaged(#[from] Damage),
    /// The ledger's key is not the one that the station holds.
    #[error(
        "the ledger was made under the key {expected}, the key store holds {got}; use the token that \
             belongs to this home"
    )]
    OtherKey {
        /// The key in the ledger's first entry.
        expected: String,
        /// The key store's.
        got: String,
    },
    /// A step of the database failed for another reason.
    #[error("the ledger's database failed ({doing}): {source}; check disk and file system")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What SQLite says.
        source: Arc<rusqlite::Error>,
    },
    /// The file system failed.
    #[error("{doing} {path}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system says.
        source: Arc<std::io::Error>,
    },
    /// The key store did not even give its public key.
    #[error("the ledger key cannot be had: {source}; check the token")]
    NoKey {
        /// What the key store says.
        source: SignerFailure,
    },
    /// The writer has ended.
    #[error("the ledger's writer has stopped; start the station again")]
    Stopped,
}

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
    /// There is no hold to be cleared.
    #[error("lane {0} is not held; see station hold list")]
    NotHeld(LaneName),
    /// An event of this kind belongs to a batch.
    #[error("an event of kind {0} must name its batch")]
    NoBatch(&'static str),
    /// An event of this kind belongs to no batch.
    #[error("an event of kind {0} belongs to no batch")]
    UnwantedBatch(&'static str),
    /// The profile was never adopted, or is another product's.
    #[error("batch {0} names a profile that this ledger has not adopted for that product")]
    UnknownProfile(BatchId),
    /// The profile's digest is not its text's.
    #[error("the profile's digest is not that of its text")]
    ProfileDigest,
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

/// What is wrong with a ledger's file. Each names the first entry that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Damage {
    /// Not made by this program.
    #[error("the file is no ledger")]
    NotALedger,
    /// Made by a newer program.
    #[error("schema version {got} is newer than {known}, which this program knows")]
    Newer {
        /// The version found.
        got: u32,
        /// The newest that is known.
        known: u32,
    },
    /// SQLite cannot read the file.
    #[error("SQLite says {0:?}")]
    Sqlite(String),
    /// The first entry is missing or opens no ledger.
    #[error("entry 0 does not open a ledger")]
    Opening,
    /// An entry is missing.
    #[error("entry {0} is missing")]
    EntryMissing(u64),
    /// A stored hash is not that of the bytes.
    #[error("entry {0} does not have its stored hash")]
    EntryHash(u64),
    /// The bytes are no leaf.
    #[error("entry {index}: {source}")]
    Leaf {
        /// Which entry.
        index: u64,
        /// What is wrong with it.
        source: LeafError,
    },
    /// A node of the tree is missing, superfluous or wrong.
    #[error(
        "node {position} of level {level}, over entries from {first}, is not what the entries say"
    )]
    Node {
        /// Its level.
        level: u8,
        /// Its place in the level.
        position: u64,
        /// The first entry below it.
        first: u64,
    },
    /// An entry breaks its batch's chain.
    #[error("entry {0} does not continue its batch")]
    Chain(u64),
    /// An entry breaks a rule that the writer holds.
    #[error("entry {index} breaks a rule: {source}")]
    Rule {
        /// Which entry.
        index: u64,
        /// Which rule.
        source: Box<Refusal>,
    },
    /// No checkpoint.
    #[error("there is no checkpoint")]
    NoCheckpoint,
    /// A checkpoint cannot be read or is not signed by the ledger key.
    #[error("checkpoint over {size} entries: {source}")]
    Checkpoint {
        /// The size in its row.
        size: u64,
        /// What is wrong with it.
        source: CheckpointError,
    },
    /// The log is shorter than a checkpoint says.
    #[error(
        "a checkpoint covers {checkpoint} entries, the log has {log}: entries were removed, or an \
             older copy was put in place"
    )]
    RolledBack {
        /// The checkpoint's size.
        checkpoint: u64,
        /// The log's.
        log: u64,
    },
    /// The log has another root than the checkpoint over it.
    #[error(
        "the checkpoint over {size} entries has another root: something before entry {size} was changed"
    )]
    Root {
        /// The checkpoint's size.
        size: u64,
    },
    /// A view is not what the log says.
    #[error("view {table} is not what the log says: {row}")]
    View {
        /// Which table.
        table: String,
        /// The first row that differs.
        row: String,
    },
    /// A value in a table that no writer puts there.
    #[error("table {table} holds {what}")]
    Value {
        /// Which table.
        table: &'static str,
        /// What is wrong.
        what: String,
    },
}

impl LedgerError {
    /// Sorts a database error by what a person can do about it.
    pub(in crate::ledger) fn database(doing: &'static str, error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match error.sqlite_error_code() {
            Some(Code::DiskFull) => Self::DiskFull { doing },
            Some(Code::ReadOnly | Code::PermissionDenied) => Self::ReadOnly { doing },
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::Locked { doing },
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => {
                Damage::Sqlite(error.to_string()).into()
            }
            _ => Self::Database {
                doing,
                source: Arc::new(error),
            },
        }
    }
}

/// Says what was being done when the database failed.
pub(in crate::ledger) trait Doing<T> {
    /// Turns the database's error into ours.
    fn doing(self, what: &'static str) -> Result<T, LedgerError>;
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, what: &'static str) -> Result<T, LedgerError> {
        self.map_err(|error| LedgerError::database(what, error))
    }
}
