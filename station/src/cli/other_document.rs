//! What a file is that was given as a signed manifest and is none: people receive several files of one batch.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use crate::manifest::dsse::BEGINNING;

/// Bytes that are looked at.
const LOOKED_AT: usize = 512;

/// Tells by its first bytes what it is; none where it begins as a manifest, or as nothing that is known.
pub(super) fn told_by_its_beginning(file: &File) -> Option<&'static str> {
    let mut beginning = [0; LOOKED_AT];
    let read = file.read_at(&mut beginning, 0).ok()?;
    kind_of(beginning.get(..read)?)
}

fn kind_of(beginning: &[u8]) -> Option<&'static str> {
    if beginning.starts_with(BEGINNING) {
        return None;
    }
    let text = String::from_utf8_lossy(beginning).to_ascii_lowercase();
    match beginning {
        [] => Some("the file is empty"),
        [0x1f, 0x8b, ..] => Some("this is compressed: gunzip it first"),
        [b'P', b'K', 3, 4, ..] => Some("this is a ZIP archive: unpack it first"),
        _ if text.contains("\"bomformat\"") => {
            Some("this is the CycloneDX document, which is not signed")
        }
        _ if text.starts_with("<!doctype html") => {
            Some("this is the HTML report, which is not signed")
        }
        _ if text.starts_with("serial,uid,") => Some("this is the CSV table, which is not signed"),
        _ if text.starts_with("-----begin ") => Some("this is a PEM file"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_no_other_document_whatever_it_holds() {
        let manifest = [BEGINNING, b"\"bomFormat\""].concat();
        assert_eq!(kind_of(&manifest), None);
        assert_eq!(kind_of(b"{}"), None);
        assert_eq!(kind_of(b""), Some("the file is empty"));
    }
}
