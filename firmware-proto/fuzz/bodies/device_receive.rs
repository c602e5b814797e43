//! A peer that says anything, as raw bytes or in good frames: the device answers in bounded bytes.

#[path = "../../tests/device/board.rs"]
#[expect(dead_code, reason = "the board of the tests has more to it")]
mod board;

use board::Board;
use firmware_proto::limits::{MAX_BLOB_BYTES, MAX_ENCODED_FRAME_BYTES};
use firmware_proto::{Device, Direction, Exchange, Header, encode_frame};

/// All that one request can make a device say: an answer, and a blob with its chunks' overhead.
const ANSWER_BYTES_MAX: usize = MAX_ENCODED_FRAME_BYTES + 2 * MAX_BLOB_BYTES;

/// Holds the reader to the above with these bytes.
pub fn check(data: &[u8]) {
    let Ok(mut device) = Device::boot(Board::fresh()) else {
        return;
    };
    let mut rest = data;
    // A length, a number and that many bytes: a frame; a length of 0: everything else as it is.
    while let Some((&[length, number], after)) = rest.split_first_chunk::<2>() {
        let (body, after) = after.split_at(usize::from(length).min(after.len()));
        rest = after;
        if length == 0 {
            device.receive(rest);
            rest = &[];
        } else {
            let header = Header {
                direction: Direction::ToDevice,
                exchange: Exchange(u16::from(number)),
                sequence: 0,
            };
            let mut frame = [0; 512];
            let encoded = encode_frame(header, body, &mut frame).unwrap_or(0);
            device.receive(&frame[..encoded]);
        }
        let mut out = vec![0; ANSWER_BYTES_MAX + 1];
        assert!(device.transmit(&mut out) <= ANSWER_BYTES_MAX);
    }
}
