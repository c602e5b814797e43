//! Lanes that wait for a label to be scanned, where the profile wants each board's serial from its label.
//!
//! One scan serves one lane: the chosen one where it waits, else the one that has waited longest. A code that does
//! not look like a serial of this product serves none, so that a wrong bar code on a box is only scanned in vain.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::names::{DeviceSerial, LaneName};
use crate::profile::SerialPattern;

/// The desk at which scans and lanes meet. Asks for no labels by default.
#[derive(Debug, Default)]
pub struct LabelDesk {
    /// How serials look; none where no labels are scanned.
    pattern: Option<SerialPattern>,
    waiting: Mutex<Vec<Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    lane: LaneName,
    scanned: Option<DeviceSerial>,
}

/// What became of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// The board on this lane gets the serial.
    Taken {
        /// The serial.
        serial: DeviceSerial,
        /// The lane.
        lane: LaneName,
    },
    /// It is no serial of this product.
    Odd,
    /// No lane waits for a label.
    NobodyWaits,
}

impl LabelDesk {
    /// A desk where labels are scanned.
    #[must_use]
    pub fn asking(pattern: SerialPattern) -> Self {
        Self {
            pattern: Some(pattern),
            waiting: Mutex::default(),
        }
    }

    /// Whether each board's label is scanned.
    #[must_use]
    pub const fn asks(&self) -> bool {
        self.pattern.is_some()
    }

    /// Somebody scanned something.
    #[must_use]
    pub fn scanned(&self, code: &str, chosen: Option<&LaneName>) -> Scanned {
        let mut waiting = self.lock();
        let open: Vec<usize> = (0..waiting.len())
            .filter(|at| waiting.get(*at).is_some_and(|lane| lane.scanned.is_none()))
            .collect();
        let preferred = open.iter().copied().find(|at| {
            let lane = waiting.get(*at).map(|waiting| &waiting.lane);
            chosen.is_some() && lane == chosen
        });
        let Some(lane) = preferred.or_else(|| open.first().copied()) else {
            return Scanned::NobodyWaits;
        };
        let serial = DeviceSerial::parse(code).ok();
        let fits = |serial: &DeviceSerial| self.pattern.as_ref().is_some_and(|p| p.matches(serial));
        let (Some(serial), Some(lane)) = (serial.filter(fits), waiting.get_mut(lane)) else {
            return Scanned::Odd;
        };
        lane.scanned = Some(serial.clone());
        Scanned::Taken {
            serial,
            lane: lane.lane.clone(),
        }
    }

    /// The lane waits for a label.
    pub(super) fn wait(&self, lane: &LaneName) {
        let mut waiting = self.lock();
        waiting.retain(|waits| waits.lane != *lane);
        waiting.push(Waiting {
            lane: lane.clone(),
            scanned: None,
        });
    }

    /// The serial that was scanned for the lane, which waits no longer then.
    pub(super) fn take(&self, lane: &LaneName) -> Option<DeviceSerial> {
        let mut waiting = self.lock();
        let at = waiting.iter().position(|waits| waits.lane == *lane)?;
        let serial = waiting.get_mut(at)?.scanned.take()?;
        waiting.remove(at);
        Some(serial)
    }

    /// The lane waits no longer.
    pub(super) fn leave(&self, lane: &LaneName) {
        self.lock().retain(|waits| waits.lane != *lane);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(name: &str) -> LaneName {
        LaneName::parse(name).unwrap()
    }

    fn desk() -> LabelDesk {
        LabelDesk::asking(SerialPattern::parse("SA-######").unwrap())
    }

    fn taken(serial: &str, name: &str) -> Scanned {
        Scanned::Taken {
            serial: DeviceSerial::parse(serial).unwrap(),
            lane: lane(name),
        }
    }

    #[test]
    fn a_scan_serves_one_lane_the_chosen_one_first_then_who_waits_longest() {
        let desk = desk();
        assert_eq!(desk.scanned("SA-000001", None), Scanned::NobodyWaits);
        for name in ["L1", "L2", "L3"] {
            desk.wait(&lane(name));
        }
        let third = lane("L3");
        assert_eq!(
            desk.scanned("SA-000007", Some(&third)),
            taken("SA-000007", "L3")
        );
        // It has its label: the next scan is for another lane.
        assert_eq!(
            desk.scanned("SA-000008", Some(&third)),
            taken("SA-000008", "L1")
        );
        assert_eq!(desk.take(&third).unwrap().as_str(), "SA-000007");
        assert_eq!(desk.take(&third), None);
        desk.leave(&lane("L2"));
        assert_eq!(desk.scanned("SA-000009", None), Scanned::NobodyWaits);
    }

    #[test]
    fn a_code_of_something_else_serves_no_lane() {
        let desk = desk();
        desk.wait(&lane("L1"));
        for odd in ["SB-000001", "SA-1", "4006381333931", "", "SA-000001 "] {
            assert_eq!(desk.scanned(odd, None), Scanned::Odd, "{odd:?}");
        }
        assert_eq!(desk.take(&lane("L1")), None);
        assert_eq!(desk.scanned("SA-000001", None), taken("SA-000001", "L1"));
    }
}
