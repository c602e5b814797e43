//! The certificates that were issued or provisioned in a batch.

use super::board_rows::{Frame, Noted};
use super::statement::{CertificateRow, CertificateStatus, Timestamp};
use crate::encoding::sha256;
use crate::ledger::event::Fact;
use crate::names::{BatchId, DeviceSerial};

/// A certificate of the batch.
pub(super) struct Certificate {
    pub(super) device_serial: DeviceSerial,
    pub(super) row: CertificateRow,
    pub(super) provisioned_here: Option<bool>,
}

impl Certificate {
    fn issued(frame: &Frame, noted: &Noted) -> Option<Self> {
        let Fact::CertificateIssued {
            certificate_serial,
            device_serial,
            certificate,
            ..
        } = &noted.event.fact
        else {
            return None;
        };
        Some(Self {
            device_serial: device_serial.clone(),
            row: CertificateRow {
                serial: *certificate_serial,
                sha256: sha256(&certificate.0).into(),
                issued: Timestamp(noted.event.time),
                issued_in: other_batch(frame, noted),
                provisioned: None,
                provisioned_in: None,
                status: CertificateStatus::Live,
                revoked: None,
                reason: None,
                entry: noted.entry(),
                revocation_entry: None,
            },
            provisioned_here: None,
        })
    }

    fn note(&mut self, frame: &Frame, noted: &Noted) {
        let row = &mut self.row;
        let time = Timestamp(noted.event.time);
        match &noted.event.fact {
            Fact::CertificateRevoked { reason, .. } if row.revoked.is_none() => {
                row.status = CertificateStatus::Revoked;
                row.revoked = Some(time);
                row.reason = Some(*reason);
                row.revocation_entry = Some(noted.entry());
            }
            Fact::Provisioned { .. } if row.provisioned.is_none() => {
                row.provisioned = Some(time);
                row.provisioned_in = other_batch(frame, noted);
                self.provisioned_here = Some(row.provisioned_in.is_none());
            }
            _ => {}
        }
    }
}

/// The batch of an event, where it is not the frame's.
fn other_batch(frame: &Frame, noted: &Noted) -> Option<BatchId> {
    let batch = noted.event.batch.as_ref();
    batch.filter(|batch| **batch != frame.batch).cloned()
}

/// The certificates that were issued or provisioned in the batch.
pub(super) fn certificates(frame: &Frame, events: &[Noted]) -> Vec<Certificate> {
    let issued = events.iter();
    let issued = issued.filter_map(|noted| Certificate::issued(frame, noted));
    let mut all: Vec<Certificate> = issued.collect();
    for noted in events {
        let (Fact::Provisioned {
            certificate_serial, ..
        }
        | Fact::CertificateRevoked {
            certificate_serial, ..
        }) = &noted.event.fact
        else {
            continue;
        };
        let mut same = all.iter_mut();
        if let Some(one) = same.find(|one| one.row.serial == *certificate_serial) {
            one.note(frame, noted);
        }
    }
    all.retain(|one| one.row.issued_in.is_none() || one.provisioned_here == Some(true));
    all
}
