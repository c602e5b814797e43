//! What can be wrong with the register of operators, and why somebody is not believed.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::ledger::LedgerError;
use crate::names::OperatorId;
use crate::station_home::HomeError;

/// Why the register cannot be used, or cannot be changed so.
#[derive(Debug, Error)]
pub enum AccessError {
    /// The kernel does not name its boot.
    #[error("the kernel does not say since when it runs")]
    Boot(#[source] io::Error),
    /// The file cannot be read or written.
    #[error("{}", .0.reason())]
    Home(HomeError),
    /// The file is not what a station writes.
    #[error("{path} is no register of operators: {problem}", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong there.
        problem: String,
    },
    /// Others can read or write it.
    #[error("{path} has mode {mode:04o}: others may use it", path = path.display())]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The ledger cannot say who is enrolled.
    #[error("the ledger does not say who is enrolled: {0}")]
    Ledger(LedgerError),
    /// There are no random bytes, or no memory for a hash.
    #[error("the machine gave no {0}")]
    Machine(&'static str),
    /// Enrolled before.
    #[error("operator {0} is enrolled already")]
    Exists(OperatorId),
    /// Not enrolled.
    #[error("operator {0} is not enrolled")]
    Unknown(OperatorId),
    /// Another has that badge.
    #[error("that badge is operator {0}'s")]
    BadgeTaken(OperatorId),
    /// Whoever has the badge would have both.
    #[error("the PIN is the code of a badge: whoever has that badge would have both")]
    PinIsBadge,
    /// Another process does not give the register back.
    #[error("another program has had {path} locked for {seconds} seconds", path = .path.display())]
    Locked {
        /// The lock's file.
        path: PathBuf,
        /// How long it was waited for.
        seconds: u64,
    },
    /// Nobody could enrol the next one.
    #[error("the first operator to be enrolled must be a security officer")]
    FirstIsNoOfficer,
    /// Nobody could enrol or enable anybody any more.
    #[error("operator {0} is the last security officer who can sign in")]
    LastOfficer(OperatorId),
    /// More than a register holds.
    #[error("the register is full: {0} operators")]
    Full(usize),
}

impl AccessError {
    /// What to do.
    #[must_use]
    pub fn advice(&self) -> String {
        match self {
            Self::Boot(_) => "let the station read /proc".to_owned(),
            Self::Home(error) => error.advice(),
            Self::Malformed { .. } => {
                "restore it from a backup; nobody can sign in meanwhile".to_owned()
            }
            Self::Permissions { path, .. } => format!(
                "run chmod 600 {}, and change the PINs if others saw it",
                path.display()
            ),
            Self::Ledger(_) => "run station ledger verify".to_owned(),
            Self::Machine(_) => "see what else runs on it, then try again".to_owned(),
            Self::Exists(id) => {
                format!("change the PIN with station operator pin {id}, or choose another ID")
            }
            Self::Unknown(_) => "see station operator list".to_owned(),
            Self::BadgeTaken(_) => "use another badge, or give that operator another".to_owned(),
            Self::PinIsBadge => "choose another PIN".to_owned(),
            Self::Locked { path, .. } => format!(
                "see with fuser {} which one, and end it; then try again",
                path.display()
            ),
            Self::FirstIsNoOfficer => {
                "enrol a security officer first: from then on they enrol the others".to_owned()
            }
            Self::LastOfficer(_) => "enrol another security officer first".to_owned(),
            Self::Full(_) => "use a second station".to_owned(),
        }
    }

    /// Whether the wish was wrong, rather than the station being at fault.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Exists(_)
                | Self::Unknown(_)
                | Self::BadgeTaken(_)
                | Self::PinIsBadge
                | Self::FirstIsNoOfficer
                | Self::LastOfficer(_)
                | Self::Full(_)
        )
    }
}

impl From<HomeError> for AccessError {
    fn from(error: HomeError) -> Self {
        Self::Home(error)
    }
}

/// Why somebody is not believed to be who they say.
#[derive(Debug, Error)]
pub enum Refused {
    /// No such operator.
    #[error("operator {0} is not enrolled")]
    NotEnrolled(OperatorId),
    /// Enrolled, without anything that could prove it.
    #[error("operator {0} is enrolled, but operators.json in the home has no PIN of theirs")]
    Lost(OperatorId),
    /// May not sign in any more.
    #[error("operator {0} is disabled")]
    Disabled(OperatorId),
    /// After wrong PINs; the PIN was not looked at.
    #[error("after wrong PINs the next may be tried in {}", seconds(*.wait_ms))]
    TooSoon {
        /// How long still, in milliseconds.
        wait_ms: u64,
    },
    /// The PIN is another one.
    #[error("the PIN is wrong; the next may be tried in {}", seconds(*.wait_ms))]
    WrongPin {
        /// How long until the next, in milliseconds.
        wait_ms: u64,
    },
    /// The register cannot be used.
    #[error(transparent)]
    Unavailable(#[from] AccessError),
}

impl Refused {
    /// What to do.
    #[must_use]
    pub fn advice(&self) -> String {
        match self {
            Self::NotEnrolled(id) => {
                format!("let a security officer enrol them: station operator add {id} --role ROLE")
            }
            Self::Lost(_) => {
                "restore that file from a backup, or let a security officer give them a PIN"
                    .to_owned()
            }
            Self::Disabled(id) => {
                format!("ask a security officer; station operator enable {id} lets them in again")
            }
            Self::TooSoon { .. } => "wait, then try again".to_owned(),
            Self::WrongPin { .. } => {
                "try again then; a security officer can give them another PIN".to_owned()
            }
            Self::Unavailable(error) => error.advice(),
        }
    }
}

/// A wait in words: whole seconds, rounded up, or minutes and seconds.
fn seconds(ms: u64) -> String {
    let seconds = ms.div_ceil(1000);
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_told_in_whole_seconds() {
        let told = [1, 1000, 1001, 60_000, 64_000, 900_000].map(seconds);
        assert_eq!(told, ["1 s", "1 s", "2 s", "1 min", "1 min 4 s", "15 min"]);
    }
}
