//! How whoever gives a command proves that they are the operator they name.
//!
//! As long as nobody is enrolled, the list in `station.toml` counts and their word is taken. From the first
//! enrolment on only enrolled operators act, each with their PIN: typed at the terminal, or from a private
//! file or a systemd credential. Never an argument: those can be seen by every user of the machine.

use std::fs::File;
use std::io::{IsTerminal as _, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::context::Context;
use super::failure::Failure;
use crate::access::{
    BadgeCode, Deed, Operator, OperatorBook, OperatorPin, Refused, Register, Secret, permits,
};
use crate::line::control::{ControlRequest, Proof};
use crate::names::OperatorId;
use crate::role::Role;
use crate::station_home::StationHome;
use crate::words::RefusalReason;

/// Longer than any PIN or badge.
const SECRET_BYTES_MAX: usize = 128;

/// Everybody who is enrolled.
pub(crate) fn book(home: &StationHome) -> Result<OperatorBook, Failure> {
    Ok(Register::of(&home.paths()).book()?)
}

/// The role in which somebody acts: the register's, or the list's as long as nobody is enrolled.
pub(crate) fn role(home: &StationHome, operator: &OperatorId) -> Result<Role, Failure> {
    let book = book(home)?;
    if book.is_empty() {
        let mut listed = home.config().operators.iter();
        let known = listed.find(|entry| entry.id == *operator);
        return known.map(|known| known.role).ok_or_else(|| {
            Failure::usage(
                format_args!("operator {operator} may not do this"),
                format_args!(
                    "{} lists no operator {operator}",
                    home.config_path().display()
                ),
                "use the ID of a listed operator, or let the station's keeper add an [[operator]]",
            )
        });
    }
    match book.find(operator) {
        Some(known) if known.disabled => {
            Err(refused(operator, &Refused::Disabled(operator.clone())))
        }
        Some(known) => Ok(known.role),
        None if book.has_lost(operator) => Err(refused(operator, &Refused::Lost(operator.clone()))),
        None => Err(refused(operator, &Refused::NotEnrolled(operator.clone()))),
    }
}

/// Somebody is not believed.
pub(crate) fn refused(operator: &OperatorId, why: &Refused) -> Failure {
    let what = format!("operator {operator} may not do this");
    match why {
        Refused::Unavailable(error) if !error.is_usage() => {
            Failure::station(what, why, why.advice())
        }
        _ => Failure::usage(what, why, why.advice()),
    }
}

/// Whether somebody may do it, whoever they prove to be.
pub(crate) fn may(home: &StationHome, operator: &OperatorId, deed: Deed) -> Result<(), Failure> {
    permits(role(home, operator)?, deed).map_err(|denied| {
        Failure::usage(
            format_args!("operator {operator} may not do this"),
            denied,
            "ask somebody who has that role",
        )
        .because(RefusalReason::OtherRole)
    })
}

impl Context {
    /// Who acts, where their role permits it. That it is them is proven where the work is done.
    pub(crate) fn operator_for(
        &self,
        home: &StationHome,
        deed: Deed,
    ) -> Result<OperatorId, Failure> {
        let operator = self.operator()?;
        may(home, &operator, deed)?;
        Ok(operator)
    }

    /// The request with its operator's proof, where one is asked for.
    pub(crate) fn proven(&self, request: &ControlRequest) -> Result<ControlRequest, Failure> {
        let home = self.home()?;
        let Some(operator) = request.operator() else {
            return Ok(request.clone());
        };
        Ok(match self.proof(&home, operator)? {
            None => request.clone(),
            Some(proof) => ControlRequest::Proven {
                proof,
                wish: Box::new(request.clone()),
            },
        })
    }

    /// What an enrolled operator proves it with; None as long as nobody is enrolled.
    pub(crate) fn proof(
        &self,
        home: &StationHome,
        operator: &OperatorId,
    ) -> Result<Option<Proof>, Failure> {
        let book = book(home)?;
        if book.is_empty() {
            return Ok(None);
        }
        let has_badge = book.find(operator).is_some_and(Operator::has_badge);
        let (badge, typed) = match self.pin_source(home)? {
            Some(pin) => (None, pin),
            None => typed(operator, has_badge)?,
        };
        OperatorPin::parse(typed.expose()).map_err(|fault| {
            Failure::usage("the operator's PIN cannot be used", fault, "try again")
        })?;
        Ok(Some(Proof { badge, pin: typed }))
    }

    /// The PIN from where the command line or the environment says.
    fn pin_source(&self, home: &StationHome) -> Result<Option<Secret>, Failure> {
        let flags = self.operator_pin();
        if let Some(file) = &flags.operator_pin_file {
            return read_secret(file).map(Some);
        }
        let Some(name) = &flags.operator_pin_credential else {
            return Ok(None);
        };
        let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from) else {
            return Err(Failure::usage(
                format_args!("there is no systemd credential {name}"),
                "CREDENTIALS_DIRECTORY is not set",
                format_args!(
                    "start the command for {} by a systemd unit with LoadCredential=",
                    home.path().display()
                ),
            ));
        };
        let path = folder.join(name);
        // systemd guards the folder; the modes of the files are its own.
        let file = File::open(&path).map_err(|error| unreadable(&path, &error))?;
        bounded(file, &path).map(Some)
    }
}

/// Asks at the terminal: the badge where there is one, then the PIN.
fn typed(operator: &OperatorId, has_badge: bool) -> Result<(Option<Secret>, Secret), Failure> {
    let badge = if has_badge && std::io::stdin().is_terminal() {
        let prompt = format!("Scan the badge of {operator}, or press Enter to go without: ");
        let scanned = ask(&prompt)?;
        (!scanned.expose().trim().is_empty()).then_some(scanned)
    } else {
        None
    };
    Ok((badge, ask(&format!("PIN of {operator}: "))?))
}

/// Asks for something that is not shown.
pub(crate) fn ask(prompt: &str) -> Result<Secret, Failure> {
    rpassword::prompt_password(prompt)
        .map(Secret::new)
        .map_err(|error| {
            Failure::usage(
                "nobody could be asked for a PIN",
                error,
                "run it at a terminal, or give --operator-pin-file FILE",
            )
        })
}

/// A PIN that somebody chooses: from a file, or typed twice.
pub(crate) fn chosen_pin(operator: &OperatorId, file: Option<&Path>) -> Result<Secret, Failure> {
    let wrong = |why: &dyn std::fmt::Display| {
        Failure::usage(
            format_args!("that cannot be the PIN of {operator}"),
            why,
            "choose 4 to 12 digits that nobody guesses first",
        )
    };
    let pin = if let Some(file) = file {
        read_secret(file)?
    } else {
        let first = ask(&format!("New PIN of {operator}: "))?;
        if first != ask("The same again: ")? {
            return Err(wrong(&"it was not typed the same twice"));
        }
        first
    };
    let pin = OperatorPin::choose(pin.expose()).map_err(|fault| wrong(&fault))?;
    Ok(pin.secret().clone())
}

/// A badge: from a file, or scanned.
pub(crate) fn badge(operator: &OperatorId, file: Option<&Path>) -> Result<Secret, Failure> {
    let scanned = match file {
        Some(file) => read_secret(file)?,
        None => ask(&format!("Scan the badge of {operator}: "))?,
    };
    let code = BadgeCode::parse(scanned.expose()).ok_or_else(|| {
        Failure::usage(
            format_args!("that cannot be the badge of {operator}"),
            "a badge's code has 4 to 64 visible ASCII characters",
            "scan it again",
        )
    })?;
    Ok(code.secret().clone())
}

/// The only line of a file that nobody else can read.
fn read_secret(path: &Path) -> Result<Secret, Failure> {
    let failed = |error: std::io::Error| unreadable(path, &error);
    let file = File::open(path).map_err(failed)?;
    // The opened file's, so that nobody can exchange it in between.
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() || metadata.mode() & 0o077 != 0 {
        return Err(Failure::usage(
            format_args!("cannot take a secret from {}", path.display()),
            "it is no plain file, or others can read or write it",
            format_args!("run chmod 600 {}", path.display()),
        ));
    }
    bounded(file, path)
}

fn bounded(file: File, path: &Path) -> Result<Secret, Failure> {
    let mut text = String::with_capacity(2 * SECRET_BYTES_MAX);
    let read = file.take(SECRET_BYTES_MAX as u64).read_to_string(&mut text);
    read.map_err(|error| unreadable(path, &error))?;
    let secret = Secret::new(text);
    Ok(Secret::new(
        secret.expose().trim_end_matches(['\r', '\n']).to_owned(),
    ))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(
        format_args!("cannot read {}", path.display()),
        error,
        "name a file that holds the secret alone (mode 0600)",
    )
}
