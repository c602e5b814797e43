//! A profile under the product owner's signature: a DSSE envelope around the text, its version and its
//! validity.
//!
//! The payload type is its own, so that neither a manifest nor anything else that is ever signed in such
//! an envelope can pass for a profile. A version is one of a profile's name and product: the name stays
//! the same from version to version. Whether a version may follow another is the ledger's to say, which
//! knows the others; whether it is valid now is judged by who knows the time.

use firmware_proto::platform::{RawSignature, Sec1Point};
use firmware_proto::{Digest, ProductCode};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Profile, ProfileFaults};
use crate::clock::{Timestamp, UtcMillis};
use crate::dsse::{self, Envelope, Misspelt, SignatureFault, read_canonical};
use crate::encoding::{Hex, sha256};
use crate::es256;

/// The `payloadType` of a signed profile.
pub const PAYLOAD_TYPE: &str = "application/vnd.provisioning-station.profile+json";

/// Longest file, in bytes. File and text together still fit into one leaf of the ledger.
pub const MAX_SIGNED_PROFILE_BYTES: usize = 120 * 1024;

/// The layout of the payload.
const SCHEMA: u8 = 1;

/// When a profile may be used; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Not before this.
    pub not_before: UtcMillis,
    /// Not after this.
    pub not_after: UtcMillis,
}

/// The time is not within the validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OutsideValidity {
    /// Too early.
    #[error("the profile is not valid before {not_before}, and it is {now} now")]
    NotYet {
        /// When it will be.
        not_before: UtcMillis,
        /// The time that it was judged at.
        now: UtcMillis,
    },
    /// Too late.
    #[error("the profile has expired: it was valid until {not_after}, and it is {now} now")]
    Expired {
        /// When it was last.
        not_after: UtcMillis,
        /// The time that it was judged at.
        now: UtcMillis,
    },
}

impl Validity {
    /// Whether a profile may be used now.
    ///
    /// # Errors
    /// Where it may not be yet, or not any more.
    pub fn judge(self, now: UtcMillis) -> Result<(), OutsideValidity> {
        let Self {
            not_before,
            not_after,
        } = self;
        if now < not_before {
            return Err(OutsideValidity::NotYet { not_before, now });
        }
        if now > not_after {
            return Err(OutsideValidity::Expired { not_after, now });
        }
        Ok(())
    }
}

/// What the product owner says of a profile beside its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Grows with each change; an older one takes a supervisor's reason.
    pub version: u32,
    /// When it may be used.
    pub validity: Validity,
}

/// A signature that holds, with what it was given for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Version and validity.
    pub terms: Terms,
    /// SHA-256 of the file.
    pub digest: Digest,
    /// The file as it was signed.
    pub file: String,
}

/// A profile, and the seal where it has one.
#[derive(Clone, Debug, PartialEq)]
pub struct AdmittedProfile {
    /// What boards must be.
    pub profile: Profile,
    /// None where nobody has signed it.
    pub seal: Option<Seal>,
}

/// The bytes of a payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    schema: u8,
    name: String,
    product: ProductCode,
    version: u32,
    not_before: Timestamp,
    not_after: Timestamp,
    sha256: Hex,
    text: String,
}

impl Payload {
    fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

/// Why a profile is not one that this station may use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotAdmitted {
    /// The text itself.
    #[error("{0}")]
    Faults(ProfileFaults),
    /// Plain TOML where a signature is needed.
    #[error("the profile is not signed, and this station is for real products")]
    Unsigned,
    /// No signed profile.
    #[error("it is no signed profile: {0}")]
    Envelope(String),
    /// An envelope around something else.
    #[error("it is a signed document of another kind: {0:?}")]
    OtherKind(String),
    /// Signed, but by somebody else.
    #[error("the profile is signed by key {got}, and this station trusts {pinned} alone")]
    Foreign {
        /// The key ID in the envelope.
        got: Hex,
        /// The pinned authority's.
        pinned: Digest,
    },
    /// The signature is not what it claims to be.
    #[error(transparent)]
    Signature(#[from] SignatureFault),
}

impl NotAdmitted {
    /// What to do about it.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Faults(_) => {
                "mend the profile; docs/profile.md has every key, station profile check explains the faults"
            }
            Self::Unsigned => "let the product owner sign it: station profile sign",
            Self::Envelope(_) | Self::OtherKind(_) => {
                "give the file that station profile sign has written, as it is"
            }
            Self::Foreign { .. } => {
                "let the product owner sign it whose key is pinned in pki/owner.pub.pem"
            }
            Self::Signature(_) => "get the file again from whoever has signed it",
        }
    }
}

/// Whether a file is a signed profile rather than a text: no TOML begins like JSON.
#[must_use]
pub fn is_signed(file: &str) -> bool {
    file.trim_start().starts_with('{')
}

/// The payload for a profile, as it is to be signed.
///
/// # Errors
/// Where it would be longer than a station reads, or is valid at no time.
pub fn payload(profile: &Profile, terms: Terms) -> Result<Vec<u8>, NotAdmitted> {
    let Validity {
        not_before,
        not_after,
    } = terms.validity;
    if not_before > not_after {
        return Err(NotAdmitted::Envelope("it is valid at no time".to_owned()));
    }
    let payload = Payload {
        schema: SCHEMA,
        name: profile.name.clone(),
        product: profile.product.clone(),
        version: terms.version,
        not_before: Timestamp(not_before),
        not_after: Timestamp(not_after),
        sha256: profile.digest.into(),
        text: profile.text.clone(),
    };
    let unwritten = |error: serde_json::Error| NotAdmitted::Envelope(error.to_string());
    payload.to_bytes().map_err(unwritten)
}

/// The bytes that the product owner's key signs.
#[must_use]
pub fn to_be_signed(payload: &[u8]) -> Vec<u8> {
    dsse::pre_authentication_encoding(PAYLOAD_TYPE, payload)
}

/// Puts payload and signature (`r ‖ s`) together to a file, which `admit` takes under the same key.
///
/// # Errors
/// Where the signature does not verify, or the file is too long.
pub fn assemble(
    payload: Vec<u8>,
    key: &Sec1Point,
    signature: &RawSignature,
) -> Result<String, NotAdmitted> {
    let unwritten = |error: &dyn std::fmt::Display| NotAdmitted::Envelope(error.to_string());
    let envelope = Envelope::assemble(PAYLOAD_TYPE, payload, key, signature)?;
    let file = envelope.to_bytes().map_err(|error| unwritten(&error))?;
    let file = String::from_utf8(file).map_err(|error| unwritten(&error))?;
    admit("the signed profile", &file, key, false).map(|_| file)
}

/// Reads a profile, signed or not, and verifies the signature of a signed one under the pinned key of the
/// product owner. When it is valid is not judged here.
///
/// # Errors
/// Where the text has faults, or nobody whom this station trusts has signed it.
pub fn admit(
    file_name: &str,
    file: &str,
    authority: &Sec1Point,
    unsigned_too: bool,
) -> Result<AdmittedProfile, NotAdmitted> {
    if !is_signed(file) {
        // The faults of the text first: nobody signs one that has any.
        let profile = Profile::parse(file_name, file).map_err(NotAdmitted::Faults)?;
        let seal = None;
        let admitted = unsigned_too.then_some(AdmittedProfile { profile, seal });
        return admitted.ok_or(NotAdmitted::Unsigned);
    }
    let sealed = read(file_name, file)?;
    let pinned = es256::key_digest(authority);
    if sealed.key_id.digest() != Some(pinned) {
        let got = sealed.key_id;
        return Err(NotAdmitted::Foreign { got, pinned });
    }
    dsse::verify(PAYLOAD_TYPE, &sealed.payload, authority, &sealed.signature)?;
    Ok(AdmittedProfile {
        profile: sealed.profile,
        seal: Some(sealed.seal),
    })
}

/// A signed profile whose signature nobody has verified.
#[derive(Debug)]
pub struct UnverifiedProfile {
    /// What boards must be.
    pub profile: Profile,
    /// What the file says of itself.
    pub seal: Seal,
    /// The key that it says it is signed with.
    pub key_id: Hex,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// Reads a signed profile without verifying its signature: to show it, not to use it.
///
/// # Errors
/// Where it is none, in the one spelling of it, or its text has faults.
pub fn read(file_name: &str, file: &str) -> Result<UnverifiedProfile, NotAdmitted> {
    let refused = |what: &str| NotAdmitted::Envelope(what.to_owned());
    if file.len() > MAX_SIGNED_PROFILE_BYTES {
        let what = format!("{} bytes, at most {MAX_SIGNED_PROFILE_BYTES}", file.len());
        return Err(refused(&what));
    }
    let envelope: Envelope = read_canonical(file.as_bytes(), Envelope::to_bytes)
        .map_err(|misspelt| NotAdmitted::Envelope(in_words("the envelope", misspelt)))?;
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(NotAdmitted::OtherKind(envelope.payload_type));
    }
    let [signature] = envelope.signatures.as_slice() else {
        return Err(refused("it has not exactly one signature"));
    };
    let payload: Payload = read_canonical(&envelope.payload.0, Payload::to_bytes)
        .map_err(|misspelt| NotAdmitted::Envelope(in_words("the payload", misspelt)))?;
    if payload.schema != SCHEMA {
        return Err(refused("this version reads schema 1"));
    }
    let profile = Profile::parse(file_name, &payload.text).map_err(NotAdmitted::Faults)?;
    let stated = (&payload.name, &payload.product, payload.sha256.digest());
    if stated != (&profile.name, &profile.product, Some(profile.digest)) {
        return Err(refused("name, product or digest are not those of its text"));
    }
    let validity = Validity {
        not_before: payload.not_before.0,
        not_after: payload.not_after.0,
    };
    if validity.not_before > validity.not_after {
        return Err(refused("it is valid at no time"));
    }
    let (key_id, signature) = (signature.keyid.clone(), signature.sig.0.clone());
    Ok(UnverifiedProfile {
        profile,
        seal: Seal {
            terms: Terms {
                version: payload.version,
                validity,
            },
            digest: sha256(file.as_bytes()),
            file: file.to_owned(),
        },
        key_id,
        payload: envelope.payload.0,
        signature,
    })
}

fn in_words(part: &str, misspelt: Misspelt) -> String {
    match misspelt {
        Misspelt::Syntax(reason) => format!("{part} is cut off or is no JSON: {reason}"),
        Misspelt::Fields(reason) => {
            format!("{part} has an unknown, doubled, missing or malformed field: {reason}")
        }
        Misspelt::NotCanonical(offset) => {
            format!("{part} was changed or re-formatted after signing: byte {offset} differs")
        }
    }
}

#[cfg(test)]
mod tests;
