//! Lanes that take no board until a person has looked.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::ledger::event::{Event, Fact};
use crate::names::LaneName;
use crate::verdict::VerdictCode;

/// Whether a verdict holds its lane for QA: two boards with one key, or one UID with two.
#[must_use]
pub const fn holds_lane(code: VerdictCode) -> bool {
    matches!(code, VerdictCode::KeyReused | VerdictCode::UidReused)
}

/// Why a lane is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// As a code.
    pub code: VerdictCode,
    /// In words.
    pub detail: String,
}

/// The hold that a verdict among these events places, with the event that records it. Both belong
/// into one request: whoever kills the station between the two must not get round QA.
pub(super) fn placed_by(events: &[Event]) -> Option<(LaneName, Hold, Event)> {
    events.iter().find_map(|event| match &event.fact {
        Fact::VerdictReached {
            lane, code, detail, ..
        } if holds_lane(*code) => {
            let (lane, code, detail) = (lane.clone(), *code, detail.clone());
            let placed = Event {
                time: event.time,
                batch: None,
                session: None,
                fact: Fact::HoldPlaced {
                    lane: lane.clone(),
                    code,
                    detail: detail.clone(),
                },
            };
            Some((lane, Hold { code, detail }, placed))
        }
        _ => None,
    })
}

/// The holds of all lanes.
#[derive(Debug, Default)]
pub struct Holds(Mutex<BTreeMap<LaneName, Hold>>);

impl Holds {
    /// Holds the lane; a hold that is there already stays as it is.
    pub fn place(&self, lane: &LaneName, hold: Hold) {
        self.lock().entry(lane.clone()).or_insert(hold);
    }

    /// Lets the lane go on. Gives the hold that it had.
    pub fn clear(&self, lane: &LaneName) -> Option<Hold> {
        self.lock().remove(lane)
    }

    /// Why the lane is held, if it is.
    pub fn of(&self, lane: &LaneName) -> Option<Hold> {
        self.lock().get(lane).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<LaneName, Hold>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
