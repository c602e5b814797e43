//! The board that was looked up.

use serde::{Deserialize, Serialize};

use crate::verdict::VerdictCode;
use crate::words::Happening;

/// What the device screen shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// What was looked for last.
    pub wanted: Option<String>,
    /// What was found.
    pub report: Option<DeviceReport>,
    /// How many lines of the timeline are above the window.
    pub scrolled: usize,
}

impl Device {
    /// The serial of the board that was found, where it has one.
    #[must_use]
    pub fn serial(&self) -> Option<&str> {
        self.report.as_ref()?.serial.as_deref()
    }
}

/// All that is known of a board.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// Its UID.
    pub uid: String,
    /// Its serial.
    pub serial: Option<String>,
    /// The last verdict, its batch and its lane.
    pub verdict: Option<(VerdictCode, String, String)>,
    /// Its live certificate's serial number.
    pub certificate: Option<String>,
    /// Its events, the newest first.
    pub timeline: Vec<Moment>,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// When, UTC.
    pub utc_ms: u64,
    /// What.
    pub happening: Happening,
    /// Its values, in their places.
    pub values: Vec<String>,
    /// More of it, as technical text; may be empty.
    pub detail: String,
}
