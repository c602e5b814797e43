//! Frames out of a stream of bytes: any split, noise before and between, bounded memory.
//!
//! What is no whole frame of the expected direction is thrown away and counted, never reported: the
//! sender repeats itself. After an overflow everything up to the next delimiter is discarded, so
//! that the tail of a long run of noise can't pass for a frame.

use cobs::{DecodeResult, DecoderState};

use crate::frame::{CRC, DELIMITER, Direction, Header};
use crate::limits::{FRAME_CRC_BYTES, FRAME_HEADER_BYTES, MAX_FRAME_BYTES};

/// A whole frame with the right CRC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What stands before the body.
    pub header: Header,
    /// The message.
    pub body: &'a [u8],
}

/// What a reader threw away. Counters stay at their maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReaderCounts {
    /// Whole frames given.
    pub frames: u32,
    /// Bytes, as they travelled, that belonged to no frame given; lone delimiters don't count.
    pub discarded_bytes: u32,
    /// Runs of bytes that had the shape of a frame but a wrong CRC.
    pub bad_crc: u32,
    /// Frames with the right CRC in the other direction (an echo) or of another format.
    pub foreign_frames: u32,
    /// Runs of bytes longer than any frame.
    pub overflows: u32,
}

/// Collects one frame at a time.
#[derive(Debug)]
pub struct FrameReader {
    expected: Direction,
    decoder: DecoderState,
    buffer: [u8; MAX_FRAME_BYTES],
    decoded: usize,
    /// Bytes since the last delimiter, as they travelled.
    travelled: u32,
    overflowed: bool,
    counts: ReaderCounts,
}

impl FrameReader {
    /// A reader of the frames that travel in one direction.
    #[must_use]
    pub const fn new(expected: Direction) -> Self {
        Self {
            expected,
            decoder: DecoderState::Idle,
            buffer: [0; MAX_FRAME_BYTES],
            decoded: 0,
            travelled: 0,
            overflowed: false,
            counts: ReaderCounts {
                frames: 0,
                discarded_bytes: 0,
                bad_crc: 0,
                foreign_frames: 0,
                overflows: 0,
            },
        }
    }

    /// Takes bytes off the front of `input` up to the end of the next whole frame, and gives that frame.
    /// `None` means that all input is taken: call again while it gives a frame.
    pub fn push(&mut self, input: &mut &[u8]) -> Option<Frame<'_>> {
        let (header, body_end) = self.fill(input)?;
        let body = self.buffer.get(FRAME_HEADER_BYTES..body_end)?;
        Some(Frame { header, body })
    }

    /// What was thrown away since the reader was made.
    #[must_use]
    pub const fn counts(&self) -> ReaderCounts {
        self.counts
    }

    /// Whether bytes have come since the last delimiter.
    #[must_use]
    pub const fn is_within_frame(&self) -> bool {
        self.travelled != 0
    }

    /// Forgets a frame that has begun; for when the line was closed and opened again.
    pub fn reset(&mut self) {
        self.discard();
    }

    fn fill(&mut self, input: &mut &[u8]) -> Option<(Header, usize)> {
        while let Some((&byte, rest)) = input.split_first() {
            *input = rest;
            if byte != DELIMITER {
                self.travelled = self.travelled.saturating_add(1);
            }
            if self.overflowed {
                if byte == DELIMITER {
                    self.discard();
                }
                continue;
            }
            match self.decoder.feed(byte) {
                Ok(DecodeResult::NoData) => {}
                Ok(DecodeResult::DataStart) => self.decoded = 0,
                Ok(DecodeResult::DataContinue(decoded)) => self.keep(decoded),
                Ok(DecodeResult::DataComplete) => {
                    if let Some(frame) = self.check() {
                        return Some(frame);
                    }
                }
                // A delimiter in the middle of a run: the decoder is idle again.
                Err(_) => self.discard(),
            }
        }
        None
    }

    fn keep(&mut self, byte: u8) {
        if let Some(place) = self.buffer.get_mut(self.decoded) {
            *place = byte;
            self.decoded = self.decoded.saturating_add(1);
        } else {
            self.overflowed = true;
            count(&mut self.counts.overflows);
        }
    }

    /// At a delimiter: the header and the end of the body, if the run of bytes was a frame for us.
    fn check(&mut self) -> Option<(Header, usize)> {
        let Some((header, end)) = self.intact() else {
            count(&mut self.counts.bad_crc);
            self.discard();
            return None;
        };
        let header = Header::from_bytes(header).filter(|read| read.direction == self.expected);
        if header.is_some() {
            count(&mut self.counts.frames);
            self.travelled = 0;
        } else {
            count(&mut self.counts.foreign_frames);
            self.discard();
        }
        header.map(|header| (header, end))
    }

    fn intact(&self) -> Option<([u8; FRAME_HEADER_BYTES], usize)> {
        let decoded = self.buffer.get(..self.decoded)?;
        let (covered, crc) = decoded.split_last_chunk::<FRAME_CRC_BYTES>()?;
        let header = covered.first_chunk::<FRAME_HEADER_BYTES>()?;
        let right = CRC.checksum(covered) == u32::from_le_bytes(*crc);
        right.then_some((*header, covered.len()))
    }

    fn discard(&mut self) {
        self.counts.discarded_bytes = self.counts.discarded_bytes.saturating_add(self.travelled);
        self.travelled = 0;
        self.decoded = 0;
        self.overflowed = false;
        self.decoder = DecoderState::Idle;
    }
}

fn count(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}
