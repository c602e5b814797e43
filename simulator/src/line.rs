//! A line of fixtures: lanes with a port each, boards put in and taken out as people do.
//!
//! One thread a lane. The report is the only thing that lanes share.

use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
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
    /// How long they wait for a verdict.
    pub patience_ms: u32,
    /// How long a fixture is empty between two boards.
    pub gap_ms: u32,
    /// How long a board stays in after the station's farewell. With 0 it hears nothing that comes
    /// later.
    pub hand_ms: u32,
    /// How long power is away when it fails.
    pub power_off_ms: u32,
}

impl Default for People {
    fn default() -> Self {
        Self {
            patience_ms: 60_000,
            gap_ms: 120,
            hand_ms: 0,
            power_off_ms: 250,
        }
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

    /// Plays the line until every board had its turn, or until `stop` becomes readable. Gives how
    /// many boards were never put in.
    pub fn run(self, stop: &OwnedFd, report: &mut (impl Write + Send)) -> Result<u32, LineError> {
        let report = Mutex::new(report);
        let write = |line: &ReportLine| -> Result<(), LineError> {
            let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
            line.write(&mut *report).map_err(|source| LineError::Io {
                what: "writing the report",
                source,
            })
        };
        let settings = &self.settings;
        let left = thread::scope(|scope| {
            let mut threads = Vec::new();
            for lane in self.lanes {
                let write = &write;
                threads.push(scope.spawn(move || lane.run(settings, stop.as_fd(), write)));
            }
            let mut left = 0;
            for thread in threads {
                left += thread.join().map_err(|_| LineError::Lane)??;
            }
            Ok::<u32, LineError>(left)
        })?;
        Ok(left)
    }
}
