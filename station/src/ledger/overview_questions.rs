//! The longer questions about batches and boards, put together so that each part is looked up.

use super::overview::DeviceFilter;

/// Asks for all batches, or for one.
pub(in crate::ledger) fn batches_sql(one: bool) -> String {
    let live = "SELECT count(*) FROM certificate
        WHERE certificate.batch = b.id AND revoked IS NULL AND provisioned";
    let which = if one { "id = ?1" } else { "?1 IS NULL" };
    format!(
        "SELECT id, profile, product, work_order, quantity, taken, next_seq, head,
            opened, o.time_ms, closed, c.time_ms,
            ({live} IS NOT NULL),
            ({live} IS NULL AND committed IS NOT NULL)
         FROM batch b JOIN event o ON o.entry = b.opened LEFT JOIN event c ON c.entry = b.closed
         WHERE {which} ORDER BY opened"
    )
}

/// Asks for boards. Each part of the filter that is there is looked up, so that a board is found among millions.
pub(in crate::ledger) fn devices_sql(filter: &DeviceFilter) -> String {
    let boards = match filter.batch {
        Some(_) => "verdict v JOIN device d ON d.uid = v.uid AND d.verdict = v.entry",
        None => "device d LEFT JOIN verdict v ON v.entry = d.verdict",
    };
    let serial = "d.uid = (SELECT uid FROM device_serial WHERE serial = ?2) AND last_serial = ?2";
    let condition = |there: bool, condition, absent| if there { condition } else { absent };
    let conditions = [
        condition(filter.uid.is_some(), "d.uid = ?1", "?1 IS NULL"),
        condition(filter.device_serial.is_some(), serial, "?2 IS NULL"),
        condition(filter.batch.is_some(), "v.batch = ?3", "?3 IS NULL"),
        condition(filter.code.is_some(), "v.code = ?4", "?4 IS NULL"),
    ];
    format!(
        "SELECT d.uid,
            (SELECT serial FROM device_serial s WHERE s.uid = d.uid
                ORDER BY s.entry DESC LIMIT 1) AS last_serial,
            v.code, v.batch, v.lane, e.time_ms, v.entry,
            c.serial, c.provisioned IS NOT NULL, c.committed IS NOT NULL, d.withdrawn,
            d.quarantined
         FROM {boards} LEFT JOIN event e ON e.entry = d.verdict
            LEFT JOIN certificate c ON c.uid = d.uid AND c.revoked IS NULL
         WHERE {} ORDER BY d.uid",
        conditions.join(" AND ")
    )
}
