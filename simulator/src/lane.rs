//! One lane: a port, boards one after another, and the person who puts them in and takes them out.

use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use firmware_proto::{Direction, FrameReader, Request};

use crate::blueprint::Blueprint;
use crate::board::VirtualBoard;
use crate::clock::Clock;
use crate::conduct::Conduct;
use crate::defect::{Defect, Planned};
use crate::line::{LineError, LineSettings, People};
use crate::pty::{Pty, is_readable, wait_without_port};
use crate::report::{Ended, Presentation, ReportLine};
use crate::wire::{Instant, Wire};
use crate::wire_fault::WireFaults;

/// One lane with its port and the boards that are to be put in.
#[derive(Debug)]
pub struct Lane {
    name: String,
    link: PathBuf,
    /// None while the port has vanished.
    port: Option<Pty>,
    queue: Vec<Planned>,
    clock: Clock,
    /// The board before, in case it is put in again.
    last: Option<VirtualBoard>,
}

/// What the person at the fixture sees: the station's light.
struct Watcher {
    reader: FrameReader,
    hello: bool,
    farewell: bool,
}

impl Lane {
    /// A lane that is ready.
    #[must_use]
    pub fn new(name: String, link: PathBuf, port: Pty, queue: Vec<Planned>) -> Self {
        Self {
            name,
            link,
            port: Some(port),
            queue,
            clock: Clock::start(),
            last: None,
        }
    }

    /// Puts in one board after another. Gives how many were never put in. `station` is shared by all lanes:
    /// whether one of them has heard a station yet.
    pub fn run(
        mut self,
        settings: &LineSettings,
        station: &AtomicBool,
        stop: BorrowedFd<'_>,
        report: impl Fn(&ReportLine) -> Result<(), LineError>,
    ) -> Result<u32, LineError> {
        let queue = std::mem::take(&mut self.queue);
        let mut left = u32::try_from(queue.len()).unwrap_or(u32::MAX);
        for planned in queue {
            if is_readable(stop) {
                break;
            }
            left = left.saturating_sub(1);
            let line = self.present(&planned, settings, station, stop)?;
            report(&line)?;
            if line.ended == Ended::NoStation {
                break;
            }
            // After the last board nothing is to be told apart any more.
            let hellos = if left == 0 {
                0
            } else {
                settings.people.gap_hellos
            };
            self.leave_empty(&settings.people, hellos, stop)?;
        }
        Ok(left)
    }

    /// One board, from plug to unplug.
    fn present(
        &mut self,
        planned: &Planned,
        settings: &LineSettings,
        station: &AtomicBool,
        stop: BorrowedFd<'_>,
    ) -> Result<ReportLine, LineError> {
        let mut board = self.take_board(planned, settings);
        let defect = planned.defect.as_ref();
        let faults = defect.map_or(WireFaults::default(), Defect::wire_faults);
        let mut wire = Wire::new(settings.speed, faults, settings.seed, planned.device);
        let patience_ms = defect
            .and_then(|defect| defect.patience_ms)
            .unwrap_or(settings.people.patience_ms);
        let vanishing = defect.is_some_and(Defect::takes_port_along);
        let began = self.now();
        wire.start(began);
        let mut fixture = Fixture {
            board: &mut board,
            wire: &mut wire,
            watcher: Watcher::new(),
            deadline: after_all(began, settings.people.station_wait_ms),
            awaiting_station: true,
            patience_ms,
            power_back: None,
            farewell_at: None,
            vanishing,
        };
        let ended = self.work(&mut fixture, settings, station, stop)?;
        let met = fixture.watcher.hello;
        board.unplug();
        let presentation = Presentation {
            uid: board.uid().to_string(),
            claimed_uid: board.blueprint().claimed.uid.to_string(),
            device: planned.device,
            lane: self.name.clone(),
            seed: settings.seed.0,
            defect: defect.map(|defect| (defect.name.clone(), defect.faults().cloned().collect())),
            ended,
            met,
            ms: (self.now().0 - began.0) / 1_000,
            wire_faults: wire.tallies(),
        };
        let line = ReportLine::new(presentation, &board.experience());
        self.last = Some(board);
        Ok(line)
    }

    fn take_board(&mut self, planned: &Planned, settings: &LineSettings) -> VirtualBoard {
        let defect = planned.defect.as_ref();
        let last = self.last.take();
        if let (Some(true), Some(mut board)) = (defect.map(Defect::comes_back), last) {
            board.put_in_again();
            return board;
        }
        let mut blueprint = Blueprint::good(settings.seed, planned.device, settings.owner_key);
        if let (Some(true), Some(other)) = (defect.map(Defect::is_clone), planned.after) {
            blueprint.copy_silicon(other);
        }
        let conduct = defect.map_or(Conduct::Honest, |defect| defect.apply(&mut blueprint));
        VirtualBoard::assemble(blueprint, conduct)
    }

    fn work(
        &mut self,
        fixture: &mut Fixture<'_>,
        settings: &LineSettings,
        station: &AtomicBool,
        stop: BorrowedFd<'_>,
    ) -> Result<Ended, LineError> {
        self.release();
        loop {
            let now = self.now();
            if is_readable(stop) {
                return Ok(Ended::Stopped);
            }
            fixture.mind_station(station, now);
            if now >= fixture.deadline {
                return Ok(if fixture.awaiting_station {
                    Ended::NoStation
                } else {
                    Ended::Patience
                });
            }
            self.exchange(fixture, settings, now)?;
            self.mind_power(fixture, settings, now)?;
            if fixture.is_over(now, settings.people.hand_ms) {
                return Ok(Ended::Farewell);
            }
            let wait_us = fixture.wait_us(self.now());
            match &self.port {
                Some(port) => port.wait(stop, wait_us)?,
                None => wait_without_port(stop, wait_us).map_err(|source| LineError::Io {
                    what: "waiting",
                    source,
                })?,
            }
        }
    }

    /// Moves bytes both ways.
    fn exchange(
        &mut self,
        fixture: &mut Fixture<'_>,
        settings: &LineSettings,
        now: Instant,
    ) -> Result<(), LineError> {
        let Some(port) = &mut self.port else {
            return Ok(());
        };
        let asked = port.read()?;
        if !asked.is_empty() {
            let heard = fixture.watcher.watch(&asked, settings.people.hand_ms > 0);
            fixture.wire.to_device.push(now, heard);
        }
        let arrived = fixture.wire.to_device.pop(now);
        if !arrived.is_empty() {
            fixture.board.receive(&arrived);
        }
        let said = fixture.board.transmit();
        if !said.is_empty() {
            fixture.wire.to_station.push(now, &said);
        }
        let answered = fixture.wire.to_station.pop(now);
        port.write(&answered)?;
        Ok(())
    }

    fn mind_power(
        &mut self,
        fixture: &mut Fixture<'_>,
        settings: &LineSettings,
        now: Instant,
    ) -> Result<(), LineError> {
        if fixture.board.is_powered() {
            return Ok(());
        }
        match fixture.power_back {
            None => {
                fixture.wire.to_device.cut();
                fixture.power_back = Some(after(now, settings.people.power_off_ms));
                // What the board had put on the wire before still arrives, unless its port is its
                // own.
                if fixture.vanishing {
                    self.port = None;
                }
            }
            Some(instant) if now >= instant => {
                fixture.power_back = None;
                if self.port.is_none() {
                    self.port = Some(Pty::open(&self.link)?);
                }
                fixture.board.reboot();
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// The fixture is empty: whatever the station says, nobody hears it.
    fn leave_empty(
        &mut self,
        people: &People,
        wanted_hellos: u32,
        stop: BorrowedFd<'_>,
    ) -> Result<(), LineError> {
        if self.port.is_none() {
            self.port = Some(Pty::open(&self.link)?);
        }
        let began = self.now();
        let least = after(began, people.gap_ms);
        let most = after(least, people.patience_ms);
        let mut hellos = 0;
        loop {
            let end = if hellos < wanted_hellos { most } else { least };
            let left = end.0.saturating_sub(self.now().0);
            if left == 0 || is_readable(stop) {
                return Ok(());
            }
            if let Some(port) = &mut self.port {
                port.forget_unwritten();
                port.wait(stop, left)?;
                if !port.read()?.is_empty() {
                    hellos += 1;
                }
            }
        }
    }

    fn release(&self) {
        if let Some(port) = &self.port {
            port.release();
        }
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }
}

/// A board in its fixture.
struct Fixture<'a> {
    board: &'a mut VirtualBoard,
    wire: &'a mut Wire,
    watcher: Watcher,
    /// When nobody waits any longer: for a station to come at all, then for its verdict.
    deadline: Instant,
    awaiting_station: bool,
    patience_ms: u32,
    power_back: Option<Instant>,
    farewell_at: Option<Instant>,
    vanishing: bool,
}

impl Fixture<'_> {
    /// Patience is for the station's work, so it begins when there is a station on the line.
    fn mind_station(&mut self, station: &AtomicBool, now: Instant) {
        if self.watcher.hello {
            station.store(true, Ordering::Relaxed);
        }
        if self.awaiting_station && station.load(Ordering::Relaxed) {
            self.awaiting_station = false;
            self.deadline = after(now, self.patience_ms);
        }
    }

    /// The light is on and the board had time to say its last word.
    fn is_over(&mut self, now: Instant, hand_ms: u32) -> bool {
        if !self.watcher.farewell {
            return false;
        }
        let seen = *self.farewell_at.get_or_insert(now);
        let taken = after(seen, hand_ms);
        let quiet = self.wire.next_arrival().is_none();
        (quiet && now > taken) || now >= after(taken, LAST_WORD_MS)
    }

    fn wait_us(&self, now: Instant) -> u64 {
        let until = |instant: Instant| instant.0.saturating_sub(now.0);
        let mut wait = IDLE_US.min(until(self.deadline));
        if let Some(arrival) = self.wire.next_arrival() {
            wait = wait.min(until(arrival));
        }
        if let Some(back) = self.power_back {
            wait = wait.min(until(back));
        }
        if self.board.is_never_silent() || self.farewell_at.is_some() {
            wait = wait.min(BABBLE_US);
        }
        wait
    }
}

impl Watcher {
    const fn new() -> Self {
        Self {
            reader: FrameReader::new(Direction::ToDevice),
            hello: false,
            farewell: false,
        }
    }

    /// Gives what of the bytes reaches the board: nothing that comes after the farewell, unless
    /// the board is `left_in`. A farewell counts only after a Hello, so that one for the board
    /// before ends nothing.
    fn watch<'b>(&mut self, bytes: &'b [u8], left_in: bool) -> &'b [u8] {
        if self.farewell && !left_in {
            return &[];
        }
        let mut rest = bytes;
        while let Some(frame) = self.reader.push(&mut rest) {
            match Request::decode(frame.body) {
                Ok(Request::Hello(_)) => self.hello = true,
                Ok(Request::Farewell { .. }) if self.hello => {
                    self.farewell = true;
                    if !left_in {
                        return bytes.strip_suffix(rest).unwrap_or(bytes);
                    }
                }
                _ => {}
            }
        }
        bytes
    }
}

fn after(instant: Instant, milliseconds: u32) -> Instant {
    Instant(instant.0.saturating_add(u64::from(milliseconds) * 1_000))
}

/// As [`after`]; without a limit, never.
fn after_all(instant: Instant, milliseconds: Option<u32>) -> Instant {
    milliseconds.map_or(Instant(u64::MAX), |limit| after(instant, limit))
}

/// How long the answer to a farewell may take on a slow line.
const LAST_WORD_MS: u32 = 200;
/// Longest wait, so that nothing is ever forgotten.
const IDLE_US: u64 = 200_000;
/// The pace of a peer that never stops.
const BABBLE_US: u64 = 10_000;
