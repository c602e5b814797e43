//! What the station has said to people, as values: each line is put into words when it is looked at, in the
//! language of whoever looks.

use serde::{Deserialize, Serialize};

use super::lanes::ShownVerdict;
use super::sign_in::{Deed, Role};
use super::why_not::WhyNot;
use crate::tui::event::{Did, NotLetIn, Refused};
use crate::words::{PortFault, Trouble};

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// The line works on a batch.
    LineStarted {
        /// Which.
        batch: String,
    },
    /// The line has stopped, and technical text where something went wrong.
    LineEnded(Option<String>),
    /// Somebody signed in.
    SignedIn {
        /// Who.
        operator: String,
        /// Their role.
        role: Role,
    },
    /// Nobody is signed in any more.
    SignedOut,
    /// Somebody was not let in.
    NotLetIn {
        /// Why.
        why: NotLetIn,
        /// Seconds until the next try.
        wait_s: u64,
    },
    /// A wish was done.
    Did(Did),
    /// A wish was refused.
    Refused(Refused),
    /// It cannot be done now.
    CannotNow {
        /// What.
        deed: Deed,
        /// Why.
        why: WhyNot,
    },
    /// A session is over.
    Verdict {
        /// On which lane.
        lane: String,
        /// How.
        verdict: Box<ShownVerdict>,
    },
    /// A lane's port cannot be opened.
    Port {
        /// Which lane.
        lane: String,
        /// Why.
        fault: PortFault,
    },
    /// Another adapter is where a lane's was.
    Adapter {
        /// Which lane.
        lane: String,
        /// The adapter before.
        before: String,
        /// The adapter now.
        now: String,
        /// The lane where that one belongs.
        belongs_to: Option<String>,
    },
    /// The ledger knows no such board.
    UnknownBoard(String),
    /// A label went to a lane.
    LabelTaken {
        /// The serial.
        serial: String,
        /// The lane.
        lane: String,
    },
    /// A label of another product was scanned.
    LabelOdd(String),
    /// A scan is no label; the lane waits on.
    NoLabel(String),
    /// No lane waits for a label.
    NobodyWaits(String),
    /// A scan came where a reason is to be typed.
    NoReason,
    /// A scan came while a question stood.
    QuestionStands,
    /// Somebody wished to leave while the line works, and nobody is signed in.
    SignInToLeave,
    /// A label waits for the printer.
    LabelWaits {
        /// The serial.
        serial: String,
        /// Technical text.
        why: String,
    },
    /// A label did not go through.
    LabelFailed {
        /// The serial.
        serial: String,
        /// Technical text.
        why: String,
    },
    /// Something went wrong that nobody has wished for.
    Trouble {
        /// What.
        trouble: Trouble,
        /// Technical text.
        says: String,
    },
}
