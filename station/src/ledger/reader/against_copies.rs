//! What checkpoints that others keep show of the log.

use super::Reader;
use crate::ledger::checkpoint::VerifierKey;
use crate::ledger::error::{Damage, LedgerError};
use crate::ledger::integrity::{self, KeptElsewhere};

impl Reader {
    /// What is wrong with the log, seen from the checkpoints that the token keeps.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn against_kept(
        &self,
        key: &VerifierKey,
        kept: &[String],
    ) -> Result<Vec<Damage>, LedgerError> {
        let mut found = Vec::new();
        for note in kept {
            match integrity::check_kept(&self.connection, key, note) {
                Ok(()) => {}
                Err(LedgerError::Damaged(damage)) => found.push(damage),
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// What is wrong with the log, seen from a checkpoint that is kept elsewhere.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn against_mirror(
        &self,
        key: &VerifierKey,
        kept: KeptElsewhere<'_>,
    ) -> Result<Option<Damage>, LedgerError> {
        match integrity::check_elsewhere(&self.connection, key, kept) {
            Ok(()) => Ok(None),
            Err(LedgerError::Damaged(damage)) => Ok(Some(damage)),
            Err(error) => Err(error),
        }
    }
}
