//! A station of a test's own: token, home, profile; and its commands.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::repository;
use crate::soft_token::{self, SoftToken};
use crate::station_process::{Finished, Running, programs, run};

/// Who puts boards in.
pub const OPERATOR: &str = "op-1";

/// Who opens and closes batches.
pub const SUPERVISOR: &str = "sv-1";

/// The product of the sample profile.
pub const PRODUCT: &str = "SENSOR-A";

/// A development home that is ready for batches.
#[derive(Clone, Debug)]
pub struct PreparedStation {
    folder: PathBuf,
    token: SoftToken,
}

impl PreparedStation {
    /// Makes token and home below `folder`.
    ///
    /// # Panics
    /// Where one of them can't be made.
    #[must_use]
    pub fn create(folder: &Path) -> Self {
        let token = SoftToken::create(&folder.join("softhsm"), "acceptance");
        let station = Self {
            folder: folder.to_owned(),
            token,
        };
        run(&mut station.init(&station.home())).ok();
        station
    }

    /// A home that the test makes itself, below `folder` on this token.
    #[must_use]
    pub fn on(folder: &Path, token: SoftToken) -> Self {
        Self {
            folder: folder.to_owned(),
            token,
        }
    }

    /// The command that makes a home.
    #[must_use]
    pub fn init(&self, home: &Path) -> Command {
        let mut command = self.bare(&programs().station);
        command.args(["init", "--development", "--station", "test-station"]);
        command.args(["--product", PRODUCT]);
        command.args(["--add-operator", &format!("{OPERATOR}=operator")]);
        command.args(["--add-operator", &format!("{SUPERVISOR}=supervisor")]);
        command.arg("--module").arg(soft_token::module());
        command.args(["--token", self.token.label()]);
        command.arg("--pin-file").arg(self.token.pin_file());
        command.env("STATION_HOME", home);
        command
    }

    /// The home.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// The folder in which home and token lie.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &SoftToken {
        &self.token
    }

    /// The product owner's public key, as devices pin it.
    #[must_use]
    pub fn owner_key(&self) -> PathBuf {
        self.home().join("pki/owner.pub.pem")
    }

    /// The root certificate.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.home().join("pki/root.pem")
    }

    /// A command of the station, as the operator.
    #[must_use]
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        self.command_of(&programs().station, arguments)
    }

    /// A command of another build of the station, as the operator.
    #[must_use]
    pub fn command_of<S: AsRef<OsStr>>(
        &self,
        program: &Path,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = self.bare(program);
        command.args(arguments);
        command
    }

    /// Runs a command of the station to its end.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Finished {
        run(&mut self.command(arguments))
    }

    fn bare(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env("SOFTHSM2_CONF", self.token.configuration())
            .env("STATION_HOME", self.home())
            .env("STATION_OPERATOR", OPERATOR)
            .env_remove("COLUMNS")
            .current_dir(&self.folder);
        command
    }

    /// Opens a batch under the sample profile.
    ///
    /// # Panics
    /// Where the station refuses.
    pub fn open_batch(&self, batch: &str, quantity: usize) {
        run(&mut self.opening(batch, quantity)).ok();
    }

    /// The command that opens a batch under the sample profile.
    #[must_use]
    pub fn opening(&self, batch: &str, quantity: usize) -> Command {
        self.opening_with(batch, quantity, &sample_profile())
    }

    /// The sample's profile, with serials from labels that boards have already.
    ///
    /// # Panics
    /// Where it cannot be written.
    #[must_use]
    pub fn labelled_profile(&self) -> PathBuf {
        let text = std::fs::read_to_string(sample_profile()).unwrap();
        let pattern = "serial_pattern = \"SA-######\"\n";
        assert!(text.contains(pattern));
        let text = text.replace(pattern, &format!("{pattern}serial_source = \"label\"\n"));
        let path = self.folder().join("labelled.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The command that opens a batch under another profile.
    #[must_use]
    pub fn opening_with(&self, batch: &str, quantity: usize, profile: &Path) -> Command {
        let mut command = self.command(["batch", "open", batch, "--work-order", "WO-1"]);
        command.args(["--quantity", &quantity.to_string()]);
        command.arg("--profile").arg(profile);
        command.args(["--operator", SUPERVISOR]);
        command
    }

    /// The arguments of `station provision` on these ports; results go to [`Self::results_file`].
    #[must_use]
    pub fn provision_arguments(&self, batch: &str, ports: &[PathBuf]) -> Vec<String> {
        let mut arguments = vec![
            "provision".to_owned(),
            "--batch".to_owned(),
            batch.to_owned(),
        ];
        for port in ports {
            arguments.extend(["--port".to_owned(), port.to_string_lossy().into_owned()]);
        }
        let results = self.results_file(batch).to_string_lossy().into_owned();
        arguments.extend(["--results".to_owned(), results]);
        arguments
    }

    /// Starts provisioning.
    #[must_use]
    pub fn provision(&self, batch: &str, ports: &[PathBuf]) -> Running {
        Running::start(&mut self.command(self.provision_arguments(batch, ports)))
    }

    /// Where a batch's results go.
    #[must_use]
    pub fn results_file(&self, batch: &str) -> PathBuf {
        self.folder.join(format!("results-{batch}.ndjson"))
    }

    /// The results of a batch so far: one line a UID.
    ///
    /// # Panics
    /// Where the file holds no NDJSON.
    #[must_use]
    pub fn results(&self, batch: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.results_file(batch)).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).expect("results are NDJSON"))
            .collect()
    }

    /// The events of a device, oldest first; none where it never proved who it is.
    #[must_use]
    pub fn history(&self, uid: &str) -> Vec<Value> {
        let finished = self.run(["device", "history", uid, "--json"]);
        if finished.status.code() == Some(2) {
            return Vec::new();
        }
        finished.ok().json_lines()
    }

    /// The kinds of a device's events, oldest first.
    #[must_use]
    pub fn kinds_of_events(&self, uid: &str) -> Vec<String> {
        let kind = |event: &Value| event["kind"].as_str().unwrap_or_default().to_owned();
        self.history(uid).iter().map(kind).collect()
    }
}

/// The sample profile.
#[must_use]
pub fn sample_profile() -> PathBuf {
    repository::root().join("fixtures/profiles/sensor-a.toml")
}
