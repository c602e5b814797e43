//! Manifests from anywhere: never a panic, and nothing verifies under a root that signed none.

use station::manifest::offline_verifier::verify;

/// The root of the sample manifest.
const ROOT: &str = include_str!("../../../fixtures/manifests/root.pem");
const SAMPLE: &[u8] = include_bytes!("../../../fixtures/manifests/every-kind.dsse.json");

/// Holds the reader to the above with these bytes.
pub fn check(bytes: &[u8]) {
    let root = station::certificate_path::ParsedCertificate::from_pem(ROOT).expect("a root");
    assert!(verify(bytes, root.der()).is_err() || bytes == SAMPLE);
}
