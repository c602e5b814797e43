//! Any bytes in any split: what comes out is the same, and bounded.

use firmware_proto::limits::MAX_BODY_BYTES;
use firmware_proto::{Direction, FrameReader, Header};

/// Holds the reader to the above with these bytes.
pub fn check(data: &[u8]) {
    let Some((split, wire)) = data.split_first() else {
        return;
    };
    let step = usize::from(*split).max(1);
    assert_eq!(read(wire.chunks(step)), read(std::iter::once(wire)));
}

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<(Header, Vec<u8>)> {
    let mut reader = FrameReader::new(Direction::ToStation);
    let mut frames = Vec::new();
    for mut piece in pieces {
        while let Some(frame) = reader.push(&mut piece) {
            assert!(frame.body.len() <= MAX_BODY_BYTES);
            frames.push((frame.header, frame.body.to_vec()));
        }
    }
    frames
}
