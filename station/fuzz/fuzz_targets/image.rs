//! Firmware images: the bytes as they come, and the same bytes as what is hashed, with a right hash behind
//! them. What is read has the digest of its own bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use station::encoding::sha256;
use station::firmware_image::{FirmwareImage, SigningKey};

const VENDOR: &str = include_str!("../../../fixtures/images/vendor.pub.pem");

fuzz_target!(|bytes: &[u8]| {
    let key = SigningKey::from_pem(VENDOR).expect("a key");
    if let Ok(image) = FirmwareImage::parse(bytes) {
        let _ = image.verify_signature(std::slice::from_ref(&key));
        assert!(image.signer().is_some() || image.verify_signature(&[key]).is_err());
    }
    let digest = sha256(bytes);
    let area = b"\x07\x69\x28\x00\x10\x00\x20\x00".as_slice();
    let whole = [bytes, area, digest.as_bytes()].concat();
    if let Ok(image) = FirmwareImage::parse(&whole) {
        assert_eq!(image.digest, digest);
        assert_eq!(image.signer(), None);
    }
});
