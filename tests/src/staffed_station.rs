//! A station whose people are enrolled: a security officer and a supervisor, each with PIN and badge.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::ledger_books;
use crate::prepared_station::{OPERATOR, PreparedStation, SUPERVISOR, sample_profile};
use crate::station_process::{Finished, run};

/// Whoever makes the home is its security officer.
pub const OFFICER: &str = OPERATOR;
/// Their PIN.
pub const OFFICER_PIN: &str = "4711";
/// The supervisor's PIN.
pub const SUPERVISOR_PIN: &str = "081542";

/// A home with people who have PINs and badges.
#[derive(Debug)]
pub struct Staffed {
    /// Of this test alone.
    pub folder: tempfile::TempDir,
    /// The station.
    pub station: PreparedStation,
}

impl Staffed {
    /// A home in which nobody is enrolled.
    ///
    /// # Panics
    /// Where it cannot be done.
    #[must_use]
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let station = PreparedStation::create(folder.path());
        let staffed = Self { folder, station };
        let config = staffed.station.home().join("station.toml");
        let text = std::fs::read_to_string(&config).expect("a configuration");
        let text = text.replace("role = \"operator\"", "role = \"security-officer\"");
        std::fs::write(&config, text).expect("the configuration is written");
        staffed
    }

    /// A security officer and a supervisor are enrolled.
    ///
    /// # Panics
    /// Where it cannot be done.
    #[must_use]
    pub fn create() -> Self {
        let staffed = Self::empty();
        staffed
            .add(OFFICER, "security-officer", OFFICER_PIN, None)
            .ok();
        let officer = Some((OFFICER, OFFICER_PIN));
        staffed
            .add(SUPERVISOR, "supervisor", SUPERVISOR_PIN, officer)
            .ok();
        staffed
    }

    /// A private file.
    ///
    /// # Panics
    /// Where it cannot be done.
    #[must_use]
    pub fn secret(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, format!("{content}\n")).expect("a file");
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("private");
        path
    }

    /// A command, by whoever gives this PIN.
    ///
    /// # Panics
    /// Where it cannot be done.
    #[must_use]
    pub fn command(&self, arguments: &[&str], by: Option<(&str, &str)>) -> Command {
        let mut command = self.station.command(arguments);
        if let Some((operator, pin)) = by {
            command.args(["--operator", operator, "--operator-pin-file"]);
            command.arg(self.secret("given.pin", pin));
        }
        command
    }

    /// Runs it.
    ///
    /// # Panics
    /// Where it cannot be done.
    #[must_use]
    pub fn run(&self, arguments: &[&str], by: Option<(&str, &str)>) -> Finished {
        run(&mut self.command(arguments, by))
    }

    /// Enrols somebody, with the badge `BADGE-` and their ID.
    ///
    /// # Panics
    /// Where it cannot be done.
    #[must_use]
    pub fn add(&self, id: &str, role: &str, pin: &str, by: Option<(&str, &str)>) -> Finished {
        let mut command = self.command(&["operator", "add", id, "--role", role, "--json"], by);
        command
            .arg("--new-pin-file")
            .arg(self.secret("new.pin", pin));
        command
            .arg("--badge-file")
            .arg(self.secret("badge", &format!("BADGE-{id}")));
        run(&mut command)
    }

    /// Opens a batch of two boards.
    ///
    /// # Panics
    /// Where it cannot be done.
    #[must_use]
    pub fn open_batch(&self, batch: &str, by: Option<(&str, &str)>) -> Finished {
        let mut command = self.command(&["batch", "open", batch, "--work-order", "WO-1"], by);
        command
            .args(["--quantity", "2"])
            .arg("--profile")
            .arg(sample_profile());
        run(&mut command)
    }

    /// The station's events of these kinds, from the log itself.
    ///
    /// # Panics
    /// Where it cannot be read.
    #[must_use]
    pub fn leaves(&self, kinds: &[&str]) -> Vec<Value> {
        ledger_books::leaves(&self.station, kinds)
    }
}
