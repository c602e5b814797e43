//! Rules about a batch's own events: its tally, its terms, boards that are thrown away.

use firmware_proto::Uid;
use rusqlite::Connection;

use super::column::{Int, Text};
use super::error::{Doing, LedgerError, Refusal};
use super::event::{BatchTally, Event, Fact, FurtherTally};
use super::invariants::exists;
use crate::names::BatchId;

/// Events of the batch so far.
pub(in crate::ledger) fn tally(
    views: &Connection,
    batch: &BatchId,
) -> Result<BatchTally, LedgerError> {
    let doing = "counting a batch's events";
    let mut find = views
        .prepare_cached("SELECT kind, count(*) FROM event WHERE batch = ?1 GROUP BY kind")
        .doing(doing)?;
    let (mut tally, mut further) = (BatchTally::default(), FurtherTally::default());
    let mut rows = find.query([Text(batch)]).doing(doing)?;
    while let Some(row) = rows.next().doing(doing)? {
        let kind: String = row.get(0).doing(doing)?;
        let Int(count) = row.get(1).doing(doing)?;
        match kind.as_str() {
            "session-opened" => tally.sessions = count,
            "verdict-reached" => tally.verdicts = count,
            "certificate-issued" => tally.certificates_issued = count,
            "provisioned" => tally.provisioned = count,
            "board-scrapped" => tally.scrapped = count,
            "batch-terms-recorded" => further.terms = count,
            "batch-hold-cleared" => further.holds_cleared = count,
            _ => {}
        }
    }
    let sql = "SELECT count(*) FROM certificate WHERE batch = ?1 AND revoked IS NOT NULL";
    further.revoked = count(views, sql, batch)?;
    // Sessions are found by the batch's events: they have no index of their own.
    let sql =
        "SELECT count(*) FROM event e JOIN session ON session.id = e.session AND opened = e.entry
        WHERE e.batch = ?1 AND kind = 'session-opened' AND proven IS NOT NULL";
    further.proven = count(views, sql, batch)?;
    tally.further = Some(further);
    Ok(tally)
}

fn count(views: &Connection, sql: &str, batch: &BatchId) -> Result<u64, LedgerError> {
    let Int(count) = views
        .prepare_cached(sql)
        .and_then(|mut find| find.query_row([Text(batch)], |row| row.get(0)))
        .doing("counting what a batch has")?;
    Ok(count)
}

/// A closing tells the truth about its batch. Those of old records tell nothing.
pub(in crate::ledger) fn check_tally(
    views: &Connection,
    batch: &BatchId,
    stated: Option<&BatchTally>,
) -> Result<(), LedgerError> {
    match stated {
        Some(stated) if stated.differs(&tally(views, batch)?).is_some() => {
            Err(Refusal::BatchTally(batch.clone()).into())
        }
        _ => Ok(()),
    }
}

/// Terms are recorded once.
pub(in crate::ledger) fn check_terms(
    views: &Connection,
    batch: &BatchId,
) -> Result<(), LedgerError> {
    let sql = "SELECT 1 FROM event WHERE batch = ?1 AND kind = 'batch-terms-recorded'";
    if exists(views, sql, [Text(batch)])? {
        return Err(Refusal::SecondTerms(batch.clone()).into());
    }
    Ok(())
}

/// A session proves one UID: of two, whoever tells of it could choose whose it was. Old records, which lack a
/// nonce or a profile, are not under this rule.
pub(in crate::ledger) fn check_proven(
    views: &Connection,
    event: &Event,
) -> Result<(), LedgerError> {
    let is_old = match &event.fact {
        Fact::EvidenceAppraised { device_nonce, .. } => device_nonce.is_none(),
        Fact::VerdictReached { profile, .. } => profile.is_none(),
        _ => true,
    };
    let (Some(session), Some(uid), false) = (&event.session, event.fact.proven_uid(), is_old)
    else {
        return Ok(());
    };
    let sql = "SELECT 1 FROM session WHERE id = ?1 AND proven <> ?2";
    if exists(views, sql, (Text(session), Text(uid)))? {
        let (session, uid) = (session.clone(), uid.clone());
        return Err(Refusal::SecondUid { session, uid }.into());
    }
    Ok(())
}

/// A board is thrown away once, in a batch in which it was presented, and only without an identity.
pub(in crate::ledger) fn check_scrapping(
    views: &Connection,
    batch: &BatchId,
    uid: &Uid,
) -> Result<(), LedgerError> {
    let refuse = |why| {
        let uid = uid.clone();
        Err(Refusal::NotScrapped { uid, why }.into())
    };
    // Sessions are found by the batch's events: they have no index of their own.
    let here = "SELECT 1 FROM event e JOIN session ON session.id = e.session AND opened = e.entry
        WHERE e.batch = ?1 AND kind = 'session-opened' AND claimed_uid = ?2
        UNION ALL SELECT 1 FROM event
        WHERE batch = ?1 AND uid = ?2 AND kind IN ('evidence-appraised', 'verdict-reached')
        UNION ALL SELECT 1 FROM verdict WHERE batch = ?1 AND claimed_uid = ?2";
    if !exists(views, here, (Text(batch), Text(uid)))? {
        return refuse("it was never presented in this batch; see station device history");
    }
    let live = "SELECT 1 FROM certificate WHERE uid = ?1 AND revoked IS NULL
        UNION ALL SELECT 1 FROM intent WHERE uid = ?1 AND state = 'open'";
    if exists(views, live, [Text(uid)])? {
        return refuse("it has a live certificate, or one is being made; revoke that first");
    }
    let before = "SELECT 1 FROM event WHERE uid = ?1 AND batch = ?2 AND kind = 'board-scrapped'";
    if exists(views, before, (Text(uid), Text(batch)))? {
        return refuse("that is recorded already");
    }
    Ok(())
}
