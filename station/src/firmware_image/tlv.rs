//! The two areas of type, length, value behind the payload.

use firmware_proto::Digest;

use super::Dependency;
use super::boot_record::BootRecord;
use super::error::ImageError;
use super::signature::{ImageSignature, KeyReference, SignatureKind};
use super::version::ImageVersion;

const OPEN_MAGIC: u16 = 0x6907;
const PROTECTED_MAGIC: u16 = 0x6908;
/// Magic and length, before the entries.
const INFO_BYTES: usize = 4;

/// Most entries of an area.
const MAX_ENTRIES: usize = 64;

/// The kinds of entries that imgtool 2.5 writes; the names are those of `image.h`.
mod kind {
    pub(super) const KEYHASH: u16 = 0x01;
    pub(super) const PUBKEY: u16 = 0x02;
    pub(super) const SHA256: u16 = 0x10;
    pub(super) const SHA384: u16 = 0x11;
    pub(super) const SHA512: u16 = 0x12;
    pub(super) const RSA2048: u16 = 0x20;
    pub(super) const ECDSA_SIG: u16 = 0x22;
    pub(super) const RSA3072: u16 = 0x23;
    pub(super) const ED25519: u16 = 0x24;
    pub(super) const SIG_PURE: u16 = 0x25;
    pub(super) const ENC_FIRST: u16 = 0x30;
    pub(super) const ENC_LAST: u16 = 0x34;
    pub(super) const DEPENDENCY: u16 = 0x40;
    pub(super) const SEC_CNT: u16 = 0x50;
    pub(super) const BOOT_RECORD: u16 = 0x60;
    pub(super) const UUID_VID: u16 = 0x74;
    pub(super) const UUID_CID: u16 = 0x75;
    /// The low bytes of the vendors' own kinds, whatever the high byte.
    const VENDOR_FIRST: u8 = 0xa0;
    /// Stands for any kind where bootloaders search.
    const ANY: u16 = 0xffff;

    /// Whether MCUboot leaves the kind to vendors: the others are its own, now or later.
    pub(super) const fn is_vendors(kind: u16) -> bool {
        let [low, _] = kind.to_le_bytes();
        low >= VENDOR_FIRST && kind != ANY
    }
}

/// Bytes that are taken from the front, never beyond the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'b> {
    all: &'b [u8],
    rest: &'b [u8],
}

impl<'b> Bytes<'b> {
    pub(super) const fn new(all: &'b [u8]) -> Self {
        Self { all, rest: all }
    }

    pub(super) const fn rest(&self) -> &'b [u8] {
        self.rest
    }

    /// Everything before the rest.
    pub(super) fn taken(&self) -> &'b [u8] {
        let count = self.all.len().saturating_sub(self.rest.len());
        self.all.get(..count).unwrap_or_default()
    }

    pub(super) fn take(
        &mut self,
        needed: usize,
        what: &'static str,
    ) -> Result<&'b [u8], ImageError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(needed)
            .ok_or(ImageError::Truncated {
                what,
                needed,
                there: self.rest.len(),
            })?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(
        &mut self,
        what: &'static str,
    ) -> Result<[u8; N], ImageError> {
        let taken = self.take(N, what)?;
        // `take` gave exactly that many.
        Ok(taken.try_into().unwrap_or([0; N]))
    }

    pub(super) fn u16(&mut self, what: &'static str) -> Result<u16, ImageError> {
        self.array(what).map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self, what: &'static str) -> Result<u32, ImageError> {
        self.array(what).map(u32::from_le_bytes)
    }
}

/// The entries of one area. Of each kind that may be there once, there is at most one.
#[derive(Clone, Debug, Default)]
pub(super) struct Area<'b> {
    entries: Vec<(u16, &'b [u8])>,
}

impl<'b> Area<'b> {
    /// The area that the hash covers; `bytes` is its length as the header has it, 0 for none.
    pub(super) fn read_protected(reader: &mut Bytes<'b>, bytes: usize) -> Result<Self, ImageError> {
        if bytes == 0 {
            return Ok(Self::default());
        }
        let (length, area) = Self::read(reader, PROTECTED_MAGIC, "the protected TLV area")?;
        if length != bytes {
            return Err(ImageError::Malformed(format!(
                "the header says {bytes} bytes of protected TLVs, the area {length}"
            )));
        }
        area.check(|kind| {
            kind::is_vendors(kind)
                || matches!(
                    kind,
                    kind::DEPENDENCY
                        | kind::SEC_CNT
                        | kind::BOOT_RECORD
                        | kind::UUID_VID
                        | kind::UUID_CID
                )
        })?;
        Ok(area)
    }

    /// The area with hash and signature. What must be protected may not stand here, where anybody
    /// could change it.
    pub(super) fn read_open(reader: &mut Bytes<'b>) -> Result<Self, ImageError> {
        let (_, area) = Self::read(reader, OPEN_MAGIC, "the TLV area")?;
        for (kind, hash) in [(kind::SHA384, "SHA-384"), (kind::SHA512, "SHA-512")] {
            if area.only(kind)?.is_some() {
                return Err(ImageError::Unsupported(format!("a {hash} hash")));
            }
        }
        area.check(|kind| {
            kind::is_vendors(kind)
                || matches!(
                    kind,
                    kind::KEYHASH
                        | kind::PUBKEY
                        | kind::SHA256
                        | kind::RSA2048
                        | kind::ECDSA_SIG
                        | kind::RSA3072
                        | kind::ED25519
                        | kind::ENC_FIRST..=kind::ENC_LAST
                )
        })?;
        Ok(area)
    }

    fn read(
        reader: &mut Bytes<'b>,
        magic: u16,
        what: &'static str,
    ) -> Result<(usize, Self), ImageError> {
        let got = reader.u16(what)?;
        if got != magic {
            return Err(ImageError::Malformed(format!(
                "{what} begins with 0x{got:04x}, not 0x{magic:04x}"
            )));
        }
        let length = usize::from(reader.u16(what)?);
        let inside = length.checked_sub(INFO_BYTES).ok_or_else(|| {
            ImageError::Malformed(format!("{what} is shorter than its own beginning"))
        })?;
        let mut inner = Bytes::new(reader.take(inside, what)?);
        let mut entries = Vec::new();
        while !inner.rest().is_empty() {
            if entries.len() == MAX_ENTRIES {
                let what = format!("more than {MAX_ENTRIES} entries in {what}");
                return Err(ImageError::Unsupported(what));
            }
            let kind = inner.u16("a TLV")?;
            let length = inner.u16("a TLV")?;
            entries.push((kind, inner.take(usize::from(length), "a TLV")?));
        }
        Ok((length, Self { entries }))
    }

    /// Every kind may be here, and is here once; dependencies and vendors' own as often as they
    /// like.
    fn check(&self, may_be_here: impl Fn(u16) -> bool) -> Result<(), ImageError> {
        for (kind, _) in &self.entries {
            if *kind == kind::SIG_PURE {
                let what = "a signature without a hash".to_owned();
                return Err(ImageError::Unsupported(what));
            }
            if !may_be_here(*kind) {
                let what = format!("TLV 0x{kind:02x} in this place");
                return Err(ImageError::Unsupported(what));
            }
            let often = *kind == kind::DEPENDENCY || kind::is_vendors(*kind);
            if !often {
                self.only(*kind)?;
            }
        }
        Ok(())
    }

    fn only(&self, kind: u16) -> Result<Option<&'b [u8]>, ImageError> {
        let mut found = self.entries.iter().filter(|(other, _)| *other == kind);
        let first = found.next().map(|(_, value)| *value);
        match found.next() {
            None => Ok(first),
            Some(_) => Err(ImageError::Malformed(format!(
                "TLV 0x{kind:02x} stands there twice"
            ))),
        }
    }

    fn fixed<const N: usize>(&self, kind: u16) -> Result<Option<[u8; N]>, ImageError> {
        self.only(kind)?
            .map(|value| exactly(kind, value))
            .transpose()
    }

    pub(super) fn hash(&self) -> Result<Digest, ImageError> {
        let bytes = self.fixed(kind::SHA256)?;
        let none = || ImageError::Malformed("it has no SHA-256 hash".to_owned());
        bytes.map(Digest::from_bytes).ok_or_else(none)
    }

    pub(super) fn security_counter(&self) -> Result<Option<u32>, ImageError> {
        Ok(self.fixed(kind::SEC_CNT)?.map(u32::from_le_bytes))
    }

    pub(super) fn dependencies(&self) -> Result<Vec<Dependency>, ImageError> {
        let needs = self
            .entries
            .iter()
            .filter(|(kind, _)| *kind == kind::DEPENDENCY);
        needs
            .map(|(kind, value)| {
                let [image, _, _, _, version @ ..]: [u8; 12] = exactly(*kind, value)?;
                Ok(Dependency {
                    image,
                    version: ImageVersion::from_bytes(version),
                })
            })
            .collect()
    }

    pub(super) fn boot_record(&self) -> Result<Option<BootRecord>, ImageError> {
        self.only(kind::BOOT_RECORD)?
            .map(BootRecord::read)
            .transpose()
    }

    pub(super) fn signature(&self) -> Result<Option<ImageSignature<'b>>, ImageError> {
        let malformed = |what: &str| ImageError::Malformed(what.to_owned());
        let digest = self.fixed(kind::KEYHASH)?.map(Digest::from_bytes);
        let whole = self.only(kind::PUBKEY)?;
        let key = match (digest, whole) {
            (Some(_), Some(_)) => return Err(malformed("it names its signer twice")),
            (Some(digest), None) => Some(KeyReference::Digest(digest)),
            (None, Some(key)) => Some(KeyReference::Whole(key)),
            (None, None) => None,
        };
        let kinds = [
            (kind::RSA2048, SignatureKind::Rsa),
            (kind::RSA3072, SignatureKind::Rsa),
            (kind::ECDSA_SIG, SignatureKind::Ecdsa),
            (kind::ED25519, SignatureKind::Ed25519),
        ];
        let mut found = Vec::new();
        for (kind, name) in kinds {
            found.extend(self.only(kind)?.map(|bytes| (name, bytes)));
        }
        match (key, found.as_slice()) {
            (None, []) => Ok(None),
            (Some(key), [(kind, bytes)]) => Ok(Some(ImageSignature {
                key,
                kind: *kind,
                bytes,
            })),
            (None, _) => Err(malformed("it is signed by nobody who is named")),
            (Some(_), []) => Err(malformed("it names a signer and has no signature")),
            (Some(_), _) => Err(ImageError::Unsupported("several signatures".to_owned())),
        }
    }
}

fn exactly<const N: usize>(kind: u16, value: &[u8]) -> Result<[u8; N], ImageError> {
    value.try_into().map_err(|_| {
        let length = value.len();
        ImageError::Malformed(format!("TLV 0x{kind:02x} has {length} bytes, not {N}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_to_vendors_may_stand_anywhere_and_nothing_of_the_bootloader_s_to_come() {
        let open = |kind: u16| {
            let [low, high] = kind.to_le_bytes();
            let bytes = [0x07, 0x69, 8, 0, low, high, 0, 0];
            let read = Area::read_open(&mut Bytes::new(&bytes));
            read.map(|_| ()).map_err(|error| error.to_string())
        };
        for kind in [0xa0, 0xff, 0x48a0, 0xfffe] {
            assert!(open(kind).is_ok(), "{kind:#x}");
        }
        for kind in [0x9f, 0x0150, 0x4810, 0xff9f, 0xffff] {
            let refused = open(kind).unwrap_err();
            assert!(refused.contains("in this place"), "{refused}");
        }
    }
}
