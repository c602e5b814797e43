//! Certificates that a device sends: whatever is read encodes again to the same bytes.

use station::certificate_path::{LeafUse, ParsedCertificate, verify_path};
use station::clock::UtcMillis;

/// Holds the reader to the above with these bytes.
pub fn check(bytes: &[u8]) {
    if let Ok(all) = ParsedCertificate::sequence_from_der(bytes, 3) {
        let again: Vec<u8> = all.iter().flat_map(|one| one.der().to_vec()).collect();
        assert_eq!(again, bytes);
        let path: Vec<_> = all.iter().collect();
        let _ = verify_path(&path, LeafUse::Signer, UtcMillis(1_795_336_200_250));
        for one in &all {
            let _ = one.hardware_module_name();
            let _ = one.require_authority(0);
            let _ = one.is_signed_by(one);
        }
    }
}
