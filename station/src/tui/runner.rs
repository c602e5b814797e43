//! One loop: events in one order, the state changed by each, wishes handed on, snapshots drawn.
//!
//! 1. The loop never waits for anything but the next event: whoever sends one is never held up for long.
//! 2. A thread of its own draws, at most [`FRAMES_PER_SECOND`] times a second and only what has changed; where the
//!    terminal is slow, frames are left out. Where it is gone, nothing is drawn and the station is told to end.
//! 3. The loop ends when the station says that nothing is in work any more.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;

use super::action::Action;
use super::event::Event;
use super::recorder::Recorder;
use super::state::State;
use super::state::lanes::Doing;
use super::terminal::{self, Frames, Heard, SCREEN_THREAD, Terminal};
use super::theme::Theme;
use super::update::update;
use crate::clock::Clock;

/// Most frames a second.
pub const FRAMES_PER_SECOND: u64 = 15;

/// Pause after a frame.
const FRAME: Duration = Duration::from_millis(1000 / FRAMES_PER_SECOND);

/// How often time is told to the state.
const TICK_MS: u64 = 100;

/// How long the loop waits for an event while a frame is due.
const DUE: Duration = Duration::from_millis(10);

/// How long the keyboard is listened to before its thread looks whether it is to end.
const LISTEN: Duration = Duration::from_millis(200);

/// How often running times are drawn, in milliseconds.
const RUNNING_MS: u64 = 300;

/// How long the last frame may take.
const LAST_FRAME: Duration = Duration::from_millis(500);

/// Most events on their way. The loop takes them at once, so that it is never full for long.
const MAX_EVENTS: usize = 4_096;

/// Where wishes go. Never waits: what is to be done is done elsewhere, and answered by events.
pub trait Desk {
    /// Has it done.
    fn ask(&self, action: Action);

    /// Keeps a recording that a person wished for.
    fn keep_recording(&self, text: &str);
}

/// What the terminal is given.
pub struct Surroundings {
    /// The time.
    pub clock: Arc<dyn Clock + Send + Sync>,
    /// How things look.
    pub theme: Theme,
    /// What is known before the first event.
    pub state: State,
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Surroundings")
    }
}

/// The channel of all events.
#[must_use]
pub fn channel() -> (SyncSender<Event>, Receiver<Event>) {
    sync_channel(MAX_EVENTS)
}

/// Why the terminal was not shown to the end.
#[derive(Debug, Error)]
pub enum ScreenError {
    /// It cannot be taken over.
    #[error("the operator's terminal cannot be shown: {0}")]
    NoTerminal(#[from] io::Error),
    /// It was there, and could not be drawn on any more. Boards in work were brought to a safe state.
    #[error("the operator's terminal could not be drawn on any more: {0}")]
    Drawing(io::Error),
}

/// Runs the terminal until the station has ended. Gives what threads that panicked have said.
///
/// # Errors
/// Where there is no terminal, or it was lost otherwise than by being closed.
pub fn run(
    surroundings: Surroundings,
    desk: &dyn Desk,
    sender: &SyncSender<Event>,
    events: &Receiver<Event>,
) -> Result<Vec<String>, ScreenError> {
    let Surroundings {
        clock,
        theme,
        mut state,
    } = surroundings;
    state.size = terminal::size().unwrap_or(super::geometry::SMALLEST);
    let terminal = Terminal::take()?;
    let keys = Keys::start(sender.clone(), Arc::clone(&clock))?;
    let painter = Painter::start(theme, state.size, sender.clone())?;
    let mut shown = Shown::default();
    let mut recorder = Recorder::new(&state);
    loop {
        let wait = if shown.is_due {
            DUE
        } else {
            shown.until_tick(&*clock)
        };
        let event = match events.recv_timeout(wait) {
            Ok(Event::End) | Err(RecvTimeoutError::Disconnected) => break,
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
        };
        if let Some(event) = event {
            take(&mut state, event, desk, &mut recorder, &painter);
            shown.is_due = true;
        }
        shown.pass_time(&mut state, &*clock, &mut recorder);
        if shown.is_due && painter.offer(&state) {
            shown.is_due = false;
        }
    }
    let fault = painter.fault();
    drop((painter, keys));
    let said = terminal.said();
    drop(terminal);
    fault.map_or(Ok(said), |fault| Err(ScreenError::Drawing(fault)))
}

fn take(
    state: &mut State,
    event: Event,
    desk: &dyn Desk,
    recorder: &mut Recorder,
    painter: &Painter,
) {
    recorder.note(state, &event);
    for action in update(state, event) {
        match action {
            Action::Redraw => painter.draw_anew(),
            Action::WriteRecording => desk.keep_recording(&recorder.text()),
            wish => desk.ask(wish),
        }
    }
}

/// Whether what is drawn is what is true.
#[derive(Debug, Default)]
struct Shown {
    is_due: bool,
    ticked_ms: u64,
    drawn_second: u64,
    drawn_ms: u64,
}

impl Shown {
    fn until_tick(&self, clock: &dyn Clock) -> Duration {
        let since = clock.monotonic().0.saturating_sub(self.ticked_ms);
        Duration::from_millis(TICK_MS.saturating_sub(since).max(1))
    }

    fn pass_time(&mut self, state: &mut State, clock: &dyn Clock, recorder: &mut Recorder) {
        let now_ms = clock.monotonic().0;
        if now_ms.saturating_sub(self.ticked_ms) < TICK_MS {
            return;
        }
        self.ticked_ms = now_ms;
        let resized = terminal::size().filter(|size| *size != state.size);
        let before = (state.notice.is_some(), state.scanner.clone(), state.help);
        let tick = Event::Tick {
            monotonic_ms: now_ms,
            utc_ms: clock.utc().0,
        };
        let resize = resized.map(|(width, height)| Event::Resize { width, height });
        for event in [Some(tick), resize].into_iter().flatten() {
            recorder.note(state, &event);
            drop(update(state, event));
        }
        let after = (state.notice.is_some(), state.scanner.clone(), state.help);
        let second = state.utc_ms / 1000;
        let at_work = |lane: &super::state::lanes::Lane| {
            matches!(lane.doing, Doing::Working(_) | Doing::AwaitsLabel)
        };
        let runs = now_ms.saturating_sub(self.drawn_ms) >= RUNNING_MS
            && state.lanes.list.iter().any(at_work);
        if before != after || second != self.drawn_second || resized.is_some() || runs {
            self.is_due = true;
            self.drawn_second = second;
            self.drawn_ms = now_ms;
        }
    }
}

/// Reads keys until it is dropped.
#[derive(Debug)]
struct Keys {
    ends: Arc<AtomicBool>,
}

impl Keys {
    fn start(sender: SyncSender<Event>, clock: Arc<dyn Clock + Send + Sync>) -> io::Result<Self> {
        let ends = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&ends);
        let work = move || {
            while !ended.load(Ordering::SeqCst) {
                match terminal::listen(LISTEN) {
                    Heard::Nothing => {}
                    Heard::Gone => {
                        let _told = sender.send(Event::Gone);
                        return;
                    }
                    Heard::Something => {
                        if forward(&sender, &*clock).is_err() {
                            let _told = sender.send(Event::Gone);
                            return;
                        }
                    }
                }
            }
        };
        let thread = std::thread::Builder::new().name("keys".to_owned());
        // Not waited for at the end: a terminal that is gone may keep it reading.
        drop(thread.spawn(work)?);
        Ok(Self { ends })
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
    }
}

fn forward(sender: &SyncSender<Event>, clock: &dyn Clock) -> io::Result<()> {
    while let Some(event) = terminal::read(clock.monotonic().0)? {
        if let Some(event) = event {
            let _told = sender.send(event);
        }
    }
    Ok(())
}

/// Draws on a thread of its own.
#[derive(Debug)]
struct Painter {
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
    fault: Option<io::Error>,
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
    fn start(theme: Theme, size: (u16, u16), sender: SyncSender<Event>) -> io::Result<Self> {
        let easel = Arc::new(Easel::default());
        let own = Arc::clone(&easel);
        let work = move || {
            let painted = Frames::new(theme, size).and_then(|mut frames| {
                while let Some((snapshot, anew)) = own.next() {
                    frames.draw(&snapshot, anew)?;
                    own.rest();
                }
                Ok(())
            });
            if let Err(error) = painted {
                // Nobody sees anything any more: as if the terminal had been closed.
                own.lock().fault = Some(error).filter(|error| !is_closed(error));
                let _told = sender.send(Event::Gone);
            }
            own.lock().life = Life::Ended;
            own.changed.notify_all();
        };
        let thread = std::thread::Builder::new().name(SCREEN_THREAD.to_owned());
        let thread = Some(thread.spawn(work)?);
        Ok(Self { easel, thread })
    }

    /// Hands a snapshot over; false where the last one is still being drawn.
    fn offer(&self, state: &State) -> bool {
        let mut work = self.easel.lock();
        if work.busy || work.snapshot.is_some() {
            return false;
        }
        work.snapshot = Some(Box::new(state.clone()));
        self.easel.changed.notify_all();
        true
    }

    /// Why it has ended by itself.
    fn fault(&self) -> Option<io::Error> {
        self.easel.lock().fault.take()
    }

    fn draw_anew(&self) {
        self.easel.lock().anew = true;
    }
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
        // A thread that hangs in a write to a dead or halted terminal is left to end with the process.
        if let Some(thread) = self.thread.take().filter(|_| ended) {
            drop(thread.join());
        }
    }
}
