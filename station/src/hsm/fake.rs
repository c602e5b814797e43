//! A [`Signer`] in software, for tests. Never ships: it is compiled for tests and test features only.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use sha2::{Digest as _, Sha256};

use super::error::{Fault, HsmError, Operation};
use super::key_role::role_name;
use crate::identity::signer::{KeyRole, PublicKey, Signer};

/// Keys from a seed: the same seed has the same keys and the same random bytes.
#[derive(Debug)]
pub struct SoftwareSigner {
    seed: [u8; 32],
    ledger_ed25519: bool,
    drawn: Mutex<u64>,
    failures: AtomicUsize,
}

impl SoftwareSigner {
    /// Every role's key, the ledger's as Ed25519.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let seed = Sha256::digest(seed.to_be_bytes()).into();
        Self {
            seed,
            ledger_ed25519: true,
            drawn: Mutex::new(0),
            failures: AtomicUsize::new(0),
        }
    }

    /// The same with a P-256 key for the ledger.
    #[must_use]
    pub const fn with_p256_ledger(mut self) -> Self {
        self.ledger_ed25519 = false;
        self
    }

    /// The next `count` requests fail as if the token were lost.
    pub fn fail_next(&self, count: usize) {
        self.failures.store(count, Ordering::SeqCst);
    }

    fn secret(&self, role: KeyRole) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.seed)
            .chain_update(role_name(role))
            .finalize()
            .into()
    }

    /// The role's P-256 key.
    fn p256_key(&self, role: KeyRole) -> Result<SigningKey, HsmError> {
        SigningKey::from_slice(&self.secret(role))
            .map_err(|_| HsmError::new(Operation::FindKey(role), Fault::KeyNotConfigured))
    }

    fn is_ed25519(&self, role: KeyRole) -> bool {
        self.ledger_ed25519 && role == KeyRole::Ledger
    }

    fn play_failure(&self, operation: Operation) -> Result<(), HsmError> {
        let left = self
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        match left {
            Ok(_) => Err(HsmError::new(
                operation,
                Fault::Lost("played by a test".to_owned()),
            )),
            Err(_) => Ok(()),
        }
    }
}

impl Signer for SoftwareSigner {
    type Error = HsmError;

    fn public_key(&self, role: KeyRole) -> Result<PublicKey, HsmError> {
        if self.is_ed25519(role) {
            let key = ed25519_dalek::SigningKey::from_bytes(&self.secret(role));
            return Ok(PublicKey::Ed25519(key.verifying_key().to_bytes()));
        }
        let point = self.p256_key(role)?.verifying_key().to_sec1_point(false);
        let invalid = |_| HsmError::new(Operation::FindKey(role), Fault::SignatureInvalid);
        point
            .as_bytes()
            .try_into()
            .map(PublicKey::P256)
            .map_err(invalid)
    }

    fn sign(&self, role: KeyRole, message: &[u8]) -> Result<[u8; 64], HsmError> {
        self.play_failure(Operation::Sign(role))?;
        if self.is_ed25519(role) {
            let key = ed25519_dalek::SigningKey::from_bytes(&self.secret(role));
            return Ok(ed25519_dalek::Signer::sign(&key, message).to_bytes());
        }
        let signature: Signature = self.p256_key(role)?.sign(message);
        Ok(signature.normalize_s().to_bytes().into())
    }

    fn random(&self, out: &mut [u8]) -> Result<(), HsmError> {
        self.play_failure(Operation::DrawRandom)?;
        let mut drawn = self
            .drawn
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for part in out.chunks_mut(32) {
            *drawn = drawn.wrapping_add(1);
            let block = Sha256::new()
                .chain_update(self.seed)
                .chain_update(b"random")
                .chain_update(drawn.to_be_bytes())
                .finalize();
            part.iter_mut()
                .zip(block)
                .for_each(|(byte, random)| *byte = random);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hsm::{ALL_ROLES, verify_signature};

    #[test]
    fn signs_for_every_role() {
        for signer in [
            SoftwareSigner::from_seed(1),
            SoftwareSigner::from_seed(1).with_p256_ledger(),
        ] {
            for role in ALL_ROLES {
                let signature = signer.sign(role, b"message").unwrap();
                let key = signer.public_key(role).unwrap();
                verify_signature(&key, b"message", &signature).unwrap();
            }
        }
    }

    #[test]
    fn fails_as_often_as_told() {
        let signer = SoftwareSigner::from_seed(1);
        signer.fail_next(1);
        assert!(
            signer
                .sign(KeyRole::Issuing, b"m")
                .unwrap_err()
                .may_recover()
        );
        assert!(signer.sign(KeyRole::Issuing, b"m").is_ok());
    }
}
