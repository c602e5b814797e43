//! What a frame says, in a few words: its message, and the fields that a person looks for. Nonces, keys and objects
//! are left out: those who need them have the ledger.

use firmware_proto::frame::DELIMITER;
use firmware_proto::object_transfer::{BlobId, ChunkSet};
use firmware_proto::{Digest, Direction, FrameReader, Request, Response};

use crate::line::wire_tap::TappedFrame;
use crate::tui::state::lanes::ShownFrame;
use crate::words::FrameRemark;

/// Bytes of a digest that are shown.
const DIGEST_BYTES: usize = 4;

/// The frame as the terminal shows it.
pub(super) fn shown(frame: &TappedFrame) -> ShownFrame {
    let Said(message, remark) = said(frame.direction, &frame.bytes);
    ShownFrame {
        utc_ms: frame.time.0,
        to_board: frame.direction == Direction::ToDevice,
        bytes: u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX),
        times: frame.times,
        message,
        remark,
    }
}

/// A message in the protocol's own names and figures, and what is said of it in words.
struct Said(String, Option<FrameRemark>);

impl Said {
    fn only(message: impl Into<String>) -> Self {
        Self(message.into(), None)
    }

    fn with(message: impl Into<String>, remark: FrameRemark) -> Self {
        Self(message.into(), Some(remark))
    }
}

fn said(direction: Direction, bytes: &[u8]) -> Said {
    let mut reader = FrameReader::new(direction);
    let whole = [&[DELIMITER], bytes, &[DELIMITER]].concat();
    let mut rest = &whole[..];
    let Some(frame) = reader.push(&mut rest) else {
        return Said::with("", FrameRemark::Noise);
    };
    let said = match direction {
        Direction::ToDevice => Request::decode(frame.body).ok().as_ref().map(request),
        Direction::ToStation => Response::decode(frame.body).ok().as_ref().map(response),
    };
    said.unwrap_or_else(|| Said::with("", FrameRemark::NoMessage))
}

fn request(request: &Request<'_>) -> Said {
    match request {
        Request::Hello(hello) => Said::with(
            format!("Hello v{}-{}", hello.min_version.0, hello.max_version.0),
            FrameRemark::Limits {
                frame_bytes: hello.max_frame_bytes.into(),
                window: hello.window_chunks.into(),
            },
        ),
        Request::Attest { .. } => Said::only("Attest"),
        Request::SelfTest => Said::only("SelfTest"),
        Request::MakeKey { .. } => Said::only("MakeKey"),
        Request::WriteChunk {
            blob,
            total_bytes,
            index,
            data,
            ..
        } => Said::with(
            format!("WriteChunk {} #{index} {} B", name(*blob), data.len()),
            FrameRemark::Of {
                bytes: (*total_bytes).into(),
            },
        ),
        Request::WriteStatus { blob } => Said::only(format!("WriteStatus {}", name(*blob))),
        Request::ReadChunks { blob, missing } => Said::with(
            format!("ReadChunks {}", name(*blob)),
            FrameRemark::Lost {
                chunks: count(*missing),
            },
        ),
        Request::Install { package } => Said::only(format!("Install {}", digest(package))),
        Request::Prove { .. } => Said::only("Prove"),
        Request::Commit { commit, .. } => Said::only(format!("Commit {} B", commit.len())),
        Request::GetReceipt { .. } => Said::only("GetReceipt"),
        Request::Farewell { passed: true } => Said::with("Farewell", FrameRemark::Passed),
        Request::Farewell { passed: false } => Said::with("Farewell", FrameRemark::NotPassed),
    }
}

fn response(response: &Response<'_>) -> Said {
    Said::only(match response {
        Response::Identity(identity) => format!(
            "Identity {} {} rev {} v{} {:?}",
            identity.uid,
            identity.product,
            identity.hardware_revision,
            identity.version.0,
            identity.state
        ),
        Response::NoCommonVersion {
            min_version,
            max_version,
        } => format!("NoCommonVersion v{}-{}", min_version.0, max_version.0),
        Response::Evidence(blob)
        | Response::KeyEvidence(blob)
        | Response::Receipt(blob)
        | Response::SelfTestReport(blob) => {
            let bytes = blob.total_bytes.into();
            return Said::with(name(blob.blob), FrameRemark::Of { bytes });
        }
        Response::Measurements(list) => format!("Measurements {}", list.len()),
        Response::ChunksReceived { blob, received } => {
            format!("ChunksReceived {} {}", name(*blob), count(*received))
        }
        Response::Chunk { blob, index, data } => {
            format!("Chunk {} #{index} {} B", name(*blob), data.len())
        }
        Response::Installed { chain } => format!("Installed {}", digest(chain)),
        Response::Proof { proof } => format!("Proof {} B", proof.len()),
        Response::Working { retry_ms } => {
            let ms = (*retry_ms).into();
            return Said::with("Working", FrameRemark::AskAgain { ms });
        }
        Response::Refused(refusal) => format!("Refused {refusal:?}"),
        Response::Done => "Done".to_owned(),
    })
}

const fn name(blob: BlobId) -> &'static str {
    match blob {
        BlobId::Evidence => "Evidence",
        BlobId::KeyEvidence => "KeyEvidence",
        BlobId::InstallPackage => "InstallPackage",
        BlobId::Receipt => "Receipt",
        BlobId::SelfTest => "SelfTestReport",
    }
}

const fn count(chunks: ChunkSet) -> u32 {
    chunks.0.count_ones()
}

/// The first bytes, as the ledger spells them.
fn digest(digest: &Digest) -> String {
    let first = digest.as_bytes().get(..DIGEST_BYTES).unwrap_or_default();
    format!("{}…", base16ct::lower::encode_string(first))
}

#[cfg(test)]
mod tests {
    use firmware_proto::limits::MAX_ENCODED_FRAME_BYTES;
    use firmware_proto::object_transfer::Announcement;
    use firmware_proto::{Exchange, Header, Nonce, encode_message};
    use serde::Serialize;

    use super::*;
    use crate::clock::UtcMillis;

    fn frame(direction: Direction, message: &impl Serialize) -> TappedFrame {
        let header = Header {
            direction,
            exchange: Exchange(3),
            sequence: 0,
        };
        let mut buffer = [0; MAX_ENCODED_FRAME_BYTES];
        let length = encode_message(header, message, &mut buffer).unwrap();
        TappedFrame {
            time: UtcMillis(5),
            direction,
            // As it is tapped: without the delimiters.
            bytes: buffer[1..length - 1].to_vec(),
            times: 2,
        }
    }

    #[test]
    fn a_request_is_named_with_what_matters_and_its_nonce_is_not_shown() {
        let secret = Nonce::from_bytes([0xAB; 32]);
        let attest = Request::Attest {
            station_nonce: secret,
        };
        let seen = shown(&frame(Direction::ToDevice, &attest));
        assert_eq!((seen.message.as_str(), seen.times), ("Attest", 2));
        assert!(seen.to_board && seen.bytes > 32, "{seen:?}");
        let chunk = Request::WriteChunk {
            blob: BlobId::InstallPackage,
            total_bytes: 900,
            index: 1,
            acknowledge: true,
            data: &[7; 20],
        };
        let seen = shown(&frame(Direction::ToDevice, &chunk));
        assert_eq!(seen.message, "WriteChunk InstallPackage #1 20 B");
        assert_eq!(seen.remark, Some(FrameRemark::Of { bytes: 900 }));
    }

    #[test]
    fn a_response_is_named_with_what_matters() {
        let announcement = Announcement {
            blob: BlobId::Evidence,
            first_bytes: 10,
            total_bytes: 1_234,
            digest: Digest::from_bytes([1; 32]),
        };
        let installed = Response::Installed {
            chain: Digest::from_bytes([0xC0; 32]),
        };
        for (message, expected) in [
            (
                Response::Evidence(announcement),
                ("Evidence", Some(FrameRemark::Of { bytes: 1_234 })),
            ),
            (
                Response::Working { retry_ms: 250 },
                ("Working", Some(FrameRemark::AskAgain { ms: 250 })),
            ),
            (Response::Done, ("Done", None)),
            (installed, ("Installed c0c0c0c0…", None)),
        ] {
            let seen = shown(&frame(Direction::ToStation, &message));
            assert_eq!((seen.message.as_str(), seen.remark), expected);
            assert!(!seen.to_board);
        }
    }

    #[test]
    fn what_was_flipped_on_the_wire_is_noise() {
        let noise = ("", Some(FrameRemark::Noise));
        let mut flipped = frame(Direction::ToStation, &Response::Done);
        flipped.bytes[2] ^= 0x10;
        let seen = shown(&flipped);
        assert_eq!((seen.message.as_str(), seen.remark), noise);
        // A request that comes back is no answer.
        let mut echo = frame(Direction::ToDevice, &Request::SelfTest);
        echo.direction = Direction::ToStation;
        let seen = shown(&echo);
        assert_eq!((seen.message.as_str(), seen.remark), noise);
    }
}
