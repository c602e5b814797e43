//! What the terminal wishes of the station. Whoever does it answers by events, in their own time: the screen
//! never waits.

use serde::{Deserialize, Serialize};

use super::state::dialog::BatchField;
use crate::verdict::VerdictCode;

/// A wish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Somebody showed a badge, or typed an ID.
    Identify {
        /// What was scanned.
        badge: String,
    },
    /// Their PIN.
    Prove {
        /// Who.
        operator: String,
        /// It.
        pin: Secret,
    },
    /// Nobody works here any more; the line pauses.
    SignOut,
    /// Which batches there are.
    ListBatches,
    /// Make a new batch.
    OpenBatch(NewBatch),
    /// Say whether what has come into a field of a new batch is somebody's badge.
    LookAtField {
        /// Which.
        field: BatchField,
        /// What stands there.
        text: Secret,
    },
    /// Have the line work on a batch.
    StartLine {
        /// Which.
        batch: String,
    },
    /// Let boards in work finish, begin no further one.
    PauseLine,
    /// Close a batch.
    CloseBatch {
        /// Which.
        batch: String,
    },
    /// Clear a hold.
    ClearHold {
        /// The lane or batch.
        name: String,
        /// Whether it is a batch's.
        of_batch: bool,
        /// Since when it is held, as was read, UTC.
        since_ms: u64,
        /// Why it may go on.
        reason: String,
    },
    /// Say of an alarm that holds nothing that it was looked at.
    AcknowledgeAlarm {
        /// The lane.
        lane: String,
        /// The board.
        uid: Option<String>,
        /// The verdict that was the alarm.
        code: VerdictCode,
        /// What was found.
        reason: String,
    },
    /// Accept the clock as it is.
    AcceptClock {
        /// Why it is right.
        reason: String,
    },
    /// Something was scanned: a badge, or a board's label.
    Scan {
        /// It.
        code: String,
        /// The lane that the screen named for it.
        lane: Option<Named>,
        /// Whether a board is to be looked up by it, and not given a serial.
        look_up: bool,
    },
    /// Print a board's label again.
    Reprint {
        /// Serial or UID.
        device: String,
        /// Why.
        reason: String,
    },
    /// Bring boards in work to a safe state, then end; a second wish ends at once.
    Leave,
    /// Tell what travels on that lane's wire, and on no other's.
    WatchLane {
        /// Which; none where nobody looks any more.
        lane: Option<String>,
    },
    /// Somebody is there: they touched a key.
    Present,
    /// Draw everything anew.
    Redraw,
    /// Write the recording to a file.
    WriteRecording,
}

impl Action {
    /// Whether it may be wished with nobody there; what a person wishes is told by their keys, too.
    #[must_use]
    pub const fn comes_by_itself(&self) -> bool {
        matches!(self, Self::ListBatches)
    }

    /// What somebody has put into fields, and is kept for ever.
    #[must_use]
    pub fn kept_words(&self) -> Vec<&str> {
        match self {
            Self::OpenBatch(batch) => {
                vec![
                    &batch.batch,
                    &batch.profile,
                    &batch.work_order,
                    &batch.quantity,
                ]
            }
            Self::ClearHold { reason, .. }
            | Self::AcknowledgeAlarm { reason, .. }
            | Self::AcceptClock { reason }
            | Self::Reprint { reason, .. } => vec![reason],
            _ => Vec::new(),
        }
    }
}

/// The lane that the next scan is for, as the screen named it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// It.
    pub lane: String,
    /// The board that waits there.
    pub board: Option<String>,
    /// Whether it was named for as long as a person takes to read it: whoever scanned sooner meant another lane.
    pub is_read: bool,
}

/// What a new batch is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewBatch {
    /// Its name.
    pub batch: String,
    /// The profile's file.
    pub profile: String,
    /// The paper that allows it.
    pub work_order: String,
    /// How many boards.
    pub quantity: String,
}

/// A PIN, or what may be a badge, on its way; never shown, never recorded.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret(#[serde(skip)] pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}
