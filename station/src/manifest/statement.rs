//! The in-toto Statement that a manifest signs, field by field as in `docs/manifest.md`.
//!
//! Types and their one serialisation: fixed order of fields, compact JSON. What a manifest says is
//! decided in [`assemble`](super::assemble), whether it makes sense in [`consistency`](super::consistency).

use firmware_proto::{ProductCode, Uid};
use serde::{Deserialize, Serialize};

use crate::encoding::{Base64Bytes, Hex};
use crate::ledger::event::{Actor, Assurance, ComponentRecord, RevocationReason};
use crate::names::{
    BatchId, CertificateSerial, DeviceSerial, LaneName, OperatorId, StationName, WorkOrderId,
};
use crate::verdict::{Outcome, VerdictCode};

pub use crate::clock::Timestamp;

/// The `_type` of every in-toto Statement, version 1.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// The `predicateType` of our manifests. A predicate of other fields gets another one.
pub const PREDICATE_TYPE: &str = "urn:x-provisioning-station:batch-manifest:v1";

/// An in-toto Statement about the device certificates of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// The live certificates of the boards that passed, in the order of the rows.
    pub subject: Vec<Subject>,
    /// [`PREDICATE_TYPE`].
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// What is said about them.
    pub predicate: Predicate,
}

/// One device certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The device's serial, as in the certificate's subject.
    pub name: DeviceSerial,
    /// Its digest.
    pub digest: DigestSet,
}

/// Digests of one object; we only ever write SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestSet {
    /// SHA-256 of the DER certificate.
    pub sha256: Hex,
}

/// What the manifest says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predicate {
    /// The batch.
    pub batch: BatchId,
    /// The work order it was made under.
    pub work_order: WorkOrderId,
    /// The product.
    pub product: ProductCode,
    /// The station that made it.
    pub station: StationName,
    /// Whether the station's keys are a development PKI that proves nothing to a customer.
    pub development: bool,
    /// How many boards the work order asks for.
    pub quantity: u32,
    /// When and by whom the batch was opened.
    pub opened: Milestone,
    /// When and by whom it was closed.
    pub closed: Milestone,
    /// Jumps of the station's clock that were accepted since the opening: the new times, and by whom.
    /// Times before and after one are not comparable.
    pub clock_accepted: Vec<Milestone>,
    /// Everybody who worked on the batch, by ID.
    pub operators: Vec<Actor>,
    /// SHA-256 of the product profile's text.
    pub profile: DigestSet,
    /// The product owner's signature on the profile; absent where it had none, which only a development
    /// home accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_profile: Option<SignedProfileReference>,
    /// SHA-256 of the certificate of the CA that issued the devices' certificates.
    pub issuing_certificate: DigestSet,
    /// The sums.
    pub counts: Counts,
    /// One row a board, by serial and then by UID; boards without a serial last.
    pub boards: Vec<BoardRow>,
    /// Where all this stands in the station's ledger.
    pub ledger: LedgerExtract,
    /// The certificates that the manifest's signature leads to, the signer's own first, without the root.
    pub signing_chain: Vec<Base64Bytes>,
    /// When the manifest was signed, as the station says.
    pub signed_at: Timestamp,
}

/// The signed file that the profile came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedProfileReference {
    /// SHA-256 of the signed file, which lies in the ledger.
    pub sha256: Hex,
    /// Why an older version than one adopted before was used, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older_because: Option<String>,
}

/// The opening or the closing of a batch, or the acceptance of a clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Milestone {
    /// When.
    pub time: Timestamp,
    /// Who.
    pub operator: OperatorId,
    /// How sure the station is of who it was.
    pub assurance: Assurance,
}

/// The sums over all rows; `presented` is the sum of `passed`, `already_provisioned`, `failed` and `unjudged`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Rows.
    pub presented: u64,
    /// Boards provisioned in this batch whose certificate is live.
    pub passed: u64,
    /// Good boards that had been provisioned in another batch.
    pub already_provisioned: u64,
    /// Boards that were found not good.
    pub failed: u64,
    /// Boards of which nothing was found out: the station was at fault or its work was interrupted.
    pub unjudged: u64,
    /// Boards that passed after an earlier session in this batch in which they had failed.
    pub reworked: u64,
    /// Boards of which nobody knows whether they are locked. A closed batch has none.
    pub in_doubt: u64,
    /// Sessions in which no board said who it is; they belong to no row.
    pub unidentified_sessions: u64,
    /// Rows by verdict code, in the order of the list of codes.
    pub by_code: Vec<CodeCount>,
}

/// How many rows have a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeCount {
    /// The code.
    pub code: VerdictCode,
    /// Rows with it.
    pub boards: u64,
}

/// One board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The lane of the session that counts.
    pub lane: LaneName,
    /// Who worked on that lane; none where the board was refused before the ledger named anybody.
    pub operator: Option<OperatorId>,
    /// When the session that counts began.
    pub started: Timestamp,
    /// When it ended; none where it was interrupted.
    pub finished: Option<Timestamp>,
    /// Firmware as attested, under a signature that verified.
    pub firmware: Vec<ComponentRecord>,
    /// Certificates provisioned in this batch, or issued in it and provisioned in none.
    pub certificates: Vec<CertificateRow>,
    /// Every session with it, in the ledger's order: its history within the batch.
    pub sessions: Vec<SessionRow>,
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

/// One session with a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRow {
    /// The session's name in the ledger.
    pub session: Hex,
    /// Its lane.
    pub lane: LaneName,
    /// Who worked on that lane; none where the board was refused before the ledger named anybody.
    pub operator: Option<OperatorId>,
    /// When the board answered.
    pub started: Timestamp,
    /// When the verdict was reached; none where the session was interrupted.
    pub finished: Option<Timestamp>,
    /// The verdict; none where the session was interrupted.
    pub code: Option<VerdictCode>,
    /// Whether the UID was proven in this session.
    pub uid_proven: bool,
}

/// Where the batch stands in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerExtract {
    /// The log's origin.
    pub origin: String,
    /// The verifier key of its checkpoints (C2SP signed note).
    pub vkey: String,
    /// A checkpoint made at or after the batch's closing: the whole signed note.
    pub checkpoint: String,
    /// Index of the event that opened the batch.
    pub first_index: u64,
    /// Index of the event that closed it.
    pub last_index: u64,
    /// Events of the batch before the closing one.
    pub event_count: u64,
    /// Leaf hash of the last of them; each of them names the one before it.
    pub event_head: Hex,
    /// The closing event itself, as it lies in the log.
    pub closing_leaf: String,
    /// RFC 6962 inclusion proof of the closing event under the checkpoint.
    pub closing_proof: Vec<Hex>,
}

impl Statement {
    /// The bytes that are signed: compact JSON, fields in the order of this file.
    ///
    /// # Errors
    /// None that these types can cause; the serialiser's signature has one.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
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

impl BoardRow {
    /// Its live certificate, where it has one.
    #[must_use]
    pub fn live_certificate(&self) -> Option<&CertificateRow> {
        let live = |row: &&CertificateRow| row.status == CertificateStatus::Live;
        self.certificates.iter().find(live)
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

    /// Whether it has a live certificate for which no receipt ever came.
    #[must_use]
    pub fn in_doubt(&self) -> bool {
        self.live_certificate()
            .is_some_and(|row| row.provisioned.is_none())
    }
}

impl Counts {
    /// Counts the rows.
    #[must_use]
    pub fn of(rows: &[BoardRow], unidentified_sessions: u64) -> Self {
        let mut counts = Self {
            unidentified_sessions,
            ..Self::default()
        };
        for row in rows {
            counts.presented += 1;
            counts.reworked += u64::from(row.reworked);
            counts.in_doubt += u64::from(row.in_doubt());
            *match (row.verdict, row.passed()) {
                (Outcome::Pass, true) => &mut counts.passed,
                (Outcome::Pass, false) => &mut counts.already_provisioned,
                (Outcome::Fail, _) => &mut counts.failed,
                (Outcome::Error, _) => &mut counts.unjudged,
            } += 1;
        }
        let tally = |code: &VerdictCode| {
            let boards = rows.iter().filter(|row| row.code == Some(*code)).count() as u64;
            (boards > 0).then_some(CodeCount {
                code: *code,
                boards,
            })
        };
        counts.by_code = VerdictCode::ALL.iter().filter_map(tally).collect();
        counts
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

/// The subjects that belong to the rows: the live certificate of each board that passed.
#[must_use]
pub fn subjects_of(rows: &[BoardRow]) -> Vec<Subject> {
    let subject = |row: &BoardRow| {
        Some(Subject {
            name: row.serial.clone()?,
            digest: DigestSet {
                sha256: row.live_certificate()?.sha256.clone(),
            },
        })
    };
    rows.iter()
        .filter(|row| row.passed())
        .filter_map(subject)
        .collect()
}
