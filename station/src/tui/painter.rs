//! The painter: a thread that draws snapshots, at most so many times a second.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::event::Event;
use super::runner::ScreenError;
use super::state::State;
use super::terminal::{self, Frames, Heard, SCREEN_THREAD};
use super::theme::Theme;

/// Most frames a second.
const FRAMES_PER_SECOND: u64 = 15;

/// Pause after a frame.
const FRAME: Duration = Duration::from_millis(1000 / FRAMES_PER_SECOND);

/// How long the last frame may take.
const LAST_FRAME: Duration = Duration::from_millis(500);

/// Draws on a thread of its own.
#[derive(Debug)]
pub(super) struct Painter {
    easel: Arc<Easel>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Easel {
    work: Mutex<Work>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Work {
    /// What is to be drawn next.
    snapshot: Option<Box<State>>,
    /// A frame is being drawn, or the pause after it is not over.
    busy: bool,
    /// All of it anew.
    anew: bool,
    life: Life,
    /// Why it has ended by itself, where the terminal was not simply closed.
    fault: Option<ScreenError>,
}

/// How far the painter is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Life {
    #[default]
    Paints,
    /// It is to end.
    Ends,
    /// It has ended.
    Ended,
}

impl Easel {
    fn lock(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a snapshot on it, where there is room.
    fn offer(&self, state: &State) -> bool {
        let mut work = self.lock();
        if work.busy || work.snapshot.is_some() {
            return false;
        }
        work.snapshot = Some(Box::new(state.clone()));
        self.changed.notify_all();
        true
    }

    /// The next snapshot; none at the end.
    fn next(&self) -> Option<(Box<State>, bool)> {
        let idle = |work: &mut Work| work.snapshot.is_none() && work.life == Life::Paints;
        let waited = self.changed.wait_while(self.lock(), idle);
        let mut work = waited.unwrap_or_else(PoisonError::into_inner);
        if work.life != Life::Paints {
            return None;
        }
        work.busy = true;
        let anew = std::mem::take(&mut work.anew);
        work.snapshot.take().map(|snapshot| (snapshot, anew))
    }

    /// Whether it is to paint on.
    fn paints(&self) -> bool {
        self.lock().life == Life::Paints
    }

    /// The pause after a frame.
    fn rest(&self) {
        let going_on = |work: &mut Work| work.life == Life::Paints;
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), FRAME, going_on);
        let (mut work, _) = waited.unwrap_or_else(PoisonError::into_inner);
        work.busy = false;
    }
}

impl Painter {
    pub(super) fn start(theme: Theme, sender: SyncSender<Event>) -> io::Result<Self> {
        let easel = Arc::new(Easel::default());
        let own = Arc::clone(&easel);
        let work = move || {
            let painted = catch_unwind(AssertUnwindSafe(|| paint(theme, &own)));
            let fault = match painted {
                Ok(Ok(())) => None,
                Ok(Err(error)) if is_closed(&error) => None,
                Ok(Err(error)) => Some(ScreenError::Drawing(error)),
                Err(_) => Some(ScreenError::Broken(String::new())),
            };
            let mut work = own.lock();
            let ended_by_itself = work.life == Life::Paints;
            // What was not drawn to its end because nobody waits for it is no fault.
            work.fault = fault.filter(|_| ended_by_itself);
            work.life = Life::Ended;
            drop(work);
            own.changed.notify_all();
            if ended_by_itself {
                // Nobody sees anything any more: as if the terminal had been closed.
                let _told = sender.send(Event::Gone);
            }
        };
        let thread = std::thread::Builder::new().name(SCREEN_THREAD.to_owned());
        let thread = Some(thread.spawn(work)?);
        Ok(Self { easel, thread })
    }

    /// Hands a snapshot over; false where the last one is still being drawn.
    pub(super) fn offer(&self, state: &State) -> bool {
        self.easel.offer(state)
    }

    /// Why it has ended by itself.
    pub(super) fn fault(&self) -> Option<ScreenError> {
        self.easel.lock().fault.take()
    }

    pub(super) fn draw_anew(&self) {
        self.easel.lock().anew = true;
    }
}

fn paint(theme: Theme, easel: &Easel) -> io::Result<()> {
    let mut frames = Frames::new(theme)?;
    while let Some((snapshot, anew)) = easel.next() {
        #[cfg(feature = "crash-points")]
        super::panic_point::pass("screen");
        frames.draw(&snapshot, anew, || easel.paints())?;
        easel.rest();
    }
    Ok(())
}

/// Whether the terminal was closed: its other end has gone, as windows and SSH sessions do. What writing to
/// it gives then is not the same everywhere.
fn is_closed(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
        || matches!(terminal::listen(Duration::ZERO), Heard::Gone)
}

impl Drop for Painter {
    fn drop(&mut self) {
        {
            let mut work = self.easel.lock();
            if work.life == Life::Paints {
                work.life = Life::Ends;
            }
        }
        self.easel.changed.notify_all();
        let (easel, drawing) = (&self.easel, |work: &mut Work| work.life != Life::Ended);
        let waited = easel
            .changed
            .wait_timeout_while(easel.lock(), LAST_FRAME, drawing);
        let (work, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let ended = work.life == Life::Ended;
        drop(work);
        // A thread that hangs in a write (a terminal that is somebody else's) is left to end with the process.
        if let Some(thread) = self.thread.take().filter(|_| ended) {
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_snapshot_is_taken_before_the_pause_after_the_first_is_over() {
        let easel = Easel::default();
        let (first, second) = (State::default(), State::default());
        assert!(easel.offer(&first));
        assert!(!easel.offer(&second), "one waits to be drawn");
        assert!(easel.next().is_some());
        assert!(!easel.offer(&second), "it is being drawn");
        easel.rest();
        assert!(easel.offer(&second));
    }

    #[test]
    fn nothing_is_drawn_after_the_end() {
        let easel = Easel::default();
        assert!(easel.offer(&State::default()));
        easel.lock().life = Life::Ends;
        assert!(easel.next().is_none());
        // Nor is anybody kept by a pause.
        easel.lock().busy = true;
        easel.rest();
        assert!(!easel.lock().busy);
    }
}
