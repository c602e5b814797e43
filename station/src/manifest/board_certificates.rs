//! The certificates that were issued in a batch. Only the batch that issued one can bring it into use.

use super::board_rows::{Frame, Noted};
use super::statement::{CertificateRow, CertificateStatus, Timestamp};
use crate::encoding::sha256;
use crate::ledger::event::Fact;
use crate::names::DeviceSerial;

/// A certificate of the batch.
pub(super) struct Certificate {
    pub(super) device_serial: DeviceSerial,
    pub(super) row: CertificateRow,
}

impl Certificate {
    fn issued(noted: &Noted) -> Option<Self> {
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
                provisioned: None,
                status: CertificateStatus::Live,
                revoked: None,
                reason: None,
                entry: noted.entry(),
                provisioning_entry: None,
                revocation_entry: None,
            },
        })
    }

    fn note(&mut self, noted: &Noted) {
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
                row.provisioning_entry = Some(noted.entry());
            }
            _ => {}
        }
    }
}

/// The certificates that were issued in the batch.
pub(super) fn certificates(frame: &Frame, events: &[Noted]) -> Vec<Certificate> {
    let issued = events.iter();
    let issued = issued.filter(|one| one.event.batch.as_ref() == Some(&frame.batch));
    let issued = issued.filter_map(Certificate::issued);
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
            one.note(noted);
        }
    }
    all
}
