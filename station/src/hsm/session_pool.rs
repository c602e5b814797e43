//! Workers, each with a session of its own and handles of all keys, found once per session.
//!
//! A request that takes too long is answered with an error; its worker goes on as soon as the module lets it.

use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use firmware_proto::Digest;

use super::availability::{RUNGS, Rung, next_rung_helps};
use super::error::{Fault, HsmError, Operation};
use super::kept_note;
use super::key_attributes::{self, FoundKey};
use super::key_role::{ALL_ROLES, KeyUris, role_index};
use super::module::Pkcs11Session;
use super::random;
use super::signature::{verify_signature, with_low_s};
use super::token::Token;
use crate::encoding::sha256;
use crate::es256;
use crate::identity::signer::{KeyRole, PublicKey};

/// Most workers: more than any token answers at once.
const MAX_WORKERS: usize = 16;

/// How many workers a pool has: 1 to 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSize(NonZeroUsize);

impl PoolSize {
    /// Takes 1 to 16.
    #[must_use]
    pub fn new(workers: usize) -> Option<Self> {
        NonZeroUsize::new(workers)
            .filter(|size| size.get() <= MAX_WORKERS)
            .map(Self)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0.get()
    }
}

/// The public keys by role, as they were at the start.
pub(super) type PublicKeys = [Option<PublicKey>; ALL_ROLES.len()];

/// What a worker is asked.
#[derive(Clone, Debug)]
pub(super) enum Task {
    Sign { role: KeyRole, message: Vec<u8> },
    SignDigest { role: KeyRole, digest: Digest },
    DrawRandom { length: usize },
    ReadNotes { label: String },
    KeepNote { label: String, note: String },
}

/// A task and where its answer goes.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) task: Task,
    pub(super) answer: SyncSender<Result<Vec<u8>, HsmError>>,
}

/// One worker's state.
#[derive(Debug)]
pub(super) struct Worker {
    token: Arc<Token>,
    uris: Arc<KeyUris>,
    /// What the keys must still be after a reconnect; empty for the first worker's first session.
    expected: PublicKeys,
    open: Option<OpenKeys>,
}

#[derive(Debug)]
struct OpenKeys {
    session: Pkcs11Session,
    keys: [Option<FoundKey>; ALL_ROLES.len()],
}

impl Worker {
    /// Opens the first session and finds every configured key.
    pub(super) fn first(token: Arc<Token>, uris: Arc<KeyUris>) -> Result<Self, HsmError> {
        let mut worker = Self {
            token,
            uris,
            expected: PublicKeys::default(),
            open: None,
        };
        let open = worker.open_keys()?;
        worker.expected = open.keys.map(|key| key.map(|key| key.public_key));
        worker.open = Some(open);
        Ok(worker)
    }

    /// Another worker on the same token, with the same keys.
    pub(super) fn another(&self) -> Self {
        Self {
            token: Arc::clone(&self.token),
            uris: Arc::clone(&self.uris),
            expected: self.expected,
            open: None,
        }
    }

    /// The public keys.
    pub(super) const fn public_keys(&self) -> PublicKeys {
        self.expected
    }

    /// Starts a thread that works until the queue is closed; `ended` is dropped when all is released.
    pub(super) fn spawn(
        mut self,
        number: usize,
        queue: Arc<Mutex<Receiver<Request>>>,
        ended: SyncSender<()>,
    ) -> std::io::Result<()> {
        let work = move || {
            loop {
                let request = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(Request { task, answer }) = request else {
                    break;
                };
                // Nobody listens any more where the request took too long.
                let _sent = answer.send(self.perform(&task));
            }
            drop(self);
            drop(ended);
        };
        thread::Builder::new()
            .name(format!("hsm-{number}"))
            .spawn(work)
            .map(drop)
    }

    /// Does the task, climbing the ladder where session or token are lost.
    pub(super) fn perform(&mut self, task: &Task) -> Result<Vec<u8>, HsmError> {
        let mut lost = HsmError::new(
            Operation::OpenSession,
            Fault::Lost("never tried".to_owned()),
        );
        let seen = self.token.generation();
        let token = Arc::clone(&self.token);
        for rung in RUNGS {
            let open = self.climb(rung, seen);
            match open.and_then(|open| open.perform(task, &token)) {
                Ok(done) => return Ok(done),
                Err(error) if next_rung_helps(&error) => lost = error,
                Err(error) => return Err(error),
            }
        }
        self.open = None;
        Err(lost)
    }

    /// `seen` is the module's generation when the task began: where another worker has initialised it anew
    /// since, this one only opens a session, or they would take each other's sessions away for ever.
    fn climb(&mut self, rung: Rung, seen: u64) -> Result<&OpenKeys, HsmError> {
        match rung {
            Rung::AsItIs => {}
            Rung::NewSession => self.open = None,
            Rung::NewModule => {
                self.open = None;
                self.token.initialize_again(seen)?;
            }
        }
        let open = match self.open.take() {
            Some(open) => open,
            None => self.open_keys()?,
        };
        Ok(self.open.insert(open))
    }

    fn open_keys(&self) -> Result<OpenKeys, HsmError> {
        let session = self.token.open_session(false)?;
        let mut keys = [None; ALL_ROLES.len()];
        for (role, uri) in self.uris.roles() {
            let found = key_attributes::find(&session, role, uri)?;
            let expected = self.expected.get(role_index(role)).copied().flatten();
            if expected.is_some_and(|expected| expected != found.public_key) {
                return Err(HsmError::new(Operation::CheckKey(role), Fault::KeyChanged));
            }
            if let Some(place) = keys.get_mut(role_index(role)) {
                *place = Some(found);
            }
        }
        Ok(OpenKeys { session, keys })
    }
}

impl OpenKeys {
    fn perform(&self, task: &Task, token: &Token) -> Result<Vec<u8>, HsmError> {
        match task {
            Task::Sign { role, message } => self.sign(*role, message).map(Vec::from),
            Task::SignDigest { role, digest } => self.sign_digest(*role, digest).map(Vec::from),
            Task::DrawRandom { length } => random::draw(&self.session, *length),
            Task::ReadNotes { label } => kept_note::read(&self.session, label),
            // Only here is the token written to, so that every other session stays read-only.
            Task::KeepNote { label, note } => {
                let writable = token.open_session(true)?;
                kept_note::replace(&writable, label, note.as_bytes()).map(|()| Vec::new())
            }
        }
    }

    fn key(&self, role: KeyRole) -> Result<FoundKey, HsmError> {
        let key = self.keys.get(role_index(role)).copied().flatten();
        let missing = || HsmError::new(Operation::FindKey(role), Fault::KeyNotConfigured);
        key.ok_or_else(missing)
    }

    /// For what is too large to travel; with P-256 alone, since Ed25519 signs the message itself.
    fn sign_digest(&self, role: KeyRole, digest: &Digest) -> Result<[u8; 64], HsmError> {
        let FoundKey {
            private,
            public_key,
        } = self.key(role)?;
        let invalid = || HsmError::new(Operation::Sign(role), Fault::SignatureInvalid);
        let PublicKey::P256(point) = public_key else {
            return Err(invalid());
        };
        let raw = self
            .session
            .call(|session| session.sign(&Mechanism::Ecdsa, private, digest.as_bytes()))
            .map_err(|error| HsmError::from_call(Operation::Sign(role), &error))?;
        let signature = with_low_s(&raw).map_err(|_| invalid())?;
        let verified = es256::verify_digest(&point, digest, &signature);
        verified.then_some(signature).ok_or_else(invalid)
    }

    /// Takes the digest here: `CKM_ECDSA` signs any bytes, and so would sign what is no digest.
    fn sign(&self, role: KeyRole, message: &[u8]) -> Result<[u8; 64], HsmError> {
        let FoundKey {
            private,
            public_key,
        } = self.key(role)?;
        let called = match public_key {
            PublicKey::P256(_) => {
                let digest = sha256(message);
                self.session
                    .call(|session| session.sign(&Mechanism::Ecdsa, private, digest.as_bytes()))
            }
            PublicKey::Ed25519(_) => {
                let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519));
                self.session
                    .call(|session| session.sign(&mechanism, private, message))
            }
        };
        let raw = called.map_err(|error| HsmError::from_call(Operation::Sign(role), &error))?;
        let invalid = || HsmError::new(Operation::Sign(role), Fault::SignatureInvalid);
        let signature = match public_key {
            PublicKey::P256(_) => with_low_s(&raw).map_err(|_| invalid())?,
            PublicKey::Ed25519(_) => raw.as_slice().try_into().map_err(|_| invalid())?,
        };
        verify_signature(&public_key, message, &signature).map_err(|_| invalid())?;
        Ok(signature)
    }
}

/// A channel whose other end tells when the last worker has released everything.
pub(super) fn ending() -> (SyncSender<()>, Receiver<()>) {
    sync_channel(0)
}
