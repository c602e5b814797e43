//! The database's tables, as an ordered list of migrations over `user_version`. A migration is never
//! edited once it was released; a change is a further one.
//!
//! `entry`, `node` and `checkpoint` are the log. Everything else is a view: made from the entries by
//! [`views::apply`](super::views), thrown away and made again at any time. Views name entries by index
//! and never repeat what a leaf says at length, so that certificates and tokens are kept once.

use rusqlite::{Connection, TransactionBehavior};

use super::error::{Damage, Doing, LedgerError};

/// "stLG", in the file's header: tells a ledger from any other database.
pub(in crate::ledger) const APPLICATION_ID: u32 = 0x7374_4c47;

/// The views, in an order in which they can be compared one by one, each with its key.
pub(in crate::ledger) const VIEWS: &[(&str, &str)] = &[
    ("event", "entry"),
    ("profile", "digest"),
    ("signed_profile", "file"),
    ("batch", "id"),
    ("device", "uid"),
    ("device_serial", "serial"),
    ("device_key", "key"),
    ("intent", "certificate_serial"),
    ("certificate", "serial"),
    ("session", "id"),
    ("verdict", "entry"),
    ("hold", "lane"),
    ("shown", "mark"),
    ("batch_hold", "batch"),
];

const MIGRATIONS: &[&str] = &[
    LOG_AND_VIEWS,
    REPEATS_AND_BATCH_HOLDS,
    SIGNED_PROFILES,
    OPERATORS,
    QUARANTINE,
    LABELS,
    ALARMS,
    PROVEN_SESSIONS,
    CLAIMS_OF_VERDICTS,
    UNPROVEN_CLAIMS,
];

/// Version 1: the log and the first views.
const LOG_AND_VIEWS: &str = "
-- The log: one row an event, its bytes as they were made, and their RFC 6962 leaf hash.
CREATE TABLE entry (
    idx INTEGER PRIMARY KEY,
    leaf BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;

-- Roots of complete subtrees above the leaves, so that root and proofs need few reads.
CREATE TABLE node (
    level INTEGER NOT NULL,
    position INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;

-- Every checkpoint that was signed, as its note: what the log promised, and when.
CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL
) STRICT;

-- Finds entries by batch, session and board. No batch, session or UID: the station's own events.
CREATE TABLE event (
    entry INTEGER PRIMARY KEY REFERENCES entry (idx),
    kind TEXT NOT NULL,
    time_ms INTEGER NOT NULL,
    batch TEXT,
    batch_seq INTEGER,
    session TEXT,
    uid TEXT
) STRICT;
CREATE UNIQUE INDEX event_by_batch ON event (batch, batch_seq) WHERE batch IS NOT NULL;
CREATE INDEX event_by_session ON event (session, entry) WHERE session IS NOT NULL;
CREATE INDEX event_by_uid ON event (uid, entry) WHERE uid IS NOT NULL;

-- The adopted profiles; the text is in the entry.
CREATE TABLE profile (
    digest TEXT PRIMARY KEY,
    product TEXT NOT NULL,
    entry INTEGER NOT NULL REFERENCES entry (idx)
) STRICT;

-- Batches: what they may make, how much of it is taken, and where their chain of events stands.
CREATE TABLE batch (
    id TEXT PRIMARY KEY,
    profile TEXT NOT NULL REFERENCES profile (digest),
    product TEXT NOT NULL,
    work_order TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    taken INTEGER NOT NULL,
    next_seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    opened INTEGER NOT NULL REFERENCES entry (idx),
    closed INTEGER REFERENCES entry (idx)
) STRICT;

-- Boards whose UID was proven. No instance ID: never trusted. No verdict: never finished.
CREATE TABLE device (
    uid TEXT PRIMARY KEY,
    instance_id TEXT,
    withdrawn INTEGER NOT NULL,
    verdict INTEGER REFERENCES entry (idx)
) STRICT;

-- Device serials, each for one board for ever.
CREATE TABLE device_serial (
    serial TEXT PRIMARY KEY,
    uid TEXT NOT NULL,
    entry INTEGER NOT NULL REFERENCES entry (idx)
) STRICT;
CREATE INDEX device_serial_by_uid ON device_serial (uid, entry);

-- Identity keys, each of the board that showed it first.
CREATE TABLE device_key (
    key TEXT PRIMARY KEY,
    uid TEXT NOT NULL,
    entry INTEGER NOT NULL REFERENCES entry (idx)
) STRICT;

-- Certificates about to be signed, and what became of the intent. At most one is open for a board.
CREATE TABLE intent (
    certificate_serial TEXT PRIMARY KEY,
    uid TEXT NOT NULL,
    batch TEXT NOT NULL REFERENCES batch (id),
    device_serial TEXT NOT NULL,
    key TEXT NOT NULL,
    entry INTEGER NOT NULL REFERENCES entry (idx),
    state TEXT NOT NULL CHECK (state IN ('open', 'issued', 'voided'))
) STRICT;
CREATE UNIQUE INDEX one_open_intent ON intent (uid) WHERE state = 'open';
CREATE INDEX open_intent_by_batch ON intent (batch) WHERE state = 'open';

-- Certificates and the last entry of each step; NULL: not yet. At most one is live for a board.
CREATE TABLE certificate (
    serial TEXT PRIMARY KEY REFERENCES intent (certificate_serial),
    uid TEXT NOT NULL,
    batch TEXT NOT NULL REFERENCES batch (id),
    device_serial TEXT NOT NULL,
    key TEXT NOT NULL,
    issued INTEGER NOT NULL REFERENCES entry (idx),
    granted INTEGER REFERENCES entry (idx),
    proven INTEGER REFERENCES entry (idx),
    committed INTEGER REFERENCES entry (idx),
    provisioned INTEGER REFERENCES entry (idx),
    revoked INTEGER REFERENCES entry (idx)
) STRICT;
CREATE UNIQUE INDEX one_live_certificate ON certificate (uid) WHERE revoked IS NULL;
CREATE INDEX unfinished_certificate ON certificate (batch)
    WHERE revoked IS NULL AND provisioned IS NULL;
CREATE INDEX certificate_by_batch ON certificate (batch, issued);
CREATE INDEX certificate_by_uid ON certificate (uid, issued);

-- Sessions and how they ended. No verdict: the station stopped before it.
CREATE TABLE session (
    id TEXT PRIMARY KEY,
    batch TEXT NOT NULL REFERENCES batch (id),
    lane TEXT NOT NULL,
    claimed_uid TEXT NOT NULL,
    opened INTEGER NOT NULL REFERENCES entry (idx),
    verdict INTEGER REFERENCES entry (idx)
) STRICT;

-- Verdicts; the last one of a UID is the one that counts.
CREATE TABLE verdict (
    entry INTEGER PRIMARY KEY REFERENCES entry (idx),
    batch TEXT NOT NULL REFERENCES batch (id),
    lane TEXT NOT NULL,
    uid TEXT,
    code TEXT NOT NULL
) STRICT;
CREATE INDEX verdict_by_batch ON verdict (batch, entry);

-- Lanes that are held.
CREATE TABLE hold (
    lane TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    entry INTEGER NOT NULL REFERENCES entry (idx)
) STRICT;
";

/// Version 2: what boards show that no other board may show, and batches that are held.
const REPEATS_AND_BATCH_HOLDS: &str = "
-- Instance IDs, boot seeds and device nonces of authentic boards, each with the first entry that has it,
-- which names the board. Looked up for every board and almost never found: a short digest is the key, and
-- the row is no longer than it must be.
CREATE TABLE shown (
    mark BLOB PRIMARY KEY,
    entry INTEGER NOT NULL REFERENCES entry (idx)
) STRICT, WITHOUT ROWID;

-- What a board showed last, in the row that its verdict changes too. NULL: never, or not recorded.
ALTER TABLE device ADD COLUMN boot BLOB;
ALTER TABLE device ADD COLUMN boot_seed BLOB;
ALTER TABLE device ADD COLUMN device_nonce BLOB;

-- What the board named when its session was opened; evidence in old records has only this.
ALTER TABLE session ADD COLUMN device_nonce BLOB;

-- Batches of which no board is begun.
CREATE TABLE batch_hold (
    batch TEXT PRIMARY KEY REFERENCES batch (id),
    code TEXT NOT NULL,
    entry INTEGER NOT NULL REFERENCES entry (idx)
) STRICT;
";

/// Version 3: no ledger before it has a signed profile.
const SIGNED_PROFILES: &str = "
-- The signed files in which profiles came, by their SHA-256; the file is in the entry.
CREATE TABLE signed_profile (
    file TEXT PRIMARY KEY,
    digest TEXT NOT NULL REFERENCES profile (digest),
    product TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    entry INTEGER NOT NULL REFERENCES entry (idx)
) STRICT;
CREATE INDEX signed_profile_by_name ON signed_profile (product, name, version);
";

/// Version 4: who is enrolled is asked for at every command, of a log that may have millions of entries.
const OPERATORS: &str = "
-- The few events that say who works here.
CREATE INDEX event_about_operators ON event (entry)
    WHERE kind IN ('operator-enrolled', 'operator-disabled', 'operator-enabled');
";

/// Version 5: no ledger before it has a quarantined board.
const QUARANTINE: &str = "
-- The entry that set the board aside. NULL: it is not.
ALTER TABLE device ADD COLUMN quarantined INTEGER REFERENCES entry (idx);
";

/// Version 6: which labels are owed.
const LABELS: &str = "
-- One event a board mostly.
CREATE INDEX event_about_labels ON event (entry)
    WHERE kind IN ('label-printed', 'label-failed');
";

/// Version 7: which alarms somebody has looked at.
const ALARMS: &str = "
CREATE INDEX event_about_alarms ON event (entry) WHERE kind = 'alarm-acknowledged';
";

/// Version 8: whose a session was found to be.
const PROVEN_SESSIONS: &str = "
ALTER TABLE session ADD COLUMN proven TEXT;
";

/// Version 9: whom a board claimed to be that was refused before its session was opened.
const CLAIMS_OF_VERDICTS: &str = "
ALTER TABLE verdict ADD COLUMN claimed_uid TEXT;
";

/// Version 10: verdicts on boards that never proved whom they claimed to be are looked up by that claim.
const UNPROVEN_CLAIMS: &str = "
-- Few: almost every board proves its UID.
CREATE INDEX verdict_by_claim ON verdict (claimed_uid, entry)
    WHERE uid IS NULL AND claimed_uid IS NOT NULL;
";

/// The newest version that this program knows.
pub(in crate::ledger) fn version() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// Refuses what is no ledger or a newer one. A file without tables is neither.
pub(in crate::ledger) fn check(connection: &Connection) -> Result<u32, LedgerError> {
    let doing = "reading the schema's version";
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let found = u32::try_from(pragma("user_version").doing(doing)?);
    let found = found.map_err(|_| Damage::NotALedger)?;
    let id = pragma("application_id").doing(doing)?;
    let empty = found == 0 && id == 0;
    if !empty && id != i64::from(APPLICATION_ID) {
        return Err(Damage::NotALedger.into());
    }
    let known = version();
    if found > known {
        return Err(LedgerError::Newer { got: found, known });
    }
    Ok(found)
}

/// Empties every view, those first that others point to last.
pub(in crate::ledger) fn empty_views(connection: &Connection) -> Result<(), LedgerError> {
    for (table, _) in VIEWS.iter().rev() {
        connection
            .execute_batch(&format!("DELETE FROM {table}"))
            .doing("emptying the views")?;
    }
    Ok(())
}

/// Brings the database to the newest version, in one exclusive transaction. `refill` makes the views of an
/// older ledger again from its log, since new tables and columns are empty.
pub(in crate::ledger) fn migrate(
    connection: &mut Connection,
    refill: impl FnOnce(&Connection) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let doing = "bringing the schema up to date";
    if check(connection)? == version() {
        return Ok(());
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Exclusive)
        .doing(doing)?;
    // Another process may have done it while this one waited for the lock.
    let found = check(&transaction)? as usize;
    for migration in MIGRATIONS.iter().skip(found) {
        transaction.execute_batch(migration).doing(doing)?;
    }
    if found > 0 {
        refill(&transaction)?;
    }
    transaction
        .pragma_update(None, "application_id", APPLICATION_ID)
        .doing(doing)?;
    transaction
        .pragma_update(None, "user_version", version())
        .doing(doing)?;
    transaction.commit().doing(doing)
}
