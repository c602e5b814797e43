//! One board of a manifest: its row, field by field as in `docs/manifest.md`.

use std::io;

use firmware_proto::Uid;
use serde::{Deserialize, Serialize};

use super::session_row::SessionRow;
use super::statement::Timestamp;
use crate::encoding::Hex;
use crate::ledger::event::{ComponentRecord, MeasurementRecord, RevocationReason};
use crate::names::{CertificateSerial, DeviceSerial, LaneName, OperatorId, ShiftName};
use crate::verdict::{Outcome, VerdictCode};

/// An entry of the ledger as a row shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// Its index.
    pub index: u64,
    /// The leaf as it lies in the log.
    pub leaf: String,
    /// RFC 6962 inclusion proof under the manifest's checkpoint; there only where the entry is not within
    /// the batch's range, whose leaf hashes the manifest has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Vec<Hex>>,
}

/// Takes one row after the other, in the order of the manifest.
pub type RowTaker<'a> = dyn FnMut(&BoardRow) -> io::Result<()> + 'a;

/// One board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoardRow {
    /// Its UID.
    pub uid: Uid,
    /// Whether the UID was proven by attestation, or only claimed.
    pub uid_proven: bool,
    /// Its serial, where it was given one.
    pub serial: Option<DeviceSerial>,
    /// Good, not good, or not judged.
    pub verdict: Outcome,
    /// The code that counts; none where every session was interrupted.
    pub code: Option<VerdictCode>,
    /// Whether it passed after it had failed in this batch.
    pub reworked: bool,
    /// Whether it did not pass, and its last session put a hold on its lane that nobody had cleared when the
    /// manifest was made.
    pub held: bool,
    /// That it was thrown away, where somebody recorded it; it counts where the board has not passed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scrapped: Option<Scrapping>,
    /// The lane of the session that counts.
    pub lane: LaneName,
    /// Who worked on that lane; none where the board was refused before the ledger named anybody.
    pub operator: Option<OperatorId>,
    /// The shift in which the session that counts began, where the batch's terms have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<ShiftName>,
    /// When the session that counts began.
    pub started: Timestamp,
    /// When it ended; none where it was interrupted.
    pub finished: Option<Timestamp>,
    /// Firmware as attested, under a signature that verified.
    pub firmware: Vec<ComponentRecord>,
    /// What was measured last, where the manifest has measurements and the board any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measurements: Option<Measured>,
    /// Certificates issued in this batch.
    pub certificates: Vec<CertificateRow>,
    /// Every session with it, in the ledger's order: its history within the batch.
    pub sessions: Vec<SessionRow>,
    /// Index of the ledger's entry that the row rests on: the verdict of the session that counts, or its
    /// opening where it was interrupted.
    pub index: u64,
}

/// A board that was thrown away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scrapping {
    /// When it was recorded.
    pub time: Timestamp,
    /// Who did.
    pub operator: OperatorId,
    /// Why, in words.
    pub reason: String,
    /// Where the ledger says so.
    pub entry: LogEntry,
}

/// What was measured last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// When.
    pub time: Timestamp,
    /// What came of all of them.
    pub code: VerdictCode,
    /// Index of the ledger's entry.
    pub index: u64,
    /// Each with its limits and outcome.
    pub values: Vec<MeasurementRecord>,
}

/// One certificate of a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateRow {
    /// Its serial number, 32 hexadecimal digits.
    pub serial: CertificateSerial,
    /// SHA-256 of its DER.
    pub sha256: Hex,
    /// When it was issued.
    pub issued: Timestamp,
    /// When the board's receipt for it was verified; none where that never came.
    pub provisioned: Option<Timestamp>,
    /// Whether it was live when the manifest was made.
    pub status: CertificateStatus,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
    /// Why it was revoked.
    pub reason: Option<RevocationReason>,
    /// Its issuing as the ledger has it, with the whole certificate.
    pub entry: LogEntry,
    /// Its provisioning as the ledger has it, with the board's receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioning_entry: Option<LogEntry>,
    /// Its revocation as the ledger has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_entry: Option<LogEntry>,
}

/// Live means issued, without a later revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateStatus {
    /// In force.
    Live,
    /// Withdrawn.
    Revoked,
}

impl CertificateStatus {
    /// As in the manifest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Revoked => "revoked",
        }
    }
}

impl CertificateRow {
    /// Whether it is in force.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.status == CertificateStatus::Live
    }
}

impl BoardRow {
    /// Its live certificate from this batch, where it has one.
    #[must_use]
    pub fn live_certificate(&self) -> Option<&CertificateRow> {
        self.certificates.iter().find(|row| row.is_live())
    }

    /// What rows are sorted by: boards with a serial first, then by serial, then by UID.
    #[must_use]
    pub fn sort_key(&self) -> (bool, Option<&DeviceSerial>, &Uid) {
        (self.serial.is_none(), self.serial.as_ref(), &self.uid)
    }

    /// Whether it was provisioned in this batch and still has its identity.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.verdict == Outcome::Pass && self.live_certificate().is_some()
    }

    /// That it was thrown away, where it has not passed since.
    #[must_use]
    pub fn scrapping(&self) -> Option<&Scrapping> {
        self.scrapped.as_ref().filter(|_| !self.passed())
    }

    /// Whether it has a live certificate for which no receipt ever came.
    #[must_use]
    pub fn in_doubt(&self) -> bool {
        self.live_certificate()
            .is_some_and(|row| row.provisioned.is_none())
    }

    /// How people name it: by serial, else by UID.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.serial {
            Some(serial) => format!("device {serial}"),
            None => format!("board {}", self.uid),
        }
    }
}

/// Whether a board with these sessions had failed before it first passed.
#[must_use]
pub fn failed_before_passing(codes: impl IntoIterator<Item = Option<VerdictCode>>) -> bool {
    let outcomes = codes.into_iter().map(|code| code.map(VerdictCode::outcome));
    outcomes
        .take_while(|outcome| *outcome != Some(Outcome::Pass))
        .any(|outcome| outcome == Some(Outcome::Fail))
}
