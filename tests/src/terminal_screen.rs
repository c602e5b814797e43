//! A program at a real terminal: a PTY of its own that is its controlling terminal, and an emulator that says
//! what a person would see on it.

use std::fs::File;
use std::io::Write as _;
use std::num::NonZeroU16;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::terminal_emulator::{Emulator, Reader, lock, read};
use crate::wait_for;

/// A program at a terminal. Killed when dropped.
#[derive(Debug)]
pub struct TerminalScreen {
    child: Child,
    /// None once it was closed.
    master: Option<Arc<File>>,
    screen: Arc<Mutex<Emulator>>,
    reader: Arc<Reader>,
    /// The end that the program has, by name.
    end: String,
}

/// What a terminal is.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// `TERM`.
    pub term: &'static str,
    /// `NO_COLOR`.
    pub no_color: Option<&'static str>,
}

impl Default for Kind {
    fn default() -> Self {
        Self {
            term: "xterm-256color",
            no_color: None,
        }
    }
}

impl TerminalScreen {
    /// Starts the command at a terminal of that many columns and rows.
    ///
    /// # Panics
    /// Where there is no PTY, or the command can't be started.
    #[must_use]
    pub fn start(command: &Command, size: (u16, u16)) -> Self {
        Self::start_at(Kind::default(), command, size)
    }

    /// Starts the command at a terminal of that kind.
    ///
    /// # Panics
    /// Where there is no PTY, or the command can't be started.
    #[must_use]
    pub fn start_at(kind: Kind, command: &Command, (columns, rows): (u16, u16)) -> Self {
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
        match kind.no_color {
            Some(value) => at_terminal.env("NO_COLOR", value),
            None => at_terminal.env_remove("NO_COLOR"),
        };
        at_terminal
            .env("TERM", kind.term)
            .stdin(open())
            .stdout(open())
            .stderr(open());
        let child = at_terminal.spawn().expect("setsid starts the program");
        let master = Arc::new(File::from(master));
        let emulator = Emulator {
            parser: vt100::Parser::new(some(rows), some(columns), 0),
            bytes: Vec::new(),
        };
        let screen = Arc::new(Mutex::new(emulator));
        let reader = Arc::new(Reader::default());
        let (from, to) = (Arc::downgrade(&master), Arc::clone(&screen));
        let reads = Arc::clone(&reader);
        std::thread::spawn(move || {
            read(&reads, &from, &to);
            reads.ended.store(true, Ordering::SeqCst);
        });
        Self {
            child,
            master: Some(master),
            screen,
            reader,
            end: name.to_owned(),
        }
    }

    /// What a person sees, row by row.
    #[must_use]
    pub fn text(&self) -> String {
        lock(&self.screen).parser.screen().contents()
    }

    /// All bytes that the program wrote so far, as text.
    #[must_use]
    pub fn written(&self) -> String {
        String::from_utf8_lossy(&lock(&self.screen).bytes).into_owned()
    }

    /// What is still another than a shell wants it, after the program's end; empty where all was given back.
    ///
    /// # Panics
    /// Where the terminal was closed.
    #[must_use]
    pub fn left_behind(&self) -> Vec<&'static str> {
        let master = self.master.as_ref().expect("the terminal is open");
        let cooked = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        let modes = tcgetattr(master).expect("a PTY has modes").local_modes;
        let emulator = lock(&self.screen);
        let screen = emulator.parser.screen();
        let mouse = screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
        [
            (!modes.contains(cooked), "raw mode"),
            (screen.alternate_screen(), "the alternate screen"),
            (screen.hide_cursor(), "no cursor"),
            (mouse, "reports of the mouse"),
            (screen.bracketed_paste(), "bracketed paste"),
            (screen.bold() || screen.inverse(), "bold or reversed text"),
        ]
        .into_iter()
        .filter_map(|(is_so, what)| is_so.then_some(what))
        .collect()
    }

    /// Nothing that the program writes is read any more, until [`Self::read_on`].
    pub fn halt(&self) {
        self.reader.halted.store(true, Ordering::SeqCst);
        // Whoever is reading now is done once the screen is free.
        drop(lock(&self.screen));
    }

    /// Halts the terminal, and fills it up: not one more byte is taken.
    ///
    /// # Panics
    /// Where it is never full.
    pub fn clog(&self) {
        self.halt();
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        let mut end = File::options()
            .write(true)
            .custom_flags(flags.bits().cast_signed())
            .open(&self.end)
            .expect("the program's end opens");
        wait_for::condition("a terminal that is full", || {
            loop {
                match end.write(&[b' '; 512]) {
                    Ok(count) => assert!(count > 0, "nothing is written"),
                    Err(error) => return error.kind() == std::io::ErrorKind::WouldBlock,
                }
            }
        });
    }

    /// What the program writes is read again.
    pub fn read_on(&self) {
        self.reader.halted.store(false, Ordering::SeqCst);
    }

    /// Whether the program draws on the whole screen.
    #[must_use]
    pub fn is_taken_over(&self) -> bool {
        lock(&self.screen).parser.screen().alternate_screen()
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

    /// Types, not faster after what was sent before than a person does: keys within a scan are nobody's.
    ///
    /// # Panics
    /// Where the terminal is gone.
    pub fn type_text(&self, text: &str) {
        wait_for::a_hands_pace();
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

    /// Types words and Enter as a person does, once the screen says that it listens: each key is seen before the
    /// next one.
    ///
    /// # Panics
    /// Where they are never seen.
    #[track_caller]
    pub fn type_by_hand(&self, words: &str) {
        self.see("▶");
        let mut typed = String::new();
        for character in words.chars() {
            typed.push(character);
            self.type_text(character.encode_utf8(&mut [0; 4]));
            self.see(&format!("{typed}_"));
        }
        self.type_text("\r");
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
        wait_for::a_hands_pace();
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
            .parser
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

    /// Waits for its end, and for its last words, unless nobody reads them.
    ///
    /// # Panics
    /// With the screen, where it does not end in time.
    #[track_caller]
    pub fn finish(&mut self) -> ExitStatus {
        let deadline = wait_for::Deadline::after(wait_for::PATIENCE);
        while !self.has_ended() {
            let late = deadline.has_passed();
            assert!(!late, "the program has not ended\n{}", self.text());
            wait_for::a_moment();
        }
        let status = self.child.wait().expect("it has ended");
        if !self.reader.halted.load(Ordering::SeqCst) {
            wait_for::condition("its last words", || {
                self.reader.ended.load(Ordering::SeqCst)
            });
        }
        status
    }

    /// Whether it has ended.
    ///
    /// # Panics
    /// Where the operating system does not say.
    pub fn has_ended(&mut self) -> bool {
        let state = self.child.try_wait();
        state.expect("the state of a child can be asked").is_some()
    }
}

impl Drop for TerminalScreen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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
