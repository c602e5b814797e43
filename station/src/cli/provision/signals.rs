//! Ctrl-C and its kin: the first lets boards in work come to a safe state, the second stops at
//! once.

use std::sync::Arc;
use std::thread::JoinHandle;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals as Incoming};

use super::StationFloor;
use crate::cli::failure::Failure;

/// Hears signals until it is dropped.
#[derive(Debug)]
pub(super) struct Signals {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Signals {
    pub(super) fn listen(floor: Arc<StationFloor>) -> Result<Self, Failure> {
        let failed = |error| {
            let to_do = "see whether the machine is out of threads, then start again";
            Failure::station("cannot listen for signals", error, to_do)
        };
        let mut incoming = Incoming::new([SIGINT, SIGTERM, SIGHUP]).map_err(failed)?;
        let handle = incoming.handle();
        let hear = move || {
            for _ in incoming.forever() {
                floor.stop.raise_by_person();
            }
        };
        let thread = std::thread::Builder::new().name("signals".to_owned());
        let thread = Some(thread.spawn(hear).map_err(failed)?);
        Ok(Self { handle, thread })
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
