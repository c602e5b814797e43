//! The printer: a folder that something else empties, a raw TCP port, or a device file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use thiserror::Error;

use crate::station_home::{LabelLanguage, LabelPrinterConfig, LabelPrinterKind};

/// Most labels that may lie in a spool folder: where nobody takes them away, more would fill the disk.
const SPOOLED_MAX: usize = 1_000;

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
        let unfinished = folder.join(format!(".{name}.new"));
        let written = File::create(&unfinished).and_then(|mut file| {
            file.write_all(label.as_bytes())?;
            file.sync_all()?;
            fs::rename(&unfinished, folder.join(format!("{name}.{extension}")))
        });
        if written.is_err() {
            // What is left of it would only take a place; the fault is told as it is.
            drop(fs::remove_file(&unfinished));
        }
        written.map_err(failed)
    }

    fn send(&self, address: &str, label: &str) -> Result<(), PrinterFault> {
        let unknown = || io::Error::other("the name leads to no address");
        let found = address
            .to_socket_addrs()
            .and_then(|mut all| all.next().ok_or_else(unknown))
            .map_err(self.failed("find"))?;
        let stream = TcpStream::connect_timeout(&found, self.timeout());
        let mut stream = stream.map_err(self.failed("reach"))?;
        stream
            .set_write_timeout(Some(self.timeout()))
            .and_then(|()| stream.write_all(label.as_bytes()))
            .and_then(|()| stream.shutdown(std::net::Shutdown::Write))
            .map_err(self.failed("send to"))
    }

    /// A printer that is off takes nothing: writing must not wait for it for ever.
    fn write(&self, path: &Path, label: &str) -> Result<(), PrinterFault> {
        let failed = self.failed("write to");
        let kind = fs::metadata(path).map_err(&failed)?.file_type();
        if !kind.is_char_device() && !kind.is_fifo() {
            let path = path.to_owned();
            return Err(PrinterFault::NoDevice { path });
        }
        let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
        let mut options = OpenOptions::new();
        let opened = options.write(true).custom_flags(nonblocking).open(path);
        let mut file = opened.map_err(&failed)?;
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
