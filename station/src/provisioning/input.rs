//! What the driver tells the session.

use firmware_proto::Uid;

use crate::clock::{MonotonicMillis, UtcMillis};
use crate::ledger::standing::{DeviceStanding, NoPlace, Recorded, Reservation};
use crate::verdict::VerdictCode;

/// The time at which something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// For events.
    pub utc: UtcMillis,
    /// For deadlines and durations.
    pub monotonic: MonotonicMillis,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The port gave bytes, in any split.
    Bytes(Vec<u8>),
    /// The instant of the last `WakeAt` has come.
    Time,
    /// To `Draw`.
    Drawn([u8; 32]),
    /// To `Sign`.
    Signed([u8; 64]),
    /// To `LookUpBoard`.
    Board(Box<DeviceStanding>),
    /// To `LookUpKey`: the board that had it, if any.
    KeyHolder(Option<Uid>),
    /// To `Reserve`.
    Reserved(Result<Reservation, NoPlace>),
    /// To `Record`.
    Recorded(Recorded),
    /// The HSM gave an error instead of an answer.
    HsmFailed {
        /// One line for people.
        detail: String,
    },
    /// The ledger gave an error instead of an answer.
    LedgerFailed {
        /// One line for people.
        detail: String,
    },
    /// A rule of the ledger forbids what was to be recorded; nothing was. The ledger itself is well.
    Forbidden {
        /// The verdict, where the rule is about the board; none where only the station can be at fault.
        code: Option<VerdictCode>,
        /// One line for people.
        detail: String,
    },
    /// The port is gone.
    PortLost,
    /// A person wants the work to stop: before issuing at once, after it as soon as the board is safe.
    Abort,
    /// A person waits no longer: where the board stands is recorded, and it goes on from there when it comes again.
    Halt,
}
