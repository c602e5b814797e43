//! A line of fixtures: lanes with a port each, boards put in and taken out as people do.
//!
//! One thread a lane. The report is the only thing that lanes share.

use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::thread;

use firmware_proto::platform::Sec1Point;
use thiserror::Error;

use crate::defect::{Catalogue, CatalogueError};
use crate::lane::Lane;
use crate::pty::{Pty, PtyError};
use crate::report::ReportLine;
use crate::seed::Seed;
use crate::wire::Speed;

/// The line can't be played.
#[derive(Debug, Error)]
pub enum LineError {
    /// The catalogue and the line don't fit together.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// A port can't be had or used.
    #[error(transparent)]
    Port(#[from] PtyError),
    /// The report, the folder or the output can't be written.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A lane's thread ended without a word.
    #[error("a lane stopped unexpectedly; this is a bug of the simulator")]
    Lane,
}

/// How a line is played.
#[derive(Clone, Debug)]
pub struct LineSettings {
    /// How many lanes.
    pub lanes: u32,
    /// How many devices on all lanes together.
    pub devices: u32,
    /// From which everything is drawn.
    pub seed: Seed,
    /// Under which the ports are linked, as `lane0` and on.
    pub folder: PathBuf,
    /// Speed and latency of all lanes.
    pub speed: Speed,
    /// What the devices pin.
    pub owner_key: Sec1Point,
    /// How people behave at the fixtures.
    pub people: People,
}

/// How people behave at the fixtures.
#[derive(Clone, Copy, Debug)]
pub struct People {
    /// How long they wait for a station to come at all; without one, without end.
    pub station_wait_ms: Option<u32>,
    /// How long they wait for a verdict.
    pub patience_ms: u32,
    /// How long a fixture is empty between two boards.
    pub gap_ms: u32,
    /// How often the station asks into the empty fixture before the next board is put in, unless it
    /// takes longer than they wait for a verdict. Questions that arrive at once count as one, so that
    /// a busy machine lengthens the gap and never shortens it.
    pub gap_hellos: u32,
    /// How long a board stays in after the station's farewell. With 0 it hears nothing that comes
    /// later.
    pub hand_ms: u32,
    /// How long power is away when it fails.
    pub power_off_ms: u32,
}

impl Default for People {
    fn default() -> Self {
        Self {
            station_wait_ms: Some(600_000),
            patience_ms: 60_000,
            gap_ms: 120,
            gap_hellos: 0,
            hand_ms: 0,
            power_off_ms: 250,
        }
    }
}

/// How far a line came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Played {
    /// Boards whose turn never came.
    pub never_put_in: u32,
    /// Boards that were put in and to which no station said hello.
    pub never_met: u32,
}

impl Played {
    /// Boards that no station has seen, for whichever reason.
    #[must_use]
    pub fn unseen(self) -> u32 {
        self.never_put_in.saturating_add(self.never_met)
    }
}

/// Ports that are open and announced, before the first board is put in.
#[derive(Debug)]
pub struct Line {
    settings: LineSettings,
    lanes: Vec<Lane>,
}

impl Line {
    /// Opens every lane's port, and names it on `out` once a station may open it.
    pub fn open(
        settings: LineSettings,
        catalogue: &Catalogue,
        out: &mut impl Write,
    ) -> Result<Self, LineError> {
        let failed = |what| move |source| LineError::Io { what, source };
        std::fs::create_dir_all(&settings.folder).map_err(failed("making the folder of ports"))?;
        let queues = catalogue.plan(settings.lanes, settings.devices, settings.seed)?;
        let mut lanes = Vec::new();
        for (index, queue) in queues.into_iter().enumerate() {
            let name = format!("lane{index}");
            let link = settings.folder.join(&name);
            let port = Pty::open(&link)?;
            writeln!(out, "{}", link.display()).map_err(failed("naming a port"))?;
            lanes.push(Lane::new(name, link, port, queue));
        }
        out.flush().map_err(failed("naming the ports"))?;
        Ok(Self { settings, lanes })
    }

    /// Plays the line until every board had its turn, no station came, or `stop` becomes readable. `report`
    /// is called for each board that is taken out.
    pub fn run(
        self,
        stop: &OwnedFd,
        report: &mut (impl FnMut(&ReportLine) -> io::Result<()> + Send),
    ) -> Result<Played, LineError> {
        let shared = Mutex::new((report, 0));
        let write = |line: &ReportLine| -> Result<(), LineError> {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.1 += u32::from(!line.met);
            (shared.0)(line).map_err(|source| LineError::Io {
                what: "writing the report",
                source,
            })
        };
        let station = AtomicBool::new(false);
        let settings = &self.settings;
        let never_put_in = thread::scope(|scope| {
            let mut threads = Vec::new();
            for lane in self.lanes {
                let (write, station) = (&write, &station);
                let stop = stop.as_fd();
                threads.push(scope.spawn(move || lane.run(settings, station, stop, write)));
            }
            let mut left = 0;
            for thread in threads {
                left += thread.join().map_err(|_| LineError::Lane)??;
            }
            Ok::<u32, LineError>(left)
        })?;
        let never_met = shared
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .1;
        Ok(Played {
            never_put_in,
            never_met,
        })
    }
}
