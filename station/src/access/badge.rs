//! What a badge's scan yields, and the keyed digest of it that is kept.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::secret::Secret;
use crate::encoding::Hex;

/// Shortest and longest code of a badge.
const CODE_CHARS: std::ops::RangeInclusive<usize> = 4..=64;

/// Keeps the digest apart from others that may come to be made with the same key.
const PURPOSE: &[u8] = b"station-badge-1\0";

/// What a scan of a badge yields, without the line end of the scanner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadgeCode(Secret);

impl BadgeCode {
    /// Takes what was scanned; None where it can be no badge: 4 to 64 visible ASCII characters or spaces.
    #[must_use]
    pub fn parse(scanned: &str) -> Option<Self> {
        let code = scanned.trim();
        let plain = |b: u8| b.is_ascii_graphic() || b == b' ';
        let good = CODE_CHARS.contains(&code.len()) && code.bytes().all(plain);
        good.then(|| Self(Secret::new(code.to_owned())))
    }

    /// The code itself, for the process that keeps the register.
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.0
    }
}

/// The key of a home's badge digests: without it, digests of short codes could be found by trying.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct BadgeKey(Hex);

impl BadgeKey {
    pub(super) fn from_random(bytes: [u8; 32]) -> Self {
        Self(Hex(bytes.to_vec()))
    }

    /// The digest that is kept instead of the code.
    pub(super) fn digest(&self, code: &BadgeCode) -> BadgeDigest {
        let keyed = Hmac::<Sha256>::new_from_slice(&self.0.0);
        // HMAC takes a key of any length, so this is never empty.
        let digest = keyed.map(|mac| {
            let mac = mac.chain_update(PURPOSE);
            let mac = mac.chain_update(code.0.expose().as_bytes());
            mac.finalize().into_bytes().to_vec()
        });
        BadgeDigest(Hex(digest.unwrap_or_default()))
    }
}

impl fmt::Debug for BadgeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BadgeKey(redacted)")
    }
}

/// What is kept of a badge.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct BadgeDigest(Hex);

impl PartialEq for BadgeDigest {
    fn eq(&self, other: &Self) -> bool {
        bool::from(self.0.0.ct_eq(&other.0.0)) && !self.0.0.is_empty()
    }
}

impl Eq for BadgeDigest {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_short_plain_text() {
        assert!(BadgeCode::parse("BADGE-0017\r\n").is_some());
        let long = "x".repeat(65);
        for bad in ["", "123", "B\u{e4}dge", "ab\tcd", "1234\n5678", &long] {
            assert_eq!(BadgeCode::parse(bad), None, "{bad:?}");
        }
        assert!(!format!("{:?}", BadgeCode::parse("0017-4711")).contains("4711"));
    }

    #[test]
    fn digests_depend_on_code_and_key() {
        let code = |text| BadgeCode::parse(text).unwrap();
        let key = BadgeKey::from_random([7; 32]);
        assert_eq!(key.digest(&code("0017")), key.digest(&code(" 0017\r")));
        assert_ne!(key.digest(&code("0017")), key.digest(&code("0018")));
        let other = BadgeKey::from_random([8; 32]);
        assert_ne!(key.digest(&code("0017")), other.digest(&code("0017")));
        assert!(
            !serde_json::to_string(&key.digest(&code("0017")))
                .unwrap()
                .contains("0017")
        );
    }
}
