//! The last frames on each lane's wire, for a person who wants to see them.
//!
//! A lane only copies what travels, into a ring of its own; what it means is for whoever looks. The ring is bounded
//! in number and in bytes, and its lock is held for no longer than a copy takes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use firmware_proto::Direction;
use firmware_proto::frame::DELIMITER;
use firmware_proto::limits::MAX_ENCODED_FRAME_BYTES;

use crate::clock::UtcMillis;
use crate::names::LaneName;

/// Most frames of a lane that are kept, the newest.
pub const MAX_FRAMES: usize = 32;

/// How far back a frame is looked for that travels again: a question into an empty fixture, or a question and its
/// answer while the last board is still in.
const REPEATS_WITHIN: usize = 2;

/// The taps of all lanes.
#[derive(Debug, Default)]
pub struct WireTaps(Mutex<BTreeMap<LaneName, LaneTap>>);

impl WireTaps {
    /// A lane's tap.
    pub fn of(&self, lane: &LaneName) -> LaneTap {
        lock(&self.0).entry(lane.clone()).or_default().clone()
    }
}

/// One lane's tap: clones share its ring.
#[derive(Clone, Debug, Default)]
pub struct LaneTap(Arc<Mutex<Ring>>);

/// What stood between two delimiters, as it travelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TappedFrame {
    /// When it travelled last.
    pub time: UtcMillis,
    /// Which way.
    pub direction: Direction,
    /// It, without delimiters; the beginning only, where no frame is so long.
    pub bytes: Vec<u8>,
    /// How often it travelled, with at most one other in between.
    pub times: u32,
}

#[derive(Debug, Default)]
struct Ring {
    /// The newest at the end.
    frames: VecDeque<TappedFrame>,
    /// What the board has sent since its last delimiter.
    begun: Vec<u8>,
    /// How often anything was added.
    changes: u64,
}

impl LaneTap {
    /// The station has sent these bytes: whole frames.
    pub fn sent(&self, time: UtcMillis, bytes: &[u8]) {
        let mut ring = lock(&self.0);
        for frame in bytes.split(|byte| *byte == DELIMITER) {
            ring.add(time, Direction::ToDevice, frame);
        }
    }

    /// These bytes have come from the board, in any split.
    pub fn received(&self, time: UtcMillis, bytes: &[u8]) {
        let mut ring = lock(&self.0);
        let mut begun = std::mem::take(&mut ring.begun);
        for part in bytes.split_inclusive(|byte| *byte == DELIMITER) {
            let (frame, ends) = match part.split_last() {
                Some((&DELIMITER, frame)) => (frame, true),
                _ => (part, false),
            };
            let room = MAX_ENCODED_FRAME_BYTES.saturating_sub(begun.len());
            begun.extend_from_slice(frame.get(..room).unwrap_or(frame));
            if ends {
                ring.add(time, Direction::ToStation, &begun);
                begun.clear();
            }
        }
        ring.begun = begun;
    }

    /// The frames, the oldest first, where there are other ones than when there had been `seen` changes; and how many
    /// changes there have been now.
    #[must_use]
    pub fn since(&self, seen: u64) -> Option<(u64, Vec<TappedFrame>)> {
        let ring = lock(&self.0);
        (ring.changes != seen).then(|| (ring.changes, ring.frames.iter().cloned().collect()))
    }
}

impl Ring {
    fn add(&mut self, time: UtcMillis, direction: Direction, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.changes = self.changes.wrapping_add(1);
        let same = |frame: &&mut TappedFrame| frame.direction == direction && frame.bytes == bytes;
        let mut last = self.frames.iter_mut().rev().take(REPEATS_WITHIN);
        if let Some(again) = last.find(same) {
            again.time = time;
            again.times = again.times.saturating_add(1);
            return;
        }
        // The oldest frame's memory is used again.
        let full = self.frames.len() >= MAX_FRAMES;
        let oldest = full.then(|| self.frames.pop_front()).flatten();
        let mut kept = oldest.map(|frame| frame.bytes).unwrap_or_default();
        kept.clear();
        kept.extend_from_slice(bytes);
        self.frames.push_back(TappedFrame {
            time,
            direction,
            bytes: kept,
            times: 1,
        });
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: UtcMillis = UtcMillis(7);

    fn frames(tap: &LaneTap) -> Vec<(Direction, Vec<u8>, u32)> {
        let (_, frames) = tap.since(u64::MAX).unwrap();
        frames
            .into_iter()
            .map(|frame| (frame.direction, frame.bytes, frame.times))
            .collect()
    }

    #[test]
    fn frames_are_told_apart_however_they_come() {
        let tap = LaneTap::default();
        tap.sent(AT, b"\0one\0\0two\0");
        for byte in b"\0three\0\0fo" {
            tap.received(AT, &[*byte]);
        }
        tap.received(AT, b"ur\0fi");
        let (there, back) = (Direction::ToDevice, Direction::ToStation);
        let expected = [
            (there, "one"),
            (there, "two"),
            (back, "three"),
            (back, "four"),
        ];
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(direction, text)| (direction, text.as_bytes().to_vec(), 1))
            .collect();
        assert_eq!(frames(&tap), expected);
    }

    #[test]
    fn what_is_asked_again_and_again_pushes_nothing_out() {
        let tap = LaneTap::default();
        tap.sent(AT, b"\0farewell\0");
        for _ in 0..100 {
            tap.sent(AT, b"\0hello\0");
            tap.received(AT, b"\0still here\0");
        }
        let times: Vec<_> = frames(&tap).into_iter().map(|frame| frame.2).collect();
        assert_eq!(times, [1, 100, 100]);
    }

    #[test]
    fn a_board_that_screams_takes_no_more_memory_than_any() {
        let tap = LaneTap::default();
        for round in 0..100_u8 {
            let scream = [round.max(1); 3 * MAX_ENCODED_FRAME_BYTES];
            tap.received(AT, &scream);
            tap.received(AT, &scream);
            tap.received(AT, b"\0");
        }
        let kept = frames(&tap);
        assert_eq!(kept.len(), MAX_FRAMES);
        assert!(
            kept.iter()
                .all(|frame| frame.1.len() == MAX_ENCODED_FRAME_BYTES)
        );
        assert_eq!(kept.last().unwrap().1[0], 99, "the newest are kept");
    }

    #[test]
    fn who_has_seen_all_is_told_nothing() {
        let taps = WireTaps::default();
        let lane = LaneName::parse("L1").unwrap();
        assert!(taps.of(&lane).since(0).is_none());
        taps.of(&lane).sent(AT, b"\0one\0");
        let (seen, frames) = taps.of(&lane).since(0).unwrap();
        assert_eq!(frames.len(), 1);
        assert!(taps.of(&lane).since(seen).is_none());
        assert!(taps.of(&LaneName::parse("L2").unwrap()).since(0).is_none());
    }
}
