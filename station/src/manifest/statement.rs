//! The in-toto Statement that a manifest signs, field by field as in `docs/manifest.md`.
//!
//! Types and their one serialisation: fixed order of fields, compact JSON. A large statement is never whole in
//! memory: its five long lists (`subject`, `row_digests`, `boards`, `unidentified`, `leaf_hashes`) are written and
//! read element by element, and what remains is this type with those lists empty. What a manifest says is
//! decided in [`assemble`](super::assemble), whether it makes sense in [`consistency`](super::consistency).

use firmware_proto::{Digest, ProductCode, Uid};
use serde::{Deserialize, Serialize};

use crate::encoding::{Base64Bytes, Hex, sha256};
use crate::ledger::event::{Actor, Assurance};
use crate::ledger::range_proof::RangeProof;
use crate::names::{BatchId, DeviceSerial, OperatorId, StationName, WorkOrderId};
use crate::shift::Shift;

pub use super::board_row::{
    BoardRow, CertificateRow, CertificateStatus, LogEntry, Measured, Scrapping,
    failed_before_passing,
};
pub use super::counts::{CodeCount, Counts, Summing};
pub use super::session_row::SessionRow;
pub use crate::clock::Timestamp;

/// The `_type` of every in-toto Statement, version 1.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// The `predicateType` of our manifests. A predicate of other fields gets another one.
pub const PREDICATE_TYPE: &str = "urn:x-provisioning-station:batch-manifest:v4";

/// An in-toto Statement about the device certificates of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predicate {
    /// The batch.
    pub batch: BatchId,
    /// The work order it was made under.
    pub work_order: WorkOrderId,
    /// SHA-256 of the work order's file, where one was given at the opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_order_file: Option<DigestSet>,
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
    /// The shifts that the station had at the opening.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shifts: Vec<Shift>,
    /// Jumps of the station's clock that were accepted since the opening: the new times, and by whom.
    /// Times before and after one are not comparable.
    pub clock_accepted: Vec<ClockAcceptance>,
    /// Holds of the whole batch that were cleared.
    pub holds_cleared: Vec<HoldClearing>,
    /// Boards that were scrapped and have no row: they were claimed in sessions of others alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scrapped_apart: Vec<ScrappedApart>,
    /// Everybody who worked on the batch, by ID; twice where the station was not always as sure of it.
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
    /// The certificates that the manifest's signature leads to, the signer's own first, without the root.
    pub signing_chain: Vec<Base64Bytes>,
    /// When the manifest was signed, as the station says.
    pub signed_at: Timestamp,
    /// Whether the rows have the boards' measurements.
    pub with_measurements: bool,
    /// What each row is to be, in the order of the rows.
    pub row_digests: Vec<RowDigest>,
    /// One row a board, by serial and then by UID; boards without a serial last.
    pub boards: Vec<BoardRow>,
    /// Sessions in which nobody said who it is, in the ledger's order; they belong to no row.
    pub unidentified: Vec<SessionRow>,
    /// Where all this stands in the station's ledger.
    pub ledger: LedgerExtract,
}

/// A row by its digest, so that a row that was changed, added, doubled, moved or left out has a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowDigest {
    /// Index of the ledger's entry that the row rests on.
    pub index: u64,
    /// The device's serial, where it has one.
    pub serial: Option<DeviceSerial>,
    /// SHA-256 of the row's bytes as they stand in the statement.
    pub sha256: Hex,
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

/// The opening or the closing of a batch.
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

/// A jump of the station's clock that somebody accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockAcceptance {
    /// The new time.
    pub time: Timestamp,
    /// Who accepted it.
    pub operator: OperatorId,
    /// How sure the station is of who it was.
    pub assurance: Assurance,
    /// Where the ledger says so.
    pub entry: LogEntry,
}

/// A hold of the whole batch that somebody cleared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldClearing {
    /// When.
    pub time: Timestamp,
    /// Why, in words.
    pub reason: String,
    /// Who cleared it.
    pub operator: OperatorId,
    /// How sure the station is of who it was.
    pub assurance: Assurance,
    /// Where the ledger says so.
    pub entry: LogEntry,
}

/// A board that was scrapped and has no row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScrappedApart {
    /// Its UID, which was only ever claimed.
    pub uid: Uid,
    /// When, by whom and why, and where the ledger says so.
    pub scrapped: Scrapping,
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
    /// The opening event as it lies in the log.
    pub opening_leaf: String,
    /// The batch's further terms, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<LogEntry>,
    /// The closing event as it lies in the log.
    pub closing_leaf: String,
    /// What leads from the leaves of the whole range to the checkpoint's root.
    pub range_proof: RangeHashes,
    /// The leaf hashes of all entries from the first to the last index, one after another: base64 of
    /// [`HASHES_A_PIECE`] each, fewer in the last piece. The pieces joined are the base64 of all.
    pub leaf_hashes: Vec<Base64Bytes>,
}

/// The hashes beside a range of the log: see [`RangeProof`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeHashes {
    /// Of the subtrees before it, from the left.
    pub left: Vec<Hex>,
    /// Of the subtrees after it, from the left.
    pub right: Vec<Hex>,
}

impl From<RangeProof> for RangeHashes {
    fn from(proof: RangeProof) -> Self {
        let hex = |side: Vec<Digest>| side.into_iter().map(Hex::from).collect();
        Self {
            left: hex(proof.left),
            right: hex(proof.right),
        }
    }
}

impl RangeHashes {
    /// The proof, where all of them are hashes.
    #[must_use]
    pub fn proof(&self) -> Option<RangeProof> {
        let digests =
            |side: &[Hex]| -> Option<Vec<Digest>> { side.iter().map(Hex::digest).collect() };
        Some(RangeProof {
            left: digests(&self.left)?,
            right: digests(&self.right)?,
        })
    }
}

/// Leaf hashes in a piece of [`LedgerExtract::leaf_hashes`]: a multiple of three, so that only the last piece
/// is padded.
pub const HASHES_A_PIECE: usize = 768;

impl Statement {
    /// The bytes that are signed: compact JSON, fields in the order of this file.
    ///
    /// # Errors
    /// None that these types can cause; the serialiser's signature has one.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

impl RowDigest {
    /// That of a row with these bytes.
    #[must_use]
    pub fn of(row: &BoardRow, bytes: &[u8]) -> Self {
        Self {
            index: row.index,
            serial: row.serial.clone(),
            sha256: sha256(bytes).into(),
        }
    }
}

/// The subject that belongs to a row: the live certificate of a board that passed.
#[must_use]
pub fn subject_of(row: &BoardRow) -> Option<Subject> {
    let certificate = row.live_certificate().filter(|_| row.passed())?;
    Some(Subject {
        name: row.serial.clone()?,
        digest: DigestSet {
            sha256: certificate.sha256.clone(),
        },
    })
}

/// The subjects that belong to the rows.
#[must_use]
pub fn subjects_of(rows: &[BoardRow]) -> Vec<Subject> {
    rows.iter().filter_map(subject_of).collect()
}
