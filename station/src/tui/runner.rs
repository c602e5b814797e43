//! One loop: events in one order, the state changed by each, wishes handed on, snapshots drawn.
//!
//! 1. The loop never waits for anything but the next event: whoever sends one is never held up for long.
//! 2. A [painter](super::painter) of its own draws only what has changed, at a bounded rate; where the terminal
//!    is slow, frames are left out. Where it is gone, nothing is drawn and the station is told to end.
//! 3. The loop ends when the station says that nothing is in work any more.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use thiserror::Error;

use super::action::Action;
use super::event::Event;
use super::keyboard::Keys;
use super::painter::Painter;
use super::recorder::Recorder;
use super::state::State;
use super::state::lanes::Doing;
use super::state::said::Said;
use super::terminal::{self, Terminal};
use super::theme::Theme;
use super::update::update;
use crate::clock::Clock;
use crate::words::Language;

/// How often time is told to the state.
const TICK_MS: u64 = 100;

/// How long the loop waits for an event while a frame is due.
const DUE: Duration = Duration::from_millis(10);

/// How often running times are drawn, in milliseconds.
const RUNNING_MS: u64 = 300;

/// Most events on their way. The loop takes them at once, so that it is never full for long.
const MAX_EVENTS: usize = 4_096;

/// Where wishes go. Never waits: what is to be done is done elsewhere, and answered by events.
pub trait Desk {
    /// Has it done.
    fn ask(&self, action: Action);

    /// Keeps a recording that a person wished for; gives the file.
    ///
    /// # Errors
    /// Why it could not be written.
    fn keep_recording(&self, text: &str) -> io::Result<String>;
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
    /// A thread of it ended by a mistake in this program, which said this. Boards in work were brought to a safe
    /// state.
    #[error("the operator's terminal broke down: {0}")]
    Broken(String),
}

/// What is left of a screen that is gone.
#[derive(Debug)]
pub struct Parted {
    /// What threads had said on standard error meanwhile.
    pub said: Vec<String>,
    /// The language that it was shown in last.
    pub language: Language,
}

/// Runs the terminal until the station has ended. Gives what threads that panicked have said.
///
/// # Errors
/// Where there is no terminal, it was lost otherwise than by being closed, or a thread of it panicked.
pub fn run(
    surroundings: Surroundings,
    desk: &dyn Desk,
    sender: &SyncSender<Event>,
    events: &Receiver<Event>,
) -> Result<Parted, ScreenError> {
    let terminal = Terminal::take()?;
    // The loop, too, must leave nothing behind that nobody ends.
    let shown = catch_unwind(AssertUnwindSafe(|| {
        show(surroundings, desk, sender, events)
    }));
    let said = terminal.said();
    drop(terminal);
    match shown {
        Ok(Ok(language)) => Ok(Parted { said, language }),
        Ok(Err(ScreenError::Broken(_))) | Err(_) => Err(ScreenError::Broken(said.join("; "))),
        Ok(Err(error)) => Err(error),
    }
}

fn show(
    surroundings: Surroundings,
    desk: &dyn Desk,
    sender: &SyncSender<Event>,
    events: &Receiver<Event>,
) -> Result<Language, ScreenError> {
    let Surroundings {
        clock,
        theme,
        mut state,
    } = surroundings;
    state.size = terminal::size().unwrap_or(super::geometry::SMALLEST);
    // Whoever is quick must not have done anything at midnight.
    state.utc_ms = clock.utc().0;
    let keys = Keys::start(sender.clone(), Arc::clone(&clock))?;
    let painter = Painter::start(theme, sender.clone())?;
    let mut shown = Shown::default();
    let mut recorder = Recorder::new(&state);
    loop {
        #[cfg(feature = "crash-points")]
        super::panic_point::pass("loop");
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
        shown.pass_time(&mut state, &*clock, |state, event| {
            take(state, event, desk, &mut recorder, &painter);
        });
        if shown.is_due && painter.offer(&state) {
            shown.is_due = false;
        }
    }
    let broke = keys.broke().then(|| ScreenError::Broken(String::new()));
    let fault = painter.fault().or(broke);
    drop((painter, keys));
    fault.map_or(Ok(state.language), Err)
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
            Action::WriteRecording => match desk.keep_recording(&recorder.text()) {
                Ok(file) => state.tell(Said::RecordingKept(file), false),
                Err(why) => state.tell(Said::RecordingLost(why.to_string()), true),
            },
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

    fn pass_time(
        &mut self,
        state: &mut State,
        clock: &dyn Clock,
        mut take: impl FnMut(&mut State, Event),
    ) {
        let now_ms = clock.monotonic().0;
        if now_ms.saturating_sub(self.ticked_ms) < TICK_MS {
            return;
        }
        self.ticked_ms = now_ms;
        let resized = terminal::size().filter(|size| *size != state.size);
        let shown = |state: &State| {
            let ready = state.is_ready_for_scan();
            (
                state.notice.is_some(),
                state.scanner.clone(),
                state.help,
                ready,
                state.held,
            )
        };
        let before = shown(state);
        let tick = Event::Tick {
            monotonic_ms: now_ms,
            utc_ms: clock.utc().0,
        };
        let resize = resized.map(|(width, height)| Event::Resize { width, height });
        for event in [Some(tick), resize].into_iter().flatten() {
            take(state, event);
        }
        let after = shown(state);
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
