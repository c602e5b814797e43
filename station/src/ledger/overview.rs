//! What the views say of batches, boards, certificates and sessions, as lists for people and tools.

use firmware_proto::{Digest, ProductCode, Uid};
use rusqlite::{Connection, Row, params};

use super::column::{Hash, Int, Text};
use super::error::{Damage, Doing, LedgerError};
use super::event::{Fact, TrippedRule};
use super::log_store;
use super::overview_questions::{batches_sql, devices_sql};
use super::standing::LiveStage;
use crate::clock::UtcMillis;
use crate::encoding::Hex;
use crate::names::{BatchId, CertificateSerial, DeviceSerial, LaneName, WorkOrderId};
use crate::verdict::VerdictCode;

/// A batch at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchOverview {
    /// Its name.
    pub batch: BatchId,
    /// Digest of its profile's text.
    pub profile: Hex,
    /// What it makes.
    pub product: ProductCode,
    /// The paper that allows it.
    pub work_order: WorkOrderId,
    /// How many boards may be made.
    pub quantity: u64,
    /// Boards with an open intent or a live certificate.
    pub taken: u64,
    /// Boards with a live certificate that are provisioned.
    pub provisioned: u64,
    /// Boards that were ordered to lock and did not answer.
    pub in_doubt: u64,
    /// How many events it has.
    pub events: u64,
    /// Leaf hash of its last event.
    pub head: Digest,
    /// When it was opened.
    pub opened: UtcMillis,
    /// The entry that opened it.
    pub opened_at: u64,
    /// When it was closed.
    pub closed: Option<UtcMillis>,
    /// The entry that closed it.
    pub closed_at: Option<u64>,
}

/// Which boards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceFilter {
    /// Only this one.
    pub uid: Option<Uid>,
    /// Only the one with this serial.
    pub device_serial: Option<DeviceSerial>,
    /// Only those whose last verdict was in this batch.
    pub batch: Option<BatchId>,
    /// Only those with this last verdict.
    pub code: Option<VerdictCode>,
}

/// A board at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceOverview {
    /// Its proven UID.
    pub uid: Uid,
    /// Its last serial.
    pub device_serial: Option<DeviceSerial>,
    /// The last verdict; none where every session was cut off.
    pub verdict: Option<LastVerdict>,
    /// Its live certificate, and how far it came.
    pub live: Option<(CertificateSerial, LiveStage)>,
    /// Whether its identity was withdrawn.
    pub withdrawn: bool,
    /// The entry that set it aside, where it is.
    pub quarantined_at: Option<u64>,
}

/// The verdict that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastVerdict {
    /// The code.
    pub code: VerdictCode,
    /// In which batch.
    pub batch: BatchId,
    /// On which lane.
    pub lane: LaneName,
    /// When.
    pub time: UtcMillis,
    /// The entry.
    pub entry: u64,
}

/// A certificate at a glance; the indexes are those of the entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateOverview {
    /// Its serial number.
    pub certificate_serial: CertificateSerial,
    /// The board.
    pub uid: Uid,
    /// The batch it was issued in.
    pub batch: BatchId,
    /// The serial in its subject.
    pub device_serial: DeviceSerial,
    /// SHA-256 of the certified SubjectPublicKeyInfo.
    pub key: Hex,
    /// The entry with the certificate itself.
    pub issued_at: u64,
    /// The entry that says that the board is provisioned.
    pub provisioned_at: Option<u64>,
    /// The entry that revoked it.
    pub revoked_at: Option<u64>,
}

/// A session at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionOverview {
    /// Its name in events.
    pub session: Hex,
    /// The lane.
    pub lane: LaneName,
    /// What the board claimed.
    pub claimed_uid: Uid,
    /// The entry that opened it.
    pub opened_at: u64,
    /// The entry of its verdict; none where the station stopped before it.
    pub verdict_at: Option<u64>,
}

/// A lane that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldOverview {
    /// The lane.
    pub lane: LaneName,
    /// What it is held for.
    pub code: VerdictCode,
    /// The same in words.
    pub detail: String,
    /// What the lane's port was known by.
    pub ports: Vec<String>,
    /// The stop rule that tripped, where it was one.
    pub rule: Option<TrippedRule>,
    /// Since when.
    pub time: UtcMillis,
    /// The entry that placed the hold.
    pub entry: u64,
}

/// The lanes that are held, by name.
pub(in crate::ledger) fn holds(views: &Connection) -> Result<Vec<HoldOverview>, LedgerError> {
    let sql = "SELECT h.lane, h.code, e.time_ms, h.entry
         FROM hold h JOIN event e ON e.entry = h.entry ORDER BY h.lane";
    let mut holds = list(views, sql, [], |row| {
        Ok(HoldOverview {
            lane: text(row, 0)?,
            code: text(row, 1)?,
            detail: String::new(),
            ports: Vec::new(),
            rule: None,
            time: UtcMillis(int(row, 2)?),
            entry: int(row, 3)?,
        })
    })?;
    for hold in &mut holds {
        let placed = log_store::entry(views, hold.entry)?.leaf.fact;
        let Fact::HoldPlaced {
            detail,
            ports,
            rule,
            ..
        } = placed
        else {
            let what = "a row that points to another entry".to_owned();
            return Err(Damage::Value {
                table: "hold",
                what,
            }
            .into());
        };
        (hold.detail, hold.ports, hold.rule) = (detail, ports, rule);
    }
    Ok(holds)
}

/// A batch that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchHoldOverview {
    /// The batch.
    pub batch: BatchId,
    /// The lane whose verdict tripped the rule.
    pub lane: LaneName,
    /// That verdict.
    pub code: VerdictCode,
    /// The same in words.
    pub detail: String,
    /// The stop rule.
    pub rule: TrippedRule,
    /// Since when.
    pub time: UtcMillis,
    /// The entry that placed the hold.
    pub entry: u64,
}

/// The batches that are held, by name.
pub(in crate::ledger) fn batch_holds(
    views: &Connection,
) -> Result<Vec<BatchHoldOverview>, LedgerError> {
    let sql = "SELECT batch, entry FROM batch_hold ORDER BY batch";
    let held: Vec<(BatchId, u64)> = list(views, sql, [], |row| Ok((text(row, 0)?, int(row, 1)?)))?;
    let found = held.into_iter().map(|(batch, entry)| {
        let leaf = log_store::entry(views, entry)?.leaf;
        match leaf.fact {
            Fact::BatchHoldPlaced {
                lane,
                code,
                detail,
                rule,
            } => Ok(BatchHoldOverview {
                batch,
                lane,
                code,
                detail,
                rule,
                time: leaf.time,
                entry,
            }),
            _ => Err(Damage::Value {
                table: "batch_hold",
                what: "a row that points to another entry".to_owned(),
            }
            .into()),
        }
    });
    found.collect()
}

/// All batches, or one.
pub(in crate::ledger) fn batches(
    views: &Connection,
    batch: Option<&BatchId>,
) -> Result<Vec<BatchOverview>, LedgerError> {
    let sql = batches_sql(batch.is_some());
    let row = |row: &Row<'_>| {
        Ok(BatchOverview {
            batch: text(row, 0)?,
            profile: text(row, 1)?,
            product: text(row, 2)?,
            work_order: text(row, 3)?,
            quantity: int(row, 4)?,
            taken: int(row, 5)?,
            events: int(row, 6)?,
            head: row.get::<_, Hash>(7)?.0,
            opened_at: int(row, 8)?,
            opened: UtcMillis(int(row, 9)?),
            closed_at: optional_int(row, 10)?,
            closed: optional_int(row, 11)?.map(UtcMillis),
            provisioned: int(row, 12)?,
            in_doubt: int(row, 13)?,
        })
    };
    list(views, &sql, params![batch.map(Text)], row)
}

/// The boards that the filter lets through.
pub(in crate::ledger) fn devices(
    views: &Connection,
    filter: &DeviceFilter,
) -> Result<Vec<DeviceOverview>, LedgerError> {
    let sql = devices_sql(filter);
    let values = params![
        filter.uid.as_ref().map(Text),
        filter.device_serial.as_ref().map(Text),
        filter.batch.as_ref().map(Text),
        filter.code.map(Text),
    ];
    list(views, &sql, values, |row| {
        let live: Option<Text<CertificateSerial>> = row.get(7)?;
        let stage = match (row.get(8)?, row.get(9)?) {
            (true, _) => LiveStage::Provisioned,
            (false, true) => LiveStage::CommitSigned,
            (false, false) => LiveStage::Issued,
        };
        Ok(DeviceOverview {
            uid: text(row, 0)?,
            device_serial: row.get::<_, Option<Text<_>>>(1)?.map(|serial| serial.0),
            verdict: last_verdict(row)?,
            live: live.map(|serial| (serial.0, stage)),
            withdrawn: row.get(10)?,
            quarantined_at: optional_int(row, 11)?,
        })
    })
}

fn last_verdict(row: &Row<'_>) -> rusqlite::Result<Option<LastVerdict>> {
    let Some(Text(code)) = row.get::<_, Option<Text<VerdictCode>>>(2)? else {
        return Ok(None);
    };
    Ok(Some(LastVerdict {
        code,
        batch: text(row, 3)?,
        lane: text(row, 4)?,
        time: UtcMillis(int(row, 5)?),
        entry: int(row, 6)?,
    }))
}

/// The certificates that fulfil the condition, in the order of issuing.
pub(in crate::ledger) fn certificates(
    views: &Connection,
    condition: &'static str,
    value: &str,
) -> Result<Vec<CertificateOverview>, LedgerError> {
    let sql = format!(
        "SELECT serial, uid, batch, device_serial, key, issued, provisioned, revoked
         FROM certificate WHERE {condition} ORDER BY issued"
    );
    list(views, &sql, [value], |row| {
        Ok(CertificateOverview {
            certificate_serial: text(row, 0)?,
            uid: text(row, 1)?,
            batch: text(row, 2)?,
            device_serial: text(row, 3)?,
            key: text(row, 4)?,
            issued_at: int(row, 5)?,
            provisioned_at: optional_int(row, 6)?,
            revoked_at: optional_int(row, 7)?,
        })
    })
}

/// A batch's sessions.
pub(in crate::ledger) fn sessions(
    views: &Connection,
    batch: &BatchId,
) -> Result<Vec<SessionOverview>, LedgerError> {
    // Of the batch's events, those that opened a session; the same session may be named in a later one.
    let sql = "SELECT id, lane, claimed_uid, opened, verdict
         FROM event e JOIN session ON session.id = e.session AND session.opened = e.entry
         WHERE e.batch = ?1 AND kind = 'session-opened' ORDER BY opened";
    list(views, sql, [Text(batch)], |row| {
        Ok(SessionOverview {
            session: text(row, 0)?,
            lane: text(row, 1)?,
            claimed_uid: text(row, 2)?,
            opened_at: int(row, 3)?,
            verdict_at: optional_int(row, 4)?,
        })
    })
}

fn list<T>(
    views: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
    row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, LedgerError> {
    views
        .prepare_cached(sql)
        .and_then(|mut find| find.query_map(values, row)?.collect())
        .doing("listing")
}

fn text<T: super::column::FromText>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    row.get::<_, Text<T>>(column).map(|text| text.0)
}

fn int(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, Int>(column).map(|int| int.0)
}

fn optional_int(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    row.get::<_, Option<Int>>(column)
        .map(|int| int.map(|int| int.0))
}
