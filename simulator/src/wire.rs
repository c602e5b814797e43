//! The byte path between station and board, in virtual time: speed, latency, faults, both
//! directions.
//!
//! Time is a number of microseconds that the caller passes in; nothing here reads a clock.

use std::collections::VecDeque;

use crate::seed::{Purpose, Seed};
use crate::wire_fault::{FaultyPath, WireFaults, WireTally};

/// Microseconds since the caller's beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub u64);

/// How fast the line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Speed {
    /// Bits per second, ten of them a byte (8N1); `None` for as fast as it goes.
    pub baud: Option<u32>,
    /// What the adapter adds in each direction, in milliseconds.
    pub latency_ms: u32,
}

/// Both directions.
#[derive(Debug)]
pub struct Wire {
    /// From the station.
    pub to_device: Path,
    /// From the device.
    pub to_station: Path,
}

impl Wire {
    /// A wire with that speed and those faults, for one device of the line.
    #[must_use]
    pub fn new(line: Speed, faults: WireFaults, seed: Seed, device: u32) -> Self {
        let path = |purpose| Path {
            speed: line,
            faults: FaultyPath::new(faults, seed.stream(purpose, device)),
            free_at: Instant(0),
            under_way: VecDeque::new(),
        };
        Self {
            to_device: path(Purpose::WireToDevice),
            to_station: path(Purpose::WireToStation),
        }
    }

    /// The board is put in: noise of a bouncing contact, where the line has it, comes first.
    pub fn start(&mut self, now: Instant) {
        let noise = self.to_station.faults.contact_noise();
        if !noise.is_empty() {
            self.to_station.send(now, noise);
        }
    }

    /// When the next bytes arrive on either side.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Instant> {
        let arrivals = [
            self.to_device.next_arrival(),
            self.to_station.next_arrival(),
        ];
        arrivals.into_iter().flatten().min()
    }

    /// What it did to the bytes: to the device, to the station.
    #[must_use]
    pub fn tallies(&self) -> (WireTally, WireTally) {
        (
            self.to_device.faults.tally(),
            self.to_station.faults.tally(),
        )
    }
}

/// One direction.
#[derive(Debug)]
pub struct Path {
    speed: Speed,
    faults: FaultyPath,
    /// When the last byte so far has left.
    free_at: Instant,
    under_way: VecDeque<(Instant, Vec<u8>)>,
}

impl Path {
    /// Bytes enter the path.
    pub fn push(&mut self, now: Instant, bytes: &[u8]) {
        for passage in self.faults.pass(bytes) {
            if passage.bytes.is_empty() {
                continue;
            }
            let start = now.max(self.free_at).0 + u64::from(passage.delay_ms) * 1_000;
            match self.speed.baud {
                None => self.send(Instant(start), passage.bytes),
                Some(baud) => self.send_paced(start, &passage.bytes, baud),
            }
        }
    }

    /// Bytes that have arrived by now.
    pub fn pop(&mut self, now: Instant) -> Vec<u8> {
        let mut arrived = Vec::new();
        while self
            .under_way
            .front()
            .is_some_and(|(arrival, _)| *arrival <= now)
        {
            if let Some((_, bytes)) = self.under_way.pop_front() {
                arrived.extend(bytes);
            }
        }
        arrived
    }

    /// When the next bytes arrive.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Instant> {
        self.under_way.front().map(|(arrival, _)| *arrival)
    }

    /// Loses what is under way, as unplugging does.
    pub fn cut(&mut self) {
        self.under_way.clear();
    }

    fn send(&mut self, left: Instant, bytes: Vec<u8>) {
        self.free_at = left;
        let arrival = Instant(left.0 + u64::from(self.speed.latency_ms) * 1_000);
        self.under_way.push_back((arrival, bytes));
    }

    /// In pieces of what an adapter's buffer holds, each arriving when its last byte has.
    fn send_paced(&mut self, start: u64, bytes: &[u8], baud: u32) {
        let mut sent = 0;
        for piece in bytes.chunks(PIECE_BYTES) {
            sent += piece.len() as u64;
            let micros = sent * BITS_PER_BYTE * 1_000_000 / u64::from(baud.max(1));
            self.send(Instant(start + micros), piece.to_vec());
        }
    }
}

const BITS_PER_BYTE: u64 = 10;
/// As USB serial adapters pass them on.
const PIECE_BYTES: usize = 62;

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(speed: Speed, faults: WireFaults) -> Wire {
        Wire::new(speed, faults, Seed(7), 3)
    }

    #[test]
    fn a_slow_line_takes_ten_bits_a_byte_and_the_adapters_latency() {
        let speed = Speed {
            baud: Some(115_200),
            latency_ms: 1,
        };
        let mut wire = wire(speed, WireFaults::default());
        wire.to_device.push(Instant(0), &[1; 1152]);
        assert!(wire.to_device.pop(Instant(1_000)).is_empty());
        let mut now = Instant(0);
        let mut arrived = 0;
        while let Some(next) = wire.next_arrival() {
            now = next;
            arrived += wire.to_device.pop(now).len();
        }
        assert_eq!((now, arrived), (Instant(101_000), 1152));
    }

    #[test]
    fn a_bad_line_does_the_same_every_time_and_counts_it() {
        let faults = WireFaults {
            flipped_bytes_per_million: 20_000,
            lost_frames_per_thousand: 100,
            doubled_frames_per_thousand: 100,
            reordered_frames_per_thousand: 100,
            ..WireFaults::default()
        };
        let run = || {
            let mut wire = wire(Speed::default(), faults);
            for frame in 0..200_u8 {
                wire.to_station
                    .push(Instant(u64::from(frame)), &[0, frame | 1, 7, 7, 0]);
            }
            (wire.to_station.pop(Instant(1_000)), wire.tallies().1)
        };
        let (bytes, tally) = run();
        assert_eq!((bytes, tally), run());
        assert!(tally.flipped_bytes > 0 && tally.lost_frames > 0);
        assert!(tally.doubled_frames > 0 && tally.reordered_frames > 0);
    }
}
