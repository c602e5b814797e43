//! The way to the terminal: bytes go as far as it takes them, and nobody waits for it without end.
//!
//! The terminal is opened once more, by name: whether writing waits belongs to an open file, and the standard
//! output is shared with whatever started this program. What is no terminal is waited for by looking first. Past the buffer of the standard output, in which what a
//! closed terminal did not take would wait for the program's end, and make it fail.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::termios::{QueueSelector, tcflush, ttyname};

/// How long it is waited for room before it is looked whether to wait on.
const PIECE: Duration = Duration::from_millis(50);

/// Most bytes that are written at once where writing waits: a pipe that has room at all has as much.
const SIP: usize = 512;

/// See the module.
#[derive(Debug)]
pub(super) struct Outlet {
    file: File,
    /// Whether writing waits.
    waits: bool,
}

impl Outlet {
    /// To the terminal of the standard output.
    pub(super) fn open() -> io::Result<Self> {
        Self::to(io::stdout())
    }

    /// To whatever that is: a terminal, a pipe, a file.
    pub(super) fn to(output: impl AsFd) -> io::Result<Self> {
        if let Ok(file) = by_name(&output) {
            let waits = false;
            return Ok(Self { file, waits });
        }
        // A terminal that belongs to somebody else (after su) opens for nobody: then writing may wait.
        let file = File::from(output.as_fd().try_clone_to_owned()?);
        let waits = true;
        Ok(Self { file, waits })
    }

    /// Whether it is a terminal.
    pub(super) fn is_terminal(&self) -> bool {
        self.file.is_terminal()
    }

    /// Writes all of it; waits for room in between as long as `goes_on`.
    pub(super) fn write(&self, bytes: &[u8], mut goes_on: impl FnMut() -> bool) -> io::Result<()> {
        let mut left = bytes;
        while !left.is_empty() {
            match self.write_some(left) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => left = left.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if !goes_on() {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    self.has_room(PIECE)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn write_some(&self, bytes: &[u8]) -> io::Result<usize> {
        if !self.waits {
            return (&self.file).write(bytes);
        }
        if !self.has_room(Duration::ZERO)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        (&self.file).write(bytes.get(..SIP).unwrap_or(bytes))
    }

    /// Writes all of it, unless the terminal takes longer than about that.
    pub(super) fn write_within(&self, bytes: &[u8], limit: Duration) -> io::Result<()> {
        let mut pieces = limit.as_millis().div_ceil(PIECE.as_millis());
        self.write(bytes, || {
            pieces = pieces.saturating_sub(1);
            pieces > 0
        })
    }

    /// Throws away what the terminal has not taken yet, so that there is room.
    pub(super) fn throw_away(&self) {
        // One that cannot is gone, and then writing says so.
        let _flushed = tcflush(&self.file, QueueSelector::OFlush);
    }

    fn has_room(&self, limit: Duration) -> io::Result<bool> {
        let limit = Timespec::try_from(limit).ok();
        let mut set = [PollFd::new(&self.file, PollFlags::OUT)];
        match poll(&mut set, limit.as_ref()) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn by_name(output: impl AsFd) -> io::Result<File> {
    let name = ttyname(output, Vec::new())?;
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    File::options()
        .write(true)
        .custom_flags(flags.cast_signed())
        .open(OsStr::from_bytes(name.as_bytes()))
}
