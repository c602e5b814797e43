//! What can go wrong with the ledger: who is at fault, and what a person does next.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::checkpoint::{CheckpointError, SignerFailure};
use super::leaf::LeafError;

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

/// What is wrong with a ledger's file. Each names the first entry that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Damage {
    /// Not made by this program.
    #[error("the file is no ledger")]
    NotALedger,
    /// A folder, a pipe or a device.
    #[error("what is in the ledger's place is no regular file")]
    NotAFile,
    /// SQLite cannot read the file.
    #[error("SQLite says {0:?}")]
    Sqlite(String),
    /// SQLite cannot read the file from an entry on.
    #[error(
        "entry {from} and what comes after it cannot be read: the file was cut short, or overwritten there \
             (SQLite says {said:?})"
    )]
    Unreadable {
        /// The first entry that cannot be read.
        from: u64,
        /// What SQLite says.
        said: String,
    },
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
    /// What was kept elsewhere is no checkpoint of this ledger.
    #[error("it holds no checkpoint of this ledger: {0}")]
    Foreign(CheckpointError),
    /// What is wrong beside a checkpoint that was kept elsewhere.
    #[error("compared with {path}: {damage}")]
    Beside {
        /// Where it was kept.
        path: PathBuf,
        /// What is wrong.
        damage: Box<Self>,
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
    /// The log is shorter than the checkpoint that the token keeps.
    #[error(
        "the ledger is older than the token's checkpoint: it has {log} entries, the token has seen {token}: the \
             home was put back to an older copy, or entries were removed"
    )]
    OlderThanToken {
        /// The size of the token's checkpoint.
        token: u64,
        /// The log's.
        log: u64,
    },
    /// The log has another root than the checkpoint that the token keeps.
    #[error("the ledger is not the one of the token's checkpoint: {0}")]
    NotTheTokens(ChangedRange),
    /// The log has another root than a checkpoint over it.
    #[error("the checkpoint over {to} entries has another root: {0}", to = .0.to)]
    Root(ChangedRange),
    /// The log has another root than a checkpoint over it from elsewhere, and is signed itself.
    #[error(
        "the ledger key has signed two logs of {size} entries: this one, and that of the checkpoint from \
             elsewhere"
    )]
    TwoLogs {
        /// The checkpoint's size.
        size: u64,
    },
    /// A view is not what the log says.
    #[error("view {table} is not what the log says: {}", harmless(row))]
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

impl Damage {
    /// Among how many entries what is wrong lies, as far as this says; the fewer, the sooner a person finds it.
    #[must_use]
    pub fn spread(&self) -> u64 {
        match self {
            Self::Beside { damage, .. } => damage.spread(),
            Self::NotTheTokens(changed) | Self::Root(changed) => {
                changed.to.saturating_sub(changed.from)
            }
            Self::EntryMissing(_)
            | Self::EntryHash(_)
            | Self::Leaf { .. }
            | Self::Unreadable { .. } => 1,
            // It or the one before it.
            Self::Chain(_) | Self::Rule { .. } => 2,
            _ => u64::MAX,
        }
    }

    /// The same beside a checkpoint that was kept there.
    #[must_use]
    pub fn beside(self, path: &Path) -> Self {
        Self::Beside {
            path: path.to_owned(),
            damage: Box::new(self),
        }
    }
}

/// The entries among which the first is that was changed: what a checkpoint that holds still vouches for, and the
/// next one no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangedRange {
    /// The first of them: so many entries are as they were signed.
    pub from: u64,
    /// The end, exclusive: the size of the checkpoint that does not hold.
    pub to: u64,
}

impl std::fmt::Display for ChangedRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.to.saturating_sub(1) {
            last if last <= self.from => write!(f, "entry {last} was changed"),
            last => write!(
                f,
                "something in entries {} to {last} was changed",
                self.from
            ),
        }
    }
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

/// What SQLite says may have names in it that whoever changed the file has chosen so that a finding reads otherwise.
fn harmless(text: &str) -> String {
    let shown = text.chars().map(|one| match one {
        '"' | '\'' | '\\' => one.to_string(),
        _ => one.escape_debug().to_string(),
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_name_in_the_file_changes_no_finding() {
        let odd = "missing from index x\nverified: \u{1b}[2J\"\u{202e}".to_owned();
        let table = "device".to_owned();
        let row = odd.clone();
        for damage in [Damage::Sqlite(odd), Damage::View { table, row }] {
            let said = damage.to_string();
            assert!(!said.contains(['\n', '\u{1b}', '\u{202e}']), "{said}");
            assert!(said.contains("index x\\nverified"), "{said}");
        }
    }
}
