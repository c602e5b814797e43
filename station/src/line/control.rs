//! What other commands ask of the process that owns the home, and what it answers.
//!
//! One JSON object a line in each direction over `home/control.sock`; see
//! [`control_socket`](super::control_socket) for how they travel. Values only: the work is done by
//! the
//! handler that the owner passes in.

use firmware_proto::Uid;
use serde::{Deserialize, Serialize};

use crate::access::{Deed, Secret};
use crate::clock::{Timestamp, UtcMillis};
use crate::encoding::Hex;
use crate::names::{BatchId, LaneName, OperatorId, WorkOrderId};
use crate::role::Role;
use crate::words::RefusalReason;

pub use super::line_status::{BatchHeld, LaneStatus, LineStatus};

/// A wish of another command. Append only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "request",
    rename_all = "kebab-case",
    rename_all_fields = "snake_case",
    deny_unknown_fields
)]
pub enum ControlRequest {
    /// How the line is doing.
    Status,
    /// Open a batch; the profile, signed or not, travels as text, so that the owner reads no file of the asker's
    /// choice.
    OpenBatch {
        /// The new batch.
        batch: BatchId,
        /// The profile's file name, for messages.
        profile_name: String,
        /// The profile itself.
        profile_text: String,
        /// The work order.
        work_order: WorkOrderId,
        /// How many boards.
        quantity: u32,
        /// Who asks.
        operator: OperatorId,
        /// Why an older version of the profile than one adopted before is to be used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        older_profile: Option<String>,
        /// SHA-256 of the work order's file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        work_order_file: Option<Hex>,
    },
    /// Record that a board of the batch is thrown away.
    ScrapBoard {
        /// Which batch.
        batch: BatchId,
        /// Which board.
        uid: Uid,
        /// Why.
        reason: String,
        /// Who asks.
        operator: OperatorId,
    },
    /// Close a batch.
    CloseBatch {
        /// Which batch.
        batch: BatchId,
        /// Who asks.
        operator: OperatorId,
    },
    /// Make a batch's manifest and give it back.
    ExportManifest {
        /// Which batch.
        batch: BatchId,
        /// The format, as `--format` spells it.
        format: String,
        /// Who asks, where they said so.
        operator: Option<OperatorId>,
        /// The signed manifest that a report goes with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beside: Option<NamedFile>,
        /// Whether rows are to have the boards' measurements.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        measurements: bool,
    },
    /// Clear a lane's hold.
    ClearHold {
        /// Which lane.
        lane: LaneName,
        /// Since when it is held, where somebody has read that: what is held there later is not cleared.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<UtcMillis>,
        /// Why it may go on.
        reason: String,
        /// Who asks.
        operator: OperatorId,
    },
    /// Close a batch; what is in doubt or unfinished in it is revoked or voided first.
    RevokeAndCloseBatch {
        /// Which batch.
        batch: BatchId,
        /// Why the boards are given up.
        reason: String,
        /// Who asks.
        operator: OperatorId,
    },
    /// Accept a jump of the clock.
    AcceptClock {
        /// Why the clock is right now.
        reason: String,
        /// Who asks.
        operator: OperatorId,
    },
    /// Clear a batch's hold.
    ClearBatchHold {
        /// Which batch.
        batch: BatchId,
        /// Since when it is held, where somebody has read that: what is held there later is not cleared.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<UtcMillis>,
        /// Why it may go on.
        reason: String,
        /// Who asks.
        operator: OperatorId,
    },
    /// Let every certified key sign, and the token's generator give bytes.
    ProveKeys,
    /// Make sure that a checkpoint over everything is durable, and give it.
    Checkpoint,
    /// The checkpoints that the token keeps: a JSON list of notes, as a document.
    KeptCheckpoint,
    /// Add cosignatures of known witnesses to a stored checkpoint.
    AddCosignatures {
        /// A cosigned note, or signature lines alone.
        cosigned: String,
    },
    /// Another request, with what proves who asks.
    Proven {
        /// The proof.
        proof: Proof,
        /// The request.
        wish: Box<ControlRequest>,
    },
    /// Enrol an operator.
    EnrolOperator {
        /// Who.
        subject: OperatorId,
        /// What they may do.
        role: Role,
        /// What a scan of their badge yields, where they have one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        badge: Option<Secret>,
        /// Their PIN.
        pin: Secret,
        /// Who asks.
        operator: OperatorId,
    },
    /// Let an operator sign in no more.
    DisableOperator {
        /// Who.
        subject: OperatorId,
        /// Why.
        reason: String,
        /// Who asks.
        operator: OperatorId,
    },
    /// Let an operator sign in again.
    EnableOperator {
        /// Who.
        subject: OperatorId,
        /// Why.
        reason: String,
        /// Who asks.
        operator: OperatorId,
    },
    /// Give an operator another PIN.
    ChangePin {
        /// Whose.
        subject: OperatorId,
        /// The PIN.
        pin: Secret,
        /// Who asks.
        operator: OperatorId,
    },
    /// Give an operator another badge.
    ChangeBadge {
        /// Whose.
        subject: OperatorId,
        /// What a scan of it yields.
        badge: Secret,
        /// Who asks.
        operator: OperatorId,
    },
    /// Set a board aside.
    QuarantineBoard {
        /// Which board.
        uid: Uid,
        /// Why.
        reason: String,
        /// Who asks.
        operator: OperatorId,
    },
    /// Let a board go on that was set aside.
    ReleaseBoard {
        /// Which board.
        uid: Uid,
        /// Why it may go on.
        reason: String,
        /// Who asks.
        operator: OperatorId,
    },
    /// Print a board's label by hand.
    PrintLabel {
        /// The board: its serial, or its UID.
        device: String,
        /// Why.
        reason: String,
        /// Who asks.
        operator: OperatorId,
    },
    /// Bind a lane to a place, from the next start on.
    BindLane {
        /// The lane.
        lane: LaneName,
        /// Its port.
        port: String,
        /// The speed of a lane that is new, in baud.
        baud: u32,
        /// The serial number of the adapter there, where it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        adapter: Option<String>,
        /// Who asks.
        operator: OperatorId,
    },
}

/// What an enrolled operator proves it with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// What a scan of their badge yields, where they showed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub badge: Option<Secret>,
    /// Their PIN.
    pub pin: Secret,
}

impl ControlRequest {
    /// Who asks, where the request names somebody who must be believed.
    #[must_use]
    pub const fn operator(&self) -> Option<&OperatorId> {
        match self {
            Self::OpenBatch { operator, .. }
            | Self::ScrapBoard { operator, .. }
            | Self::CloseBatch { operator, .. }
            | Self::ClearHold { operator, .. }
            | Self::RevokeAndCloseBatch { operator, .. }
            | Self::AcceptClock { operator, .. }
            | Self::ClearBatchHold { operator, .. }
            | Self::EnrolOperator { operator, .. }
            | Self::DisableOperator { operator, .. }
            | Self::EnableOperator { operator, .. }
            | Self::ChangePin { operator, .. }
            | Self::ChangeBadge { operator, .. }
            | Self::QuarantineBoard { operator, .. }
            | Self::ReleaseBoard { operator, .. }
            | Self::PrintLabel { operator, .. }
            | Self::BindLane { operator, .. } => Some(operator),
            Self::Status
            | Self::ExportManifest { .. }
            | Self::ProveKeys
            | Self::Checkpoint
            | Self::KeptCheckpoint
            | Self::AddCosignatures { .. }
            | Self::Proven { .. } => None,
        }
    }

    /// What the operator must be allowed to do.
    #[must_use]
    pub fn deed(&self) -> Option<Deed> {
        match self {
            Self::OpenBatch { .. } => Some(Deed::OpenBatch),
            Self::CloseBatch { .. } | Self::RevokeAndCloseBatch { .. } => Some(Deed::CloseBatch),
            Self::ScrapBoard { .. } => Some(Deed::ScrapBoard),
            Self::ClearHold { .. } | Self::ClearBatchHold { .. } => Some(Deed::ClearHold),
            Self::AcceptClock { .. } => Some(Deed::AcceptClock),
            Self::QuarantineBoard { .. } | Self::ReleaseBoard { .. } => Some(Deed::QuarantineBoard),
            Self::PrintLabel { .. } => Some(Deed::ReprintLabel),
            Self::BindLane { .. } => Some(Deed::BindLanes),
            Self::ChangePin {
                subject, operator, ..
            } if subject == operator => Some(Deed::ChangeOwnPin),
            Self::EnrolOperator { .. }
            | Self::DisableOperator { .. }
            | Self::EnableOperator { .. }
            | Self::ChangePin { .. }
            | Self::ChangeBadge { .. } => Some(Deed::ManageOperators),
            Self::Status
            | Self::ExportManifest { .. }
            | Self::ProveKeys
            | Self::Checkpoint
            | Self::KeptCheckpoint
            | Self::AddCosignatures { .. }
            | Self::Proven { .. } => None,
        }
    }
}

/// A file that is named in a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedFile {
    /// Its name, without folders.
    pub name: String,
    /// SHA-256 of what is in it.
    pub sha256: Hex,
    /// When it says that it was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Timestamp>,
}

/// The owner's answer. Append only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "response",
    rename_all = "kebab-case",
    rename_all_fields = "snake_case",
    deny_unknown_fields
)]
pub enum ControlResponse {
    /// To `Status`.
    Status(LineStatus),
    /// Done, with one JSON object to show: what the command itself would have shown.
    Done {
        /// One line for people.
        text: String,
        /// The same for machines: a JSON object, as text.
        json: String,
    },
    /// A short document, whole.
    Document {
        /// Its text.
        content: String,
    },
    /// To `ExportManifest`: the whole document lies in the home's folder of exports. The asker takes it from
    /// there.
    DocumentFile {
        /// Its name there.
        name: String,
    },
    /// Not done.
    Refused(Refusal),
    /// Not done, since the owner is ending: whoever asks may do it after that.
    Ending,
}

/// Why something was not done, as the asking command shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The exit status that the asking command takes: 1, 2 or 3.
    pub exit_status: u8,
    /// What failed.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do next.
    pub next: String,
    /// What a screen says of it in the operator's language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<RefusalReason>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_one_strict_json_object() {
        let request = ControlRequest::CloseBatch {
            batch: BatchId::parse("B1").unwrap(),
            operator: OperatorId::parse("qa-1").unwrap(),
        };
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(
            text,
            r#"{"request":"close-batch","batch":"B1","operator":"qa-1"}"#
        );
        assert_eq!(
            serde_json::from_str::<ControlRequest>(&text).unwrap(),
            request
        );
        let more = text.replace('}', r#","force":true}"#);
        assert!(serde_json::from_str::<ControlRequest>(&more).is_err());
        assert!(serde_json::from_str::<ControlRequest>(r#"{"request":"exec"}"#).is_err());
    }
}
