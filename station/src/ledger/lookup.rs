//! What the views and the log say of one board.

use firmware_proto::{Digest, Uid};
use rusqlite::{Connection, OptionalExtension};

use super::column::{Int, Text};
use super::error::{Damage, Doing, LedgerError};
use super::event::Fact;
use super::invariants;
use super::log_store::entry;
use super::quarantine;
use super::repeats;
use super::standing::{
    DeviceStanding, LiveCertificate, LiveStage, OpenIntent, ShownNow, StoredCertificate,
};
use crate::encoding::Hex;

/// A board's standing, and the entry of its live certificate.
pub(in crate::ledger) struct Lookup {
    pub(in crate::ledger) standing: DeviceStanding,
    /// The certificate may be handed out only under a checkpoint that covers this entry.
    pub(in crate::ledger) issued: Option<u64>,
}

/// Looks a board up. The certificate in the answer may not be covered by a checkpoint yet.
///
/// `now` is what the board shows, where it is in a fixture.
pub(in crate::ledger) fn standing(
    views: &Connection,
    uid: &Uid,
    now: Option<&ShownNow>,
) -> Result<Lookup, LedgerError> {
    let doing = "looking a board up";
    let device: Option<(Option<Text<Hex>>, bool, Option<Int>)> = views
        .prepare_cached("SELECT instance_id, withdrawn, quarantined FROM device WHERE uid = ?1")
        .and_then(|mut find| {
            find.query_row([Text(uid)], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()
        })
        .doing(doing)?;
    let (instance_id, withdrawn, quarantined) = device.unwrap_or((None, false, None));
    let live: Option<[Option<Int>; 4]> = views
        .prepare_cached(
            "SELECT issued, granted, committed, provisioned FROM certificate
             WHERE uid = ?1 AND revoked IS NULL",
        )
        .and_then(|mut find| {
            find.query_row([Text(uid)], |row| {
                Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
            })
            .optional()
        })
        .doing(doing)?;
    let intent: Option<Int> = views
        .prepare_cached("SELECT entry FROM intent WHERE uid = ?1 AND state = 'open'")
        .and_then(|mut find| find.query_row([Text(uid)], |row| row.get(0)).optional())
        .doing(doing)?;
    let revoked_after_commit = live.is_none()
        && invariants::exists(
            views,
            "SELECT 1 FROM certificate
             WHERE uid = ?1 AND revoked IS NOT NULL AND committed IS NOT NULL",
            [Text(uid)],
        )?;
    let shown = now.map(|now| repeats::shown_before(views, uid, now));
    Ok(Lookup {
        standing: DeviceStanding {
            instance_id: instance_id.map(|id| id.0.0),
            live: live
                .map(|steps| live_certificate(views, steps))
                .transpose()?,
            intent: intent.map(|at| open_intent(views, at.0)).transpose()?,
            withdrawn,
            revoked_after_commit,
            quarantined: quarantine::reason(views, quarantined.map(|at| at.0))?,
            shown: shown.transpose()?.unwrap_or_default(),
            elsewhere: None,
        },
        issued: live.and_then(|[issued, ..]| issued).map(|at| at.0),
    })
}

/// The board that had this identity key first.
pub(in crate::ledger) fn key_holder(
    views: &Connection,
    key: &Digest,
) -> Result<Option<Uid>, LedgerError> {
    invariants::key_holder(views, &Hex::from(*key))
}

/// The certificate of a `CertificateIssued`; none for another fact.
pub(in crate::ledger) fn stored_certificate(fact: Fact) -> Option<StoredCertificate> {
    let Fact::CertificateIssued {
        uid,
        certificate_serial,
        device_serial,
        key,
        certificate,
    } = fact
    else {
        return None;
    };
    let key = key.digest()?;
    Some(StoredCertificate::new(
        uid,
        certificate_serial,
        device_serial,
        key,
        certificate.0,
    ))
}

fn live_certificate(
    views: &Connection,
    [issued, granted, committed, provisioned]: [Option<Int>; 4],
) -> Result<LiveCertificate, LedgerError> {
    let missing = || wrong("certificate", "a row without its entry");
    let issued = entry(views, issued.ok_or_else(missing)?.0)?;
    let batch = issued.leaf.batch().cloned().ok_or_else(missing)?;
    let certificate = stored_certificate(issued.leaf.fact).ok_or_else(missing)?;
    let object = |at: Option<Int>| match at {
        None => Ok(None),
        Some(at) => match entry(views, at.0)?.leaf.fact {
            Fact::GrantSigned { grant, .. } => Ok(Some(grant.0)),
            Fact::CommitSigned { commit, .. } => Ok(Some(commit.0)),
            _ => Err(wrong("certificate", "a step that points to another entry")),
        },
    };
    Ok(LiveCertificate {
        certificate,
        batch,
        stage: match (committed, provisioned) {
            (_, Some(_)) => LiveStage::Provisioned,
            (Some(_), None) => LiveStage::CommitSigned,
            (None, None) => LiveStage::Issued,
        },
        commit: object(committed)?,
        grant: object(granted)?,
    })
}

fn open_intent(views: &Connection, index: u64) -> Result<OpenIntent, LedgerError> {
    let missing = || wrong("intent", "a row that points to another entry");
    let leaf = entry(views, index)?.leaf;
    let batch = leaf.batch().cloned().ok_or_else(missing)?;
    match leaf.fact {
        Fact::CertificateIntended {
            certificate_serial,
            device_serial,
            key,
            tbs,
            ..
        } => Ok(OpenIntent {
            batch,
            certificate_serial,
            device_serial,
            key: key.digest().ok_or_else(missing)?,
            tbs: tbs.0,
        }),
        _ => Err(missing()),
    }
}

fn wrong(table: &'static str, what: &str) -> LedgerError {
    let what = what.to_owned();
    Damage::Value { table, what }.into()
}
