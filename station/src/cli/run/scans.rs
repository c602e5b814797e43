//! What becomes of a scan: a badge, a board to be looked up, or the label of a board on a lane that waits for one.

use super::clerk::Clerk;
use super::look_up;
use crate::access::{Deed, as_told};
use crate::cli::failure::Failure;
use crate::line::label_desk::{LabelDesk, Scanned};
use crate::names::LaneName;
use crate::tui::action::Named;
use crate::tui::event::StationNews;
use crate::tui::told::Told;
use crate::words::RefusalReason;

impl Clerk<'_> {
    pub(super) fn scanned(
        &mut self,
        code: &str,
        lane: Option<&Named>,
        look_up: bool,
    ) -> Result<(), Failure> {
        if self.people.is_badge(code)? {
            return self.identify(code);
        }
        if look_up {
            self.tell(look_up::answer(&self.station.owned.home, code)?);
            return Ok(());
        }
        if let Some(unread) = lane.filter(|named| !named.is_read) {
            self.tell(StationNews::Told(Told::ScanAgain(unread.lane.clone())));
            return Ok(());
        }
        let labels = self.line.as_ref().map(|line| &line.floor.labels);
        if labels.is_some() && lane.is_some() {
            // The board gets its serial in the name of whoever began the line.
            let who = self.permitted(Deed::ProvisionBoards)?;
            if self.line_of.as_ref() != Some(&who) {
                let why = "the line still works in another person's name";
                let refused = Failure::usage("the label was not used", why, "wait for its end");
                return Err(refused.because(RefusalReason::LineEnding));
            }
        }
        self.tell(for_a_lane(labels, code, lane));
        Ok(())
    }
}

/// Gives it to the lane that the screen named; gives what is told: nothing of what may be a PIN.
fn for_a_lane(labels: Option<&LabelDesk>, code: &str, named: Option<&Named>) -> StationNews {
    // What the screen names no lane for serves none, though one may have begun to wait meanwhile.
    let scanned = named.and_then(|named| {
        let (labels, lane) = (labels?, LaneName::parse(&named.lane).ok()?);
        Some(labels.scanned(code, &lane, named.board.as_deref()))
    });
    match scanned.unwrap_or(Scanned::NobodyWaits) {
        Scanned::Taken { serial, lane } => StationNews::Told(Told::LabelTaken {
            serial: serial.to_string(),
            lane: lane.to_string(),
        }),
        Scanned::Foreign => StationNews::Told(Told::LabelOdd(as_told(code))),
        Scanned::Odd => StationNews::Told(Told::NoLabel(as_told(code))),
        Scanned::OfAnotherLane { has, waits } => StationNews::Told(Told::LabelOfLane {
            lane: has.to_string(),
            waits: waits.to_string(),
        }),
        Scanned::WaitsNoLonger => {
            let lane = named.map(|named| named.lane.clone());
            StationNews::Told(Told::WaitsNoLonger(lane.unwrap_or_default()))
        }
        Scanned::NobodyWaits => StationNews::Told(Told::NobodyWaits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::SerialPattern;

    /// As the screen names a lane, and a board waits there.
    fn named(lane: &str) -> Named {
        Named {
            lane: lane.to_owned(),
            board: None,
            is_read: true,
        }
    }

    fn wait(labels: &LabelDesk, lane: &str) {
        let board = firmware_proto::Uid::from_bytes(&[lane.as_bytes()[1]; 8]).unwrap();
        labels.wait(&LaneName::parse(lane).unwrap(), &board);
    }

    fn taken(lane: &str) -> StationNews {
        StationNews::Told(Told::LabelTaken {
            serial: "SA-000001".to_owned(),
            lane: lane.to_owned(),
        })
    }

    #[test]
    fn a_label_is_for_the_lane_that_the_screen_named() {
        let pattern = SerialPattern::parse("SA-######").unwrap();
        for (chosen, expected) in [
            (Some("L1"), taken("L1")),
            (Some("L3"), taken("L3")),
            (
                Some("L4"),
                StationNews::Told(Told::WaitsNoLonger("L4".to_owned())),
            ),
            (None, StationNews::Told(Told::NobodyWaits)),
        ] {
            let labels = LabelDesk::asking(pattern.clone(), Vec::new());
            for lane in ["L1", "L2", "L3"] {
                wait(&labels, lane);
            }
            let told = for_a_lane(Some(&labels), "SA-000001", chosen.map(named).as_ref());
            assert_eq!(told, expected, "{chosen:?}");
        }
    }

    #[test]
    fn a_label_that_is_scanned_twice_is_told_to_be_another_lanes() {
        let pattern = SerialPattern::parse("SA-######").unwrap();
        let labels = LabelDesk::asking(pattern, Vec::new());
        for lane in ["L1", "L2"] {
            wait(&labels, lane);
        }
        let scan = |lane| for_a_lane(Some(&labels), "SA-000001", Some(&named(lane)));
        assert_eq!(scan("L1"), taken("L1"));
        let of_first = Told::LabelOfLane {
            lane: "L1".to_owned(),
            waits: "L2".to_owned(),
        };
        assert_eq!(scan("L2"), StationNews::Told(of_first));
    }

    #[test]
    fn what_no_lane_takes_is_told() {
        let pattern = SerialPattern::parse("SA-######").unwrap();
        let labels = LabelDesk::asking(pattern, Vec::new());
        let code = "SA-000001";
        let nobody = StationNews::Told(Told::NobodyWaits);
        assert_eq!(for_a_lane(Some(&labels), code, Some(&named("L1"))), nobody);
        assert_eq!(for_a_lane(None, code, Some(&named("L1"))), nobody);
    }

    #[test]
    fn what_may_be_a_pin_is_told_by_no_answer() {
        // Where the pattern has letters, where it is all digits, and where no lane waits.
        for (pattern, waits) in [
            ("SA-######", true),
            ("1#######", true),
            ("SA-######", false),
        ] {
            for pin in ["7391", "739164", "739164739164", "739164x"] {
                let labels = LabelDesk::asking(SerialPattern::parse(pattern).unwrap(), Vec::new());
                if waits {
                    wait(&labels, "L1");
                }
                let told = for_a_lane(Some(&labels), pin, Some(&named("L1")));
                assert!(!format!("{told:?}").contains("7391"), "{told:?}");
            }
        }
    }

    #[test]
    fn a_code_that_is_shaped_as_a_label_is_told() {
        for code in ["GW4711", "4006381333931", "SB-000001"] {
            let labels = LabelDesk::asking(SerialPattern::parse("SA-######").unwrap(), Vec::new());
            wait(&labels, "L1");
            let told = for_a_lane(Some(&labels), code, Some(&named("L1")));
            assert!(format!("{told:?}").contains(code), "{told:?}");
        }
    }
}
