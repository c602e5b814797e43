//! The file of `station ledger prove`: entries of the log, each with its path to the root of one signed
//! checkpoint. Checked with the ledger's key alone.
//!
//! Pure. `docs/ledger.md` describes the format, for those who check one without this program. Unknown and
//! doubled fields, and any other spelling of the same content, are refused.

use firmware_proto::{Digest, Uid};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::checkpoint::{Checkpoint, CheckpointError, VerifierKey};
use super::leaf::{Entry, LeafError};
use super::proof::{TreeHead, verify_consistency, verify_inclusion};
use crate::dsse::{Misspelt, read_canonical};
use crate::encoding::Hex;
use crate::names::CertificateSerial;

/// What the file calls itself.
pub const FORMAT: &str = "provisioning-station/ledger-proof/v1";

/// The most entries in one file: a board has some twenty for each of its sessions.
pub const ENTRIES_MAX: usize = 4096;

/// The longest file that is read.
pub const FILE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Entries of a log, proven under a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofFile {
    /// [`FORMAT`].
    pub format: String,
    /// What the entries are about.
    pub subject: Subject,
    /// The ledger's key as the prover knows it. Names the key, proves nothing.
    pub vkey: String,
    /// The checkpoint: a signed note, with the cosignatures that it has.
    pub checkpoint: String,
    /// The entries, the first of the log first.
    pub entries: Vec<ProvenEntry>,
    /// That the log continues an older one, where that was asked for.
    pub consistency: Option<Continuation>,
}

/// What a proof is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "snake_case",
    deny_unknown_fields
)]
pub enum Subject {
    /// One entry.
    Entry {
        /// Its index.
        index: u64,
    },
    /// Every entry about a board.
    Device {
        /// Its UID.
        uid: Uid,
    },
    /// Every entry about a certificate.
    Certificate {
        /// Its serial number.
        certificate_serial: CertificateSerial,
    },
    /// No entry: only that the log continues an older one.
    Continuation,
}

/// One entry with its way to the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenEntry {
    /// Where it is in the log.
    pub index: u64,
    /// Its bytes: a leaf is JSON in UTF-8, so that they are a text.
    pub leaf: String,
    /// The inclusion proof of RFC 6962, section 2.1.1, from the leaf's level upwards.
    pub path: Vec<Hex>,
}

/// A checkpoint that somebody kept, and the proof that the log continues it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Continuation {
    /// The older checkpoint.
    pub checkpoint: String,
    /// The consistency proof of RFC 6962, section 2.1.2.
    pub path: Vec<Hex>,
}

/// Why a file proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProofFault {
    /// Cut short, or no JSON.
    #[error("the file is cut off or is no JSON: {0}")]
    Syntax(String),
    /// JSON, but something else.
    #[error("an unknown, doubled, missing or malformed field: {0}")]
    Fields(String),
    /// The same meaning in other bytes.
    #[error("not written as a station writes it: byte {0} (counted from 0) differs")]
    NotCanonical(usize),
    /// Of another kind or version.
    #[error("the format is {0:?}, this program reads {FORMAT:?}")]
    Format(String),
    /// The file names another key than the one that is trusted.
    #[error("the proof is of the ledger key {got}, not of {expected}")]
    OtherKey {
        /// The one that is trusted.
        expected: String,
        /// The one in the file.
        got: String,
    },
    /// The checkpoint does not hold.
    #[error("the checkpoint does not hold: {0}")]
    Checkpoint(CheckpointError),
    /// None, too many, or out of order.
    #[error(
        "{0} entries, where 1 to {ENTRIES_MAX} are expected (none where it only shows that the log continues an \
         older one), each once, the first of the log first"
    )]
    Entries(usize),
    /// Bytes that are no leaf.
    #[error("entry {index}: {source}")]
    Leaf {
        /// Which.
        index: u64,
        /// Why.
        source: LeafError,
    },
    /// The path leads elsewhere.
    #[error("entry {0} is not in the log under this checkpoint: its path leads to another root")]
    NotIncluded(u64),
    /// An entry that has nothing to do with the subject.
    #[error("entry {0} is not about what the proof says that it is about")]
    Subject(u64),
    /// The older checkpoint does not hold.
    #[error("the older checkpoint does not hold: {0}")]
    Older(CheckpointError),
    /// The log is another one than the older checkpoint's.
    #[error("the log under the checkpoint of {new} entries does not continue the one of {old}")]
    NotContinued {
        /// The older size.
        old: u64,
        /// The newer size.
        new: u64,
    },
    /// Neither an entry nor an older checkpoint.
    #[error("it is about no entry, and does not say which older log it continues")]
    NoContinuation,
    /// A checkpoint was kept that the file says nothing of.
    #[error(
        "nothing in the file leads from the checkpoint of {kept} entries that you keep to this one of \
         {new}; ask for a proof made with --since and that checkpoint"
    )]
    NoWayFrom {
        /// The size of the one that was kept.
        kept: u64,
        /// The size of the one in the file.
        new: u64,
    },
}

/// A proof that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Proven {
    /// What it is about.
    pub subject: Subject,
    /// The checkpoint's size and root.
    pub head: TreeHead,
    /// The entries.
    pub entries: Vec<Entry>,
    /// The size of the older log that this one is shown to continue.
    pub continues: Option<u64>,
    /// The size of the checkpoint that somebody kept and that it agrees with.
    pub kept: Option<u64>,
}

impl ProofFile {
    /// The file.
    ///
    /// # Errors
    /// None that these types can cause; the serialiser's signature has one.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ProofFault`] where it is none, or spelled in another way.
    pub fn read(bytes: &[u8]) -> Result<Self, ProofFault> {
        let file: Self =
            read_canonical(bytes, Self::to_bytes).map_err(|misspelt| match misspelt {
                Misspelt::Syntax(reason) => ProofFault::Syntax(reason),
                Misspelt::Fields(reason) => ProofFault::Fields(reason),
                Misspelt::NotCanonical(offset) => ProofFault::NotCanonical(offset),
            })?;
        if file.format != FORMAT {
            return Err(ProofFault::Format(file.format));
        }
        Ok(file)
    }

    /// Checks everything in it under the ledger's key, and against a checkpoint that was kept, where there is
    /// one.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, key: &VerifierKey, kept: Option<&str>) -> Result<Proven, ProofFault> {
        if self.vkey != key.to_string() {
            return Err(ProofFault::OtherKey {
                expected: key.to_string(),
                got: self.vkey.clone(),
            });
        }
        let head = Checkpoint::open(&self.checkpoint, key)
            .map_err(ProofFault::Checkpoint)?
            .head;
        let count = self.entries.len();
        let ascending = self
            .entries
            .is_sorted_by(|one, next| one.index < next.index);
        let none = self.subject == Subject::Continuation;
        if (count == 0) != none || count > ENTRIES_MAX || !ascending {
            return Err(ProofFault::Entries(count));
        }
        if none && self.consistency.is_none() {
            return Err(ProofFault::NoContinuation);
        }
        let entries = self.entries.iter().map(|proven| proven.check(&head));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        self.subject.check(&self.entries)?;
        let older = self.continued(key, &head)?;
        let kept = kept.map(|kept| Checkpoint::open(kept, key).map_err(ProofFault::Older));
        let kept = kept.transpose()?.map(|kept| kept.head);
        if let Some(kept) = &kept {
            follows(kept, &head, older.as_ref())?;
        }
        Ok(Proven {
            subject: self.subject.clone(),
            head,
            entries,
            continues: older.map(|older| older.size),
            kept: kept.map(|kept| kept.size),
        })
    }

    fn continued(
        &self,
        key: &VerifierKey,
        head: &TreeHead,
    ) -> Result<Option<TreeHead>, ProofFault> {
        let Some(continuation) = &self.consistency else {
            return Ok(None);
        };
        let old = Checkpoint::open(&continuation.checkpoint, key);
        let old = old.map_err(ProofFault::Older)?.head;
        let path = digests(&continuation.path);
        if !path.is_some_and(|path| verify_consistency(&old, head, &path)) {
            let (old, new) = (old.size, head.size);
            return Err(ProofFault::NotContinued { old, new });
        }
        Ok(Some(old))
    }
}

/// Whether the file shows that the log under `head` continues the one under the checkpoint that was kept.
fn follows(kept: &TreeHead, head: &TreeHead, older: Option<&TreeHead>) -> Result<(), ProofFault> {
    let mut shown = [Some(head), older].into_iter().flatten();
    let (old, new) = (kept.size, head.size);
    match shown.find(|shown| shown.size == kept.size) {
        Some(shown) if shown.root == kept.root => Ok(()),
        Some(_) => Err(ProofFault::NotContinued { old, new }),
        None => Err(ProofFault::NoWayFrom { kept: old, new }),
    }
}

impl ProvenEntry {
    fn check(&self, head: &TreeHead) -> Result<Entry, ProofFault> {
        let index = self.index;
        let entry = Entry::read(index, self.leaf.as_bytes())
            .map_err(|source| ProofFault::Leaf { index, source })?;
        let path = digests(&self.path);
        let included = path
            .is_some_and(|path| verify_inclusion(&entry.hash, index, head.size, &path, &head.root));
        included
            .then_some(entry)
            .ok_or(ProofFault::NotIncluded(index))
    }
}

impl Subject {
    /// Whether a leaf is about it. Read from the leaf's own fields, since every kind names a board and a
    /// certificate alike.
    #[must_use]
    pub fn has(&self, index: u64, leaf: &[u8]) -> bool {
        let leaf = || serde_json::from_slice::<Value>(leaf).ok();
        let names = |field: &str, value: serde_json::Result<Value>| {
            let value = value.ok();
            value.is_some() && leaf().is_some_and(|leaf| leaf.get(field) == value.as_ref())
        };
        match self {
            Self::Entry { index: wanted } => index == *wanted,
            Self::Continuation => false,
            Self::Device { uid } => names("uid", serde_json::to_value(uid)),
            Self::Certificate { certificate_serial } => names(
                "certificate_serial",
                serde_json::to_value(certificate_serial),
            ),
        }
    }

    fn check(&self, entries: &[ProvenEntry]) -> Result<(), ProofFault> {
        if let (Self::Entry { .. }, 2..) = (self, entries.len()) {
            return Err(ProofFault::Entries(entries.len()));
        }
        let foreign = entries
            .iter()
            .find(|entry| !self.has(entry.index, entry.leaf.as_bytes()));
        foreign.map_or(Ok(()), |entry| Err(ProofFault::Subject(entry.index)))
    }
}

fn digests(path: &[Hex]) -> Option<Vec<Digest>> {
    path.iter().map(Hex::digest).collect()
}

impl Proven {
    /// What follows from it, in sentences.
    #[must_use]
    pub fn proves(&self) -> Vec<String> {
        let size = self.head.size;
        let log = match size {
            1 => "a log of 1 entry".to_owned(),
            _ => format!("a log of {size} entries"),
        };
        let these = match self.entries.len() {
            0 => "nothing is said about any one of them".to_owned(),
            1 => "this one is among them, byte for byte, at its index".to_owned(),
            many => format!("these {many} are among them, byte for byte, each at its index"),
        };
        let mut proven = vec![format!("the ledger's key signed {log}, and {these}")];
        proven.extend(self.continues.map(|old| {
            format!("that log continues the one of {old} entries: nothing in those was changed or removed")
        }));
        proven.extend(self.kept.map(|kept| {
            let which = if kept == size {
                "its own checkpoint"
            } else {
                "the checkpoint that it continues"
            };
            format!(
                "{which} agrees with the one that you kept over {kept} entries: one size, one root"
            )
        }));
        proven
    }

    /// What does not follow from it, in sentences; less where a witness has seen its checkpoint.
    #[must_use]
    pub fn does_not_prove(&self, witnessed: bool) -> Vec<String> {
        let mut limits = Vec::new();
        if !matches!(self.subject, Subject::Entry { .. } | Subject::Continuation) {
            limits.push(
                "that these are all entries about it: a proof can leave some out, and later ones came after \
                 the checkpoint; only the whole log shows that"
                    .to_owned(),
            );
        }
        let one_log = match (witnessed, self.kept) {
            (true, _) => "that the station shows the same log to those who ask for no witness",
            (false, Some(_)) => {
                "that the station shows others the same log as you: that shows only against a mirror, or a witness"
            }
            (false, None) => {
                "that the station shows everybody the same log: that shows only against a checkpoint that you \
                 kept, a mirror, or a witness"
            }
        };
        limits.push(one_log.to_owned());
        limits
    }
}

#[cfg(test)]
mod tests;
