//! What the root of trust says of itself: PSA attestation tokens (RFC 9783) as `COSE_Sign1` with
//! ES256.
//!
//! Made with `coset` and `ciborium`, so that the station's own parser never reads what its sister
//! wrote. The instance ID is `0x01 ‖ SHA-256(attestation key as an uncompressed SEC1 point)`.

use ciborium::Value;
use coset::{CoseSign1Builder, HeaderBuilder, TaggedCborSerializable, iana};
use firmware_proto::{Digest, SecurityLifecycle};
use thiserror::Error;

use crate::device_keys::{DeviceKey, sha256};

/// A token could not be made.
#[derive(Debug, Error)]
#[error("a simulated token could not be encoded; this is a bug of the simulator")]
pub struct TokenError;

/// One software component, as the token reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Measurement type: the component's name.
    pub name: String,
    /// Version.
    pub version: String,
    /// SHA-256 of the image.
    pub measurement: Digest,
    /// SHA-256 of the key that signed the image.
    pub signer: Digest,
}

/// Claims that stay the same for as long as the board is not reset or locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The hardware and its immutable code.
    pub implementation_id: [u8; 32],
    /// Who asked for the token: positive numbers are of the secure side.
    pub client_id: i32,
    /// The firmware.
    pub components: Vec<Component>,
}

/// What is wrong with a token itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault {
    /// Nothing.
    None,
    /// One bit of the signature is flipped.
    Signature,
    /// It answers a challenge of yesterday.
    StaleNonce,
    /// It is cut in the middle.
    Truncated,
    /// A claim stands in it twice.
    DoubledClaim,
    /// It names another device's instance ID than its key's.
    ForeignInstance,
}

/// All that one token needs.
#[derive(Clone, Copy, Debug)]
pub struct TokenRequest<'a> {
    /// The attestation key.
    pub key: &'a DeviceKey,
    /// The claims that rarely change.
    pub claims: &'a Claims,
    /// The lifecycle of the moment.
    pub lifecycle: SecurityLifecycle,
    /// Of this boot.
    pub boot_seed: &'a [u8; 32],
    /// The nonce.
    pub challenge: &'a Digest,
    /// What to spoil.
    pub fault: TokenFault,
}

/// The instance ID of an attestation key.
#[must_use]
pub fn instance_id(key: &DeviceKey) -> [u8; 33] {
    let mut id = [1; 33];
    let digest = sha256(&[&key.point()]);
    id.iter_mut()
        .skip(1)
        .zip(digest.as_bytes())
        .for_each(|(to, from)| *to = *from);
    id
}

/// Makes a token.
pub fn token(request: &TokenRequest<'_>) -> Result<Vec<u8>, TokenError> {
    let payload = payload(request)?;
    let protected = HeaderBuilder::new()
        .algorithm(iana::Algorithm::ES256)
        .build();
    let mut signed = CoseSign1Builder::new()
        .protected(protected)
        .payload(payload)
        .create_signature(&[], |bytes| request.key.sign(&[bytes]).to_vec())
        .build();
    if request.fault == TokenFault::Signature
        && let Some(byte) = signed.signature.last_mut()
    {
        *byte ^= 1;
    }
    let mut bytes = signed.to_tagged_vec().map_err(|_| TokenError)?;
    if request.fault == TokenFault::Truncated {
        bytes.truncate(bytes.len() / 2);
    }
    Ok(bytes)
}

fn payload(request: &TokenRequest<'_>) -> Result<Vec<u8>, TokenError> {
    let challenge = match request.fault {
        TokenFault::StaleNonce => sha256(&[b"yesterday", request.challenge.as_bytes()]),
        _ => *request.challenge,
    };
    let mut instance = instance_id(request.key);
    if request.fault == TokenFault::ForeignInstance {
        instance[32] ^= 1;
    }
    let components = request.claims.components.iter().map(component).collect();
    let mut claims = vec![
        (NONCE, Value::Bytes(challenge.as_bytes().to_vec())),
        (INSTANCE_ID, Value::Bytes(instance.to_vec())),
        (PROFILE, Value::Text(PROFILE_NAME.to_owned())),
        (BOOT_SEED, Value::Bytes(request.boot_seed.to_vec())),
        (CLIENT_ID, Value::from(request.claims.client_id)),
        (LIFECYCLE, Value::from(request.lifecycle.0)),
        (
            IMPLEMENTATION_ID,
            Value::Bytes(request.claims.implementation_id.to_vec()),
        ),
        (COMPONENTS, Value::Array(components)),
    ];
    if request.fault == TokenFault::DoubledClaim {
        claims.push((LIFECYCLE, Value::from(SecurityLifecycle::SECURED.0)));
    }
    let map = claims
        .into_iter()
        .map(|(key, value)| (Value::from(key), value))
        .collect();
    let mut bytes = Vec::new();
    ciborium::into_writer(&Value::Map(map), &mut bytes).map_err(|_| TokenError)?;
    Ok(bytes)
}

fn component(component: &Component) -> Value {
    let digest = |digest: &Digest| Value::Bytes(digest.as_bytes().to_vec());
    Value::Map(vec![
        (Value::from(1), Value::Text(component.name.clone())),
        (Value::from(2), digest(&component.measurement)),
        (Value::from(4), Value::Text(component.version.clone())),
        (Value::from(5), digest(&component.signer)),
    ])
}

/// The profile's name, RFC 9783 section 5.1.
const PROFILE_NAME: &str = "tag:psacertified.org,2023:psa#tfm";

/// Claim keys of RFC 9783 and RFC 9711.
const NONCE: u16 = 10;
const INSTANCE_ID: u16 = 256;
const PROFILE: u16 = 265;
const BOOT_SEED: u16 = 268;
const CLIENT_ID: u16 = 2394;
const LIFECYCLE: u16 = 2395;
const IMPLEMENTATION_ID: u16 = 2396;
const COMPONENTS: u16 = 2399;

#[cfg(test)]
mod tests {
    use coset::{CborSerializable, CoseSign1};

    use super::*;
    use crate::device_keys::is_signed_by;
    use crate::seed::{Purpose, Seed};

    fn make(fault: TokenFault) -> (DeviceKey, Vec<u8>) {
        let key = DeviceKey::of(Seed(7), Purpose::AttestationKey, 0);
        let claims = Claims {
            implementation_id: [7; 32],
            client_id: 1,
            components: Vec::new(),
        };
        let bytes = token(&TokenRequest {
            key: &key,
            claims: &claims,
            lifecycle: SecurityLifecycle::SECURED,
            boot_seed: &[1; 32],
            challenge: &Digest::from_bytes([9; 32]),
            fault,
        });
        (key, bytes.unwrap())
    }

    fn verifies(key: &DeviceKey, token: &[u8]) -> bool {
        let signed = CoseSign1::from_tagged_slice(token).unwrap();
        let signature: [u8; 64] = signed.signature.clone().try_into().unwrap();
        is_signed_by(&key.point(), &[&signed.tbs_data(&[])], &signature)
    }

    #[test]
    fn a_token_verifies_under_its_key_unless_its_signature_is_spoilt() {
        let (key, good) = make(TokenFault::None);
        assert!(verifies(&key, &good));
        let (key, spoilt) = make(TokenFault::Signature);
        assert!(!verifies(&key, &spoilt));
        let (key, stale) = make(TokenFault::StaleNonce);
        assert!(verifies(&key, &stale));
        assert_ne!(good, stale);
        let (_, cut) = make(TokenFault::Truncated);
        assert!(CoseSign1::from_slice(&cut).is_err());
    }
}
