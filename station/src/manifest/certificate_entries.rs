//! Whether a certificate of a row says what the log says: its issuing, its provisioning, its revocation.

use super::board_row::{BoardRow, CertificateRow};
use super::session_entries::Agreement;
use crate::encoding::sha256;
use crate::ledger::event::Fact;
use crate::ledger::leaf::Leaf;
use crate::names::BatchId;

pub(super) fn issuing_agrees(
    batch: &BatchId,
    row: &BoardRow,
    one: &CertificateRow,
    leaf: &Leaf,
) -> Vec<Agreement> {
    let Fact::CertificateIssued {
        uid,
        certificate_serial,
        device_serial,
        certificate,
        ..
    } = &leaf.fact
    else {
        return vec![(false, "what it is: no certificate")];
    };
    vec![
        (*uid == row.uid, "the UID"),
        (
            *certificate_serial == one.serial,
            "the certificate's serial",
        ),
        (row.serial.as_ref() == Some(device_serial), "the serial"),
        (
            one.sha256.digest() == Some(sha256(&certificate.0)),
            "the certificate's digest",
        ),
        (one.issued.0 == leaf.time, "when it was issued"),
        (leaf.batch() == Some(batch), "the batch"),
    ]
}

pub(super) fn provisioning_agrees(
    batch: &BatchId,
    row: &BoardRow,
    one: &CertificateRow,
    leaf: &Leaf,
) -> Vec<Agreement> {
    let Fact::Provisioned {
        uid,
        certificate_serial,
        device_serial,
        ..
    } = &leaf.fact
    else {
        return vec![(false, "what it is: no provisioning")];
    };
    vec![
        (*uid == row.uid, "the UID"),
        (
            *certificate_serial == one.serial,
            "the certificate's serial",
        ),
        (row.serial.as_ref() == Some(device_serial), "the serial"),
        (
            one.provisioned.is_some_and(|at| at.0 == leaf.time),
            "when it was provisioned",
        ),
        (leaf.batch() == Some(batch), "the batch"),
    ]
}

pub(super) fn revocation_agrees(
    row: &BoardRow,
    one: &CertificateRow,
    leaf: &Leaf,
) -> Vec<Agreement> {
    let Fact::CertificateRevoked {
        uid,
        certificate_serial,
        reason,
        ..
    } = &leaf.fact
    else {
        return vec![(false, "what it is: no revocation")];
    };
    let revoked = one.revoked.is_some_and(|at| at.0 == leaf.time);
    vec![
        (*uid == row.uid, "the UID"),
        (
            *certificate_serial == one.serial,
            "the certificate's serial",
        ),
        (one.reason == Some(*reason), "the reason"),
        (revoked, "when it was revoked"),
    ]
}
