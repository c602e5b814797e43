//! The views, made from the log by [`apply`] and by nothing else: the writer calls it in the transaction
//! that appends the entry, and a rebuild calls it for every entry from the first.
//!
//! It states and never judges: whether an event is allowed is the business of `invariants`.

use rusqlite::{Connection, params};

use firmware_proto::Uid;

use super::column::{Hash, Int, Text};
use super::event::{Fact, RevocationReason};
use super::leaf::Entry;
use super::profiles;
use super::quarantine;
use super::repeats::{self, Mark};
use crate::encoding::Hex;
use crate::names::CertificateSerial;
use crate::verdict::VerdictCode;

/// Brings every view from the entry before to this one.
pub(in crate::ledger) fn apply(views: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    index(views, entry)?;
    let at = Int(entry.index);
    if let Some(uid) = entry.leaf.fact.proven_uid() {
        let sql = "UPDATE session SET proven = ?2 WHERE id = ?1";
        run(views, sql, params![session(entry), Text(uid)])?;
    }
    match &entry.leaf.fact {
        Fact::ProfileAdopted { .. } => profiles::adopt(views, entry)?,
        Fact::BatchOpened { .. } | Fact::BatchClosed { .. } => batch(views, entry)?,
        Fact::SessionOpened { .. } => session_opened(views, entry)?,
        Fact::EvidenceAppraised {
            code,
            uid: Some(uid),
            instance_id,
            ..
        } => {
            let trusted = instance_id.as_ref().filter(|_| *code == VerdictCode::Pass);
            run(
                views,
                "INSERT INTO device (uid, instance_id, withdrawn) VALUES (?1, ?2, 0)
                 ON CONFLICT DO UPDATE SET instance_id = ifnull(instance_id, excluded.instance_id)",
                params![Text(uid), trusted.map(Text)],
            )?;
            repeats::apply(views, entry)?;
        }
        Fact::KeyAppraised {
            uid,
            code: VerdictCode::Pass,
            key: Some(key),
            ..
        } => key_of(views, key, uid, at)?,
        Fact::CertificateIntended { .. }
        | Fact::IntentVoided { .. }
        | Fact::CertificateIssued { .. } => issuance(views, entry)?,
        Fact::GrantSigned { .. }
        | Fact::ProofVerified { .. }
        | Fact::CommitSigned { .. }
        | Fact::Provisioned { .. }
        | Fact::CertificateRevoked { .. } => progress(views, entry)?,
        Fact::VerdictReached { .. } => verdict(views, entry)?,
        Fact::HoldPlaced { .. }
        | Fact::HoldCleared { .. }
        | Fact::BatchHoldPlaced { .. }
        | Fact::BatchHoldCleared { .. } => hold(views, entry)?,
        Fact::BoardQuarantined(_) | Fact::BoardReleased(_) => quarantine::apply(views, entry)?,
        Fact::LedgerOpened { .. }
        | Fact::EvidenceAppraised { .. }
        | Fact::MeasurementsJudged { .. }
        | Fact::KeyAppraised { .. }
        | Fact::ClockAccepted { .. }
        | Fact::OperatorEnrolled(_)
        | Fact::OperatorDisabled(_)
        | Fact::OperatorEnabled(_)
        | Fact::PinChanged(_)
        | Fact::BadgeChanged(_)
        | Fact::SignedIn(_)
        | Fact::SignedOut(_)
        | Fact::SignInRefused(_)
        | Fact::BatchTermsRecorded(_)
        | Fact::BoardScrapped(_)
        | Fact::LabelPrinted(_)
        | Fact::LabelFailed(_)
        | Fact::AdapterChanged(_)
        | Fact::LaneBound(_)
        | Fact::AlarmAcknowledged(_)
        | Fact::MirrorBegun(_)
        | Fact::CheckpointNotKept(_) => {}
    }
    Ok(())
}

pub(super) fn run(
    views: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> rusqlite::Result<()> {
    views.prepare_cached(sql)?.execute(values).map(|_| ())
}

fn session_opened(views: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let Fact::SessionOpened {
        lane,
        claimed_uid,
        device_nonce,
        ..
    } = &entry.leaf.fact
    else {
        return Ok(());
    };
    run(
        views,
        "INSERT INTO session VALUES (?1, ?2, ?3, ?4, ?5, NULL, ?6, NULL) ON CONFLICT DO NOTHING",
        params![
            session(entry),
            batch_of(entry),
            Text(lane),
            Text(claimed_uid),
            Int(entry.index),
            Mark::of_nonce(device_nonce),
        ],
    )
}

fn hold(views: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let at = Int(entry.index);
    match &entry.leaf.fact {
        Fact::HoldPlaced { lane, code, .. } => run(
            views,
            "INSERT OR REPLACE INTO hold VALUES (?1, ?2, ?3)",
            params![Text(lane), Text(code), at],
        ),
        Fact::HoldCleared { lane, .. } => {
            run(views, "DELETE FROM hold WHERE lane = ?1", [Text(lane)])
        }
        Fact::BatchHoldPlaced { code, .. } => run(
            views,
            "INSERT OR REPLACE INTO batch_hold VALUES (?1, ?2, ?3)",
            params![batch_of(entry), Text(code), at],
        ),
        Fact::BatchHoldCleared { .. } => {
            let sql = "DELETE FROM batch_hold WHERE batch = ?1";
            run(views, sql, [batch_of(entry)])
        }
        _ => Ok(()),
    }
}

fn batch_of(entry: &Entry) -> Option<&str> {
    entry.leaf.batch().map(crate::names::BatchId::as_str)
}

fn session(entry: &Entry) -> Option<Text<&Hex>> {
    entry.leaf.session.as_ref().map(Text)
}

/// What every event changes: the index of events, and the end of its batch's chain.
fn index(views: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let (leaf, position) = (&entry.leaf, entry.leaf.position.as_ref());
    run(
        views,
        "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            Int(entry.index),
            leaf.fact.kind(),
            Int(leaf.time.0),
            batch_of(entry),
            position.map(|at| Int(at.seq)),
            session(entry),
            leaf.fact.uid().map(Text),
        ],
    )?;
    let Some(position) = position else {
        return Ok(());
    };
    run(
        views,
        "UPDATE batch SET next_seq = ?2, head = ?3 WHERE id = ?1",
        params![
            Text(&position.batch),
            Int(position.seq + 1),
            Hash(entry.hash)
        ],
    )
}

fn batch(views: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let at = Int(entry.index);
    let Fact::BatchOpened {
        profile,
        product,
        work_order,
        quantity,
        ..
    } = &entry.leaf.fact
    else {
        return run(
            views,
            "UPDATE batch SET closed = ?2 WHERE id = ?1",
            params![batch_of(entry), at],
        );
    };
    run(
        views,
        "INSERT INTO batch VALUES (?1, ?2, ?3, ?4, ?5, 0, 1, ?6, ?7, NULL)",
        params![
            batch_of(entry),
            Text(profile),
            Text(product),
            Text(work_order),
            quantity,
            Hash(entry.hash),
            at,
        ],
    )
}

fn key_of(views: &Connection, key: &Hex, uid: &Uid, at: Int) -> rusqlite::Result<()> {
    run(
        views,
        "INSERT INTO device_key VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        params![Text(key), Text(uid), at],
    )
}

/// A board takes a place of its batch with its intent, and gives it back when it has neither an open
/// intent nor a live certificate in that batch. Hence the number taken is that of distinct boards.
const TAKE_PLACE: &str = "UPDATE batch SET taken = taken + 1 WHERE id = ?1 AND NOT EXISTS
    (SELECT 1 FROM certificate WHERE uid = ?2 AND batch = ?1 AND revoked IS NULL)";
const LEAVE_PLACE: &str = "UPDATE batch SET taken = taken - 1 WHERE id = ?1
    AND NOT EXISTS
        (SELECT 1 FROM certificate WHERE uid = ?2 AND batch = ?1 AND revoked IS NULL)
    AND NOT EXISTS
        (SELECT 1 FROM intent WHERE uid = ?2 AND batch = ?1 AND state = 'open')";

fn issuance(views: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let at = Int(entry.index);
    match &entry.leaf.fact {
        Fact::CertificateIntended {
            uid,
            certificate_serial,
            device_serial,
            key,
            ..
        } => {
            run(views, TAKE_PLACE, params![batch_of(entry), Text(uid)])?;
            run(
                views,
                "INSERT INTO device (uid, withdrawn) VALUES (?1, 0) ON CONFLICT DO NOTHING",
                [Text(uid)],
            )?;
            run(
                views,
                "INSERT INTO device_serial VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![Text(device_serial), Text(uid), at],
            )?;
            key_of(views, key, uid, at)?;
            run(
                views,
                "INSERT INTO intent VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'open')",
                params![
                    Text(certificate_serial),
                    Text(uid),
                    batch_of(entry),
                    Text(device_serial),
                    Text(key),
                    at,
                ],
            )
        }
        Fact::IntentVoided {
            uid,
            certificate_serial,
            ..
        } => {
            end_intent(views, certificate_serial, "voided")?;
            run(views, LEAVE_PLACE, params![batch_of(entry), Text(uid)])
        }
        Fact::CertificateIssued {
            uid,
            certificate_serial,
            device_serial,
            key,
            ..
        } => {
            end_intent(views, certificate_serial, "issued")?;
            run(
                views,
                "INSERT INTO certificate (serial, uid, batch, device_serial, key, issued)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    Text(certificate_serial),
                    Text(uid),
                    batch_of(entry),
                    Text(device_serial),
                    Text(key),
                    at,
                ],
            )
        }
        _ => Ok(()),
    }
}

fn end_intent(views: &Connection, serial: &CertificateSerial, state: &str) -> rusqlite::Result<()> {
    run(
        views,
        "UPDATE intent SET state = ?2 WHERE certificate_serial = ?1",
        params![Text(serial), state],
    )
}

/// The steps of a certificate's life after its issuing.
fn progress(views: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let at = Int(entry.index);
    match &entry.leaf.fact {
        Fact::GrantSigned {
            certificate_serial, ..
        } => step(views, "granted", *certificate_serial, at),
        Fact::ProofVerified {
            certificate_serial, ..
        } => step(views, "proven", *certificate_serial, at),
        Fact::CommitSigned {
            certificate_serial, ..
        } => step(views, "committed", *certificate_serial, at),
        Fact::Provisioned {
            certificate_serial, ..
        } => step(views, "provisioned", *certificate_serial, at),
        Fact::CertificateRevoked {
            certificate_serial,
            reason,
            ..
        } => revocation(views, *certificate_serial, *reason, at),
        _ => Ok(()),
    }
}

fn step(
    views: &Connection,
    column: &str,
    serial: CertificateSerial,
    at: Int,
) -> rusqlite::Result<()> {
    let sql = format!("UPDATE certificate SET {column} = ?2 WHERE serial = ?1");
    run(views, &sql, params![Text(serial), at])
}

fn revocation(
    views: &Connection,
    serial: CertificateSerial,
    reason: RevocationReason,
    at: Int,
) -> rusqlite::Result<()> {
    step(views, "revoked", serial, at)?;
    // The place is given back in the batch of the certificate, whatever batch the event is in.
    let mut find = views.prepare_cached(
        "SELECT batch, uid, provisioned IS NOT NULL FROM certificate WHERE serial = ?1",
    )?;
    let (batch, uid, provisioned): (String, String, bool) = find
        .query_row([Text(serial)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    run(views, LEAVE_PLACE, params![batch, uid])?;
    // A successor takes over from a superseded certificate: the board itself stays in use.
    if provisioned && reason != RevocationReason::Superseded {
        let sql = "UPDATE device SET withdrawn = 1 WHERE uid = ?1";
        run(views, sql, [uid])?;
    }
    Ok(())
}

fn verdict(views: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let Fact::VerdictReached {
        lane,
        code,
        uid,
        claimed_uid,
        ..
    } = &entry.leaf.fact
    else {
        return Ok(());
    };
    let at = Int(entry.index);
    run(
        views,
        "INSERT INTO verdict VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            at,
            batch_of(entry),
            Text(lane),
            uid.as_ref().map(Text),
            Text(code),
            claimed_uid.as_ref().map(Text)
        ],
    )?;
    let sql = "UPDATE session SET verdict = ?2 WHERE id = ?1";
    run(views, sql, params![session(entry), at])?;
    let sql = "UPDATE device SET verdict = ?2 WHERE uid = ?1";
    run(views, sql, params![uid.as_ref().map(Text), at])
}
