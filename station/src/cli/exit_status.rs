//! The four exit statuses that scripts rely on.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    /// It did what it was asked.
    Done,
    /// A device failed, or a check found something wrong.
    CheckFailed,
    /// It was asked in a wrong way.
    Usage,
    /// The station itself is at fault: HSM, ledger, disk, clock.
    StationFault,
}

impl ExitStatus {
    /// The number that the shell sees.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::CheckFailed => 1,
            Self::Usage => 2,
            Self::StationFault => 3,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.number())
    }
}
