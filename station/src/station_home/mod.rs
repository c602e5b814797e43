//! The station's home: one folder with its configuration, certificates, ledger and lock.
//!
//! Reading the home needs no lock. Whoever opens the token or writes the ledger holds [`HomeLock`]; there is
//! one such process at a time. Secrets are never here: the PIN is wherever the configuration says.

mod config;
mod config_fault;
mod error;
mod lane_binding;
mod ledger_config;
mod lock;
mod pki;
mod printer_config;
mod private_file;
mod shift_config;
mod template;
mod terminal_config;

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

pub use config::{Config, HsmConfig, LaneConfig, OperatorConfig};
pub use config_fault::ConfigFault;
pub use error::HomeError;
pub use lane_binding::bind_lane;
pub use ledger_config::{LedgerConfig, WitnessConfig};
pub use lock::HomeLock;
pub use pki::{
    Pki, PkiError, check_credential, read_certificate, read_issuing, read_manifest, read_public_key,
};
pub use printer_config::{LabelLanguage, LabelPrinterConfig, LabelPrinterKind, SignInConfig};
pub use private_file::{make_folder, read_bounded, replace, write_new, write_pem};
pub use template::config_text;
pub use terminal_config::TerminalConfig;

pub use crate::role::Role;

/// The configuration's name in the home.
const CONFIG: &str = "station.toml";

/// A home whose configuration was read.
#[derive(Clone, Debug)]
pub struct StationHome {
    path: PathBuf,
    config: Config,
}

impl StationHome {
    /// Reads the configuration of the home at `path`. Takes no lock and touches no token.
    ///
    /// # Errors
    /// Where there is no home, others can write to it, or the configuration is not valid.
    pub fn open(path: &Path) -> Result<Self, HomeError> {
        let config_path = path.join(CONFIG);
        if !config_path.exists() {
            let unfinished = HomePaths::new(path).unfinished_config().exists();
            let path = path.to_owned();
            return Err(if unfinished {
                HomeError::Unfinished(path)
            } else {
                HomeError::Missing(path)
            });
        }
        check_not_writable_by_others(path)?;
        check_not_writable_by_others(&config_path)?;
        let text = read_bounded(&config_path)?;
        let text = String::from_utf8(text).map_err(|_| HomeError::NotText(config_path.clone()))?;
        let config = Config::parse(&text)
            .map_err(|fault| HomeError::Config(config_path, Box::new(fault)))?;
        Ok(Self {
            path: path.to_owned(),
            config,
        })
    }

    /// Takes the home for this process. Always before the token or the ledger's writer is opened.
    ///
    /// # Errors
    /// Where another process has it.
    pub fn lock(&self) -> Result<HomeLock, HomeError> {
        HomeLock::take(&self.path)
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `station.toml`.
    #[must_use]
    pub fn config_path(&self) -> PathBuf {
        HomePaths::new(&self.path).config()
    }

    /// Where every file of the home is.
    #[must_use]
    pub fn paths(&self) -> HomePaths {
        HomePaths::new(&self.path)
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.paths().ledger()
    }

    /// The socket by which commands reach the owning process.
    #[must_use]
    pub fn control_socket(&self) -> PathBuf {
        self.paths().control_socket()
    }

    /// The folder in which documents lie until the command that asked for them has taken them.
    #[must_use]
    pub fn exports(&self) -> PathBuf {
        self.path.join("exports")
    }
}

/// Where every file of a home is, whether or not it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HomePaths(PathBuf);

macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        impl HomePaths {
            $($(#[$doc])* #[must_use] pub fn $name(&self) -> PathBuf {
                self.0.join($file)
            })*
        }
    };
}

paths! {
    /// The configuration.
    config = "station.toml";
    /// The configuration of a home that `station init` has not finished.
    unfinished_config = "station.toml.unfinished";
    /// The lock, with the owner's process ID in it.
    lock = "lock";
    /// The control socket.
    control_socket = "control.sock";
    /// The ledger.
    ledger = "ledger.sqlite";
    /// Who is enrolled, with their PINs' hashes.
    operators = "operators.json";
    /// Taken while that file is changed.
    operators_lock = "operators.lock";
    /// Certificates and public keys.
    pki = "pki";
    /// The root CA's certificate.
    root_certificate = "pki/root.pem";
    /// The issuing CA's certificate.
    issuing_certificate = "pki/issuing.pem";
    /// The manifest signer's certificate.
    manifest_certificate = "pki/manifest.pem";
    /// The issuing CA's request to an outside root.
    issuing_request = "pki/issuing.csr.pem";
    /// The manifest signer's request to an outside root.
    manifest_request = "pki/manifest.csr.pem";
    /// The station authority's request for a credential, to the product owner.
    credential_request = "pki/authority.csr.pem";
    /// The product owner's public key.
    owner_key = "pki/owner.pub.pem";
    /// The station authority's public key.
    authority_key = "pki/authority.pub.pem";
    /// The station credential, signed by the product owner.
    credential = "pki/credential.cose";
    /// The ledger's key as a C2SP note verifier key.
    ledger_vkey = "pki/ledger.vkey";
}

impl HomePaths {
    /// The paths of the home at `home`.
    #[must_use]
    pub fn new(home: &Path) -> Self {
        Self(home.to_owned())
    }

    /// The home itself.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.0
    }
}

/// Who can write the configuration can choose the PKCS#11 module, and so run code as the station.
fn check_not_writable_by_others(path: &Path) -> Result<(), HomeError> {
    let metadata =
        std::fs::metadata(path).map_err(|error| HomeError::io("look at", path, &error))?;
    if metadata.mode() & 0o022 != 0 {
        return Err(HomeError::Permissions(
            path.to_owned(),
            metadata.mode() & 0o7777,
        ));
    }
    Ok(())
}

#[cfg(test)]
pub(crate) use tests::home_with_operators;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn home(config: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        write_new(&folder.path().join(CONFIG), config.as_bytes()).unwrap();
        folder
    }

    /// A folder with a configuration that lists these, and their roles; for tests in other rooms.
    pub(crate) fn home_with_operators(operators: &[(&str, &str)]) -> tempfile::TempDir {
        let listed = |(id, role): &(&str, &str)| {
            format!("\n[[operator]]\nid = \"{id}\"\nrole = \"{role}\"\n")
        };
        let listed: Vec<_> = operators.iter().map(listed).collect();
        home(&[config::tests::sample(), listed.concat()].concat())
    }

    #[test]
    fn opens_what_init_writes() {
        let folder = home(&config::tests::sample());
        let home = StationHome::open(folder.path()).unwrap();
        assert_eq!(home.config().name.as_str(), "station-1");
        assert_eq!(home.ledger(), folder.path().join("ledger.sqlite"));
    }

    #[test]
    fn refuses_a_home_that_others_can_write_to() {
        let folder = home(&config::tests::sample());
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o770)).unwrap();
        assert!(matches!(
            StationHome::open(folder.path()).unwrap_err(),
            HomeError::Permissions(_, 0o770)
        ));
    }

    #[test]
    fn a_missing_home_is_wrong_usage() {
        let error = StationHome::open(Path::new("/nonexistent/home")).unwrap_err();
        assert!(error.is_usage());
        assert!(error.advice().contains("station init"));
    }
}
