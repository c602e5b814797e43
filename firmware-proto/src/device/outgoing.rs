//! The last answer and the chunks behind it, as they leave.

use heapless::Vec;

use crate::frame::{Direction, Exchange, Header, encode_frame, encode_message};
use crate::limits::{self, MAX_ANSWER_BYTES, MAX_CHUNKS, MAX_ENCODED_FRAME_BYTES, MAX_FRAME_BYTES};
use crate::object_transfer::{BlobId, ChunkSet, chunk_count};
use crate::platform::Platform;
use crate::{Refusal, Response};

/// What leaves the device. One answer at a time: a new one replaces what has not begun to leave.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// The frame that is leaving.
    frame: [u8; MAX_ENCODED_FRAME_BYTES],
    frame_bytes: usize,
    sent_bytes: usize,
    /// To which exchange the answer belongs.
    exchange: Exchange,
    /// Of the next frame.
    sequence: u8,
    /// The answer's message; empty where the answer is chunks alone.
    body: Vec<u8, MAX_ANSWER_BYTES>,
    body_is_due: bool,
    /// The blob that was announced last.
    offer: Option<Offer>,
    /// Chunks that belong to the answer.
    chunks: ChunkSet,
    /// Those of them that have not left.
    chunks_due: ChunkSet,
}

/// An announced blob.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer {
    pub(super) blob: BlobId,
    pub(super) total_bytes: u16,
    pub(super) chunk_bytes: u16,
    /// How many chunks the station takes back to back.
    pub(super) window: u8,
}

impl Offer {
    fn chunk_count(self) -> usize {
        chunk_count(usize::from(self.total_bytes), usize::from(self.chunk_bytes))
    }

    /// The first chunks of `wanted` that the station takes back to back.
    fn window_of(self, wanted: ChunkSet) -> ChunkSet {
        let mut window = ChunkSet::EMPTY;
        for index in wanted.iter().take(usize::from(self.window.max(1))) {
            window.insert(index);
        }
        window
    }
}

impl Outgoing {
    pub(super) const fn new() -> Self {
        Self {
            frame: [0; MAX_ENCODED_FRAME_BYTES],
            frame_bytes: 0,
            sent_bytes: 0,
            exchange: Exchange(0),
            sequence: 0,
            body: Vec::new(),
            body_is_due: false,
            offer: None,
            chunks: ChunkSet::EMPTY,
            chunks_due: ChunkSet::EMPTY,
        }
    }

    /// The message that was said last.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Forgets answer and offer. A frame that has begun to leave is still finished.
    pub(super) fn forget(&mut self) {
        self.drop_answer(false);
    }

    /// Takes back what has not left of the last answer; the offer stays only for one who reads it.
    pub(super) fn drop_answer(&mut self, is_reading: bool) {
        self.body_is_due = false;
        self.body.clear();
        self.chunks = ChunkSet::EMPTY;
        self.chunks_due = ChunkSet::EMPTY;
        if !is_reading {
            self.offer = None;
        }
    }

    pub(super) fn refuse(&mut self, exchange: Exchange, refusal: Refusal) {
        self.say(exchange, &Response::Refused(refusal));
    }

    /// Answers with a message.
    pub(super) fn say(&mut self, exchange: Exchange, response: &Response<'_>) {
        let mut encoded = [0; MAX_ANSWER_BYTES];
        let Ok(encoded) = postcard::to_slice(response, &mut encoded) else {
            // Measurement names in other letters than ASCII could be longer than the bound allows for.
            return self.refuse(exchange, Refusal::Hardware);
        };
        self.drop_answer(true);
        self.body.extend_from_slice(encoded).unwrap_or_default();
        self.exchange = exchange;
        self.sequence = 0;
        self.body_is_due = true;
    }

    /// Lets the chunks of an announced blob follow the answer that announces it.
    pub(super) fn offer(&mut self, offer: Offer) {
        self.offer = Some(offer);
        self.chunks = offer.window_of(ChunkSet::first(offer.chunk_count()));
        self.chunks_due = self.chunks;
    }

    /// Answers with chunks alone.
    pub(super) fn send_chunks(
        &mut self,
        exchange: Exchange,
        blob: BlobId,
        missing: ChunkSet,
    ) -> Result<(), Refusal> {
        let offer = self
            .offer
            .filter(|offer| offer.blob == blob)
            .ok_or(Refusal::OutOfOrder)?;
        let all = ChunkSet::first(offer.chunk_count());
        if missing.is_empty() || !missing.without(all).is_empty() {
            return Err(Refusal::Bounds);
        }
        self.drop_answer(true);
        self.exchange = exchange;
        self.sequence = 0;
        self.chunks = offer.window_of(missing);
        self.chunks_due = self.chunks;
        Ok(())
    }

    /// Says the last answer again, unless it is still on its way out.
    pub(super) fn repeat(&mut self) {
        if !self.is_due() {
            self.sequence = 0;
            self.body_is_due = !self.body.is_empty();
            self.chunks_due = self.chunks;
        }
    }

    fn is_due(&self) -> bool {
        self.body_is_due || !self.chunks_due.is_empty()
    }

    /// Writes to `out` what is ready, at most to the end of one frame; 0 where there is nothing.
    pub(super) fn write(&mut self, platform: &mut impl Platform, out: &mut [u8]) -> usize {
        if self.sent_bytes == self.frame_bytes {
            self.frame_bytes = self.next_frame(platform).unwrap_or(0);
            self.sent_bytes = 0;
        }
        let ready = self
            .frame
            .get(self.sent_bytes..self.frame_bytes)
            .unwrap_or_default();
        let length = ready.len().min(out.len());
        if let (Some(from), Some(to)) = (ready.get(..length), out.get_mut(..length)) {
            to.copy_from_slice(from);
        }
        self.sent_bytes = self.sent_bytes.saturating_add(length);
        length
    }

    fn next_frame(&mut self, platform: &mut impl Platform) -> Option<usize> {
        let header = Header {
            direction: Direction::ToStation,
            exchange: self.exchange,
            sequence: self.sequence,
        };
        if self.body_is_due {
            self.body_is_due = false;
            self.sequence = self.sequence.wrapping_add(1);
            return encode_frame(header, &self.body, &mut self.frame).ok();
        }
        let index = self.chunks_due.iter().next()?;
        self.chunks_due = self.chunks_due.without(ChunkSet::only(index));
        self.sequence = self.sequence.wrapping_add(1);
        self.chunk_frame(platform, header, index).or_else(|| {
            // The blob can't be read any more: that is an answer, too.
            self.refuse(self.exchange, Refusal::Hardware);
            self.body_is_due = false;
            encode_frame(header, &self.body, &mut self.frame).ok()
        })
    }

    fn chunk_frame(
        &mut self,
        platform: &mut impl Platform,
        header: Header,
        index: u8,
    ) -> Option<usize> {
        let offer = self.offer?;
        let offset = u16::from(index).checked_mul(offer.chunk_bytes)?;
        let length = offer
            .total_bytes
            .checked_sub(offset)?
            .min(offer.chunk_bytes);
        let mut data = [0; limits::chunk_bytes(MAX_FRAME_BYTES)];
        let data = data.get_mut(..usize::from(length))?;
        platform.read_blob(offer.blob, offset, data).ok()?;
        let chunk = Response::Chunk {
            blob: offer.blob,
            index,
            data,
        };
        encode_message(header, &chunk, &mut self.frame).ok()
    }
}

const _: () = assert!(MAX_CHUNKS < 256, "the sequence of an answer does not wrap");
