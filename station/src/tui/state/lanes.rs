//! The lanes: what each does, and what it has done in this shift.

use serde::{Deserialize, Serialize};

use crate::line::wishes::serves;
use crate::provisioning::Step;
use crate::tui::event::LaneNews;
use crate::tui::state::READ_MS;
use crate::verdict::VerdictCode;
use crate::words::{Cause, FrameRemark, PortFault};

/// Steps of a session after the waiting.
pub const STEPS: u8 = Step::COUNT;

/// All lanes, in the order of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lanes {
    /// They.
    pub list: Vec<Lane>,
    /// Which of them is looked at.
    pub chosen: usize,
    /// Those that wait for a label, the longest first.
    pub awaiting: Vec<String>,
    /// Which of them the next scan is for.
    pub next: Option<Next>,
    /// How many of its frames are below the window; 0 follows the newest.
    pub frames_below: usize,
}

/// The lane that the next scan is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// It.
    pub lane: String,
    /// Since when it is named.
    pub since_ms: u64,
    /// Which lane was looked at when it was named last.
    pub chosen: usize,
}

/// A lane.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// Its port.
    pub port: String,
    /// What it does.
    pub doing: Doing,
    /// How far the board in work has come.
    pub step: u8,
    /// The board in work, or the last one.
    pub uid: Option<String>,
    /// That board's serial.
    pub serial: Option<String>,
    /// When the present doing, or the board's work, began.
    pub since_ms: u64,
    /// How long the last board took.
    pub took_ms: Option<u64>,
    /// The last verdict; it stands until the next board is in work.
    pub verdict: Option<ShownVerdict>,
    /// What is held, where the lane is.
    pub held: Option<Held>,
    /// What it has done.
    pub tally: Tally,
    /// What travelled last on its wire, the newest at the end; as of when somebody looked.
    pub frames: Vec<ShownFrame>,
}

/// What a lane does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doing {
    /// The line is not running.
    #[default]
    Idle,
    /// The port cannot be opened.
    NoPort(PortFault),
    /// It is to begin.
    Starting,
    /// Nobody answers.
    Silent,
    /// No board, or the last one is still in.
    Waiting,
    /// A board is in work, this far.
    Working(u8),
    /// The board's label is to be scanned.
    AwaitsLabel,
    /// Its thread has ended though the line runs.
    Ended,
}

/// What of a lane is told first, where more than one thing could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A board is in work, this far.
    Working(u8),
    /// The board's label is to be scanned.
    AwaitsLabel,
    /// The last verdict, whether or not the lane takes another board, or its port went with this one.
    Verdict,
    /// It takes no board.
    Held,
    /// Its port is gone, or nobody answers.
    Fault,
    /// Nothing but what the lane waits for.
    Nothing,
}

/// A verdict as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownVerdict {
    /// The code.
    pub code: VerdictCode,
    /// One line for people.
    pub detail: String,
    /// The proven UID, else the claimed one.
    pub uid: Option<String>,
    /// Its serial.
    pub serial: Option<String>,
    /// From the first answer to the verdict.
    pub took_ms: u64,
    /// What went over the wire.
    pub wire: Wire,
}

/// What went over the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wire {
    /// Bytes from the station.
    pub sent: u64,
    /// Bytes from the board.
    pub received: u64,
    /// Bytes thrown away.
    pub noise: u64,
    /// Exchanges.
    pub round_trips: u64,
    /// Requests sent again.
    pub retries: u64,
}

/// Why a lane takes no board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The lane or batch whose hold it is.
    pub name: String,
    /// Whether it is the batch's.
    pub of_batch: bool,
    /// What for.
    pub code: VerdictCode,
    /// Why.
    pub cause: Cause,
    /// Since when, UTC; none where the lane waits by itself.
    pub since_ms: Option<u64>,
}

/// What a lane has done: how worn its fixture and its cable are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Since the ledger began.
    pub wear: Wear,
    /// All that went over the wire since the terminal was opened.
    pub wire: Wire,
}

/// Verdicts of a lane, of all batches: they stay with its place, whoever restarts the station.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wear {
    /// Boards seen; one that comes twice counts twice.
    pub boards: u64,
    /// Boards that passed.
    pub passed: u64,
    /// Boards that failed one after another, up to now.
    pub failed_in_a_row: u64,
}

/// A frame as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownFrame {
    /// When it travelled last, UTC.
    pub utc_ms: u64,
    /// Whether it went to the board.
    pub to_board: bool,
    /// Its length on the wire, without delimiters.
    pub bytes: u32,
    /// How often it travelled.
    pub times: u32,
    /// Its message and what matters in it, in the protocol's own names and figures; empty where it is none.
    pub message: String,
    /// What is said of it in words.
    pub remark: Option<FrameRemark>,
}

impl Lanes {
    /// The lane that is looked at.
    #[must_use]
    pub fn chosen(&self) -> Option<&Lane> {
        self.list.get(self.chosen)
    }

    /// The line begins, or ends.
    pub fn all_are(&mut self, doing: &Doing) {
        for lane in &mut self.list {
            lane.doing = doing.clone();
            lane.held = None;
        }
        self.awaiting.clear();
    }

    /// The lane that the next scan is for.
    #[must_use]
    pub fn served_next(&self) -> Option<&str> {
        self.next.as_ref().map(|next| next.lane.as_str())
    }

    /// Whether that lane is named for as long as a person takes to read it. Where there is one lane, there is nothing
    /// to read.
    #[must_use]
    pub fn is_next_read(&self, now_ms: u64) -> bool {
        let since = |next: &Next| now_ms.saturating_sub(next.since_ms);
        let is_read = |next| since(next) >= READ_MS || self.list.len() == 1;
        self.next.as_ref().is_some_and(is_read)
    }

    /// Names the lane that the next scan is for. A lane that is named stays so until it waits no longer, or somebody
    /// chooses another that waits: whoever has read it and aims at its label is not overtaken by another lane.
    pub(in crate::tui) fn name_next(&mut self, now_ms: u64) {
        let chosen = self.chosen().map(|lane| lane.name.as_str());
        let waits = |lane: &str| self.awaiting.iter().any(|waits| waits == lane);
        let named = self.next.as_ref().filter(|next| waits(&next.lane));
        let stays = named.filter(|next| next.chosen == self.chosen || !chosen.is_some_and(waits));
        let lane = match stays {
            Some(next) => Some(next.lane.clone()),
            None => serves(self.awaiting.iter().map(String::as_str), chosen).map(str::to_owned),
        };
        let before = self.next.take();
        self.next = lane.map(|lane| {
            let since_ms = before.filter(|before| before.lane == lane);
            Next {
                since_ms: since_ms.map_or(now_ms, |before| before.since_ms),
                chosen: self.chosen,
                lane,
            }
        });
    }

    /// The lane has its label, or waits for none.
    pub fn has_label(&mut self, name: &str) {
        self.awaiting.retain(|waits| waits != name);
    }

    /// What the ledger says of the lanes' past.
    pub fn wear(&mut self, of: &[(String, Wear)]) {
        for (name, wear) in of {
            if let Some(lane) = self.list.iter_mut().find(|lane| lane.name == *name) {
                lane.tally.wear = *wear;
            }
        }
    }

    /// Follows what a lane says.
    pub fn note(&mut self, name: &str, news: &LaneNews, monotonic_ms: u64) {
        let Some(at) = self.list.iter().position(|lane| lane.name == name) else {
            return;
        };
        let Some(lane) = self.list.get_mut(at) else {
            return;
        };
        if let LaneNews::Frames(frames) = news
            && at == self.chosen
        {
            self.frames_below = still_below(&lane.frames, frames, self.frames_below);
        }
        lane.note(news, monotonic_ms);
        match (lane.doing == Doing::AwaitsLabel, news) {
            (true, LaneNews::AwaitsLabel) => {
                self.has_label(name);
                self.awaiting.push(name.to_owned());
            }
            (true, _) => {}
            (false, _) => self.has_label(name),
        }
    }
}

/// How many frames are below the one that was the lowest seen: whoever reads further up keeps their place.
fn still_below(before: &[ShownFrame], now: &[ShownFrame], below: usize) -> usize {
    let lowest = before.len().checked_sub(below + 1);
    let Some(lowest) = lowest.and_then(|at| before.get(at)).filter(|_| below > 0) else {
        return 0;
    };
    let newer = now.iter().rev().position(|frame| frame == lowest);
    // It is gone with the oldest ones.
    newer.unwrap_or(now.len())
}

impl Lane {
    /// What of it is told first.
    #[must_use]
    pub fn shown(&self) -> Shown {
        match &self.doing {
            Doing::Working(step) => Shown::Working(*step),
            Doing::AwaitsLabel => Shown::AwaitsLabel,
            _ if self.verdict.is_some() => Shown::Verdict,
            _ if self.held.is_some() => Shown::Held,
            _ if self.has_fault() => Shown::Fault,
            _ => Shown::Nothing,
        }
    }

    /// Whether its port is gone, or nobody answers: told beside a verdict that still stands.
    #[must_use]
    pub const fn has_fault(&self) -> bool {
        matches!(self.doing, Doing::NoPort(_) | Doing::Silent)
    }

    pub(in crate::tui) fn note(&mut self, news: &LaneNews, now_ms: u64) {
        match news {
            LaneNews::PortMissing(fault) => self.begin(Doing::NoPort(fault.clone()), now_ms),
            LaneNews::PortOpen | LaneNews::Step(0) => self.begin(Doing::Waiting, now_ms),
            // Said to whoever is at the screen; what the lane does is the same.
            LaneNews::AdapterChanged(_) => {}
            LaneNews::Silent => self.begin(Doing::Silent, now_ms),
            LaneNews::Ended => self.begin(Doing::Ended, now_ms),
            LaneNews::AwaitsLabel => self.doing = Doing::AwaitsLabel,
            LaneNews::Board { uid, serial } => {
                self.uid = Some(uid.clone());
                if serial.is_some() {
                    self.serial.clone_from(serial);
                    if self.doing == Doing::AwaitsLabel {
                        self.doing = Doing::Working(self.step);
                    }
                }
            }
            LaneNews::Step(step) => self.step(*step, now_ms),
            LaneNews::Verdict(verdict) => self.conclude(verdict, now_ms),
            LaneNews::Frames(frames) => self.frames.clone_from(frames),
            LaneNews::Held(held) => self.held = Some(held.clone()),
            LaneNews::Released => self.held = None,
        }
    }

    fn begin(&mut self, doing: Doing, now_ms: u64) {
        self.doing = doing;
        self.since_ms = now_ms;
    }

    fn step(&mut self, step: u8, now_ms: u64) {
        if !matches!(self.doing, Doing::Working(_) | Doing::AwaitsLabel) {
            self.since_ms = now_ms;
            self.verdict = None;
            self.serial = None;
        }
        self.held = None;
        self.step = step.min(STEPS);
        self.doing = Doing::Working(self.step);
    }

    fn conclude(&mut self, verdict: &ShownVerdict, now_ms: u64) {
        self.begin(Doing::Waiting, now_ms);
        self.uid.clone_from(&verdict.uid);
        self.serial.clone_from(&verdict.serial);
        self.took_ms = Some(verdict.took_ms);
        self.verdict = Some(verdict.clone());
        self.tally.wire.add(verdict.wire);
    }
}

impl Wire {
    fn add(&mut self, one: Self) {
        self.sent = self.sent.saturating_add(one.sent);
        self.received = self.received.saturating_add(one.received);
        self.noise = self.noise.saturating_add(one.noise);
        self.round_trips = self.round_trips.saturating_add(one.round_trips);
        self.retries = self.retries.saturating_add(one.retries);
    }
}
