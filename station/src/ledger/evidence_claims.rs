//! What evidence claims, as events keep it. Append only, as the events are.

use serde::{Deserialize, Serialize};

use crate::encoding::Hex;

/// A firmware component as attested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentRecord {
    /// The component's type, for example `BL` or `APP`.
    pub component: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its image.
    pub measurement: Hex,
    /// Digest of the key that signed it.
    pub signer: Hex,
}

/// What a token claims besides what its event names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimsRecord {
    /// The profile that the token says it has.
    pub profile: String,
    /// What the token was asked to attest.
    pub nonce: Hex,
    /// Who asked for it.
    pub client_id: i32,
    /// The certification reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certification_reference: Option<String>,
    /// The verification service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_service: Option<String>,
    /// How each component was measured, in their order; empty where the token does not say.
    pub descriptions: Vec<String>,
    /// Claims that RFC 9783 does not know: label and value in CBOR's diagnostic notation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other: Vec<(String, String)>,
}
