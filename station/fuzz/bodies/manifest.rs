//! Manifests from anywhere: never a panic, and nothing verifies under a root that signed none.

use station::dsse::{Envelope, read_canonical};
use station::encoding::Base64Bytes;
use station::manifest::offline_verifier::verify;

/// The root of the sample manifest.
const ROOT: &str = include_str!("../../../fixtures/manifests/root.pem");
const SAMPLE: &[u8] = include_bytes!("../../../fixtures/manifests/every-kind.dsse.json");

/// Holds the reader to the above with these bytes, as a file and as what a file's envelope holds: few changes of a file
/// leave one that can be read as far as its rows.
pub fn check(bytes: &[u8]) {
    let root = station::certificate_path::ParsedCertificate::from_pem(ROOT).expect("a root");
    let sample = read_canonical(SAMPLE, Envelope::to_bytes).expect("an envelope");
    let payload = Base64Bytes(bytes.to_vec());
    let around = Envelope { payload, ..sample }.to_bytes().expect("JSON");
    for file in [bytes, &around] {
        assert!(verify(file, root.der()).is_err() || file == SAMPLE);
    }
}
