//! The profile that a batch was opened with, as the ledger keeps it, and whether it may still be used.

use crate::cli::context::OwnedStation;
use crate::cli::failure::Failure;
use crate::encoding::Hex;
use crate::ledger::Reader;
use crate::ledger::event::Fact;
use crate::ledger::reader::BatchOverview;
use crate::profile::signed_profile::{AdmittedProfile, admit};

/// Reads it, and verifies its signature again: the ledger is a file, and keys are pinned elsewhere.
pub(super) fn read(
    reader: &Reader,
    batch: &BatchOverview,
    owned: &OwnedStation,
) -> Result<AdmittedProfile, Failure> {
    let unreadable = |why: &dyn std::fmt::Display| {
        let what = format!("cannot read the profile of batch {}", batch.batch);
        Failure::station(what, why, "run station ledger verify")
    };
    let lacks = || unreadable(&"the ledger does not have it");
    let Fact::BatchOpened { signed_profile, .. } = reader.entry(batch.opened_at)?.leaf.fact else {
        return Err(unreadable(&"its opening is another entry"));
    };
    let file = if let Some(file) = signed_profile {
        reader.signed_profile(&file)?.ok_or_else(lacks)?.file
    } else {
        let digest = batch.profile.digest();
        let digest = digest.ok_or_else(|| unreadable(&"its digest is no SHA-256"))?;
        reader.profile_text(&digest)?.ok_or_else(lacks)?
    };
    let name = format!("the profile of batch {}", batch.batch);
    let development = owned.home.config().development;
    let admitted = admit(&name, &file, &owned.pki.owner, development);
    let admitted = admitted.map_err(|refused| {
        let what = format!("cannot work on batch {}", batch.batch);
        let advice = "close it, and open another with a profile that is signed";
        Failure::usage(what, &refused, advice)
    })?;
    if Hex::from(admitted.profile.digest) != batch.profile {
        return Err(unreadable(&"the signed profile is another one"));
    }
    Ok(admitted)
}
