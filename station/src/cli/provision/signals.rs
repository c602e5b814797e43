//! Ctrl-C and its kin: the first lets boards in work come to a safe state, the second stops at
//! once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::{Handle, Signals as Incoming};

use crate::cli::failure::Failure;
use crate::worker::Worker;

/// Hears signals until it is dropped.
#[derive(Debug)]
pub(in crate::cli) struct Signals {
    handle: Handle,
    worker: Option<Worker>,
    /// 0 until one was heard.
    first: Arc<AtomicI32>,
}

impl Signals {
    /// Calls `wish` for each.
    pub(in crate::cli) fn listen(wish: impl Fn() + Send + 'static) -> Result<Self, Failure> {
        let failed = |error| {
            let to_do = "see whether the machine is out of threads, then start again";
            Failure::station("cannot listen for signals", error, to_do)
        };
        // SIGQUIT too: it would write what keys are used with into a core file.
        let wanted = [SIGINT, SIGTERM, SIGHUP, SIGQUIT];
        let mut incoming = Incoming::new(wanted).map_err(failed)?;
        let handle = incoming.handle();
        let first = Arc::new(AtomicI32::new(0));
        let heard = Arc::clone(&first);
        let hear = move || {
            for signal in incoming.forever() {
                // Err where another one was first.
                let _first = heard.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
                wish();
            }
        };
        let worker = Some(Worker::start("signals", hear).map_err(failed)?);
        Ok(Self {
            handle,
            worker,
            first,
        })
    }

    /// The first signal that was heard.
    pub(super) fn first(&self) -> Option<i32> {
        Some(self.first.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(worker) = self.worker.take() {
            worker.end();
        }
    }
}
