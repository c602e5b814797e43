//! Lanes that wait for a label to be scanned, where the profile wants each board's serial from its label.
//!
//! 1. One scan serves one lane: the chosen one where it waits, else the one that has waited longest ([`crate::line::wishes::serves`]). The
//!    screen says which before the scan, and that one gets the label or none does.
//! 2. A label of another product is a board's that does not belong here, or a label on the wrong board: the lane
//!    that it was scanned for gets it, and its board fails.
//! 3. Any other code is no label (a bar code on a box, a work order): it is scanned in vain, and costs no board.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::names::{DeviceSerial, LaneName};
use crate::profile::SerialPattern;

/// The desk at which scans and lanes meet. Asks for no labels by default.
#[derive(Debug, Default)]
pub struct LabelDesk {
    /// How serials look; none where no labels are scanned.
    pattern: Option<SerialPattern>,
    /// Codes that are scanned at this screen too, and are no labels, whatever they look like.
    no_labels: Vec<String>,
    waiting: Mutex<Vec<Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    lane: LaneName,
    scanned: Option<Label>,
}

/// What was scanned for a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// One of this product.
    OfProduct(DeviceSerial),
    /// One of another.
    Foreign(DeviceSerial),
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
    /// It is a label, and not of this product: the board on the lane that it was scanned for fails.
    Foreign,
    /// It is no label of this product.
    Odd,
    /// No lane waits for a label.
    NobodyWaits,
    /// The lane that it was scanned for waits no longer; another does.
    WaitsNoLonger,
}

impl LabelDesk {
    /// A desk where labels are scanned; those codes are none.
    #[must_use]
    pub fn asking(pattern: SerialPattern, no_labels: Vec<String>) -> Self {
        Self {
            pattern: Some(pattern),
            no_labels,
            waiting: Mutex::default(),
        }
    }

    /// Whether each board's label is scanned.
    #[must_use]
    pub const fn asks(&self) -> bool {
        self.pattern.is_some()
    }

    /// Somebody scanned something for a lane, or for the one that has waited longest.
    #[must_use]
    pub fn scanned(&self, code: &str, lane: Option<&LaneName>) -> Scanned {
        let mut waiting = self.lock();
        let mut open = (0..waiting.len())
            .filter(|at| waiting.get(*at).is_some_and(|lane| lane.scanned.is_none()))
            .peekable();
        if open.peek().is_none() {
            return Scanned::NobodyWaits;
        }
        let is_meant = |at: &usize| {
            let waits = waiting.get(*at).map(|waiting| &waiting.lane);
            lane.is_none() || waits == lane
        };
        let Some(lane) = open.find(is_meant) else {
            return Scanned::WaitsNoLonger;
        };
        let (Some(label), Some(lane)) = (self.label(code), waiting.get_mut(lane)) else {
            return Scanned::Odd;
        };
        lane.scanned = Some(label.clone());
        match label {
            Label::OfProduct(serial) => Scanned::Taken {
                serial,
                lane: lane.lane.clone(),
            },
            Label::Foreign(_) => Scanned::Foreign,
        }
    }

    /// None where the code is no label.
    fn label(&self, code: &str) -> Option<Label> {
        let (pattern, serial) = (self.pattern.as_ref()?, DeviceSerial::parse(code).ok()?);
        if pattern.matches(&serial) {
            return Some(Label::OfProduct(serial));
        }
        let known = self.no_labels.iter().any(|known| known == code);
        (!known && pattern.is_mistaken_for(&serial)).then_some(Label::Foreign(serial))
    }

    /// The lane waits for a label.
    pub fn wait(&self, lane: &LaneName) {
        let mut waiting = self.lock();
        waiting.retain(|waits| waits.lane != *lane);
        waiting.push(Waiting {
            lane: lane.clone(),
            scanned: None,
        });
    }

    /// The label that was scanned for the lane, which waits no longer then.
    pub(super) fn take(&self, lane: &LaneName) -> Option<Label> {
        let mut waiting = self.lock();
        let at = waiting.iter().position(|waits| waits.lane == *lane)?;
        let label = waiting.get_mut(at)?.scanned.take()?;
        waiting.remove(at);
        Some(label)
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
        let pattern = SerialPattern::parse("SA-######").unwrap();
        LabelDesk::asking(pattern, vec!["WO-118700".to_owned()])
    }

    fn taken(serial: &str, name: &str) -> Scanned {
        Scanned::Taken {
            serial: DeviceSerial::parse(serial).unwrap(),
            lane: lane(name),
        }
    }

    #[test]
    fn a_scan_serves_the_lane_that_is_meant_or_none() {
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
        // It has its label: the next scan is for another lane, and never by mistake.
        assert_eq!(
            desk.scanned("SA-000008", Some(&third)),
            Scanned::WaitsNoLonger
        );
        assert_eq!(desk.scanned("SA-000008", None), taken("SA-000008", "L1"));
        let own = Label::OfProduct(DeviceSerial::parse("SA-000007").unwrap());
        assert_eq!(desk.take(&third), Some(own));
        assert_eq!(desk.take(&third), None);
        desk.leave(&lane("L2"));
        assert_eq!(desk.scanned("SA-000009", None), Scanned::NobodyWaits);
    }

    #[test]
    fn a_code_of_something_else_serves_no_lane() {
        let desk = desk();
        desk.wait(&lane("L1"));
        for odd in ["WO-118700", "SA-1", "4006381333931", "", "SA-000001 "] {
            assert_eq!(desk.scanned(odd, None), Scanned::Odd, "{odd:?}");
        }
        assert_eq!(desk.take(&lane("L1")), None);
        assert_eq!(desk.scanned("SA-000001", None), taken("SA-000001", "L1"));
    }

    #[test]
    fn a_label_of_another_product_is_the_waiting_boards() {
        let desk = desk();
        desk.wait(&lane("L1"));
        assert_eq!(desk.scanned("SB-000001", None), Scanned::Foreign);
        // The board fails by it: what is scanned next is another's.
        assert_eq!(desk.scanned("SA-000001", None), Scanned::NobodyWaits);
        let foreign = Label::Foreign(DeviceSerial::parse("SB-000001").unwrap());
        assert_eq!(desk.take(&lane("L1")), Some(foreign));
    }
}
