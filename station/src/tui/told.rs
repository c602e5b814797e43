//! What the station tells people in so many words: heard as news and kept in the log as it is. A new telling is one
//! variant here, and one line in [`saying`](super::saying).

use serde::{Deserialize, Serialize};

use super::event::{Did, NotLetIn};
use crate::words::Trouble;

/// Something that is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// A label went to a lane.
    LabelTaken {
        /// The serial on it.
        serial: String,
        /// The lane.
        lane: String,
    },
    /// A label of another product was scanned: its board fails. What may be a PIN is not told.
    LabelOdd(String),
    /// A scan is no label; the lane waits on. What may be a PIN is not told.
    NoLabel(String),
    /// A label is that of another lane's board in work; the lane that it was scanned for waits on.
    LabelOfLane {
        /// The lane that has it.
        lane: String,
        /// The lane that waits.
        waits: String,
    },
    /// No lane waits for a label. Nothing of the code: it may be a PIN that was typed once too often.
    NobodyWaits,
    /// The lane that a label was scanned for waits no longer.
    WaitsNoLonger(String),
    /// That lane was named too short a time for whoever scanned to have read it.
    ScanAgain(String),
    /// A label waits for the printer; boards go on.
    LabelWaits {
        /// The serial on it.
        serial: String,
        /// Technical text.
        why: String,
    },
    /// A label did not go through.
    LabelFailed {
        /// The serial on it.
        serial: String,
        /// Technical text.
        why: String,
    },
    /// Somebody was not let in.
    NotLetIn {
        /// Why.
        why: NotLetIn,
        /// Seconds until the next try.
        wait_s: u64,
    },
    /// Nobody is signed in any more.
    SignedOut(Gone),
    /// A wish was done.
    Did(Did),
    /// Something went wrong that nobody has wished for.
    Trouble {
        /// What.
        trouble: Trouble,
        /// Technical text.
        says: String,
    },
}

/// Why somebody is signed in no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gone {
    /// They have left, or somebody else has come.
    Left,
    /// Nobody did anything for as long as the configuration says.
    Idle,
    /// They may not sign in any more.
    Disabled,
}

impl Gone {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Left, Self::Idle, Self::Disabled];
}

impl Told {
    /// Without a code that was scanned in vain: it may be anything, a badge of another house too.
    #[must_use]
    pub fn without_code(&self) -> Self {
        match self {
            Self::LabelOdd(_) => Self::LabelOdd("*".to_owned()),
            Self::NoLabel(_) => Self::NoLabel("*".to_owned()),
            other => other.clone(),
        }
    }

    /// Whether something went wrong.
    #[must_use]
    pub const fn is_bad(&self) -> bool {
        !matches!(
            self,
            Self::LabelTaken { .. } | Self::SignedOut(_) | Self::Did(_)
        )
    }
}
