//! Serial ports, real and pseudo.
//!
//! `serialport` sets the line up and keeps others out. Bytes go through a second, non-blocking
//! descriptor
//! of our own: on the blocking one a device that stops reading would hold a write, and its lane,
//! for ever.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use serialport::{ClearBuffer, DataBits, FlowControl, Parity, SerialPort as _, StopBits, TTYPort};

use super::adapter::{AdapterChange, AdapterOwners, Roots};
use super::hold::PortNames;
use super::link::{Link, LinkLost, Port, PortUnavailable};

/// Speed unless the configuration says otherwise, in baud; 8N1 and no flow control always.
pub const DEFAULT_BAUD: u32 = 115_200;

/// How long a write waits for the port to take at least one more byte.
const SEND_STALL: Duration = Duration::from_secs(1);

/// Most turns of one write; each takes at least a byte, usually thousands.
const MAX_SEND_TURNS: u32 = 4096;

/// How many reads in a row may give nothing though the port said it was readable. Real adapters
/// show an
/// unplugged cable in this way.
const MAX_EMPTY_READS: u32 = 16;

/// A serial port by path.
#[derive(Clone, Debug)]
pub struct SerialPort {
    path: PathBuf,
    name: String,
    baud: u32,
    /// The serial number of the adapter that was there last, or belongs there.
    adapter: Option<String>,
    owners: AdapterOwners,
    roots: Roots,
}

impl SerialPort {
    /// Names the port; nothing is opened yet.
    #[must_use]
    pub fn new(path: &Path, baud: u32) -> Self {
        Self {
            path: path.to_owned(),
            name: path.display().to_string(),
            baud,
            adapter: None,
            owners: AdapterOwners::default(),
            roots: Roots::default(),
        }
    }

    /// The same, with the adapter that belongs there, and the lanes where others belong.
    #[must_use]
    pub fn with_adapter(self, adapter: Option<String>, owners: AdapterOwners) -> Self {
        Self {
            adapter,
            owners,
            ..self
        }
    }

    /// The same, with another place where the kernel tells about adapters.
    #[must_use]
    pub fn with_sysfs(mut self, sysfs: &Path) -> Self {
        sysfs.clone_into(&mut self.roots.sysfs);
        self
    }

    fn open_descriptor(&self) -> Result<OwnedFd, PortUnavailable> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let port = self.name.clone();
        rustix::fs::open(&self.path, flags, Mode::empty()).map_err(|errno| match errno {
            Errno::NOENT | Errno::NODEV | Errno::NXIO | Errno::IO => {
                PortUnavailable::Missing { port }
            }
            Errno::BUSY => PortUnavailable::InUse { port },
            Errno::ACCESS | Errno::PERM => PortUnavailable::Denied { port },
            _ => PortUnavailable::Unusable {
                port,
                detail: errno.to_string(),
            },
        })
    }

    fn open_settings(&self) -> Result<TTYPort, serialport::Error> {
        serialport::new(&self.name, self.baud)
            .data_bits(DataBits::Eight)
            .parity(Parity::None)
            .stop_bits(StopBits::One)
            .flow_control(FlowControl::None)
            .timeout(SEND_STALL)
            .open_native()
    }
}

/// Where the system keeps lasting names of serial ports: by adapter, and by where it is plugged in.
const LASTING_NAMES: [&str; 2] = ["/dev/serial/by-id", "/dev/serial/by-path"];

/// The lasting names of a port; its device's own name, which changes with each plugging, where it has
/// none.
fn lasting_names(path: &Path, folders: &[&Path]) -> PortNames {
    let device = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let links = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok());
    let links = links.flatten().filter_map(Result::ok);
    let names: PortNames = links
        .map(|link| link.path())
        .filter(|link| fs::canonicalize(link).is_ok_and(|leads_to| leads_to == device))
        .map(|link| link.display().to_string())
        .collect();
    if names.is_empty() {
        return PortNames::from([device.display().to_string()]);
    }
    names
}

impl Port for SerialPort {
    fn name(&self) -> &str {
        &self.name
    }

    fn known_as(&self) -> PortNames {
        lasting_names(&self.path, &LASTING_NAMES.map(Path::new))
    }

    fn adapter_change(&mut self) -> Option<AdapterChange> {
        let now = self.roots.place(&self.path)?.adapter?;
        let before = self.adapter.replace(now.clone())?;
        let belongs_to = self.owners.get(&now).cloned();
        (before != now).then_some(AdapterChange {
            before,
            now,
            belongs_to,
        })
    }

    fn open(&mut self) -> Result<Box<dyn Link>, PortUnavailable> {
        // Ours first: once the other one is exclusive, the system refuses a second opener.
        let descriptor = self.open_descriptor()?;
        let port = self.name.clone();
        let mut settings = self.open_settings().map_err(|error| match error.kind() {
            serialport::ErrorKind::NoDevice => PortUnavailable::InUse { port },
            _ => PortUnavailable::Unusable {
                port,
                detail: error.to_string(),
            },
        })?;
        // Fixtures that power the board by these lines need them; pseudo terminals have none.
        drop(settings.write_data_terminal_ready(true));
        drop(settings.write_request_to_send(true));
        // What came before we listened is not for us; where it cannot be cleared it is noise.
        drop(settings.clear(ClearBuffer::Input));
        Ok(Box::new(SerialLink {
            descriptor,
            _settings: settings,
            empty_reads: 0,
        }))
    }
}

struct SerialLink {
    descriptor: OwnedFd,
    /// Keeps the port exclusive.
    _settings: TTYPort,
    empty_reads: u32,
}

impl SerialLink {
    /// Whether the port is ready within the limit.
    fn await_ready(&self, wish: PollFlags, limit: Duration) -> Result<bool, LinkLost> {
        let mut set = [PollFd::new(&self.descriptor, wish)];
        // Ten minutes fit in any Timespec; nobody waits that long.
        let limit = Timespec::try_from(limit.min(Duration::from_mins(10))).ok();
        match poll(&mut set, limit.as_ref()) {
            Ok(0) | Err(Errno::INTR) => Ok(false),
            Ok(_) => {
                let [ready] = &set;
                let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
                if ready.revents().intersects(gone) {
                    return Err(lost("hang-up"));
                }
                Ok(ready.revents().intersects(wish))
            }
            Err(errno) => Err(lost(&errno.to_string())),
        }
    }
}

impl Link for SerialLink {
    fn receive(&mut self, into: &mut [u8], limit: Duration) -> Result<usize, LinkLost> {
        if !self.await_ready(PollFlags::IN, limit)? {
            return Ok(0);
        }
        match rustix::io::read(&self.descriptor, into) {
            Ok(0) => {
                self.empty_reads += 1;
                if self.empty_reads > MAX_EMPTY_READS {
                    return Err(lost("it gives nothing, though it says that it could"));
                }
                Ok(0)
            }
            Ok(count) => {
                self.empty_reads = 0;
                Ok(count)
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(errno) => Err(lost(&errno.to_string())),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), LinkLost> {
        let mut rest = bytes;
        for _ in 0..MAX_SEND_TURNS {
            if rest.is_empty() || !self.await_ready(PollFlags::OUT, SEND_STALL)? {
                break;
            }
            match rustix::io::write(&self.descriptor, rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(errno) => return Err(lost(&errno.to_string())),
            }
        }
        Ok(())
    }
}

fn lost(detail: &str) -> LinkLost {
    LinkLost {
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::line::adapter::tests::FakeRoots;
    use crate::names::LaneName;

    #[test]
    fn another_adapter_at_the_same_place_is_named_once() {
        let fake = FakeRoots::create();
        let place = fake.plug("usb-0:2", "ttyUSB0", Some("A5"));
        let mut port = SerialPort {
            roots: fake.roots(),
            ..SerialPort::new(&place, DEFAULT_BAUD)
        };
        assert_eq!(port.adapter_change(), None, "the first is remembered");
        fake.unplug("usb-0:2");
        assert_eq!(port.adapter_change(), None, "nothing is there");
        fake.plug("usb-0:2", "ttyUSB1", Some("A5"));
        assert_eq!(port.adapter_change(), None, "under another number");
        fake.unplug("usb-0:2");
        fake.plug("usb-0:2", "ttyUSB0", Some("B7"));
        let change = AdapterChange {
            before: "A5".to_owned(),
            now: "B7".to_owned(),
            belongs_to: None,
        };
        assert_eq!(port.adapter_change(), Some(change.clone()));
        assert_eq!(port.adapter_change(), None, "told once");
        // The one that the configuration names counts from the start, and it knows where the other belongs.
        let owners = [("B7".to_owned(), LaneName::parse("right").unwrap())];
        let mut bound = SerialPort {
            roots: fake.roots(),
            ..SerialPort::new(&place, DEFAULT_BAUD)
                .with_adapter(Some("A5".to_owned()), AdapterOwners::new(owners.into()))
        };
        let change = bound.adapter_change().unwrap();
        let told = "adapter B7 is where A5 was; it belongs to lane right";
        assert_eq!(change.to_string(), told);
    }

    #[test]
    fn a_port_is_the_same_by_whatever_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let name = |name: &str| at(name).canonicalize().unwrap().display().to_string();
        for device in ["tty1", "tty2"] {
            fs::write(at(device), "").unwrap();
        }
        fs::create_dir(at("by-id")).unwrap();
        fs::create_dir(at("by-path")).unwrap();
        let (by_id, by_path) = (at("by-id/adapter"), at("by-path/left"));
        symlink("../tty1", &by_id).unwrap();
        symlink("../tty1", &by_path).unwrap();
        symlink("tty2", at("lane0")).unwrap();
        let folders = [&*at("by-id"), &*at("by-path"), &*at("none")];
        let lasting = PortNames::from([&by_id, &by_path].map(|path| path.display().to_string()));
        for named in [at("tty1"), by_id, by_path] {
            assert_eq!(lasting_names(&named, &folders), lasting);
        }
        for named in [at("tty2"), at("lane0")] {
            let own = PortNames::from([name("tty2")]);
            assert_eq!(lasting_names(&named, &folders), own);
        }
    }
}
