//! Peers that write raw bytes, not messages: what a broken or malicious thing in the fixture does.

use firmware_proto::frame::DELIMITER;
use firmware_proto::object_transfer::BlobId;
use firmware_proto::{Direction, FrameReader, Header, Response};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;
use serde::{Deserialize, Serialize};

use crate::conduct::frame;
use crate::seed::{Purpose, Seed};

/// What the peer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostileKind {
    /// It never says a byte.
    Silent,
    /// It never stops writing noise, asked or not.
    Babbler,
    /// It never stops writing delimiters.
    Zeros,
    /// It answers each request with a run of 4 KiB that no frame may have.
    HugeFrames,
    /// It answers each request with noise between delimiters.
    Garbage,
    /// It answers each request with a whole frame that holds no message.
    Malformed,
    /// It never stops writing a chunk that is none of any blob, once it was asked anything.
    Chunks,
    /// It sends each request back as it came.
    Echo,
}

/// Such a peer.
#[derive(Debug)]
pub struct HostilePeer {
    kind: HostileKind,
    stream: ChaCha20Rng,
    reader: FrameReader,
    /// What it was asked last.
    asked: Option<Header>,
    ready: Vec<u8>,
}

impl HostilePeer {
    /// A peer in the place of a device.
    #[must_use]
    pub fn new(kind: HostileKind, seed: Seed, device: u32) -> Self {
        Self {
            kind,
            stream: seed.stream(Purpose::Hostile, device),
            reader: FrameReader::new(Direction::ToDevice),
            asked: None,
            ready: Vec::new(),
        }
    }

    /// The peer, in the place of a device that is just giving that answer.
    #[must_use]
    pub fn answering(mut self, header: Header) -> Self {
        self.asked = Some(header);
        self
    }

    /// Whether it writes without being asked.
    #[must_use]
    pub const fn is_never_silent(&self) -> bool {
        match self.kind {
            HostileKind::Babbler | HostileKind::Zeros => true,
            HostileKind::Chunks => self.asked.is_some(),
            _ => false,
        }
    }

    /// Bytes of the station.
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.kind == HostileKind::Echo {
            self.ready.extend_from_slice(bytes);
        }
        let mut rest = bytes;
        while let Some(request) = self.reader.push(&mut rest) {
            let mut header = request.header;
            header.direction = Direction::ToStation;
            self.asked = Some(header);
            match self.kind {
                HostileKind::HugeFrames => self.ready.extend(noise(&mut self.stream, 4096)),
                HostileKind::Garbage => {
                    self.ready.push(DELIMITER);
                    self.ready.extend(noise(&mut self.stream, 40));
                    self.ready.push(DELIMITER);
                }
                HostileKind::Malformed => {
                    header.sequence = 0;
                    self.ready.extend(malformed(header));
                }
                _ => {}
            }
        }
    }

    /// What it writes now. A peer that never stops gives some bytes at every call: ask at the pace
    /// of the line.
    pub fn transmit(&mut self) -> Vec<u8> {
        match self.kind {
            HostileKind::Babbler => noise(&mut self.stream, BABBLE_BYTES),
            HostileKind::Zeros => vec![DELIMITER; BABBLE_BYTES],
            HostileKind::Chunks => self.asked.map(chunks).unwrap_or_default(),
            _ => std::mem::take(&mut self.ready),
        }
    }
}

/// Whole frames with the last chunk that any blob can have, a few at once.
fn chunks(header: Header) -> Vec<u8> {
    let chunk = Response::Chunk {
        blob: BlobId::Evidence,
        index: LAST_CHUNK,
        data: &[0xc5; 160],
    };
    frame(header, &chunk).repeat(4)
}

/// Noise without a delimiter.
pub(crate) fn noise(stream: &mut ChaCha20Rng, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    stream.fill_bytes(&mut bytes);
    for byte in &mut bytes {
        *byte = (*byte).max(1);
    }
    bytes
}

fn malformed(header: Header) -> Vec<u8> {
    let mut buffer = [0; 64];
    // Number 0x7f names no message of any version so far.
    let length = firmware_proto::encode_frame(header, &[0x7f, 1, 2, 3], &mut buffer).unwrap_or(0);
    let bytes = buffer.get(..length).unwrap_or_default().to_vec();
    if bytes.is_empty() {
        return frame(header, &Response::Done);
    }
    bytes
}

const BABBLE_BYTES: usize = 256;
/// Number 31 of 32; the blob that is announced before has fewer.
const LAST_CHUNK: u8 = 31;
