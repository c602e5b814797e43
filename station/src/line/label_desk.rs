//! Lanes that wait for a label to be scanned, where the profile wants each board's serial from its label.
//!
//! 1. One scan serves one lane: the chosen one where it waits, else the one that has waited longest ([`crate::line::wishes::serves`]). The
//!    screen says which before the scan, and that one gets the label or none does.
//! 2. A label of another product is a board's that does not belong here, or a label on the wrong board: the lane
//!    that it was scanned for gets it, and its board fails.
//! 3. Any other code is no label (a bar code on a box, a work order): it is scanned in vain, and costs no board.
//! 4. A label that a lane was given is no other lane's until its board's work is over: a trigger that is pulled twice
//!    gives it to nobody else.

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
    /// The one that has waited longest first.
    lanes: Mutex<Vec<AtDesk>>,
}

/// A lane from when it waits for a label until its board's work is over.
#[derive(Debug)]
struct AtDesk {
    lane: LaneName,
    /// What was scanned for it; it waits until then.
    label: Option<Label>,
    taken: bool,
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
    /// It is the label of a board that is in work on another lane.
    OfAnotherLane {
        /// The lane that has it.
        has: LaneName,
        /// The lane that it was scanned for.
        waits: LaneName,
    },
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
            lanes: Mutex::default(),
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
        let mut lanes = self.lock();
        let waits = |at: &AtDesk| at.label.is_none();
        if !lanes.iter().any(waits) {
            return Scanned::NobodyWaits;
        }
        let is_meant = |at: &AtDesk| waits(at) && lane.is_none_or(|lane| at.lane == *lane);
        let Some(meant) = lanes.iter().position(is_meant) else {
            return Scanned::WaitsNoLonger;
        };
        let Some(label) = self.label(code) else {
            return Scanned::Odd;
        };
        let has = lanes.iter().find(|at| at.label.as_ref() == Some(&label));
        let has = has.map(|at| at.lane.clone());
        let Some(meant) = lanes.get_mut(meant) else {
            return Scanned::NobodyWaits;
        };
        let waits = meant.lane.clone();
        if let Some(has) = has {
            return Scanned::OfAnotherLane { has, waits };
        }
        meant.label = Some(label.clone());
        match label {
            Label::OfProduct(serial) => Scanned::Taken {
                serial,
                lane: waits,
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
        let mut lanes = self.lock();
        lanes.retain(|at| at.lane != *lane);
        lanes.push(AtDesk {
            lane: lane.clone(),
            label: None,
            taken: false,
        });
    }

    /// The label that was scanned for the lane, once.
    pub(super) fn take(&self, lane: &LaneName) -> Option<Label> {
        let mut lanes = self.lock();
        let at = lanes.iter_mut().find(|at| at.lane == *lane)?;
        let label = at.label.clone().filter(|_| !at.taken)?;
        at.taken = true;
        Some(label)
    }

    /// The lane waits no longer, or its board's work is over.
    pub(super) fn leave(&self, lane: &LaneName) {
        self.lock().retain(|at| at.lane != *lane);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<AtDesk>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn a_label_is_given_to_no_second_lane_while_its_board_is_in_work() {
        let desk = desk();
        let (first, second) = (lane("L1"), lane("L2"));
        // What else is no label of this product fails a board as well, and no more than one.
        for code in ["SA-000001", "SB-000001"] {
            desk.wait(&first);
            desk.wait(&second);
            let refused = Scanned::OfAnotherLane {
                has: first.clone(),
                waits: second.clone(),
            };
            let given = desk.scanned(code, Some(&first));
            assert!(matches!(given, Scanned::Taken { .. } | Scanned::Foreign));
            assert_eq!(desk.scanned(code, Some(&second)), refused);
            assert!(desk.take(&first).is_some());
            assert_eq!(desk.scanned(code, Some(&second)), refused);
            assert_eq!(desk.take(&second), None);
            // The lane waits on for its own.
            let own = desk.scanned("SA-000002", Some(&second));
            assert_eq!(own, taken("SA-000002", "L2"));
            desk.leave(&second);
            desk.leave(&first);
        }
    }

    #[test]
    fn a_label_is_used_again_once_its_boards_work_is_over() {
        let desk = desk();
        let (first, second) = (lane("L1"), lane("L2"));
        desk.wait(&first);
        assert_eq!(desk.scanned("SA-000001", None), taken("SA-000001", "L1"));
        assert!(desk.take(&first).is_some());
        desk.leave(&first);
        // The same board placed again, on whichever lane.
        for again in [&first, &second] {
            desk.wait(again);
            let expected = taken("SA-000001", again.as_str());
            assert_eq!(desk.scanned("SA-000001", Some(again)), expected);
            desk.leave(again);
        }
        // A lane that waits anew has no label, whatever it had.
        desk.wait(&first);
        assert_eq!(desk.scanned("SA-000001", None), taken("SA-000001", "L1"));
        desk.wait(&first);
        assert_eq!(desk.take(&first), None);
        assert_eq!(desk.scanned("SA-000001", None), taken("SA-000001", "L1"));
    }
}
