//! The room's border: the bytes of a file in, an image or a reason out. The images are imgtool's.

use proptest::prelude::*;

use super::*;
use crate::encoding::Hex;

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("../../../fixtures/images/", $name)).as_slice()
    };
}

/// What `imgtool verify` and `imgtool dumpinfo` say of the images, typed here by hand.
const COUNTER_DIGEST: &str = "df08fb41887c514075d314385db1ab320aae16d5154b945c33fe80c2c1c022e2";
const SIGNED_DIGEST: &str = "793ce3799d4458238b5924e89e7dce6d1d868d0c26c4147be4f09d26da2f57c3";
const VENDOR: &str = "f9b8d45be9fc1735d38f70075cb0d2a48347d0d3a1f6eb8145984d0c1d93b9b1";

fn image(bytes: &[u8]) -> FirmwareImage<'_> {
    FirmwareImage::parse(bytes).unwrap_or_else(|error| panic!("{error}"))
}

fn key(pem: &str) -> SigningKey {
    SigningKey::from_pem(pem).unwrap()
}

fn vendor() -> SigningKey {
    key(include_str!("../../../fixtures/images/vendor.pub.pem"))
}

fn other() -> SigningKey {
    key(include_str!("../../../fixtures/images/other.pub.pem"))
}

#[test]
fn reads_what_imgtool_wrote() {
    let counter = image(sample!("counter.bin"));
    assert_eq!(Hex::from(counter.digest).to_string(), COUNTER_DIGEST);
    assert_eq!(counter.version.to_string(), "2.5.1");
    assert_eq!(counter.security_counter, Some(7));
    let key = counter.signer().map(Hex::from).map(|hex| hex.to_string());
    assert_eq!(key.as_deref(), Some(VENDOR));

    let signed = image(sample!("signed.bin"));
    assert_eq!(Hex::from(signed.digest).to_string(), SIGNED_DIGEST);
    assert_eq!(signed.security_counter, None);

    let build = image(sample!("build.bin"));
    assert_eq!(build.reported_version(), "2.5.2+9");

    let unsigned = image(sample!("unsigned.bin"));
    assert_eq!(unsigned.signer(), None);
    // The signature is outside the hash.
    assert_eq!(unsigned.digest, signed.digest);
    assert_eq!(image(sample!("custom.bin")).version, signed.version);
}

#[test]
fn reads_dependencies_and_boot_record() {
    let version = |text| ImageVersion::parse(text).unwrap();
    let first = Dependency {
        image: 1,
        version: version("1.2.0"),
    };
    let second = Dependency {
        image: 2,
        version: version("3.0.1+4"),
    };
    let needing = image(sample!("dependencies.bin"));
    assert_eq!(needing.dependencies, [first, second]);

    let recorded = image(sample!("boot-record.bin"));
    let record = recorded.boot_record.as_ref().unwrap();
    assert_eq!(
        (record.component.as_str(), record.version.as_str()),
        ("APP", "2.5.1")
    );
    assert_eq!(Some(record.signer), recorded.signer());
}

#[test]
fn the_rest_of_a_slot_changes_nothing() {
    let counter = image(sample!("counter.bin"));
    for slot in [sample!("padded.bin"), sample!("confirmed.bin")] {
        assert_eq!(image(slot).digest, counter.digest);
        image(slot).verify_signature(&[vendor()]).unwrap();
    }
    assert_eq!(
        image(sample!("aligned.bin")).digest,
        image(sample!("signed.bin")).digest
    );
    let erased_to_zero = [sample!("counter.bin"), &[0; 40]].concat();
    assert_eq!(image(&erased_to_zero).digest, counter.digest);
}

#[test]
fn refuses_what_follows_an_image_and_is_no_erased_slot() {
    let whole = sample!("counter.bin");
    for rest in [
        b"x".as_slice(),
        b"\xff\xffx",
        b"\xff\x00",
        b"\x00\xff",
        b"\x01",
        whole,
    ] {
        let bytes = [whole, rest].concat();
        let error = FirmwareImage::parse(&bytes).unwrap_err();
        assert!(
            matches!(error, ImageError::Trailing(_)),
            "{rest:?}: {error}"
        );
    }
    // A trailer that a bootloader has written into, image_ok with another value, a changed magic.
    let confirmed = sample!("confirmed.bin");
    let image_ok = confirmed.len() - 24;
    assert_eq!(confirmed[image_ok], 1);
    for (at, value) in [(image_ok - 8, 1), (image_ok, 2), (1000, 1)] {
        let mut bytes = confirmed.to_vec();
        bytes[at] = value;
        assert_eq!(FirmwareImage::parse(&bytes), Err(ImageError::Trailing(at)));
    }
    for at in image_ok + 8..confirmed.len() {
        let mut bytes = confirmed.to_vec();
        bytes[at] ^= 4;
        assert_eq!(
            FirmwareImage::parse(&bytes),
            Err(ImageError::Trailing(image_ok))
        );
    }
}

#[test]
fn signatures_are_the_key_s_that_the_image_names() {
    for bytes in [
        sample!("signed.bin"),
        sample!("counter.bin"),
        sample!("whole-key.bin"),
        sample!("padded-signature.bin"),
    ] {
        let image = image(bytes);
        assert_eq!(image.verify_signature(&[other(), vendor()]), Ok(()));
        let nobody = Err(SignatureError::NoKey(vendor().digest()));
        assert_eq!(image.verify_signature(&[other()]), nobody);
    }
    let foreign = image(sample!("foreign.bin"));
    assert_eq!(foreign.verify_signature(&[other()]), Ok(()));
    let edwards = key(include_str!("../../../fixtures/images/ed25519.pub.pem"));
    assert_eq!(
        image(sample!("ed25519.bin")).verify_signature(&[edwards]),
        Ok(())
    );
    let unsigned = image(sample!("unsigned.bin"));
    assert_eq!(
        unsigned.verify_signature(&[vendor()]),
        Err(SignatureError::Unsigned)
    );
}

#[test]
fn a_changed_signature_is_wrong() {
    let bytes = sample!("counter.bin");
    let length = image(bytes).signature.unwrap().bytes.len();
    for back in 1..=length {
        let mut changed = bytes.to_vec();
        let at = changed.len() - back;
        changed[at] ^= 1;
        let verified = image(&changed).verify_signature(&[vendor()]);
        assert_eq!(
            verified,
            Err(SignatureError::Invalid),
            "{back} from the end"
        );
    }
}

/// `--pad-sig` fills a signature up with zeros, and with nothing else, to 72 bytes and no more.
#[test]
fn only_zeros_fill_a_signature_up() {
    let bytes = sample!("counter.bin");
    let length = image(bytes).signature.unwrap().bytes.len();
    let verified = |filling: &[u8]| {
        let mut bytes = [bytes, filling].concat();
        let value = bytes.len() - length - filling.len();
        for at in [at::OPEN + 2, value - 2] {
            let size = u16::from_le_bytes([bytes[at], bytes[at + 1]]);
            let size = size + u16::try_from(filling.len()).unwrap();
            bytes[at..at + 2].copy_from_slice(&size.to_le_bytes());
        }
        image(&bytes).verify_signature(&[vendor()])
    };
    assert_eq!(verified(&vec![0; 72 - length]), Ok(()));
    assert_eq!(
        verified(&vec![0; 73 - length]),
        Err(SignatureError::Invalid)
    );
    assert_eq!(verified(&[1]), Err(SignatureError::Invalid));
}

#[test]
fn keys_are_public_and_of_a_kind_that_can_be_checked() {
    let check = |pem: &str, error| assert_eq!(SigningKey::from_pem(pem), Err(error), "{pem}");
    check("", SigningKeyError::NoPublicKey);
    check(
        "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
        SigningKeyError::Private,
    );
    check(
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        SigningKeyError::NoPublicKey,
    );
    check(
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        SigningKeyError::Unsupported,
    );
}

#[track_caller]
fn check_refused(bytes: &[u8], expected: &str) {
    let error = FirmwareImage::parse(bytes).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
    assert!(!error.advice().is_empty());
}

#[test]
fn says_what_it_can_t_read() {
    check_refused(sample!("encrypted.bin"), "encrypted");
    check_refused(sample!("compressed.bin"), "compressed");
    check_refused(sample!("sha512.bin"), "SHA-512");
    check_refused(sample!("big-endian.bin"), "big-endian");
    check_refused(b":020000040000FA\n", "Intel HEX");
    check_refused(b"\x7fELF and more", "ELF");
    check_refused(b"any text", "no MCUboot image");
    check_refused(b"", "cut short");
}

#[test]
fn an_encrypted_image_in_clear_has_the_hash_of_the_encrypted_one() {
    let stated = |bytes| match FirmwareImage::parse(bytes) {
        Ok(image) => image.digest,
        Err(error) => panic!("{error}"),
    };
    let clear = stated(sample!("encrypted-clear.bin"));
    let encrypted = sample!("encrypted.bin");
    let found = encrypted.windows(32).any(|bytes| bytes == clear.as_bytes());
    assert!(found, "the encrypted image states another hash");
}

/// `counter.bin`: where its parts are, as `imgtool dumpinfo` lists them.
mod at {
    pub(super) const HEADER_BYTES: usize = 0x80;
    pub(super) const PROTECTED: usize = 0x80 + 300;
    pub(super) const OPEN: usize = PROTECTED + 12;
    pub(super) const HASH: usize = OPEN + 4;
}

/// An image with more entries in its open area.
fn with_open_entry(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = sample!("counter.bin").to_vec();
    let length = u16::from_le_bytes([bytes[at::OPEN + 2], bytes[at::OPEN + 3]]);
    let more = u16::try_from(value.len() + 4).unwrap();
    bytes[at::OPEN + 2..at::OPEN + 4].copy_from_slice(&(length + more).to_le_bytes());
    bytes.extend(kind.to_le_bytes());
    bytes.extend((more - 4).to_le_bytes());
    bytes.extend(value);
    bytes
}

#[test]
fn refuses_what_two_readers_would_understand_differently() {
    let hash = sample!("counter.bin")[at::HASH + 4..at::HASH + 36].to_vec();
    check_refused(&with_open_entry(0x10, &hash), "TLV 0x10 stands there twice");
    check_refused(&with_open_entry(0x01, &hash), "TLV 0x01 stands there twice");
    check_refused(&with_open_entry(0x02, &hash), "names its signer twice");
    check_refused(&with_open_entry(0x24, &[0; 64]), "several signatures");
    check_refused(&with_open_entry(0x25, &[1]), "a signature without a hash");
    check_refused(&with_open_entry(0x13, &hash), "TLV 0x13 in this place");
    // Outside the hash, where anybody could raise it.
    check_refused(
        &with_open_entry(0x50, &[9, 0, 0, 0]),
        "TLV 0x50 in this place",
    );
    check_refused(&with_open_entry(0x40, &[0; 12]), "TLV 0x40 in this place");
    check_refused(&with_open_entry(0x60, &[0xa0]), "TLV 0x60 in this place");
    // A vendor's own is no concern of ours.
    assert!(FirmwareImage::parse(&with_open_entry(0xa0, &[1])).is_ok());
}

/// A changed image whose hash was made right again.
fn rehashed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = sample!("counter.bin").to_vec();
    change(&mut bytes);
    let digest = sha256(&bytes[..at::OPEN]);
    bytes[at::HASH + 4..at::HASH + 36].copy_from_slice(digest.as_bytes());
    bytes
}

#[test]
fn a_right_hash_does_not_make_an_image() {
    assert!(FirmwareImage::parse(&rehashed(|_| ())).is_ok());
    check_refused(&rehashed(|bytes| bytes[28] = 1), "reserved bytes");
    check_refused(&rehashed(|bytes| bytes[18] = 1), "header flags 0x10000");
    check_refused(&rehashed(|bytes| bytes[at::PROTECTED] = 0x07), "not 0x6908");
    check_refused(
        &rehashed(|bytes| bytes[at::PROTECTED + 4] = 0x51),
        "TLV 0x51 in this place",
    );
    check_refused(
        &rehashed(|bytes| bytes[at::PROTECTED + 4] = 0x40),
        "has 4 bytes, not 12",
    );
    check_refused(
        &rehashed(|bytes| bytes[10] += 1),
        "the header says 13 bytes",
    );
    check_refused(&rehashed(|bytes| bytes[8] = 8), "a header of 8 bytes");
    // The signature is no longer over these bytes, whatever the hash says.
    let other_payload = rehashed(|bytes| bytes[at::HEADER_BYTES] ^= 1);
    let verified = image(&other_payload).verify_signature(&[vendor()]);
    assert_eq!(verified, Err(SignatureError::Invalid));
}

#[test]
fn a_boot_record_tells_the_story_of_the_image() {
    let bytes = sample!("boot-record.bin");
    let mut other_version = bytes.to_vec();
    // The header's revision.
    other_version[22] = 2;
    let hash_first = |eight: &[u8]| eight[..2] == [0x07, 0x69] && eight[4..] == [0x10, 0, 0x20, 0];
    let open = bytes.windows(8).position(hash_first).unwrap();
    let digest = sha256(&other_version[..open]);
    other_version[open + 8..open + 40].copy_from_slice(digest.as_bytes());
    check_refused(
        &other_version,
        "the boot record says version 2.5.1, the header 2.5.2",
    );
}

#[test]
fn every_cut_and_every_changed_byte_before_the_signature_is_seen() {
    let bytes = sample!("counter.bin");
    for length in 0..bytes.len() {
        assert!(FirmwareImage::parse(&bytes[..length]).is_err(), "{length}");
    }
    let whole = image(bytes);
    for at in 0..at::HASH + 36 {
        for bit in 0..8 {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1 << bit;
            assert_ne!(FirmwareImage::parse(&changed).as_ref(), Ok(&whole), "{at}");
            assert!(FirmwareImage::parse(&changed).is_err(), "{at}");
        }
    }
}

#[test]
fn versions_have_one_spelling() {
    for text in ["0.0.0", "2.5.1", "255.255.65535+4294967295"] {
        assert_eq!(ImageVersion::parse(text).unwrap().to_string(), text);
    }
    let wrong = "1|1.2|1.2.3.4|256.0.0|1.2.65536|01.2.3|1.2.+3|1.2.3+0|1.2.3+|1.2.3-4| 1.2.3";
    for text in wrong.split('|').chain(["", "1.2.3+4294967296"]) {
        assert!(ImageVersion::parse(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(FirmwareImage::parse(&bytes).is_err());
    }

    /// Behind a right magic, with any lengths.
    #[test]
    fn no_header_makes_it_panic(
        header in proptest::collection::vec(any::<u8>(), 28),
        rest in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let bytes = [[0x3d, 0xb8, 0xf3, 0x96].as_slice(), &header, &rest].concat();
        prop_assert!(FirmwareImage::parse(&bytes).is_err());
    }

    /// Whatever is read is bounded by the file, and its digest is that of its own bytes.
    #[test]
    fn what_is_read_is_in_the_file(
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..4),
    ) {
        let mut bytes = sample!("boot-record.bin").to_vec();
        for (at, value) in changes {
            let at = at % bytes.len();
            bytes[at] = value;
        }
        if let Ok(image) = FirmwareImage::parse(&bytes) {
            prop_assert_eq!(sha256(image.hashed), image.digest);
            prop_assert!(bytes.starts_with(image.hashed));
            let _ = image.verify_signature(&[vendor()]);
        }
    }
}
