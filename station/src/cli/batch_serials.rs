//! The list of device serials that was given for a batch. It is kept in the home, since the ledger takes
//! it from whoever opens it: every start of the line hands it over again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::named_file::read_text;
use crate::names::{BatchId, DeviceSerial};
use crate::station_home::{StationHome, make_folder, read_bounded, write_new};

/// The serials that were given for a batch, for the ledger's `use_serials` whenever a line is started.
pub(crate) fn of_batch(
    home: &StationHome,
    batch: &BatchId,
) -> Result<Option<Vec<DeviceSerial>>, Failure> {
    let path = serials_path(home, batch);
    if !path.exists() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&read_bounded(&path)?).into_owned();
    parse_serials(&path, &text).map(Some)
}

fn serials_path(home: &StationHome, batch: &BatchId) -> PathBuf {
    home.path().join("serials").join(format!("{batch}.txt"))
}

/// Keeps the list in the home, so that every later start of the line finds it. Gives the file made.
pub(super) fn keep(
    home: &StationHome,
    batch: &BatchId,
    file: Option<&Path>,
    quantity: u32,
) -> Result<Option<PathBuf>, Failure> {
    let Some(file) = file else {
        return Ok(None);
    };
    let text = read_text(file)?;
    let serials = parse_serials(file, &text)?;
    if (serials.len() as u64) < u64::from(quantity) {
        let why = format!(
            "it has {} serials, the batch takes {quantity}",
            serials.len()
        );
        let what = format!("cannot use {}", file.display());
        return Err(Failure::usage(
            what,
            why,
            "add serials, or open a smaller batch",
        ));
    }
    let path = serials_path(home, batch);
    make_folder(path.parent().unwrap_or(home.path()))?;
    write_new(&path, text.as_bytes())?;
    Ok(Some(path))
}

fn parse_serials(file: &Path, text: &str) -> Result<Vec<DeviceSerial>, Failure> {
    let mut seen = BTreeSet::new();
    let mut serials = Vec::new();
    for (number, line) in (1_usize..).zip(text.lines()) {
        let at = || format!("{}:{number} is no serial for this batch", file.display());
        let serial = DeviceSerial::parse(line.trim())
            .map_err(|error| Failure::usage(at(), error, "write one serial a line"))?;
        if !seen.insert(serial.clone()) {
            return Err(Failure::usage(
                at(),
                "it stands there twice",
                "remove one of them",
            ));
        }
        serials.push(serial);
    }
    Ok(serials)
}
