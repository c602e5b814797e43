//! Why a file is no image that can be relied on.

use firmware_proto::Digest;
use thiserror::Error;

use crate::encoding::Hex;

/// What is wrong with an image.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImageError {
    /// Another kind of file.
    #[error("this is no MCUboot image: {0}")]
    Foreign(&'static str),
    /// Longer than any image.
    #[error("{0} bytes are too many for an image")]
    TooLong(usize),
    /// It ends too early.
    #[error("the image is cut short: {what} needs {needed} bytes, {there} are there")]
    Truncated {
        /// Which part.
        what: &'static str,
        /// How many it needs.
        needed: usize,
        /// How many are left.
        there: usize,
    },
    /// It contradicts its own format.
    #[error("the image is malformed: {0}")]
    Malformed(String),
    /// MCUboot may know it, this program does not.
    #[error("the image has {0}, which is not supported")]
    Unsupported(String),
    /// Its payload can't be read.
    #[error("the image is encrypted, and its hash is that of the plain one")]
    Encrypted,
    /// It was changed after it was made.
    #[error(
        "the hash is wrong: the image says {}, its bytes have {}",
        Hex::from(*stated), Hex::from(*computed)
    )]
    Hash {
        /// What the image says.
        stated: Digest,
        /// What its bytes have.
        computed: Digest,
    },
    /// Something follows it.
    #[error("byte {0}, behind the image, is neither erased flash nor a slot's trailer")]
    Trailing(usize),
}

impl ImageError {
    /// What to do about it.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Foreign(_) | Self::TooLong(_) => {
                "give the signed binary that imgtool sign wrote (.bin, not .hex or .elf)"
            }
            Self::Truncated { .. } | Self::Hash { .. } | Self::Trailing(_) => {
                "take the file from the release once more; if it stays so, ask who built it"
            }
            Self::Malformed(_) => "build and sign the release again with MCUboot's imgtool",
            Self::Unsupported(_) => {
                "pin a little-endian, uncompressed image with a SHA-256 hash and one signature"
            }
            Self::Encrypted => {
                "give the same release signed with imgtool sign --clear: its hash is the same"
            }
        }
    }
}
