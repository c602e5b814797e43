//! The real [`Signer`]: hands requests to the workers and waits for a bounded time.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use firmware_proto::Digest;

use super::error::{Fault, HsmError, Operation};
use super::health::Health;
use super::kept_note;
use super::key_role::{ALL_ROLES, KeyUris, role_index};
use super::pin::Pin;
use super::random::MAX_RANDOM_BYTES;
use super::session_pool::{PoolSize, PublicKeys, Request, Task, Worker, ending};
use super::signature::verify_signature;
use super::token::{Token, TokenConfig};
use crate::identity::signer::{KeyRole, PublicKey, Signer};

/// Most requests that wait: more than a line has lanes.
const MAX_WAITING: usize = 256;

/// What a key signs to show that it is there. Nobody can take it for a statement of the station.
const SELF_TEST: &[u8] = b"provisioning station: self-test of a key, states nothing\n";

/// Signs with the keys of one token. Cheap to clone; the token is released with the last clone.
#[derive(Clone, Debug)]
pub struct SignerPool(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    keys: PublicKeys,
    timeout_ms: u64,
    /// None once the pool is being dropped.
    queue: Option<SyncSender<Request>>,
    ended: Mutex<Receiver<()>>,
    health: Health,
}

impl SignerPool {
    /// Opens the token and starts the workers. Every configured key is found, checked, and signs once.
    ///
    /// # Errors
    /// Where module, token, PIN or a key are not as they must be; the error says which.
    pub fn open(config: &TokenConfig, pin: &Pin) -> Result<Self, HsmError> {
        let token = Token::open(config, pin)?;
        Self::start(
            token,
            &config.keys,
            config.workers,
            config.request_timeout_ms,
        )
    }

    /// Starts the workers on an open token.
    ///
    /// # Errors
    /// Where a key is not as it must be.
    pub fn start(
        token: Token,
        keys: &KeyUris,
        workers: PoolSize,
        request_timeout_ms: u64,
    ) -> Result<Self, HsmError> {
        let token = Arc::new(token);
        let first = Worker::first(Arc::clone(&token), Arc::new(keys.clone()))?;
        token.release_anchor();
        let keys = first.public_keys();
        let (queue, requests) = sync_channel(MAX_WAITING);
        let requests = Arc::new(Mutex::new(requests));
        let (ended, all_ended) = ending();
        let others = (1..workers.get())
            .map(|_| first.another())
            .collect::<Vec<_>>();
        for (number, worker) in std::iter::once(first).chain(others).enumerate() {
            let started = worker.spawn(number, Arc::clone(&requests), ended.clone());
            started.map_err(|error| {
                let fault = Fault::Refused(format!("no thread could be started: {error}"));
                HsmError::new(Operation::OpenSession, fault)
            })?;
        }
        let ended = Mutex::new(all_ended);
        let pool = Pool {
            keys,
            timeout_ms: request_timeout_ms,
            queue: Some(queue),
            ended,
            health: Health::default(),
        };
        let pool = Self(Arc::new(pool));
        for role in pool.roles() {
            pool.sign(role, SELF_TEST)?;
        }
        Ok(pool)
    }

    /// The roles that have a key here.
    pub fn roles(&self) -> impl Iterator<Item = KeyRole> {
        let keys = self.0.keys;
        ALL_ROLES
            .into_iter()
            .filter(move |role| keys.get(role_index(*role)).copied().flatten().is_some())
    }

    /// Lets a key sign, and checks the signature under another statement of what the key is: its
    /// certificate, its credential, or the ledger's published key.
    ///
    /// # Errors
    /// [`Fault::KeyNotCertified`] where the token's key is not `certified`.
    pub fn prove(&self, role: KeyRole, certified: &PublicKey) -> Result<(), HsmError> {
        let signature = self.sign(role, SELF_TEST)?;
        verify_signature(certified, SELF_TEST, &signature)
            .map_err(|_| HsmError::new(Operation::CheckKey(role), Fault::KeyNotCertified))
    }

    /// The notes that the token keeps under this label: one, or more where a crash came between writing a new one
    /// and removing the old.
    ///
    /// # Errors
    /// Where the token does not answer.
    pub fn kept_notes(&self, label: &str) -> Result<Vec<String>, HsmError> {
        let label = label.to_owned();
        let values = self.request(Task::ReadNotes { label }, || Operation::ReadNote)?;
        let notes = values.split(|byte| *byte == kept_note::END);
        let notes = notes.filter_map(|note| std::str::from_utf8(note).ok());
        Ok(notes
            .filter(|note| !note.is_empty())
            .map(str::to_owned)
            .collect())
    }

    /// Keeps this note in the token under the label, in place of those that were there.
    ///
    /// # Errors
    /// Where the token does not take it.
    pub fn keep_note(&self, label: &str, note: &str) -> Result<(), HsmError> {
        let (label, note) = (label.to_owned(), note.to_owned());
        let task = Task::KeepNote { label, note };
        self.request(task, || Operation::KeepNote).map(drop)
    }

    /// What is wrong with the token, as its last signature says, or whatever failed since.
    #[must_use]
    pub fn trouble(&self) -> Option<HsmError> {
        self.0.health.trouble()
    }

    /// Lets a key sign where none has signed since the last probe, so that a token that goes or comes back is noticed
    /// while no board needs it. What came of it is told by [`SignerPool::trouble`].
    pub fn probe(&self) {
        if self.0.health.needs_probe()
            && let Some(role) = self.roles().next()
        {
            let _noted = self.sign(role, SELF_TEST);
        }
    }

    fn request(&self, task: Task, operation: impl Fn() -> Operation) -> Result<Vec<u8>, HsmError> {
        let signs = matches!(task, Task::Sign { .. } | Task::SignDigest { .. });
        // A token without room for a note signs as well as any.
        let tells = signs || matches!(task, Task::DrawRandom { .. });
        let answer = self.ask(task, operation);
        if tells {
            self.0.health.note(signs, answer.as_ref().err());
        }
        answer
    }

    fn ask(&self, task: Task, operation: impl Fn() -> Operation) -> Result<Vec<u8>, HsmError> {
        let failed = |fault| HsmError::new(operation(), fault);
        let gone = || failed(Fault::Lost("the pool's workers have ended".to_owned()));
        let (answer, answered) = sync_channel(1);
        let queue = self.0.queue.as_ref().ok_or_else(gone)?;
        queue
            .try_send(Request { task, answer })
            .map_err(|error| match error {
                TrySendError::Full(_) => failed(Fault::Overloaded),
                TrySendError::Disconnected(_) => gone(),
            })?;
        match answered.recv_timeout(Duration::from_millis(self.0.timeout_ms)) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => Err(failed(Fault::Timeout(self.0.timeout_ms))),
            Err(RecvTimeoutError::Disconnected) => Err(gone()),
        }
    }
}

impl SignerPool {
    /// Signs the message with this SHA-256, which is too large to be handed over; for keys of P-256.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub fn sign_digest(&self, role: KeyRole, digest: &Digest) -> Result<[u8; 64], HsmError> {
        let digest = *digest;
        let signature =
            self.request(Task::SignDigest { role, digest }, || Operation::Sign(role))?;
        let invalid = |_| HsmError::new(Operation::Sign(role), Fault::SignatureInvalid);
        signature.try_into().map_err(invalid)
    }
}

impl Signer for SignerPool {
    type Error = HsmError;

    fn public_key(&self, role: KeyRole) -> Result<PublicKey, HsmError> {
        let missing = || HsmError::new(Operation::FindKey(role), Fault::KeyNotConfigured);
        self.0
            .keys
            .get(role_index(role))
            .copied()
            .flatten()
            .ok_or_else(missing)
    }

    fn sign(&self, role: KeyRole, message: &[u8]) -> Result<[u8; 64], HsmError> {
        let task = Task::Sign {
            role,
            message: message.to_vec(),
        };
        let signature = self.request(task, || Operation::Sign(role))?;
        let invalid = |_| HsmError::new(Operation::Sign(role), Fault::SignatureInvalid);
        signature.try_into().map_err(invalid)
    }

    fn random(&self, out: &mut [u8]) -> Result<(), HsmError> {
        for part in out.chunks_mut(MAX_RANDOM_BYTES) {
            let task = Task::DrawRandom { length: part.len() };
            part.copy_from_slice(&self.request(task, || Operation::DrawRandom)?);
        }
        Ok(())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue = None;
        // The workers end by themselves; one that hangs in the module is left behind.
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let _waited = ended.recv_timeout(Duration::from_millis(self.timeout_ms));
    }
}
