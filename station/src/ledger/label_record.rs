//! Labels in events.

use firmware_proto::Uid;
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use crate::names::{BatchId, DeviceSerial};

/// A printer took a board's label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelPrintedRecord {
    /// The board.
    pub uid: Uid,
    /// Its serial.
    pub device_serial: DeviceSerial,
    /// The batch in which it passed.
    pub label_batch: BatchId,
    /// The printer, as the configuration names it.
    pub printer: String,
    /// Who wanted it, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reprint: Option<ReprintRecord>,
}

/// A board's label was not printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelFailedRecord {
    /// The board.
    pub uid: Uid,
    /// Its serial.
    pub device_serial: DeviceSerial,
    /// The batch in which it passed.
    pub label_batch: BatchId,
    /// The printer, as the configuration names it.
    pub printer: String,
    /// Why.
    pub detail: String,
    /// Who wanted it, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reprint: Option<ReprintRecord>,
}

/// Somebody wanted a label, beyond the one that follows a PASS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReprintRecord {
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: Actor,
}
