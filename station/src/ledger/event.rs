//! What can be recorded. Append only: a kind or a field is never changed or removed, and an optional
//! field may be added.
//!
//! A new kind is a variant that holds one struct, whose fields stand in a file named after its topic.
//!
//! Pure values. An [`Event`] is what somebody wants recorded; the writer adds what only it knows
//! (number within the batch, hash of the batch's event before it) and makes the leaf's JSON once.

use firmware_proto::{
    BootId, DeviceNonce, HardwareRevision, ProductCode, ProvisioningState, SecurityLifecycle, Uid,
};
use serde::{Deserialize, Serialize};

use crate::encoding::{Base64Bytes, Hex};
use crate::names::{CertificateSerial, DeviceSerial, LaneName, StationName, WorkOrderId};
use crate::verdict::VerdictCode;

pub use super::actor::{Actor, Assurance};
pub use super::alarm_record::AlarmAcknowledgedRecord;
pub use super::batch_tally::{BatchTally, FurtherTally};
pub use super::batch_terms_record::BatchTermsRecord;
pub use super::checkpoint_copy_record::{CheckpointNotKeptRecord, MirrorBegunRecord};
pub use super::evidence_claims::{ClaimsRecord, ComponentRecord};
pub use super::label_record::{LabelFailedRecord, LabelPrintedRecord, ReprintRecord};
pub use super::lane_record::{AdapterChangedRecord, LaneBoundRecord};
pub use super::measurement_record::{MeasurementRecord, RandomSourceRecord};
pub use super::operator_record::{
    CredentialChangedRecord, OperatorEnrolledRecord, OperatorStateRecord, SignInRefusedRecord,
    SignedInRecord, SignedOutRecord, SignedOutWhy,
};
pub use super::profile_record::SignedProfileRecord;
pub use super::quarantine_record::QuarantineRecord;
pub use super::revocation_reason::RevocationReason;
pub use super::scrapping_record::ScrappingRecord;
pub use super::session_name::session_name;
pub use super::tripped_rule::TrippedRule;
pub use super::unrecorded_event::Event;

/// Version of the leaf's layout: the `v` of each.
pub const LEAF_VERSION: u8 = 1;

/// What can happen. The names in JSON are the kinds; the order of this list is theirs for ever.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "snake_case"
)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::large_enum_variant,
    reason = "one value an event, of which a handful are alive"
)]
pub enum Fact {
    /// The first event of every ledger.
    LedgerOpened {
        /// The station.
        station: StationName,
        /// The ledger key, as a note verifier's key text.
        ledger_vkey: String,
        /// Whether all keys live in one token, which no production home does.
        development: bool,
    },
    /// A product profile came into use; the whole text stays here.
    ProfileAdopted {
        /// SHA-256 of the profile's text.
        profile: Hex,
        /// The product that it is for.
        product: ProductCode,
        /// The whole text.
        text: String,
        /// The product owner's signature on it; absent where nobody has signed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signed: Option<SignedProfileRecord>,
    },
    /// A batch was opened.
    BatchOpened {
        /// SHA-256 of the profile's text.
        profile: Hex,
        /// The product that it is for.
        product: ProductCode,
        /// The paper that allows it.
        work_order: WorkOrderId,
        /// How many boards may be made.
        quantity: u32,
        /// The certificate, in DER, under which IDevIDs are issued.
        issuing_certificate: Base64Bytes,
        /// Who did it.
        actor: Actor,
        /// SHA-256 of the signed profile that it was opened with; absent where nobody has signed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signed_profile: Option<Hex>,
        /// Why an older version of the profile was used than one adopted before, where it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        older_profile: Option<String>,
    },
    /// A board answered on a lane. Nothing of what it claims is proven.
    SessionOpened {
        /// The lane.
        lane: LaneName,
        /// The UID that the board claimed.
        claimed_uid: Uid,
        /// The product that it claims to be.
        claimed_product: ProductCode,
        /// The hardware revision that it claims.
        claimed_revision: HardwareRevision,
        /// How far it says that provisioning came.
        claimed_state: ProvisioningState,
        /// The nonce that it drew.
        device_nonce: DeviceNonce,
        /// The boot that it is in.
        boot: BootId,
        /// Who works at the lane.
        actor: Actor,
    },
    /// Token 1 was appraised; `code` is `PASS` or why not. Claims are absent where it could not be read.
    EvidenceAppraised {
        /// `PASS`, or why not.
        code: VerdictCode,
        /// One line for people.
        detail: String,
        /// The authentic UID: from the attestation-key certificate.
        uid: Option<Uid>,
        /// The attested instance ID.
        instance_id: Option<Hex>,
        /// The attested implementation ID.
        implementation_id: Option<Hex>,
        /// The attested boot seed.
        boot_seed: Option<Hex>,
        /// The attested security lifecycle.
        lifecycle: Option<SecurityLifecycle>,
        /// The attested firmware.
        components: Vec<ComponentRecord>,
        /// What else is attested. Leaves from before it was kept lack it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        claims: Option<ClaimsRecord>,
        /// SHA-256 of the vendor's files that the key was trusted by, besides the profile: the allow-list, or
        /// the revocation lists.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        relied_on: Vec<Hex>,
        /// The token as it came.
        token: Base64Bytes,
        /// DER, one after another, leaf first.
        certificates: Base64Bytes,
        /// The boot that the board named in the answer that this token covers. Old records lack it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        boot: Option<BootId>,
        /// The nonce that the board named there. Old records lack it, and were under fewer rules.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device_nonce: Option<DeviceNonce>,
    },
    /// The self-test was judged.
    MeasurementsJudged {
        /// The board.
        uid: Uid,
        /// `PASS`, or why not.
        code: VerdictCode,
        /// Each with its limits and outcome.
        measurements: Vec<MeasurementRecord>,
        /// The noise source, where the profile asks for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        random_source: Option<RandomSourceRecord>,
    },
    /// CSR and token 2 were appraised; `code` is `PASS` or why not.
    KeyAppraised {
        /// The board.
        uid: Uid,
        /// `PASS`, or why not.
        code: VerdictCode,
        /// One line for people.
        detail: String,
        /// SHA-256 of the SubjectPublicKeyInfo.
        key: Option<Hex>,
        /// The CSR as it came.
        csr: Base64Bytes,
        /// The token as it came.
        token: Base64Bytes,
    },
    /// A certificate is about to be signed: exactly this TBS, under this serial, for this key.
    CertificateIntended {
        /// The board.
        uid: Uid,
        /// The certificate's serial number.
        certificate_serial: CertificateSerial,
        /// The device's serial in the subject.
        device_serial: DeviceSerial,
        /// SHA-256 of the SubjectPublicKeyInfo.
        key: Hex,
        /// The bytes that are to be signed.
        tbs: Base64Bytes,
    },
    /// An intent will never be finished.
    IntentVoided {
        /// The authentic UID.
        uid: Uid,
        /// The certificate's serial number.
        certificate_serial: CertificateSerial,
        /// Why, in words.
        reason: String,
    },
    /// The certificate exists from here on.
    CertificateIssued {
        /// The authentic UID.
        uid: Uid,
        /// The certificate's serial number.
        certificate_serial: CertificateSerial,
        /// The device's serial in the subject.
        device_serial: DeviceSerial,
        /// SHA-256 of the SubjectPublicKeyInfo.
        key: Hex,
        /// The whole certificate, in DER.
        certificate: Base64Bytes,
    },
    /// The device was given authority to install.
    GrantSigned {
        /// The authentic UID.
        uid: Uid,
        /// The certificate's serial number.
        certificate_serial: CertificateSerial,
        /// The grant object as signed.
        grant: Base64Bytes,
    },
    /// The installed identity has proven itself.
    ProofVerified {
        /// The authentic UID.
        uid: Uid,
        /// The certificate's serial number.
        certificate_serial: CertificateSerial,
        /// The proof object as received.
        proof: Base64Bytes,
    },
    /// The device is about to be ordered to lock. From here on it is in doubt until it answers.
    CommitSigned {
        /// The authentic UID.
        uid: Uid,
        /// The certificate's serial number.
        certificate_serial: CertificateSerial,
        /// The commit object as signed.
        commit: Base64Bytes,
    },
    /// Receipt and token 3 verify: the board is provisioned.
    Provisioned {
        /// The authentic UID.
        uid: Uid,
        /// The certificate's serial number.
        certificate_serial: CertificateSerial,
        /// The device's serial in the subject.
        device_serial: DeviceSerial,
        /// The receipt object as received.
        receipt: Base64Bytes,
        /// The token as it came.
        token: Base64Bytes,
    },
    /// The certificate is withdrawn.
    CertificateRevoked {
        /// The authentic UID.
        uid: Uid,
        /// The certificate's serial number.
        certificate_serial: CertificateSerial,
        /// Why, as a CRL would say it.
        reason: RevocationReason,
        /// One line for people.
        detail: String,
    },
    /// The session's end.
    VerdictReached {
        /// The lane.
        lane: LaneName,
        /// The verdict.
        code: VerdictCode,
        /// One line for people.
        detail: String,
        /// The authentic UID where there is one.
        uid: Option<Uid>,
        /// The UID that the board claimed.
        claimed_uid: Option<Uid>,
        /// The device's serial in the subject, where there is one.
        device_serial: Option<DeviceSerial>,
        /// The certificate's serial number, where there is one.
        certificate_serial: Option<CertificateSerial>,
        /// From the first answer to the verdict.
        duration_ms: u64,
        /// Requests sent again.
        retries: u32,
        /// SHA-256 of the text of the profile that it was reached by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        profile: Option<Hex>,
    },
    /// A lane takes no board until the hold is cleared.
    HoldPlaced {
        /// The lane.
        lane: LaneName,
        /// What the lane is held for.
        code: VerdictCode,
        /// One line for people.
        detail: String,
        /// What the lane's port is known by; the hold is on that port too, whatever its lane is called.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ports: Vec<String>,
        /// The stop rule that tripped, where it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<TrippedRule>,
    },
    /// The hold is cleared.
    HoldCleared {
        /// The lane.
        lane: LaneName,
        /// Why, in words.
        reason: String,
        /// Who did it.
        actor: Actor,
    },
    /// A jump of the clock was accepted.
    ClockAccepted {
        /// Why, in words.
        reason: String,
        /// Who did it.
        actor: Actor,
    },
    /// The batch is closed: so many events before this one, the last with this leaf hash.
    BatchClosed {
        /// How many events of the batch come before this one.
        count: u64,
        /// Leaf hash of the last of them.
        head: Hex,
        /// Who did it.
        actor: Actor,
        /// How many of them are of which kind. Old records lack it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tally: Option<BatchTally>,
    },
    /// No lane begins a board of the batch until the hold is cleared. The session is the one whose verdict
    /// tripped the rule.
    BatchHoldPlaced {
        /// The lane on which that verdict was reached.
        lane: LaneName,
        /// That verdict.
        code: VerdictCode,
        /// One line for people.
        detail: String,
        /// The stop rule.
        rule: TrippedRule,
    },
    /// The batch's hold is cleared.
    BatchHoldCleared {
        /// Why, in words.
        reason: String,
        /// Who did it.
        actor: Actor,
    },
    /// An operator was enrolled.
    OperatorEnrolled(OperatorEnrolledRecord),
    /// An operator may not sign in any more.
    OperatorDisabled(OperatorStateRecord),
    /// An operator may sign in again.
    OperatorEnabled(OperatorStateRecord),
    /// An operator has another PIN.
    PinChanged(CredentialChangedRecord),
    /// An operator has another badge.
    BadgeChanged(CredentialChangedRecord),
    /// An operator signed in.
    SignedIn(SignedInRecord),
    /// An operator is signed in no more.
    SignedOut(SignedOutRecord),
    /// Wrong PINs were given.
    SignInRefused(SignInRefusedRecord),
    /// The batch's further terms.
    BatchTermsRecorded(BatchTermsRecord),
    /// A board that did not pass is thrown away.
    BoardScrapped(ScrappingRecord),
    /// A board was set aside: it gets nothing until it is released.
    BoardQuarantined(QuarantineRecord),
    /// A board that was set aside goes on.
    BoardReleased(QuarantineRecord),
    /// A printer took a board's label.
    LabelPrinted(LabelPrintedRecord),
    /// A board's label was not printed.
    LabelFailed(LabelFailedRecord),
    /// Another adapter is where a lane's adapter was.
    AdapterChanged(AdapterChangedRecord),
    /// A lane was bound to a place.
    LaneBound(LaneBoundRecord),
    /// Somebody has looked at an alarm that holds nothing.
    AlarmAcknowledged(AlarmAcknowledgedRecord),
    /// The mirror's file was empty, and begins.
    MirrorBegun(MirrorBegunRecord),
    /// The token did not take a checkpoint.
    CheckpointNotKept(CheckpointNotKeptRecord),
}
