//! A program at a real terminal: a PTY of its own that is its controlling terminal, and an emulator that says
//! what a person would see on it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::wait_for;

/// How long the terminal is kept open for reading at a time.
const LOOK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 20_000_000,
};

/// A program at a terminal. Killed when dropped.
#[derive(Debug)]
pub struct TerminalScreen {
    child: Child,
    /// None once it was closed.
    master: Option<Arc<File>>,
    screen: Arc<Mutex<Emulator>>,
}

struct Emulator(vt100::Parser);

impl std::fmt::Debug for Emulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Emulator")
    }
}

impl TerminalScreen {
    /// Starts the command at a terminal of that many columns and rows.
    ///
    /// # Panics
    /// Where there is no PTY, or the command can't be started.
    #[must_use]
    pub fn start(command: &Command, (columns, rows): (u16, u16)) -> Self {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a PTY");
        grantpt(&master).expect("a PTY is granted");
        unlockpt(&master).expect("a PTY is unlocked");
        let name = ptsname(&master, Vec::new()).expect("a PTY has a name");
        let name = name.to_str().expect("its name is text");
        set_size(&master, (columns, rows));
        let open = || {
            let slave = File::options().read(true).write(true).open(name);
            Stdio::from(slave.expect("the PTY's other end"))
        };
        // A session of its own, so that the PTY is its controlling terminal: closing it sends SIGHUP.
        let mut at_terminal = Command::new("setsid");
        at_terminal
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => at_terminal.env(name, value),
                None => at_terminal.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            at_terminal.current_dir(folder);
        }
        at_terminal
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .stdin(open())
            .stdout(open())
            .stderr(open());
        let child = at_terminal.spawn().expect("setsid starts the program");
        let master = Arc::new(File::from(master));
        let emulator = Emulator(vt100::Parser::new(some(rows), some(columns), 0));
        let screen = Arc::new(Mutex::new(emulator));
        let (from, to) = (Arc::downgrade(&master), Arc::clone(&screen));
        std::thread::spawn(move || read(&from, &to));
        Self {
            child,
            master: Some(master),
            screen,
        }
    }

    /// What a person sees, row by row.
    #[must_use]
    pub fn text(&self) -> String {
        lock(&self.screen).0.screen().contents()
    }

    /// Whether the program draws on the whole screen.
    #[must_use]
    pub fn is_taken_over(&self) -> bool {
        lock(&self.screen).0.screen().alternate_screen()
    }

    /// Waits until the text is seen; gives the screen.
    ///
    /// # Panics
    /// With the screen, where it never comes.
    #[track_caller]
    pub fn see(&self, text: &str) -> String {
        self.see_that(text, |screen| screen.contains(text))
    }

    /// Waits until the screen is so; gives it.
    ///
    /// # Panics
    /// With the screen, where it never is.
    #[track_caller]
    pub fn see_that(&self, what: &str, so: impl Fn(&str) -> bool) -> String {
        let deadline = wait_for::Deadline::after(wait_for::PATIENCE);
        loop {
            let screen = self.text();
            if so(&screen) {
                return screen;
            }
            assert!(!deadline.has_passed(), "never seen: {what}\n{screen}");
            wait_for::a_moment();
        }
    }

    /// Types.
    ///
    /// # Panics
    /// Where the terminal is gone.
    pub fn type_text(&self, text: &str) {
        self.send(text.as_bytes());
    }

    /// Scans a code, as a scanner does, once the screen says that it is ready for one.
    ///
    /// # Panics
    /// Where it never is.
    #[track_caller]
    pub fn scan(&self, code: &str) {
        self.see("▶");
        self.send(format!("{code}\r").as_bytes());
    }

    /// Presses a function key.
    ///
    /// # Panics
    /// Where there is no such key.
    pub fn press(&self, key: u8) {
        let keys: [&[u8]; 12] = [
            b"\x1bOP",
            b"\x1bOQ",
            b"\x1bOR",
            b"\x1bOS",
            b"\x1b[15~",
            b"\x1b[17~",
            b"\x1b[18~",
            b"\x1b[19~",
            b"\x1b[20~",
            b"\x1b[21~",
            b"\x1b[23~",
            b"\x1b[24~",
        ];
        self.send(keys[usize::from(key) - 1]);
    }

    /// Sends bytes as they are.
    ///
    /// # Panics
    /// Where the terminal is gone.
    pub fn send(&self, bytes: &[u8]) {
        let mut master = &**self.master.as_ref().expect("the terminal is open");
        master.write_all(bytes).expect("keys are taken");
    }

    /// Gives the terminal another size.
    ///
    /// # Panics
    /// Where it can't be given.
    pub fn resize(&self, (columns, rows): (u16, u16)) {
        lock(&self.screen)
            .0
            .screen_mut()
            .set_size(some(rows), some(columns));
        set_size(
            self.master.as_ref().expect("the terminal is open"),
            (columns, rows),
        );
    }

    /// Closes the terminal, as whoever shuts its window or pulls its cable.
    pub fn close(&mut self) {
        self.master = None;
    }

    /// The process.
    ///
    /// # Panics
    /// Never: a child has an ID.
    #[must_use]
    pub fn id(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// Where it does not end in time.
    pub fn finish(&mut self) -> ExitStatus {
        wait_for::exit(
            "the program at the terminal",
            &mut self.child,
            wait_for::PATIENCE,
        )
    }
}

impl Drop for TerminalScreen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Shows what is written, until the program has gone or the terminal is closed.
fn read(from: &Weak<File>, to: &Mutex<Emulator>) {
    let mut bytes = [0; 4096];
    // Whoever closes the terminal is to find nobody else who keeps it open for long.
    while let Some(master) = from.upgrade() {
        let mut ready = [PollFd::new(&*master, PollFlags::IN)];
        match poll(&mut ready, Some(&LOOK)) {
            Ok(0) => {}
            Ok(_) => match (&*master).read(&mut bytes) {
                Ok(count) => lock(to).0.process(&bytes[..count]),
                Err(_) => return,
            },
            Err(_) => return,
        }
    }
}

fn lock(screen: &Mutex<Emulator>) -> MutexGuard<'_, Emulator> {
    screen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn some(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has rows and columns")
}

fn set_size(master: impl std::os::fd::AsFd, (columns, rows): (u16, u16)) {
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(master, size).expect("a PTY takes a size");
}
