//! The way in: makes or opens a ledger, starts its writer, and hands requests to it from any thread.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender};
use std::thread::{self, JoinHandle};
use std::{fmt, io};

use firmware_proto::{Digest, Uid};
use rustix::fs::{FlockOperation, flock};

use super::checkpoint::{CheckpointSigner, VerifierKey, origin};
use super::error::LedgerError;
use super::event::{Event, Fact, MirrorBegunRecord};
use super::event_store::EventStore;
use super::health::Health;
use super::log_store::{self, LogStore};
use super::mirror::{Mirror, sync_folder};
use super::standing::{DeviceStanding, Durability, NoPlace, Recorded, Reservation, ShownNow};
use super::state::{Append, BatchClosing, BatchOpening, LedgerState};
use super::writer::{LedgerKey, QUEUE_MAX, Request, Writer};
use super::{examination, integrity, trusted_views};
use crate::clock::UtcMillis;
use crate::names::{BatchId, DeviceSerial, StationName};

/// The ledger, open for writing. Clones share one writer, which ends with the last of them.
#[derive(Clone)]
pub struct LedgerHandle {
    requests: Arc<Requests>,
}

/// What a new ledger is to be.
#[derive(Clone, Debug)]
pub struct NewLedger {
    /// The station, whose name the log's origin carries.
    pub station: StationName,
    /// Whether the home is for development: all its keys in one token.
    pub development: bool,
    /// When it is made.
    pub time: UtcMillis,
}

impl LedgerHandle {
    /// Makes a ledger, with its first entry and a checkpoint over it.
    ///
    /// # Errors
    /// [`LedgerError::Exists`] where there is a file; otherwise what kept it from being made. Nothing is
    /// left behind then.
    pub fn create(
        path: &Path,
        new: NewLedger,
        signer: Arc<dyn CheckpointSigner>,
        mirror: Option<PathBuf>,
    ) -> Result<Self, LedgerError> {
        let owner = own(path)?;
        if path.exists() {
            let path = path.to_owned();
            return Err(LedgerError::Exists { path });
        }
        let made = make(path, new, signer, mirror);
        if made.is_err() {
            for suffix in ["", "-wal", "-shm"] {
                let mut name = path.as_os_str().to_owned();
                name.push(suffix);
                let _ = std::fs::remove_file(name);
            }
        }
        Ok(Self::start(made?, owner))
    }

    /// Opens a ledger and checks all of it: the log against its last checkpoint and the mirror's, the views
    /// against the log.
    ///
    /// # Errors
    /// [`LedgerError`]: no ledger, another writer, another key, or damage.
    pub fn open(
        path: &Path,
        signer: Arc<dyn CheckpointSigner>,
        mirror: Option<PathBuf>,
    ) -> Result<Self, LedgerError> {
        Self::open_against(path, signer, mirror, &[])
    }

    /// The same, where the token keeps these notes of checkpoints.
    ///
    /// # Errors
    /// As [`LedgerHandle::open`].
    pub fn open_against(
        path: &Path,
        signer: Arc<dyn CheckpointSigner>,
        mirror: Option<PathBuf>,
        kept: &[String],
    ) -> Result<Self, LedgerError> {
        let in_memory = trusted_views::IN_MEMORY_ENTRIES;
        Self::open_with(path, signer, mirror, in_memory, kept)
    }

    /// The same, where a ledger of more entries than `in_memory` keeps trusted views beside it.
    pub(in crate::ledger) fn open_with(
        path: &Path,
        signer: Arc<dyn CheckpointSigner>,
        mirror: Option<PathBuf>,
        in_memory: u64,
        kept: &[String],
    ) -> Result<Self, LedgerError> {
        log_store::require_file(path)?;
        let owner = own(path)?;
        let connection = log_store::connect(path, false)?;
        let (key, last) = examination::checked(&connection, path, signer, in_memory)?;
        let mut mirror = mirror.map(Mirror::new);
        if let Some(mirror) = &mut mirror {
            match mirror.read()? {
                Some(note) => {
                    let kept = mirror.holding(&note);
                    integrity::check_mirror(&connection, &key.verifier, kept)?;
                }
                None => mirror.wait(true),
            }
        }
        for note in kept {
            integrity::check_kept(&connection, &key.verifier, note)?;
        }
        let state = LedgerState::new(LogStore::new(connection)?);
        Ok(Self::start(
            Writer::new(state, key, mirror, Some(last)),
            owner,
        ))
    }

    fn start(writer: Writer, owner: File) -> Self {
        let empty_mirror = writer.waiting_mirror();
        let (requests, receiver) = mpsc::sync_channel(QUEUE_MAX);
        let health = writer.health();
        let thread = thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || {
                writer.run(&receiver);
                // Only now may another writer come.
                drop(owner);
            });
        Self {
            requests: Arc::new(Requests {
                // Without a thread the receiver is gone, and every request says "stopped".
                thread: thread.ok(),
                sender: Some(requests),
                empty_mirror,
                health,
            }),
        }
    }

    /// Opens a batch; adopts its profile first where the ledger does not know it.
    ///
    /// # Errors
    /// [`LedgerError::Refused`] where there was a batch of that name.
    pub fn open_batch(&self, opening: BatchOpening) -> Result<Recorded, LedgerError> {
        self.append(Append::Open(Box::new(opening)), Durability::Checkpointed)
    }

    /// Closes a batch under a checkpoint, after which nothing can be added to it.
    ///
    /// # Errors
    /// [`Refusal::BatchUnfinished`](super::error::Refusal::BatchUnfinished) where boards are in doubt or
    /// unfinished.
    pub fn close_batch(&self, closing: BatchClosing) -> Result<Recorded, LedgerError> {
        self.append(Append::Close(closing), Durability::Checkpointed)
    }

    /// Takes the batch's device serials from this list, in its order, instead of from the profile's
    /// pattern. Those that this batch has used are passed over; one that another batch has used is offered, so that the
    /// intent's refusal is seen. Forgotten when the ledger is closed.
    ///
    /// # Errors
    /// [`LedgerError::Stopped`].
    pub fn use_serials(
        &self,
        batch: BatchId,
        serials: Vec<DeviceSerial>,
    ) -> Result<(), LedgerError> {
        self.requests.send(Request::UseSerials(batch, serials))
    }

    /// Begins the mirror where its file was empty when the ledger was opened, and records that. Until then no
    /// checkpoint is signed, since it would not be mirrored. Gives the file that begins, if one does. It is recorded before
    /// anybody has looked at the clock: never before the last event, which the clock is then compared with.
    ///
    /// # Errors
    /// Where the beginning is not recorded, or the mirror is not written.
    pub fn begin_mirror(&self, time: UtcMillis) -> Result<Option<&Path>, LedgerError> {
        let Some(empty) = &self.requests.empty_mirror else {
            return Ok(None);
        };
        let time = self.requests.ask(Request::BeginMirror)?.max(time);
        let path = empty.display().to_string();
        let event = Event::of_station(time, Fact::MirrorBegun(MirrorBegunRecord { path }));
        self.append(Append::Events(vec![event]), Durability::Checkpointed)?;
        Ok(Some(empty))
    }

    /// Makes sure that a checkpoint over everything is durable; gives its note.
    ///
    /// # Errors
    /// [`LedgerError::NotCheckpointed`] where the key store does not sign.
    pub fn checkpoint(&self) -> Result<String, LedgerError> {
        self.requests.ask(Request::Checkpoint)
    }

    /// Puts this note in place of the stored checkpoint over so many entries: the same, with more cosignatures
    /// behind it. Whose they are is for the caller to check.
    ///
    /// # Errors
    /// [`Refusal`](super::Refusal) where there is no such checkpoint, or the note is not the same with more.
    pub fn cosign(&self, size: u64, note: String) -> Result<(), LedgerError> {
        self.requests
            .ask(|reply| Request::Cosign(size, note, reply))
    }

    /// What is wrong with it: the writer has ended, or its last append, checkpoint or mirror did not go through.
    /// Never waits for the writer.
    #[must_use]
    pub fn trouble(&self) -> Option<LedgerError> {
        let thread = self.requests.thread.as_ref();
        if thread.is_none_or(JoinHandle::is_finished) {
            return Some(LedgerError::Stopped);
        }
        self.requests.health.trouble()
    }

    fn append(&self, append: Append, durability: Durability) -> Result<Recorded, LedgerError> {
        self.requests
            .ask(|reply| Request::Append(append, durability, reply))
    }
}

impl EventStore for LedgerHandle {
    fn record(&self, events: Vec<Event>, durability: Durability) -> Result<Recorded, LedgerError> {
        self.append(Append::Events(events), durability)
    }

    fn standing(&self, uid: &Uid) -> Result<DeviceStanding, LedgerError> {
        let uid = uid.clone();
        self.requests
            .ask(|reply| Request::Standing(uid, None, reply))
    }

    fn standing_of(&self, uid: &Uid, now: &ShownNow) -> Result<DeviceStanding, LedgerError> {
        let (uid, now) = (uid.clone(), Some(Box::new(now.clone())));
        self.requests
            .ask(|reply| Request::Standing(uid, now, reply))
    }

    fn key_holder(&self, key: &Digest) -> Result<Option<Uid>, LedgerError> {
        self.requests.ask(|reply| Request::KeyHolder(*key, reply))
    }

    fn reserve(
        &self,
        batch: &BatchId,
        uid: &Uid,
    ) -> Result<Result<Reservation, NoPlace>, LedgerError> {
        let (batch, uid) = (batch.clone(), uid.clone());
        self.requests
            .ask(|reply| Request::Reserve(batch, uid, None, reply))
    }

    fn reserve_scanned(
        &self,
        batch: &BatchId,
        uid: &Uid,
        scanned: &DeviceSerial,
    ) -> Result<Result<Reservation, NoPlace>, LedgerError> {
        let (batch, uid, scanned) = (batch.clone(), uid.clone(), Some(scanned.clone()));
        self.requests
            .ask(|reply| Request::Reserve(batch, uid, scanned, reply))
    }

    fn release(&self, batch: &BatchId, uid: &Uid) -> Result<(), LedgerError> {
        self.requests
            .send(Request::Release(batch.clone(), uid.clone()))
    }
}

impl fmt::Debug for LedgerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerHandle").finish_non_exhaustive()
    }
}

/// The channel to the writer, and the writer's end.
struct Requests {
    sender: Option<SyncSender<Request>>,
    thread: Option<JoinHandle<()>>,
    /// The mirror, where it was empty when the ledger was opened.
    empty_mirror: Option<PathBuf>,
    health: Health,
}

impl Requests {
    fn send(&self, request: Request) -> Result<(), LedgerError> {
        let sender = self.sender.as_ref().ok_or(LedgerError::Stopped)?;
        sender.send(request).map_err(|_| LedgerError::Stopped)
    }

    fn ask<T>(
        &self,
        request: impl FnOnce(SyncSender<Result<T, LedgerError>>) -> Request,
    ) -> Result<T, LedgerError> {
        let (reply, answer) = mpsc::sync_channel(1);
        self.send(request(reply))?;
        answer.recv().unwrap_or(Err(LedgerError::Stopped))
    }
}

/// The last handle waits for the writer: when it is gone, the file is closed and under a checkpoint.
impl Drop for Requests {
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A new ledger's file, with its first entry under a checkpoint.
pub(in crate::ledger) fn make(
    path: &Path,
    new: NewLedger,
    signer: Arc<dyn CheckpointSigner>,
    mirror: Option<PathBuf>,
) -> Result<Writer, LedgerError> {
    let verifier = public_key(signer.as_ref(), &origin(&new.station))?;
    let mut store = LogStore::new(log_store::connect(path, true)?)?;
    let event = Event {
        time: new.time,
        batch: None,
        session: None,
        fact: Fact::LedgerOpened {
            station: new.station,
            ledger_vkey: verifier.to_string(),
            development: new.development,
        },
    };
    store.transaction(|store| store.append(event))?;
    let key = LedgerKey { signer, verifier };
    if let Some(path) = &mirror {
        let begun = File::options().append(true).create(true).open(path);
        begun.map_err(|error| io_error("beginning the mirror", path, error))?;
    }
    let mirror = mirror.map(Mirror::new);
    let mut writer = Writer::new(LedgerState::new(store), key, mirror, None);
    writer.checkpoint()?;
    sync_folder(path).map_err(|error| io_error("syncing the folder of", path, error))?;
    Ok(writer)
}

pub(in crate::ledger) fn public_key(
    signer: &dyn CheckpointSigner,
    name: &str,
) -> Result<VerifierKey, LedgerError> {
    let key = signer
        .public_key()
        .map_err(|source| LedgerError::NoKey { source })?;
    VerifierKey::new(name, key).map_err(|error| LedgerError::NoKey {
        source: Arc::new(error),
    })
}

/// Takes the ledger for this process's one writer. A file of its own is locked, since closing any
/// descriptor of the database would drop SQLite's own locks on it.
pub(in crate::ledger) fn own(path: &Path) -> Result<File, LedgerError> {
    let mut name = path.as_os_str().to_owned();
    name.push("-writer");
    let name = PathBuf::from(name);
    // To read too, since a pipe opened only to write would wait for a reader.
    let mut options = File::options();
    let options = options.read(true).write(true).create(true).truncate(true);
    let file = options.open(&name);
    let file = file.map_err(|error| io_error("locking", &name, error))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let path = path.to_owned();
            Err(LedgerError::Owned { path })
        }
        Err(error) => Err(io_error("locking", &name, error.into())),
    }
}

fn io_error(doing: &'static str, path: &Path, error: io::Error) -> LedgerError {
    if error.kind() == io::ErrorKind::StorageFull {
        return LedgerError::DiskFull { doing };
    }
    LedgerError::Io {
        doing,
        path: path.to_owned(),
        source: Arc::new(error),
    }
}
