//! Pseudo-terminals that look like serial ports. The only file that knows them.
//!
//! 1. A fresh one echoes, so raw mode is set before its name is linked.
//! 2. The master reads errors for as long as nobody holds the other side, so this side keeps it
//!    open too.
//! 3. A station that is killed leaves the terminal exclusive, for the same reason;
//!    [`Pty::release`] undoes it.
//! 4. Neither speed nor modem lines exist: whoever wants a slow line throttles it.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, ioctl_tiocnxcl, tcgetattr, tcsetattr};
use thiserror::Error;

/// A pseudo-terminal could not be had or used.
#[derive(Debug, Error)]
#[error("{step} for {}: {source}", link.display())]
pub struct PtyError {
    step: &'static str,
    link: PathBuf,
    #[source]
    source: io::Error,
}

/// One serial port of the line, under the name that the station opens.
#[derive(Debug)]
pub struct Pty {
    master: OwnedFd,
    slave: OwnedFd,
    link: PathBuf,
    target: PathBuf,
    /// What the other side has not taken yet.
    unwritten: Vec<u8>,
}

impl Pty {
    /// Opens a pseudo-terminal and links it under that name, in place of any link that was there.
    pub fn open(link: &Path) -> Result<Self, PtyError> {
        let failed = |step| {
            move |source: Errno| PtyError {
                step,
                link: link.to_owned(),
                source: source.into(),
            }
        };
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).map_err(failed("opening a pseudo-terminal"))?;
        grantpt(&master).map_err(failed("granting the pseudo-terminal"))?;
        unlockpt(&master).map_err(failed("unlocking the pseudo-terminal"))?;
        let name = ptsname(&master, Vec::new()).map_err(failed("naming the pseudo-terminal"))?;
        let target = PathBuf::from(name.to_string_lossy().into_owned());
        let slave_flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = rustix::fs::open(&target, slave_flags, Mode::empty())
            .map_err(failed("opening the port's own side"))?;
        make_raw(&slave).map_err(failed("setting raw mode"))?;
        rustix::io::ioctl_fionbio(&master, true).map_err(failed("unblocking the port"))?;
        let linked = |source| PtyError {
            step: "linking the port",
            link: link.to_owned(),
            source,
        };
        if fs::symlink_metadata(link).is_ok_and(|found| found.is_symlink()) {
            fs::remove_file(link).map_err(linked)?;
        }
        std::os::unix::fs::symlink(&target, link).map_err(linked)?;
        Ok(Self {
            master,
            slave,
            link: link.to_owned(),
            target,
            unwritten: Vec::new(),
        })
    }

    /// Waits until bytes have come, the time is over, or `interrupt` becomes readable.
    pub fn wait(&self, interrupt: BorrowedFd<'_>, timeout_us: u64) -> Result<(), PtyError> {
        let mut wanted = PollFlags::IN;
        if !self.unwritten.is_empty() {
            wanted |= PollFlags::OUT;
        }
        let mut watched = [
            PollFd::new(&self.master, wanted),
            PollFd::from_borrowed_fd(interrupt, PollFlags::IN),
        ];
        wait_for(&mut watched, timeout_us).map_err(|source| self.failed("waiting", source))
    }

    /// Bytes from the station; empty where there are none.
    pub fn read(&self) -> Result<Vec<u8>, PtyError> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        // Bounded, so that a station that never stops talking can't hold the lane here.
        for _ in 0..16 {
            match rustix::io::read(&self.master, &mut buffer) {
                Ok(0) | Err(Errno::AGAIN | Errno::INTR | Errno::IO) => break,
                Ok(length) => bytes.extend_from_slice(buffer.get(..length).unwrap_or_default()),
                Err(source) => return Err(self.failed("reading", source)),
            }
        }
        Ok(bytes)
    }

    /// Writes to the station. What it does not take is kept for later, up to a bound; beyond it
    /// the newest is lost.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), PtyError> {
        let room = MOST_UNWRITTEN_BYTES.saturating_sub(self.unwritten.len());
        let taken = bytes.get(..bytes.len().min(room)).unwrap_or_default();
        self.unwritten.extend_from_slice(taken);
        while !self.unwritten.is_empty() {
            match rustix::io::write(&self.master, &self.unwritten) {
                Ok(written) => {
                    self.unwritten.drain(..written.min(self.unwritten.len()));
                }
                Err(Errno::AGAIN | Errno::INTR | Errno::IO) => break,
                Err(source) => return Err(self.failed("writing", source)),
            }
        }
        Ok(())
    }

    /// Forgets what the station has not taken, as unplugging does.
    pub fn forget_unwritten(&mut self) {
        self.unwritten.clear();
    }

    /// Lets another process open the port after one that made it exclusive has died.
    pub fn release(&self) {
        let _only_where_supported = ioctl_tiocnxcl(&self.slave);
    }

    fn failed(&self, step: &'static str, source: Errno) -> PtyError {
        PtyError {
            step,
            link: self.link.clone(),
            source: source.into(),
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        if fs::read_link(&self.link).is_ok_and(|found| found == self.target) {
            let _already_gone = fs::remove_file(&self.link);
        }
    }
}

/// Waits until `interrupt` becomes readable or the time is over.
pub fn wait_without_port(interrupt: BorrowedFd<'_>, timeout_us: u64) -> io::Result<()> {
    let mut watched = [PollFd::from_borrowed_fd(interrupt, PollFlags::IN)];
    Ok(wait_for(&mut watched, timeout_us)?)
}

/// Whether there is something to read.
#[must_use]
pub fn is_readable(interrupt: BorrowedFd<'_>) -> bool {
    let mut watched = [PollFd::from_borrowed_fd(interrupt, PollFlags::IN)];
    let _interrupted = wait_for(&mut watched, 0);
    watched.iter().any(|fd| !fd.revents().is_empty())
}

fn wait_for(watched: &mut [PollFd<'_>], timeout_us: u64) -> Result<(), Errno> {
    let seconds = i64::try_from(timeout_us / 1_000_000).unwrap_or(i64::MAX);
    let nanoseconds = u32::try_from(timeout_us % 1_000_000).unwrap_or(0) * 1_000;
    let timeout = Timespec {
        tv_sec: seconds,
        tv_nsec: nanoseconds.into(),
    };
    match poll(watched, Some(&timeout)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(source) => Err(source),
    }
}

fn make_raw(slave: &OwnedFd) -> Result<(), Errno> {
    let mut attributes = tcgetattr(slave.as_fd())?;
    attributes.make_raw();
    tcsetattr(slave.as_fd(), OptionalActions::Now, &attributes)
}

/// A few windows of the largest frames.
const MOST_UNWRITTEN_BYTES: usize = 64 * 1024;
