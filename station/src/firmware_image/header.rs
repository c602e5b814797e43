//! The header of an image.

use super::error::ImageError;
use super::tlv::Bytes;
use super::version::ImageVersion;

const MAGIC: u32 = 0x96f3_b83d;
/// Of the format before 2018, whose hash covers less.
const MAGIC_V1: u32 = 0x96f3_b83c;
const HEADER_BYTES: usize = 32;

const ENCRYPTED: u32 = 0x04 | 0x08;
const COMPRESSED: u32 = 0x200 | 0x400 | 0x800;
/// Position-independent, no program by itself, loaded into RAM, at a fixed address: nothing of this
/// changes what is hashed.
const HARMLESS: u32 = 0x01 | 0x10 | 0x20 | 0x100;

/// What the header says, as far as it is of use here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    /// Of the header itself, with what fills it up.
    pub(super) own_bytes: usize,
    pub(super) protected_bytes: usize,
    pub(super) payload_bytes: usize,
    pub(super) version: ImageVersion,
    flags: u32,
}

impl Header {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ImageError> {
        let what = "the header";
        let mut reader = Bytes::new(bytes);
        let magic = reader.u32(what)?;
        check_magic(magic, bytes)?;
        let _load_address = reader.u32(what)?;
        let header_bytes = usize::from(reader.u16(what)?);
        let protected_bytes = usize::from(reader.u16(what)?);
        let payload_bytes = usize::try_from(reader.u32(what)?).unwrap_or(usize::MAX);
        let flags = reader.u32(what)?;
        let version = ImageVersion::from_bytes(reader.array(what)?);
        let padding = reader.u32(what)?;
        if header_bytes < HEADER_BYTES {
            return Err(ImageError::Malformed(format!(
                "a header of {header_bytes} bytes, {HEADER_BYTES} are the least"
            )));
        }
        if payload_bytes == 0 {
            return Err(ImageError::Malformed("it has no payload".to_owned()));
        }
        if padding != 0 {
            let what = "the reserved bytes of its header are in use";
            return Err(ImageError::Malformed(what.to_owned()));
        }
        if flags & COMPRESSED != 0 {
            return Err(ImageError::Unsupported("a compressed payload".to_owned()));
        }
        let unknown = flags & !(ENCRYPTED | HARMLESS);
        if unknown != 0 {
            let what = format!("header flags 0x{unknown:x}");
            return Err(ImageError::Unsupported(what));
        }
        Ok(Self {
            own_bytes: header_bytes,
            protected_bytes,
            payload_bytes,
            version,
            flags,
        })
    }

    pub(super) const fn is_encrypted(self) -> bool {
        self.flags & ENCRYPTED != 0
    }
}

fn check_magic(magic: u32, bytes: &[u8]) -> Result<(), ImageError> {
    match magic {
        MAGIC => Ok(()),
        MAGIC_V1 => Err(ImageError::Unsupported("the header of 2017".to_owned())),
        _ if magic.swap_bytes() == MAGIC => Err(ImageError::Unsupported(
            "a header in big-endian order".to_owned(),
        )),
        _ => Err(ImageError::Foreign(match bytes {
            [b':', ..] => "it looks like Intel HEX",
            [0x7f, b'E', b'L', b'F', ..] => "it is an ELF file",
            _ => "it does not begin with 0x96f3b83d",
        })),
    }
}
