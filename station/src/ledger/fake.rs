//! A ledger in memory, for tests of those who use one: the writer's own rules and views, no file, no
//! thread, no signatures.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use firmware_proto::{Digest, Uid};

use super::error::LedgerError;
use super::event::{Event, Fact};
use super::event_store::EventStore;
use super::log_store::{self, LogStore};
use super::standing::{DeviceStanding, Durability, NoPlace, Recorded, Reservation, ShownNow};
use super::state::{Append, BatchClosing, BatchOpening, LedgerState};
use crate::clock::UtcMillis;
use crate::names::{BatchId, DeviceSerial, StationName};

/// A ledger that is gone with the test.
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

struct Inner {
    state: LedgerState,
    /// What the next records fail with, the last one first.
    failures: Vec<LedgerError>,
    /// The kinds of what each request to record had in it.
    requests: Vec<Vec<&'static str>>,
}

impl MemoryStore {
    /// A new ledger with its first entry.
    ///
    /// # Panics
    /// Where there is no memory for it.
    #[must_use]
    pub fn new() -> Self {
        let connection = log_store::connect_in_memory().expect("a database in memory");
        let state = LedgerState::new(LogStore::new(connection).expect("an empty log"));
        let store = Self {
            inner: Mutex::new(Inner {
                state,
                failures: Vec::new(),
                requests: Vec::new(),
            }),
        };
        let fact = Fact::LedgerOpened {
            station: StationName::parse("memory").expect("a name"),
            ledger_vkey: String::new(),
            development: true,
        };
        let event = Event {
            time: UtcMillis(0),
            batch: None,
            session: None,
            fact,
        };
        store
            .record(vec![event], Durability::Durable)
            .expect("the first entry");
        store
    }

    /// Opens a batch.
    ///
    /// # Errors
    /// As the ledger itself.
    pub fn open_batch(&self, opening: BatchOpening) -> Result<Recorded, LedgerError> {
        self.append(Append::Open(Box::new(opening)))
    }

    /// Closes a batch.
    ///
    /// # Errors
    /// As the ledger itself.
    pub fn close_batch(&self, closing: BatchClosing) -> Result<Recorded, LedgerError> {
        self.append(Append::Close(closing))
    }

    /// Takes the batch's serials from this list.
    pub fn use_serials(&self, batch: BatchId, serials: Vec<DeviceSerial>) {
        self.lock().state.use_serials(batch, serials);
    }

    /// Lets the next `record` fail so, with nothing recorded.
    pub fn fail_next(&self, error: LedgerError) {
        self.lock().failures.insert(0, error);
    }

    /// The kinds of events of each request to record so far: what is in one is recorded together or not at all.
    #[must_use]
    pub fn requests(&self) -> Vec<Vec<&'static str>> {
        self.lock().requests.clone()
    }

    /// Every event so far, in the log's order.
    ///
    /// # Panics
    /// Where its own log cannot be read.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let inner = self.lock();
        let connection = inner.state.store().connection();
        let size = log_store::size(connection).expect("a size");
        (0..size)
            .map(|index| log_store::entry(connection, index).expect("an entry"))
            .map(|entry| entry.leaf.into_event())
            .collect()
    }

    fn append(&self, request: Append) -> Result<Recorded, LedgerError> {
        let mut inner = self.lock();
        if let Some(error) = inner.failures.pop() {
            return Err(error);
        }
        let mut results = inner.state.append_group(vec![request]);
        results.pop().unwrap_or(Err(LedgerError::Stopped))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl EventStore for MemoryStore {
    fn record(&self, events: Vec<Event>, durability: Durability) -> Result<Recorded, LedgerError> {
        let kinds = events.iter().map(|event| event.fact.kind()).collect();
        self.lock().requests.push(kinds);
        let mut recorded = self.append(Append::Events(events))?;
        if durability == Durability::Durable {
            recorded.certificates.clear();
        }
        Ok(recorded)
    }

    fn standing(&self, uid: &Uid) -> Result<DeviceStanding, LedgerError> {
        let found = self.lock().state.standing(uid, None)?;
        Ok(found.standing)
    }

    fn standing_of(&self, uid: &Uid, now: &ShownNow) -> Result<DeviceStanding, LedgerError> {
        let found = self.lock().state.standing(uid, Some(now))?;
        Ok(found.standing)
    }

    fn key_holder(&self, key: &Digest) -> Result<Option<Uid>, LedgerError> {
        self.lock().state.key_holder(key)
    }

    fn reserve(
        &self,
        batch: &BatchId,
        uid: &Uid,
    ) -> Result<Result<Reservation, NoPlace>, LedgerError> {
        self.lock().state.reserve(batch, uid, None)
    }

    fn reserve_scanned(
        &self,
        batch: &BatchId,
        uid: &Uid,
        scanned: &DeviceSerial,
    ) -> Result<Result<Reservation, NoPlace>, LedgerError> {
        self.lock().state.reserve(batch, uid, Some(scanned))
    }

    fn release(&self, batch: &BatchId, uid: &Uid) -> Result<(), LedgerError> {
        self.lock().state.release(batch, uid);
        Ok(())
    }
}
