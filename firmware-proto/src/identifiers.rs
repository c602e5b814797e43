//! Names and numbers that identify things on the wire, each with its own type.

use core::fmt;

use heapless::{String, Vec};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why bytes or text are no valid identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifierError {
    /// Shorter or longer than the identifier may be.
    Length {
        /// The length found, in bytes.
        got: usize,
    },
    /// A character outside upper-case letters, digits, `-` and `.`.
    Character,
}

impl fmt::Display for IdentifierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { got } => write!(f, "identifier of {got} bytes is too short or too long"),
            Self::Character => f.write_str("only A-Z, 0-9, '-' and '.' are allowed"),
        }
    }
}

impl core::error::Error for IdentifierError {}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Reads hexadecimal of one case, so that each identifier has one spelling in text formats.
struct HexVisitor<const MAX: usize>(bool);

impl<const MAX: usize> serde::de::Visitor<'_> for HexVisitor<MAX> {
    type Value = Vec<u8, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "at most {MAX} bytes in {}-case hexadecimal",
            if self.0 { "upper" } else { "lower" }
        )
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let unexpected = || E::invalid_value(serde::de::Unexpected::Str(text), &self);
        let digit = |byte: u8| match (byte, self.0) {
            (b'0'..=b'9', _) => Some(byte.wrapping_sub(b'0')),
            (b'a'..=b'f', false) => Some(byte.wrapping_sub(b'a').wrapping_add(10)),
            (b'A'..=b'F', true) => Some(byte.wrapping_sub(b'A').wrapping_add(10)),
            _ => None,
        };
        let mut bytes = Vec::new();
        for pair in text.as_bytes().chunks(2) {
            let &[high, low] = pair else {
                return Err(unexpected());
            };
            let (Some(high), Some(low)) = (digit(high), digit(low)) else {
                return Err(unexpected());
            };
            bytes.push(high << 4 | low).map_err(|_| unexpected())?;
        }
        Ok(bytes)
    }
}

macro_rules! fixed_bytes {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    return serializer.collect_str(self);
                }
                self.0.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let bytes = deserializer.deserialize_str(HexVisitor::<$len>(false))?;
                    let bytes: [u8; $len] =
                        bytes.as_slice().try_into().map_err(serde::de::Error::custom)?;
                    return Ok(Self(bytes));
                }
                <[u8; $len]>::deserialize(deserializer).map(Self)
            }
        }

        impl $name {
            /// Takes the bytes as they are.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(f, &self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

fixed_bytes!(
    /// A SHA-256 digest.
    Digest,
    32
);
fixed_bytes!(
    /// A nonce drawn by the station's HSM for one request.
    Nonce,
    32
);
fixed_bytes!(
    /// The nonce that a device draws, persists, binds grants and commits to, and retires at commit.
    DeviceNonce,
    32
);
fixed_bytes!(
    /// Names one run of the exchange, drawn by the station for each `Hello`.
    SessionId,
    16
);
fixed_bytes!(
    /// Drawn by the device at each boot; tells a board that stayed from one that came back.
    BootId,
    4
);

/// Silicon identifier, 8 to 16 bytes. In `Identity` it is a hint; only attestation makes it authentic.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(Vec<u8, 16>);

impl Serialize for Uid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        self.0.serialize(serializer)
    }
}

impl Uid {
    /// Shortest and longest identifier, in bytes.
    pub const LENGTHS: core::ops::RangeInclusive<usize> = 8..=16;

    /// Takes 8 to 16 bytes.
    ///
    /// # Errors
    /// [`IdentifierError::Length`] outside those bounds.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IdentifierError> {
        let length = IdentifierError::Length { got: bytes.len() };
        if !Self::LENGTHS.contains(&bytes.len()) {
            return Err(length);
        }
        Vec::from_slice(bytes).map(Self).map_err(|_| length)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uid({self})")
    }
}

impl<'de> Deserialize<'de> for Uid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = if deserializer.is_human_readable() {
            deserializer.deserialize_str(HexVisitor::<16>(true))?
        } else {
            Vec::<u8, 16>::deserialize(deserializer)?
        };
        Self::from_bytes(&bytes).map_err(serde::de::Error::custom)
    }
}

macro_rules! short_text {
    ($(#[$doc:meta])* $name:ident, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(String<$max>);

        impl $name {
            /// Parses the text.
            ///
            /// # Errors
            /// [`IdentifierError`] where it is empty, too long, or has another character than
            /// upper-case letters, digits, `-` and `.`.
            pub fn parse(text: &str) -> Result<Self, IdentifierError> {
                let length = IdentifierError::Length { got: text.len() };
                if text.is_empty() {
                    return Err(length);
                }
                let allowed =
                    |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
                if !text.bytes().all(allowed) {
                    return Err(IdentifierError::Character);
                }
                String::try_from(text).map(Self).map_err(|_| length)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::<$max>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

short_text!(
    /// The product that a board is, for example `SENSOR-A`; at most 24 characters.
    ProductCode,
    24
);
short_text!(
    /// The board's hardware revision, for example `C2`; at most 8 characters.
    HardwareRevision,
    8
);
