//! Whether the token signs, as far as is known without asking it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::{Fault, HsmError};

/// What was met last.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<Met>);

#[derive(Debug, Default)]
struct Met {
    trouble: Option<HsmError>,
    /// Since the last probe.
    signed: bool,
}

impl Health {
    /// Notes what became of a request. Only a signature shows that the token is well again: random bytes may come
    /// from a module whose token has gone.
    pub(super) fn note(&self, signs: bool, error: Option<&HsmError>) {
        match error {
            // A mistake of the caller's.
            Some(error) if *error.fault() == Fault::KeyNotConfigured => {}
            Some(error) => self.lock().trouble = Some(error.clone()),
            None if signs => {
                *self.lock() = Met {
                    trouble: None,
                    signed: true,
                };
            }
            None => {}
        }
    }

    pub(super) fn trouble(&self) -> Option<HsmError> {
        self.lock().trouble.clone()
    }

    /// Whether nothing is known of it since this was asked last, or nothing good.
    pub(super) fn needs_probe(&self) -> bool {
        let mut met = self.lock();
        !std::mem::take(&mut met.signed) || met.trouble.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Met> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hsm::Operation;
    use crate::identity::signer::KeyRole;

    fn error(fault: Fault) -> HsmError {
        HsmError::new(Operation::Sign(KeyRole::Issuing), fault)
    }

    #[test]
    fn only_a_signature_makes_it_well_again() {
        let health = Health::default();
        assert!(health.trouble().is_none());
        let lost = error(Fault::Lost("pulled out".to_owned()));
        health.note(false, Some(&lost));
        assert_eq!(health.trouble(), Some(lost));
        health.note(false, None);
        assert!(health.trouble().is_some(), "random bytes are no signature");
        health.note(true, None);
        assert!(health.trouble().is_none());
        health.note(true, Some(&error(Fault::KeyNotConfigured)));
        assert!(health.trouble().is_none(), "the token is not to blame");
    }

    #[test]
    fn a_token_that_has_just_signed_is_not_probed() {
        let health = Health::default();
        assert!(health.needs_probe());
        health.note(true, None);
        assert!(!health.needs_probe());
        assert!(health.needs_probe(), "since then it has not signed");
        health.note(true, None);
        health.note(true, Some(&error(Fault::Timeout(5))));
        assert!(health.needs_probe());
    }
}
