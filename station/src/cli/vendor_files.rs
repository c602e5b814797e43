//! The chip vendor's files beside a profile: the allow-list, which the profile names by its digest, and
//! revocation lists, which prove themselves. Both live in the home's folder `trust`.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::named_file::read_at_most;
use crate::attestation::{AllowList, AllowListReader, MAX_ALLOW_LIST_BYTES, TrustMaterial};
use crate::certificate_path::{MAX_LIST_BYTES, RevocationList};
use crate::clock::UtcMillis;
use crate::profile::{AllowListRule, Profile};
use crate::station_home::{StationHome, make_folder};

/// Most revocation lists in the home.
const MAX_LISTS: usize = 64;

/// How much of an allow-list is read at once.
const PIECE: usize = 256 * 1024;

/// What the profile's boards are judged by, for a line that starts now.
pub(crate) fn load(
    home: &StationHome,
    profile: &Profile,
    now: UtcMillis,
) -> Result<TrustMaterial, Failure> {
    let keys = &profile.attestation.keys;
    let mut material = TrustMaterial::default();
    if let Some(rule) = &keys.allow_list {
        let path = kept_list(home, rule);
        if !path.exists() {
            return Err(Failure::station(
                format_args!("cannot find the allow-list {} of the profile", rule.file),
                format_args!("there is no {}", path.display()),
                format_args!("put the file with that SHA-256 there as {}", path.display()),
            ));
        }
        material.allow_list = Some(read_allow_list(&path, rule)?);
    }
    if keys.require_crl {
        let folder = home.path().join("trust");
        material.revocation_lists = revocation_lists(&folder)?;
        material.check_lists(keys, now).map_err(|error| {
            Failure::station(
                "cannot judge whether attestation keys are revoked",
                error,
                format_args!(
                    "get the authority's current list, put it into {} as NAME.crl, start again",
                    folder.display()
                ),
            )
        })?;
    }
    Ok(material)
}

/// Takes the profile's allow-list from beside the profile into the home, where every start of the line finds it.
/// A list that is of no use is refused now, not at the first board.
pub(crate) fn keep_allow_list(
    home: &StationHome,
    profile: &Profile,
    profile_file: &Path,
) -> Result<(), Failure> {
    let Some(rule) = &profile.attestation.keys.allow_list else {
        return Ok(());
    };
    let kept = kept_list(home, rule);
    if kept.exists() {
        return read_allow_list(&kept, rule).map(drop);
    }
    let beside = profile_file.with_file_name(&rule.file);
    read_allow_list(&beside, rule)?;
    make_folder(&home.path().join("trust"))?;
    let unfinished = kept.with_extension("unfinished");
    fs::copy(&beside, &unfinished)
        .and_then(|_| fs::rename(&unfinished, &kept))
        .map_err(|error| {
            Failure::station(
                format_args!("cannot copy {} to {}", beside.display(), kept.display()),
                error,
                "see whether the home's disk is full",
            )
        })
}

fn kept_list(home: &StationHome, rule: &AllowListRule) -> PathBuf {
    let name = format!("{}.csv", rule.sha256);
    home.path().join("trust").join(name)
}

/// Reads the allow-list that the profile means.
pub(crate) fn read_allow_list(path: &Path, rule: &AllowListRule) -> Result<AllowList, Failure> {
    let what = format!("cannot use the allow-list {}", path.display());
    let unreadable = |error: io::Error| {
        Failure::usage(&what, error, "name a file that is there and can be read")
    };
    let list = read_pieces(path).map_err(unreadable)?.map_err(|fault| {
        Failure::usage(
            &what,
            fault,
            "ask the vendor for the file as it was signed off",
        )
    })?;
    if *list.digest() == rule.sha256 {
        return Ok(list);
    }
    let why = format!(
        "its SHA-256 is {}, the profile says {}",
        list.digest(),
        rule.sha256
    );
    Err(Failure::usage(
        what,
        why,
        "use the file that the profile was made for, or a profile for this file",
    ))
}

fn read_pieces(path: &Path) -> io::Result<Result<AllowList, crate::attestation::AllowListFault>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > MAX_ALLOW_LIST_BYTES {
        return Err(io::Error::other(format!(
            "{length} bytes, where {MAX_ALLOW_LIST_BYTES} are possible"
        )));
    }
    let mut reader = AllowListReader::new(length);
    // What has no length, such as a pipe, has no more than a file either.
    let mut file = file.take(MAX_ALLOW_LIST_BYTES);
    let mut piece = vec![0; PIECE];
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            return Ok(reader.finish());
        }
        if let Err(fault) = reader.feed(piece.get(..count).unwrap_or_default()) {
            return Ok(Err(fault));
        }
    }
}

/// The revocation lists of a folder: every file that ends with `.crl`, in the order of their names.
fn revocation_lists(folder: &Path) -> Result<Vec<RevocationList>, Failure> {
    let listing = |error: io::Error| {
        Failure::station(
            format_args!("cannot read the folder {}", folder.display()),
            error,
            "make it, and put the vendor's revocation lists into it",
        )
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(listing)? {
        let path = entry.map_err(listing)?.path();
        if path.extension().is_some_and(|end| end == "crl") {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.len() > MAX_LISTS {
        return Err(Failure::station(
            format_args!("cannot use {}", folder.display()),
            format_args!(
                "it has {} revocation lists, at most {MAX_LISTS}",
                paths.len()
            ),
            "remove old ones",
        ));
    }
    paths
        .iter()
        .map(|path| read_revocation_list(path))
        .collect()
}

/// Reads one revocation list, in DER or PEM.
pub(crate) fn read_revocation_list(path: &Path) -> Result<RevocationList, Failure> {
    let what = format!("cannot use the revocation list {}", path.display());
    let to_do = "get it from the vendor again";
    let bytes =
        read_at_most(path, MAX_LIST_BYTES).map_err(|error| Failure::usage(&what, error, to_do))?;
    RevocationList::from_bytes(&bytes).map_err(|error| Failure::usage(&what, error, to_do))
}
