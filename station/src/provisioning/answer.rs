//! Requests as frames, what a device can answer them with, and why there may be no answer.

use firmware_proto::frame::{Direction, Exchange, Header, encode_message};
use firmware_proto::{Request, Response, limits};
use thiserror::Error;

use super::timing::MAX_SESSION_BYTES;

/// What the device answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// A message that needs no blob.
    Message(MessageBody),
    /// An announcement and the whole blob, its digest verified.
    Blob {
        /// The announcement's body.
        head: MessageBody,
        /// The blob's first part.
        first: Vec<u8>,
        /// The rest of the blob.
        second: Vec<u8>,
    },
    /// Every chunk of the upload has arrived.
    Uploaded,
}

/// The body of a response as it travelled, known to be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MessageBody(Vec<u8>);

impl MessageBody {
    /// Takes the body of a frame that was read as a message.
    pub(super) fn new(body: &[u8]) -> Self {
        Self(body.to_vec())
    }

    /// The bytes as they travelled, for transcripts.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The message.
    pub(super) fn response(&self) -> Result<Response<'_>, Failure> {
        decode(&self.0)
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Failure {
    /// Nothing whole came back in all attempts.
    #[error("no answer after {attempts} attempts")]
    Lost { attempts: u8 },
    /// The device asks for ever more time.
    #[error("the device is still working after {seconds} s")]
    Endless { seconds: u64 },
    /// More bytes than any session needs.
    #[error("the device sent over {MAX_SESSION_BYTES} bytes")]
    Flooded,
    /// A whole frame that breaks the protocol's rules.
    #[error("{0}")]
    Misbehaved(&'static str),
}

/// Reads a message that fills the whole body.
pub(super) fn decode(body: &[u8]) -> Result<Response<'_>, Failure> {
    match postcard::take_from_bytes(body) {
        Ok((response, [])) => Ok(response),
        _ => Err(Failure::Misbehaved(
            "a whole frame whose content is no message",
        )),
    }
}

/// Every request fits: chunks are cut to the agreed size, everything else is small. Should one not,
/// nothing is sent and the exchange ends as lost.
pub(super) fn encode(exchange: u16, sequence: u8, request: &Request<'_>) -> Vec<u8> {
    let mut buffer = [0_u8; limits::MAX_ENCODED_FRAME_BYTES];
    let header = Header {
        direction: Direction::ToDevice,
        exchange: Exchange(exchange),
        sequence,
    };
    let length = encode_message(header, request, &mut buffer).unwrap_or(0);
    buffer.get(..length).unwrap_or_default().to_vec()
}
