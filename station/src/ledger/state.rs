//! The ledger as one thread sees it: requests done against the log, without threads or signatures.
//!
//! The writer runs it on the file; the fake runs it in memory, so that both hold the same rules.

use firmware_proto::{Digest, Uid};

use super::batch_rules;
use super::column::Text;
use super::error::{Doing, LedgerError, Refusal};
use super::event::{Actor, Event, Fact, SignedProfileRecord};
use super::invariants::BatchState;
use super::leaf::Entry;
use super::log_store::LogStore;
use super::lookup::{self, Lookup};
use super::places::Places;
use super::standing::{NoPlace, Recorded, Reservation, ShownNow};
use crate::clock::UtcMillis;
use crate::encoding::{Base64Bytes, Hex};
use crate::names::{BatchId, DeviceSerial, WorkOrderId};
use crate::profile::Profile;
use crate::profile::signed_profile::Seal;

/// The most events in one request: a session records a handful.
pub const REQUEST_EVENTS_MAX: usize = 64;

/// What is needed to open a batch.
#[derive(Clone, Debug)]
pub struct BatchOpening {
    /// When.
    pub time: UtcMillis,
    /// Its name, which no batch had before.
    pub batch: BatchId,
    /// What its boards must be.
    pub profile: Profile,
    /// The product owner's signature on it.
    pub seal: Option<Seal>,
    /// Why an older version of the profile than one adopted before is to be used.
    pub older_profile: Option<String>,
    /// The paper that allows it.
    pub work_order: WorkOrderId,
    /// How many boards may be made.
    pub quantity: u32,
    /// The certificate, in DER, under which IDevIDs are issued.
    pub issuing_certificate: Vec<u8>,
    /// Who opens it.
    pub actor: Actor,
}

/// What is needed to close a batch.
#[derive(Clone, Debug)]
pub struct BatchClosing {
    /// When.
    pub time: UtcMillis,
    /// Which.
    pub batch: BatchId,
    /// Who closes it.
    pub actor: Actor,
}

/// Something to append.
#[derive(Debug)]
pub(in crate::ledger) enum Append {
    /// These events.
    Events(Vec<Event>),
    /// The profile where it is new, and the opening of a batch.
    Open(Box<BatchOpening>),
    /// The closing of a batch, with its count and head as they are then.
    Close(BatchClosing),
}

/// The ledger's whole state.
pub(in crate::ledger) struct LedgerState {
    store: LogStore,
    places: Places,
}

impl LedgerState {
    pub(in crate::ledger) fn new(store: LogStore) -> Self {
        let places = Places::default();
        Self { store, places }
    }

    pub(in crate::ledger) fn store(&self) -> &LogStore {
        &self.store
    }

    pub(in crate::ledger) fn store_mut(&mut self) -> &mut LogStore {
        &mut self.store
    }

    /// Does all requests in one transaction. Each is done whole or not at all, whatever becomes of the
    /// others; where the transaction itself fails, all have failed for that reason.
    pub(in crate::ledger) fn append_group(
        &mut self,
        requests: Vec<Append>,
    ) -> Vec<Result<Recorded, LedgerError>> {
        let count = requests.len();
        let requests = match <[Append; 1]>::try_from(requests) {
            // The transaction takes a lone one back as well as a part of it would, and costs less.
            Ok([request]) => {
                let appended = self.store.transaction(|store| append(store, request));
                return vec![appended.map(|entries| self.recorded(entries))];
            }
            Err(requests) => requests,
        };
        let appended = self.store.transaction(|store| {
            let each = |request| store.savepoint(|store| append(store, request));
            let results: Vec<_> = requests.into_iter().map(each).collect();
            // An error of the disk, unlike a rule, leaves no request to be trusted.
            let fatal = results.iter().filter_map(|result| result.as_ref().err());
            let mut fatal = fatal.filter(|error| !matches!(error, LedgerError::Refused(_)));
            match fatal.next() {
                Some(error) => Err(error.clone()),
                None => Ok(results),
            }
        });
        match appended {
            Err(error) => vec![Err(error); count],
            Ok(results) => results
                .into_iter()
                .map(|result| result.map(|entries| self.recorded(entries)))
                .collect(),
        }
    }

    fn recorded(&mut self, entries: Vec<Entry>) -> Recorded {
        for entry in &entries {
            self.places.follow(entry.leaf.batch(), &entry.leaf.fact);
        }
        Recorded {
            first_index: entries.first().map_or(0, |entry| entry.index),
            certificates: entries
                .into_iter()
                .filter_map(|entry| lookup::stored_certificate(entry.leaf.fact))
                .collect(),
        }
    }

    pub(in crate::ledger) fn standing(
        &self,
        uid: &Uid,
        now: Option<&ShownNow>,
    ) -> Result<Lookup, LedgerError> {
        lookup::standing(self.store.connection(), uid, now)
    }

    pub(in crate::ledger) fn key_holder(&self, key: &Digest) -> Result<Option<Uid>, LedgerError> {
        lookup::key_holder(self.store.connection(), key)
    }

    pub(in crate::ledger) fn reserve(
        &mut self,
        batch: &BatchId,
        uid: &Uid,
        scanned: Option<&DeviceSerial>,
    ) -> Result<Result<Reservation, NoPlace>, LedgerError> {
        let views = self.store.connection();
        self.places.reserve(views, batch, uid, scanned)
    }

    pub(in crate::ledger) fn release(&mut self, batch: &BatchId, uid: &Uid) {
        self.places.release(batch, uid);
    }

    pub(in crate::ledger) fn use_serials(&mut self, batch: BatchId, serials: Vec<DeviceSerial>) {
        self.places.use_list(batch, serials);
    }
}

fn append(store: &mut LogStore, request: Append) -> Result<Vec<Entry>, LedgerError> {
    let events = match request {
        Append::Events(events) => events,
        Append::Open(opening) => opening_events(store, *opening)?,
        Append::Close(closing) => vec![closing_event(store, closing)?],
    };
    if !(1..=REQUEST_EVENTS_MAX).contains(&events.len()) {
        let (got, most) = (events.len(), REQUEST_EVENTS_MAX);
        return Err(Refusal::RequestSize { got, most }.into());
    }
    events
        .into_iter()
        .map(|event| store.append(event))
        .collect()
}

fn opening_events(store: &LogStore, opening: BatchOpening) -> Result<Vec<Event>, LedgerError> {
    let profile = Hex::from(opening.profile.digest);
    let signed_profile = opening.seal.as_ref().map(|seal| Hex::from(seal.digest));
    let (sql, digest) = match &signed_profile {
        Some(file) => ("SELECT 1 FROM signed_profile WHERE file = ?1", file),
        None => ("SELECT 1 FROM profile WHERE digest = ?1", &profile),
    };
    let known = store
        .connection()
        .prepare_cached(sql)
        .and_then(|mut find| find.exists([Text(digest)]))
        .doing("looking a profile up")?;
    let name = opening.profile.name;
    let signed = opening.seal.map(|seal| SignedProfileRecord {
        name,
        version: seal.terms.version,
        not_before: seal.terms.validity.not_before,
        not_after: seal.terms.validity.not_after,
        file: seal.file,
    });
    let adoption = (!known).then(|| Event {
        time: opening.time,
        batch: None,
        session: None,
        fact: Fact::ProfileAdopted {
            profile: profile.clone(),
            product: opening.profile.product.clone(),
            text: opening.profile.text,
            signed,
        },
    });
    let event = Event {
        time: opening.time,
        batch: Some(opening.batch),
        session: None,
        fact: Fact::BatchOpened {
            profile,
            product: opening.profile.product,
            work_order: opening.work_order,
            quantity: opening.quantity,
            issuing_certificate: Base64Bytes(opening.issuing_certificate),
            actor: opening.actor,
            signed_profile,
            older_profile: opening.older_profile,
        },
    };
    Ok(adoption.into_iter().chain([event]).collect())
}

fn closing_event(store: &LogStore, closing: BatchClosing) -> Result<Event, LedgerError> {
    let batch = closing.batch;
    let Some(state) = BatchState::find(store.connection(), &batch)? else {
        return Err(Refusal::BatchNotOpen(batch).into());
    };
    let tally = batch_rules::tally(store.connection(), &batch)?;
    Ok(Event {
        time: closing.time,
        batch: Some(batch),
        session: None,
        fact: Fact::BatchClosed {
            count: state.next_seq,
            head: state.head.into(),
            actor: closing.actor,
            tally: Some(tally),
        },
    })
}
