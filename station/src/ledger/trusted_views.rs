//! Whether the views say what the log says, at every start.
//!
//! The writer's rules read the views, so a row that somebody removed must not go unseen. The views are made
//! again from the log and compared. A long log is not read from its beginning each time: what was made from
//! it is kept in a file beside the ledger, under a note that the ledger key has signed, and only later entries are
//! applied to it. That file is made from leaves alone, never from the views in use; where it is missing,
//! damaged or of another log, everything is read again.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use firmware_proto::Digest;
use sha2::Digest as _;

use super::checkpoint::Checkpoint;
use super::error::{Damage, LedgerError};
use super::log_store::{frontier, size};
use super::proof::TreeHead;
use super::reader::Reader;
use super::rebuild::Rebuilt;
use super::writer::LedgerKey;
use super::{decoded, mirror, on_all_cores};

/// A ledger of no more entries than this is read whole, which takes a second or two, and keeps no file.
pub(in crate::ledger) const IN_MEMORY_ENTRIES: u64 = 20_000;

/// The file of kept views is hashed in pieces of this size, on all cores.
const PIECE_BYTES: u64 = 1 << 24;

/// Compares the views with the log, whose leaves must have been checked. Gives how many entries were read.
pub(in crate::ledger) fn check(
    readers: &mut [Reader],
    ledger: &Path,
    key: &LedgerKey,
    in_memory: u64,
) -> Result<u64, LedgerError> {
    let log = readers.first_mut().ok_or(Damage::NotALedger)?.connection();
    let end = size(log)?;
    if end <= in_memory {
        follow(readers, &mut Rebuilt::new()?, 0..end)?;
        return Ok(end);
    }
    let kept = Kept::beside(ledger, key);
    let (mut rebuilt, from) = kept.take_up(readers)?;
    follow(readers, &mut rebuilt, from..end)?;
    if from < end {
        // Without it the next start reads more; nothing is lost.
        let _ = kept.keep(readers, &rebuilt, end);
    }
    Ok(end.saturating_sub(from))
}

/// Applies the entries, then compares.
fn follow(
    readers: &mut [Reader],
    rebuilt: &mut Rebuilt,
    entries: std::ops::Range<u64>,
) -> Result<(), LedgerError> {
    decoded::for_each(readers, entries, |decoded| {
        let index = decoded.index;
        let entry = decoded
            .entry
            .map_err(|source| Damage::Leaf { index, source })?;
        match rebuilt.follow(entry, &decoded.bytes)? {
            Some(damage) => Err(damage.into()),
            None => Ok(()),
        }
    })?;
    match rebuilt.differences(readers, false)?.into_iter().next() {
        Some(damage) => Err(damage.into()),
        None => Ok(()),
    }
}

struct Kept<'a> {
    key: &'a LedgerKey,
    views: PathBuf,
    note: PathBuf,
}

impl<'a> Kept<'a> {
    /// The files of a ledger's trusted views.
    fn beside(ledger: &Path, key: &'a LedgerKey) -> Self {
        let beside = |suffix| {
            let mut name = ledger.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        Self {
            key,
            views: beside("-views"),
            note: beside("-views.note"),
        }
    }

    /// The kept views and how many entries are in them, if they can be trusted; else none yet.
    fn take_up(&self, readers: &mut [Reader]) -> Result<(Rebuilt, u64), LedgerError> {
        if self.views.exists() {
            // Whatever is wrong with it, the log is there to make it again.
            if let Ok(rebuilt) = Rebuilt::at(Some(&self.views))
                && let Ok(Some(from)) = self.trusted(readers)
            {
                return Ok((rebuilt, from));
            }
            fs::remove_file(&self.views).map_err(|source| LedgerError::Io {
                doing: "removing views that cannot be trusted",
                path: self.views.clone(),
                source: source.into(),
            })?;
        }
        Ok((Rebuilt::at(Some(&self.views))?, 0))
    }

    /// How many entries of this log the views are made from, where the ledger key says so. They must be open, so
    /// that SQLite has undone what a crash left half done.
    fn trusted(&self, readers: &mut [Reader]) -> Result<Option<u64>, LedgerError> {
        let Ok(note) = fs::read_to_string(&self.note) else {
            return Ok(None);
        };
        let Ok(note) = Checkpoint::open_of(&note, &self.key.verifier, &self.origin()) else {
            return Ok(None);
        };
        let covered = note.head.size;
        let log = readers.first_mut().ok_or(Damage::NotALedger)?.connection();
        let known = covered <= size(log)? && self.head(readers, covered)? == note.head;
        Ok(known.then_some(covered))
    }

    fn keep(
        &self,
        readers: &mut [Reader],
        rebuilt: &Rebuilt,
        covered: u64,
    ) -> Result<(), LedgerError> {
        rebuilt.commit()?;
        let head = self.head(readers, covered)?;
        let note = self.key.sign(self.origin(), head)?;
        mirror::replace(&self.note, &note).map_err(|error| Self::io(&self.note, error))
    }

    /// Not the log's own: no note about views passes for a checkpoint.
    fn origin(&self) -> String {
        format!("{}/views", self.key.verifier.name())
    }

    /// What is signed: the bytes of the file of views, and the tree that they are made from.
    fn head(&self, readers: &mut [Reader], covered: u64) -> Result<TreeHead, LedgerError> {
        let log = readers.first_mut().ok_or(Damage::NotALedger)?.connection();
        let tree = frontier(log, covered)?.root();
        let read = |error| Self::io(&self.views, error);
        let file = File::open(&self.views).map_err(read)?;
        let length = file.metadata().map_err(read)?.len();
        let mut workers = vec![(); on_all_cores::threads()];
        let pieces = length.div_ceil(PIECE_BYTES);
        let pieces = on_all_cores::each(&mut workers, pieces, |(), piece| {
            let from = piece * PIECE_BYTES;
            let count = PIECE_BYTES.min(length - from);
            let mut bytes = vec![0; usize::try_from(count).unwrap_or_default()];
            file.read_exact_at(&mut bytes, from).map_err(read)?;
            Ok(sha2::Sha256::digest(&bytes))
        })?;
        let mut all = sha2::Sha256::new_with_prefix(tree.as_bytes());
        all.update(length.to_be_bytes());
        for piece in pieces {
            all.update(piece);
        }
        Ok(TreeHead {
            size: covered,
            root: Digest::from_bytes(all.finalize().into()),
        })
    }

    fn io(path: &Path, error: std::io::Error) -> LedgerError {
        LedgerError::Io {
            doing: "reading or writing trusted views",
            path: path.to_owned(),
            source: error.into(),
        }
    }
}
