//! What boards show that no other board may show: instance IDs, boot seeds, device nonces, of all batches
//! and for ever, whatever became of the board.
//!
//! 1. Only what an authentic board has shown under a fresh challenge is kept; nobody can take another
//!    board's values by claiming them.
//! 2. The first entry that has a value names its board. What a board showed last is in its own row.
//! 3. The session decides by [`shown_before`]; the writer's rule [`check`] holds too where two lanes ask at
//!    the same moment.

use firmware_proto::{DeviceNonce, Uid};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, ToSql, params};
use sha2::Digest as _;

use super::column::{Int, Text};
use super::error::{Doing, LedgerError, Refusal};
use super::event::{Event, Fact};
use super::leaf::Entry;
use super::standing::{Seen, Shown, ShownBefore, ShownNow};
use crate::verdict::VerdictCode;

/// Enough that no two values ever share a mark by chance, nor by anybody's search for a given one.
const MARK_BYTES: usize = 16;

/// The short digest under which a value is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct Mark([u8; MARK_BYTES]);

impl Mark {
    fn of(what: Shown, value: &[u8]) -> Self {
        let label: &[u8] = match what {
            Shown::InstanceId => b"instance-id:",
            Shown::BootSeed => b"boot-seed:",
            Shown::DeviceNonce => b"device-nonce:",
        };
        let digest = sha2::Sha256::new_with_prefix(label)
            .chain_update(value)
            .finalize();
        let mut mark = [0; MARK_BYTES];
        mark.iter_mut()
            .zip(digest)
            .for_each(|(to, from)| *to = from);
        Self(mark)
    }

    /// The mark of a nonce, as a session's row keeps it.
    pub(in crate::ledger) fn of_nonce(nonce: &DeviceNonce) -> Self {
        Self::of(Shown::DeviceNonce, nonce.as_bytes())
    }
}

impl ToSql for Mark {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_slice().into())
    }
}

impl FromSql for Mark {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?.try_into();
        bytes.map(Self).map_err(|_| FromSqlError::InvalidType)
    }
}

/// Marks of what one piece of evidence shows.
struct Marks {
    instance_id: Option<Mark>,
    boot_seed: Option<Mark>,
    device_nonce: Option<Mark>,
}

impl Marks {
    fn of(fact: &Fact) -> Option<Self> {
        let Fact::EvidenceAppraised {
            instance_id,
            boot_seed,
            device_nonce,
            ..
        } = fact
        else {
            return None;
        };
        let hex = |what, value: &crate::encoding::Hex| Mark::of(what, &value.0);
        Some(Self {
            instance_id: instance_id.as_ref().map(|id| hex(Shown::InstanceId, id)),
            boot_seed: boot_seed.as_ref().map(|seed| hex(Shown::BootSeed, seed)),
            device_nonce: device_nonce.as_ref().map(Mark::of_nonce),
        })
    }

    fn each(&self) -> impl Iterator<Item = (Shown, Mark)> {
        [
            (Shown::InstanceId, self.instance_id),
            (Shown::BootSeed, self.boot_seed),
            (Shown::DeviceNonce, self.device_nonce),
        ]
        .into_iter()
        .filter_map(|(what, mark)| Some((what, mark?)))
    }
}

/// Keeps what a board shows. An authentic board that is refused has shown it too, but stays what it was.
pub(in crate::ledger) fn apply(views: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let Fact::EvidenceAppraised {
        uid: Some(uid),
        code,
        boot,
        ..
    } = &entry.leaf.fact
    else {
        return Ok(());
    };
    let Some(mut marks) = Marks::of(&entry.leaf.fact) else {
        return Ok(());
    };
    if marks.device_nonce.is_none()
        && let Some(session) = &entry.leaf.session
    {
        let sql = "SELECT device_nonce FROM session WHERE id = ?1";
        let named = views
            .prepare_cached(sql)?
            .query_row([Text(session)], |row| row.get::<_, Option<Mark>>(0))
            .optional()?;
        marks.device_nonce = named.flatten();
    }
    for (_, mark) in marks.each() {
        views
            .prepare_cached("INSERT INTO shown VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute(params![mark, Int(entry.index)])?;
    }
    if *code != VerdictCode::Pass {
        return Ok(());
    }
    views
        .prepare_cached(
            "UPDATE device SET boot = ?2, boot_seed = ?3, device_nonce = ?4 WHERE uid = ?1",
        )?
        .execute(params![
            Text(uid),
            boot.as_ref().map(|boot| boot.as_bytes().as_slice()),
            marks.boot_seed,
            marks.device_nonce,
        ])
        .map(|_| ())
}

/// The board that showed it first.
fn holder(views: &Connection, mark: Mark) -> Result<Option<Uid>, LedgerError> {
    views
        .prepare_cached(
            "SELECT event.uid FROM shown JOIN event ON event.entry = shown.entry WHERE mark = ?1",
        )
        .and_then(|mut find| {
            find.query_row([mark], |row| row.get::<_, Text<Uid>>(0))
                .optional()
        })
        .map(|uid| uid.map(|uid| uid.0))
        .doing("looking up what boards have shown")
}

/// What the log says of what this board shows.
pub(in crate::ledger) fn shown_before(
    views: &Connection,
    uid: &Uid,
    now: &ShownNow,
) -> Result<ShownBefore, LedgerError> {
    let latest = views
        .prepare_cached("SELECT boot, boot_seed, device_nonce FROM device WHERE uid = ?1")
        .and_then(|mut find| {
            find.query_row([Text(uid)], |row| {
                Ok((
                    row.get::<_, Option<Vec<u8>>>(0)?,
                    row.get::<_, Option<Mark>>(1)?,
                    row.get::<_, Option<Mark>>(2)?,
                ))
            })
            .optional()
        })
        .doing("looking up what a board has shown")?;
    let (boot, boot_seed, device_nonce) = latest.unwrap_or_default();
    let seen = |mark: Mark, latest: Option<Mark>| {
        Ok::<_, LedgerError>(match holder(views, mark)? {
            None => Seen::Never,
            Some(holder) if holder != *uid => Seen::Elsewhere(holder),
            Some(_) if latest == Some(mark) => Seen::Latest,
            Some(_) => Seen::Earlier,
        })
    };
    let instance = Mark::of(Shown::InstanceId, &now.instance_id);
    let present = now.boot_seed.as_deref();
    let present = present.map(|present| Mark::of(Shown::BootSeed, present));
    Ok(ShownBefore {
        instance_id: seen(instance, Some(instance))?,
        same_boot: boot_seed.is_some() && boot.as_deref() == Some(now.boot.as_bytes()),
        boot_seed: present.map_or(Ok(Seen::Never), |present| seen(present, boot_seed))?,
        device_nonce: seen(Mark::of_nonce(&now.device_nonce), device_nonce)?,
    })
}

/// Rule 9. Records from before the rule, which lack the nonce, are not under it.
pub(in crate::ledger) fn check(views: &Connection, event: &Event) -> Result<(), LedgerError> {
    let Fact::EvidenceAppraised {
        code: VerdictCode::Pass,
        uid: Some(uid),
        device_nonce: Some(_),
        ..
    } = &event.fact
    else {
        return Ok(());
    };
    for (what, mark) in Marks::of(&event.fact).iter().flat_map(Marks::each) {
        if let Some(holder) = holder(views, mark)?.filter(|holder| holder != uid) {
            let uid = uid.clone();
            return Err(Refusal::ShownByAnother { what, uid, holder }.into());
        }
    }
    Ok(())
}
