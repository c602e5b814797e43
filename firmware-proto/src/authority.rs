//! Payloads of the signed objects that pass between station and device.
//!
//! Each is a CBOR array of fixed length in shortest encoding; reading encodes again and refuses what differs.

use core::fmt;

use heapless::{String, Vec};
use minicbor::decode::Error as CborError;
use minicbor::encode::write::Cursor;
use minicbor::{Decoder, Encoder};

use crate::lifecycle_state::SecurityLifecycle;
use crate::platform::Sec1Point;
use crate::{DeviceNonce, Digest, Nonce, ProductCode, Uid};

/// Longest encoding of any payload, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 320;

/// An encoded payload.
pub type PayloadBytes = Vec<u8, MAX_PAYLOAD_BYTES>;

/// The payload is cut, too long, or not in the one encoding that this protocol uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadError;

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the payload is not in this protocol's encoding")
    }
}

impl core::error::Error for PayloadError {}

/// What a grant is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The first identity of a board.
    InitialIdentity,
}

impl Purpose {
    const fn number(self) -> u8 {
        match self {
            Self::InitialIdentity => 1,
        }
    }

    const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::InitialIdentity),
            _ => None,
        }
    }
}

/// The product owner's word for a station: who it is, for which product, under which key, since which epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StationCredential {
    /// The station's name.
    pub station: String<32>,
    /// The product it may provision.
    pub product: ProductCode,
    /// Devices refuse epochs lower than the highest that they have met.
    pub epoch: u32,
    /// The station authority's key.
    pub authority_key: Sec1Point,
}

/// The station's authority for one install.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What it is for.
    pub purpose: Purpose,
    /// The product.
    pub product: ProductCode,
    /// The board.
    pub uid: Uid,
    /// The board's nonce: retired at commit, so the grant dies with it.
    pub device_nonce: DeviceNonce,
    /// SHA-256 of the identity key's `SubjectPublicKeyInfo` (DER).
    pub identity_key: Digest,
    /// SHA-256 of the chain.
    pub chain: Digest,
    /// SHA-256 of the DER of the trust anchor.
    pub trust_anchor: Digest,
    /// What the device locks itself into at commit.
    pub next_state: SecurityLifecycle,
    /// The credential's epoch.
    pub epoch: u32,
}

/// The device's proof that the installed identity signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The board.
    pub uid: Uid,
    /// The nonce of `Prove`.
    pub station_nonce: Nonce,
    /// SHA-256 of the installed device certificate.
    pub certificate: Digest,
    /// SHA-256 of the grant object under which it was installed.
    pub grant: Digest,
}

/// The station's order to lock, made after the proof is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The board.
    pub uid: Uid,
    /// The board's nonce.
    pub device_nonce: DeviceNonce,
    /// SHA-256 of the proof object.
    pub proof: Digest,
}

/// The device's answer to a commit, signed by the installed identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The board.
    pub uid: Uid,
    /// SHA-256 of the commit object.
    pub commit: Digest,
    /// SHA-256 of the installed device certificate.
    pub certificate: Digest,
    /// The lifecycle the device is in now.
    pub state: SecurityLifecycle,
}

type CursorEncoder<'a> = Encoder<Cursor<&'a mut [u8]>>;
type EncodeError = minicbor::encode::Error<minicbor::encode::write::EndOfSlice>;

/// A payload with its one encoding.
pub trait Payload: Sized {
    /// Writes the fields.
    ///
    /// # Errors
    /// Where the buffer is too small.
    fn write(&self, encoder: &mut Encoder<Cursor<&mut [u8]>>) -> Result<(), EncodeError>;

    /// Reads the fields; the encoding is checked by [`Payload::decode`].
    ///
    /// # Errors
    /// Where the bytes are no such payload.
    fn read(decoder: &mut Decoder<'_>) -> Result<Self, CborError>;

    /// The encoding.
    ///
    /// # Errors
    /// [`PayloadError`] cannot happen with fields in their bounds.
    fn encode(&self) -> Result<PayloadBytes, PayloadError> {
        let mut buffer = [0_u8; MAX_PAYLOAD_BYTES];
        let mut encoder: CursorEncoder<'_> = Encoder::new(Cursor::new(&mut buffer[..]));
        self.write(&mut encoder).map_err(|_| PayloadError)?;
        let length = encoder.writer().position();
        let written = buffer.get(..length).ok_or(PayloadError)?;
        Vec::from_slice(written).map_err(|_| PayloadError)
    }

    /// Reads a payload that is in its one encoding.
    ///
    /// # Errors
    /// [`PayloadError`] for anything else.
    fn decode(bytes: &[u8]) -> Result<Self, PayloadError> {
        let value = Self::read(&mut Decoder::new(bytes)).map_err(|_| PayloadError)?;
        if value.encode()?.as_slice() == bytes {
            Ok(value)
        } else {
            Err(PayloadError)
        }
    }
}

fn invalid(what: &'static str) -> CborError {
    CborError::message(what)
}

fn expect_array(decoder: &mut Decoder<'_>, length: u64) -> Result<(), CborError> {
    if decoder.array()? == Some(length) {
        Ok(())
    } else {
        Err(invalid("array length"))
    }
}

fn bytes<const N: usize>(decoder: &mut Decoder<'_>) -> Result<[u8; N], CborError> {
    decoder
        .bytes()?
        .try_into()
        .map_err(|_| invalid("byte string length"))
}

fn digest(decoder: &mut Decoder<'_>) -> Result<Digest, CborError> {
    bytes(decoder).map(Digest::from_bytes)
}

fn uid(decoder: &mut Decoder<'_>) -> Result<Uid, CborError> {
    Uid::from_bytes(decoder.bytes()?).map_err(|_| invalid("uid"))
}

fn product(decoder: &mut Decoder<'_>) -> Result<ProductCode, CborError> {
    ProductCode::parse(decoder.str()?).map_err(|_| invalid("product"))
}

/// Version of every payload's layout; the first item of each array.
const LAYOUT: u8 = 1;

fn layout(decoder: &mut Decoder<'_>) -> Result<(), CborError> {
    if decoder.u8()? == LAYOUT {
        Ok(())
    } else {
        Err(invalid("layout version"))
    }
}

impl Payload for StationCredential {
    fn write(&self, encoder: &mut CursorEncoder<'_>) -> Result<(), EncodeError> {
        encoder
            .array(5)?
            .u8(LAYOUT)?
            .str(&self.station)?
            .str(self.product.as_str())?;
        encoder.u32(self.epoch)?.bytes(&self.authority_key)?.ok()
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Self, CborError> {
        expect_array(decoder, 5)?;
        layout(decoder)?;
        Ok(Self {
            station: String::try_from(decoder.str()?).map_err(|_| invalid("station"))?,
            product: product(decoder)?,
            epoch: decoder.u32()?,
            authority_key: bytes(decoder)?,
        })
    }
}

impl Payload for Grant {
    fn write(&self, encoder: &mut CursorEncoder<'_>) -> Result<(), EncodeError> {
        encoder
            .array(10)?
            .u8(LAYOUT)?
            .u8(self.purpose.number())?
            .str(self.product.as_str())?;
        encoder
            .bytes(self.uid.as_bytes())?
            .bytes(self.device_nonce.as_bytes())?;
        encoder
            .bytes(self.identity_key.as_bytes())?
            .bytes(self.chain.as_bytes())?;
        encoder
            .bytes(self.trust_anchor.as_bytes())?
            .u16(self.next_state.0)?
            .u32(self.epoch)?
            .ok()
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Self, CborError> {
        expect_array(decoder, 10)?;
        layout(decoder)?;
        Ok(Self {
            purpose: Purpose::from_number(decoder.u8()?).ok_or_else(|| invalid("purpose"))?,
            product: product(decoder)?,
            uid: uid(decoder)?,
            device_nonce: DeviceNonce::from_bytes(bytes(decoder)?),
            identity_key: digest(decoder)?,
            chain: digest(decoder)?,
            trust_anchor: digest(decoder)?,
            next_state: SecurityLifecycle(decoder.u16()?),
            epoch: decoder.u32()?,
        })
    }
}

impl Payload for Proof {
    fn write(&self, encoder: &mut CursorEncoder<'_>) -> Result<(), EncodeError> {
        encoder.array(5)?.u8(LAYOUT)?.bytes(self.uid.as_bytes())?;
        encoder
            .bytes(self.station_nonce.as_bytes())?
            .bytes(self.certificate.as_bytes())?;
        encoder.bytes(self.grant.as_bytes())?.ok()
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Self, CborError> {
        expect_array(decoder, 5)?;
        layout(decoder)?;
        Ok(Self {
            uid: uid(decoder)?,
            station_nonce: Nonce::from_bytes(bytes(decoder)?),
            certificate: digest(decoder)?,
            grant: digest(decoder)?,
        })
    }
}

impl Payload for Commit {
    fn write(&self, encoder: &mut CursorEncoder<'_>) -> Result<(), EncodeError> {
        encoder.array(4)?.u8(LAYOUT)?.bytes(self.uid.as_bytes())?;
        encoder
            .bytes(self.device_nonce.as_bytes())?
            .bytes(self.proof.as_bytes())?
            .ok()
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Self, CborError> {
        expect_array(decoder, 4)?;
        layout(decoder)?;
        Ok(Self {
            uid: uid(decoder)?,
            device_nonce: DeviceNonce::from_bytes(bytes(decoder)?),
            proof: digest(decoder)?,
        })
    }
}

impl Payload for Receipt {
    fn write(&self, encoder: &mut CursorEncoder<'_>) -> Result<(), EncodeError> {
        encoder.array(5)?.u8(LAYOUT)?.bytes(self.uid.as_bytes())?;
        encoder
            .bytes(self.commit.as_bytes())?
            .bytes(self.certificate.as_bytes())?;
        encoder.u16(self.state.0)?.ok()
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Self, CborError> {
        expect_array(decoder, 5)?;
        layout(decoder)?;
        Ok(Self {
            uid: uid(decoder)?,
            commit: digest(decoder)?,
            certificate: digest(decoder)?,
            state: SecurityLifecycle(decoder.u16()?),
        })
    }
}
