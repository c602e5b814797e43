//! Cosignatures put under a checkpoint that the log has already: the one change of a row that there is.

use rusqlite::{OptionalExtension, params};

use super::checkpoint::{Checkpoint, VerifierKey};
use super::column::Int;
use super::error::{Doing, LedgerError, Refusal};
use super::log_store::LogStore;

impl LogStore {
    /// Puts a note with more signatures in place of a stored one over the same tree; no signature that was
    /// there is lost. Must run inside a transaction.
    pub(in crate::ledger) fn replace_note(
        &self,
        key: &VerifierKey,
        size: u64,
        note: &str,
    ) -> Result<(), LedgerError> {
        let doing = "storing cosignatures";
        let stored = self
            .connection()
            .prepare_cached("SELECT note FROM checkpoint WHERE size = ?1")
            .and_then(|mut find| {
                find.query_row([Int(size)], |row| row.get::<_, String>(0))
                    .optional()
            })
            .doing(doing)?
            .ok_or(Refusal::NoSuchCheckpoint(size))?;
        let same = Checkpoint::open(note, key).is_ok_and(|checkpoint| checkpoint.head.size == size);
        if !same || !note.starts_with(&stored) {
            return Err(Refusal::OtherCheckpoint(size).into());
        }
        self.connection()
            .prepare_cached("UPDATE checkpoint SET note = ?2 WHERE size = ?1")
            .and_then(|mut update| update.execute(params![Int(size), note]))
            .map(|_| ())
            .doing(doing)
    }
}
