//! What can be wrong with a home: what failed, why, what to do.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use super::config_fault::ConfigFault;

/// Why a home cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HomeError {
    /// There is no home.
    Missing(PathBuf),
    /// `station init` has not finished it.
    Unfinished(PathBuf),
    /// The configuration is not valid.
    Config(PathBuf, Box<ConfigFault>),
    /// A file is no UTF-8 text.
    NotText(PathBuf),
    /// A file is larger than any that belongs there.
    TooLarge(PathBuf),
    /// Others may write where only the station may; the mode.
    Permissions(PathBuf, u32),
    /// Another process has the home; its process ID where known.
    Locked(PathBuf, Option<u32>),
    /// A file that was to be made is there already.
    Exists(PathBuf),
    /// The operating system refused: verb, path, reason.
    Io(&'static str, PathBuf, String),
}

impl HomeError {
    pub(super) fn io(verb: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::Io(verb, path.to_owned(), error.to_string())
    }

    /// What failed.
    #[must_use]
    pub fn what(&self) -> String {
        match self {
            Self::Missing(path) | Self::Unfinished(path) | Self::Locked(path, _) => {
                format!("cannot use the station home {}", path.display())
            }
            Self::Config(path, fault) => {
                format!(
                    "cannot use {}, line {}, column {}",
                    path.display(),
                    fault.line,
                    fault.column
                )
            }
            Self::NotText(path) | Self::TooLarge(path) => format!("cannot read {}", path.display()),
            Self::Permissions(path, _) => format!("cannot trust {}", path.display()),
            Self::Exists(path) => format!("cannot make {}", path.display()),
            Self::Io(verb, path, _) => format!("cannot {verb} {}", path.display()),
        }
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Missing(_) => "there is no station.toml in it".to_owned(),
            Self::Unfinished(_) => "station init was not finished there".to_owned(),
            Self::Config(_, fault) => fault.problem.clone(),
            Self::NotText(_) => "it is no UTF-8 text".to_owned(),
            Self::TooLarge(_) => "it is larger than such a file can be".to_owned(),
            Self::Permissions(_, mode) => format!("its mode {mode:04o} lets others write to it"),
            Self::Locked(_, Some(pid)) => format!("another station process has it (pid {pid})"),
            Self::Locked(_, None) => "another station process has it".to_owned(),
            Self::Exists(_) => "it is there already, and nothing is overwritten".to_owned(),
            Self::Io(_, _, error) => error.clone(),
        }
    }

    /// What to do.
    #[must_use]
    pub fn advice(&self) -> String {
        match self {
            Self::Missing(_) => {
                "make a home with station init, or name another with --home or STATION_HOME"
                    .to_owned()
            }
            Self::Unfinished(_) => {
                "give the same station init again; where an outside root has signed, \
                station init --complete"
                    .to_owned()
            }
            Self::Config(_, fault) => fault.hint.clone(),
            Self::NotText(_) | Self::TooLarge(_) => "restore the file from a backup".to_owned(),
            Self::Permissions(path, _) => {
                format!(
                    "run chmod go-w {}, and see who has changed it",
                    path.display()
                )
            }
            Self::Locked(_, pid) => {
                let kill = pid.map_or(String::new(), |pid| format!(" (kill -INT {pid})"));
                format!(
                    "see what it does with station status; give the command again once it has ended, \
                     by itself or stopped with Ctrl-C{kill}"
                )
            }
            Self::Exists(_) => {
                "look at what is there; use another home for another station".to_owned()
            }
            Self::Io(..) => {
                "see whether the disk is there, not full, and the station's own".to_owned()
            }
        }
    }

    /// Whether the command was given in a wrong way, rather than the station being at fault.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(self, Self::Missing(_) | Self::Unfinished(_))
    }
}

impl fmt::Display for HomeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.what(), self.reason(), self.advice())
    }
}

impl std::error::Error for HomeError {}
