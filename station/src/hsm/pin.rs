//! Where the PIN comes from: a file, an environment variable, a systemd credential, or a prompt. Never from
//! an argument or a URI.
//!
//! A [`Pin`] is zeroized when dropped and shows nothing in `Debug`. A program cannot take a variable out of
//! its own environment without unsafe code, so a PIN in the environment stays visible to this process's user;
//! the station starts no child processes, so nobody inherits it. Prefer the file or the credential.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use super::error::{Fault, HsmError, Operation};

/// Longest PIN, in bytes.
const MAX_PIN_BYTES: usize = 255;

/// The user PIN of a token.
pub struct Pin(Zeroizing<String>);

/// Where a PIN comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinSource {
    /// The first line of a file that only its owner can read; relative paths begin at the home.
    File(PathBuf),
    /// An environment variable of this name.
    Environment(String),
    /// A credential that systemd hands over (`LoadCredential=`), by name.
    SystemdCredential(String),
    /// A person at the terminal.
    Prompt,
}

impl Pin {
    /// Takes a PIN, without the line end that editors leave behind it.
    ///
    /// # Errors
    /// Where it is empty, too long, or has control characters.
    pub fn parse(mut text: Zeroizing<String>) -> Result<Self, HsmError> {
        let line = text.trim_end_matches(['\r', '\n']).len();
        text.truncate(line);
        let problem = if text.is_empty() {
            "the PIN is empty"
        } else if text.len() > MAX_PIN_BYTES {
            "the PIN is longer than 255 bytes"
        } else if text.chars().any(char::is_control) {
            "the PIN has more than one line, or a control character"
        } else {
            return Ok(Self(text));
        };
        Err(unavailable(
            problem.to_owned(),
            "put the PIN alone there, on one line",
        ))
    }

    /// A copy for the PKCS#11 library; it zeroizes its own.
    pub(super) fn for_login(&self) -> AuthPin {
        AuthPin::from(self.0.as_str())
    }

    pub(super) fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(redacted)")
    }
}

impl PinSource {
    /// Fetches the PIN. Relative file names begin at `base`.
    ///
    /// # Errors
    /// Where there is none, or others could have read it.
    pub fn read(&self, base: &Path) -> Result<Pin, HsmError> {
        match self {
            Self::File(path) => read_file(&base.join(path)),
            Self::Environment(name) => read_environment(name),
            Self::SystemdCredential(name) => read_credential(
                name,
                std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
            ),
            Self::Prompt => read_prompt(),
        }
    }
}

impl fmt::Display for PinSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::SystemdCredential(name) => write!(f, "systemd credential {name}"),
            Self::Prompt => f.write_str("prompt"),
        }
    }
}

/// The permissions are those of the opened file, so nobody can exchange it in between.
fn read_file(path: &Path) -> Result<Pin, HsmError> {
    let shown = path.display();
    let failed = |error: std::io::Error| {
        unavailable(
            format!("PIN file {shown}: {error}"),
            "write the PIN into that file (mode 0600), or correct [hsm.pin] in station.toml",
        )
    };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(unavailable(
            format!("PIN file {shown} is no file"),
            "name a plain file",
        ));
    }
    if metadata.mode() & 0o077 != 0 {
        let problem = format!(
            "PIN file {shown} has mode {:04o}: others may use it",
            metadata.mode() & 0o7777
        );
        return Err(unavailable(
            problem,
            "run chmod 600 on it, and change the PIN if others saw it",
        ));
    }
    let owner = metadata.uid();
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        let problem = format!("PIN file {shown} belongs to another user (uid {owner})");
        return Err(unavailable(problem, "let the station's own user own it"));
    }
    bounded(file).map_err(failed).and_then(Pin::parse)
}

/// Reads a little more than the longest PIN, into memory that is zeroized and never moved.
fn bounded(file: File) -> std::io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(2 * MAX_PIN_BYTES));
    file.take(MAX_PIN_BYTES as u64 + 2)
        .read_to_string(&mut text)?;
    Ok(text)
}

fn read_environment(name: &str) -> Result<Pin, HsmError> {
    let value = std::env::var(name).map(Zeroizing::new).map_err(|_| {
        unavailable(
            format!("environment variable {name} is not set"),
            "set it for the station's process, or correct [hsm.pin] in station.toml",
        )
    })?;
    Pin::parse(value)
}

fn read_credential(name: &str, directory: Option<PathBuf>) -> Result<Pin, HsmError> {
    let Some(directory) = directory else {
        return Err(unavailable(
            format!("no systemd credential {name}: CREDENTIALS_DIRECTORY is not set"),
            "start the station by a systemd unit with LoadCredential=",
        ));
    };
    let path = directory.join(name);
    // systemd itself guards the directory; the files' modes (0400 or 0440 with an ACL) are its own.
    File::open(&path)
        .and_then(bounded)
        .map_err(|error| {
            unavailable(
                format!("systemd credential {name}: {error}"),
                "see LoadCredential= of the station's unit",
            )
        })
        .and_then(Pin::parse)
}

fn read_prompt() -> Result<Pin, HsmError> {
    let typed = rpassword::prompt_password("PIN of the token: ").map_err(|error| {
        unavailable(
            format!("no PIN could be asked for: {error}"),
            "run it at a terminal, or name another PIN source in [hsm.pin] of station.toml",
        )
    })?;
    Pin::parse(Zeroizing::new(typed))
}

fn unavailable(problem: String, advice: &'static str) -> HsmError {
    HsmError::new(Operation::ReadPin, Fault::PinUnavailable(problem, advice))
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions, write};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn pin_file(content: &[u8], mode: u32) -> (tempfile::TempDir, Result<Pin, HsmError>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pin");
        write(&path, content).unwrap();
        set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let read = PinSource::File("pin".into()).read(folder.path());
        (folder, read)
    }

    #[test]
    fn reads_a_private_file_and_shows_nothing() {
        let (_folder, pin) = pin_file(b"4711-secret\n", 0o600);
        let pin = pin.unwrap();
        assert_eq!(pin.0.as_str(), "4711-secret");
        assert_eq!(format!("{pin:?}"), "Pin(redacted)");
    }

    #[test]
    fn refuses_files_that_others_can_use() {
        for mode in [0o640, 0o604, 0o620, 0o660, 0o601] {
            let error = pin_file(b"1234", mode).1.unwrap_err();
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn refuses_what_is_no_pin_and_never_repeats_it() {
        let long = [b'7'; 300];
        for content in [&b""[..], b"\n", b"12\n34\n", b"12\x0034", &long] {
            let error = pin_file(content, 0o600).1.unwrap_err();
            assert!(!error.to_string().contains("77"), "{error}");
            assert!(!error.to_string().contains("12"), "{error}");
        }
    }

    #[test]
    fn missing_sources_say_what_to_do() {
        let base = Path::new("/nonexistent");
        let sources = [
            (PinSource::File("pin".into()), "mode 0600"),
            (
                PinSource::Environment("STATION_NO_SUCH_PIN".into()),
                "set it",
            ),
        ];
        for (source, hint) in sources {
            let error = source.read(base).unwrap_err();
            assert!(error.to_string().contains(hint), "{error}");
        }
        let error = read_credential("pin", None).unwrap_err();
        assert!(error.advice().contains("LoadCredential"), "{error}");
    }

    #[test]
    fn reads_a_systemd_credential() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path().join("token-pin"), "9876").unwrap();
        let pin = read_credential("token-pin", Some(folder.path().to_owned())).unwrap();
        assert_eq!(pin.0.as_str(), "9876");
    }
}
