//! Boards that QA has set aside: nothing is issued to one, and none gets on, until it is released.
//!
//! 1. A board is set aside whatever its batch, so these events belong to none; what it has shown stays its
//!    own meanwhile.
//! 2. Only a board that has proven itself is set aside, and only one that is set aside is released.
//! 3. The session refuses the board when it is met; the writer's rule [`check`] holds too where it is set
//!    aside while a lane has it in work. What the board has done is recorded all the same.

use firmware_proto::Uid;
use rusqlite::{Connection, OptionalExtension, params};

use super::column::{Int, Text};
use super::error::{Damage, Doing, LedgerError, Refusal};
use super::event::{Event, Fact};
use super::leaf::Entry;
use super::log_store;

/// Rule 12.
pub(in crate::ledger) fn check(views: &Connection, event: &Event) -> Result<(), LedgerError> {
    use Standing::{Free, SetAside, Unknown};
    let (uid, wanted) = match &event.fact {
        Fact::BoardQuarantined(record) => (&record.uid, Wanted::SetAside),
        Fact::BoardReleased(record) => (&record.uid, Wanted::Release),
        Fact::CertificateIntended { uid, .. }
        | Fact::CertificateIssued { uid, .. }
        | Fact::GrantSigned { uid, .. }
        | Fact::CommitSigned { uid, .. } => (uid, Wanted::Progress),
        _ => return Ok(()),
    };
    let uid = uid.clone();
    match (wanted, standing(views, &uid)?) {
        (Wanted::SetAside, Free)
        | (Wanted::Release, SetAside)
        | (Wanted::Progress, Free | Unknown) => Ok(()),
        (Wanted::SetAside, Unknown) => Err(Refusal::UnknownBoard(uid).into()),
        (Wanted::SetAside | Wanted::Progress, SetAside) => Err(Refusal::Quarantined(uid).into()),
        (Wanted::Release, Free | Unknown) => Err(Refusal::NotQuarantined(uid).into()),
    }
}

/// What an event would do.
enum Wanted {
    SetAside,
    Release,
    /// Bring the board on.
    Progress,
}

/// How a board stands.
enum Standing {
    /// It never proved itself.
    Unknown,
    Free,
    SetAside,
}

/// Brings the view to this entry.
pub(in crate::ledger) fn apply(views: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let (uid, since) = match &entry.leaf.fact {
        Fact::BoardQuarantined(record) => (&record.uid, Some(Int(entry.index))),
        Fact::BoardReleased(record) => (&record.uid, None),
        _ => return Ok(()),
    };
    views
        .prepare_cached("UPDATE device SET quarantined = ?2 WHERE uid = ?1")?
        .execute(params![Text(uid), since])
        .map(|_| ())
}

/// Why the board is set aside, if it is.
pub(in crate::ledger) fn reason(
    views: &Connection,
    entry: Option<u64>,
) -> Result<Option<String>, LedgerError> {
    let Some(index) = entry else {
        return Ok(None);
    };
    match log_store::entry(views, index)?.leaf.fact {
        Fact::BoardQuarantined(record) => Ok(Some(record.reason)),
        _ => Err(Damage::Value {
            table: "device",
            what: "a quarantine that points to another entry".to_owned(),
        }
        .into()),
    }
}

fn standing(views: &Connection, uid: &Uid) -> Result<Standing, LedgerError> {
    let aside: Option<bool> = views
        .prepare_cached("SELECT quarantined IS NOT NULL FROM device WHERE uid = ?1")
        .and_then(|mut find| find.query_row([Text(uid)], |row| row.get(0)).optional())
        .doing("looking for a quarantine")?;
    Ok(match aside {
        None => Standing::Unknown,
        Some(false) => Standing::Free,
        Some(true) => Standing::SetAside,
    })
}
