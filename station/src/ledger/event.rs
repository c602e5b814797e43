//! What can be recorded. Append only: a kind or a field is never changed or removed, and an optional
//! field may be added.
//!
//! Pure values. An [`Event`] is what somebody wants recorded; the writer adds what only it knows
//! (number within the batch, hash of the batch's event before it) and makes the leaf's JSON once.

use firmware_proto::{
    BootId, DeviceNonce, HardwareRevision, ProductCode, ProvisioningState, SecurityLifecycle,
    SessionId, Uid,
};
use serde::{Deserialize, Serialize};

use crate::clock::UtcMillis;
use crate::encoding::{Base64Bytes, Hex};
use crate::names::{
    BatchId, CertificateSerial, DeviceSerial, LaneName, OperatorId, StationName, WorkOrderId,
};
use crate::verdict::VerdictCode;

/// Version of the leaf's layout: the `v` of each.
pub const LEAF_VERSION: u8 = 1;

/// A fact that is to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When it became true.
    pub time: UtcMillis,
    /// The batch it belongs to; none for what concerns the station alone.
    pub batch: Option<BatchId>,
    /// The session it happened in.
    pub session: Option<Hex>,
    /// What happened.
    pub fact: Fact,
}

/// How sure we are of who an operator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assurance {
    /// They said so.
    Asserted,
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// Pseudonymous ID.
    pub operator: OperatorId,
    /// How sure we are.
    pub assurance: Assurance,
}

/// A firmware component as attested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentRecord {
    /// The component's type, for example `BL` or `APP`.
    pub component: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its image.
    pub measurement: Hex,
    /// Digest of the key that signed it.
    pub signer: Hex,
}

/// A measurement with its limits and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasurementRecord {
    /// What was measured.
    pub name: String,
    /// The value as text, since JSON has no NaN.
    pub value: String,
    /// Its unit.
    pub unit: String,
    /// Lower limit, inclusive, as text.
    pub low: Option<String>,
    /// Upper limit, inclusive, as text.
    pub high: Option<String>,
    /// `PASS`, or the code that it failed with.
    pub code: VerdictCode,
}

/// Why a certificate is withdrawn (RFC 5280, section 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RevocationReason {
    /// Another certificate takes its place.
    Superseded,
    /// The board failed after issuing, or left the line unfinished.
    CessationOfOperation,
    /// The key may be known to somebody else.
    KeyCompromise,
}

/// What can happen. The names in JSON are the kinds; the order of this list is theirs for ever.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "snake_case"
)]
#[serde(deny_unknown_fields)]
pub enum Fact {
    /// The first event of every ledger.
    LedgerOpened {
        station: StationName,
        ledger_vkey: String,
        development: bool,
    },
    /// A product profile came into use; the whole text stays here.
    ProfileAdopted {
        profile: Hex,
        product: ProductCode,
        text: String,
    },
    /// A batch was opened.
    BatchOpened {
        profile: Hex,
        product: ProductCode,
        work_order: WorkOrderId,
        quantity: u32,
        issuing_certificate: Base64Bytes,
        actor: Actor,
    },
    /// A board answered on a lane. Nothing of what it claims is proven.
    SessionOpened {
        lane: LaneName,
        claimed_uid: Uid,
        claimed_product: ProductCode,
        claimed_revision: HardwareRevision,
        claimed_state: ProvisioningState,
        device_nonce: DeviceNonce,
        boot: BootId,
        actor: Actor,
    },
    /// Token 1 was appraised; `code` is `PASS` or why not. Claims are absent where it could not be read.
    EvidenceAppraised {
        code: VerdictCode,
        detail: String,
        /// The authentic UID: from the attestation-key certificate.
        uid: Option<Uid>,
        instance_id: Option<Hex>,
        implementation_id: Option<Hex>,
        boot_seed: Option<Hex>,
        lifecycle: Option<SecurityLifecycle>,
        components: Vec<ComponentRecord>,
        token: Base64Bytes,
        certificates: Base64Bytes,
    },
    /// The self-test was judged.
    MeasurementsJudged {
        uid: Uid,
        code: VerdictCode,
        measurements: Vec<MeasurementRecord>,
    },
    /// CSR and token 2 were appraised; `code` is `PASS` or why not.
    KeyAppraised {
        uid: Uid,
        code: VerdictCode,
        detail: String,
        key: Option<Hex>,
        csr: Base64Bytes,
        token: Base64Bytes,
    },
    /// A certificate is about to be signed: exactly this TBS, under this serial, for this key.
    CertificateIntended {
        uid: Uid,
        certificate_serial: CertificateSerial,
        device_serial: DeviceSerial,
        key: Hex,
        tbs: Base64Bytes,
    },
    /// An intent will never be finished.
    IntentVoided {
        uid: Uid,
        certificate_serial: CertificateSerial,
        reason: String,
    },
    /// The certificate exists from here on.
    CertificateIssued {
        uid: Uid,
        certificate_serial: CertificateSerial,
        device_serial: DeviceSerial,
        key: Hex,
        certificate: Base64Bytes,
    },
    /// The device was given authority to install.
    GrantSigned {
        uid: Uid,
        certificate_serial: CertificateSerial,
        grant: Base64Bytes,
    },
    /// The installed identity has proven itself.
    ProofVerified {
        uid: Uid,
        certificate_serial: CertificateSerial,
        proof: Base64Bytes,
    },
    /// The device is about to be ordered to lock. From here on it is in doubt until it answers.
    CommitSigned {
        uid: Uid,
        certificate_serial: CertificateSerial,
        commit: Base64Bytes,
    },
    /// Receipt and token 3 verify: the board is provisioned.
    Provisioned {
        uid: Uid,
        certificate_serial: CertificateSerial,
        device_serial: DeviceSerial,
        receipt: Base64Bytes,
        token: Base64Bytes,
    },
    /// The certificate is withdrawn.
    CertificateRevoked {
        uid: Uid,
        certificate_serial: CertificateSerial,
        reason: RevocationReason,
        detail: String,
    },
    /// The session's end.
    VerdictReached {
        lane: LaneName,
        code: VerdictCode,
        detail: String,
        /// The authentic UID where there is one.
        uid: Option<Uid>,
        /// The UID that the board claimed.
        claimed_uid: Option<Uid>,
        device_serial: Option<DeviceSerial>,
        certificate_serial: Option<CertificateSerial>,
        duration_ms: u64,
        retries: u32,
    },
    /// A lane takes no board until the hold is cleared.
    HoldPlaced {
        lane: LaneName,
        code: VerdictCode,
        detail: String,
    },
    /// The hold is cleared.
    HoldCleared {
        lane: LaneName,
        reason: String,
        actor: Actor,
    },
    /// A jump of the clock was accepted.
    ClockAccepted { reason: String, actor: Actor },
    /// The batch is closed: so many events before this one, the last with this leaf hash.
    BatchClosed { count: u64, head: Hex, actor: Actor },
}

/// Names the session in events: the session ID of the last `Hello`.
#[must_use]
pub fn session_name(session: SessionId) -> Hex {
    Hex(session.as_bytes().to_vec())
}
