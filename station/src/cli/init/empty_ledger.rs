//! The ledger's published key, and the ledger with its first entry.
//!
//! The ledger is made under another name and renamed when it is whole and closed, so that one which was cut
//! short by a kill is never taken for the station's.

use std::fs::{File, Permissions, remove_file, rename, set_permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::context::{Context, ledger_key};
use crate::cli::failure::Failure;
use crate::hsm::SignerPool;
use crate::identity::signer::{KeyRole, Signer as _};
use crate::ledger::checkpoint::{VerifierKey, origin};
use crate::ledger::{LedgerHandle, NewLedger};
use crate::station_home::{Config, HomePaths, read_bounded, write_new};

/// Makes both where they are not there yet.
pub(super) fn make(
    paths: &HomePaths,
    config: &Config,
    signer: &SignerPool,
    context: &Context,
) -> Result<(), Failure> {
    let vkey = paths.ledger_vkey();
    let key = signer.public_key(KeyRole::Ledger)?;
    let key = VerifierKey::new(&origin(&config.name), key).map_err(|error| {
        Failure::station(
            "cannot publish the ledger's key",
            error,
            "see station init --help",
        )
    })?;
    if !vkey.exists() {
        write_new(&vkey, format!("{key}\n").as_bytes())?;
    }
    let published = String::from_utf8_lossy(&read_bounded(&vkey)?).into_owned();
    signer.prove(
        KeyRole::Ledger,
        &ledger_key(&vkey, published.trim_end(), &config.name)?,
    )?;
    let ledger = paths.ledger();
    if ledger.exists() {
        return Ok(());
    }
    if let Some(mirror) = &config.ledger.checkpoint_mirror {
        begin_mirror(mirror)?;
    }
    let unfinished = beside(&ledger, ".unfinished");
    remove_leftovers(&unfinished).map_err(|error| failed(&unfinished, error))?;
    let new = NewLedger {
        station: config.name.clone(),
        development: config.development,
        time: context.now(),
    };
    // No mirror yet: it would keep the checkpoint of a ledger that was cut short.
    let handle = LedgerHandle::create(&unfinished, new, Arc::new(signer.clone()), None)?;
    // Waits for the writer, after which everything is in the one file.
    drop(handle);
    put_in_place(&unfinished, &ledger).map_err(|error| failed(&ledger, error))?;
    context
        .output
        .progress(&format!("made the ledger {}", ledger.display()));
    Ok(())
}

/// An empty file, which the first opening of the ledger fills. One that holds something belongs to another ledger.
fn begin_mirror(path: &Path) -> Result<(), Failure> {
    let failed = format!("cannot begin the mirror {}", path.display());
    let file = File::options().append(true).create(true).open(path);
    let length = file
        .and_then(|file| file.sync_all().and(file.metadata()))
        .map(|found| found.len());
    match length {
        Ok(0) => Ok(()),
        Ok(_) => Err(Failure::usage(
            failed,
            "the file holds something: another ledger's checkpoint, perhaps",
            "name another file with --checkpoint-mirror",
        )),
        Err(error) => Err(Failure::station(
            failed,
            error,
            "make its folder, or mount its disk, then give the same station init again",
        )),
    }
}

fn put_in_place(unfinished: &Path, ledger: &Path) -> io::Result<()> {
    if beside(unfinished, "-wal").exists() {
        return Err(io::Error::other("the new ledger was not closed"));
    }
    set_permissions(unfinished, Permissions::from_mode(0o600))?;
    rename(unfinished, ledger)?;
    remove_leftovers(unfinished)?;
    File::open(ledger.parent().unwrap_or(Path::new(".")))?.sync_all()
}

fn remove_leftovers(unfinished: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm", "-journal", "-writer"] {
        match remove_file(beside(unfinished, suffix)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn failed(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::station(
        format_args!("cannot make {}", path.display()),
        error,
        "see whether the disk is there and not full, then give the same station init again",
    )
}
