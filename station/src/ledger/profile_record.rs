//! A signed profile in an event.

use serde::{Deserialize, Serialize};

use crate::clock::UtcMillis;

/// A profile as the product owner has signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedProfileRecord {
    /// The profile's name; versions of one name and product follow each other.
    pub name: String,
    /// The version.
    pub version: u32,
    /// May not be used before this.
    pub not_before: UtcMillis,
    /// May not be used after this.
    pub not_after: UtcMillis,
    /// The whole signed file: a DSSE envelope.
    pub file: String,
}
