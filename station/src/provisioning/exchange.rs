//! The station's end of the wire: one request at a time, sent again until answered, blobs in chunks.
//!
//! Knows frames, retries and windows; knows nothing of what the messages mean. No clock: the time is
//! handed in, and [`Exchange::deadline`] says when it wants to be handed in again.

use firmware_proto::frame::{Direction, Header};
use firmware_proto::frame_reader::FrameReader;
use firmware_proto::object_transfer::{BlobId, ChunkSet, chunk_count};
use firmware_proto::{Request, Response, limits};

use super::action::WireCount;
use super::answer::{Answer, Failure, MessageBody, decode, encode};
use super::assembly::{Advance, Assembly, ask_answer, upload_answer};
use super::timing::{MAX_SESSION_BYTES, SessionTiming};
use crate::clock::MonotonicMillis;

/// What came of handing something in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Bytes to send now.
    pub(super) send: Vec<u8>,
    /// The end of the exchange, where this was it.
    pub(super) done: Option<Result<Answer, Failure>>,
}

/// One request under way.
#[derive(Debug)]
struct Pending {
    /// The request's number; answers bear it.
    number: u16,
    /// A later request of the same exchange: `ReadChunks` or `WriteStatus`.
    follow_up: Option<u16>,
    kind: Kind,
    attempts: u8,
    /// Send again when nothing came until then.
    quiet_until: MonotonicMillis,
    /// Whether that is a poll the device asked for, not a loss.
    polling: bool,
    /// No later than this.
    give_up: MonotonicMillis,
}

#[derive(Debug)]
enum Kind {
    Ask {
        frame: Vec<u8>,
        head: Option<(MessageBody, Assembly)>,
    },
    Upload {
        blob: BlobId,
        data: Vec<u8>,
        received: ChunkSet,
    },
}

/// The link to one board.
#[derive(Debug)]
pub(super) struct Exchange {
    reader: FrameReader,
    timing: SessionTiming,
    next_number: u16,
    chunk_bytes: usize,
    window_chunks: usize,
    pending: Option<Pending>,
    wire: WireCount,
    noise_before: u32,
    retries: u32,
}

/// An encoded `Identity` with all its texts at their longest.
const GREETING_ANSWER_BYTES: usize = 140;

impl Exchange {
    pub(super) fn new(timing: SessionTiming) -> Self {
        Self {
            reader: FrameReader::new(Direction::ToStation),
            timing,
            next_number: 1,
            chunk_bytes: limits::chunk_bytes(limits::MIN_FRAME_BYTES),
            window_chunks: 1,
            pending: None,
            wire: WireCount::default(),
            noise_before: 0,
            retries: 0,
        }
    }

    /// Takes over what `Hello` and `Identity` agreed on.
    pub(super) fn agree(
        &mut self,
        device_frame_bytes: u16,
        device_window: u8,
    ) -> Result<(), Failure> {
        let frame_bytes = usize::from(device_frame_bytes).min(limits::MAX_FRAME_BYTES);
        if frame_bytes < limits::MIN_FRAME_BYTES || device_window == 0 {
            return Err(Failure::Misbehaved(
                "the device's buffers are smaller than the protocol's least",
            ));
        }
        self.chunk_bytes = limits::chunk_bytes(frame_bytes);
        self.window_chunks = usize::from(device_window).min(limits::MAX_CHUNKS);
        Ok(())
    }

    /// What went over the wire so far.
    pub(super) fn wire(&self) -> WireCount {
        let noise = self.reader.counts().discarded_bytes;
        let noise_bytes = u64::from(noise.saturating_sub(self.noise_before));
        WireCount {
            noise_bytes,
            ..self.wire
        }
    }

    /// Requests sent again so far.
    pub(super) fn retries(&self) -> u32 {
        self.retries
    }

    /// When to hand the time in.
    pub(super) fn deadline(&self) -> Option<MonotonicMillis> {
        self.pending
            .as_ref()
            .map(|pending| pending.quiet_until.min(pending.give_up))
    }

    /// Forgets the request under way.
    pub(super) fn cancel(&mut self) {
        self.pending = None;
    }

    /// Begins to count anew: a new session, or another `Hello` of one that has not begun.
    pub(super) fn count_anew(&mut self) {
        self.wire = WireCount::default();
        self.retries = 0;
        self.noise_before = self.reader.counts().discarded_bytes;
    }

    /// Asks whether somebody is there: once, with an answering time of its own.
    ///
    /// The same `Hello` keeps its number, so that an answer that took longer than the interval still counts.
    pub(super) fn greet(
        &mut self,
        now: MonotonicMillis,
        number: Option<u16>,
        request: &Request<'_>,
    ) -> (u16, Vec<u8>) {
        let number = number.unwrap_or_else(|| self.take_number());
        let frame = self.ask_as(now, number, request, 1);
        let bytes = frame.len().saturating_add(GREETING_ANSWER_BYTES);
        let wait = self
            .timing
            .hello_interval_ms
            .saturating_add(self.timing.line_ms(bytes));
        if let Some(pending) = self.pending.as_mut() {
            pending.quiet_until = now.plus(wait);
        }
        (number, frame)
    }

    /// Sends one request that is answered by one message or one announced blob.
    pub(super) fn ask(
        &mut self,
        now: MonotonicMillis,
        request: &Request<'_>,
        attempts: u8,
    ) -> Vec<u8> {
        let number = self.take_number();
        self.ask_as(now, number, request, attempts)
    }

    fn ask_as(
        &mut self,
        now: MonotonicMillis,
        number: u16,
        request: &Request<'_>,
        attempts: u8,
    ) -> Vec<u8> {
        let frame = encode(number, 0, request);
        let kind = Kind::Ask {
            frame: frame.clone(),
            head: None,
        };
        self.begin(now, number, kind, attempts);
        self.sent(now, &frame);
        frame
    }

    /// Sends a blob, window by window.
    pub(super) fn upload(&mut self, now: MonotonicMillis, blob: BlobId, data: Vec<u8>) -> Vec<u8> {
        let number = self.take_number();
        let kind = Kind::Upload {
            blob,
            data,
            received: ChunkSet::EMPTY,
        };
        self.begin(now, number, kind, self.timing.attempts);
        let frames = self.window();
        self.sent(now, &frames);
        frames
    }

    /// Takes bytes from the port, in any split.
    pub(super) fn receive(&mut self, now: MonotonicMillis, bytes: &[u8]) -> Outcome {
        self.wire.received_bytes = self.wire.received_bytes.saturating_add(bytes.len() as u64);
        if self.wire.received_bytes > MAX_SESSION_BYTES {
            self.pending = None;
            return Outcome {
                done: Some(Err(Failure::Flooded)),
                ..Outcome::default()
            };
        }
        let mut outcome = Outcome::default();
        let mut rest = bytes;
        while let Some(frame) = self.reader.push(&mut rest) {
            let (header, body) = (frame.header, frame.body.to_vec());
            self.frame(now, header, &body, &mut outcome);
        }
        outcome
    }

    /// The time of [`Exchange::deadline`] has come, or is near.
    pub(super) fn time(&mut self, now: MonotonicMillis) -> Outcome {
        let mut outcome = Outcome::default();
        let exchange_seconds = self.timing.exchange_ms / 1000;
        let allowed = self.timing.attempts;
        let Some(pending) = self.pending.as_mut() else {
            return outcome;
        };
        if now >= pending.give_up {
            self.pending = None;
            outcome.done = Some(Err(Failure::Endless {
                seconds: exchange_seconds,
            }));
        } else if now >= pending.quiet_until {
            if pending.polling {
                pending.polling = false;
            } else if let Some(left) = pending.attempts.checked_sub(1).filter(|left| *left > 0) {
                pending.attempts = left;
                self.retries = self.retries.saturating_add(1);
            } else {
                self.pending = None;
                outcome.done = Some(Err(Failure::Lost { attempts: allowed }));
                return outcome;
            }
            let frames = self.again();
            self.sent(now, &frames);
            outcome.send = frames;
        }
        outcome
    }

    fn take_number(&mut self) -> u16 {
        let number = self.next_number;
        self.next_number = number.checked_add(1).unwrap_or(1);
        number
    }

    fn begin(&mut self, now: MonotonicMillis, number: u16, kind: Kind, attempts: u8) {
        self.pending = Some(Pending {
            number,
            follow_up: None,
            kind,
            attempts: attempts.max(1),
            quiet_until: now,
            polling: false,
            give_up: now.plus(self.timing.exchange_ms),
        });
    }

    /// Counts what is sent, and waits for an answer from now on.
    fn sent(&mut self, now: MonotonicMillis, frames: &[u8]) {
        self.wire.sent_bytes = self.wire.sent_bytes.saturating_add(frames.len() as u64);
        self.wire.round_trips = self.wire.round_trips.saturating_add(1);
        self.expect_until(
            now,
            frames.len().saturating_add(limits::MAX_ENCODED_FRAME_BYTES),
        );
    }

    fn expect_until(&mut self, now: MonotonicMillis, bytes: usize) {
        let wait = self
            .timing
            .answer_ms
            .saturating_add(self.timing.line_ms(bytes));
        if let Some(pending) = self.pending.as_mut() {
            pending.quiet_until = now.plus(wait);
        }
    }

    /// What to send when nothing came: the request, or only what is missing of its blob.
    fn again(&mut self) -> Vec<u8> {
        let number = self.take_number();
        let Some(pending) = self.pending.as_mut() else {
            return Vec::new();
        };
        match &pending.kind {
            Kind::Ask { frame, head: None } => frame.clone(),
            Kind::Ask {
                head: Some((_, assembly)),
                ..
            } => {
                pending.follow_up = Some(number);
                let (blob, missing) = (assembly.announced.blob, assembly.missing);
                encode(number, 0, &Request::ReadChunks { blob, missing })
            }
            Kind::Upload { blob, .. } => {
                pending.follow_up = Some(number);
                encode(number, 0, &Request::WriteStatus { blob: *blob })
            }
        }
    }

    /// The next chunks that the device lacks, as many as it takes back to back.
    fn window(&self) -> Vec<u8> {
        let Some(Pending {
            number,
            follow_up,
            kind:
                Kind::Upload {
                    blob,
                    data,
                    received,
                },
            ..
        }) = &self.pending
        else {
            return Vec::new();
        };
        let number = follow_up.unwrap_or(*number);
        let missing = ChunkSet::first(chunk_count(data.len(), self.chunk_bytes)).without(*received);
        let indices: Vec<u8> = missing.iter().take(self.window_chunks).collect();
        let mut frames = Vec::new();
        for (sequence, index) in (0_u8..).zip(&indices) {
            let from = usize::from(*index).saturating_mul(self.chunk_bytes);
            let to = from.saturating_add(self.chunk_bytes).min(data.len());
            let request = Request::WriteChunk {
                blob: *blob,
                total_bytes: u16::try_from(data.len()).unwrap_or(u16::MAX),
                index: *index,
                acknowledge: Some(index) == indices.last(),
                data: data.get(from..to).unwrap_or_default(),
            };
            frames.extend(encode(number, sequence, &request));
        }
        frames
    }

    fn frame(&mut self, now: MonotonicMillis, header: Header, body: &[u8], outcome: &mut Outcome) {
        let Some(pending) = self.pending.as_mut() else {
            return;
        };
        let number = header.exchange.0;
        if number != pending.number && Some(number) != pending.follow_up {
            return;
        }
        let chunk_bytes = self.chunk_bytes;
        let step = match decode(body) {
            Err(failure) => Advance::Done(Err(failure)),
            Ok(Response::Working { retry_ms }) => {
                let wait = retry_ms.clamp(1, limits::MAX_WORKING_MS);
                pending.polling = true;
                pending.quiet_until = now.plus(u64::from(wait));
                return;
            }
            Ok(response) => match &mut pending.kind {
                Kind::Ask { head, .. } => ask_answer(head, body, &response, chunk_bytes),
                Kind::Upload { data, received, .. } => upload_answer(
                    received,
                    body,
                    &response,
                    chunk_count(data.len(), chunk_bytes),
                ),
            },
        };
        match step {
            Advance::Ignore => {}
            Advance::Continue => {
                pending.attempts = pending.attempts.max(self.timing.attempts / 2);
                self.expect_until(now, limits::MAX_ENCODED_FRAME_BYTES);
            }
            Advance::NextWindow => {
                let number = self.take_number();
                if let Some(pending) = self.pending.as_mut() {
                    pending.follow_up = Some(number);
                }
                let frames = self.window();
                self.sent(now, &frames);
                outcome.send.extend(frames);
            }
            Advance::Done(result) => {
                self.pending = None;
                outcome.done = Some(result);
            }
        }
    }
}
