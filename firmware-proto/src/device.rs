//! The device's whole behaviour, above a [`Platform`] and below a serial line.
//!
//! Bytes go in with [`Device::receive`] and come out of [`Device::transmit`]; there is no clock, no
//! interrupt and no buffer but the ones in here. The device never speaks unasked. Which exchange is
//! answered, repeated or passed over is decided in this file; what a request does, in those below it:
//!
//! | file | does |
//! |---|---|
//! | `opening` | `Hello`, `Farewell` |
//! | `evidence` | `Attest`, `SelfTest`, `MakeKey` |
//! | `installation` | `WriteChunk`, `WriteStatus`, `Install` |
//! | `commitment` | `Prove`, `Commit`, `GetReceipt` |
//! | `record` | what survives a power cut |
//! | `session` | what does not |
//! | `outgoing` | the last answer, and the chunks behind it |
//!
//! How requests are told apart (docs/protocol.md, "Exchanges"):
//! 1. A `Hello` unlike the one that opened the session opens a new one, whatever its number.
//! 2. A number before the session's last one is stale and passed over.
//! 3. The session's last number with the same body is a repetition: the answer is sent again, or,
//!    where it was `Working`, the work goes on. With another body it is passed over, unless both
//!    are chunks of one window.
//! 4. A later number is a new request. Whatever was pending is dropped.

mod commitment;
mod evidence;
mod installation;
mod opening;
mod outgoing;
mod record;
mod session;

use core::mem::size_of;

use crate::frame::Direction;
use crate::frame_reader::{Frame, FrameReader, ReaderCounts};
use crate::limits::{MAX_DEVICE_STATE_BYTES, MAX_WORKING_MS};
use crate::platform::{Pause, Pending, Platform, PlatformFault};
use crate::{BootId, Digest, Exchange, Malformed, Refusal, Request, Response};

use self::outgoing::Outgoing;
use self::record::Keeper;
use self::session::{Admission, Session, Step};

/// Size of a device's state without its platform, in bytes.
pub const STATE_BYTES: usize = size_of::<Device<()>>();

const _: () = assert!(STATE_BYTES <= MAX_DEVICE_STATE_BYTES);

/// A device on its line.
#[derive(Debug)]
pub struct Device<P> {
    platform: P,
    reader: FrameReader,
    outgoing: Outgoing,
    keeper: Keeper,
    boot: BootId,
    session: Option<Session>,
}

impl<P: Platform> Device<P> {
    /// Starts with what the platform remembers. A damaged record does not start afresh: the device
    /// then refuses everything with [`Refusal::Hardware`].
    ///
    /// # Errors
    /// [`PlatformFault`] where the record can't be read or no random bytes are to be had.
    pub fn boot(mut platform: P) -> Result<Self, PlatformFault> {
        let keeper = Keeper::load(&mut platform)?;
        let mut boot = [0; 4];
        platform.random(&mut boot)?;
        Ok(Self {
            platform,
            reader: FrameReader::new(Direction::ToDevice),
            outgoing: Outgoing::new(),
            keeper,
            boot: BootId::from_bytes(boot),
            session: None,
        })
    }

    /// Takes bytes of the line, in any split, and does what whole requests among them ask.
    pub fn receive(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        let Self {
            platform,
            reader,
            outgoing,
            keeper,
            boot,
            session,
        } = self;
        while let Some(frame) = reader.push(&mut rest) {
            let desk = Desk {
                platform,
                keeper,
                outgoing,
                boot: *boot,
            };
            desk.take(session, frame);
        }
    }

    /// Writes to `out` what is ready to go out, as much as fits, and gives its length; 0 where there
    /// is nothing. Call again until it gives 0.
    pub fn transmit(&mut self, out: &mut [u8]) -> usize {
        let mut written = 0_usize;
        while let Some(room) = out.get_mut(written..).filter(|room| !room.is_empty()) {
            let more = self.outgoing.write(&mut self.platform, room);
            if more == 0 {
                break;
            }
            written = written.saturating_add(more);
        }
        written
    }

    /// The hardware.
    pub const fn platform(&self) -> &P {
        &self.platform
    }

    /// The hardware.
    pub const fn platform_mut(&mut self) -> &mut P {
        &mut self.platform
    }

    /// The hardware, as a power cut would leave it.
    pub fn into_platform(self) -> P {
        self.platform
    }

    /// What came over the line and was no frame.
    pub const fn reader_counts(&self) -> ReaderCounts {
        self.reader.counts()
    }
}

/// Why a procedure stopped without an answer of its own.
enum Stop {
    /// The platform is busy; the same request continues it.
    Working(Pending),
    /// The device won't.
    Refused(Refusal),
    /// Nothing is to be said: a chunk that asks for no acknowledgement.
    Silent,
}

impl From<Pause> for Stop {
    fn from(pause: Pause) -> Self {
        match pause {
            Pause::Working(pending) => Self::Working(pending),
            Pause::Fault(fault) => fault.into(),
        }
    }
}

impl From<PlatformFault> for Stop {
    fn from(_: PlatformFault) -> Self {
        Self::Refused(Refusal::Hardware)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The device without its session.
struct Desk<'a, P> {
    platform: &'a mut P,
    keeper: &'a mut Keeper,
    outgoing: &'a mut Outgoing,
    boot: BootId,
}

impl<P: Platform> Desk<'_, P> {
    fn take(self, session: &mut Option<Session>, frame: Frame<'_>) {
        let number = frame.header.exchange;
        let digest = self.platform.sha256(&[frame.body]);
        let request = Request::decode(frame.body);
        if matches!(request, Ok(Request::Hello(_)))
            && session
                .as_ref()
                .is_none_or(|session| session.is_opened_by(number, &digest))
        {
            self.outgoing.forget();
            *session = Some(Session::new(number, digest));
        }
        if let Some(session) = session {
            self.admit(session, number, digest, frame.body, request);
        } else {
            let refusal = request.map_or(Refusal::Malformed, |_| Refusal::OutOfOrder);
            self.outgoing.refuse(number, refusal);
        }
    }

    fn admit(
        self,
        session: &mut Session,
        number: Exchange,
        digest: Digest,
        body: &[u8],
        request: Result<Request<'_>, Malformed>,
    ) {
        let is_chunk = matches!(request, Ok(Request::WriteChunk { .. }));
        match session.admit(number, &digest, is_chunk) {
            Admission::PassOver => return,
            Admission::Repeat => return self.outgoing.repeat(),
            Admission::Continue => {}
            Admission::Begin => {
                let is_reading = matches!(request, Ok(Request::ReadChunks { .. }));
                self.outgoing.drop_answer(is_reading);
                session.begin(number, digest);
            }
        }
        let mut procedure = Procedure {
            platform: self.platform,
            keeper: self.keeper,
            outgoing: self.outgoing,
            boot: self.boot,
            session,
        };
        let outcome = match request {
            Ok(request) => procedure.run(&request, body),
            Err(Malformed) => Err(Refusal::Malformed.into()),
        };
        procedure.conclude(&outcome, is_chunk);
    }
}

/// The device in the middle of one exchange.
struct Procedure<'a, P> {
    platform: &'a mut P,
    keeper: &'a mut Keeper,
    outgoing: &'a mut Outgoing,
    boot: BootId,
    session: &'a mut Session,
}

impl<P: Platform> Procedure<'_, P> {
    fn run(&mut self, request: &Request<'_>, body: &[u8]) -> Result<(), Stop> {
        if self.keeper.is_faulty() {
            return Err(Refusal::Hardware.into());
        }
        if let Request::Hello(hello) = request {
            return self.open(hello, body);
        }
        let link = self.session.link.ok_or(Refusal::OutOfOrder)?;
        match request {
            Request::Hello(_) => Err(Refusal::OutOfOrder.into()),
            Request::Attest { station_nonce } => self.attest(&link, station_nonce),
            Request::SelfTest => self.self_test(&link),
            Request::MakeKey { key_nonce } => self.make_key(&link, key_nonce),
            Request::WriteChunk {
                blob,
                total_bytes,
                index,
                acknowledge,
                data,
            } => {
                let taken = self.take_chunk(&link, *blob, *total_bytes, *index, data);
                if !acknowledge {
                    return Err(Stop::Silent);
                }
                taken?;
                self.report_chunks(*blob)
            }
            Request::WriteStatus { blob } => self.report_chunks(*blob),
            Request::ReadChunks { blob, missing } => {
                Ok(self
                    .outgoing
                    .send_chunks(self.session.exchange, *blob, *missing)?)
            }
            Request::Install { package } => self.install(&link, package),
            Request::Prove { station_nonce } => self.prove(station_nonce),
            Request::Commit {
                commit,
                receipt_nonce,
            } => self.commit(&link, commit, receipt_nonce),
            Request::GetReceipt { receipt_nonce } => self.serve_receipt(&link, receipt_nonce),
            Request::Farewell { passed } => {
                self.part(*passed);
                Ok(())
            }
        }
    }

    fn conclude(&mut self, outcome: &Result<(), Stop>, is_chunk: bool) {
        let number = self.session.exchange;
        self.session.step = if is_chunk {
            Step::Uploading
        } else {
            Step::Answered
        };
        match outcome {
            Ok(()) | Err(Stop::Silent) => {}
            Err(Stop::Refused(refusal)) => self.outgoing.refuse(number, *refusal),
            Err(Stop::Working(pending)) => {
                if !is_chunk {
                    self.session.step = Step::Running;
                }
                let retry_ms = pending.retry_ms.min(MAX_WORKING_MS);
                self.outgoing.say(number, &Response::Working { retry_ms });
            }
        }
    }

    fn answer(&mut self, response: &Response<'_>) {
        self.outgoing.say(self.session.exchange, response);
    }
}

/// Does a slow operation once per exchange: a request that is asked again finds what it already had.
fn once<T: Copy, E>(
    done: &mut Option<T>,
    operation: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    if let Some(result) = *done {
        return Ok(result);
    }
    let result = operation()?;
    *done = Some(result);
    Ok(result)
}
