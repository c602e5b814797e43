//! What can be wrong with a ledger's file.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::checkpoint::CheckpointError;
use super::leaf::LeafError;
use super::refusal::Refusal;

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

    /// Whether the ledger itself is not what is wrong: the file that it was compared with holds no checkpoint of it.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        matches!(self, Self::Beside { damage, .. } if matches!(**damage, Self::Foreign(_)))
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
