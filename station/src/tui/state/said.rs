//! What the station has said to people, as values: each line is put into words when it is looked at, in the
//! language of whoever looks.

use serde::{Deserialize, Serialize};

use super::lanes::{Held, ShownVerdict};
use super::sign_in::{Deed, Role};
use super::why_not::WhyNot;
use crate::tui::event::{AdapterChange, Refused};
use crate::tui::told::Told;
use crate::words::PortFault;

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// What the station has told.
    Told(Told),
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
    /// A wish was refused.
    Refused(Refused),
    /// What somebody saw is written to this file.
    RecordingKept(String),
    /// It could not be written; technical text.
    RecordingLost(String),
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
    /// A lane takes no board.
    Held {
        /// Which lane.
        lane: String,
        /// What for.
        held: Held,
    },
    /// A hold was cleared before the station was started: the ledger says by whom.
    HoldCleared {
        /// The lane or batch.
        name: String,
        /// Who did it.
        who: String,
        /// Why, as they typed it.
        reason: String,
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
        /// The adapters.
        change: AdapterChange,
    },
    /// The ledger knows no such board.
    UnknownBoard(String),
    /// A field of a new batch had the code of a badge.
    BadgeInField,
    /// A scan came where a reason is to be typed.
    NoReason,
    /// A scan was longer than any code may be.
    ScanTooLong,
    /// Somebody types more than is taken.
    EntryTooLong,
    /// A scan came while a question stood.
    QuestionStands,
    /// Somebody wished to leave while the line works, and nobody is signed in.
    SignInToLeave,
}
