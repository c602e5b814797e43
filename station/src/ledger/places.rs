//! Places in a batch that are promised and not yet used, and the device serials that go with them.
//!
//! Kept in memory by the writer alone: what counts is the intent, and a station that stops forgets its
//! promises. A promise is keyed by board, so that asking again gives the same serial.

use std::collections::{BTreeMap, HashMap, HashSet};

use firmware_proto::Uid;
use rusqlite::{Connection, OptionalExtension};

use super::column::{Int, Text};
use super::error::{Doing, LedgerError, Refusal};
use super::event::Fact;
use super::invariants::{BatchState, serial_holder};
use super::log_store;
use super::standing::{NoPlace, Reservation};
use crate::names::{BatchId, DeviceSerial};
use crate::profile::{Profile, SerialPattern};

/// The first number of a pattern's counter.
const FIRST_NUMBER: u64 = 1;

/// Promised places and sources of serials.
#[derive(Debug, Default)]
pub(in crate::ledger) struct Places {
    promised: HashMap<BatchId, BTreeMap<Uid, DeviceSerial>>,
    sources: HashMap<BatchId, Source>,
}

/// Where a batch's serials come from.
#[derive(Debug)]
enum Source {
    /// The profile's pattern; the next number to try.
    Pattern { pattern: SerialPattern, next: u64 },
    /// A list that was given for this batch; how many of it were looked at. What boards of other
    /// batches use is not passed over: somebody gave one serial out twice, and the intent's refusal
    /// is to be seen.
    List {
        serials: Vec<DeviceSerial>,
        next: usize,
    },
}

impl Places {
    /// Takes the batch's serials from this list, in its order, instead of from the profile's pattern.
    pub(in crate::ledger) fn use_list(&mut self, batch: BatchId, serials: Vec<DeviceSerial>) {
        self.sources
            .insert(batch, Source::List { serials, next: 0 });
    }

    /// Promises a place, or the one that was promised before.
    pub(in crate::ledger) fn reserve(
        &mut self,
        views: &Connection,
        batch: &BatchId,
        uid: &Uid,
        scanned: Option<&DeviceSerial>,
    ) -> Result<Result<Reservation, NoPlace>, LedgerError> {
        let Some(state) = BatchState::find(views, batch)?.filter(|state| !state.closed) else {
            return Ok(Err(NoPlace::BatchNotOpen));
        };
        let promised = self.promised.get(batch).and_then(|of| of.get(uid));
        if let Some(serial) = promised.filter(|serial| scanned.is_none_or(|s| s == *serial)) {
            let device_serial = serial.clone();
            return Ok(Ok(Reservation { device_serial }));
        }
        let former = former_serial(views, uid)?;
        if let Some(scanned) = scanned
            && let Some(why_not) = self.not_its_label(uid, former.as_ref(), scanned)
        {
            return Ok(Err(why_not));
        }
        let counted = has_place(views, batch, uid)?;
        let promised = self.promised.get(batch).map_or(0, BTreeMap::len) as u64;
        if !counted && state.taken.saturating_add(promised) >= state.quantity {
            return Ok(Err(NoPlace::BatchFull));
        }
        let device_serial = match former.or_else(|| scanned.cloned()) {
            Some(serial) => serial,
            None => match self.next_serial(views, batch)? {
                Some(serial) => serial,
                None => return Ok(Err(NoPlace::SerialsExhausted)),
            },
        };
        if !counted {
            let of_batch = self.promised.entry(batch.clone()).or_default();
            of_batch.insert(uid.clone(), device_serial.clone());
        }
        Ok(Ok(Reservation { device_serial }))
    }

    /// Why the label that was scanned cannot be this board's. One that some board has for ever is not
    /// refused here: as with a list's, the intent's refusal is to be seen.
    fn not_its_label(
        &self,
        uid: &Uid,
        former: Option<&DeviceSerial>,
        scanned: &DeviceSerial,
    ) -> Option<NoPlace> {
        if let Some(own) = former {
            let own = own.clone();
            return (own != *scanned).then_some(NoPlace::OtherLabel { own });
        }
        let mut promised = self.promised.values().flatten();
        let taken = promised.any(|(other, serial)| serial == scanned && other != uid);
        let scanned = scanned.clone();
        taken.then_some(NoPlace::LabelTaken { scanned })
    }

    /// Gives a promised place back. The serial is offered again later.
    pub(in crate::ledger) fn release(&mut self, batch: &BatchId, uid: &Uid) {
        let Some(of_batch) = self.promised.get_mut(batch) else {
            return;
        };
        if let Some(serial) = of_batch.remove(uid) {
            self.offer_again(batch, &serial);
        }
    }

    /// Follows an event that became durable: an intent uses the place, a verdict gives it back.
    pub(in crate::ledger) fn follow(&mut self, batch: Option<&BatchId>, fact: &Fact) {
        let Some(batch) = batch else { return };
        match fact {
            Fact::CertificateIntended {
                uid, device_serial, ..
            } => {
                let promised = self.promised.get_mut(batch).and_then(|of| of.remove(uid));
                if let Some(unused) = promised.filter(|serial| serial != device_serial) {
                    self.offer_again(batch, &unused);
                }
            }
            Fact::VerdictReached { uid: Some(uid), .. } => self.release(batch, uid),
            Fact::BatchClosed { .. } => {
                self.promised.remove(batch);
                self.sources.remove(batch);
            }
            _ => {}
        }
    }

    fn offer_again(&mut self, batch: &BatchId, serial: &DeviceSerial) {
        match self.sources.get_mut(batch) {
            Some(Source::Pattern { pattern, next }) => {
                *next = number_of(pattern, serial).map_or(*next, |number| number.min(*next));
            }
            Some(Source::List { next, .. }) => *next = 0,
            None => {}
        }
    }

    fn next_serial(
        &mut self,
        views: &Connection,
        batch: &BatchId,
    ) -> Result<Option<DeviceSerial>, LedgerError> {
        // Batches of one product share a pattern, hence all promises count.
        let promised: HashSet<DeviceSerial> = self
            .promised
            .values()
            .flat_map(BTreeMap::values)
            .cloned()
            .collect();
        let source = match self.sources.entry(batch.clone()) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(unknown) => {
                unknown.insert(pattern_source(views, batch)?)
            }
        };
        while let Some(serial) = source.take() {
            let used = match source {
                Source::Pattern { .. } => serial_holder(views, &serial)?.is_some(),
                Source::List { .. } => used_in(views, batch, &serial)?,
            };
            if !used && !promised.contains(&serial) {
                return Ok(Some(serial));
            }
        }
        Ok(None)
    }
}

impl Source {
    fn take(&mut self) -> Option<DeviceSerial> {
        match self {
            Self::Pattern { pattern, next } => {
                let serial = pattern.format(*next)?;
                *next = next.saturating_add(1);
                Some(serial)
            }
            Self::List { serials, next } => {
                let serial = serials.get(*next)?.clone();
                *next = next.saturating_add(1);
                Some(serial)
            }
        }
    }
}

/// The serial that the board had last.
fn former_serial(views: &Connection, uid: &Uid) -> Result<Option<DeviceSerial>, LedgerError> {
    views
        .prepare_cached(
            "SELECT serial FROM device_serial WHERE uid = ?1 ORDER BY entry DESC LIMIT 1",
        )
        .and_then(|mut find| {
            find.query_row([Text(uid)], |row| row.get::<_, Text<_>>(0))
                .optional()
        })
        .map(|serial| serial.map(|serial| serial.0))
        .doing("looking a board's serial up")
}

/// Whether the board is among those that the batch counts already.
fn has_place(views: &Connection, batch: &BatchId, uid: &Uid) -> Result<bool, LedgerError> {
    views
        .prepare_cached(
            "SELECT 1 FROM certificate WHERE uid = ?1 AND batch = ?2 AND revoked IS NULL
             UNION ALL SELECT 1 FROM intent WHERE uid = ?1 AND batch = ?2 AND state = 'open'",
        )
        .and_then(|mut find| find.exists([&Text(uid) as &dyn rusqlite::ToSql, &Text(batch)]))
        .doing("looking a board's place up")
}

/// Whether a board of this batch was to have the serial.
fn used_in(
    views: &Connection,
    batch: &BatchId,
    serial: &DeviceSerial,
) -> Result<bool, LedgerError> {
    views
        .prepare_cached(
            "SELECT 1 FROM device_serial JOIN event ON event.entry = device_serial.entry
             WHERE device_serial.serial = ?1 AND event.batch = ?2",
        )
        .and_then(|mut find| find.exists([&Text(serial) as &dyn rusqlite::ToSql, &Text(batch)]))
        .doing("looking up which batch uses a serial")
}

/// The pattern of the batch's profile, counting on from the highest number that was ever used.
fn pattern_source(views: &Connection, batch: &BatchId) -> Result<Source, LedgerError> {
    let index = views
        .prepare_cached(
            "SELECT profile.entry FROM batch JOIN profile ON profile.digest = batch.profile
             WHERE batch.id = ?1",
        )
        .and_then(|mut find| find.query_row([Text(batch)], |row| row.get::<_, Int>(0)))
        .doing("looking a batch's profile up")?;
    let Fact::ProfileAdopted { text, .. } = log_store::entry(views, index.0)?.leaf.fact else {
        return Err(Refusal::UnknownProfile(batch.clone()).into());
    };
    let unreadable = |faults: &dyn std::fmt::Display| {
        LedgerError::from(Refusal::NoSerials(batch.clone(), faults.to_string()))
    };
    let profile = Profile::parse("the adopted profile", &text).map_err(|f| unreadable(&f))?;
    let pattern = profile.serial_pattern;
    let next = highest_number(views, &pattern)?.map_or(FIRST_NUMBER, |n| n.saturating_add(1));
    Ok(Source::Pattern { pattern, next })
}

/// The highest number of the pattern among all serials, whatever batch they were used in.
fn highest_number(views: &Connection, pattern: &SerialPattern) -> Result<Option<u64>, LedgerError> {
    let doing = "looking for the last serial";
    let mut find = views
        .prepare_cached("SELECT serial FROM device_serial ORDER BY serial DESC")
        .doing(doing)?;
    let rows = find
        .query_map([], |row| row.get::<_, Text<DeviceSerial>>(0))
        .doing(doing)?;
    for row in rows {
        let serial = row.doing(doing)?.0;
        if pattern.matches(&serial) {
            return Ok(number_of(pattern, &serial));
        }
    }
    Ok(None)
}

/// The counter in a serial. All numbers of a pattern have as many digits, so that the serials' order is
/// the numbers' order, and a number is found by halving.
fn number_of(pattern: &SerialPattern, serial: &DeviceSerial) -> Option<u64> {
    let (mut low, mut high) = (0_u64, u64::MAX);
    while low < high {
        let middle = low + (high - low) / 2;
        // Numbers that do not fit the pattern are larger than all that do.
        match pattern.format(middle) {
            Some(other) if other < *serial => low = middle + 1,
            _ => high = middle,
        }
    }
    (pattern.format(low).as_ref() == Some(serial)).then_some(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_number_in_a_serial() {
        let pattern = SerialPattern::parse("SA-####-x").unwrap();
        for number in [0, 1, 42, 999, 9999] {
            let serial = pattern.format(number).unwrap();
            assert_eq!(number_of(&pattern, &serial), Some(number));
        }
        let foreign = DeviceSerial::parse("SB-0001").unwrap();
        assert_eq!(number_of(&pattern, &foreign), None);
    }
}
