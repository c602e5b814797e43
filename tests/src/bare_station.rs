//! The station's end of the wire without a station behind it: asks a board whatever a test likes.

use std::path::Path;
use std::time::Duration;

use firmware_proto::frame::{Direction, Exchange, Header};
use firmware_proto::limits::MAX_FRAME_BYTES;
use firmware_proto::object_transfer::{Announcement, BlobId};
use firmware_proto::request::Hello;
use firmware_proto::{Request, Response, SessionId, limits, version};

use crate::serial_wire::{Frame, SerialWire};
use crate::wait_for;

/// How long a board may take for one answer before it is asked again.
const ANSWER: Duration = Duration::from_secs(2);

/// How often it is asked.
const ASKED: usize = 15;

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    frame: Frame,
    /// The blob that the answer announced, empty where it announced none.
    pub blob: Vec<u8>,
}

impl Answer {
    /// The response.
    ///
    /// # Panics
    /// Where it is none.
    #[must_use]
    pub fn response(&self) -> Response<'_> {
        self.frame
            .response()
            .expect("a board answers in the protocol")
    }
}

/// Asks a board.
#[derive(Debug)]
pub struct BareStation {
    wire: SerialWire,
    exchange: Exchange,
}

impl BareStation {
    /// At that port.
    #[must_use]
    pub fn open(port: &Path) -> Self {
        Self {
            wire: SerialWire::open(port, Direction::ToStation),
            exchange: Exchange(0x4000),
        }
    }

    /// Opens a session; gives the identity that the board claims.
    ///
    /// # Panics
    /// Where the board does not answer.
    pub fn hello(&mut self) -> Answer {
        self.exchange = self.exchange.next();
        let [low, high] = self.exchange.0.to_le_bytes();
        let mut session = [0x5a; 16];
        session[..2].copy_from_slice(&[low, high]);
        self.ask(&Request::Hello(Hello {
            min_version: version::MIN,
            max_version: version::CURRENT,
            max_frame_bytes: u16::try_from(MAX_FRAME_BYTES).expect("a frame is short"),
            window_chunks: 16,
            session: SessionId::from_bytes(session),
        }))
    }

    /// Asks, again and again until the whole answer is there.
    ///
    /// # Panics
    /// Where the board does not answer.
    pub fn ask(&mut self, request: &Request<'_>) -> Answer {
        let mut body = [0; MAX_FRAME_BYTES];
        let body = postcard::to_slice(request, &mut body).expect("a request can be written");
        self.ask_body(body)
    }

    /// Asks with a body that was recorded.
    ///
    /// # Panics
    /// Where the board does not answer.
    pub fn ask_body(&mut self, body: &[u8]) -> Answer {
        self.exchange = self.exchange.next();
        for _ in 0..ASKED {
            self.tell_body(body);
            if let Some(answer) = self.answer() {
                return answer;
            }
        }
        panic!(
            "the board did not answer {:?}",
            postcard::from_bytes::<Request<'_>>(body)
        );
    }

    /// Says something that has no answer.
    pub fn tell_body(&mut self, body: &[u8]) {
        let header = Header {
            direction: Direction::ToDevice,
            exchange: self.exchange,
            sequence: 0,
        };
        self.wire.send(&Frame {
            header,
            body: body.to_vec(),
        });
    }

    /// Uploads a blob chunk by chunk, each in its own exchange.
    ///
    /// # Panics
    /// Where the board does not acknowledge.
    pub fn upload(&mut self, blob: BlobId, bytes: &[u8], chunk_bytes: usize) {
        for (index, data) in bytes.chunks(chunk_bytes).enumerate() {
            let total_bytes = u16::try_from(bytes.len()).expect("a blob is short");
            let index = u8::try_from(index).expect("a blob has few chunks");
            self.ask(&Request::WriteChunk {
                blob,
                total_bytes,
                index,
                acknowledge: true,
                data,
            });
        }
    }

    fn answer(&mut self) -> Option<Answer> {
        let mut first: Option<(Frame, Option<Announcement>)> = None;
        let mut blob = Vec::new();
        let deadline = wait_for::Deadline::after(ANSWER);
        while !deadline.has_passed() {
            let Some(frame) = self.wire.next_frame() else {
                wait_for::a_moment();
                continue;
            };
            if frame.header.exchange != self.exchange {
                continue;
            }
            match (frame.response(), &mut first) {
                (Some(Response::Working { .. }), _) => return None,
                (Some(Response::Chunk { data, .. }), Some((_, Some(announced)))) => {
                    blob.extend_from_slice(data);
                    if blob.len() >= usize::from(announced.total_bytes) {
                        break;
                    }
                }
                (Some(response), None) => {
                    let announced = announcement(&response);
                    let whole = announced.is_none();
                    first = Some((frame, announced));
                    if whole {
                        break;
                    }
                }
                _ => {}
            }
        }
        let (frame, announced) = first?;
        let whole = announced.is_none_or(|a| blob.len() == usize::from(a.total_bytes));
        whole.then_some(Answer { frame, blob })
    }
}

fn announcement(response: &Response<'_>) -> Option<Announcement> {
    match response {
        Response::Evidence(announced)
        | Response::KeyEvidence(announced)
        | Response::Receipt(announced) => Some(*announced),
        _ => None,
    }
}

/// Bytes of a chunk in frames of that size.
#[must_use]
pub const fn chunk_bytes(frame_bytes: usize) -> usize {
    limits::chunk_bytes(frame_bytes)
}
