//! Allow-lists of a chip vendor: as they come, and behind the first line that is right. Read in one piece and in
//! many, they mean the same.

use station::attestation::{AllowList, AllowListFault, AllowListReader, HEADER};

fn read(bytes: &[u8], piece: usize) -> Result<AllowList, AllowListFault> {
    let mut reader = AllowListReader::new(bytes.len() as u64);
    for piece in bytes.chunks(piece) {
        reader.feed(piece)?;
    }
    reader.finish()
}

/// Holds the reader to the above with these bytes.
pub fn check(bytes: &[u8]) {
    let behind = [HEADER.as_bytes(), b"\n", bytes].concat();
    for bytes in [bytes, behind.as_slice()] {
        match (read(bytes, usize::MAX), read(bytes, 7)) {
            (Ok(whole), Ok(parts)) => assert_eq!(whole.digest(), parts.digest()),
            (Err(whole), Err(parts)) => assert_eq!(whole.line, parts.line),
            (whole, parts) => panic!("{whole:?} {parts:?}"),
        }
    }
}
