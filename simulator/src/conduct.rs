//! How a board behaves on the wire once its protocol has decided what to say: as told, or
//! otherwise.

use firmware_proto::limits::MAX_ENCODED_FRAME_BYTES;
use firmware_proto::object_transfer::{Announcement, BlobId};
use firmware_proto::version::Version;
use firmware_proto::{
    Digest, Direction, FrameReader, Header, Response, encode_frame, encode_message,
};

use crate::hostile::HostileKind;
use crate::power::Step;

/// How a board behaves on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    /// It says what its protocol says.
    Honest,
    /// From this answer on it says nothing any more, in this boot and all later ones.
    SilentFrom(Step),
    /// In place of this answer it says `Done`.
    WrongAnswer(Step),
    /// In place of this answer it announces a blob of 65,535 bytes.
    HugeBlob(Step),
    /// In place of this answer it announces a blob, and sends a chunk that is none of it for ever.
    EndlessBlob(Step),
    /// From this answer on it answers requests that nobody has made.
    WrongSequence(Step),
    /// From this answer on it writes noise and never stops.
    NoiseFrom(Step),
    /// From this answer on another board speaks, which has heard everything so far.
    SwappedFrom(Step),
    /// To everything it says that no version is common.
    OtherVersion(Version),
    /// It never kept the protocol.
    Hostile(HostileKind),
}

/// Where in the exchange an answer stands.
#[must_use]
pub const fn step_of(response: &Response<'_>) -> Step {
    match response {
        Response::Identity(_) => Step::AnswerIdentity,
        Response::NoCommonVersion { .. } | Response::Done => Step::AnswerDone,
        Response::Evidence(_) => Step::AnswerEvidence,
        Response::Measurements(_) | Response::SelfTestReport(_) => Step::AnswerMeasurements,
        Response::KeyEvidence(_) => Step::AnswerKeyEvidence,
        Response::ChunksReceived { .. } => Step::AnswerChunksReceived,
        Response::Chunk { .. } => Step::AnswerChunk,
        Response::Installed { .. } => Step::AnswerInstalled,
        Response::Proof { .. } => Step::AnswerProof,
        Response::Receipt(_) => Step::AnswerReceipt,
        Response::Working { .. } => Step::AnswerWorking,
        Response::Refused(_) => Step::AnswerRefused,
    }
}

/// What is said in place of an answer; `None` where the answer stands.
#[must_use]
pub fn substitute(conduct: Conduct, step: Step) -> Option<Response<'static>> {
    match conduct {
        Conduct::WrongAnswer(at) if at == step => Some(Response::Done),
        Conduct::HugeBlob(at) if at == step => Some(Response::Evidence(Announcement {
            blob: BlobId::Evidence,
            first_bytes: u16::MAX,
            total_bytes: u16::MAX,
            digest: Digest::from_bytes([0xff; 32]),
        })),
        Conduct::OtherVersion(version) => Some(Response::NoCommonVersion {
            min_version: version,
            max_version: version,
        }),
        _ => None,
    }
}

/// The blob that is announced where chunks then come for ever: of one chunk, which never comes.
#[must_use]
pub const fn endless_blob() -> Response<'static> {
    Response::Evidence(Announcement {
        blob: BlobId::Evidence,
        first_bytes: 1,
        total_bytes: 1,
        digest: Digest::from_bytes([0xff; 32]),
    })
}

/// The same frame as an answer to a request that nobody has made; as it is, where it is no frame.
#[must_use]
pub fn renumbered(raw: Vec<u8>) -> Vec<u8> {
    let mut rest = raw.as_slice();
    let mut buffer = [0; MAX_ENCODED_FRAME_BYTES + 2];
    let mut reader = FrameReader::new(Direction::ToStation);
    let length = reader.push(&mut rest).and_then(|frame| {
        let mut header = frame.header;
        header.exchange.0 ^= 0x8000;
        header.sequence = header.sequence.wrapping_add(1);
        encode_frame(header, frame.body, &mut buffer).ok()
    });
    match length {
        Some(length) => buffer.get(..length).unwrap_or_default().to_vec(),
        None => raw,
    }
}

/// A whole frame with that answer; empty where it is too long for any frame.
#[must_use]
pub fn frame(header: Header, response: &Response<'_>) -> Vec<u8> {
    let mut buffer = [0; MAX_ENCODED_FRAME_BYTES + 2];
    let length = encode_message(header, response, &mut buffer).unwrap_or(0);
    buffer.get(..length).unwrap_or_default().to_vec()
}
