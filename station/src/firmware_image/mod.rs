//! Firmware images in MCUboot's format: what the release holds, read from the release itself.
//!
//! A file is an image or is refused: what a bootloader and this reader could understand differently
//! is no image. The digest that counts is recomputed, never taken from the file. Never here:
//! decrypting, decompressing, writing images, opening files.
//!
//! The layout is that of `boot/bootutil/include/bootutil/image.h` in mcu-tools/mcuboot, and of the
//! images that its imgtool writes: a header, the payload, a protected TLV area, a TLV area, all
//! little-endian; behind that nothing, or the erased rest of a flash slot with its trailer.

mod boot_record;
mod error;
mod header;
mod signature;
mod slot_rest;
mod tlv;
mod version;

#[cfg(test)]
mod tests;

use firmware_proto::Digest;

use crate::encoding::sha256;

pub use boot_record::BootRecord;
pub use error::ImageError;
pub use signature::{SignatureError, SigningKey, SigningKeyError};
pub use version::ImageVersion;

use header::Header;
use signature::{ImageSignature, KeyReference};
use tlv::{Area, Bytes};

/// Longest image file, in bytes: more than any microcontroller's flash.
pub const MAX_IMAGE_BYTES: usize = 64 * 1024 * 1024;

/// What another image of the device must at least be, as this one says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The number of the other image in its bootloader.
    pub image: u8,
    /// Its least version.
    pub version: ImageVersion,
}

/// An image whose hash is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirmwareImage<'b> {
    /// The version in its header.
    pub version: ImageVersion,
    /// SHA-256 over header, payload and protected TLVs: what MCUboot reports as the measurement
    /// value of the component.
    pub digest: Digest,
    /// The security counter, where there is one.
    pub security_counter: Option<u32>,
    /// What it needs of other images.
    pub dependencies: Vec<Dependency>,
    /// What the bootloader reports of it, where the image says so.
    pub boot_record: Option<BootRecord>,
    signature: Option<ImageSignature<'b>>,
    hashed: &'b [u8],
}

impl<'b> FirmwareImage<'b> {
    /// Reads an image and recomputes its hash.
    ///
    /// # Errors
    /// [`ImageError`], with [`ImageError::advice`].
    pub fn parse(bytes: &'b [u8]) -> Result<Self, ImageError> {
        if bytes.len() > MAX_IMAGE_BYTES {
            return Err(ImageError::TooLong(bytes.len()));
        }
        let header = Header::read(bytes)?;
        let mut reader = Bytes::new(bytes);
        reader.take(header.own_bytes, "the header")?;
        reader.take(header.payload_bytes, "the payload")?;
        let protected = Area::read_protected(&mut reader, header.protected_bytes)?;
        let hashed = reader.taken();
        let open = Area::read_open(&mut reader)?;
        slot_rest::check(reader.rest(), reader.taken().len())?;

        let stated = open.hash()?;
        let digest = sha256(hashed);
        if stated != digest {
            return Err(if header.is_encrypted() {
                ImageError::Encrypted
            } else {
                ImageError::Hash {
                    stated,
                    computed: digest,
                }
            });
        }
        let image = Self {
            version: header.version,
            digest,
            security_counter: protected.security_counter()?,
            dependencies: protected.dependencies()?,
            boot_record: protected.boot_record()?,
            signature: open.signature()?,
            hashed,
        };
        image.check_boot_record()?;
        Ok(image)
    }

    /// The digest of the key that the image says has signed it; none where it is not signed.
    #[must_use]
    pub fn signer(&self) -> Option<Digest> {
        let signature = self.signature.as_ref()?;
        Some(match &signature.key {
            KeyReference::Digest(digest) => *digest,
            KeyReference::Whole(key) => sha256(key),
        })
    }

    /// The version as a token has it: the boot record's, since that is what the bootloader reports,
    /// else the header's.
    #[must_use]
    pub fn reported_version(&self) -> String {
        match &self.boot_record {
            Some(record) => record.version.clone(),
            None => self.version.to_string(),
        }
    }

    /// Checks the signature under that one of the keys which the image names.
    ///
    /// # Errors
    /// [`SignatureError`] where it is not signed, by none of these keys, in a way that can't be
    /// checked here, or wrongly.
    pub fn verify_signature(&self, keys: &[SigningKey]) -> Result<(), SignatureError> {
        let (Some(signature), Some(signer)) = (&self.signature, self.signer()) else {
            return Err(SignatureError::Unsigned);
        };
        signature.verify(signer, keys, self.hashed, &self.digest)
    }

    /// The boot record is signed text beside a signed header: they may not tell two stories.
    fn check_boot_record(&self) -> Result<(), ImageError> {
        let Some(record) = &self.boot_record else {
            return Ok(());
        };
        let without_build = ImageVersion {
            build: 0,
            ..self.version
        };
        let versions = [self.version.to_string(), without_build.to_string()];
        if !versions.contains(&record.version) {
            return Err(ImageError::Malformed(format!(
                "the boot record says version {}, the header {}",
                record.version, self.version
            )));
        }
        match self.signer() {
            Some(signer) if signer != record.signer => Err(ImageError::Malformed(
                "the boot record names another signer than the signature's key".to_owned(),
            )),
            _ => Ok(()),
        }
    }
}
