//! Waiting for a port that is not there: at the start, or after somebody pulled its cable.

use std::time::Duration;

use super::lane_event::{LaneReporter, News};
use super::link::{Link, Port, PortUnavailable};
use super::stop::{StopLevel, StopSignal};

/// How often a missing port is looked for.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// Opens the port as soon as it can be opened, telling people once for each reason why not yet.
/// None where the line stops first.
pub(super) fn await_port(
    port: &mut dyn Port,
    stop: &StopSignal,
    reporter: &LaneReporter,
) -> Option<Box<dyn Link>> {
    let mut told: Option<PortUnavailable> = None;
    let mut level = stop.level();
    while level == StopLevel::Running {
        match port.open() {
            Ok(link) => {
                reporter.report(News::PortOpen);
                return Some(link);
            }
            Err(reason) => {
                if told.as_ref() != Some(&reason) {
                    reporter.report(News::PortMissing(reason.clone()));
                    told = Some(reason);
                }
            }
        }
        level = stop.wait(level, LOOK_INTERVAL);
    }
    None
}
