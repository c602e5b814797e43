//! Serial adapters: the places where they are plugged in, and what they say of themselves.
//!
//! Under Linux `/dev/serial/by-path` has a link for each place that an adapter is plugged in at, and sysfs has
//! the adapter's serial number. Adapters without one, or all with the same, cannot be told apart.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, fs};

use crate::names::LaneName;

/// Where the system names places of serial adapters.
pub const BY_PATH: &str = "/dev/serial/by-path";
/// Where the kernel tells about devices.
pub const SYSFS: &str = "/sys";

/// Longest serial number of an adapter that is believed.
const SERIAL_BYTES_MAX: usize = 64;
/// How far above a port's own folder of sysfs its adapter's may be: port, interface, adapter.
const FOLDERS_UP: usize = 4;

/// Where places and adapters are looked up; tests have their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    /// The folder of places.
    pub by_path: PathBuf,
    /// Where sysfs is mounted.
    pub sysfs: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self {
            by_path: BY_PATH.into(),
            sysfs: SYSFS.into(),
        }
    }
}

/// A place with an adapter in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The port by its place: what a `[[lane]]` names.
    pub port: PathBuf,
    /// The device that it leads to now.
    pub device: PathBuf,
    /// The adapter's serial number, where it has one.
    pub adapter: Option<String>,
}

impl Roots {
    /// Every place that has an adapter now, in order. None at all: the folder is only there with the first.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let listed = fs::read_dir(&self.by_path).into_iter().flatten();
        let links = listed.filter_map(Result::ok).map(|link| link.path());
        let mut places: Vec<Place> = links.filter_map(|port| self.place(&port)).collect();
        places.sort();
        places
    }

    /// What is at a port now; None where nothing is.
    #[must_use]
    pub fn place(&self, port: &Path) -> Option<Place> {
        let device = fs::canonicalize(port).ok()?;
        Some(Place {
            port: port.to_owned(),
            adapter: self.adapter(&device),
            device,
        })
    }

    /// The serial number of the adapter that has a device.
    fn adapter(&self, device: &Path) -> Option<String> {
        let class = self.sysfs.join("class/tty").join(device.file_name()?);
        let own = fs::canonicalize(class.join("device")).ok()?;
        let mut folders = own.ancestors().take(FOLDERS_UP);
        let serial = folders.find_map(|folder| fs::read_to_string(folder.join("serial")).ok())?;
        let serial = serial.trim();
        let plain = |c: char| c.is_ascii_graphic();
        let good = (1..=SERIAL_BYTES_MAX).contains(&serial.len()) && serial.chars().all(plain);
        good.then(|| serial.to_owned())
    }
}

/// Another adapter than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterChange {
    /// The serial number of the one before.
    pub before: String,
    /// That of the one now.
    pub now: String,
    /// The lane where that one belongs, where the configuration says so: cables were swapped.
    pub belongs_to: Option<LaneName>,
}

impl fmt::Display for AdapterChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "adapter {} is where {} was", self.now, self.before)?;
        match &self.belongs_to {
            Some(lane) => write!(f, "; it belongs to lane {lane}"),
            None => Ok(()),
        }
    }
}

/// The lanes by the serial numbers of their adapters.
pub type AdapterOwners = Arc<BTreeMap<String, LaneName>>;

#[cfg(test)]
pub(crate) mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder of places and a sysfs, both made up.
    pub(crate) struct FakeRoots {
        folder: tempfile::TempDir,
    }

    impl FakeRoots {
        pub(crate) fn create() -> Self {
            let folder = tempfile::tempdir().unwrap();
            for name in ["dev/by-path", "sys/class/tty"] {
                fs::create_dir_all(folder.path().join(name)).unwrap();
            }
            Self { folder }
        }

        pub(crate) fn roots(&self) -> Roots {
            Roots {
                by_path: self.folder.path().join("dev/by-path"),
                sysfs: self.folder.path().join("sys"),
            }
        }

        /// An adapter comes at a place, under a device name; its serial number stands as sysfs has it.
        pub(crate) fn plug(&self, place: &str, device: &str, serial: Option<&str>) -> PathBuf {
            let at = |name: String| self.folder.path().join(name);
            fs::write(at(format!("dev/{device}")), "").unwrap();
            let port = at(format!("sys/devices/usb1/{place}/1.0/{device}"));
            fs::create_dir_all(&port).unwrap();
            if let Some(serial) = serial {
                let file = at(format!("sys/devices/usb1/{place}/serial"));
                fs::write(file, format!("{serial}\n")).unwrap();
            }
            let class = at(format!("sys/class/tty/{device}"));
            fs::create_dir_all(&class).unwrap();
            drop(fs::remove_file(class.join("device")));
            symlink(port, class.join("device")).unwrap();
            let link = self.roots().by_path.join(place);
            symlink(format!("../{device}"), &link).unwrap();
            link
        }

        pub(crate) fn unplug(&self, place: &str) {
            fs::remove_file(self.roots().by_path.join(place)).unwrap();
            let adapter = self.folder.path().join("sys/devices/usb1").join(place);
            fs::remove_dir_all(adapter).unwrap();
        }
    }

    #[test]
    fn places_are_told_with_their_adapters() {
        let fake = FakeRoots::create();
        assert!(fake.roots().places().is_empty());
        fake.plug("usb-0:2", "ttyUSB0", Some("A50285BI"));
        fake.plug("usb-0:1", "ttyUSB1", None);
        let places = fake.roots().places();
        let told = |place: &Place| {
            let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
            (
                name(&place.port),
                name(&place.device),
                place.adapter.clone(),
            )
        };
        let own = |texts: [&str; 2], serial: Option<&str>| {
            (
                texts[0].to_owned(),
                texts[1].to_owned(),
                serial.map(str::to_owned),
            )
        };
        let told: Vec<_> = places.iter().map(told).collect();
        assert_eq!(
            told,
            [
                own(["usb-0:1", "ttyUSB1"], None),
                own(["usb-0:2", "ttyUSB0"], Some("A50285BI")),
            ]
        );
        // The same place under another number.
        fake.unplug("usb-0:2");
        fake.plug("usb-0:2", "ttyUSB7", Some("A50285BI"));
        let again = fake
            .roots()
            .place(&fake.roots().by_path.join("usb-0:2"))
            .unwrap();
        assert!(again.device.ends_with("ttyUSB7"));
        assert_eq!(again.adapter.as_deref(), Some("A50285BI"));
        let none = Roots {
            by_path: "/nonexistent".into(),
            ..fake.roots()
        };
        assert!(none.places().is_empty());
    }
}
