//! How many boards of a batch failed, as its manifest counts them: each board once, by the verdict that
//! [counts](crate::verdict::counting).
//!
//! A line makes many good boards and few others: only of those that anything speaks against are all sessions read.

use rusqlite::Connection;

use super::column::{Int, Text};
use super::error::{Doing, LedgerError};
use crate::names::BatchId;
use crate::verdict::counting::{Heard, Issued, counted};
use crate::verdict::{Outcome, VerdictCode};

/// The codes that the condition holds for, as SQL lists them.
fn codes(wanted: impl Fn(VerdictCode) -> bool) -> String {
    let codes = VerdictCode::ALL.iter().filter(|code| wanted(**code));
    let quoted: Vec<_> = codes.map(|code| format!("'{code}'")).collect();
    quoted.join(", ")
}

/// Asks for the sessions with a verdict of those boards of a batch that a failure or a revocation speaks against.
///
/// A board is the one whose UID was proven in the session, else the one that was claimed. Where the verdict itself
/// names the proven UID, nothing else is looked up.
pub(in crate::ledger) fn sessions_sql() -> String {
    let session = "FROM event e JOIN session s ON s.id = e.session WHERE e.entry = v.entry";
    let unproven = codes(|code| !code.proves_uid());
    let judged = format!(
        "SELECT v.entry AS entry, v.code AS code, ifnull(
            CASE WHEN v.code NOT IN ({unproven}) THEN v.uid END,
            ifnull((SELECT ifnull(s.proven, s.claimed_uid) {session}), v.claimed_uid)) AS board,
            ifnull(v.uid IS NOT NULL AND v.code NOT IN ({unproven}), 0)
                OR ifnull((SELECT s.proven IS NOT NULL {session}), 0) AS proven,
            v.batch AS batch
         FROM verdict v WHERE v.batch = ?1"
    );
    let failing = codes(|code| code.outcome() == Outcome::Fail);
    format!(
        "WITH judged AS NOT MATERIALIZED ({judged})
         SELECT board, ifnull((SELECT s.opened {session}), v.entry) AS first, code, proven
         FROM judged v WHERE board IN (
            SELECT board FROM judged WHERE code IN ({failing})
            UNION ALL SELECT uid FROM certificate WHERE batch = ?1 AND revoked IS NOT NULL)
         ORDER BY board, first"
    )
}

/// Counts them.
pub(in crate::ledger) fn count(views: &Connection, batch: &BatchId) -> Result<u64, LedgerError> {
    let doing = "counting the boards that failed";
    let mut find = views.prepare_cached(&sessions_sql()).doing(doing)?;
    let mut rows = find.query([Text(batch)]).doing(doing)?;
    let (mut failed, mut board, mut sessions) = (0, String::new(), Vec::new());
    while let Some(row) = rows.next().doing(doing)? {
        let next: String = row.get(0).doing(doing)?;
        if next != board {
            failed += u64::from(has_failed(views, batch, &board, &sessions)?);
            (board, sessions) = (next, Vec::new());
        }
        let (first, code) = (row.get(1).doing(doing)?, row.get(2).doing(doing)?);
        let (Int(first), Text(code)): (Int, Text<VerdictCode>) = (first, code);
        sessions.push(Heard {
            first: Some(first),
            code: Some(code),
            uid_proven: row.get(3).doing(doing)?,
        });
    }
    Ok(failed + u64::from(has_failed(views, batch, &board, &sessions)?))
}

fn has_failed(
    views: &Connection,
    batch: &BatchId,
    board: &str,
    sessions: &[Heard],
) -> Result<bool, LedgerError> {
    let sql = "SELECT provisioned IS NOT NULL, revoked FROM certificate
        WHERE uid = ?1 AND batch = ?2 ORDER BY issued";
    let issued = |row: &rusqlite::Row<'_>| {
        let revoked_at: Option<Int> = row.get(1)?;
        Ok(Issued {
            provisioned: row.get(0)?,
            live: revoked_at.is_none(),
            revoked_at: revoked_at.map(|at| at.0),
        })
    };
    let certificates: Vec<_> = views
        .prepare_cached(sql)
        .and_then(|mut find| find.query_map((board, Text(batch)), issued)?.collect())
        .doing("reading a board's certificates")?;
    let code = counted(sessions, &certificates).and_then(|(_, code)| code);
    Ok(code.is_some_and(|code| code.outcome() == Outcome::Fail))
}
