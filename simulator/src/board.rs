//! A virtual board in memory: bytes in, bytes out, a power plug. No port, no clock, no thread.
//!
//! Whoever drives it (a test in virtual time, or a lane with a PTY) calls
//! [`VirtualBoard::receive`] with what the station wrote and then [`VirtualBoard::transmit`] for
//! what goes back.

use firmware_proto::device::Device;
use firmware_proto::frame::DELIMITER;
use firmware_proto::platform::Sec1Point;
use firmware_proto::{Direction, FrameReader, Header, Request, Response, Uid};

use crate::blueprint::Blueprint;
use crate::conduct::{Conduct, endless_blob, frame, renumbered, step_of, substitute};
use crate::device::Hardware;
use crate::experience::Experience;
use crate::fault::Fault;
use crate::hostile::{HostileKind, HostilePeer};
use crate::power::{PowerCut, Step};
use crate::seed::Seed;

/// A board, with all that happens to it.
#[derive(Debug)]
pub struct VirtualBoard {
    blueprint: Blueprint,
    conduct: Conduct,
    hardware: Hardware,
    occupant: Occupant,
    /// The board that is put in this one's place in the middle of a session.
    substitute: Option<Box<VirtualBoard>>,
    conduct_began: bool,
    asked: FrameReader,
    experience: Experience,
}

/// Who holds the line.
#[derive(Debug)]
enum Occupant {
    /// Nobody: no power.
    Off,
    /// The protocol.
    Device(Box<Device<Hardware>>),
    /// A peer that keeps none.
    Hostile(Box<HostilePeer>),
}

impl VirtualBoard {
    /// A good board, powered: the `device`th of the line that the seed names.
    #[must_use]
    pub fn good(seed: u64, device: u32, owner_key: &Sec1Point) -> Self {
        Self::assemble(
            Blueprint::good(Seed(seed), device, *owner_key),
            Conduct::Honest,
        )
    }

    /// A board with a fault, powered.
    #[must_use]
    pub fn faulty(seed: u64, device: u32, owner_key: &Sec1Point, fault: &Fault) -> Self {
        let mut blueprint = Blueprint::good(Seed(seed), device, *owner_key);
        let conduct = fault.apply(&mut blueprint);
        Self::assemble(blueprint, conduct)
    }

    /// Builds a board and gives it power.
    #[must_use]
    pub fn assemble(blueprint: Blueprint, conduct: Conduct) -> Self {
        let substitute = matches!(conduct, Conduct::SwappedFrom(_)).then(|| {
            let other = blueprint.device.wrapping_add(SUBSTITUTE_DEVICES);
            let other = Blueprint::good(blueprint.seed, other, blueprint.owner_key);
            Box::new(Self::assemble(other, Conduct::Honest))
        });
        let mut board = Self {
            hardware: Hardware::new(blueprint.clone()),
            blueprint,
            conduct,
            occupant: Occupant::Off,
            substitute,
            conduct_began: false,
            asked: FrameReader::new(Direction::ToDevice),
            experience: Experience::default(),
        };
        board.boot();
        board
    }

    /// The UID in the silicon, which the vendor vouches for.
    #[must_use]
    pub fn uid(&self) -> &Uid {
        &self.blueprint.endorsement.uid
    }

    /// What the board was built as.
    #[must_use]
    pub fn blueprint(&self) -> &Blueprint {
        &self.blueprint
    }

    /// What the board has gone through.
    #[must_use]
    pub fn experience(&self) -> Experience {
        let mut experience = self.experience.clone();
        experience.read_hardware(&self.hardware.state());
        experience
    }

    /// Whether it has power.
    #[must_use]
    pub fn is_powered(&self) -> bool {
        self.hardware.state().supply.is_on()
    }

    /// Adds a power cut at a step that is yet to come.
    pub fn plan_power_cut(&mut self, cut: PowerCut) {
        self.hardware.state().supply.plan(cut);
    }

    /// Cuts the power: what was not stored is gone, and so is what was not yet transmitted.
    pub fn power_cut(&mut self) {
        self.hardware.cut_power();
        self.notice_power();
    }

    /// Restores the power, after cutting it where it was on.
    pub fn reboot(&mut self) {
        self.power_cut();
        self.hardware.restore_power();
        self.boot();
    }

    /// Takes the board out of the fixture. Unlike a power cut this is no fault.
    pub fn unplug(&mut self) {
        self.hardware.take_power();
        self.notice_power();
    }

    /// Puts it back into a fixture, as a new presentation with its own counts.
    pub fn put_in_again(&mut self) {
        self.experience = Experience::default();
        self.hardware.restore_power();
        self.boot();
    }

    /// Whether it writes without being asked.
    #[must_use]
    pub fn is_never_silent(&self) -> bool {
        match &self.occupant {
            Occupant::Hostile(peer) => peer.is_never_silent(),
            Occupant::Off | Occupant::Device(_) => false,
        }
    }

    /// Bytes from the station.
    pub fn receive(&mut self, bytes: &[u8]) {
        if matches!(self.occupant, Occupant::Off) {
            return;
        }
        self.experience.bytes_from_station += bytes.len() as u64;
        self.listen(bytes);
        match &mut self.occupant {
            Occupant::Off => {}
            Occupant::Device(device) => device.receive(bytes),
            Occupant::Hostile(peer) => peer.receive(bytes),
        }
        if let Some(substitute) = &mut self.substitute {
            substitute.receive(bytes);
        }
        self.notice_power();
    }

    /// All that goes to the station now. Empty where there is nothing; never empty for a peer that
    /// never stops.
    pub fn transmit(&mut self) -> Vec<u8> {
        let bytes = match &mut self.occupant {
            Occupant::Off => Vec::new(),
            Occupant::Hostile(peer) => peer.transmit(),
            Occupant::Device(device) => {
                let said = drain(device);
                self.speak(&said)
            }
        };
        self.notice_power();
        self.experience.bytes_to_station += bytes.len() as u64;
        bytes
    }

    fn boot(&mut self) {
        self.experience.boots += 1;
        self.asked.reset();
        self.occupant = match self.conduct {
            Conduct::Hostile(kind) => Occupant::Hostile(Box::new(self.peer(kind))),
            _ => Device::boot(self.hardware.clone())
                .map_or(Occupant::Off, |device| Occupant::Device(Box::new(device))),
        };
        self.notice_power();
    }

    fn peer(&self, kind: HostileKind) -> HostilePeer {
        let Blueprint { seed, device, .. } = self.blueprint;
        HostilePeer::new(kind, seed, device)
    }

    fn notice_power(&mut self) {
        if !self.is_powered() {
            self.occupant = Occupant::Off;
        }
    }

    /// Notes what the station asks; decides nothing.
    fn listen(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(frame) = self.asked.push(&mut rest) {
            self.experience.requests += 1;
            if let Ok(Request::Farewell { passed }) = Request::decode(frame.body) {
                self.experience.farewell = Some(passed);
            }
        }
    }

    /// Passes what the protocol says through power and conduct, frame by frame.
    fn speak(&mut self, said: &[u8]) -> Vec<u8> {
        let other = self.substitute.as_mut().map(|board| board.transmit());
        let mut out = Vec::new();
        for run in said.split(|byte| *byte == DELIMITER) {
            if run.is_empty() || !self.is_powered() {
                continue;
            }
            let mut raw = vec![DELIMITER];
            raw.extend_from_slice(run);
            raw.push(DELIMITER);
            let spoken = self.speak_frame(raw);
            out.extend(spoken);
        }
        if self.conduct_began {
            // The substitute has answered the same request.
            return other.unwrap_or(out);
        }
        out
    }

    fn speak_frame(&mut self, raw: Vec<u8>) -> Vec<u8> {
        let Some((step, header)) = understand(&raw) else {
            return raw;
        };
        if self.hardware.state().supply.before(step).is_err() {
            return Vec::new();
        }
        let mut bytes = self.behave(step, header, raw);
        let mut state = self.hardware.state();
        if state.supply.tears(step) {
            bytes.truncate(bytes.len() / 2);
            return bytes;
        }
        let _off_from_here_on = state.supply.after(step);
        drop(state);
        if let Some((said, _)) = understand(&bytes) {
            self.experience.note_answer(said);
        }
        bytes
    }

    fn behave(&mut self, step: Step, header: Header, raw: Vec<u8>) -> Vec<u8> {
        match self.conduct {
            Conduct::SilentFrom(at)
            | Conduct::NoiseFrom(at)
            | Conduct::EndlessBlob(at)
            | Conduct::WrongSequence(at)
            | Conduct::SwappedFrom(at)
                if at == step =>
            {
                self.conduct_began = true;
            }
            _ => {}
        }
        if self.conduct_began {
            return self.misbehave(header, raw);
        }
        match substitute(self.conduct, step) {
            Some(response) => frame(header, &response),
            None => raw,
        }
    }

    /// What is said in place of an answer from the one on with which the conduct begins.
    fn misbehave(&mut self, header: Header, raw: Vec<u8>) -> Vec<u8> {
        match self.conduct {
            Conduct::NoiseFrom(_) => {
                self.occupant = Occupant::Hostile(Box::new(self.peer(HostileKind::Babbler)));
                Vec::new()
            }
            Conduct::EndlessBlob(_) => {
                let peer = self.peer(HostileKind::Chunks).answering(header);
                self.occupant = Occupant::Hostile(Box::new(peer));
                frame(header, &endless_blob())
            }
            Conduct::WrongSequence(_) => renumbered(raw),
            _ => Vec::new(),
        }
    }
}

fn drain(device: &mut Device<Hardware>) -> Vec<u8> {
    let mut said = Vec::new();
    let mut buffer = [0; 2048];
    loop {
        let length = device.transmit(&mut buffer);
        let Some(part) = buffer.get(..length).filter(|part| !part.is_empty()) else {
            return said;
        };
        said.extend_from_slice(part);
    }
}

fn understand(raw: &[u8]) -> Option<(Step, Header)> {
    let mut reader = FrameReader::new(Direction::ToStation);
    let mut rest = raw;
    let frame = reader.push(&mut rest)?;
    let response = Response::decode(frame.body).ok()?;
    Some((step_of(&response), frame.header))
}

/// How far from a board on the line the board is that takes its place.
const SUBSTITUTE_DEVICES: u32 = 1_000_000;
