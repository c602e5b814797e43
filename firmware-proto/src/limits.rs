//! Every bound of the protocol, and the assertions that tie them together.

/// Largest decoded frame (header, body, CRC) that anyone may send, in bytes.
pub const MAX_FRAME_BYTES: usize = 1024;

/// Smallest largest-frame a peer may announce: every message without a chunk fits into it.
pub const MIN_FRAME_BYTES: usize = 512;

/// Frame header: direction, exchange (2 bytes), sequence.
pub const FRAME_HEADER_BYTES: usize = 4;

/// CRC-32 at the end of the frame.
pub const FRAME_CRC_BYTES: usize = 4;

/// Largest message body.
pub const MAX_BODY_BYTES: usize = MAX_FRAME_BYTES - FRAME_HEADER_BYTES - FRAME_CRC_BYTES;

/// Largest frame as it travels: COBS adds one byte per 254 and one more, and a delimiter stands on either side.
pub const MAX_ENCODED_FRAME_BYTES: usize = MAX_FRAME_BYTES + MAX_FRAME_BYTES / 254 + 3;

/// What a chunk message needs besides its data: discriminant, blob, total, index, flag, length.
pub const CHUNK_OVERHEAD_BYTES: usize = 12;

/// Most chunks of one blob: they are tracked in a 32-bit set.
pub const MAX_CHUNKS: usize = 32;

/// Largest blob in either direction, in bytes.
pub const MAX_BLOB_BYTES: usize = 8 * 1024;

/// Most measurements of one self-test.
pub const MAX_MEASUREMENTS: usize = 32;

/// Most of them in version 1, where they travel in the answer itself.
pub const MAX_SCALAR_MEASUREMENTS: usize = 16;

/// Most readings of one quantity.
pub const MAX_READINGS: usize = 16;

/// Longest text of a measurement, in bytes.
pub const MAX_TEXT_BYTES: usize = 32;

/// Longest measurement as it travels, in bytes.
pub const MAX_MEASUREMENT_BYTES: usize = 84;

/// Most samples of the noise source in one self-test, one byte each.
pub const MAX_NOISE_SAMPLES: usize = 2048;

/// Longest name of a measurement, in bytes of ASCII.
pub const MAX_MEASUREMENT_NAME_BYTES: usize = 12;

/// Longest COSE object that travels inside a message (commit, proof), in bytes.
pub const MAX_INLINE_OBJECT_BYTES: usize = 320;

/// Longest signed object that a device must hold in memory to check it (credential, grant), in bytes.
pub const MAX_SIGNED_OBJECT_BYTES: usize = 448;

/// Largest message without a chunk: it fits into the smallest largest-frame.
pub const MAX_ANSWER_BYTES: usize = MIN_FRAME_BYTES - FRAME_HEADER_BYTES - FRAME_CRC_BYTES;

/// Most memory that a device's state takes, without its platform, in bytes.
pub const MAX_DEVICE_STATE_BYTES: usize = 4 * 1024;

/// Size of the device's non-volatile record, in bytes.
pub const MAX_RECORD_BYTES: usize = 512;

/// Longest a device may ask the station to wait before asking again, in milliseconds.
pub const MAX_WORKING_MS: u16 = 10_000;

/// Data bytes per chunk once both sides agreed on frames of at most `frame_bytes`.
#[must_use]
pub const fn chunk_bytes(frame_bytes: usize) -> usize {
    frame_bytes
        .saturating_sub(FRAME_HEADER_BYTES)
        .saturating_sub(FRAME_CRC_BYTES)
        .saturating_sub(CHUNK_OVERHEAD_BYTES)
}

const _: () = assert!(MAX_CHUNKS * chunk_bytes(MIN_FRAME_BYTES) >= MAX_BLOB_BYTES);
const _: () = assert!(MAX_INLINE_OBJECT_BYTES + 64 <= MIN_FRAME_BYTES - 8);
const _: () =
    assert!(MAX_SCALAR_MEASUREMENTS * (MAX_MEASUREMENT_NAME_BYTES + 13) + 2 <= MIN_FRAME_BYTES - 8);
const _: () =
    assert!(1 + MAX_MEASUREMENTS * MAX_MEASUREMENT_BYTES + MAX_NOISE_SAMPLES <= MAX_BLOB_BYTES);
const _: () = assert!(MAX_BLOB_BYTES <= u16::MAX as usize);
