//! Labels wait in a bounded queue for a thread of their own, which prints them in order.
//!
//! 1. A label that the printer does not take stays at the head, and is tried again every ten seconds. Its first
//!    fault is told, the others are not.
//! 2. Where too many wait, a new one is not taken: its fault is told at once.
//! 3. A label that may be on paper already is not tried again: its fault is told as its end.
//! 4. At the end what waits is printed still, up to the first label that the printer does not take, and no
//!    longer than ten seconds, nor than three without a label that comes to its end; all from there on are told as
//!    not printed. A label that is at a printer which does not even return from that is told as doubtful: the
//!    station ends without it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError, channel, sync_channel,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use firmware_proto::Uid;

use super::printer::{Printer, PrinterFault};
use crate::names::{BatchId, DeviceSerial};
use crate::worker::{LEAVING, Worker};

/// Most labels that wait.
pub const QUEUE_MAX: usize = 256;

/// How long after a fault the printer is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// How long what waits may take at the end, in steps.
const ENDING: Ending = Ending {
    step: Duration::from_secs(1),
    steps: 10,
    steps_a_label: 3,
};

/// Why what waited at the end was not printed.
const ENDED: &str = "the station ended before the printer took it";

/// Why it is not known of the label that was at the printer.
const ENDED_AT_PRINTER: &str = "the station ended while it was at the printer: it may be on paper";

#[derive(Clone, Copy, Debug)]
struct Ending {
    step: Duration,
    /// For all labels.
    steps: usize,
    /// From the end of one label to that of the next.
    steps_a_label: usize,
}

/// A label that is to be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelJob {
    /// The board's serial.
    pub serial: DeviceSerial,
    /// The board.
    pub uid: Uid,
    /// Its batch.
    pub batch: BatchId,
    /// The label, in the printer's language.
    pub label: String,
}

/// What came of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The printer took it.
    Printed,
    /// It did not, and is tried again as long as the station runs.
    Waits(String),
    /// It did not, and nobody tries again.
    Failed(String),
}

/// One label and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelNews {
    /// The label.
    pub job: LabelJob,
    /// What came of it.
    pub outcome: Outcome,
}

/// Told of every label, on the thread that prints, or on the caller's where a label is not taken.
pub type Tell = Arc<dyn Fn(LabelNews) + Send + Sync>;

/// The printing thread; ends when this is dropped.
pub struct Printing {
    /// For labels, and to be dropped at the end.
    ends: Option<(SyncSender<LabelJob>, Sender<()>)>,
    worker: Option<Worker>,
    ending: Ending,
    state: Arc<State>,
    tell: Tell,
}

#[derive(Debug)]
struct State {
    /// Only ever locked for long by the thread, and while there is no label.
    labels: Mutex<Receiver<LabelJob>>,
    waiting: AtomicUsize,
    /// Whoever takes it away tells what came of it.
    at_printer: Mutex<Option<LabelJob>>,
    /// Time is up: no further label is begun.
    enough: AtomicBool,
    trouble: Mutex<Option<String>>,
}

impl State {
    fn set_trouble(&self, trouble: Option<String>) {
        *lock(&self.trouble) = trouble;
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Printing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Printing")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Printing {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(printer: Printer, tell: Tell) -> std::io::Result<Self> {
        Self::ending_in(ENDING, printer, tell)
    }

    fn ending_in(ending: Ending, printer: Printer, tell: Tell) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(QUEUE_MAX);
        let state = Arc::new(State {
            labels: Mutex::new(receiver),
            waiting: AtomicUsize::new(0),
            at_printer: Mutex::default(),
            enough: AtomicBool::new(false),
            trouble: Mutex::default(),
        });
        let (goes_on, ends) = channel();
        let desk = Desk {
            printer,
            tell: Arc::clone(&tell),
            state: Arc::clone(&state),
        };
        let worker = Worker::start("labels", move || desk.serve(&ends))?;
        Ok(Self {
            ends: Some((sender, goes_on)),
            worker: Some(worker),
            ending,
            state,
            tell,
        })
    }

    /// Has a label printed; never waits.
    pub fn offer(&self, job: LabelJob) {
        let refused = |job, why: &str| {
            (self.tell)(LabelNews {
                job,
                outcome: Outcome::Failed(why.to_owned()),
            });
        };
        let Some((sender, _)) = &self.ends else {
            return;
        };
        // Counted first, since the thread may be done with it before this goes on.
        self.state.waiting.fetch_add(1, Ordering::Relaxed);
        let (job, why) = match sender.try_send(job) {
            Ok(()) => return,
            Err(TrySendError::Full(job)) => (job, "too many labels wait for the printer"),
            Err(TrySendError::Disconnected(job)) => (job, "the printing thread has ended"),
        };
        self.state.waiting.fetch_sub(1, Ordering::Relaxed);
        refused(job, why);
    }

    /// How many labels wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.state.waiting.load(Ordering::Relaxed)
    }

    /// What keeps the printer from printing, where something does.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        lock(&self.state.trouble).clone()
    }

    /// Waits for what is printed still; whether all has come to its end.
    fn finishes(&self, worker: &Worker) -> bool {
        let mut idle = 0;
        let mut before = self.waiting();
        for _ in 0..self.ending.steps {
            if worker.ends_within(self.ending.step) {
                return true;
            }
            // Nothing comes in any more.
            let now = self.waiting();
            idle = if now < before { 0 } else { idle + 1 };
            before = now;
            if idle >= self.ending.steps_a_label {
                break;
            }
        }
        self.state.enough.store(true, Ordering::Relaxed);
        worker.ends_within(LEAVING)
    }
}

impl Drop for Printing {
    fn drop(&mut self) {
        self.ends = None;
        let Some(worker) = self.worker.take() else {
            return;
        };
        if self.finishes(&worker) {
            worker.end();
            return;
        }
        // A printer or a file system that hangs lets nobody go: the thread ends with the process.
        let tell = |job, why: &str| {
            let outcome = Outcome::Failed(why.to_owned());
            (self.tell)(LabelNews { job, outcome });
        };
        let at_printer = lock(&self.state.at_printer).take();
        if let Some(job) = at_printer {
            tell(job, ENDED_AT_PRINTER);
        }
        for job in lock(&self.state.labels).try_iter() {
            tell(job, ENDED);
        }
    }
}

/// The thread's side.
struct Desk {
    printer: Printer,
    tell: Tell,
    state: Arc<State>,
}

impl Desk {
    /// Prints until nobody can offer any more. `ending` tells so while a label waits for the printer.
    fn serve(&self, ending: &Receiver<()>) {
        while let Some(job) = self.next() {
            let enough = self.state.enough.load(Ordering::Relaxed);
            let outcome = if enough {
                None
            } else {
                self.print(&job, ending)
            };
            let ended = outcome.is_none();
            self.done(outcome.unwrap_or_else(|| Outcome::Failed(ENDED.to_owned())));
            if ended {
                // Nobody offers any more.
                while self.next().is_some() {
                    self.done(Outcome::Failed(ENDED.to_owned()));
                }
            }
        }
    }

    /// The next label, which is at the printer from here on; none where nobody can offer any more.
    fn next(&self) -> Option<LabelJob> {
        let labels = lock(&self.state.labels);
        let job = labels.recv().ok()?;
        *lock(&self.state.at_printer) = Some(job.clone());
        Some(job)
    }

    /// Tries until the printer takes it, or may have; none where the station ends before.
    fn print(&self, job: &LabelJob, ending: &Receiver<()>) -> Option<Outcome> {
        let mut told = false;
        loop {
            let printed = self.printer.print(job.serial.as_str(), &job.label);
            let Err(fault) = printed else {
                self.state.set_trouble(None);
                return Some(Outcome::Printed);
            };
            self.state.set_trouble(Some(fault.to_string()));
            if matches!(fault, PrinterFault::Doubtful { .. }) {
                return Some(Outcome::Failed(fault.to_string()));
            }
            if !std::mem::replace(&mut told, true) {
                (self.tell)(LabelNews {
                    job: job.clone(),
                    outcome: Outcome::Waits(fault.to_string()),
                });
            }
            if ending.recv_timeout(RETRY) == Err(RecvTimeoutError::Disconnected) {
                return None;
            }
        }
    }

    /// Tells what came of the label at the printer, unless the station has ended without it.
    fn done(&self, outcome: Outcome) {
        let at_printer = lock(&self.state.at_printer).take();
        if let Some(job) = at_printer {
            self.state.waiting.fetch_sub(1, Ordering::Relaxed);
            (self.tell)(LabelNews { job, outcome });
        }
    }
}

#[cfg(test)]
mod tests;
