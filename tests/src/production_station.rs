//! A station for real products: the product owner and the station each have a token, the root is
//! elsewhere.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::outside_root::{ISSUING, MANIFEST_SIGNER, OutsideRoot};
use crate::prepared_station::{OPERATOR, PRODUCT, PreparedStation, SUPERVISOR, sample_profile};
use crate::soft_token::{self, SoftToken};
use crate::station_process::{Finished, programs, run};

/// The station's name.
pub const STATION: &str = "line-3";

/// The product owner's token, and what is done with it without a station home.
#[derive(Debug)]
pub struct ProductOwner {
    token: SoftToken,
    folder: PathBuf,
}

impl ProductOwner {
    /// Makes the token and the key in it.
    ///
    /// # Panics
    /// Where one of them can't be made.
    #[must_use]
    pub fn create(folder: &Path, name: &str) -> Self {
        let owner = Self {
            token: SoftToken::create(&folder.join(format!("{name}-hsm")), name),
            folder: folder.join(name),
        };
        std::fs::create_dir(&owner.folder).expect("a folder");
        run(owner.command(["owner", "key"]).arg("-o").arg(owner.key())).ok();
        owner
    }

    /// The public key.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.folder.join("owner.pub.pem")
    }

    /// A command on the owner's token.
    #[must_use]
    pub fn command(&self, words: [&str; 2]) -> Command {
        let mut command = Command::new(&programs().station);
        command.env("SOFTHSM2_CONF", self.token.configuration());
        command.env_remove("STATION_HOME").args(words);
        command.args(["--token", self.token.label(), "--module"]);
        command.arg(soft_token::module());
        command.arg("--pin-file").arg(self.token.pin_file());
        command
    }

    /// Signs a request for a credential.
    pub fn sign_credential(
        &self,
        request: &Path,
        station: &str,
        product: &str,
        credential: &Path,
    ) -> Finished {
        let mut command = self.command(["owner", "credential"]);
        command.arg(request).args(["--station", station]);
        command.args(["--product", product, "--epoch", "3", "-o"]);
        run(command.arg(credential))
    }

    /// Signs a profile for that validity, and gives the file.
    ///
    /// # Panics
    /// Where the station's program refuses.
    #[must_use]
    pub fn sign_profile(&self, profile: &Path, version: u32, validity: [&str; 2]) -> PathBuf {
        let count = std::fs::read_dir(&self.folder).expect("a folder").count();
        let file = self.folder.join(format!("{count}.profile.json"));
        let mut command = self.command(["profile", "sign"]);
        command
            .arg(profile)
            .args(["--version", &version.to_string()]);
        command.args(["--not-before", validity[0], "--not-after", validity[1]]);
        run(command.arg("-o").arg(&file)).ok();
        file
    }

    /// The sample profile, signed for the years in which tests run.
    #[must_use]
    pub fn sample_profile(&self) -> PathBuf {
        self.sign_profile(&sample_profile(), 1, ALWAYS)
    }
}

/// A validity that covers all tests.
pub const ALWAYS: [&str; 2] = ["2020-01-01T00:00:00Z", "2090-01-01T00:00:00Z"];

/// The command that begins the home.
#[must_use]
pub fn init(station: &PreparedStation, owner_key: &Path) -> Command {
    let mut command = station.command(["init", "--external-root", "--station", STATION]);
    command.args(["--product", PRODUCT, "--organization", "Example Ltd"]);
    command.args(["--add-operator", &format!("{OPERATOR}=operator")]);
    command.args(["--add-operator", &format!("{SUPERVISOR}=supervisor")]);
    command.arg("--owner-key").arg(owner_key);
    command.arg("--module").arg(soft_token::module());
    command.args(["--token", station.token().label()]);
    command.arg("--pin-file").arg(station.token().pin_file());
    command
}

/// The command that completes the home.
#[must_use]
pub fn complete(
    station: &PreparedStation,
    root: &OutsideRoot,
    certificates: [&Path; 2],
    credential: &Path,
) -> Command {
    let mut command = station.command(["init", "--complete"]);
    command.arg("--root").arg(root.certificate());
    command.arg("--issuing-cert").arg(certificates[0]);
    command.arg("--manifest-cert").arg(certificates[1]);
    command.arg("--credential").arg(credential);
    command
}

/// A whole home for real products below `folder`, and its product owner.
///
/// # Panics
/// Where a step is refused.
#[must_use]
pub fn create(folder: &Path) -> (PreparedStation, ProductOwner) {
    let owner = ProductOwner::create(folder, "owner");
    let token = SoftToken::create(&folder.join("station-hsm"), "station");
    let station = PreparedStation::on(folder, token);
    let pki = station.home().join("pki");
    run(&mut init(&station, &owner.key())).ok();
    let root = OutsideRoot::create(folder);
    let issuing = root.sign(&pki.join("issuing.csr.pem"), "issuing", ISSUING);
    let manifest = root.sign(&pki.join("manifest.csr.pem"), "manifest", MANIFEST_SIGNER);
    let credential = folder.join("credential.cose");
    let request = pki.join("authority.csr.pem");
    owner
        .sign_credential(&request, STATION, PRODUCT, &credential)
        .ok();
    run(&mut complete(
        &station,
        &root,
        [&issuing, &manifest],
        &credential,
    ))
    .ok();
    (station, owner)
}
