//! Why a command gave no result: what failed, why, and what to do.

use std::fmt::{self, Display};

use serde::Serialize;

use super::exit_status::ExitStatus;
use crate::access::AccessError;
use crate::hsm::HsmError;
use crate::ledger::{LedgerError, ProfileRefusal, Refusal};
use crate::line::control;
use crate::station_home::{HomeError, PkiError};
use crate::words::RefusalReason;

/// A failed command. Printed once, on stderr, by [`run`](super::run).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    what: String,
    why: String,
    to_do: String,
    status: ExitStatus,
    /// What a screen says of it in the operator's language.
    reason: Option<RefusalReason>,
}

impl Failure {
    /// The station itself is at fault: exit status 3.
    pub(crate) fn station(what: impl Display, why: impl Display, to_do: impl Display) -> Self {
        Self::new(ExitStatus::StationFault, what, why, to_do)
    }

    /// Wrong usage: exit status 2.
    pub(crate) fn usage(what: impl Display, why: impl Display, to_do: impl Display) -> Self {
        Self::new(ExitStatus::Usage, what, why, to_do)
    }

    /// A device or a check failed: exit status 1.
    pub(crate) fn check(what: impl Display, why: impl Display, to_do: impl Display) -> Self {
        Self::new(ExitStatus::CheckFailed, what, why, to_do)
    }

    fn new(status: ExitStatus, what: impl Display, why: impl Display, to_do: impl Display) -> Self {
        Self {
            what: what.to_string(),
            why: why.to_string(),
            to_do: to_do.to_string(),
            status,
            reason: None,
        }
    }

    /// The same, where a screen can say it in the operator's language.
    pub(crate) fn because(self, reason: RefusalReason) -> Self {
        Self {
            reason: Some(reason),
            ..self
        }
    }

    /// The exit status that it leads to.
    pub(crate) const fn status(&self) -> ExitStatus {
        self.status
    }

    /// What failed.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// The reason.
    pub(crate) fn why(&self) -> &str {
        &self.why
    }

    /// What to do about it.
    pub(crate) fn to_do(&self) -> &str {
        &self.to_do
    }

    /// The same for a command in another process, which had this one do its work.
    pub(crate) fn to_refusal(&self) -> control::Refusal {
        control::Refusal {
            exit_status: self.status.number(),
            what: self.what.clone(),
            why: self.why.clone(),
            next: self.to_do.clone(),
            reason: self.reason,
        }
    }

    /// What the process that owns the home answered: the words are those of the work itself, whoever
    /// did it.
    pub(crate) fn from_refusal(refusal: control::Refusal) -> Self {
        let status = match refusal.exit_status {
            1 => ExitStatus::CheckFailed,
            2 => ExitStatus::Usage,
            _ => ExitStatus::StationFault,
        };
        let failure = Self::new(status, refusal.what, refusal.why, refusal.next);
        Self {
            reason: refusal.reason,
            ..failure
        }
    }

    /// As it is told: three lines for people, or one JSON object.
    pub(crate) fn told(&self, json: bool) -> String {
        if json {
            let object = JsonFailure {
                error: JsonError {
                    what: &self.what,
                    why: &self.why,
                    to_do: &self.to_do,
                    exit_status: self.status.number(),
                },
            };
            serde_json::to_string(&object).unwrap_or_else(|_| self.to_string())
        } else {
            self.to_string()
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "station: {}\n  why: {}\n   do: {}",
            self.what, self.why, self.to_do
        )
    }
}

impl From<HsmError> for Failure {
    fn from(error: HsmError) -> Self {
        let what = format!("cannot {}", error.operation());
        Self::station(what, error.reason(), error.advice()).because(RefusalReason::Hsm)
    }
}

impl From<HomeError> for Failure {
    fn from(error: HomeError) -> Self {
        let status = if error.is_usage() {
            ExitStatus::Usage
        } else {
            ExitStatus::StationFault
        };
        Self::new(status, error.what(), error.reason(), error.advice())
    }
}

impl From<AccessError> for Failure {
    fn from(error: AccessError) -> Self {
        let advice = error.advice();
        match error {
            AccessError::Home(error) => error.into(),
            AccessError::Ledger(error) => error.into(),
            error if error.is_usage() => Self::usage(
                "the register of operators cannot be changed so",
                error,
                advice,
            ),
            error => Self::station("cannot use the register of operators", error, advice),
        }
    }
}

/// The ledger's errors say what is wrong, then what to do, with a semicolon between.
impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        if let LedgerError::Refused(refusal) = error {
            return refusal.into();
        }
        let text = error.to_string();
        let (why, to_do) = text.split_once("; ").unwrap_or((
            &text,
            "see whether the disk is well, then run station ledger verify",
        ));
        Self::station("cannot use the ledger", why, to_do).because(RefusalReason::Ledger)
    }
}

/// A rule of the ledger forbids it. What the caller named wrongly is wrong usage; what boards have not
/// come to yet is a check that failed; what no command can ask for is this program's mistake.
impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let status = match &refusal {
            Refusal::BatchUnfinished { .. } | Refusal::BatchFull(_) => ExitStatus::CheckFailed,
            Refusal::BatchExists(_)
            | Refusal::BatchNotOpen(_)
            | Refusal::NoSerials(..)
            | Refusal::SerialOfAnother { .. }
            | Refusal::UnknownProfile(_)
            | Refusal::NoSuchCheckpoint(_)
            | Refusal::OtherCheckpoint(_)
            | Refusal::Profile(ProfileRefusal::Older { .. })
            | Refusal::Leaf(_) => ExitStatus::Usage,
            _ => ExitStatus::StationFault,
        };
        let text = refusal.to_string();
        let (why, to_do) = text
            .split_once("; ")
            .unwrap_or((&text, "see station batch show"));
        let failure = Self::new(status, "the ledger refuses the entry", why, to_do);
        let reason = match &refusal {
            Refusal::BatchUnfinished { .. } => RefusalReason::BatchUnfinished,
            Refusal::BatchFull(_) => RefusalReason::BatchFull,
            Refusal::BatchHeld(_) => RefusalReason::BatchHeld,
            Refusal::BatchExists(_) => RefusalReason::BatchExists,
            Refusal::BatchNotOpen(_) => RefusalReason::BatchClosed,
            Refusal::NoSerials(..) | Refusal::SerialOfAnother { .. } => RefusalReason::SerialsUnfit,
            Refusal::Profile(ProfileRefusal::Older { .. }) => RefusalReason::ProfileOlder,
            _ => RefusalReason::Ledger,
        };
        failure.because(reason)
    }
}

impl From<PkiError> for Failure {
    fn from(error: PkiError) -> Self {
        match error {
            PkiError::File(error) => error.into(),
            error => {
                let advice = error.advice();
                Self::station("cannot trust the station's certificates", error, advice)
            }
        }
    }
}

#[derive(Serialize)]
struct JsonFailure<'a> {
    error: JsonError<'a>,
}

#[derive(Serialize)]
struct JsonError<'a> {
    what: &'a str,
    why: &'a str,
    #[serde(rename = "do")]
    to_do: &'a str,
    exit_status: u8,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::BatchId;

    #[test]
    fn each_kind_of_refusal_has_one_exit_status() {
        let batch = || BatchId::parse("B1").unwrap();
        let status = |refusal| Failure::from(LedgerError::from(refusal)).status().number();
        assert_eq!(status(Refusal::BatchFull(batch())), 1);
        assert_eq!(status(Refusal::BatchExists(batch())), 2);
        assert_eq!(status(Refusal::BatchNotOpen(batch())), 2);
        assert_eq!(status(Refusal::ProfileDigest), 3);
    }
}
