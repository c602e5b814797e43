//! Serial ports on real pseudo terminals: present, taken, gone, stuffed.

use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::pty::OpenptFlags;

use super::link::{Link, Port as _, PortUnavailable};
use super::port::{DEFAULT_BAUD, SerialPort};

/// The device's side of a pseudo terminal, and the port's name.
fn pseudo_terminal() -> (OwnedFd, PathBuf) {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = rustix::pty::openpt(flags).unwrap();
    rustix::pty::grantpt(&master).unwrap();
    rustix::pty::unlockpt(&master).unwrap();
    let name = rustix::pty::ptsname(&master, Vec::new()).unwrap();
    (master, PathBuf::from(name.into_string().unwrap()))
}

fn open(path: &Path) -> Result<Box<dyn Link>, PortUnavailable> {
    SerialPort::new(path, DEFAULT_BAUD).open()
}

#[test]
fn carries_every_byte_both_ways() {
    let (master, path) = pseudo_terminal();
    let mut device = std::fs::File::from(master);
    let mut link = open(&path).unwrap();
    let all: Vec<u8> = (0..=255).collect();
    link.send(&all).unwrap();
    let mut got = vec![0; 256];
    device.read_exact(&mut got).unwrap();
    assert_eq!(got, all);
    device.write_all(&all).unwrap();
    let mut got = Vec::new();
    let mut buffer = [0; 64];
    while got.len() < 256 {
        let count = link.receive(&mut buffer, Duration::from_mins(1)).unwrap();
        got.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(got, all);
    assert_eq!(link.receive(&mut buffer, Duration::ZERO), Ok(0));
}

#[test]
fn tells_a_missing_port_a_taken_one_and_what_is_none() {
    let missing = open(Path::new("/nonexistent/port")).map(drop).unwrap_err();
    assert!(
        matches!(missing, PortUnavailable::Missing { .. }),
        "{missing}"
    );
    let (_master, path) = pseudo_terminal();
    let _first = open(&path).unwrap();
    let taken = open(&path).map(drop).unwrap_err();
    assert!(matches!(taken, PortUnavailable::InUse { .. }), "{taken}");
    let file = tempfile::NamedTempFile::new().unwrap();
    let none = open(file.path()).map(drop).unwrap_err();
    assert!(matches!(none, PortUnavailable::Unusable { .. }), "{none}");
}

#[test]
fn a_port_that_goes_is_lost_and_can_be_opened_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("lane0");
    let (master, path) = pseudo_terminal();
    std::os::unix::fs::symlink(&path, &name).unwrap();
    let mut link = open(&name).unwrap();
    drop(master);
    let mut buffer = [0; 16];
    assert!(link.receive(&mut buffer, Duration::from_mins(1)).is_err());
    assert!(link.send(b"anybody").is_err());
    std::fs::remove_file(&name).unwrap();
    assert!(open(&name).is_err());
    let (_master, path) = pseudo_terminal();
    std::os::unix::fs::symlink(&path, &name).unwrap();
    assert!(open(&name).is_ok());
}

#[test]
fn a_device_that_never_reads_does_not_hold_the_lane() {
    let (_master, path) = pseudo_terminal();
    let mut link = open(&path).unwrap();
    // Far more than a pseudo terminal keeps: ends all the same, within the stall.
    assert_eq!(link.send(&vec![0x55; 1024 * 1024]), Ok(()));
}
