//! Frames survive any split and any noise, and nothing that was not sent comes out.

#![expect(
    clippy::expect_used,
    reason = "a test stops where something is not as expected"
)]

use firmware_proto::limits::{MAX_BODY_BYTES, MAX_ENCODED_FRAME_BYTES};
use firmware_proto::{
    Direction, Exchange, FrameError, FrameReader, Header, encode_frame, encode_message,
};
use proptest::collection::vec;
use proptest::prelude::*;

type Seen = (Header, Vec<u8>);

fn header(exchange: u16, sequence: u8) -> Header {
    Header {
        direction: Direction::ToDevice,
        exchange: Exchange(exchange),
        sequence,
    }
}

fn encoded(header: Header, body: &[u8]) -> Vec<u8> {
    let mut out = [0xAA; MAX_ENCODED_FRAME_BYTES];
    let length = encode_frame(header, body, &mut out).expect("the body fits");
    out[..length].to_vec()
}

fn read_all(reader: &mut FrameReader, pieces: &[&[u8]]) -> Vec<Seen> {
    let mut seen = Vec::new();
    for piece in pieces {
        let mut input = *piece;
        while let Some(frame) = reader.push(&mut input) {
            seen.push((frame.header, frame.body.to_vec()));
        }
        assert!(input.is_empty(), "all input is taken");
    }
    seen
}

fn any_body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..=MAX_BODY_BYTES),
        vec(
            prop_oneof![Just(0_u8), Just(1), Just(0xFF)],
            0..=MAX_BODY_BYTES
        ),
        vec(1..=255_u8, 240..=MAX_BODY_BYTES),
    ]
}

fn any_frames() -> impl Strategy<Value = Vec<Seen>> {
    let frame = (any::<u16>(), any::<u8>(), any_body());
    vec(frame, 1..5).prop_map(|frames| {
        let named = |(exchange, sequence, body)| (header(exchange, sequence), body);
        frames.into_iter().map(named).collect()
    })
}

proptest! {
    #[test]
    fn any_split_gives_the_frames_that_were_sent(
        frames in any_frames(),
        cut in vec(any::<u16>(), 0..20),
    ) {
        let wire: Vec<u8> = frames.iter().flat_map(|(h, body)| encoded(*h, body)).collect();
        let mut cuts: Vec<usize> = cut.iter().map(|c| usize::from(*c) % wire.len()).collect();
        cuts.extend([0, wire.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|w| &wire[w[0]..w[1]]).collect();
        let mut reader = FrameReader::new(Direction::ToDevice);
        prop_assert_eq!(read_all(&mut reader, &pieces), frames);
        prop_assert_eq!(reader.counts().discarded_bytes, 0);
    }

    #[test]
    fn noise_before_and_between_costs_no_frame(
        frames in any_frames(),
        noise in vec(vec(any::<u8>(), 0..1500), 5),
    ) {
        let mut wire = Vec::new();
        for ((h, body), noise) in frames.iter().zip(&noise) {
            wire.extend_from_slice(noise);
            wire.extend(encoded(*h, body));
        }
        let mut reader = FrameReader::new(Direction::ToDevice);
        prop_assert_eq!(read_all(&mut reader, &[&wire]), frames);
        let counts = reader.counts();
        let noise_bytes: usize =
            noise.iter().take(counts.frames as usize).flatten().filter(|byte| **byte != 0).count();
        prop_assert_eq!(counts.discarded_bytes as usize, noise_bytes);
    }

    #[test]
    fn a_damaged_frame_is_lost_and_the_next_one_is_not(
        body in any_body(),
        at in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let mut damaged = encoded(header(1, 0), &body);
        let at = at.index(damaged.len());
        damaged[at] ^= flip;
        let next = encoded(header(2, 0), b"next");
        let mut reader = FrameReader::new(Direction::ToDevice);
        let seen = read_all(&mut reader, &[&damaged, &next]);
        // A flipped outer delimiter joins with noise, or is replaced by the neighbour's delimiter.
        let outer = at == 0 || at == damaged.len() - 1;
        prop_assert_eq!(seen.last(), Some(&(header(2, 0), b"next".to_vec())));
        prop_assert!(outer || seen.len() == 1);
    }

    #[test]
    fn noise_alone_never_panics_and_is_bounded(noise in vec(any::<u8>(), 0..8000)) {
        let mut reader = FrameReader::new(Direction::ToStation);
        prop_assert_eq!(read_all(&mut reader, &[&noise]).len(), 0);
    }
}

#[test]
fn endless_bytes_without_a_delimiter_are_discarded_to_the_next_one() {
    let mut reader = FrameReader::new(Direction::ToDevice);
    // A frame within the overflow, without its own leading delimiter, must not be taken for one.
    let frame = encoded(header(7, 0), b"hidden");
    let mut wire = vec![0xFF; 5000];
    wire.extend_from_slice(&frame[1..]);
    wire.extend(encoded(header(8, 0), b"next"));
    let seen = read_all(&mut reader, &[&wire]);
    assert_eq!(seen, [(header(8, 0), b"next".to_vec())]);
    assert_eq!(reader.counts().overflows, 1);
}

#[test]
fn an_echo_and_another_format_are_counted_and_not_given() {
    let mut reader = FrameReader::new(Direction::ToStation);
    assert!(read_all(&mut reader, &[&encoded(header(1, 0), b"echo")]).is_empty());
    assert_eq!(reader.counts().foreign_frames, 1);
    assert_eq!(Header::from_bytes([0x02, 0, 0, 0]), None);
    assert_eq!(Header::from_bytes([0x82, 0, 0, 0]), None);
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut out = [0; MAX_ENCODED_FRAME_BYTES];
    let body = [1; MAX_BODY_BYTES + 1];
    assert_eq!(
        encode_frame(header(1, 0), &body[1..], &mut out),
        Ok(out.len())
    );
    assert_eq!(
        encode_frame(header(1, 0), &body, &mut out),
        Err(FrameError::TooLong)
    );
    assert_eq!(
        encode_message(header(1, 0), &[1_u8; 32], &mut out[..20]),
        Err(FrameError::Space)
    );
    let many = [[1_u8; 32]; 32];
    assert_eq!(
        encode_message(header(1, 0), &many, &mut out),
        Err(FrameError::TooLong)
    );
    for size in 0..20 {
        let mut small = vec![0; size];
        assert_eq!(
            encode_frame(header(1, 0), b"0123456789", &mut small),
            Err(FrameError::Space)
        );
    }
}

#[test]
fn exchange_numbers_wrap() {
    assert!(Exchange(0).is_after(Exchange(0xFFFF)));
    assert!(!Exchange(0xFFFF).is_after(Exchange(0)));
    assert!(!Exchange(5).is_after(Exchange(5)));
    assert_eq!(Exchange(0xFFFF).next(), Exchange(0));
}
