//! The terminal itself: raw mode and back, whatever happens; its size; keys from it, frames to it.
//!
//! It is given back when [`Terminal`] is dropped, and before the words of a panic on a thread of the screen. What
//! panics elsewhere (a lane) is no reason to leave the screen: its words are kept and told afterwards.

use std::fs::File;
use std::io::{self, BufWriter};
use std::mem::ManuallyDrop;
use std::os::fd::AsFd as _;
use std::panic;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossterm::event::{
    DisableMouseCapture, EnableMouseCapture, KeyCode, KeyEvent, KeyEventKind, KeyModifiers,
    MouseButton, MouseEventKind,
};
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{TerminalOptions, Viewport};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::event::{Event, Key};
use super::state::State;
use super::theme::Theme;
use super::view;

/// The thread that draws.
pub const SCREEN_THREAD: &str = "screen";

/// The terminal, taken over until this is dropped.
#[derive(Debug)]
pub struct Terminal {
    said: Arc<Mutex<Vec<String>>>,
}

impl Terminal {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// Where there is none, or it does not do what it is told.
    pub fn take() -> io::Result<Self> {
        enable_raw_mode()?;
        let entered = out().and_then(|mut out| {
            execute!(out, EnterAlternateScreen, EnableMouseCapture, cursor::Hide)
        });
        if let Err(error) = entered {
            give_back();
            return Err(error);
        }
        let said = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&said);
        let main = std::thread::current().id();
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let thread = std::thread::current();
            if thread.id() == main || thread.name() == Some(SCREEN_THREAD) {
                give_back();
                before(info);
            } else {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push(info.to_string());
            }
        }));
        Ok(Self { said })
    }

    /// What was said meanwhile by threads that panicked.
    #[must_use]
    pub fn said(&self) -> Vec<String> {
        self.said
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            drop(panic::take_hook());
        }
        give_back();
    }
}

/// Leaves the terminal as a shell wants it. Nobody is left to be told where that fails.
fn give_back() {
    let _left = out()
        .and_then(|mut out| execute!(out, cursor::Show, DisableMouseCapture, LeaveAlternateScreen));
    let _cooked = disable_raw_mode();
}

/// Columns and rows; none where the terminal does not say.
#[must_use]
pub fn size() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
}

type Screen = ratatui::Terminal<CrosstermBackend<BufWriter<File>>>;

/// What draws frames: only what has changed since the last one is written.
#[derive(Debug)]
pub struct Frames {
    /// Never dropped: it would show the cursor, which [`Terminal`] does, and complain where the terminal is gone.
    terminal: ManuallyDrop<Screen>,
    theme: Theme,
    size: (u16, u16),
}

impl Frames {
    /// On a terminal of that size.
    ///
    /// # Errors
    /// Where it cannot be written to.
    pub fn new(theme: Theme, size: (u16, u16)) -> io::Result<Self> {
        let terminal = blank(size)?;
        Ok(Self {
            terminal,
            theme,
            size,
        })
    }

    /// Draws the state; all of it anew where `anew`.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn draw(&mut self, state: &State, anew: bool) -> io::Result<()> {
        if anew || state.size != self.size {
            self.size = state.size;
            self.terminal = blank(state.size)?;
        }
        let theme = self.theme;
        self.terminal.draw(|frame| {
            view::draw(state, theme, frame.buffer_mut());
        })?;
        Ok(())
    }
}

/// A blank screen. The library's own way to clear asks the terminal where its cursor is, and fails where the
/// terminal does not answer.
fn blank(size: (u16, u16)) -> io::Result<ManuallyDrop<Screen>> {
    let mut out = out()?;
    execute!(out, Clear(ClearType::All))?;
    let viewport = Viewport::Fixed(area(size));
    let backend = CrosstermBackend::new(BufWriter::new(out));
    ratatui::Terminal::with_options(backend, TerminalOptions { viewport }).map(ManuallyDrop::new)
}

/// Where frames go: past the buffer of the standard output, in which what a closed terminal did not take would
/// wait for the program's end, and make it fail.
fn out() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

const fn area((width, height): (u16, u16)) -> Rect {
    Rect::new(0, 0, width, height)
}

/// What came from the terminal within the limit.
#[derive(Debug)]
pub enum Heard {
    /// Nothing.
    Nothing,
    /// A key or the mouse, and whether there may be more.
    Something,
    /// The terminal is gone.
    Gone,
}

/// Waits, at most `limit`, for something to be read.
#[must_use]
pub fn listen(limit: Duration) -> Heard {
    let input = io::stdin();
    let mut set = [PollFd::from_borrowed_fd(input.as_fd(), PollFlags::IN)];
    let limit = Timespec::try_from(limit).ok();
    match poll(&mut set, limit.as_ref()) {
        Ok(0) | Err(rustix::io::Errno::INTR) => Heard::Nothing,
        Ok(_) => {
            let [ready] = &set;
            let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
            if ready.revents().intersects(gone) {
                Heard::Gone
            } else {
                Heard::Something
            }
        }
        Err(_) => Heard::Gone,
    }
}

/// How long the library looks for an event that is there already. It looks not at all where told not to wait.
const LOOK: Duration = Duration::from_millis(1);

/// The next event of the terminal that is there already; none where there is none that matters.
///
/// The library is built to ask whether there is something to read (its `use-dev-tty`), not to be told once: told
/// of keys and of another size at the same time, it forgets the keys.
///
/// # Errors
/// Where the terminal is gone.
pub fn read(now_ms: u64) -> io::Result<Option<Option<Event>>> {
    if !crossterm::event::poll(LOOK)? {
        return Ok(None);
    }
    Ok(Some(match crossterm::event::read()? {
        crossterm::event::Event::Key(key) => {
            key_of(key).map(|key| Event::Key { key, at_ms: now_ms })
        }
        crossterm::event::Event::Mouse(mouse) => {
            let pressed = mouse.kind == MouseEventKind::Down(MouseButton::Left);
            let (column, row) = (mouse.column, mouse.row);
            pressed.then_some(Event::Mouse { column, row })
        }
        crossterm::event::Event::Resize(width, height) => Some(Event::Resize { width, height }),
        _ => None,
    }))
}

fn key_of(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    Some(match event.code {
        KeyCode::Char('c') if control => Key::Interrupt,
        KeyCode::Char('l') if control => Key::Redraw,
        KeyCode::Char('t') if control => Key::Record,
        // What a scanner sends as line feed.
        KeyCode::Char('j' | 'm') if control => Key::Enter,
        // Control characters of a scanner: dropped as such.
        KeyCode::Char(_) if control => Key::Char('\u{1}'),
        KeyCode::Char(character) => Key::Char(character),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Tab => Key::Tab,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::F(number) => Key::F(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_what_a_scanner_and_a_person_mean() {
        let key = |code, modifiers| key_of(KeyEvent::new(code, modifiers));
        let control = KeyModifiers::CONTROL;
        assert_eq!(key(KeyCode::Char('c'), control), Some(Key::Interrupt));
        assert_eq!(key(KeyCode::Char('j'), control), Some(Key::Enter));
        let none = KeyModifiers::NONE;
        assert_eq!(key(KeyCode::Char('c'), none), Some(Key::Char('c')));
        let shift = KeyModifiers::SHIFT;
        assert_eq!(key(KeyCode::Char('C'), shift), Some(Key::Char('C')));
        // A group separator (Ctrl-]) stands between the parts of a GS1 code.
        let dropped = key(KeyCode::Char(']'), control);
        assert!(matches!(dropped, Some(Key::Char(c)) if c.is_control()));
        assert_eq!(key(KeyCode::CapsLock, none), None);
    }
}
