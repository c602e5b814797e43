//! The one list of verdict codes: the same code in terminal, command line, ledger and manifest.
//!
//! A code never changes its meaning, and none is ever removed. Each has a section of its own name in
//! `docs/runbook.md`; a test holds the two together.

pub mod counting;
mod table;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

pub use table::VerdictCode;

/// Whose fault it is, which decides colour, counters and exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Outcome {
    /// The board is good.
    Pass,
    /// The board is not good, or could not show that it is.
    Fail,
    /// The station is at fault; nothing is said about the board.
    Error,
}

/// How urgent a code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nothing to do beyond the next action.
    Routine,
    /// Somebody may be attacking, or a part of the line is wrong: QA must look.
    Alarm,
}

/// Whether putting the same board in again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retry {
    /// The board is done.
    Never,
    /// Once more, after the action.
    Once,
    /// As soon as the station is well again.
    Later,
}

/// What belongs to a code.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The code as people see it.
    pub text: &'static str,
    /// Whose fault.
    pub outcome: Outcome,
    /// How urgent.
    pub severity: Severity,
    /// Whether a retest can help.
    pub retry: Retry,
    /// What the operator does next, one short sentence.
    pub action: &'static str,
}

impl VerdictCode {
    /// The code as people see it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.entry().text
    }

    /// Whether a UID beside it was proven. These codes are reached before a token's signature, freshness and
    /// origin were all found good: whatever UID stands beside one of them, nobody has proven it.
    #[must_use]
    pub const fn proves_uid(self) -> bool {
        !matches!(
            self,
            Self::AttMalformed
                | Self::AttSignature
                | Self::AttNonce
                | Self::AttKeyUnknown
                | Self::AttKeyExpired
                | Self::AttKeyRevoked
        )
    }

    /// Whose fault.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        self.entry().outcome
    }

    /// Whether somebody must look at it though nothing stands still for it.
    #[must_use]
    pub const fn is_quiet_alarm(self) -> bool {
        matches!(self.entry().severity, Severity::Alarm) && !self.holds_lane()
    }

    /// Whether the lane is held with the verdict: something that belongs to one board alone was seen twice.
    #[must_use]
    pub const fn holds_lane(self) -> bool {
        matches!(
            self,
            Self::AttNonce
                | Self::AttBootSeed
                | Self::AttNonceReused
                | Self::KeyReused
                | Self::UidReused
                | Self::SerialReused
        )
    }

    /// Whether it is an alarm about what a board attests: of itself, its firmware or its key.
    #[must_use]
    pub fn is_attestation_alarm(self) -> bool {
        let entry = self.entry();
        matches!(entry.severity, Severity::Alarm)
            && (entry.text.starts_with("ATT-")
                || matches!(self, Self::FwMeasurement | Self::KeyForeign))
    }

    /// The code of that text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl fmt::Display for VerdictCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for VerdictCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for VerdictCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("unknown verdict code {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_text_and_by_no_other() {
        for (i, code) in VerdictCode::ALL.iter().enumerate() {
            assert_eq!(VerdictCode::parse(code.as_str()), Some(*code));
            assert!(
                VerdictCode::ALL[i + 1..]
                    .iter()
                    .all(|other| other.as_str() != code.as_str())
            );
        }
        assert_eq!(VerdictCode::parse("pass"), None);
    }
}
