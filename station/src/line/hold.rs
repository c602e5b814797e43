//! Lanes that take no board until a person has looked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::clock_guard::ClockJump;
use super::stop_watch::{Seen, StopWatch, Trip};
use crate::clock::UtcMillis;
use crate::ledger::event::{Event, Fact, TrippedRule};
use crate::names::{BatchId, LaneName};
use crate::profile;
use crate::verdict::VerdictCode;

/// Why a lane is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The lane that the hold is cleared on: where it was placed.
    pub lane: LaneName,
    /// As a code.
    pub code: VerdictCode,
    /// In words.
    pub detail: String,
    /// The batch, where it is the batch that is held and not this lane alone.
    pub batch: Option<BatchId>,
    /// What it is for, as values.
    pub cause: HoldCause,
    /// When it was placed, as the ledger says; none where nothing is placed and the lane waits by itself.
    pub since: Option<UtcMillis>,
}

/// What a hold is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HoldCause {
    /// What the code says.
    #[default]
    Code,
    /// A stop rule.
    Rule(TrippedRule),
    /// A jump of the clock.
    Clock(ClockJump),
}

impl Hold {
    /// What a person clears: the batch, or the lane where the hold was placed.
    #[must_use]
    pub fn name(&self) -> &str {
        self.batch
            .as_ref()
            .map_or(self.lane.as_str(), BatchId::as_str)
    }
}

/// What a port is known by: lanes with one of these names in common are at the same port.
pub type PortNames = BTreeSet<String>;

/// A hold that goes with a verdict, and the event that records it. Both belong into one request: whoever
/// kills the station between the two must not get round QA.
pub(super) struct Placed {
    pub(super) hold: Hold,
    pub(super) ports: PortNames,
    pub(super) event: Event,
}

/// The holds that the verdict of this event places: one for its code, and those of the stop rules. What is
/// held already stays as it is.
pub(super) fn placed_by(verdict: &Event, holds: &Holds, watch: &StopWatch) -> Vec<Placed> {
    let Some(seen) = Seen::of(&verdict.fact) else {
        return Vec::new();
    };
    let mut placed: Vec<Placed> = Vec::new();
    if seen.code.holds_lane() {
        placed.extend(on_lane(verdict, &seen, holds, None));
    }
    for trip in watch.judge(&seen) {
        let (batch, lane) = (profile::Holds::Batch, profile::Holds::Lane);
        let has = |wanted| {
            let of_batch = wanted == batch;
            placed
                .iter()
                .any(|placed| placed.hold.batch.is_some() == of_batch)
        };
        if trip.holds == lane && !has(lane) && !holds.has_lane(&seen.lane) {
            placed.extend(on_lane(verdict, &seen, holds, Some(trip)));
        } else if trip.holds == batch && !has(batch) && !holds.has_batch() {
            placed.extend(on_batch(verdict, &seen, trip));
        }
    }
    placed
}

fn on_lane(verdict: &Event, seen: &Seen, holds: &Holds, trip: Option<Trip>) -> Option<Placed> {
    let (detail, rule): (String, Option<TrippedRule>) = match trip {
        Some(trip) => (trip.detail, Some(trip.rule)),
        None => (detail_of(&verdict.fact)?, None),
    };
    let hold = Hold {
        lane: seen.lane.clone(),
        code: seen.code,
        detail: detail.clone(),
        batch: None,
        cause: rule.clone().map_or(HoldCause::Code, HoldCause::Rule),
        since: Some(verdict.time),
    };
    let ports = holds.seat_of(&seen.lane);
    let fact = Fact::HoldPlaced {
        lane: seen.lane.clone(),
        code: seen.code,
        detail,
        ports: ports.iter().cloned().collect(),
        rule,
    };
    let event = Event {
        time: verdict.time,
        batch: None,
        session: verdict.session.clone(),
        fact,
    };
    Some(Placed { hold, ports, event })
}

fn on_batch(verdict: &Event, seen: &Seen, trip: Trip) -> Option<Placed> {
    let hold = Hold {
        lane: seen.lane.clone(),
        code: seen.code,
        detail: trip.detail.clone(),
        batch: Some(verdict.batch.clone()?),
        cause: HoldCause::Rule(trip.rule.clone()),
        since: Some(verdict.time),
    };
    let fact = Fact::BatchHoldPlaced {
        lane: seen.lane.clone(),
        code: seen.code,
        detail: trip.detail,
        rule: trip.rule,
    };
    let event = Event {
        fact,
        ..verdict.clone()
    };
    Some(Placed {
        hold,
        ports: PortNames::new(),
        event,
    })
}

fn detail_of(verdict: &Fact) -> Option<String> {
    match verdict {
        Fact::VerdictReached { detail, .. } => Some(detail.clone()),
        _ => None,
    }
}

/// The holds of all lanes. A hold is on the lane's name and on the port that the lane had: neither
/// another name for the port nor another port for the name gets round it. The hold of the batch is on every
/// lane.
#[derive(Debug, Default)]
pub struct Holds(Mutex<Places>);

#[derive(Debug, Default)]
struct Places {
    held: BTreeMap<LaneName, (Hold, PortNames)>,
    batch: Option<Hold>,
    seats: BTreeMap<LaneName, PortNames>,
}

impl Holds {
    /// Says at which port a lane is.
    pub fn seat(&self, lane: &LaneName, ports: PortNames) {
        self.lock().seats.insert(lane.clone(), ports);
    }

    /// Places a hold that was found at these ports; one that is there already stays as it is.
    pub fn place(&self, hold: Hold, ports: PortNames) {
        let mut places = self.lock();
        if hold.batch.is_some() {
            places.batch.get_or_insert(hold);
            return;
        }
        places
            .held
            .entry(hold.lane.clone())
            .or_insert((hold, ports));
    }

    /// Lets the lane go on. Gives the hold that it had.
    pub fn clear(&self, lane: &LaneName) -> Option<Hold> {
        self.lock().held.remove(lane).map(|(hold, _)| hold)
    }

    /// Lets the batch go on. Gives the hold that it had.
    pub fn clear_batch(&self) -> Option<Hold> {
        self.lock().batch.take()
    }

    /// Why the batch is held, if it is.
    pub fn of_batch(&self) -> Option<Hold> {
        self.lock().batch.clone()
    }

    fn has_batch(&self) -> bool {
        self.lock().batch.is_some()
    }

    fn has_lane(&self, lane: &LaneName) -> bool {
        self.lock().held.contains_key(lane)
    }

    /// Why the lane is held, if it is: its own hold, that of its port, or the batch's.
    pub fn of(&self, lane: &LaneName) -> Option<Hold> {
        let places = self.lock();
        if let Some((hold, _)) = places.held.get(lane) {
            return Some(hold.clone());
        }
        let of_port = places.seats.get(lane).and_then(|seat| {
            let mut held = places.held.values();
            held.find(|(_, ports)| !ports.is_disjoint(seat))
        });
        let Some((hold, _)) = of_port else {
            let hold = places.batch.clone()?;
            let lane = lane.clone();
            return Some(Hold { lane, ..hold });
        };
        let detail = format!("{}; placed at this port as lane {}", hold.detail, hold.lane);
        Some(Hold {
            detail,
            ..hold.clone()
        })
    }

    /// What the lane's port is known by.
    fn seat_of(&self, lane: &LaneName) -> PortNames {
        self.lock().seats.get(lane).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Among, InARow, StopRules};

    fn failed() -> Event {
        let fact = Fact::VerdictReached {
            lane: LaneName::parse("left").unwrap(),
            code: VerdictCode::AttKeyUnknown,
            detail: "nobody knows it".to_owned(),
            uid: None,
            claimed_uid: None,
            device_serial: None,
            certificate_serial: None,
            duration_ms: 1,
            retries: 0,
            profile: None,
        };
        Event {
            time: UtcMillis(1_795_336_200_000),
            batch: Some(BatchId::parse("B-1").unwrap()),
            session: None,
            fact,
        }
    }

    #[test]
    fn a_verdict_holds_a_place_once_however_many_rules_trip() {
        let row = |holds| Some(InARow { count: 1, holds });
        let rules = StopRules {
            failures_in_a_row_on_lane: row(profile::Holds::Lane),
            failures_in_a_row_in_batch: row(profile::Holds::Batch),
            attestation_alarms: Some(Among {
                count: 1,
                window: 5,
                holds: profile::Holds::Lane,
            }),
            same_code_on_lane: Some(Among {
                count: 1,
                window: 5,
                holds: profile::Holds::Batch,
            }),
            ..StopRules::default()
        };
        let watch = StopWatch::new(rules);
        let holds = Holds::default();
        let placed = placed_by(&failed(), &holds, &watch);
        let of_batch = |placed: &Placed| placed.hold.batch.is_some();
        let batches = placed.iter().filter(|one| of_batch(one)).count();
        assert_eq!((placed.len(), batches), (2, 1), "a lane and a batch");
        for Placed { hold, ports, .. } in placed {
            holds.place(hold, ports);
        }
        // What is held already is not held again.
        assert!(placed_by(&failed(), &holds, &watch).is_empty());
        assert!(holds.clear_batch().is_some());
        let again = placed_by(&failed(), &holds, &watch);
        assert!(again.len() == 1 && of_batch(&again[0]));
    }

    #[test]
    fn a_hold_is_on_the_name_and_on_the_port() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let lane = |name| LaneName::parse(name).unwrap();
        let holds = Holds::default();
        holds.seat(&lane("left"), names(&["usb-1", "adapter-7"]));
        let hold = Hold {
            lane: lane("left"),
            code: VerdictCode::KeyReused,
            detail: "seen".to_owned(),
            batch: None,
            cause: HoldCause::Code,
            since: None,
        };
        holds.place(hold.clone(), holds.seat_of(&lane("left")));
        assert_eq!(holds.of(&lane("left")), Some(hold.clone()));
        assert_eq!(holds.of(&lane("right")), None);
        // Another name, the same adapter; then another adapter at the same place.
        for port in ["adapter-7", "usb-1"] {
            holds.seat(&lane("right"), names(&[port, "else"]));
            let found = holds.of(&lane("right")).unwrap();
            assert_eq!((&found.lane, found.code), (&hold.lane, hold.code));
            assert!(found.detail.contains("lane left"), "{}", found.detail);
        }
        holds.seat(&lane("right"), names(&["usb-2"]));
        assert_eq!(holds.of(&lane("right")), None);
        // The name alone holds too, wherever its lane is now.
        holds.seat(&lane("left"), names(&["usb-2"]));
        assert!(holds.of(&lane("left")).is_some());
        holds.seat(&lane("right"), names(&["usb-1"]));
        assert!(holds.clear(&lane("left")).is_some());
        assert_eq!(holds.of(&lane("right")), None);
    }
}
