//! A thread beside the line, whose end is waited for, but not for ever: what it has begun is finished where that
//! can be finished, and the station ends all the same.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// How long the end of a station waits for a thread that has been told to end.
pub const LEAVING: Duration = Duration::from_secs(3);

/// The thread. Dropped, it goes on by itself.
#[derive(Debug)]
pub struct Worker {
    thread: JoinHandle<()>,
    /// Nothing is ever sent; ends with the thread's work.
    working: Receiver<()>,
}

impl Worker {
    /// Starts it.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let (works, working) = channel();
        let thread = Builder::new().name(name.to_owned()).spawn(move || {
            work();
            drop::<Sender<()>>(works);
        })?;
        Ok(Self { thread, working })
    }

    /// Waits so long for its end; whether it has come.
    #[must_use]
    pub fn ends_within(&self, time: Duration) -> bool {
        self.working.recv_timeout(time) == Err(RecvTimeoutError::Disconnected)
    }

    /// Waits for its end, as long as the end of a station waits. A thread that hangs is left alone: it ends with the
    /// process.
    pub fn end(self) {
        if self.ends_within(LEAVING) {
            // A panic of it was told already.
            drop(self.thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_thread_that_hangs_is_not_awaited_for_ever() {
        let (goes_on, hangs) = channel::<()>();
        let hang = move || {
            let _never = hangs.recv();
        };
        let worker = Worker::start("hangs", hang).unwrap();
        assert!(!worker.ends_within(Duration::ZERO));
        let (ends, ended) = channel();
        let waits = move || {
            worker.end();
            ends.send(()).unwrap();
        };
        std::thread::spawn(waits);
        ended.recv_timeout(Duration::from_mins(1)).unwrap();
        drop(goes_on);
    }

    #[test]
    fn what_a_thread_has_begun_is_finished() {
        let (sends, sent) = channel();
        let (goes_on, waits) = channel::<()>();
        let work = move || {
            let _awaited = waits.recv();
            sends.send(7).unwrap();
        };
        let worker = Worker::start("works", work).unwrap();
        drop(goes_on);
        worker.end();
        assert_eq!(sent.try_recv(), Ok(7));
    }
}
