//! A clock, a port and a session that tests command. Never ships.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use firmware_proto::{BootId, Uid};

use super::driver::BoardSession;
use super::link::{Link, LinkLost, Port, PortUnavailable};
use crate::clock::{Clock, MonotonicMillis, UtcMillis};
use crate::encoding::Hex;
use crate::identity::signer::KeyRole;
use crate::ledger::event::{Actor, Assurance, Event, Fact};
use crate::ledger::standing::Durability;
use crate::names::{BatchId, LaneName, OperatorId, StationName};
use crate::provisioning::action::WireCount;
use crate::provisioning::{Action, Input, LastBoard, Now, Step, Verdict};
use crate::verdict::VerdictCode;

/// A clock that stands still until it is told otherwise.
pub(crate) struct FakeClock(Mutex<(u64, u64)>);

impl FakeClock {
    pub(crate) fn at(utc: UtcMillis) -> Self {
        Self(Mutex::new((utc.0, 1_000)))
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, ms: u64) {
        let mut time = self.0.lock().unwrap();
        *time = (time.0 + ms, time.1 + ms);
    }

    /// Sets UTC forward or back.
    pub(crate) fn step_utc(&self, ms: i64) {
        let mut time = self.0.lock().unwrap();
        time.0 = time.0.checked_add_signed(ms).unwrap();
    }
}

impl Clock for FakeClock {
    fn utc(&self) -> UtcMillis {
        UtcMillis(self.0.lock().unwrap().0)
    }

    fn monotonic(&self) -> MonotonicMillis {
        MonotonicMillis(self.0.lock().unwrap().1)
    }
}

/// The other end of a [`FakePort`]'s link: what a device would be. Dropped, the port is gone.
pub(crate) struct FakeDevice {
    pub(crate) to_station: Sender<Vec<u8>>,
    pub(crate) from_station: Receiver<Vec<u8>>,
}

impl FakeDevice {
    /// What the station sent next.
    pub(crate) fn hear(&self) -> Vec<u8> {
        let heard = self.from_station.recv_timeout(Duration::from_mins(1));
        heard.expect("the station says something")
    }

    /// Waits for the next `Hello`, then says something.
    pub(crate) fn answer(&self, words: &[u8]) {
        while self.hear() != HELLO {}
        self.to_station.send(words.to_vec()).unwrap();
    }
}

struct FakeLink {
    from_device: Receiver<Vec<u8>>,
    to_device: Sender<Vec<u8>>,
}

impl Link for FakeLink {
    fn receive(&mut self, into: &mut [u8], limit: Duration) -> Result<usize, LinkLost> {
        match self.from_device.recv_timeout(limit) {
            Ok(bytes) => {
                into[..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            }
            Err(RecvTimeoutError::Timeout) => Ok(0),
            Err(RecvTimeoutError::Disconnected) => Err(gone()),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), LinkLost> {
        self.to_device.send(bytes.to_vec()).map_err(|_| gone())
    }
}

fn gone() -> LinkLost {
    LinkLost {
        detail: "pulled out".to_owned(),
    }
}

/// A port that is there as often as a test plugs something in.
pub(crate) struct FakePort(Receiver<FakeLink>);

/// Plugs devices into a [`FakePort`].
pub(crate) struct Socket(Sender<FakeLink>);

impl Socket {
    pub(crate) fn plug_in(&self) -> FakeDevice {
        let (to_station, from_device) = channel();
        let (to_device, from_station) = channel();
        let link = FakeLink {
            from_device,
            to_device,
        };
        self.0.send(link).unwrap();
        FakeDevice {
            to_station,
            from_station,
        }
    }
}

pub(crate) fn fake_port() -> (Socket, FakePort) {
    let (sender, receiver) = channel();
    (Socket(sender), FakePort(receiver))
}

impl Port for FakePort {
    #[expect(clippy::unnecessary_literal_bound, reason = "the trait's signature")]
    fn name(&self) -> &str {
        "fake"
    }

    fn open(&mut self) -> Result<Box<dyn Link>, PortUnavailable> {
        let link = self.0.try_recv().map_err(|_| PortUnavailable::Missing {
            port: "fake".to_owned(),
        })?;
        Ok(Box::new(link))
    }
}

pub(crate) const HELLO: &[u8] = b"hello\0";

/// A session in which the device says what is to happen:
/// `work` puts a board in work, `pass`, `reused`, `noise` end with such a verdict after signing and
/// recording, `forbidden` records what a rule of the ledger refuses, `forever` asks without end; anything else is ignored.
pub(crate) struct FakeSession {
    at_work: bool,
    verdict: VerdictCode,
    forever: bool,
    /// What is still in the fixture; `gone` is said when it has left.
    last_board: Option<LastBoard>,
}

/// What the sessions of a lane are given.
#[derive(Clone)]
pub(crate) struct FakeContext(pub(crate) Sender<Option<LastBoard>>);

pub(crate) fn uid() -> Uid {
    Uid::from_bytes(&[7; 12]).unwrap()
}

impl BoardSession for FakeSession {
    type Context = FakeContext;

    fn begin(context: FakeContext, last: Option<LastBoard>, _now: Now) -> (Self, Vec<Action>) {
        // A test that does not care has dropped its end.
        drop(context.0.send(last.clone()));
        let session = Self {
            at_work: false,
            verdict: VerdictCode::Pass,
            forever: false,
            last_board: last,
        };
        (
            session,
            vec![Action::Report(Step::AwaitingBoard), Action::Draw],
        )
    }

    fn has_board(&self) -> bool {
        self.at_work
    }

    fn last_board(&self, _now: Now) -> Option<LastBoard> {
        self.last_board.clone()
    }

    fn handle(&mut self, now: Now, input: Input) -> Vec<Action> {
        if self.forever {
            return vec![Action::Draw];
        }
        match input {
            Input::Drawn(_) => {
                let next = Action::WakeAt(now.monotonic.plus(100));
                vec![Action::Send(HELLO.to_vec()), next]
            }
            Input::Time => vec![Action::Draw],
            Input::Bytes(words) => self.hear(&words),
            Input::Signed(_) => vec![Action::Record {
                events: vec![event(now, self.verdict)],
                durability: Durability::Durable,
            }],
            Input::Recorded(_) => vec![self.finish(self.verdict)],
            Input::HsmFailed { .. } => vec![self.finish(VerdictCode::StationHsm)],
            Input::LedgerFailed { .. } | Input::Forbidden { .. } => {
                vec![self.finish(VerdictCode::StationLedger)]
            }
            Input::PortLost if self.at_work => vec![self.finish(VerdictCode::LinkLost)],
            Input::Abort | Input::Halt if self.at_work => vec![self.finish(VerdictCode::Aborted)],
            _ => Vec::new(),
        }
    }
}

impl FakeSession {
    fn hear(&mut self, words: &[u8]) -> Vec<Action> {
        self.verdict = match words {
            b"work\0" => {
                self.at_work = true;
                return vec![Action::Report(Step::Identified)];
            }
            b"label\0" => {
                self.at_work = true;
                return vec![Action::Reserve { uid: uid() }];
            }
            b"forever\0" => {
                self.forever = true;
                return vec![Action::Draw];
            }
            b"gone\0" => {
                self.last_board = None;
                return vec![Action::Report(Step::Identified)];
            }
            b"pass\0" => VerdictCode::Pass,
            b"reused\0" => VerdictCode::KeyReused,
            b"noise\0" => VerdictCode::LinkNoise,
            b"forbidden\0" => VerdictCode::StationLedger,
            _ => return Vec::new(),
        };
        self.at_work = true;
        let role = KeyRole::Issuing;
        let message = words.to_vec();
        vec![
            Action::Report(Step::Identified),
            Action::Sign { role, message },
        ]
    }

    fn finish(&self, code: VerdictCode) -> Action {
        let board = LastBoard::Known {
            uid: uid(),
            boot: BootId::from_bytes([1; 4]),
        };
        Action::Finish(Verdict {
            code,
            detail: "played".to_owned(),
            uid: None,
            claimed_uid: self.at_work.then(uid),
            device_serial: None,
            certificate_serial: None,
            duration_ms: 1,
            retries: 0,
            marginal: Vec::new(),
            wire: WireCount::default(),
            last_board: self.at_work.then_some(board).or(self.last_board.clone()),
        })
    }
}

/// The lane that a played verdict names.
pub(crate) const LANE: &str = "L1";

/// The batch that a played verdict belongs to; a test that lets one be reached opens it.
pub(crate) const BATCH: &str = "B1";

/// A verdict where the lane is to be held; else an event that needs nothing else in the ledger.
fn event(now: Now, code: VerdictCode) -> Event {
    let held = code == VerdictCode::KeyReused;
    let fact = if code == VerdictCode::StationLedger {
        // A ledger is opened once.
        Fact::LedgerOpened {
            station: StationName::parse("again").unwrap(),
            ledger_vkey: String::new(),
            development: true,
        }
    } else if held {
        Fact::VerdictReached {
            lane: LaneName::parse(LANE).unwrap(),
            code,
            detail: "played".to_owned(),
            uid: None,
            claimed_uid: Some(uid()),
            device_serial: None,
            certificate_serial: None,
            duration_ms: 1,
            retries: 0,
            profile: None,
        }
    } else {
        Fact::ClockAccepted {
            reason: "played".to_owned(),
            actor: Actor {
                operator: OperatorId::parse("test").unwrap(),
                assurance: Assurance::Asserted,
            },
        }
    };
    Event {
        time: now.utc,
        batch: held.then(|| BatchId::parse(BATCH).unwrap()),
        session: Some(Hex(vec![1])),
        fact,
    }
}
