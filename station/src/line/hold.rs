//! Lanes that take no board until a person has looked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::ledger::event::{Event, Fact};
use crate::names::LaneName;
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
}

/// What a port is known by: lanes with one of these names in common are at the same port.
pub type PortNames = BTreeSet<String>;

/// The hold that a verdict among these events places, with the event that records it. Both belong
/// into one request: whoever kills the station between the two must not get round QA.
pub(super) fn placed_by(events: &[Event], holds: &Holds) -> Option<(Hold, Event)> {
    events.iter().find_map(|event| match &event.fact {
        Fact::VerdictReached {
            lane, code, detail, ..
        } if code.holds_lane() => {
            let (lane, code, detail) = (lane.clone(), *code, detail.clone());
            let placed = Event {
                time: event.time,
                batch: None,
                session: None,
                fact: Fact::HoldPlaced {
                    lane: lane.clone(),
                    code,
                    detail: detail.clone(),
                    ports: holds.seat_of(&lane).into_iter().collect(),
                    rule: None,
                },
            };
            Some((Hold { lane, code, detail }, placed))
        }
        _ => None,
    })
}

/// The ports that an event has placed a hold at.
pub(super) fn ports_of(placed: &Event) -> PortNames {
    match &placed.fact {
        Fact::HoldPlaced { ports, .. } => ports.iter().cloned().collect(),
        _ => PortNames::new(),
    }
}

/// The holds of all lanes. A hold is on the lane's name and on the port that the lane had: neither
/// another name for the port nor another port for the name gets round it.
#[derive(Debug, Default)]
pub struct Holds(Mutex<Places>);

#[derive(Debug, Default)]
struct Places {
    held: BTreeMap<LaneName, (Hold, PortNames)>,
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
        places
            .held
            .entry(hold.lane.clone())
            .or_insert((hold, ports));
    }

    /// Lets the lane go on. Gives the hold that it had.
    pub fn clear(&self, lane: &LaneName) -> Option<Hold> {
        self.lock().held.remove(lane).map(|(hold, _)| hold)
    }

    /// Why the lane is held, if it is.
    pub fn of(&self, lane: &LaneName) -> Option<Hold> {
        let places = self.lock();
        if let Some((hold, _)) = places.held.get(lane) {
            return Some(hold.clone());
        }
        let seat = places.seats.get(lane)?;
        let (hold, _) = places
            .held
            .values()
            .find(|(_, ports)| !ports.is_disjoint(seat))?;
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
