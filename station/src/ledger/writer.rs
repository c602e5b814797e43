//! The one thread that owns the connection: takes the requests of all lanes, commits those that are
//! waiting in one transaction (group commit), signs checkpoints over them, answers.
//!
//! A checkpoint is signed only over what is durable already: a log must never sign two histories, which
//! it would if a signed tree were lost with its transaction.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

use firmware_proto::{Digest, Uid};

use super::checkpoint::{Checkpoint, CheckpointSigner, VerifierKey};
use super::error::LedgerError;
use super::health::Health;
use super::log_store;
use super::mirror::Mirror;
use super::proof::TreeHead;
use super::standing::{DeviceStanding, Durability, NoPlace, Recorded, Reservation, ShownNow};
use super::state::{Append, LedgerState};
use crate::clock::UtcMillis;
use crate::names::{BatchId, DeviceSerial};

/// Requests that may wait; a caller beyond that waits itself.
pub(in crate::ledger) const QUEUE_MAX: usize = 256;

/// Requests in one transaction, so that none waits for ever behind a stream of others.
const GROUP_MAX: usize = 128;

type Reply<T> = SyncSender<Result<T, LedgerError>>;
/// What an append asked for, and whom to tell.
type Asked = (Durability, Reply<Recorded>);

/// What the thread is asked for. Whoever asked may have gone when the answer comes.
pub(in crate::ledger) enum Request {
    Append(Append, Durability, Reply<Recorded>),
    Standing(Uid, Option<Box<ShownNow>>, Reply<DeviceStanding>),
    KeyHolder(Digest, Reply<Option<Uid>>),
    Reserve(
        BatchId,
        Uid,
        Option<DeviceSerial>,
        Reply<Result<Reservation, NoPlace>>,
    ),
    Release(BatchId, Uid),
    UseSerials(BatchId, Vec<DeviceSerial>),
    /// A checkpoint over everything, with its note.
    Checkpoint(Reply<String>),
    /// The empty mirror may be written to from now on.
    BeginMirror(Reply<UtcMillis>),
    /// This note in place of the stored one over so many entries: the same with more cosignatures.
    Cosign(u64, String, Reply<()>),
}

/// The ledger key in use.
pub(in crate::ledger) struct LedgerKey {
    pub(in crate::ledger) signer: Arc<dyn CheckpointSigner>,
    pub(in crate::ledger) verifier: VerifierKey,
}

impl LedgerKey {
    /// A note over a head of that origin.
    pub(in crate::ledger) fn sign(
        &self,
        origin: String,
        head: TreeHead,
    ) -> Result<String, LedgerError> {
        let checkpoint = Checkpoint { origin, head };
        let signed = self.signer.sign(checkpoint.text().as_bytes());
        let signature = signed.map_err(|source| LedgerError::NotCheckpointed { source })?;
        checkpoint
            .into_note(&self.verifier, &signature)
            .map_err(|error| LedgerError::NotCheckpointed {
                source: Arc::new(error),
            })
    }
}

/// What the thread owns.
pub(in crate::ledger) struct Writer {
    state: LedgerState,
    key: LedgerKey,
    mirror: Option<Mirror>,
    /// The last checkpoint in the ledger.
    last: Option<(u64, String)>,
    health: Health,
}

impl Writer {
    pub(in crate::ledger) fn new(
        state: LedgerState,
        key: LedgerKey,
        mirror: Option<Mirror>,
        last: Option<(u64, String)>,
    ) -> Self {
        Self {
            state,
            key,
            mirror,
            last,
            health: Health::default(),
        }
    }

    /// The mirror, where it is empty and nobody has begun it.
    pub(in crate::ledger) fn waiting_mirror(&self) -> Option<PathBuf> {
        let waiting = self.mirror.as_ref().and_then(Mirror::waiting);
        waiting.map(Path::to_owned)
    }

    /// Where it notes what it meets.
    pub(in crate::ledger) fn health(&self) -> Health {
        self.health.clone()
    }

    /// Serves until every sender is gone, then leaves a checkpoint over everything if it can.
    pub(in crate::ledger) fn run(mut self, requests: &Receiver<Request>) {
        while let Ok(first) = requests.recv() {
            let waiting = requests.try_iter().take(GROUP_MAX - 1);
            let group = std::iter::once(first).chain(waiting).collect();
            self.serve(group);
        }
        // Without one, the next start has less to check against; nothing is lost.
        let _ = self.checkpoint();
    }

    fn serve(&mut self, group: Vec<Request>) {
        let mut appends = Vec::new();
        let mut askers = Vec::new();
        let mut questions = Vec::new();
        for request in group {
            match request {
                Request::Append(append, durability, reply) => {
                    appends.push(append);
                    askers.push((durability, reply));
                }
                question => questions.push(question),
            }
        }
        if !appends.is_empty() {
            let results = self.state.append_group(appends);
            self.health.appended(&results);
            self.answer(askers.into_iter().zip(results));
        }
        for question in questions {
            self.reply_to(question);
        }
    }

    /// Answers first those who need no checkpoint, then those who do.
    fn answer(&mut self, results: impl Iterator<Item = (Asked, Result<Recorded, LedgerError>)>) {
        let mut waiting = Vec::new();
        for ((durability, reply), result) in results {
            match (durability, result) {
                (Durability::Checkpointed, Ok(recorded)) => waiting.push((reply, recorded)),
                (_, result) => {
                    let result = result.map(|recorded| Recorded {
                        certificates: Vec::new(),
                        ..recorded
                    });
                    let _ = reply.send(result);
                }
            }
        }
        if waiting.is_empty() {
            return;
        }
        let covered = self.checkpoint().map(|_| ());
        for (reply, recorded) in waiting {
            let _ = reply.send(covered.clone().map(|()| recorded));
        }
    }

    fn reply_to(&mut self, question: Request) {
        match question {
            Request::Append(_, _, reply) => {
                let _ = reply.send(Err(LedgerError::Stopped));
            }
            Request::Standing(uid, now, reply) => {
                let _ = reply.send(self.standing(&uid, now.as_deref()));
            }
            Request::KeyHolder(key, reply) => {
                let _ = reply.send(self.state.key_holder(&key));
            }
            Request::Reserve(batch, uid, scanned, reply) => {
                let place = self.state.reserve(&batch, &uid, scanned.as_ref());
                let _ = reply.send(place);
            }
            Request::Release(batch, uid) => self.state.release(&batch, &uid),
            Request::UseSerials(batch, serials) => self.state.use_serials(batch, serials),
            Request::Checkpoint(reply) => {
                let _ = reply.send(self.checkpoint());
            }
            Request::BeginMirror(reply) => {
                if let Some(mirror) = &mut self.mirror {
                    mirror.wait(false);
                }
                let _ = reply.send(self.latest_time());
            }
            Request::Cosign(size, note, reply) => {
                let _ = reply.send(self.cosign(size, note));
            }
        }
    }

    /// A certificate that was issued while the key store did not sign checkpoints is covered now, or
    /// not handed out.
    fn standing(
        &mut self,
        uid: &Uid,
        now: Option<&ShownNow>,
    ) -> Result<DeviceStanding, LedgerError> {
        let found = self.state.standing(uid, now)?;
        let covered = self.last.as_ref().map_or(0, |(size, _)| *size);
        let mirrored = self
            .mirror
            .as_ref()
            .is_none_or(|mirror| mirror.holds(covered));
        if found.issued.is_some_and(|issued| issued >= covered) || !mirrored {
            self.checkpoint()?;
        }
        Ok(found.standing)
    }

    /// When the last event was, by its own word.
    fn latest_time(&self) -> Result<UtcMillis, LedgerError> {
        let store = self.state.store();
        let last = store.frontier().size().saturating_sub(1);
        Ok(log_store::entry(store.connection(), last)?.leaf.time)
    }

    /// Makes sure that a checkpoint over everything is durable and mirrored; gives its note.
    pub(in crate::ledger) fn checkpoint(&mut self) -> Result<String, LedgerError> {
        let made = self.make_checkpoint();
        self.health.checkpointed(&made);
        made
    }

    fn make_checkpoint(&mut self) -> Result<String, LedgerError> {
        let frontier = self.state.store().frontier();
        let head = TreeHead {
            size: frontier.size(),
            root: frontier.root(),
        };
        if let Some(path) = self.mirror.as_ref().and_then(Mirror::waiting) {
            // Nobody has begun it: what is signed already may be read, and nothing new is.
            let last = self.last.as_ref().filter(|(size, _)| *size == head.size);
            let path = path.to_owned();
            let waits = LedgerError::EmptyMirror { path };
            return last.map(|(_, note)| note.clone()).ok_or(waits);
        }
        let note = match &self.last {
            Some((size, note)) if *size == head.size => note.clone(),
            _ => {
                let note = self.sign(head)?;
                self.state
                    .store_mut()
                    .transaction(|store| store.insert_note(head.size, &note))?;
                self.last = Some((head.size, note.clone()));
                note
            }
        };
        if let Some(mirror) = &mut self.mirror {
            mirror.write(head.size, &note)?;
        }
        Ok(note)
    }

    /// Puts cosignatures under a stored checkpoint, and under the mirror's where that is the same.
    fn cosign(&mut self, size: u64, note: String) -> Result<(), LedgerError> {
        let key = &self.key.verifier;
        self.state
            .store_mut()
            .transaction(|store| store.replace_note(key, size, &note))?;
        if self.last.as_ref().is_some_and(|(last, _)| *last == size) {
            if let Some(mirror) = &mut self.mirror {
                mirror.write_again(size, &note)?;
            }
            self.last = Some((size, note));
        }
        Ok(())
    }

    fn sign(&self, head: TreeHead) -> Result<String, LedgerError> {
        self.key.sign(self.key.verifier.name().to_owned(), head)
    }
}
