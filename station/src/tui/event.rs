//! What the terminal hears: keys, time, lanes and answers of the station, on one channel, in one order.
//! Plain values, so that a recording can be played again.

use serde::{Deserialize, Serialize};

use super::action::Secret;
use super::state::alarms::{About, Alarm};
use super::state::batch::{BatchHead, BatchRow, Progress};
use super::state::device::DeviceReport;
use super::state::dialog::BatchField;
use super::state::lanes::{Held, ShownFrame, ShownVerdict, Wear};
use super::state::sign_in::Person;
use super::told::Told;
use crate::line::wishes::LineState;
use crate::words::{PortFault, RefusalReason};

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A key. When matters: what a scanner types comes in faster than a person can.
    Key {
        /// Which.
        key: Key,
        /// Milliseconds of a clock that never goes back.
        at_ms: u64,
    },
    /// A press of a mouse button there.
    Mouse {
        /// Column, from 0.
        column: u16,
        /// Row, from 0.
        row: u16,
    },
    /// The terminal has another size now.
    Resize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// Time has come so far.
    Tick {
        /// Milliseconds of a clock that never goes back.
        monotonic_ms: u64,
        /// UTC in milliseconds.
        utc_ms: u64,
    },
    /// Something happened on a lane.
    Lane {
        /// Which.
        lane: String,
        /// What.
        news: LaneNews,
    },
    /// The station answers, or tells by itself.
    Station(StationNews),
    /// A signal wants the program to end.
    Stop,
    /// The terminal is gone.
    Gone,
    /// The station has ended: nothing is in work any more.
    End,
}

/// A key, as far as the terminal cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Key {
    /// A character, a control character among them.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Escape,
    /// Backspace.
    Backspace,
    /// Tab.
    Tab,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// A function key.
    F(u8),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-L: draw all of it again.
    Redraw,
    /// Ctrl-T: write the recording to a file.
    Record,
}

/// What happened on a lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LaneNews {
    /// The port cannot be opened.
    PortMissing(PortFault),
    /// The port is open.
    PortOpen,
    /// Another adapter is there than before: cables were swapped, or an adapter was replaced.
    AdapterChanged(AdapterChange),
    /// Nobody answers there.
    Silent,
    /// Which board it is.
    Board {
        /// What it says, or has proven.
        uid: String,
        /// The serial that it gets.
        serial: Option<String>,
    },
    /// The session came so far: 0 to 8.
    Step(u8),
    /// The board's serial is to be scanned from its label.
    AwaitsLabel,
    /// A session is over.
    Verdict(Box<ShownVerdict>),
    /// The lane takes no board.
    Held(Held),
    /// The lane takes boards again.
    Released,
    /// What travelled last on the lane's wire, the newest at the end: where somebody looks at it.
    Frames(Vec<ShownFrame>),
    /// The lane's thread has ended.
    Ended,
}

/// Another adapter is where a lane's was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdapterChange {
    /// The serial number of the one before.
    pub before: String,
    /// That of the one now.
    pub now: String,
    /// The lane where that one belongs, where it is known.
    pub belongs_to: Option<String>,
}

/// What the station tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StationNews {
    /// What is only told to people, and kept as it is told.
    Told(Told),
    /// Somebody said who they are, and is to prove it.
    WantsPin {
        /// Who.
        operator: String,
    },
    /// Somebody is signed in.
    SignedIn(Person),
    /// The batches that there are.
    Batches(Vec<BatchRow>),
    /// The line has begun to work on a batch.
    LineStarted(BatchHead),
    /// What the line does now.
    LineIs(LineState),
    /// What these lanes have seen so far.
    Wear(Vec<(String, Wear)>),
    /// How far the batch is.
    Progress(Progress),
    /// The line has stopped.
    LineEnded {
        /// What it does now.
        line: LineState,
        /// What went wrong, where something did.
        fault: Option<String>,
    },
    /// What is held and what is an alarm, from the ledger.
    Alarms(Vec<Alarm>),
    /// Whether HSM and ledger are well.
    Health {
        /// The HSM.
        hsm: bool,
        /// The ledger.
        ledger: bool,
    },
    /// What the ledger knows of a board; none where it knows none.
    Device {
        /// What was looked for.
        wanted: String,
        /// What was found.
        report: Option<Box<DeviceReport>>,
    },
    /// What stood still goes on, or an alarm was looked at.
    HoldCleared {
        /// What it was about.
        about: About,
    },
    /// What has come into a field of a new batch is somebody's badge.
    BadgeInField {
        /// Which.
        field: BatchField,
        /// What stood there.
        code: Secret,
    },
    /// A wish was refused.
    Refused(Refused),
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Did {
    /// A batch is open.
    OpenedBatch {
        /// Which.
        batch: String,
        /// For how many boards.
        boards: u32,
    },
    /// A batch is closed.
    ClosedBatch(String),
    /// A lane or batch that was held goes on.
    Cleared(String),
    /// The clock was accepted.
    AcceptedClock,
    /// A board's label went to the printer.
    Printed(String),
}

/// Why somebody was not let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotLetIn {
    /// Nobody has this badge or ID.
    Unknown,
    /// They may not sign in any more.
    Disabled,
    /// There is nothing that could prove who they are.
    NoPin,
    /// The PIN is another one.
    WrongPin,
    /// It was not looked at, so soon after a wrong one.
    TooSoon,
    /// It can be no PIN.
    NotDigits,
    /// The station cannot tell.
    Fault(String),
}

/// Why a wish was not done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Why, in the operator's language, where that is known.
    #[serde(default)]
    pub reason: Option<RefusalReason>,
    /// What failed; this and what follows is technical text.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do next.
    pub next: String,
}
