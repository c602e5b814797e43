//! Frames: how a message travels on a wire that loses, doubles and flips bytes.
//!
//! A frame is `kind ‖ exchange ‖ sequence ‖ body ‖ CRC-32`, COBS-encoded between two zero bytes. The
//! zero in front costs one byte and saves the frame when noise came before it: the noise then ends
//! as a frame of its own, with a wrong CRC. Nothing here knows what a body means.

use core::fmt;

use cobs::CobsEncoder;
use crc::{CRC_32_ISO_HDLC, Crc, Digest as CrcDigest, Table};
use postcard::ser_flavors::Flavor;
use serde::Serialize;

use crate::limits::{
    FRAME_CRC_BYTES, FRAME_HEADER_BYTES, MAX_ENCODED_FRAME_BYTES, MAX_FRAME_BYTES,
};

/// Stands before and after each frame, and nowhere within.
pub const DELIMITER: u8 = 0x00;

/// The frame format of this crate, in the low seven bits of the first byte.
pub const FORMAT: u8 = 0x01;

/// CRC-32/ISO-HDLC: polynomial 0x04C11DB7, reflected, initial and final value all ones.
pub(crate) static CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// Which way a frame travels; the high bit of its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the station.
    ToDevice,
    /// From the device.
    ToStation,
}

impl Direction {
    /// The frame's first byte.
    #[must_use]
    pub const fn kind(self) -> u8 {
        match self {
            Self::ToDevice => FORMAT,
            Self::ToStation => 0x80 | FORMAT,
        }
    }

    /// The direction that a first byte names; `None` for another frame format.
    #[must_use]
    pub const fn from_kind(kind: u8) -> Option<Self> {
        match kind {
            FORMAT => Some(Self::ToDevice),
            0x81 => Some(Self::ToStation),
            _ => None,
        }
    }
}

/// Numbers a question and everything that answers it. Compared as in RFC 1982: it wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Exchange(pub u16);

impl Exchange {
    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    /// Whether this number comes after `other`: by at most half of the number space.
    #[must_use]
    pub const fn is_after(self, other: Self) -> bool {
        let ahead = self.0.wrapping_sub(other.0);
        ahead != 0 && ahead < 0x8000
    }
}

/// What stands before the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which way the frame travels.
    pub direction: Direction,
    /// To which question it belongs.
    pub exchange: Exchange,
    /// Counts the frames of one exchange in one direction from 0, and again from 0 in each repetition.
    pub sequence: u8,
}

impl Header {
    /// As it travels.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; FRAME_HEADER_BYTES] {
        let [low, high] = self.exchange.0.to_le_bytes();
        [self.direction.kind(), low, high, self.sequence]
    }

    /// Reads a header; `None` for another frame format.
    #[must_use]
    pub const fn from_bytes([kind, low, high, sequence]: [u8; FRAME_HEADER_BYTES]) -> Option<Self> {
        match Direction::from_kind(kind) {
            Some(direction) => Some(Self {
                direction,
                exchange: Exchange(u16::from_le_bytes([low, high])),
                sequence,
            }),
            None => None,
        }
    }
}

/// Why a frame can't be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// Header, body and CRC are more than [`MAX_FRAME_BYTES`].
    TooLong,
    /// The buffer is too small; [`MAX_ENCODED_FRAME_BYTES`] is always enough.
    Space,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the frame is longer than the protocol allows",
            Self::Space => "the buffer is too small for the frame",
        })
    }
}

impl core::error::Error for FrameError {}

/// Writes one frame, delimiters included, to the front of `out` and gives its length.
///
/// # Errors
/// [`FrameError`] where the body is too long or `out` too small.
pub fn encode_frame(header: Header, body: &[u8], out: &mut [u8]) -> Result<usize, FrameError> {
    let mut writer = FrameWriter::new(header, out)?;
    writer.push(body)?;
    let length = writer.finish()?;
    close(out, length)
}

/// Writes one frame whose body is the postcard encoding of `message`, without a buffer in between.
///
/// # Errors
/// [`FrameError`] where the message is too long or `out` too small.
pub fn encode_message(
    header: Header,
    message: &impl Serialize,
    out: &mut [u8],
) -> Result<usize, FrameError> {
    // A serializer has its own errors and loses ours; a buffer for any frame can't have been too small.
    let full = if out.len() < MAX_ENCODED_FRAME_BYTES {
        FrameError::Space
    } else {
        FrameError::TooLong
    };
    let writer = FrameWriter::new(header, out)?;
    let length = postcard::serialize_with_flavor(message, writer).map_err(|_| full)?;
    close(out, length)
}

fn close(out: &mut [u8], length: usize) -> Result<usize, FrameError> {
    *out.get_mut(length).ok_or(FrameError::Space)? = DELIMITER;
    length.checked_add(1).ok_or(FrameError::Space)
}

/// Encodes a frame byte by byte: CRC and COBS run along.
struct FrameWriter<'a> {
    cobs: CobsEncoder<'a>,
    crc: CrcDigest<'static, u32, Table<1>>,
    /// Decoded bytes that still fit before the CRC.
    left: usize,
}

impl<'a> FrameWriter<'a> {
    fn new(header: Header, out: &'a mut [u8]) -> Result<Self, FrameError> {
        let (front, rest) = out.split_first_mut().ok_or(FrameError::Space)?;
        *front = DELIMITER;
        let mut writer = Self {
            cobs: CobsEncoder::new(rest),
            crc: CRC.digest(),
            left: MAX_FRAME_BYTES.saturating_sub(FRAME_CRC_BYTES),
        };
        writer.push(&header.to_bytes())?;
        Ok(writer)
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
        self.left = self
            .left
            .checked_sub(bytes.len())
            .ok_or(FrameError::TooLong)?;
        self.crc.update(bytes);
        self.cobs.push(bytes).map_err(|_| FrameError::Space)
    }

    /// The length of the leading delimiter and the encoded frame.
    fn finish(mut self) -> Result<usize, FrameError> {
        let crc = self.crc.finalize().to_le_bytes();
        self.cobs.push(&crc).map_err(|_| FrameError::Space)?;
        Ok(self.cobs.finalize().saturating_add(1))
    }
}

impl Flavor for FrameWriter<'_> {
    type Output = usize;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.push(bytes)
            .map_err(|_| postcard::Error::SerializeBufferFull)
    }

    fn finalize(self) -> postcard::Result<usize> {
        self.finish()
            .map_err(|_| postcard::Error::SerializeBufferFull)
    }
}
