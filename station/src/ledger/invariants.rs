//! The rules that hold whatever a caller asks for. The writer checks each event against the views, inside
//! the transaction that appends it; a rebuild checks the log again.
//!
//! 1. A board has at most one live certificate and at most one open intent. A successor is issued after
//!    the revocation of its predecessor, which may stand in the same request.
//! 2. A key and a device serial belong to one board for ever; a certificate serial is used once.
//! 3. A certificate is issued for an open intent of the same board, batch, key and serials, and
//!    contains the TBS of that intent.
//! 4. Boards with an open intent or a live certificate never outnumber the batch's quantity.
//! 5. Grant, proof, commit and receipt come in this order, in the certificate's own batch.
//! 6. Events enter open batches only. A batch is closed when no intent of it is open and no live
//!    certificate of it is unfinished or in doubt; its closing states the count and the head.
//! 7. A `PASS` names a live, provisioned certificate.
//! 8. Only a lane or a batch that is held has its hold cleared. A batch that is held is not closed.
//! 9. Instance ID, boot seed and device nonce in evidence that passed belong to one board for ever.
//! 10. A batch is opened with an adopted profile; with an older version of it than one that is adopted only
//!     where the opening says why. A verdict names no other profile than its batch's.
//! 11. Only a board that was presented in the batch, and has no identity, is scrapped there, once.
//! 12. A board that is quarantined gets no intent, certificate, grant or commit. Only a known board is
//!     quarantined, and only one that is quarantined is released.
//! 13. In a session one UID is proven. Records from before the rule are not under it.

use firmware_proto::Uid;
use rusqlite::{Connection, OptionalExtension};

use super::batch_rules;
use super::column::{Hash, Int, Text};
use super::error::{Doing, LedgerError, Refusal};
use super::event::{Event, Fact};
use super::issuance_rules::{OpenIntentRow, intent, issue, live, pass, progress};
use super::leaf::BatchPosition;
use super::profiles;
use super::quarantine;
use super::repeats;
use crate::encoding::{Hex, sha256};
use crate::names::{BatchId, CertificateSerial, DeviceSerial};
use crate::verdict::VerdictCode;

/// Judges an event before it becomes entry `index`.
pub(in crate::ledger) fn check(
    views: &Connection,
    index: u64,
    event: &Event,
) -> Result<(), LedgerError> {
    if (index == 0) != matches!(event.fact, Fact::LedgerOpened { .. }) {
        return Err(Refusal::LedgerOpening.into());
    }
    if let Fact::HoldCleared { lane, .. } = &event.fact {
        let sql = "SELECT 1 FROM hold WHERE lane = ?1";
        if !exists(views, sql, [Text(lane)])? {
            return Err(Refusal::NotHeld(lane.clone()).into());
        }
    }
    quarantine::check(views, event)?;
    let kind = event.fact.kind();
    let batch = match (&event.fact, &event.batch) {
        (
            Fact::LedgerOpened { .. }
            | Fact::ProfileAdopted { .. }
            | Fact::BoardQuarantined(_)
            | Fact::BoardReleased(_),
            Some(_),
        ) => return Err(Refusal::UnwantedBatch(kind).into()),
        (Fact::ProfileAdopted { profile, text, .. }, None) => {
            let same = profile.digest() == Some(sha256(text.as_bytes()));
            return same.then_some(()).ok_or(Refusal::ProfileDigest.into());
        }
        (
            Fact::LedgerOpened { .. }
            | Fact::HoldPlaced { .. }
            | Fact::HoldCleared { .. }
            | Fact::ClockAccepted { .. }
            | Fact::BoardQuarantined(_)
            | Fact::BoardReleased(_),
            None,
        ) => return Ok(()),
        (Fact::CertificateRevoked { .. }, None) => return live(views, event, None).map(|_| ()),
        (fact, None) if fact.is_of_station() => return Ok(()),
        (_, None) => return Err(Refusal::NoBatch(kind).into()),
        (Fact::BatchOpened { .. }, Some(batch)) => return opening(views, batch, event),
        (_, Some(batch)) => batch,
    };
    check_in_batch(views, batch, event)
}

/// Judges an event of a batch that must be open.
fn check_in_batch(views: &Connection, batch: &BatchId, event: &Event) -> Result<(), LedgerError> {
    let Some(state) = BatchState::find(views, batch)?.filter(|batch| !batch.closed) else {
        return Err(Refusal::BatchNotOpen(batch.clone()).into());
    };
    profiles::check_verdict(views, batch, &event.fact)?;
    batch_rules::check_proven(views, event)?;
    match &event.fact {
        Fact::SessionOpened { .. } if event.session.is_none() => {
            Err(Refusal::NoBatch("session-opened without a session").into())
        }
        Fact::CertificateIntended { .. } => intent(views, batch, &state, event),
        Fact::IntentVoided {
            uid,
            certificate_serial,
            ..
        } => voiding(views, batch, uid, *certificate_serial),
        Fact::CertificateIssued { .. } => issue(views, batch, event),
        Fact::GrantSigned { .. }
        | Fact::ProofVerified { .. }
        | Fact::CommitSigned { .. }
        | Fact::Provisioned { .. } => progress(views, batch, event),
        Fact::CertificateRevoked { .. } => live(views, event, None).map(|_| ()),
        Fact::VerdictReached {
            code: VerdictCode::Pass,
            ..
        } => pass(views, event),
        Fact::BatchClosed {
            count, head, tally, ..
        } => {
            closing(views, batch, &state, *count, head)?;
            batch_rules::check_tally(views, batch, tally.as_ref())
        }
        Fact::BatchTermsRecorded(_) => batch_rules::check_terms(views, batch),
        Fact::BoardScrapped(one) => batch_rules::check_scrapping(views, batch, &one.uid),
        Fact::BatchHoldCleared { .. } if !is_held(views, batch)? => {
            Err(Refusal::BatchNotHeld(batch.clone()).into())
        }
        Fact::EvidenceAppraised { .. } => repeats::check(views, event),
        _ => Ok(()),
    }
}

/// What a batch's row says of its chain and its places.
pub(in crate::ledger) struct BatchState {
    pub(in crate::ledger) quantity: u64,
    /// Boards with an open intent or a live certificate.
    pub(in crate::ledger) taken: u64,
    pub(in crate::ledger) next_seq: u64,
    /// Leaf hash of its last event.
    pub(in crate::ledger) head: firmware_proto::Digest,
    pub(in crate::ledger) closed: bool,
}

impl BatchState {
    pub(in crate::ledger) fn find(
        views: &Connection,
        batch: &BatchId,
    ) -> Result<Option<Self>, LedgerError> {
        views
            .prepare_cached(
                "SELECT quantity, taken, next_seq, head, closed IS NOT NULL FROM batch WHERE id = ?1",
            )
            .and_then(|mut find| {
                find.query_row([Text(batch)], |row| {
                    Ok(Self {
                        quantity: row.get::<_, Int>(0)?.0,
                        taken: row.get::<_, Int>(1)?.0,
                        next_seq: row.get::<_, Int>(2)?.0,
                        head: row.get::<_, Hash>(3)?.0,
                        closed: row.get(4)?,
                    })
                })
                .optional()
            })
            .doing("looking a batch up")
    }
}

/// An intent is voided as it was made: of the same board, serial and batch.
fn voiding(
    views: &Connection,
    batch: &BatchId,
    uid: &Uid,
    serial: CertificateSerial,
) -> Result<(), LedgerError> {
    let open = OpenIntentRow::find(views, uid)?;
    let same = |open: &OpenIntentRow| open.certificate_serial == serial && open.batch == *batch;
    match open.filter(same) {
        Some(_) => Ok(()),
        None => Err(Refusal::NoIntent(serial).into()),
    }
}

fn closing(
    views: &Connection,
    batch: &BatchId,
    state: &BatchState,
    count: u64,
    head: &Hex,
) -> Result<(), LedgerError> {
    if count != state.next_seq || head.digest() != Some(state.head) {
        return Err(Refusal::BatchHead(batch.clone()).into());
    }
    if is_held(views, batch)? {
        return Err(Refusal::BatchHeld(batch.clone()).into());
    }
    finished(views, batch)
}

fn is_held(views: &Connection, batch: &BatchId) -> Result<bool, LedgerError> {
    let sql = "SELECT 1 FROM batch_hold WHERE batch = ?1";
    exists(views, sql, [Text(batch)])
}

fn opening(views: &Connection, batch: &BatchId, event: &Event) -> Result<(), LedgerError> {
    if BatchState::find(views, batch)?.is_some() {
        return Err(Refusal::BatchExists(batch.clone()).into());
    }
    profiles::check_opening(views, batch, &event.fact)
}

/// Whether there is such a row.
pub(in crate::ledger) fn exists(
    views: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<bool, LedgerError> {
    views
        .prepare_cached(sql)
        .and_then(|mut find| find.exists(values))
        .doing("checking a rule")
}

/// The board that a unique value belongs to.
fn holder(
    views: &Connection,
    sql: &str,
    value: impl rusqlite::ToSql,
) -> Result<Option<Uid>, LedgerError> {
    views
        .prepare_cached(sql)
        .and_then(|mut find| {
            find.query_row([value], |row| row.get::<_, Text<Uid>>(0))
                .optional()
        })
        .map(|uid| uid.map(|uid| uid.0))
        .doing("checking whom a value belongs to")
}

/// The board that showed this key first.
pub(in crate::ledger) fn key_holder(
    views: &Connection,
    key: &Hex,
) -> Result<Option<Uid>, LedgerError> {
    holder(
        views,
        "SELECT uid FROM device_key WHERE key = ?1",
        Text(key),
    )
}

/// The board that has this device serial.
pub(in crate::ledger) fn serial_holder(
    views: &Connection,
    serial: &DeviceSerial,
) -> Result<Option<Uid>, LedgerError> {
    let sql = "SELECT uid FROM device_serial WHERE serial = ?1";
    holder(views, sql, Text(serial))
}

fn finished(views: &Connection, batch: &BatchId) -> Result<(), LedgerError> {
    let uids = |sql: &str| -> rusqlite::Result<Vec<Uid>> {
        let mut find = views.prepare_cached(sql)?;
        let rows = find.query_map([Text(batch)], |row| row.get::<_, Text<Uid>>(0))?;
        rows.map(|row| row.map(|uid| uid.0)).collect()
    };
    let doing = "looking for unfinished boards";
    let unfinished = "SELECT uid FROM certificate
        WHERE batch = ?1 AND revoked IS NULL AND provisioned IS NULL";
    let (yes, no) = ("AND committed IS NOT NULL", "AND committed IS NULL");
    let in_doubt = uids(&format!("{unfinished} {yes} ORDER BY uid")).doing(doing)?;
    let unfinished = uids(&format!("{unfinished} {no} ORDER BY uid")).doing(doing)?;
    let sql = "SELECT uid FROM intent WHERE batch = ?1 AND state = 'open' ORDER BY uid";
    let intents = uids(sql).doing(doing)?;
    if in_doubt.is_empty() && unfinished.is_empty() && intents.is_empty() {
        return Ok(());
    }
    Err(Refusal::BatchUnfinished {
        batch: batch.clone(),
        in_doubt,
        unfinished,
        intents,
    }
    .into())
}

/// Where an event of that batch goes. A batch that is not known yet begins with it.
pub(in crate::ledger) fn position(
    views: &Connection,
    batch: Option<BatchId>,
) -> Result<Option<BatchPosition>, LedgerError> {
    let Some(batch) = batch else { return Ok(None) };
    let state = BatchState::find(views, &batch)?;
    Ok(Some(BatchPosition {
        batch,
        seq: state.as_ref().map_or(0, |state| state.next_seq),
        prev: state.map(|state| state.head),
    }))
}
