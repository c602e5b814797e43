//! Row against row of two manifests of one batch.

use std::cmp::Ordering;

use firmware_proto::{Digest, Uid};
use serde::{Deserialize, Serialize};

use super::Comparison;
use crate::encoding::{Hex, sha256};
use crate::manifest::session_row::SessionRow;
use crate::manifest::spool::{NotKept, Spool};
use crate::manifest::statement::{BoardRow, CertificateRow, LogEntry};
use crate::names::{CertificateSerial, DeviceSerial};
use crate::verdict::{Outcome, VerdictCode};

/// What may differ.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    /// Both are as of one size of the ledger: nothing can have become of a board in between.
    pub(super) same_state: bool,
    /// Both have measurements.
    pub(super) measured: bool,
    /// The entry that closed the batch: what was recorded before it was known to both.
    pub(super) closed_at: u64,
}

/// Goes through the rows of both, which are in one order.
pub(super) fn compare(
    earlier: &mut Spool,
    later: &mut Spool,
    rules: Rules,
    found: &mut Comparison,
) -> Result<(), NotKept> {
    let (mut one, mut other) = (next(earlier)?, next(later)?);
    loop {
        let order = match (&one, &other) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => one.sort_key().cmp(&other.sort_key()),
        };
        match order {
            Ordering::Less => {
                found.add(one.as_ref(), "it is in the earlier only");
                one = next(earlier)?;
            }
            Ordering::Greater => {
                found.add(other.as_ref(), "it is in the later only");
                other = next(later)?;
            }
            Ordering::Equal => {
                if let (Some(one), Some(other)) = (&one, &other) {
                    one.hold_against(other, rules, found);
                }
                (one, other) = (next(earlier)?, next(later)?);
            }
        }
    }
}

fn next(rows: &mut Spool) -> Result<Option<RowWord>, NotKept> {
    let mut record = Vec::new();
    if !rows.next(&mut record)? {
        return Ok(None);
    }
    let json = record.splitn(3, |byte| *byte == 0).last();
    let row = serde_json::from_slice(json.unwrap_or_default());
    row.map(Some)
        .map_err(|error| NotKept::new(&std::env::temp_dir(), error))
}

/// What one of them says of a board.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RowWord {
    uid: Uid,
    uid_proven: bool,
    serial: Option<DeviceSerial>,
    verdict: Outcome,
    code: Option<VerdictCode>,
    /// The session that counts, and rework.
    counted: Hex,
    sessions: Hex,
    firmware: Hex,
    measurements: Hex,
    scrapped: Option<Hex>,
    held: bool,
    certificates: Vec<CertificateWord>,
}

#[derive(Debug, Serialize, Deserialize)]
struct CertificateWord {
    serial: CertificateSerial,
    issuing: Hex,
    /// All that is said of it.
    receipt: Hex,
    /// Where it is recorded, and all that is said of it.
    revocation: Option<(u64, Hex)>,
}

impl Rules {
    /// Whether an entry at that index may be in one of them and not in the other.
    const fn is_later(self, index: u64) -> bool {
        !self.same_state && index > self.closed_at
    }
}

impl RowWord {
    pub(super) fn of(row: &BoardRow) -> Self {
        let scrapped = row.scrapped.as_ref().map(|one| {
            let said = (one.time, &one.operator, &one.reason);
            digest(&(said, entry_digest(&one.entry)))
        });
        Self {
            uid: row.uid.clone(),
            uid_proven: row.uid_proven,
            serial: row.serial.clone(),
            verdict: row.verdict,
            code: row.code,
            counted: digest(&(
                (&row.lane, &row.operator, &row.shift, row.reworked),
                (row.started, row.finished, row.index),
            )),
            sessions: digest(&row.sessions.iter().map(session_digest).collect::<Vec<_>>()),
            firmware: digest(&row.firmware),
            measurements: digest(&row.measurements),
            scrapped,
            held: row.held,
            certificates: row.certificates.iter().map(CertificateWord::of).collect(),
        }
    }

    /// What is kept of it: in front of the JSON the key that it is sorted by, between zeros, which no name has. A row
    /// without a serial comes last.
    pub(super) fn to_record(&self) -> Vec<u8> {
        let serial = self.serial.as_ref().map_or("\u{7f}", DeviceSerial::as_str);
        let mut record = format!("{serial}\0{}\0", self.uid).into_bytes();
        // A row that was read can be written.
        record.extend(serde_json::to_vec(self).unwrap_or_default());
        record
    }

    /// As the rows of a manifest are sorted.
    fn sort_key(&self) -> (bool, Option<&DeviceSerial>, &Uid) {
        (self.serial.is_none(), self.serial.as_ref(), &self.uid)
    }

    pub(super) fn name(&self) -> String {
        match &self.serial {
            Some(serial) => serial.to_string(),
            None => self.uid.to_string(),
        }
    }

    fn verdict(&self) -> &'static str {
        self.code.map_or("never judged", VerdictCode::as_str)
    }

    fn hold_against(&self, later: &Self, rules: Rules, found: &mut Comparison) {
        let mut differs = |same: bool, what: &str| {
            if !same {
                found.add(Some(self), what);
            }
        };
        differs(
            self.uid_proven == later.uid_proven,
            "whether its UID was proven",
        );
        differs(self.sessions == later.sessions, "its sessions");
        differs(self.firmware == later.firmware, "its firmware");
        differs(
            !rules.measured || self.measurements == later.measurements,
            "its measurements",
        );
        differs(self.scrapped == later.scrapped, "whether it was scrapped");
        let revoked = self.compare_certificates(later, rules, found);
        // A revocation takes a pass away; whatever verdict counts then, its sessions have it.
        if revoked == 0 {
            if (self.verdict, self.code) != (later.verdict, later.code) {
                let what = format!("its verdict: {}, {}", self.verdict(), later.verdict());
                found.add(Some(self), what);
            } else if self.counted != later.counted {
                found.add(Some(self), "the session that counts");
            }
        }
        found.later.revoked += revoked;
        found.later.holds += u64::from(self.held != later.held);
    }

    /// Gives how many were revoked since.
    fn compare_certificates(&self, later: &Self, rules: Rules, found: &mut Comparison) -> u64 {
        let named = |one: &Self| -> Vec<_> {
            let each = one.certificates.iter();
            each.map(|one| (one.serial, one.issuing.clone())).collect()
        };
        if named(self) != named(later) {
            found.add(Some(self), "its certificates");
            return 0;
        }
        let mut revoked = 0;
        for (one, other) in self.certificates.iter().zip(&later.certificates) {
            if one.receipt != other.receipt {
                let what = format!("the receipt for certificate {}", one.serial);
                found.add(Some(self), what);
            }
            match (&one.revocation, &other.revocation) {
                (one, other) if one == other => {}
                (None, Some((at, _))) if rules.is_later(*at) => revoked += 1,
                _ => {
                    let what = format!("whether certificate {} is revoked, or why", one.serial);
                    found.add(Some(self), what);
                }
            }
        }
        revoked
    }
}

impl CertificateWord {
    fn of(row: &CertificateRow) -> Self {
        let revocation = row.revocation_entry.as_ref();
        let said = |entry: &LogEntry| digest(&(row.revoked, row.reason, entry_digest(entry)));
        Self {
            serial: row.serial,
            issuing: digest(&(&row.sha256, row.issued, entry_digest(&row.entry))),
            receipt: digest(&(
                row.provisioned,
                row.provisioning_entry.as_ref().map(entry_digest),
            )),
            revocation: revocation.map(|entry| (entry.index, said(entry))),
        }
    }
}

/// All that is said of a session.
pub(super) fn session_digest(session: &SessionRow) -> Hex {
    let entry = |entry: &Option<LogEntry>| entry.as_ref().map(entry_digest);
    digest(&(
        (&session.session, &session.lane, &session.operator),
        (session.started, session.finished, session.code),
        session.uid_proven,
        [&session.opening, &session.evidence, &session.verdict].map(entry),
    ))
}

/// Without the proof, which is under another checkpoint each time.
pub(super) fn entry_digest(entry: &LogEntry) -> Hex {
    digest(&(entry.index, &entry.leaf))
}

pub(super) fn digest(value: &impl Serialize) -> Hex {
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    let digest: Digest = sha256(&bytes);
    digest.into()
}
