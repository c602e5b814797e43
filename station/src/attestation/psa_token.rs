//! PSA attestation tokens (RFC 9783): the claims of a device's root of trust.

use std::collections::BTreeSet;

use firmware_proto::SecurityLifecycle;
use firmware_proto::platform::Sec1Point;
use thiserror::Error;

use super::cbor::{Fault, Label, Reader};
use super::cose_sign1::CoseSign1;

/// Largest token, in bytes.
pub(super) const MAX_TOKEN_BYTES: usize = 4 * 1024;
/// Most claims, most components, and longest text of a claim.
const MAX_CLAIMS: u64 = 32;
const MAX_COMPONENTS: u64 = 32;
const MAX_TEXT_BYTES: usize = 256;

/// The claims of a token (RFC 9783, section 4). Claims that this list lacks are kept and not judged, as RFC
/// 9711 has it for every receiver; a doubled one is refused whether known or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenClaims {
    /// `eat_nonce`: what the token was asked to attest.
    pub nonce: Vec<u8>,
    /// The instance ID: `0x01`, then 32 bytes.
    pub instance_id: [u8; 33],
    /// The implementation ID.
    pub implementation_id: [u8; 32],
    /// The boot seed, 8 to 32 bytes.
    pub boot_seed: Option<Vec<u8>>,
    /// The security lifecycle.
    pub lifecycle: SecurityLifecycle,
    /// Who asked for the token: negative for the non-secure side, never 0.
    pub client_id: i32,
    /// The software components.
    pub components: Vec<SoftwareComponent>,
    /// The profile of the token.
    pub profile: String,
    /// The certification reference: thirteen digits, a hyphen, five digits.
    pub certification_reference: Option<String>,
    /// The verification service.
    pub verification_service: Option<String>,
    /// What else the token claims, in its order.
    pub other: Vec<OtherClaim>,
}

/// A claim that RFC 9783 does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherClaim {
    /// Its label.
    pub label: Label,
    /// Its value in CBOR, as it stands in the token.
    pub value: Vec<u8>,
}

/// One measured software component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoftwareComponent {
    /// Measurement type, for example `BL`; empty where the token has none.
    pub component: String,
    /// Version; empty where the token has none.
    pub version: String,
    /// Digest of the image: 32, 48 or 64 bytes.
    pub measurement: Vec<u8>,
    /// Digest of the key that signed it, likewise.
    pub signer: Vec<u8>,
    /// How the image was measured, for example `sha-256`.
    pub description: Option<String>,
}

/// Why a token gives no claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// Not a token.
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    /// The signature is not the attestation key's.
    #[error("the token's signature is not by the endorsed attestation key")]
    Signature,
}

/// Verifies a token under the attestation key and reads its claims. Claims are not looked at before
/// the signature is verified.
///
/// # Errors
/// [`TokenError`].
pub fn verify_token(token: &[u8], key: &Sec1Point) -> Result<TokenClaims, TokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::Malformed("it is too long"));
    }
    let envelope = CoseSign1::parse(token).map_err(TokenError::Malformed)?;
    let payload = envelope.verify(key).ok_or(TokenError::Signature)?;
    read_claims(payload).map_err(TokenError::Malformed)
}

/// The instance ID that a token names, its signature not verified: good for finding a key under which it may
/// verify, and for words.
pub(super) fn unverified_instance_id(token: &[u8]) -> Result<[u8; 33], Fault> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err("it is too long");
    }
    let envelope = CoseSign1::parse(token)?;
    read_claims(envelope.unverified_payload()).map(|claims| claims.instance_id)
}

#[derive(Default)]
struct Found<'a> {
    nonce: Option<&'a [u8]>,
    instance_id: Option<&'a [u8]>,
    implementation_id: Option<&'a [u8]>,
    boot_seed: Option<&'a [u8]>,
    lifecycle: Option<i64>,
    client_id: Option<i64>,
    components: Option<Vec<SoftwareComponent>>,
    profile: Option<String>,
    certification_reference: Option<String>,
    verification_service: Option<String>,
    other: Vec<OtherClaim>,
}

pub(super) fn read_claims(payload: &[u8]) -> Result<TokenClaims, Fault> {
    let mut reader = Reader::new(payload);
    let count = reader.map()?;
    if count > MAX_CLAIMS {
        return Err("there are too many claims");
    }
    let mut labels = BTreeSet::new();
    let mut found = Found::default();
    for _ in 0..count {
        let label = reader.label()?;
        if !labels.insert(label.clone()) {
            return Err("a claim stands there twice");
        }
        found.take(label, &mut reader)?;
    }
    reader.finish()?;
    found.into_claims()
}

impl<'a> Found<'a> {
    fn take(&mut self, label: Label, reader: &mut Reader<'a>) -> Result<(), Fault> {
        let Label::Number(number) = label else {
            return self.keep(label, reader);
        };
        match number {
            10 => self.nonce = Some(reader.bytes()?),
            256 => self.instance_id = Some(reader.bytes()?),
            265 => self.profile = Some(text(reader)?),
            268 => self.boot_seed = Some(reader.bytes()?),
            2394 => self.client_id = Some(reader.integer()?),
            2395 => self.lifecycle = Some(reader.integer()?),
            2396 => self.implementation_id = Some(reader.bytes()?),
            2398 => self.certification_reference = Some(certification_reference(reader)?),
            2399 => self.components = Some(components(reader)?),
            2400 => self.verification_service = Some(text(reader)?),
            _ => self.keep(label, reader)?,
        }
        Ok(())
    }

    fn keep(&mut self, label: Label, reader: &mut Reader<'a>) -> Result<(), Fault> {
        let value = reader.value()?.to_vec();
        self.other.push(OtherClaim { label, value });
        Ok(())
    }

    fn into_claims(self) -> Result<TokenClaims, Fault> {
        let instance_id: [u8; 33] = self
            .instance_id
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or("the instance ID is missing or not 33 bytes")?;
        let [0x01, ..] = instance_id else {
            return Err("the instance ID does not begin with 0x01");
        };
        let seed_lengths = 8..=32;
        if self
            .boot_seed
            .is_some_and(|seed| !seed_lengths.contains(&seed.len()))
        {
            return Err("the boot seed is not 8 to 32 bytes");
        }
        Ok(TokenClaims {
            nonce: digest(self.nonce.ok_or("the nonce is missing")?)?,
            instance_id,
            implementation_id: self
                .implementation_id
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or("the implementation ID is missing or not 32 bytes")?,
            boot_seed: self.boot_seed.map(<[u8]>::to_vec),
            lifecycle: self
                .lifecycle
                .and_then(|value| u16::try_from(value).ok())
                .map(SecurityLifecycle)
                .ok_or("the security lifecycle is missing or out of range")?,
            client_id: self
                .client_id
                .and_then(|value| i32::try_from(value).ok())
                .filter(|value| *value != 0)
                .ok_or("the client ID is missing, 0 or out of range")?,
            components: self
                .components
                .ok_or("the software components are missing")?,
            profile: self.profile.ok_or("the profile is missing")?,
            certification_reference: self.certification_reference,
            verification_service: self.verification_service,
            other: self.other,
        })
    }
}

fn components(reader: &mut Reader<'_>) -> Result<Vec<SoftwareComponent>, Fault> {
    let count = reader.array()?;
    if !(1..=MAX_COMPONENTS).contains(&count) {
        return Err("there is no software component, or there are too many");
    }
    (0..count).map(|_| component(reader)).collect()
}

fn component(reader: &mut Reader<'_>) -> Result<SoftwareComponent, Fault> {
    let (mut kind, mut version, mut description) = (None, None, None);
    let (mut measurement, mut signer) = (None, None);
    for _ in 0..reader.map()? {
        let doubled = match reader.integer()? {
            1 => kind.replace(text(reader)?).is_some(),
            2 => measurement.replace(digest(reader.bytes()?)?).is_some(),
            4 => version.replace(text(reader)?).is_some(),
            5 => signer.replace(digest(reader.bytes()?)?).is_some(),
            6 => description.replace(text(reader)?).is_some(),
            _ => return Err("a software component has an unknown entry"),
        };
        if doubled {
            return Err("an entry of a software component stands there twice");
        }
    }
    Ok(SoftwareComponent {
        component: kind.unwrap_or_default(),
        version: version.unwrap_or_default(),
        measurement: measurement.ok_or("a software component lacks its measurement")?,
        signer: signer.ok_or("a software component lacks its signer")?,
        description,
    })
}

/// An EAN-13 and a version (RFC 9783, section 4.2.3): `[0-9]{13}-[0-9]{5}`.
fn certification_reference(reader: &mut Reader<'_>) -> Result<String, Fault> {
    let digits =
        |part: &str, count| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    let text = text(reader)?;
    let good = |(product, version)| digits(product, 13) && digits(version, 5);
    if text.split_once('-').is_some_and(good) {
        Ok(text)
    } else {
        Err("the certification reference is not thirteen digits, a hyphen and five digits")
    }
}

fn text(reader: &mut Reader<'_>) -> Result<String, Fault> {
    let text = reader.text()?;
    if text.len() > MAX_TEXT_BYTES || text.chars().any(char::is_control) {
        return Err("a text is too long or has control characters");
    }
    Ok(text.to_owned())
}

/// `psa-hash-type` of RFC 9783: 32, 48 or 64 bytes.
fn digest(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    if matches!(bytes.len(), 32 | 48 | 64) {
        Ok(bytes.to_vec())
    } else {
        Err("a nonce or digest is not 32, 48 or 64 bytes")
    }
}
