//! What a start checks of a ledger; and the same with no writer after it, for whoever only looks.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::checkpoint::{Checkpoint, CheckpointSigner};
use super::error::{Damage, LedgerError};
use super::handle::{own, public_key};
use super::mirror::Mirror;
use super::writer::LedgerKey;
use super::{integrity, log_store, on_all_cores, trusted_views};

/// What was found in a mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MirrorSeen {
    /// A checkpoint over so many entries, which this log continues.
    Covers(u64),
    /// Nothing: whoever records something next begins it.
    Empty,
}

/// Checks a ledger as its opening does, and writes neither to it nor to its mirror (the trusted views beside a long
/// ledger are kept, as at each start). What is wrong with the mirror is told apart.
///
/// # Errors
/// [`LedgerError`]: no ledger, a writer at work, another key, an older layout, or damage.
pub fn examine(
    path: &Path,
    signer: Arc<dyn CheckpointSigner>,
    mirror: Option<&Path>,
    kept: &[String],
) -> Result<Option<Result<MirrorSeen, LedgerError>>, LedgerError> {
    log_store::require_file(path)?;
    let _owner = own(path)?;
    let log = log_store::connect_read_only(path)?;
    let in_memory = trusted_views::IN_MEMORY_ENTRIES;
    let (key, _) = checked(&log, path, signer, in_memory)?;
    for note in kept {
        integrity::check_kept(&log, &key.verifier, note)?;
    }
    Ok(mirror.map(|mirror| seen(&log, &key, mirror)))
}

fn seen(log: &Connection, key: &LedgerKey, mirror: &Path) -> Result<MirrorSeen, LedgerError> {
    let mirror = Mirror::new(mirror.to_owned());
    let Some(note) = mirror.read()? else {
        return Ok(MirrorSeen::Empty);
    };
    integrity::check_mirror(log, &key.verifier, mirror.holding(&note))?;
    let covered = Checkpoint::open(&note, &key.verifier).map_err(Damage::Foreign)?;
    Ok(MirrorSeen::Covers(covered.head.size))
}

/// The log against its last checkpoint, the views against the log. Gives the key with
/// the last checkpoint.
pub(in crate::ledger) fn checked(
    log: &Connection,
    path: &Path,
    signer: Arc<dyn CheckpointSigner>,
    in_memory: u64,
) -> Result<(LedgerKey, (u64, String)), LedgerError> {
    let verifier = integrity::opening_key(log)?;
    let held = public_key(signer.as_ref(), verifier.name())?;
    if held != verifier {
        return Err(LedgerError::OtherKey {
            expected: verifier.to_string(),
            got: held.to_string(),
        });
    }
    let mut readers = on_all_cores::snapshots(path)?;
    let last = integrity::check_log(&mut readers, &verifier)?;
    let key = LedgerKey { signer, verifier };
    trusted_views::check(&mut readers, path, &key, in_memory)?;
    Ok((key, last))
}
