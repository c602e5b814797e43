//! A certificate in a file that a person names; and what they are told where the file is something else.

use std::path::Path;

use super::failure::Failure;
use super::named_file::{self, MAX_TEXT_BYTES};
use crate::certificate_path::ParsedCertificate;

/// What is in front of every certificate in PEM.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// Reads one in PEM. `is_none` says what was wanted of the file, `to_do` what to give instead.
pub(super) fn read(path: &Path, is_none: &str, to_do: &str) -> Result<ParsedCertificate, Failure> {
    let bytes = named_file::read(path, MAX_TEXT_BYTES)
        .map_err(|failure| Failure::usage(failure.what(), failure.why(), to_do))?;
    if is_der(&bytes) {
        return Err(Failure::usage(is_none, "it looks like DER", to_pem(path)));
    }
    let pem = String::from_utf8_lossy(&bytes);
    if !pem.contains(BEGIN) {
        return Err(Failure::usage(
            is_none,
            "there is no BEGIN CERTIFICATE in it",
            to_do,
        ));
    }
    ParsedCertificate::from_pem(&pem).map_err(|error| Failure::usage(is_none, error, to_do))
}

/// A sequence whose length is in bytes of its own; no text has such a second byte.
fn is_der(bytes: &[u8]) -> bool {
    matches!(bytes, [0x30, 0x81 | 0x82, ..])
}

fn to_pem(path: &Path) -> String {
    let mut pem = path.with_extension("pem");
    if pem == path {
        pem = path.with_extension("text.pem");
    }
    let (der, pem) = (path.display(), pem.display());
    format!("openssl x509 -inform DER -in {der} -out {pem}; then give {pem}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_in_der_is_never_written_over() {
        let told = to_pem(Path::new("a/root.pem"));
        assert!(
            told.contains("-in a/root.pem -out a/root.text.pem;"),
            "{told}"
        );
        assert!(to_pem(Path::new("root.der")).ends_with("then give root.pem"));
    }

    #[test]
    fn a_table_that_begins_with_a_zero_is_no_der() {
        assert!(!is_der(b"0,1,2"));
        assert!(is_der(&[0x30, 0x82, 0x01]));
    }
}
