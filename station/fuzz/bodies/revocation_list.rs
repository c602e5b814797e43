//! Revocation lists of a chip vendor: whatever is read names an issuer, and is believed under no other
//! certificate than that issuer's.

use station::certificate_path::{
    ParsedCertificate, RevocationError, RevocationList, check_revocation,
};
use station::clock::UtcMillis;

const ROOT: &str = include_str!("../../../fixtures/trust/simulated-vendor-root.pem");

/// Holds the reader to the above with these bytes.
pub fn check(bytes: &[u8]) {
    if let Ok(list) = RevocationList::from_bytes(bytes) {
        let root = ParsedCertificate::from_pem(ROOT).expect("a certificate");
        let path = [&root, &root];
        let judged = check_revocation(&path, &[list], UtcMillis(1_795_336_200_250));
        assert!(matches!(judged, Err(RevocationError::Missing { .. })));
    }
}
