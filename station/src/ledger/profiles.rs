//! The profiles that a ledger has adopted: their views, and the rule that versions only grow.

use firmware_proto::{Digest, ProductCode};
use rusqlite::{Connection, OptionalExtension, params};
use thiserror::Error;

use super::column::{Int, Text};
use super::error::{Damage, Doing, LedgerError, Refusal};
use super::event::{Fact, SignedProfileRecord};
use super::invariants::exists;
use super::leaf::Entry;
use super::reader::Reader;
use super::views::run;
use crate::clock::UtcMillis;
use crate::encoding::{Hex, sha256};
use crate::names::BatchId;

/// A profile as it was adopted, once unsigned and once for each signed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileOverview {
    /// SHA-256 of its text.
    pub profile: Hex,
    /// What it is for.
    pub product: ProductCode,
    /// The entry that holds it.
    pub entry: u64,
    /// When it was adopted.
    pub adopted: UtcMillis,
    /// SHA-256 of the signed file; none where nobody has signed it.
    pub signed_file: Option<Hex>,
    /// How many batches were opened with it, signed like this or not.
    pub batches: u64,
}

/// Why a profile is not the one to be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProfileRefusal {
    /// A newer version was in use already.
    #[error(
        "profile {name:?} version {version} is older than version {adopted} or another text of it, and the \
         ledger has adopted that one; use the newest, or let a supervisor say why not with --older-profile \
         and --reason"
    )]
    Older {
        /// The profile's name.
        name: String,
        /// The version that was to be used.
        version: u32,
        /// The newest that is adopted.
        adopted: u32,
    },
    /// A verdict by another profile than the batch was opened with.
    #[error("a verdict in batch {0} names another profile than the batch's")]
    NotOfTheBatch(BatchId),
}

impl Reader {
    /// The adopted profiles, in the order of their adoption.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn profiles(&self) -> Result<Vec<ProfileOverview>, LedgerError> {
        overview(&self.connection)
    }

    /// The signed profile that came in the file of this SHA-256, where the ledger has it.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn signed_profile(&self, file: &Hex) -> Result<Option<SignedProfileRecord>, LedgerError> {
        let Some(index) = entry_of_file(&self.connection, file)? else {
            return Ok(None);
        };
        match self.entry(index)?.leaf.fact {
            Fact::ProfileAdopted { signed, .. } => Ok(signed),
            _ => Ok(None),
        }
    }

    /// The whole text of an adopted profile.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn profile_text(&self, profile: &Digest) -> Result<Option<String>, LedgerError> {
        let entry = self
            .connection
            .prepare_cached("SELECT entry FROM profile WHERE digest = ?1")
            .and_then(|mut find| {
                find.query_row([Text(profile)], |row| row.get::<_, Int>(0))
                    .optional()
            })
            .doing("looking a profile up")?;
        let Some(Int(index)) = entry else {
            return Ok(None);
        };
        match self.entry(index)?.leaf.fact {
            Fact::ProfileAdopted { text, .. } => Ok(Some(text)),
            _ => Err(Damage::Value {
                table: "profile",
                what: "a row that points to another entry".to_owned(),
            }
            .into()),
        }
    }
}

/// The rows of an adopted profile.
pub(in crate::ledger) fn adopt(views: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let Fact::ProfileAdopted {
        profile,
        product,
        signed,
        ..
    } = &entry.leaf.fact
    else {
        return Ok(());
    };
    let at = Int(entry.index);
    run(
        views,
        "INSERT INTO profile VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        params![Text(profile), Text(product), at],
    )?;
    let Some(signed) = signed else { return Ok(()) };
    run(
        views,
        "INSERT INTO signed_profile VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        params![
            Text(Hex::from(sha256(signed.file.as_bytes()))),
            Text(profile),
            Text(product),
            signed.name,
            signed.version,
            at,
        ],
    )
}

/// Whether a batch may be opened with this profile.
///
/// 1. The profile was adopted for that product; a signed one in that very file.
/// 2. No signed profile of the same product and name is newer, and none has the same version with another
///    text, but where a supervisor has said why.
pub(in crate::ledger) fn check_opening(
    views: &Connection,
    batch: &BatchId,
    fact: &Fact,
) -> Result<(), LedgerError> {
    let Fact::BatchOpened {
        profile,
        product,
        signed_profile,
        older_profile,
        ..
    } = fact
    else {
        return Ok(());
    };
    let sql = "SELECT 1 FROM profile WHERE digest = ?1 AND product = ?2";
    if !exists(views, sql, params![Text(profile), Text(product)])? {
        return Err(Refusal::UnknownProfile(batch.clone()).into());
    }
    let Some(file) = signed_profile else {
        return Ok(());
    };
    let find = "SELECT name, version FROM signed_profile
        WHERE file = ?1 AND digest = ?2 AND product = ?3";
    let ours: Option<(String, u32)> = views
        .prepare_cached(find)
        .and_then(|mut find| {
            let row = params![Text(file), Text(profile), Text(product)];
            find.query_row(row, |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
        .doing("looking a signed profile up")?;
    let Some((name, version)) = ours else {
        return Err(Refusal::UnknownProfile(batch.clone()).into());
    };
    let newest = "SELECT max(version) FROM signed_profile WHERE product = ?1 AND name = ?2
        AND (version > ?3 OR (version = ?3 AND digest <> ?4))";
    let newer: Option<u32> = views
        .prepare_cached(newest)
        .and_then(|mut find| {
            let row = params![Text(product), name, version, Text(profile)];
            find.query_row(row, |row| row.get(0))
        })
        .doing("looking for newer profiles")?;
    match (newer, older_profile) {
        (Some(adopted), None) => {
            let older = ProfileRefusal::Older {
                name,
                version,
                adopted,
            };
            Err(Refusal::from(older).into())
        }
        _ => Ok(()),
    }
}

/// Whether a verdict names the profile of its batch; verdicts of old ledgers name none.
pub(in crate::ledger) fn check_verdict(
    views: &Connection,
    batch: &BatchId,
    fact: &Fact,
) -> Result<(), LedgerError> {
    let Fact::VerdictReached {
        profile: Some(profile),
        ..
    } = fact
    else {
        return Ok(());
    };
    let sql = "SELECT 1 FROM batch WHERE id = ?1 AND profile = ?2";
    let same = exists(views, sql, params![Text(batch), Text(profile)])?;
    same.then_some(())
        .ok_or_else(|| Refusal::from(ProfileRefusal::NotOfTheBatch(batch.clone())).into())
}

/// All adopted profiles, in the order of their adoption.
fn overview(views: &Connection) -> Result<Vec<ProfileOverview>, LedgerError> {
    let sql = "SELECT p.digest, p.product, p.entry, e.time_ms, NULL,
            (SELECT count(*) FROM batch b WHERE b.profile = p.digest)
        FROM profile p JOIN event e ON e.entry = p.entry
        WHERE NOT EXISTS (SELECT 1 FROM signed_profile s WHERE s.entry = p.entry)
        UNION ALL
        SELECT s.digest, s.product, s.entry, e.time_ms, s.file,
            (SELECT count(*) FROM batch b WHERE b.profile = s.digest)
        FROM signed_profile s JOIN event e ON e.entry = s.entry
        ORDER BY 3";
    let row = |row: &rusqlite::Row<'_>| {
        Ok(ProfileOverview {
            profile: row.get::<_, Text<_>>(0)?.0,
            product: row.get::<_, Text<_>>(1)?.0,
            entry: row.get::<_, Int>(2)?.0,
            adopted: UtcMillis(row.get::<_, Int>(3)?.0),
            signed_file: row.get::<_, Option<Text<_>>>(4)?.map(|file| file.0),
            batches: row.get::<_, Int>(5)?.0,
        })
    };
    views
        .prepare_cached(sql)
        .and_then(|mut find| find.query_map([], row)?.collect())
        .doing("listing profiles")
}

/// The entry that holds a signed file.
fn entry_of_file(views: &Connection, file: &Hex) -> Result<Option<u64>, LedgerError> {
    views
        .prepare_cached("SELECT entry FROM signed_profile WHERE file = ?1")
        .and_then(|mut find| {
            find.query_row([Text(file)], |row| row.get::<_, Int>(0))
                .optional()
        })
        .map(|found| found.map(|Int(index)| index))
        .doing("looking a signed profile up")
}
