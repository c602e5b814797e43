//! What the ledger's writer met last, for whoever wants to know whether it is well without asking it: a writer
//! that waits for a disk or a key store answers nobody.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::LedgerError;

/// Shared by the writer, which notes, and its handles, which look.
#[derive(Clone, Debug, Default)]
pub(in crate::ledger) struct Health(Arc<Mutex<Troubles>>);

/// What went wrong when it was done last; none where that went through.
#[derive(Debug, Default)]
struct Troubles {
    append: Option<LedgerError>,
    checkpoint: Option<LedgerError>,
}

impl Health {
    /// What became of a group of appends. One that a rule forbids says nothing about the ledger.
    pub(in crate::ledger) fn appended<'a, T: 'a>(
        &self,
        results: impl IntoIterator<Item = &'a Result<T, LedgerError>>,
    ) {
        let errors = results
            .into_iter()
            .filter_map(|result| result.as_ref().err());
        let mut failed = errors.filter(|error| !matches!(error, LedgerError::Refused(_)));
        let failed = failed.next().cloned();
        self.lock().append = failed;
    }

    /// What became of a checkpoint and its mirror.
    pub(in crate::ledger) fn checkpointed<T>(&self, result: &Result<T, LedgerError>) {
        let failed = result.as_ref().err().cloned();
        self.lock().checkpoint = failed;
    }

    /// What is wrong: an append that failed before a checkpoint that did.
    pub(in crate::ledger) fn trouble(&self) -> Option<LedgerError> {
        let troubles = self.lock();
        let first = troubles.append.as_ref().or(troubles.checkpoint.as_ref());
        first.cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Troubles> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Refusal;
    use crate::ledger::fixture::{Home, opening};

    const FULL: LedgerError = LedgerError::DiskFull { doing: "a test" };

    #[test]
    fn the_last_append_and_the_last_checkpoint_count() {
        let health = Health::default();
        assert!(health.trouble().is_none());
        health.appended(&[Ok(()), Err(FULL)]);
        assert!(matches!(
            health.trouble(),
            Some(LedgerError::DiskFull { .. })
        ));
        health.checkpointed(&Ok(()));
        assert!(health.trouble().is_some(), "a checkpoint is no append");
        let refused = LedgerError::Refused(Refusal::NoBatch("a test"));
        health.appended::<()>(&[Err(refused)]);
        assert!(health.trouble().is_none(), "a rule is no trouble");
        health.checkpointed::<()>(&Err(LedgerError::NoMirror { path: "m".into() }));
        assert!(matches!(
            health.trouble(),
            Some(LedgerError::NoMirror { .. })
        ));
    }

    #[test]
    fn a_ledger_tells_what_its_writer_met() {
        let (_home, ledger) = Home::create();
        assert!(ledger.trouble().is_none());
        ledger.open_batch(opening("B-1", 4)).unwrap();
        assert!(ledger.trouble().is_none());
        // A second opening is refused by a rule.
        ledger.open_batch(opening("B-1", 4)).unwrap_err();
        assert!(ledger.trouble().is_none());
    }
}
