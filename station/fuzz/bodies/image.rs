//! Firmware images: the bytes as they come, and the same bytes with a right hash behind them. What is
//! read has the digest of the bytes that its header names.

use station::encoding::sha256;
use station::firmware_image::{FirmwareImage, SigningKey};

const VENDOR: &str = include_str!("../../../fixtures/images/vendor.pub.pem");

/// Holds the reader to the above with these bytes.
pub fn check(bytes: &[u8]) {
    read(bytes);
    let area = b"\x07\x69\x28\x00\x10\x00\x20\x00".as_slice();
    read(&[bytes, area, sha256(bytes).as_bytes()].concat());
}

fn read(bytes: &[u8]) {
    let Ok(image) = FirmwareImage::parse(bytes) else {
        return;
    };
    let number = |from: usize, length: usize| {
        let bytes = bytes[from..from + length].iter().rev();
        bytes.fold(0_usize, |number, byte| (number << 8) | usize::from(*byte))
    };
    // Header, protected TLVs, payload.
    let hashed = number(8, 2) + number(10, 2) + number(12, 4);
    assert_eq!(image.digest, sha256(&bytes[..hashed]));
    let key = SigningKey::from_pem(VENDOR).expect("a key");
    let verified = image.verify_signature(&[key]).is_ok();
    assert!(image.signer().is_some() || !verified);
}
