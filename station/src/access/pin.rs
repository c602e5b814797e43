//! PINs of operators, and the argon2id hashes that are kept of them.
//!
//! A PIN of four digits cannot be kept from somebody who has the file and an hour: the delay after wrong
//! ones guards the terminal, the file's mode and the disk's encryption guard the file.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use zeroize::Zeroizing;

use super::secret::Secret;
use crate::encoding::Hex;

/// Fewest and most digits.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=12;
/// RFC 9106 recommends 16 bytes of salt.
pub(super) const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// Memory and passes of new hashes: 50 to 100 ms on a station's machine.
const MEMORY_KIB: u32 = 32 * 1024;
const PASSES: u32 = 3;
/// Most that a file may ask for: no hash of ours does, and more would stop the machine.
const MEMORY_KIB_MAX: u32 = 256 * 1024;
const PASSES_MAX: u32 = 16;

/// A PIN: 4 to 12 digits.
#[derive(Clone, PartialEq, Eq)]
pub struct OperatorPin(Secret);

/// Why digits are no PIN, or no good one. Never says which digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PinFault {
    /// Not 4 to 12 digits.
    #[error("a PIN has 4 to 12 digits and nothing else")]
    NotDigits,
    /// The same digits again and again.
    #[error("a PIN that repeats itself is guessed first; choose another")]
    Repeats,
    /// Digits that follow each other.
    #[error("a PIN of digits that follow each other is guessed first; choose another")]
    Sequence,
}

impl OperatorPin {
    /// Takes what was typed, to be compared with a hash.
    ///
    /// # Errors
    /// Where it can be no PIN.
    pub fn parse(typed: &str) -> Result<Self, PinFault> {
        let typed = typed.trim_end_matches(['\r', '\n']);
        let good = DIGITS.contains(&typed.len()) && typed.bytes().all(|b| b.is_ascii_digit());
        if !good {
            return Err(PinFault::NotDigits);
        }
        Ok(Self(Secret::new(typed.to_owned())))
    }

    /// Takes a PIN that somebody has chosen.
    ///
    /// # Errors
    /// Where it is none, or one of those that are guessed first.
    pub fn choose(typed: &str) -> Result<Self, PinFault> {
        let pin = Self::parse(typed)?;
        let digits = pin.0.expose().as_bytes();
        if repeats(digits) {
            return Err(PinFault::Repeats);
        }
        if follows(digits, 1) || follows(digits, 9) {
            return Err(PinFault::Sequence);
        }
        Ok(pin)
    }

    /// The digits, for the process that keeps the register.
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.0
    }
}

impl fmt::Debug for OperatorPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorPin(redacted)")
    }
}

/// Whether the digits are a shorter block, repeated.
fn repeats(digits: &[u8]) -> bool {
    (1..=digits.len() / 2)
        .filter(|block| digits.len().is_multiple_of(*block))
        .any(|block| {
            digits
                .iter()
                .zip(digits.iter().skip(block))
                .all(|(a, b)| a == b)
        })
}

/// Whether each digit is `step` more than the one before, 0 following 9.
fn follows(digits: &[u8], step: u8) -> bool {
    let value = |digit: &u8| digit.wrapping_sub(b'0');
    let pairs = digits.iter().zip(digits.iter().skip(1));
    pairs
        .into_iter()
        .all(|(a, b)| (value(a) + step) % 10 == value(b))
}

/// What is kept of a PIN: its argon2id hash (RFC 9106) with salt and cost.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinHash {
    memory_kib: u32,
    passes: u32,
    salt: Hex,
    hash: Hex,
}

impl PinHash {
    /// Hashes a PIN at today's cost; None where the machine lacks the memory for it.
    #[must_use]
    pub fn make(pin: &OperatorPin, salt: [u8; SALT_BYTES]) -> Option<Self> {
        let mut made = Self {
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            salt: Hex(salt.to_vec()),
            hash: Hex(Vec::new()),
        };
        made.hash = Hex(made.of(pin)?.to_vec());
        Some(made)
    }

    /// Whether it is this PIN's; None where that cannot be found out.
    #[must_use]
    pub fn fits(&self, pin: &OperatorPin) -> Option<bool> {
        let hash = self.of(pin)?;
        Some(bool::from(hash.ct_eq(&self.hash.0)))
    }

    /// Whether all of it is such as a station writes.
    pub(super) fn is_sound(&self) -> bool {
        (1..=PASSES_MAX).contains(&self.passes)
            && (8..=MEMORY_KIB_MAX).contains(&self.memory_kib)
            && self.salt.0.len() == SALT_BYTES
            && self.hash.0.len() == HASH_BYTES
    }

    fn of(&self, pin: &OperatorPin) -> Option<Zeroizing<[u8; HASH_BYTES]>> {
        let cost = Params::new(self.memory_kib, self.passes, 1, Some(HASH_BYTES)).ok()?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost);
        let mut hash = Zeroizing::new([0; HASH_BYTES]);
        let digits = pin.0.expose().as_bytes();
        argon2
            .hash_password_into(digits, &self.salt.0, &mut *hash)
            .ok()?;
        Some(hash)
    }
}

impl fmt::Debug for PinHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinHash(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_and_not_those_that_are_guessed_first() {
        for bad in [
            "",
            "123",
            "1234567890123",
            "12a4",
            "12 34",
            "\u{663}\u{664}\u{665}\u{666}",
        ] {
            assert_eq!(OperatorPin::parse(bad), Err(PinFault::NotDigits), "{bad}");
        }
        for bad in ["0000", "111111", "1212", "471471", "12341234"] {
            assert_eq!(OperatorPin::choose(bad), Err(PinFault::Repeats), "{bad}");
        }
        for bad in ["1234", "4321", "7890", "890123", "1098765", "0123456789"] {
            assert_eq!(OperatorPin::choose(bad), Err(PinFault::Sequence), "{bad}");
        }
        for good in ["4711", "1213", "13579", "112233", "1210\r\n"] {
            assert!(OperatorPin::choose(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_hash_fits_its_pin_alone_and_shows_nothing() {
        let pin = OperatorPin::choose("4711").unwrap();
        let hash = PinHash::make(&pin, [5; SALT_BYTES]).unwrap();
        assert!(hash.is_sound());
        assert_eq!(hash.fits(&pin), Some(true));
        assert_eq!(hash.fits(&OperatorPin::parse("4712").unwrap()), Some(false));
        assert_ne!(hash, PinHash::make(&pin, [6; SALT_BYTES]).unwrap());
        assert_eq!(
            format!("{pin:?} {hash:?}"),
            "OperatorPin(redacted) PinHash(redacted)"
        );
        assert!(!serde_json::to_string(&hash).unwrap().contains("4711"));
    }

    #[test]
    fn argon2id_gives_the_published_answer() {
        // RFC 9106 5.3 has a key and associated data, which are not used here; this is the reference
        // program's: echo -n 4711 | argon2 0123456789abcdef -id -t 2 -k 64 -p 1 -l 32 -r
        let hash = PinHash {
            memory_kib: 64,
            passes: 2,
            salt: Hex(b"0123456789abcdef".to_vec()),
            hash: Hex(Vec::new()),
        };
        let made = hash.of(&OperatorPin::parse("4711").unwrap()).unwrap();
        assert_eq!(
            base16ct::lower::encode_string(&*made),
            "fedc1a2c046d7ff5947b6a516748fa248d9468df9949bcd2c4b46f8c12c707f8"
        );
    }
}
