//! What a device knows since `Hello`, and forgets with the next one or with its power.

use crate::object_transfer::ChunkSet;
use crate::platform::{InstalledChain, KeyMade, RawSignature};
use crate::version::Version;
use crate::{DeviceNonce, Digest, Exchange};

/// One run of the exchange.
#[derive(Debug)]
pub(super) struct Session {
    /// Digest of the `Hello` that opened it.
    hello: Digest,
    /// Once `Identity` is said, and until `Farewell`; without it nothing else is done.
    pub(super) link: Option<LinkTerms>,
    /// Digest of token 1.
    pub(super) token: Option<Digest>,
    /// Digest of the measurements as they travelled.
    pub(super) measurements: Option<Digest>,
    /// What is being uploaded.
    pub(super) upload: Option<Upload>,
    /// Digest of the last proof object.
    pub(super) proof: Option<Digest>,
    /// The last exchange.
    pub(super) exchange: Exchange,
    /// Digest of its request.
    request: Digest,
    /// How far it is.
    pub(super) step: Step,
    /// What it had done already.
    pub(super) journal: Journal,
}

/// What `Hello` and `Identity` settled.
#[derive(Clone, Copy, Debug)]
pub(super) struct LinkTerms {
    /// The version that both speak.
    pub(super) version: Version,
    /// Digest over both.
    pub(super) digest: Digest,
    /// Data bytes per chunk, in both directions.
    pub(super) chunk_bytes: u16,
    /// How many chunks the station takes back to back.
    pub(super) window: u8,
}

/// A blob on its way in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Upload {
    pub(super) total_bytes: u16,
    pub(super) received: ChunkSet,
}

impl Upload {
    pub(super) const fn begun(total_bytes: u16) -> Self {
        Self {
            total_bytes,
            received: ChunkSet::EMPTY,
        }
    }
}

/// How far the last exchange is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Not answered, or answered with `Working`.
    Running,
    /// A window of chunks, any of which may come again.
    Uploading,
    /// Answered; the answer is kept.
    Answered,
}

/// Results of the slow operations that the running exchange has had. A new exchange begins a new journal.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Journal {
    pub(super) token_bytes: Option<u16>,
    pub(super) certificate_bytes: Option<u16>,
    pub(super) report_bytes: Option<u16>,
    pub(super) noise_bytes: Option<u16>,
    pub(super) key: Option<KeyMade>,
    pub(super) first_part: Option<Digest>,
    pub(super) whole: Option<Digest>,
    pub(super) package: Option<Digest>,
    pub(super) credential_verified: Option<bool>,
    pub(super) object_verified: Option<bool>,
    pub(super) installed: Option<InstalledChain>,
    pub(super) next_nonce: Option<DeviceNonce>,
    pub(super) locked: Option<()>,
    pub(super) signature: Option<RawSignature>,
    pub(super) receipt_written: Option<()>,
}

/// What is to be done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// Stale, or a number used twice: no answer.
    PassOver,
    /// Say the same again.
    Repeat,
    /// Go on with the exchange.
    Continue,
    /// It is the next exchange.
    Begin,
}

impl Session {
    pub(super) fn new(exchange: Exchange, hello: Digest) -> Self {
        Self {
            hello,
            link: None,
            token: None,
            measurements: None,
            upload: None,
            proof: None,
            exchange,
            request: hello,
            step: Step::Running,
            journal: Journal::default(),
        }
    }

    /// Whether this `Hello` opens another session, rather than being this one's come again.
    pub(super) fn is_opened_by(&self, number: Exchange, hello: &Digest) -> bool {
        self.hello != *hello || number.is_after(self.exchange)
    }

    pub(super) fn admit(&self, number: Exchange, request: &Digest, is_chunk: bool) -> Admission {
        if number.is_after(self.exchange) {
            return Admission::Begin;
        }
        if number != self.exchange {
            return Admission::PassOver;
        }
        match self.step {
            Step::Uploading if is_chunk => Admission::Continue,
            Step::Running if self.request == *request => Admission::Continue,
            Step::Answered if self.request == *request => Admission::Repeat,
            _ => Admission::PassOver,
        }
    }

    pub(super) fn begin(&mut self, number: Exchange, request: Digest) {
        self.exchange = number;
        self.request = request;
        self.step = Step::Running;
        self.journal = Journal::default();
    }

    /// After `Farewell` only its repetition is answered, and `Hello`.
    pub(super) fn close(&mut self) {
        self.link = None;
    }
}
