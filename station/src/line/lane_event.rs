//! What lanes tell the faces: a bounded queue that never holds up a board.
//!
//! 1. Progress is dropped where a face has left [`MAX_UNREAD`] events unread; the next step says
//!    more.
//! 2. Verdicts and a lane's end are never dropped.
//! 3. So that they are bounded too, a lane begins no further board while that many are unread.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use firmware_proto::Uid;

use super::adapter::AdapterChange;
use super::hold::Hold;
use super::link::PortUnavailable;
use crate::names::{DeviceSerial, LaneName};
use crate::provisioning::{Step, Verdict};

/// Most events that may lie unread before progress is dropped and lanes wait with their next board.
pub const MAX_UNREAD: usize = 4_096;

/// Something happened on a lane.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneEvent {
    /// Where.
    pub lane: LaneName,
    /// What.
    pub news: News,
}

/// What can happen on a lane.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// The port cannot be opened, and is awaited.
    PortMissing(PortUnavailable),
    /// The port is open.
    PortOpen,
    /// Another adapter than before is there: cables were swapped, or an adapter was replaced.
    AdapterChanged(AdapterChange),
    /// No board has ever answered there, though the port is open for a while. From the supervisor.
    Silent,
    /// Which board is in work: what it says that it is, or has proven.
    Board {
        /// Its UID.
        uid: Uid,
        /// The serial that it gets, once it has one.
        device_serial: Option<DeviceSerial>,
    },
    /// The board's label is to be scanned: its serial stands there.
    AwaitsLabel,
    /// A session came so far.
    Step(Step),
    /// A session is over.
    Verdict(Box<Verdict>),
    /// The lane takes no board.
    Held(Hold),
    /// The lane takes boards again.
    Released,
    /// The lane's thread has ended.
    Ended(LaneEnd),
}

/// Why a lane ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaneEnd {
    /// It was told to.
    Stopped,
    /// The ledger cannot be written.
    LedgerFailed {
        /// What it said.
        detail: String,
    },
    /// A mistake in this program: the session asks without end.
    Runaway,
    /// A mistake in this program: the lane's thread panicked.
    Panicked,
}

impl News {
    fn must_arrive(&self) -> bool {
        matches!(self, Self::Verdict(_) | Self::Ended(_))
    }
}

/// Makes a queue.
#[must_use]
pub fn queue() -> (EventSender, EventReceiver) {
    let shared = Arc::new(Shared::default());
    (EventSender(Arc::clone(&shared)), EventReceiver(shared))
}

#[derive(Debug, Default)]
struct Shared {
    unread: Mutex<VecDeque<LaneEvent>>,
    arrived: Condvar,
    taken: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, VecDeque<LaneEvent>> {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lanes' end.
#[derive(Clone, Debug)]
pub struct EventSender(Arc<Shared>);

impl EventSender {
    fn send(&self, event: LaneEvent) {
        let mut unread = self.0.lock();
        if unread.len() < MAX_UNREAD || event.news.must_arrive() {
            unread.push_back(event);
            self.0.arrived.notify_one();
        }
    }
}

/// A lane's own way to tell.
#[derive(Clone, Debug)]
pub struct LaneReporter {
    lane: LaneName,
    sender: EventSender,
}

impl LaneReporter {
    /// Reports for that lane.
    #[must_use]
    pub fn new(lane: LaneName, sender: EventSender) -> Self {
        Self { lane, sender }
    }

    /// The lane.
    #[must_use]
    pub fn lane(&self) -> &LaneName {
        &self.lane
    }

    /// Tells; never waits.
    pub fn report(&self, news: News) {
        self.sender.send(LaneEvent {
            lane: self.lane.clone(),
            news,
        });
    }

    /// Waits, at most `limit`, until the faces have read enough for another board to be begun.
    #[must_use]
    pub fn await_room(&self, limit: Duration) -> bool {
        let shared = &self.sender.0;
        let full = |unread: &mut VecDeque<LaneEvent>| unread.len() >= MAX_UNREAD;
        let waited = shared.taken.wait_timeout_while(shared.lock(), limit, full);
        let (unread, _) = waited.unwrap_or_else(PoisonError::into_inner);
        unread.len() < MAX_UNREAD
    }
}

/// The faces' end.
#[derive(Debug)]
pub struct EventReceiver(Arc<Shared>);

impl EventReceiver {
    /// The next event, waiting at most `limit` for it.
    pub fn receive(&self, limit: Duration) -> Option<LaneEvent> {
        let nothing = |unread: &mut VecDeque<LaneEvent>| unread.is_empty();
        let shared = &self.0;
        let waited = shared
            .arrived
            .wait_timeout_while(shared.lock(), limit, nothing);
        let (mut unread, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let event = unread.pop_front();
        shared.taken.notify_all();
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_dropped_and_ends_are_not() {
        let (sender, receiver) = queue();
        let reporter = LaneReporter::new(LaneName::parse("L1").unwrap(), sender);
        for _ in 0..MAX_UNREAD + 10 {
            reporter.report(News::Step(Step::Measured));
        }
        assert!(!reporter.await_room(Duration::ZERO));
        reporter.report(News::Ended(LaneEnd::Stopped));
        let events: Vec<_> = std::iter::from_fn(|| receiver.receive(Duration::ZERO)).collect();
        assert_eq!(events.len(), MAX_UNREAD + 1);
        assert_eq!(
            events.last().map(|event| &event.news),
            Some(&News::Ended(LaneEnd::Stopped))
        );
        assert!(reporter.await_room(Duration::ZERO));
    }
}
