//! The terminal itself: raw mode and back, whatever happens; its size; keys from it, frames to it.
//!
//! It is given back when [`Terminal`] is dropped, and at once when a thread of the screen panics. What panics
//! elsewhere (a lane) is no reason to leave the screen. The words of a panic are kept, and told afterwards.

mod frames;
mod ink;
mod outlet;

use std::io;
use std::os::fd::AsFd as _;
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::event::{Event, Key};
pub use frames::Frames;
use outlet::Outlet;

/// The thread that draws.
pub const SCREEN_THREAD: &str = "screen";

/// The other screen; reports of pressed mouse buttons, in decimal numbers; no cursor. Movements are not asked
/// for: a slow terminal would send nothing else.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?1000h\x1b[?1006h\x1b[?25l";

/// All of that back, and pasting as it was, whoever had changed it.
const LEAVE: &[u8] = b"\x1b[0m\x1b[?2004l\x1b[?1006l\x1b[?1000l\x1b[?25h\x1b[?1049l";

/// How long the terminal may take to be taken over, and to be given back. A frame that it has not taken by then
/// is thrown away.
const PATIENCE: Duration = Duration::from_millis(500);

/// The terminal, taken over until this is dropped.
#[derive(Debug)]
pub struct Terminal {
    said: Arc<Mutex<Vec<String>>>,
    given_back: Arc<AtomicBool>,
}

impl Terminal {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// Where there is none, or it does not do what it is told.
    pub fn take() -> io::Result<Self> {
        enable_raw_mode()?;
        let given_back = Arc::new(AtomicBool::new(false));
        let entered = Outlet::open().and_then(|outlet| outlet.write_within(ENTER, PATIENCE));
        if let Err(error) = entered {
            give_back(&given_back);
            return Err(error);
        }
        let said = Arc::new(Mutex::new(Vec::new()));
        let (kept, given) = (Arc::clone(&said), Arc::clone(&given_back));
        let main = std::thread::current().id();
        panic::set_hook(Box::new(move |info| {
            let thread = std::thread::current();
            if thread.id() == main || thread.name() == Some(SCREEN_THREAD) {
                give_back(&given);
            }
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push(info.to_string());
        }));
        Ok(Self { said, given_back })
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
        give_back(&self.given_back);
    }
}

/// Leaves the terminal as a shell wants it, once. Nobody is left to be told where that fails.
fn give_back(given: &AtomicBool) {
    if given.swap(true, Ordering::SeqCst) {
        return;
    }
    if let Ok(outlet) = Outlet::open()
        && outlet.write_within(LEAVE, PATIENCE).is_err()
    {
        outlet.throw_away();
        let _left = outlet.write_within(LEAVE, PATIENCE);
    }
    let _cooked = disable_raw_mode();
}

/// Says on stderr what is left to be said when the screen is gone. Nobody waits for long: a terminal that takes
/// nothing must not keep the program from its end.
pub fn last_words(text: &str) {
    let text = format!("{text}\n");
    let Ok(outlet) = Outlet::to(io::stderr()) else {
        return;
    };
    if outlet.write_within(text.as_bytes(), PATIENCE).is_err() && outlet.is_terminal() {
        // With what is thrown away goes what gives the terminal back, so that it is said again.
        outlet.throw_away();
        let _left = outlet.write_within(&[LEAVE, text.as_bytes()].concat(), PATIENCE);
    }
}

/// Columns and rows; none where the terminal does not say.
#[must_use]
pub fn size() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
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
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
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
        assert_eq!(key(KeyCode::Home, none), Some(Key::Home));
        assert_eq!(key(KeyCode::End, none), Some(Key::End));
        assert_eq!(key(KeyCode::CapsLock, none), None);
    }
}
