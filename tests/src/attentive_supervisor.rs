//! A supervisor who looks at every hold as soon as it is placed, and lets the line go on.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::prepared_station::{PreparedStation, SUPERVISOR};
use crate::station_process::run;

/// How often they look.
const LOOK: Duration = Duration::from_millis(200);

/// Clears holds until dropped.
#[derive(Debug)]
pub struct AttentiveSupervisor {
    leave: Option<Sender<()>>,
    work: Option<JoinHandle<()>>,
}

impl AttentiveSupervisor {
    /// Begins to look.
    #[must_use]
    pub fn watch(station: &PreparedStation) -> Self {
        let (leave, left) = mpsc::channel();
        let station = station.clone();
        let work = std::thread::spawn(move || {
            while left.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                clear_all(&station);
            }
        });
        Self {
            leave: Some(leave),
            work: Some(work),
        }
    }
}

impl Drop for AttentiveSupervisor {
    fn drop(&mut self) {
        drop(self.leave.take());
        if let Some(work) = self.work.take() {
            drop(work.join());
        }
    }
}

/// Clears every hold that there is now.
pub fn clear_all(station: &PreparedStation) {
    for hold in station.run(["hold", "list", "--json"]).ok().json_lines() {
        let held = hold["batch"].as_str().or(hold["lane"].as_str());
        let Some(held) = held else { continue };
        let reason = ["--reason", "looked at", "--operator", SUPERVISOR];
        let mut clear = station.command(["hold", "clear", held]);
        run(clear.args(reason));
    }
}
