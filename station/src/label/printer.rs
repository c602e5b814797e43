//! The printer: a folder that something else empties, a raw TCP port, or a device file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use thiserror::Error;

use crate::station_home::{LabelLanguage, LabelPrinterConfig, LabelPrinterKind};

/// Most labels that may lie in a spool folder: where nobody takes them away, more would fill the disk.
const SPOOLED_MAX: usize = 1_000;
/// How long a TCP printer that has the whole label may take to close. Those that never do have it all the same.
const CLOSING: Duration = Duration::from_secs(1);
/// Most answers that are read and thrown away until then.
const ANSWERS_MAX: usize = 16;
/// How often a device file is looked at that another label is being written to.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// A printer as `station.toml` names it.
#[derive(Clone, Debug)]
pub struct Printer {
    config: LabelPrinterConfig,
}

/// Why a label was not printed.
#[derive(Debug, Error)]
pub enum PrinterFault {
    /// The operating system refused, or the printer did not take it in time.
    #[error("cannot {verb} {printer}: {source}")]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The printer.
        printer: String,
        /// Why.
        source: io::Error,
    },
    /// It may be on paper: trying again by itself could print it again and again.
    #[error(
        "{printer} broke off when it had been sent the whole label, which may be on paper: {source}"
    )]
    Doubtful {
        /// The printer.
        printer: String,
        /// What the system said.
        source: io::Error,
    },
    /// Nobody takes the labels away.
    #[error("{SPOOLED_MAX} labels lie in {path} already; see who should take them away", path = path.display())]
    SpoolFull {
        /// The folder.
        path: PathBuf,
    },
    /// An ordinary file would only be overwritten again and again.
    #[error("{path} is no printer's device file", path = path.display())]
    NoDevice {
        /// The file.
        path: PathBuf,
    },
}

impl Printer {
    /// The printer that the configuration names.
    #[must_use]
    pub const fn new(config: LabelPrinterConfig) -> Self {
        Self { config }
    }

    /// Its name for people.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.config.kind {
            LabelPrinterKind::Spool(path) => format!("spool {}", path.display()),
            LabelPrinterKind::Tcp(address) => format!("tcp {address}"),
            LabelPrinterKind::Device(path) => format!("device {}", path.display()),
        }
    }

    /// What it understands.
    #[must_use]
    pub const fn language(&self) -> LabelLanguage {
        self.config.language
    }

    /// Prints one label; `name` is a file's name in a spool. Takes no longer than the configured time for
    /// each of its steps. That it was printed means that the printer took it: paper is not asked for.
    ///
    /// # Errors
    /// Why the printer did not take it.
    pub fn print(&self, name: &str, label: &str) -> Result<(), PrinterFault> {
        match &self.config.kind {
            LabelPrinterKind::Spool(path) => self.spool(path, name, label),
            LabelPrinterKind::Tcp(address) => self.send(address, label),
            LabelPrinterKind::Device(path) => self.write(path, label),
        }
    }

    fn failed(&self, verb: &'static str) -> impl Fn(io::Error) -> PrinterFault {
        let printer = self.name();
        move |source| PrinterFault::Io {
            verb,
            printer: printer.clone(),
            source,
        }
    }

    const fn timeout(&self) -> Duration {
        Duration::from_millis(self.config.timeout_ms)
    }

    /// Whole or not at all, under another name until then.
    fn spool(&self, folder: &Path, name: &str, label: &str) -> Result<(), PrinterFault> {
        let failed = self.failed("write into");
        let listed = fs::read_dir(folder).map_err(&failed)?;
        if listed.take(SPOOLED_MAX).count() == SPOOLED_MAX {
            let path = folder.to_owned();
            return Err(PrinterFault::SpoolFull { path });
        }
        let extension = match self.config.language {
            LabelLanguage::Zpl => "zpl",
            LabelLanguage::Text => "txt",
        };
        let (mut file, unfinished, finished) =
            new_in_spool(folder, name, extension).map_err(&failed)?;
        let written = file
            .write_all(label.as_bytes())
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&unfinished, finished));
        if written.is_err() {
            // What is left of it would only take a place; the fault is told as it is.
            drop(fs::remove_file(&unfinished));
        }
        written.map_err(failed)
    }

    fn send(&self, address: &str, label: &str) -> Result<(), PrinterFault> {
        let mut stream = self.connect(address)?;
        stream
            .set_write_timeout(Some(self.timeout()))
            .and_then(|()| stream.set_read_timeout(Some(self.timeout().min(CLOSING))))
            .and_then(|()| stream.write_all(label.as_bytes()))
            .map_err(self.failed("send to"))?;
        // The kernel has taken the label by now, not the printer: one that resets has lost it, or a part.
        stream
            .shutdown(Shutdown::Write)
            .and_then(|()| await_close(&mut stream))
            .map_err(|source| PrinterFault::Doubtful {
                printer: self.name(),
                source,
            })
    }

    /// By the first of its addresses that answers: a name often has one of IPv6 that leads nowhere.
    fn connect(&self, address: &str) -> Result<TcpStream, PrinterFault> {
        let found = found(address, self.timeout()).map_err(self.failed("find"))?;
        let mut last = io::Error::other("the name leads to no address");
        for address in found {
            match TcpStream::connect_timeout(&address, self.timeout()) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(self.failed("reach")(last))
    }

    /// A printer that is off takes nothing: writing must not wait for it for ever.
    fn write(&self, path: &Path, label: &str) -> Result<(), PrinterFault> {
        let failed = self.failed("write to");
        let kind = fs::metadata(path).map_err(&failed)?.file_type();
        if !kind.is_char_device() && !kind.is_fifo() {
            let path = path.to_owned();
            return Err(PrinterFault::NoDevice { path });
        }
        // A printer at a serial port is no terminal of ours.
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
        let flags = i32::try_from(flags).unwrap_or_default();
        let mut options = OpenOptions::new();
        let opened = options.write(true).custom_flags(flags).open(path);
        let mut file = opened.map_err(&failed)?;
        self.lock(&file).map_err(&failed)?;
        let mut left = label.as_bytes();
        while !left.is_empty() {
            match file.write(left) {
                Ok(count) => left = left.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.await_space(&file).map_err(&failed)?;
                }
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }

    /// Labels of a line and labels by hand never mix; the lock ends with the file.
    fn lock(&self, file: &File) -> io::Result<()> {
        let looks = self.timeout().as_millis() / LOOK_INTERVAL.as_millis();
        for _ in 0..=looks {
            match flock(file, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::WOULDBLOCK) => std::thread::park_timeout(LOOK_INTERVAL),
                locked => return locked.map_err(io::Error::from),
            }
        }
        Err(io::Error::other("another label is being written there"))
    }

    fn await_space(&self, file: &File) -> io::Result<()> {
        let millis = i64::try_from(self.config.timeout_ms).unwrap_or(i64::MAX);
        let timeout = Timespec {
            tv_sec: millis / 1000,
            tv_nsec: millis % 1000 * 1_000_000,
        };
        let mut waiting = [PollFd::new(file, PollFlags::OUT)];
        match poll(&mut waiting, Some(&timeout))? {
            0 => Err(io::Error::from(io::ErrorKind::TimedOut)),
            _ => Ok(()),
        }
    }
}

/// The addresses of `HOST:PORT`.
fn found(address: &str, limit: Duration) -> io::Result<Vec<SocketAddr>> {
    if let Ok(number) = address.parse() {
        return Ok(vec![number]);
    }
    let name = address.to_owned();
    answered_within(limit, move || Ok(name.to_socket_addrs()?.collect()))
}

/// What the system says of a name: it may take minutes where a name server is silent, and cannot be told not to.
/// It is asked on a thread that is left to itself then; it ends with the system's answer.
fn answered_within<T: Send + 'static>(
    limit: Duration,
    ask: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (tells, told) = channel();
    let thread = std::thread::Builder::new().name("printer's name".to_owned());
    thread.spawn(move || drop(tells.send(ask())))?;
    told.recv_timeout(limit).unwrap_or_else(|_| {
        let why = "no name server answered in time; its number would do without";
        Err(io::Error::new(io::ErrorKind::TimedOut, why))
    })
}

/// Makes a label's file under the name that it has until it is whole, and gives that and its last one. A label
/// that still lies there is not overwritten: one that is printed again is one more.
fn new_in_spool(
    folder: &Path,
    name: &str,
    extension: &str,
) -> io::Result<(File, PathBuf, PathBuf)> {
    for number in 1..=SPOOLED_MAX {
        let name = match number {
            1 => name.to_owned(),
            _ => format!("{name}-{number}"),
        };
        let finished = folder.join(format!("{name}.{extension}"));
        let unfinished = folder.join(format!(".{name}.new"));
        match File::create_new(&unfinished) {
            // Looked at once nobody else can finish one of that name.
            Ok(_) if finished.try_exists()? => fs::remove_file(&unfinished)?,
            Ok(file) => return Ok((file, unfinished, finished)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(
        "all names for this label are taken; empty the folder",
    ))
}

/// Waits until the printer closes the connection, or a while; an error where it breaks it off.
fn await_close(stream: &mut TcpStream) -> io::Result<()> {
    let mut answer = [0; 256];
    for _ in 0..ANSWERS_MAX {
        match stream.read(&mut answer) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted => {}
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => break,
                _ => return Err(error),
            },
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nobody_resolves_does_not_hold_up_the_printer() {
        let (answers, question) = channel::<()>();
        let silent = move || {
            let _silence = question.recv();
            Ok(())
        };
        let error = answered_within(Duration::from_millis(10), silent).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(error.to_string().contains("name server"), "{error}");
        drop(answers);
        let number = found("127.0.0.1:9100", Duration::ZERO).unwrap();
        assert_eq!(number, ["127.0.0.1:9100".parse().unwrap()]);
        let known = found("localhost:9100", Duration::from_mins(1)).unwrap();
        assert!(known.iter().all(|address| address.ip().is_loopback()));
    }
}
