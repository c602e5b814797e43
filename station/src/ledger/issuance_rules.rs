//! The rules about one board's certificates: 1 to 5 and 7 of the list in `invariants`.

use firmware_proto::Uid;
use rusqlite::{Connection, OptionalExtension, params};

use super::column::{Int, Text};
use super::error::{Doing, LedgerError, Refusal};
use super::event::{Event, Fact};
use super::invariants::{BatchState, exists, key_holder, serial_holder};
use super::leaf::Leaf;
use crate::encoding::Hex;
use crate::names::{BatchId, CertificateSerial, DeviceSerial};

/// A board's open intent.
pub(in crate::ledger) struct OpenIntentRow {
    pub(in crate::ledger) certificate_serial: CertificateSerial,
    pub(in crate::ledger) batch: BatchId,
    device_serial: DeviceSerial,
    key: Hex,
    entry: u64,
}

impl OpenIntentRow {
    pub(in crate::ledger) fn find(
        views: &Connection,
        uid: &Uid,
    ) -> Result<Option<Self>, LedgerError> {
        views
            .prepare_cached(
                "SELECT certificate_serial, batch, device_serial, key, entry
                 FROM intent WHERE uid = ?1 AND state = 'open'",
            )
            .and_then(|mut find| {
                find.query_row([Text(uid)], |row| {
                    Ok(Self {
                        certificate_serial: row.get::<_, Text<_>>(0)?.0,
                        batch: row.get::<_, Text<_>>(1)?.0,
                        device_serial: row.get::<_, Text<_>>(2)?.0,
                        key: row.get::<_, Text<_>>(3)?.0,
                        entry: row.get::<_, Int>(4)?.0,
                    })
                })
                .optional()
            })
            .doing("looking an intent up")
    }
}

/// An intent: one at a time, for an own key, under fresh serials, within the quantity.
pub(in crate::ledger) fn intent(
    views: &Connection,
    batch: &BatchId,
    state: &BatchState,
    event: &Event,
) -> Result<(), LedgerError> {
    let Fact::CertificateIntended {
        uid,
        certificate_serial,
        device_serial,
        key,
        ..
    } = &event.fact
    else {
        return Ok(());
    };
    if key.digest().is_none() {
        return Err(Refusal::NotADigest("key").into());
    }
    if let Some(open) = OpenIntentRow::find(views, uid)? {
        let (uid, open) = (uid.clone(), open.certificate_serial);
        return Err(Refusal::SecondIntent { uid, open }.into());
    }
    // A successor takes the place of a certificate that is unfinished and of another key; no other is signed.
    let sql = "SELECT serial FROM certificate WHERE uid = ?1 AND revoked IS NULL
        AND (provisioned IS NOT NULL OR key = ?2)";
    if let Some(live) = serial(views, sql, params![Text(uid), Text(key)])? {
        let uid = uid.clone();
        return Err(Refusal::SecondLive { uid, live }.into());
    }
    if let Some(holder) = key_holder(views, key)?.filter(|holder| holder != uid) {
        let uid = uid.clone();
        return Err(Refusal::KeyOfAnother { uid, holder }.into());
    }
    if let Some(holder) = serial_holder(views, device_serial)?.filter(|holder| holder != uid) {
        let serial = device_serial.clone();
        return Err(Refusal::SerialOfAnother { serial, holder }.into());
    }
    let sql = "SELECT 1 FROM intent WHERE certificate_serial = ?1";
    if exists(views, sql, [Text(certificate_serial)])? {
        return Err(Refusal::SerialUsed(*certificate_serial).into());
    }
    let sql = "SELECT 1 FROM certificate WHERE uid = ?1 AND batch = ?2 AND revoked IS NULL";
    let has_place = exists(views, sql, params![Text(uid), Text(batch)])?;
    if !has_place && state.taken >= state.quantity {
        return Err(Refusal::BatchFull(batch.clone()).into());
    }
    Ok(())
}

/// A certificate: of an open intent, when no other of the board is live.
pub(in crate::ledger) fn issue(
    views: &Connection,
    batch: &BatchId,
    event: &Event,
) -> Result<(), LedgerError> {
    let Fact::CertificateIssued {
        uid,
        certificate_serial,
        device_serial,
        key,
        certificate,
    } = &event.fact
    else {
        return Ok(());
    };
    let same = |open: &OpenIntentRow| {
        open.certificate_serial == *certificate_serial
            && open.batch == *batch
            && open.device_serial == *device_serial
            && open.key == *key
    };
    let Some(open) = OpenIntentRow::find(views, uid)?.filter(same) else {
        return Err(Refusal::NoIntent(*certificate_serial).into());
    };
    let leaf = views
        .prepare_cached("SELECT leaf FROM entry WHERE idx = ?1")
        .and_then(|mut find| find.query_row([Int(open.entry)], |row| row.get::<_, Vec<u8>>(0)))
        .doing("reading an intent")?;
    let leaf = Leaf::decode(&leaf).map_err(Refusal::Leaf)?;
    let contained = match &leaf.fact {
        Fact::CertificateIntended { tbs, .. } => contains_tbs(&certificate.0, &tbs.0),
        _ => false,
    };
    if !contained {
        return Err(Refusal::OtherTbs(*certificate_serial).into());
    }
    let sql = "SELECT serial FROM certificate WHERE uid = ?1 AND revoked IS NULL";
    if let Some(live) = serial(views, sql, [Text(uid)])? {
        let uid = uid.clone();
        return Err(Refusal::SecondLive { uid, live }.into());
    }
    Ok(())
}

/// The certificate that a query finds.
fn serial(
    views: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<Option<CertificateSerial>, LedgerError> {
    views
        .prepare_cached(sql)
        .and_then(|mut find| {
            find.query_row(values, |row| row.get::<_, Text<CertificateSerial>>(0))
                .optional()
        })
        .map(|found| found.map(|serial| serial.0))
        .doing("looking for a live certificate")
}

/// Whether the DER certificate is a SEQUENCE whose first element is the TBS.
fn contains_tbs(certificate: &[u8], tbs: &[u8]) -> bool {
    let content = match certificate {
        [0x30, length, content @ ..] if *length < 0x80 => content,
        [0x30, 0x81, _, content @ ..]
        | [0x30, 0x82, _, _, content @ ..]
        | [0x30, 0x83, _, _, _, content @ ..] => content,
        _ => return false,
    };
    !tbs.is_empty() && content.starts_with(tbs)
}

/// How far a live certificate came.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four columns of one row, each there or not"
)]
pub(in crate::ledger) struct Progress {
    batch: BatchId,
    device_serial: DeviceSerial,
    granted: bool,
    proven: bool,
    committed: bool,
    provisioned: bool,
}

/// The live certificate that the event names, of the board that it names and of that batch.
pub(in crate::ledger) fn live(
    views: &Connection,
    event: &Event,
    batch: Option<&BatchId>,
) -> Result<Progress, LedgerError> {
    let (serial, uid) = match (&event.fact, event.fact.uid()) {
        (
            Fact::GrantSigned {
                certificate_serial, ..
            }
            | Fact::ProofVerified {
                certificate_serial, ..
            }
            | Fact::CommitSigned {
                certificate_serial, ..
            }
            | Fact::Provisioned {
                certificate_serial, ..
            }
            | Fact::CertificateRevoked {
                certificate_serial, ..
            }
            | Fact::VerdictReached {
                certificate_serial: Some(certificate_serial),
                ..
            },
            Some(uid),
        ) => (*certificate_serial, uid),
        (fact, _) => return Err(Refusal::NoBatch(fact.kind()).into()),
    };
    let found = views
        .prepare_cached(
            "SELECT batch, device_serial, granted IS NOT NULL, proven IS NOT NULL,
                    committed IS NOT NULL, provisioned IS NOT NULL
             FROM certificate WHERE serial = ?1 AND uid = ?2 AND revoked IS NULL",
        )
        .and_then(|mut find| {
            find.query_row(params![Text(serial), Text(uid)], |row| {
                Ok(Progress {
                    batch: row.get::<_, Text<_>>(0)?.0,
                    device_serial: row.get::<_, Text<_>>(1)?.0,
                    granted: row.get(2)?,
                    proven: row.get(3)?,
                    committed: row.get(4)?,
                    provisioned: row.get(5)?,
                })
            })
            .optional()
        })
        .doing("looking a certificate up")?;
    found
        .filter(|found| batch.is_none_or(|batch| found.batch == *batch))
        .ok_or(Refusal::NotLive(serial).into())
}

/// Grant, proof, commit and receipt, in this order.
pub(in crate::ledger) fn progress(
    views: &Connection,
    batch: &BatchId,
    event: &Event,
) -> Result<(), LedgerError> {
    let state = live(views, event, Some(batch))?;
    let missing = |serial: &CertificateSerial, missing| {
        let serial = *serial;
        Err(Refusal::OutOfOrder { serial, missing }.into())
    };
    match &event.fact {
        Fact::ProofVerified {
            certificate_serial, ..
        } if !state.granted => missing(certificate_serial, "grant-signed"),
        Fact::CommitSigned {
            certificate_serial, ..
        } if !state.proven => missing(certificate_serial, "proof-verified"),
        Fact::Provisioned {
            certificate_serial, ..
        } if !state.committed => missing(certificate_serial, "commit-signed"),
        Fact::Provisioned {
            certificate_serial,
            device_serial,
            ..
        } if state.provisioned || state.device_serial != *device_serial => {
            Err(Refusal::NotLive(*certificate_serial).into())
        }
        _ => Ok(()),
    }
}

/// A pass: of a provisioned board.
pub(in crate::ledger) fn pass(views: &Connection, event: &Event) -> Result<(), LedgerError> {
    let state = live(views, event, None)?;
    match &event.fact {
        Fact::VerdictReached {
            certificate_serial: Some(serial),
            ..
        } if !state.provisioned => Err(Refusal::OutOfOrder {
            serial: *serial,
            missing: "provisioned",
        }
        .into()),
        _ => Ok(()),
    }
}
