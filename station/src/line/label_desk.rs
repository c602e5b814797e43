//! Lanes that wait for a label to be scanned, where the profile wants each board's serial from its label.
//!
//! 1. One scan serves one board: the one on the lane that the screen has named ([`crate::line::wishes::serves`]) for
//!    long enough to be read, or none.
//! 2. A label of another product is a board's that does not belong here, or a label on the wrong board: the lane
//!    that it was scanned for gets it, and its board fails.
//! 3. Any other code is no label (a bar code on a box, a work order): it is scanned in vain, and costs no board.
//! 4. A label is no other board's until the next board waits on the lane that has it: a trigger that is pulled twice
//!    gives it to nobody else, nor is it given away while its own board, which was begun before, goes on.

use std::sync::{Mutex, MutexGuard, PoisonError};

use firmware_proto::Uid;

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

/// A lane and the board on it that wants a label or has one; the last board stays until the next one comes.
#[derive(Debug)]
struct AtDesk {
    lane: LaneName,
    board: Uid,
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
    /// It is the label of another board, which is on another lane or was its last one.
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

    /// Somebody scanned something for that board on a lane; for any board there, where they saw none.
    #[must_use]
    pub fn scanned(&self, code: &str, lane: &LaneName, board: Option<&str>) -> Scanned {
        let mut lanes = self.lock();
        let waits = |at: &AtDesk| at.label.is_none();
        if !lanes.iter().any(waits) {
            return Scanned::NobodyWaits;
        }
        let is_meant = |at: &AtDesk| {
            let is_seen = board.is_none_or(|board| at.board.to_string() == board);
            waits(at) && at.lane == *lane && is_seen
        };
        let Some(meant) = lanes.iter().position(is_meant) else {
            return Scanned::WaitsNoLonger;
        };
        let Some(label) = self.label(code) else {
            return Scanned::Odd;
        };
        let board = lanes.get(meant).map(|meant| meant.board.clone());
        let has =
            |at: &&AtDesk| at.label.as_ref() == Some(&label) && board.as_ref() != Some(&at.board);
        let has = lanes.iter().find(has).map(|at| at.lane.clone());
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

    /// The board on the lane waits for a label.
    pub fn wait(&self, lane: &LaneName, board: &Uid) {
        self.put(lane, board, None);
    }

    /// The board on the lane has this serial from before.
    pub(super) fn has(&self, lane: &LaneName, board: &Uid, serial: &DeviceSerial) {
        self.put(lane, board, Some(Label::OfProduct(serial.clone())));
    }

    fn put(&self, lane: &LaneName, board: &Uid, label: Option<Label>) {
        let mut lanes = self.lock();
        lanes.retain(|at| at.lane != *lane);
        lanes.push(AtDesk {
            lane: lane.clone(),
            board: board.clone(),
            taken: label.is_some(),
            label,
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

    /// The lane waits no longer, or its board's work is over. A label that the board was given is its own still.
    pub(super) fn leave(&self, lane: &LaneName) {
        self.lock().retain(|at| at.lane != *lane || at.taken);
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

    fn board(number: u8) -> Uid {
        Uid::from_bytes(&[number; 8]).unwrap()
    }

    /// A board of its own waits on each lane.
    fn wait(desk: &LabelDesk, lane: &LaneName) {
        let digit = lane.as_str().bytes().last().unwrap();
        desk.wait(lane, &board(digit));
    }

    /// As a screen that shows the board on that lane.
    fn scan(desk: &LabelDesk, code: &str, lane: &LaneName) -> Scanned {
        desk.scanned(code, lane, None)
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
        assert_eq!(scan(&desk, "SA-000001", &lane("L1")), Scanned::NobodyWaits);
        for name in ["L1", "L2", "L3"] {
            wait(&desk, &lane(name));
        }
        let third = lane("L3");
        assert_eq!(scan(&desk, "SA-000007", &third), taken("SA-000007", "L3"));
        // It has its label: the next scan is for another lane, and never by mistake.
        assert_eq!(scan(&desk, "SA-000008", &third), Scanned::WaitsNoLonger);
        assert_eq!(
            scan(&desk, "SA-000008", &lane("L1")),
            taken("SA-000008", "L1")
        );
        let own = Label::OfProduct(DeviceSerial::parse("SA-000007").unwrap());
        assert_eq!(desk.take(&third), Some(own));
        assert_eq!(desk.take(&third), None);
        desk.leave(&lane("L2"));
        assert_eq!(scan(&desk, "SA-000009", &lane("L1")), Scanned::NobodyWaits);
    }

    #[test]
    fn a_code_of_something_else_serves_no_lane() {
        let desk = desk();
        wait(&desk, &lane("L1"));
        for odd in ["WO-118700", "SA-1", "4006381333931", "", "SA-000001 "] {
            assert_eq!(scan(&desk, odd, &lane("L1")), Scanned::Odd, "{odd:?}");
        }
        assert_eq!(desk.take(&lane("L1")), None);
        assert_eq!(
            scan(&desk, "SA-000001", &lane("L1")),
            taken("SA-000001", "L1")
        );
    }

    #[test]
    fn a_label_of_another_product_is_the_waiting_boards() {
        let desk = desk();
        wait(&desk, &lane("L1"));
        assert_eq!(scan(&desk, "SB-000001", &lane("L1")), Scanned::Foreign);
        // The board fails by it: what is scanned next is another's.
        assert_eq!(scan(&desk, "SA-000001", &lane("L1")), Scanned::NobodyWaits);
        let foreign = Label::Foreign(DeviceSerial::parse("SB-000001").unwrap());
        assert_eq!(desk.take(&lane("L1")), Some(foreign));
    }

    #[test]
    fn a_label_is_given_to_no_second_lane_while_its_board_is_in_work() {
        let desk = desk();
        let (first, second) = (lane("L1"), lane("L2"));
        // What else is no label of this product fails a board as well, and no more than one.
        for code in ["SA-000001", "SB-000001"] {
            wait(&desk, &first);
            wait(&desk, &second);
            let refused = Scanned::OfAnotherLane {
                has: first.clone(),
                waits: second.clone(),
            };
            let given = scan(&desk, code, &first);
            assert!(matches!(given, Scanned::Taken { .. } | Scanned::Foreign));
            assert_eq!(scan(&desk, code, &second), refused);
            assert!(desk.take(&first).is_some());
            assert_eq!(scan(&desk, code, &second), refused);
            assert_eq!(desk.take(&second), None);
            // The lane waits on for its own.
            let own = scan(&desk, "SA-000002", &second);
            assert_eq!(own, taken("SA-000002", "L2"));
            desk.leave(&second);
            desk.leave(&first);
        }
    }

    #[test]
    fn a_label_is_its_boards_until_the_lanes_next_board_waits() {
        let desk = desk();
        let (first, second) = (lane("L1"), lane("L2"));
        wait(&desk, &first);
        wait(&desk, &second);
        assert_eq!(scan(&desk, "SA-000001", &first), taken("SA-000001", "L1"));
        assert!(desk.take(&first).is_some());
        desk.leave(&first);
        // A trigger that was pulled twice, though the first board is done by now.
        let refused = Scanned::OfAnotherLane {
            has: first.clone(),
            waits: second.clone(),
        };
        assert_eq!(scan(&desk, "SA-000001", &second), refused);
        desk.leave(&second);
        // The same board placed again, on whichever lane, has its label.
        for again in [&second, &first] {
            desk.wait(again, &board(b'1'));
            let expected = taken("SA-000001", again.as_str());
            assert_eq!(scan(&desk, "SA-000001", again), expected);
            assert!(desk.take(again).is_some());
            desk.leave(again);
        }
        // Once other boards wait on both, it is for the ledger to say whose it is.
        desk.wait(&first, &board(7));
        desk.wait(&second, &board(8));
        assert_eq!(scan(&desk, "SA-000001", &second), taken("SA-000001", "L2"));
        // A lane that waits anew has no label, whatever it had; nor has one that was left before it took it.
        wait(&desk, &second);
        assert_eq!(desk.take(&second), None);
        assert_eq!(scan(&desk, "SA-000002", &second), taken("SA-000002", "L2"));
        desk.leave(&second);
        assert_eq!(scan(&desk, "SA-000002", &first), taken("SA-000002", "L1"));
    }

    #[test]
    fn the_label_of_a_board_that_was_begun_before_is_given_to_no_other() {
        let desk = desk();
        let (first, second) = (lane("L1"), lane("L2"));
        let own = DeviceSerial::parse("SA-000001").unwrap();
        desk.has(&first, &board(1), &own);
        assert_eq!(desk.take(&first), None, "it waits for none");
        wait(&desk, &second);
        let refused = Scanned::OfAnotherLane {
            has: first,
            waits: second.clone(),
        };
        assert_eq!(scan(&desk, "SA-000001", &second), refused);
    }

    #[test]
    fn a_scan_is_for_the_board_that_was_seen() {
        let desk = desk();
        let (first, other) = (lane("L1"), board(9).to_string());
        desk.wait(&first, &board(1));
        let scan = |board: &str| desk.scanned("SA-000001", &first, Some(board));
        assert_eq!(scan(&other), Scanned::WaitsNoLonger);
        assert_eq!(scan(&board(1).to_string()), taken("SA-000001", "L1"));
    }
}
