//! What a person would see at a terminal, and whoever reads what the program writes to it.

use std::fs::File;
use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::wait_for;

/// How long the terminal is kept open for reading at a time.
const LOOK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 20_000_000,
};

/// What was written, and what it looks like.
pub(crate) struct Emulator {
    pub(crate) parser: vt100::Parser,
    /// Everything that came.
    pub(crate) bytes: Vec<u8>,
}

/// Whoever reads what the program writes.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) halted: AtomicBool,
    pub(crate) ended: AtomicBool,
}

impl Emulator {
    fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let parser = &mut self.parser;
        // At a few columns and rows the emulator has faults of its own.
        if catch_unwind(AssertUnwindSafe(|| parser.process(bytes))).is_err() {
            let (rows, columns) = self.parser.screen().size();
            self.parser = vt100::Parser::new(rows, columns, 0);
        }
    }
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Emulator")
    }
}

/// Shows what is written, until the program has gone or the terminal is closed.
pub(crate) fn read(reader: &Reader, from: &Weak<File>, to: &Mutex<Emulator>) {
    let mut bytes = [0; 4096];
    // Whoever closes the terminal is to find nobody else who keeps it open for long.
    while let Some(master) = from.upgrade() {
        if reader.halted.load(Ordering::SeqCst) {
            drop(master);
            wait_for::a_moment();
            continue;
        }
        let mut ready = [PollFd::new(&*master, PollFlags::IN)];
        match poll(&mut ready, Some(&LOOK)) {
            Ok(0) => {}
            Ok(_) => match (&*master).read(&mut bytes) {
                Ok(count) => {
                    let mut emulator = lock(to);
                    emulator.take(&bytes[..count]);
                }
                Err(_) => return,
            },
            Err(_) => return,
        }
    }
}

pub(crate) fn lock(screen: &Mutex<Emulator>) -> MutexGuard<'_, Emulator> {
    screen.lock().unwrap_or_else(PoisonError::into_inner)
}
