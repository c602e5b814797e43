//! Work that is done now and then while a line runs, on a thread of its own.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use crate::worker::Worker;

/// Does the work after each interval, until it is dropped; what is under way then is finished, unless it hangs.
#[derive(Debug)]
pub struct Interval {
    stop: Option<SyncSender<()>>,
    worker: Option<Worker>,
}

impl Interval {
    /// Starts; the first time is one interval from now.
    #[must_use]
    pub fn start(every: Duration, mut work: impl FnMut() + Send + 'static) -> Self {
        let (stop, stopped) = sync_channel(0);
        let run = move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                work();
            }
        };
        Self {
            stop: Some(stop),
            // Without a thread nothing is done now and then; what must be done is done where it must be.
            worker: Worker::start("interval", run).ok(),
        }
    }
}

impl Drop for Interval {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(worker) = self.worker.take() {
            worker.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn works_again_and_again_until_it_is_dropped() {
        let (sender, receiver) = sync_channel(0);
        // A send that waits for its receiver: the work is never ahead of the test.
        let interval = Interval::start(Duration::from_millis(1), move || {
            let _taken = sender.send(());
        });
        receiver.recv().unwrap();
        receiver.recv().unwrap();
        drop(receiver);
        drop(interval);
    }

    #[test]
    fn ends_without_work_that_hangs() {
        let (begins, begun) = channel();
        let (goes_on, hangs) = channel::<()>();
        let interval = Interval::start(Duration::from_millis(1), move || {
            begins.send(()).unwrap();
            let _never = hangs.recv();
        });
        begun.recv().unwrap();
        let (ends, ended) = channel();
        std::thread::spawn(move || {
            drop(interval);
            ends.send(()).unwrap();
        });
        ended.recv_timeout(Duration::from_mins(2)).unwrap();
        drop(goes_on);
    }

    #[test]
    fn ends_without_waiting_for_the_interval() {
        let interval = Interval::start(Duration::from_hours(24), || {});
        drop(interval);
    }
}
