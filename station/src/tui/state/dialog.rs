//! A question over the screen: what is to be filled in, or confirmed. One at a time.

use serde::{Deserialize, Serialize};

use super::alarms::About;
use crate::tui::action::NewBatch;
use crate::tui::event::Refused;
use crate::verdict::VerdictCode;

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialog {
    /// What a new batch is to be: the fields so far, the next one to be filled in.
    OpenBatch(NewBatch, BatchField),
    /// Close it?
    CloseBatch {
        /// Which.
        batch: String,
    },
    /// Why it may go on.
    Acknowledge {
        /// What.
        about: About,
        /// Its code.
        code: VerdictCode,
        /// Since when, UTC: what is held there later has not been read.
        since_ms: u64,
    },
    /// Why a board's label is printed again.
    Reprint {
        /// Which board.
        device: String,
    },
    /// Throw away what is filled in for a new batch? It lies beneath meanwhile.
    Discard,
    /// Nobody works here any more?
    SignOut,
    /// End?
    Leave,
    /// Something was not done, and why.
    Refused(Refused),
}

/// A field of a new batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BatchField {
    /// Its name.
    #[default]
    Name,
    /// The profile's file.
    Profile,
    /// The work order.
    WorkOrder,
    /// How many boards.
    Quantity,
}

impl BatchField {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Name, Self::Profile, Self::WorkOrder, Self::Quantity];

    /// The field after it.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        let at = Self::ALL.iter().position(|field| *field == self)?;
        Self::ALL.get(at + 1).copied()
    }

    /// The field before it.
    #[must_use]
    pub fn before(self) -> Option<Self> {
        let at = Self::ALL.iter().position(|field| *field == self)?;
        Self::ALL.get(at.checked_sub(1)?).copied()
    }

    /// What stands in the field.
    #[must_use]
    pub fn of(self, batch: &NewBatch) -> &str {
        match self {
            Self::Name => &batch.batch,
            Self::Profile => &batch.profile,
            Self::WorkOrder => &batch.work_order,
            Self::Quantity => &batch.quantity,
        }
    }

    /// Fills the field in.
    pub fn fill(self, batch: &mut NewBatch, text: String) {
        match self {
            Self::Name => batch.batch = text,
            Self::Profile => batch.profile = text,
            Self::WorkOrder => batch.work_order = text,
            Self::Quantity => batch.quantity = text,
        }
    }
}

impl Dialog {
    /// Whether something is typed into it.
    #[must_use]
    pub const fn has_field(&self) -> bool {
        matches!(
            self,
            Self::OpenBatch(..) | Self::Acknowledge { .. } | Self::Reprint { .. }
        )
    }

    /// Whether an Enter alone says yes to it.
    #[must_use]
    pub const fn is_question(&self) -> bool {
        matches!(
            self,
            Self::CloseBatch { .. } | Self::Discard | Self::SignOut | Self::Leave
        )
    }
}
