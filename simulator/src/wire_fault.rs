//! What a bad line does to the bytes: an options struct, all zero by default.

use firmware_proto::frame::DELIMITER;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;
use serde::{Deserialize, Serialize};

use crate::hostile::noise;
use crate::seed::{below, chance};

/// How often what happens, in each direction alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct WireFaults {
    /// Of a million bytes, how many have a flipped bit.
    pub flipped_bytes_per_million: u32,
    /// Of a million bytes, how many get lost.
    pub lost_bytes_per_million: u32,
    /// Of a million bytes, before how many a burst of noise stands.
    pub noise_bursts_per_million: u32,
    /// Of a thousand frames, how many get lost.
    pub lost_frames_per_thousand: u32,
    /// Of a thousand frames, how many come twice.
    pub doubled_frames_per_thousand: u32,
    /// Of a thousand frames, how many change places with the next one.
    pub reordered_frames_per_thousand: u32,
    /// Bytes of noise that the board writes before anybody has asked it anything.
    pub noise_before_hello_bytes: u32,
    /// Of a thousand frames, how many are held up.
    pub delayed_frames_per_thousand: u32,
    /// For how long those are held up, in milliseconds.
    pub delay_ms: u32,
}

impl WireFaults {
    /// Whether frames have to be told apart.
    const fn concern_frames(&self) -> bool {
        self.lost_frames_per_thousand > 0
            || self.doubled_frames_per_thousand > 0
            || self.reordered_frames_per_thousand > 0
            || self.delayed_frames_per_thousand > 0
    }
}

/// What one direction of the line did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireTally {
    /// Bytes with a flipped bit.
    pub flipped_bytes: u32,
    /// Lost bytes.
    pub lost_bytes: u32,
    /// Bursts of noise.
    pub noise_bursts: u32,
    /// Lost frames.
    pub lost_frames: u32,
    /// Doubled frames.
    pub doubled_frames: u32,
    /// Frames that changed places.
    pub reordered_frames: u32,
    /// Frames that were held up.
    pub delayed_frames: u32,
}

impl WireTally {
    /// All faults together.
    #[must_use]
    pub fn total(&self) -> u32 {
        [
            self.flipped_bytes,
            self.lost_bytes,
            self.noise_bursts,
            self.lost_frames,
            self.doubled_frames,
            self.reordered_frames,
            self.delayed_frames,
        ]
        .iter()
        .sum()
    }
}

/// Bytes that go on, and how much later than they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How much later, in milliseconds.
    pub delay_ms: u32,
}

/// One direction of a bad line.
#[derive(Debug)]
pub struct FaultyPath {
    faults: WireFaults,
    stream: ChaCha20Rng,
    begun: Vec<u8>,
    held_back: Option<Vec<u8>>,
    tally: WireTally,
}

impl FaultyPath {
    /// A path with these faults, drawn from this stream.
    #[must_use]
    pub fn new(faults: WireFaults, stream: ChaCha20Rng) -> Self {
        Self {
            faults,
            stream,
            begun: Vec::new(),
            held_back: None,
            tally: WireTally::default(),
        }
    }

    /// What it did so far.
    #[must_use]
    pub const fn tally(&self) -> WireTally {
        self.tally
    }

    /// What comes when the board is put in.
    pub fn contact_noise(&mut self) -> Vec<u8> {
        let length = usize::try_from(self.faults.noise_before_hello_bytes).unwrap_or(0);
        noise(&mut self.stream, length.min(LONGEST_RUN))
    }

    /// Passes bytes on, each fault in its turn.
    pub fn pass(&mut self, bytes: &[u8]) -> Vec<Passage> {
        if !self.faults.concern_frames() {
            let bytes = self.spoil_bytes(bytes);
            return vec![Passage { bytes, delay_ms: 0 }];
        }
        self.begun.extend_from_slice(bytes);
        let mut passages = Vec::new();
        while let Some(frame) = self.next_frame() {
            self.pass_frame(frame, &mut passages);
        }
        passages
    }

    /// A frame with both its delimiters, or a run of bytes that is too long for one.
    fn next_frame(&mut self) -> Option<Vec<u8>> {
        let end = self
            .begun
            .iter()
            .enumerate()
            .skip(1)
            .find(|(_, byte)| **byte == DELIMITER)
            .map(|(index, _)| index + 1)
            .or_else(|| (self.begun.len() > LONGEST_RUN).then_some(self.begun.len()))?;
        let rest = self.begun.split_off(end);
        Some(std::mem::replace(&mut self.begun, rest))
    }

    fn pass_frame(&mut self, frame: Vec<u8>, passages: &mut Vec<Passage>) {
        let faults = self.faults;
        if self.happens(faults.lost_frames_per_thousand) {
            self.tally.lost_frames += 1;
            return;
        }
        let times = if self.happens(faults.doubled_frames_per_thousand) {
            self.tally.doubled_frames += 1;
            2
        } else {
            1
        };
        let delay_ms = if self.happens(faults.delayed_frames_per_thousand) {
            self.tally.delayed_frames += 1;
            faults.delay_ms
        } else {
            0
        };
        if self.held_back.is_none() && self.happens(faults.reordered_frames_per_thousand) {
            self.tally.reordered_frames += 1;
            self.held_back = Some(frame);
            return;
        }
        for _ in 0..times {
            let bytes = self.spoil_bytes(&frame);
            passages.push(Passage { bytes, delay_ms });
        }
        if let Some(earlier) = self.held_back.take() {
            let bytes = self.spoil_bytes(&earlier);
            passages.push(Passage { bytes, delay_ms: 0 });
        }
    }

    fn happens(&mut self, per_thousand: u32) -> bool {
        chance(&mut self.stream, per_thousand.saturating_mul(1_000))
    }

    fn spoil_bytes(&mut self, bytes: &[u8]) -> Vec<u8> {
        let faults = self.faults;
        let mut spoilt = Vec::with_capacity(bytes.len());
        for byte in bytes {
            if chance(&mut self.stream, faults.noise_bursts_per_million) {
                self.tally.noise_bursts += 1;
                let length = usize::try_from(1 + below(&mut self.stream, 12)).unwrap_or(1);
                spoilt.extend(noise(&mut self.stream, length));
            }
            if chance(&mut self.stream, faults.lost_bytes_per_million) {
                self.tally.lost_bytes += 1;
                continue;
            }
            if chance(&mut self.stream, faults.flipped_bytes_per_million) {
                self.tally.flipped_bytes += 1;
                spoilt.push(byte ^ 1 << (self.stream.next_u32() & 7));
                continue;
            }
            spoilt.push(*byte);
        }
        spoilt
    }
}

/// Longer than any encoded frame: such a run is passed on as it is.
const LONGEST_RUN: usize = 2 * firmware_proto::limits::MAX_ENCODED_FRAME_BYTES;
