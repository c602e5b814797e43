//! Labels wait in a bounded queue for a thread of their own, which prints them in order.
//!
//! 1. A label that the printer does not take stays at the head, and is tried again every ten seconds. Its first
//!    fault is told, the others are not.
//! 2. Where too many wait, a new one is not taken: its fault is told at once.
//! 3. A label that may be on paper already is not tried again: its fault is told as its end.
//! 4. At the end what waits is printed still, up to the first label that the printer does not take, and no
//!    longer than ten seconds; all from there on are told as not printed. A printer that does not even return
//!    from that is left alone: the station ends without it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError, channel, sync_channel,
};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use firmware_proto::Uid;

use super::printer::{Printer, PrinterFault};
use crate::names::{BatchId, DeviceSerial};

/// Most labels that wait.
pub const QUEUE_MAX: usize = 256;

/// How long after a fault the printer is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// How long what waits may take at the end.
const ENDING: Duration = Duration::from_secs(10);

/// How much longer the label that is at the printer then may take, beyond the times of the printer's own steps.
const LEAVING: Duration = Duration::from_secs(2);

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
    thread: Option<JoinHandle<()>>,
    /// Ends with the thread.
    served: Receiver<()>,
    /// How long what waits may take at the end.
    time_at_end: Duration,
    /// How long the thread may take for a label that it has begun.
    patience: Duration,
    state: Arc<State>,
    tell: Tell,
}

#[derive(Debug, Default)]
struct State {
    waiting: AtomicUsize,
    /// Time is up: no further label is begun.
    enough: AtomicBool,
    trouble: Mutex<Option<String>>,
}

impl State {
    fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
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

    fn ending_in(time_at_end: Duration, printer: Printer, tell: Tell) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(QUEUE_MAX);
        let state = Arc::new(State::default());
        let (goes_on, ending) = channel();
        let (serving, served) = channel();
        let patience = printer.patience() + LEAVING;
        let desk = Desk {
            printer,
            tell: Arc::clone(&tell),
            state: Arc::clone(&state),
        };
        let thread = std::thread::Builder::new()
            .name("labels".to_owned())
            .spawn(move || {
                desk.serve(&receiver, &ending);
                drop::<Sender<()>>(serving);
            })?;
        Ok(Self {
            ends: Some((sender, goes_on)),
            thread: Some(thread),
            served,
            time_at_end,
            patience,
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
        let trouble = self.state.trouble.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Printing {
    fn drop(&mut self) {
        self.ends = None;
        let mut ended = self.served.recv_timeout(self.time_at_end);
        if ended == Err(RecvTimeoutError::Timeout) {
            self.state.enough.store(true, Ordering::Relaxed);
            ended = self.served.recv_timeout(self.patience);
        }
        // A file system that hangs lets nobody go: then the thread ends with the process.
        if let (Some(thread), Err(RecvTimeoutError::Disconnected)) = (self.thread.take(), ended) {
            drop(thread.join());
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
    fn serve(&self, labels: &Receiver<LabelJob>, ending: &Receiver<()>) {
        while let Ok(job) = labels.recv() {
            let enough = self.state.enough.load(Ordering::Relaxed);
            let outcome = if enough {
                None
            } else {
                self.print(&job, ending)
            };
            if let Some(outcome) = outcome {
                self.done(job, outcome);
                continue;
            }
            let why = "the station ended before the printer took it";
            for left in std::iter::once(job).chain(labels.try_iter()) {
                self.done(left, Outcome::Failed(why.to_owned()));
            }
            return;
        }
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

    fn done(&self, job: LabelJob, outcome: Outcome) {
        self.state.waiting.fetch_sub(1, Ordering::Relaxed);
        (self.tell)(LabelNews { job, outcome });
    }
}

#[cfg(test)]
mod tests;
