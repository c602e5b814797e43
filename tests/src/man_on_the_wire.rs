//! Somebody who sits between the station and one or more boards, sees every frame, and may keep it,
//! change it, hold it back, or send it elsewhere. They have no key of anybody.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use firmware_proto::Request;
use firmware_proto::frame::Direction;
use rustix::event::{PollFd, PollFlags, poll};

use crate::serial_wire::{Frame, SerialWire};

/// Where a frame came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// From the station.
    Station,
    /// From the board of that number.
    Board(usize),
}

/// The ends of all wires, for sending.
#[derive(Debug)]
pub struct Wires {
    station: SerialWire,
    boards: Vec<SerialWire>,
}

impl Wires {
    /// Sends to the station.
    pub fn to_station(&mut self, frame: &Frame) {
        self.station.send(frame);
    }

    /// Sends to a board.
    pub fn to_board(&mut self, board: usize, frame: &Frame) {
        self.boards[board].send(frame);
    }

    fn next_frame(&mut self) -> Option<(From, Frame)> {
        if let Some(frame) = self.station.next_frame() {
            return Some((From::Station, frame));
        }
        self.boards
            .iter_mut()
            .enumerate()
            .find_map(|(number, board)| {
                board.next_frame().map(|frame| (From::Board(number), frame))
            })
    }

    fn wait(&self) {
        let ends = std::iter::once(&self.station).chain(&self.boards);
        let mut polled: Vec<PollFd<'_>> = ends
            .map(|end| PollFd::from_borrowed_fd(end.descriptor(), PollFlags::IN))
            .collect();
        // Only so long that an order to stop is soon seen.
        let timeout = rustix::event::Timespec {
            tv_sec: 0,
            tv_nsec: 20_000_000,
        };
        let _ = poll(&mut polled, Some(&timeout));
    }
}

/// What was seen, in order.
pub type Record = Vec<(From, Frame)>;

/// The man, at work on a thread of his own.
#[derive(Debug)]
pub struct ManOnTheWire {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Record>>,
}

impl ManOnTheWire {
    /// Puts him between the port that the station will open (`station_port`, made here) and the boards'
    /// ports. `plot` sees each frame and decides what is sent where.
    ///
    /// # Panics
    /// Where a port can't be opened.
    pub fn start(
        station_port: &Path,
        boards: &[PathBuf],
        mut plot: impl FnMut(From, &Frame, &mut Wires) + Send + 'static,
    ) -> Self {
        let mut wires = Wires {
            station: SerialWire::create(station_port, Direction::ToDevice),
            boards: boards
                .iter()
                .map(|port| SerialWire::open(port, Direction::ToStation))
                .collect(),
        };
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut record = Record::new();
            while !stopped.load(Ordering::Relaxed) {
                match wires.next_frame() {
                    Some((from, frame)) => {
                        plot(from, &frame, &mut wires);
                        record.push((from, frame));
                    }
                    None => wires.wait(),
                }
            }
            record
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }

    /// Sends him away; he leaves what he has written down.
    ///
    /// # Panics
    /// Where his plot did.
    #[must_use]
    pub fn end(mut self) -> Record {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("he is sent away once");
        thread.join().expect("his plot does not panic")
    }
}

impl Drop for ManOnTheWire {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Hands everything on between the station and the first board.
pub fn hand_on(from: From, frame: &Frame, wires: &mut Wires) {
    match from {
        From::Station => wires.to_board(0, frame),
        From::Board(_) => wires.to_station(frame),
    }
}

/// Hands on everything but the farewell, so that the board stays in its fixture, as it is.
pub fn keep_the_board(from: From, frame: &Frame, wires: &mut Wires) {
    let farewell =
        from == From::Station && matches!(frame.request(), Some(Request::Farewell { .. }));
    if !farewell {
        hand_on(from, frame, wires);
    }
}
