//! A SoftHSM token of a test's own: its folder, its configuration, its PIN file.
//!
//! The configuration is only ever put into the environment of a child, so tests in one process can't
//! take each other's tokens.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::repository;

/// The user PIN of every test token.
pub const PIN: &str = "482913";

/// An initialised, empty token.
#[derive(Clone, Debug)]
pub struct SoftToken {
    folder: PathBuf,
    label: String,
}

impl SoftToken {
    /// Makes the token in a new folder.
    ///
    /// # Panics
    /// Where SoftHSM is missing (`script/setup` installs it) or refuses.
    #[must_use]
    pub fn create(folder: &Path, label: &str) -> Self {
        let token = Self {
            folder: folder.to_owned(),
            label: label.to_owned(),
        };
        std::fs::create_dir_all(folder.join("tokens")).expect("a folder for tokens");
        let configuration = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n\
             slots.removable = false\n",
            folder.join("tokens").display()
        );
        std::fs::write(token.configuration(), configuration).expect("softhsm2.conf is written");
        std::fs::write(token.pin_file(), format!("{PIN}\n")).expect("the PIN file is written");
        private(&token.pin_file());
        let output = Command::new("softhsm2-util")
            .args([
                "--init-token",
                "--free",
                "--label",
                label,
                "--so-pin",
                "7362514",
                "--pin",
                PIN,
            ])
            .env("SOFTHSM2_CONF", token.configuration())
            .output()
            .expect("softhsm2-util runs: script/setup installs it");
        assert!(
            output.status.success(),
            "softhsm2-util: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        token
    }

    /// The token's label.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What `SOFTHSM2_CONF` must be in a child.
    #[must_use]
    pub fn configuration(&self) -> PathBuf {
        self.folder.join("softhsm2.conf")
    }

    /// The file that holds the user PIN.
    #[must_use]
    pub fn pin_file(&self) -> PathBuf {
        self.folder.join("pin")
    }

    /// The folder in which SoftHSM keeps the token's objects.
    #[must_use]
    pub fn objects(&self) -> PathBuf {
        self.folder.join("tokens")
    }
}

/// The path of SoftHSM's module.
///
/// # Panics
/// Where it can't be found.
#[must_use]
pub fn module() -> PathBuf {
    let output = Command::new(repository::root().join("script/softhsm-module"))
        .output()
        .expect("script/softhsm-module runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

fn private(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
        .expect("permissions can be set");
}
