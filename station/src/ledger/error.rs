//! What can go wrong with the ledger: who is at fault, and what a person does next.

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use super::checkpoint::SignerFailure;

pub use super::damage::{ChangedRange, Damage};
pub use super::refusal::Refusal;

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
    /// The mirror's file is not there.
    #[error(
        "the checkpoint's mirror {path} is not there; mount its disk, or put the file back from where \
             it went. Where it is lost for good, or is new, an empty file there begins it (`touch`)"
    )]
    NoMirror {
        /// The mirror.
        path: PathBuf,
    },
    /// The mirror's file is empty, and what was asked for does not begin it.
    #[error("the checkpoint's mirror {path} is empty; `station ledger checkpoint` begins it")]
    EmptyMirror {
        /// The mirror.
        path: PathBuf,
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
    /// Made by a newer program.
    #[error(
        "the ledger has the layout {got}, this program knows those up to {known}; use the program that wrote it, \
             or a newer one"
    )]
    Newer {
        /// The version found.
        got: u32,
        /// The newest that is known.
        known: u32,
    },
    /// Only a writer changes the layout, and none has opened the ledger since the program is newer.
    #[error(
        "the ledger has the layout {got}, this program reads {known}; `station ledger checkpoint` brings \
             it up to date"
    )]
    Older {
        /// The version found.
        got: u32,
        /// The one that is read.
        known: u32,
    },
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
