//! What the ledger is asked to record.

use super::event::Fact;
use crate::clock::UtcMillis;
use crate::encoding::Hex;
use crate::names::BatchId;

/// A fact that is to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When it became true.
    pub time: UtcMillis,
    /// The batch it belongs to; none for what concerns the station alone.
    pub batch: Option<BatchId>,
    /// The session it happened in.
    pub session: Option<Hex>,
    /// What happened.
    pub fact: Fact,
}

impl Event {
    /// What concerns the station alone: no batch, no session.
    #[must_use]
    pub const fn of_station(time: UtcMillis, fact: Fact) -> Self {
        Self {
            time,
            batch: None,
            session: None,
            fact,
        }
    }
}
