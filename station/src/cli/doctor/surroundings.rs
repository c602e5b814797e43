//! The folder, the configuration's entries, the clock, the ports.

use std::fs::Metadata;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use rustix::fs::{Access, access};

use super::report::{Report, State};
use crate::clock::UtcMillis;
use crate::ledger::Reader;
use crate::station_home::StationHome;

/// No station of this version existed before 2026-11-01T00:00:00Z.
const PROGRAM_EXISTS_SINCE: UtcMillis = UtcMillis(1_793_491_200_000);

/// How far the clock may have gone back since the last event, in milliseconds.
const BACKWARDS_MS: u64 = 2_000;

/// The folder's permissions, and who may do anything.
pub(super) fn check_home(home: &StationHome, report: &mut Report) {
    let config = home.config();
    let shown = home.path().display();
    let open = |metadata: Metadata| metadata.mode() & 0o077 != 0;
    if std::fs::metadata(home.path()).is_ok_and(open) {
        let advice = format!("run chmod 700 {shown}");
        report.add(
            "home",
            State::Warning,
            "other users can look into the folder",
            advice,
        );
    } else {
        report.ok("home", format_args!("{shown}, station {}", config.name));
    }
    if config.development {
        let detail = "development home: root and owner keys may be on line, manifests say so";
        report.add(
            "kind",
            State::Warning,
            detail,
            "never ship products from it",
        );
    } else {
        report.ok("kind", "production home");
    }
    if config.operators.is_empty() {
        let advice = "add an [[operator]] with id and role to station.toml";
        report.add(
            "operators",
            State::Warning,
            "nobody may do anything",
            advice,
        );
    } else {
        report.ok(
            "operators",
            format_args!("{} listed", config.operators.len()),
        );
    }
}

/// The clock is after the program's birth, and not before the ledger's last event.
pub(super) fn check_clock(home: &StationHome, now: UtcMillis, report: &mut Report) {
    let set_it = "set the machine's clock, best by NTP";
    if now < PROGRAM_EXISTS_SINCE {
        let detail = format!("it says {now}, when this program did not exist");
        report.add("clock", State::Broken, detail, set_it);
        return;
    }
    let last = Reader::open(&home.ledger()).and_then(|reader| {
        let last = reader.size()?.saturating_sub(1);
        Ok(reader.entry(last)?.leaf.time)
    });
    match last {
        Ok(last) if now.0.saturating_add(BACKWARDS_MS) < last.0 => {
            let detail = format!("it says {now}, the ledger's last event is of {last}");
            report.add("clock", State::Broken, detail, set_it);
        }
        Ok(last) => report.ok(
            "clock",
            format_args!("{now}, after the ledger's last event ({last})"),
        ),
        Err(_) => report.ok(
            "clock",
            format_args!("{now}; the ledger gave no time to compare"),
        ),
    }
}

/// Each lane's port. One that is missing may be plugged in later: the line waits for it.
pub(super) fn check_lanes(home: &StationHome, report: &mut Report) {
    if home.config().lanes.is_empty() {
        report.ok("lanes", "none listed; station provision --port names them");
    }
    for lane in &home.config().lanes {
        let check = format!("lane {}", lane.name);
        let shown = lane.port.display();
        match problem(&lane.port) {
            None => report.ok(check, format_args!("{shown} at {} baud", lane.baud)),
            Some((state, problem, advice)) => {
                report.add(check, state, format_args!("{shown} {problem}"), advice);
            }
        }
    }
}

fn problem(port: &Path) -> Option<(State, &'static str, &'static str)> {
    let Ok(metadata) = std::fs::metadata(port) else {
        let advice = "plug the adapter in, or correct the lane's port in station.toml";
        return Some((State::Warning, "is not there", advice));
    };
    if !metadata.file_type().is_char_device() {
        let advice = "correct the lane's port in station.toml";
        return Some((State::Broken, "is no serial port", advice));
    }
    if access(port, Access::READ_OK | Access::WRITE_OK).is_err() {
        let advice = "add the station's user to the group that owns the port (often dialout)";
        return Some((State::Broken, "may not be opened by this user", advice));
    }
    None
}
