//! What the session wants done.

use firmware_proto::{BootId, Digest, Uid};

use crate::clock::MonotonicMillis;
use crate::identity::signer::KeyRole;
use crate::ledger::event::Event;
use crate::ledger::standing::{Durability, ShownNow};
use crate::names::{CertificateSerial, DeviceSerial};
use crate::verdict::VerdictCode;

/// One thing for the driver to do. All but `Send`, `WakeAt`, `Report` and `Finish` are answered by
/// exactly one [`Input`](super::Input); at most one such question is open at any time.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Write these bytes to the port: whole frames.
    Send(Vec<u8>),
    /// Give [`Input::Time`](super::Input::Time) at this instant; replaces every earlier wish.
    WakeAt(MonotonicMillis),
    /// Draw 32 random bytes from the HSM: answered by `Drawn` or `HsmFailed`.
    Draw,
    /// Sign the message: answered by `Signed` or `HsmFailed`.
    Sign {
        /// With the key of this role: issuing or authority.
        role: KeyRole,
        /// The message itself, not its digest.
        message: Vec<u8>,
    },
    /// Look the board up: answered by `Board` or `LedgerFailed`.
    LookUpBoard {
        /// The authentic UID.
        uid: Uid,
        /// What else it shows, where it has passed the appraisal so far.
        shown: Option<Box<ShownNow>>,
    },
    /// Ask which board had this identity key before: answered by `KeyHolder` or `LedgerFailed`.
    LookUpKey {
        /// SHA-256 of the SubjectPublicKeyInfo.
        key: Digest,
    },
    /// Take a place in the batch and a serial: answered by `Reserved` or `LedgerFailed`.
    Reserve {
        /// The authentic UID.
        uid: Uid,
    },
    /// Append the events in one transaction: answered by `Recorded` or `LedgerFailed`.
    Record {
        /// In this order.
        events: Vec<Event>,
        /// What must be true before the answer.
        durability: Durability,
    },
    /// Tell the people how far it is.
    Report(Step),
    /// The session is over and its verdict recorded (unless the ledger itself failed). The driver makes a new session.
    Finish(Verdict),
}

/// The steps that people see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// No board yet, or the last one is still in.
    AwaitingBoard,
    /// Link agreed.
    Identified,
    /// Evidence appraised.
    Attested,
    /// Measurements within limits.
    Measured,
    /// Key made and bound.
    KeyBound,
    /// Certificate issued and stored.
    Issued,
    /// Chain installed and read back.
    Installed,
    /// Installed identity proven.
    Proven,
    /// Locked, receipt verified.
    Committed,
}

impl Step {
    /// How many steps there are after `AwaitingBoard`.
    pub const COUNT: u8 = 8;

    /// 0 for `AwaitingBoard`, up to [`Step::COUNT`].
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// A word for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::AwaitingBoard => "waiting for a board",
            Self::Identified => "link agreed",
            Self::Attested => "attested",
            Self::Measured => "measured",
            Self::KeyBound => "key bound",
            Self::Issued => "certified",
            Self::Installed => "installed",
            Self::Proven => "proven",
            Self::Committed => "locked",
        }
    }
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The code.
    pub code: VerdictCode,
    /// One line for people: value and limits, expected and got.
    pub detail: String,
    /// The authentic UID, where evidence gave one.
    pub uid: Option<Uid>,
    /// What the board claimed.
    pub claimed_uid: Option<Uid>,
    /// Its serial, where one was given.
    pub device_serial: Option<DeviceSerial>,
    /// Its live certificate, where there is one.
    pub certificate_serial: Option<CertificateSerial>,
    /// From the first answer to the verdict.
    pub duration_ms: u64,
    /// Requests sent again.
    pub retries: u32,
    /// Measurements that passed close to a limit, a line each.
    pub marginal: Vec<String>,
    /// Wire statistics of the session.
    pub wire: WireCount,
    /// The board that is still in the fixture, for the next session's constructor.
    pub last_board: Option<LastBoard>,
}

/// What went over the wire in one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WireCount {
    /// Bytes from the station.
    pub sent_bytes: u64,
    /// Bytes from the device.
    pub received_bytes: u64,
    /// Exchanges in which the station had to wait for an answer.
    pub round_trips: u32,
    /// Bytes thrown away as noise.
    pub noise_bytes: u64,
}

/// The board of the session before: it must go, or boot anew, before another session begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastBoard {
    /// It said who it was.
    Known {
        /// What it claimed.
        uid: Uid,
        /// Its boot.
        boot: BootId,
    },
    /// It only made noise. Nothing but silence tells that it has gone.
    Unnamed {
        /// How long it has been silent, though it was asked, in milliseconds. Where the lane was held
        /// in between, the silence before counts.
        quiet_ms: u64,
    },
}
