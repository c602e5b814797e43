//! A line of simulated fixtures: the `simulator line` process, its PTYs, its report.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::prepared_station::PreparedStation;
use crate::station_process::{Finished, Running, programs};
use crate::wait_for;

/// What is to be simulated.
#[derive(Clone, Debug)]
pub struct LinePlan {
    /// How many lanes.
    pub lanes: usize,
    /// How many devices in all.
    pub devices: usize,
    /// From which every random byte comes.
    pub seed: u64,
    /// The defect catalogue.
    pub defects: PathBuf,
    /// What the devices pin.
    pub owner_key: Option<PathBuf>,
    /// Bits per second; none for no throttle.
    pub baud: Option<u32>,
    /// Delay of an adapter.
    pub latency_ms: Option<u32>,
    /// How long a person waits for a verdict.
    pub patience_ms: Option<u32>,
    /// How long a fixture is empty between two boards.
    pub gap_ms: Option<u32>,
    /// How often the station asks into an empty fixture at least. Boards that never say their name
    /// are told apart by the silence between them, and a busy machine may hear of it late.
    pub gap_hellos: Option<u32>,
    /// How long a board stays in its fixture after the station's farewell.
    pub hand_ms: Option<u32>,
}

/// Silence enough: the station wants 400 ms of it and asks every 100 ms. The first two questions may have
/// been on their way before it heard the last byte, and a hold may cut its waiting in pieces.
pub const ASKED_INTO_SILENCE: u32 = 10;

/// Time that one board may take beyond what is given for everything: far more than on a loaded machine.
const PATIENCE_PER_BOARD: Duration = Duration::from_secs(3);

impl LinePlan {
    /// One good board on each lane.
    ///
    /// # Panics
    /// Where the empty catalogue can't be written.
    #[must_use]
    pub fn good_boards(folder: &Path, station: &PreparedStation, boards: usize, seed: u64) -> Self {
        let defects = folder.join("no-defects.toml");
        std::fs::write(&defects, "schema = 1\n").expect("a catalogue is written");
        Self {
            lanes: boards,
            devices: boards,
            seed,
            defects,
            owner_key: Some(station.owner_key()),
            baud: None,
            latency_ms: None,
            patience_ms: None,
            gap_ms: None,
            gap_hellos: None,
            hand_ms: None,
        }
    }
}

/// A line that is running. Killed when dropped.
#[derive(Debug)]
pub struct SimulatedLine {
    running: Running,
    folder: PathBuf,
    report: PathBuf,
    lanes: usize,
    devices: usize,
}

impl SimulatedLine {
    /// Starts the line and waits until every lane's port is there.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start(folder: &Path, plan: &LinePlan) -> Self {
        std::fs::create_dir_all(folder).expect("a folder for the lanes");
        let report = folder.join("simulator.ndjson");
        let mut command = Command::new(&programs().simulator);
        command.arg("line");
        command.args(["--lanes", &plan.lanes.to_string()]);
        command.args(["--devices", &plan.devices.to_string()]);
        command.args(["--seed", &plan.seed.to_string()]);
        command.arg("--defects").arg(&plan.defects);
        command.arg("--dir").arg(folder);
        command.arg("--report").arg(&report);
        if let Some(key) = &plan.owner_key {
            command.arg("--owner-key").arg(key);
        }
        if let Some(baud) = plan.baud {
            command.args(["--baud", &baud.to_string()]);
        }
        if let Some(latency) = plan.latency_ms {
            command.args(["--latency-ms", &latency.to_string()]);
        }
        if let Some(patience) = plan.patience_ms {
            command.args(["--patience-ms", &patience.to_string()]);
        }
        if let Some(gap) = plan.gap_ms {
            command.args(["--gap-ms", &gap.to_string()]);
        }
        if let Some(hellos) = plan.gap_hellos {
            command.args(["--gap-hellos", &hellos.to_string()]);
        }
        if let Some(hand) = plan.hand_ms {
            command.args(["--hand-ms", &hand.to_string()]);
        }
        let line = Self {
            running: Running::start(&mut command),
            folder: folder.to_owned(),
            report,
            lanes: plan.lanes,
            devices: plan.devices,
        };
        for port in line.ports() {
            wait_for::condition(
                &format!("{}\n{}", port.display(), line.running.said()),
                || port.exists(),
            );
        }
        line
    }

    /// The lanes' ports.
    #[must_use]
    pub fn ports(&self) -> Vec<PathBuf> {
        (0..self.lanes)
            .map(|lane| self.folder.join(format!("lane{lane}")))
            .collect()
    }

    /// Where the report will be.
    #[must_use]
    pub fn report_file(&self) -> &Path {
        &self.report
    }

    /// Takes all boards out, and gives what each was and met.
    ///
    /// # Panics
    /// Where the report can't be read.
    #[must_use]
    pub fn stop(self) -> Vec<Value> {
        self.running.interrupt();
        self.finish().1
    }

    /// Takes the ports away without a word, as a pulled cable does. No report is left.
    ///
    /// # Panics
    /// Where it can't be killed.
    pub fn kill(self) {
        let _ = self.running.kill();
    }

    /// Waits for its end and gives what each device was and met.
    ///
    /// # Panics
    /// Where its report can't be read.
    #[must_use]
    pub fn finish(self) -> (Finished, Vec<Value>) {
        let devices = u32::try_from(self.devices).unwrap_or(u32::MAX);
        let patience = wait_for::PATIENCE + PATIENCE_PER_BOARD * devices;
        let finished = self.running.finish_within(patience);
        let text = std::fs::read_to_string(&self.report)
            .unwrap_or_else(|e| panic!("no report ({e})\n{}", finished.stderr));
        let devices = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("the report is NDJSON"))
            .collect();
        (finished, devices)
    }
}
