//! Waiting for a board: `Hello` at an interval until something answers, or makes noise for too long.
//!
//! The same state brings a board back that fell silent or was reset in the middle of the work.

use firmware_proto::request::Hello;
use firmware_proto::response::Identity;
use firmware_proto::{BootId, Digest, Request, Response, SessionId, Uid, transcript, version};

use super::action::{LastBoard, Step};
use super::answer::{Answer, Failure, MessageBody};
use super::context::{STATION_FRAME_BYTES, STATION_WINDOW};
use super::desk::{Desk, Ending};
use super::expectation::unexpected;
use crate::clock::MonotonicMillis;
use crate::encoding::SoftwareSha256;
use crate::verdict::VerdictCode;

/// No byte for this long means that nobody is there.
const QUIET_MS: u64 = 400;

/// A board that has said who it is. Nothing of it is proven.
#[derive(Clone, Debug)]
pub(super) struct Met {
    pub(super) identity: Identity,
    /// Binds this exchange of `Hello` and `Identity` into token 1.
    pub(super) link: Digest,
}

/// Why the board is greeted.
#[derive(Clone, Debug)]
enum Purpose {
    /// Another board is due.
    First {
        /// The board of the session before, until it has gone.
        last_board: Option<LastBoard>,
    },
    /// The board of this session is to come back.
    Return {
        /// No later than this.
        until: MonotonicMillis,
        /// Why it was lost.
        reason: String,
    },
}

/// The state of waiting.
#[derive(Clone, Debug)]
pub(super) struct Greeting {
    purpose: Purpose,
    hello: Vec<u8>,
    session: Option<SessionId>,
    /// The exchange of all its `Hello`s.
    number: Option<u16>,
    /// Since when bytes come without a valid answer.
    noise_since: Option<MonotonicMillis>,
    last_byte: MonotonicMillis,
    /// After an answer that was not wanted: when to ask again.
    pause_until: Option<MonotonicMillis>,
}

/// What became of the greeting.
pub(super) enum Greeted {
    /// Go on waiting.
    Waiting(Greeting),
    /// A board for a new session.
    Met(Met),
    /// The board of this session is back.
    Back(Met),
}

impl Greeting {
    /// Waits for another board.
    pub(super) fn first(last_board: Option<LastBoard>, now: MonotonicMillis) -> Self {
        let quiet_ms = match last_board {
            Some(LastBoard::Unnamed { quiet_ms }) => quiet_ms,
            _ => 0,
        };
        let mut greeting = Self::new(Purpose::First { last_board }, now);
        greeting.last_byte = MonotonicMillis(now.0.saturating_sub(quiet_ms));
        greeting
    }

    /// Waits for the board of this session to come back.
    pub(super) fn back(until: MonotonicMillis, reason: String, now: MonotonicMillis) -> Self {
        Self::new(Purpose::Return { until, reason }, now)
    }

    fn new(purpose: Purpose, now: MonotonicMillis) -> Self {
        let (hello, session) = (Vec::new(), None);
        Self {
            purpose,
            hello,
            session,
            number: None,
            noise_since: None,
            last_byte: now,
            pause_until: None,
        }
    }

    /// The board of the session before, where it may still be in the fixture.
    pub(super) fn last_board(&self, now: MonotonicMillis) -> Option<LastBoard> {
        let quiet_ms = now.since(self.last_byte);
        match &self.purpose {
            Purpose::First {
                last_board: Some(board),
            } if quiet_ms < QUIET_MS => Some(match board {
                LastBoard::Unnamed { .. } => LastBoard::Unnamed { quiet_ms },
                LastBoard::Known { .. } => board.clone(),
            }),
            _ => None,
        }
    }

    /// When the time matters, besides the exchange's own deadline.
    pub(super) fn deadline(&self) -> Option<MonotonicMillis> {
        self.pause_until
    }

    /// The HSM drew the session's name: say hello.
    pub(super) fn drawn(mut self, desk: &mut Desk, random: [u8; 32]) -> Self {
        let mut name = [0_u8; 16];
        name.copy_from_slice(random.get(..16).unwrap_or(&[0; 16]));
        self.session = Some(SessionId::from_bytes(name));
        self.hello(desk);
        self
    }

    fn hello(&mut self, desk: &mut Desk) {
        let Some(session) = self.session else { return };
        let request = Request::Hello(Hello {
            min_version: version::MIN,
            max_version: version::CURRENT,
            max_frame_bytes: STATION_FRAME_BYTES,
            window_chunks: STATION_WINDOW,
            session,
        });
        let mut buffer = [0_u8; 64];
        self.hello = postcard::to_slice(&request, &mut buffer)
            .map(|b| b.to_vec())
            .unwrap_or_default();
        self.pause_until = None;
        if matches!(self.purpose, Purpose::First { .. }) {
            desk.exchange.count_anew();
        }
        self.number = Some(desk.greet(self.number, &request));
    }

    /// Bytes came that made no answer yet.
    pub(super) fn heard(mut self, desk: &Desk) -> Result<Self, Ending> {
        let now = desk.now.monotonic;
        self.mind_silence(now);
        self.last_byte = now;
        let since = *self.noise_since.get_or_insert(now);
        if self.awaits_leave() {
            return Ok(self);
        }
        if now.since(since) >= desk.context.timing.noise_ms {
            let detail = "bytes come, but no valid frame among them";
            return Err(Ending::new(VerdictCode::LinkNoise, detail));
        }
        Ok(self)
    }

    /// Time passed: ask again, or give the board of this session up.
    pub(super) fn time(mut self, desk: &mut Desk) -> Result<Self, Ending> {
        let now = desk.now.monotonic;
        self.mind_silence(now);
        self.expired(desk)?;
        if self.pause_until.is_some_and(|until| now >= until) {
            self.hello(desk);
        }
        Ok(self)
    }

    /// After a silence the board before has gone. Also asked when bytes come, since a busy machine may
    /// tell of the time that passed and of the next board's first bytes at once.
    fn mind_silence(&mut self, now: MonotonicMillis) {
        if now.since(self.last_byte) >= QUIET_MS {
            self.noise_since = None;
            if let Purpose::First { last_board } = &mut self.purpose {
                *last_board = None;
            }
        }
    }

    /// The exchange ended without an answer.
    pub(super) fn failed(mut self, desk: &mut Desk, failure: &Failure) -> Result<Self, Ending> {
        self.expired(desk)?;
        if self.awaits_leave() && !matches!(failure, Failure::Lost { .. }) {
            return Ok(self.pause(desk));
        }
        match failure {
            Failure::Flooded | Failure::Misbehaved(_) => Err(desk.failed(failure)),
            Failure::Lost { .. } | Failure::Endless { .. } => {
                self.hello(desk);
                Ok(self)
            }
        }
    }

    fn expired(&self, desk: &Desk) -> Result<(), Ending> {
        match &self.purpose {
            Purpose::Return { until, reason } if desk.now.monotonic >= *until => {
                let code = if desk.commit_sent {
                    VerdictCode::InDoubt
                } else {
                    VerdictCode::LinkLost
                };
                Err(Ending::new(
                    code,
                    format!("{reason}, and the board did not come back"),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Something answered.
    pub(super) fn answered(mut self, desk: &mut Desk, answer: Answer) -> Result<Greeted, Ending> {
        self.mind_silence(desk.now.monotonic);
        if self.awaits_leave() && !is_identity(&answer) {
            return Ok(Greeted::Waiting(self.pause(desk)));
        }
        let Answer::Message(body) = answer else {
            return Err(Ending::new(
                VerdictCode::LinkProtocol,
                "expected Identity, got a blob",
            ));
        };
        match body.response().map_err(|failure| desk.failed(&failure))? {
            Response::Identity(identity) => self.identified(desk, identity, &body),
            Response::NoCommonVersion {
                min_version,
                max_version,
            } => {
                let detail = format!(
                    "the board speaks versions {} to {}, the station {} to {}",
                    min_version.0,
                    max_version.0,
                    version::MIN.0,
                    version::CURRENT.0
                );
                Err(Ending::new(VerdictCode::LinkVersion, detail))
            }
            other => Err(unexpected("Identity", &other)),
        }
    }

    fn identified(
        self,
        desk: &mut Desk,
        identity: Identity,
        body: &MessageBody,
    ) -> Result<Greeted, Ending> {
        let now = desk.now.monotonic;
        if self.is_last_board(&identity.uid, identity.boot) {
            return Ok(Greeted::Waiting(self.pause(desk)));
        }
        let link = transcript::link_digest(&SoftwareSha256, &self.hello, body.as_bytes());
        let returning = matches!(self.purpose, Purpose::Return { .. });
        if returning
            && desk
                .claimed
                .as_ref()
                .is_some_and(|(uid, _)| *uid != identity.uid)
        {
            desk.displaced = true;
            let code = if desk.commit_sent {
                VerdictCode::InDoubt
            } else {
                VerdictCode::AttSession
            };
            let detail = format!("another board answers: {}", identity.uid);
            return Err(Ending::new(code, detail));
        }
        desk.claimed = Some((identity.uid.clone(), identity.boot));
        if !returning {
            desk.session = self.session;
            desk.met_at = Some(now);
        }
        let agreed = desk
            .exchange
            .agree(identity.max_frame_bytes, identity.window_chunks);
        agreed.map_err(|failure| desk.failed(&failure))?;
        if !(version::MIN..=version::CURRENT).contains(&identity.version) {
            let detail = format!(
                "the board chose version {}, which was not offered",
                identity.version.0
            );
            return Err(Ending::new(VerdictCode::LinkProtocol, detail));
        }
        desk.report(Step::Identified);
        let met = Met { identity, link };
        Ok(if returning {
            Greeted::Back(met)
        } else {
            Greeted::Met(met)
        })
    }

    /// Whether the board that had its verdict without saying who it is may still be there.
    fn awaits_leave(&self) -> bool {
        let Purpose::First { last_board } = &self.purpose else {
            return false;
        };
        matches!(last_board, Some(LastBoard::Unnamed { .. }))
    }

    /// Something is there that is not wanted: ask again after a while.
    fn pause(mut self, desk: &Desk) -> Self {
        let now = desk.now.monotonic;
        self.noise_since = None;
        self.last_byte = now;
        self.pause_until = Some(now.plus(desk.context.timing.hello_interval_ms));
        self
    }

    fn is_last_board(&self, uid: &Uid, boot: BootId) -> bool {
        let Purpose::First {
            last_board:
                Some(LastBoard::Known {
                    uid: last,
                    boot: last_boot,
                }),
        } = &self.purpose
        else {
            return false;
        };
        last == uid && *last_boot == boot
    }
}

fn is_identity(answer: &Answer) -> bool {
    match answer {
        Answer::Message(body) => matches!(body.response(), Ok(Response::Identity(_))),
        _ => false,
    }
}
