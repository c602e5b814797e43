//! Names of people, places and papers, each with its own type and its own bounds.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

/// Why a text is no valid name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind} {text:?} is not valid: use 1 to {max} letters, digits, '-', '_' or '.'")]
pub struct NameError {
    kind: &'static str,
    text: String,
    max: usize,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Parses the name.
            ///
            /// # Errors
            /// [`NameError`] where it is empty, too long, or has another character than letters,
            /// digits, `-`, `_` and `.`, or begins with `.` or `-`.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
                let good = (1..=$max).contains(&text.len())
                    && text.bytes().all(allowed)
                    && !text.starts_with(['.', '-']);
                let error = || NameError {
                    kind: $kind,
                    text: text.escape_default().to_string(),
                    max: $max,
                };
                good.then(|| Self(text.to_owned())).ok_or_else(error)
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
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    };
}

name!(
    /// A batch of boards, made under one work order.
    BatchId, "batch", 32
);
name!(
    /// The pseudonymous ID of an operator.
    OperatorId, "operator", 32
);
name!(
    /// One working position: port, fixture, thread.
    LaneName, "lane", 32
);
name!(
    /// The station's own name, as its credential has it.
    StationName, "station", 32
);
name!(
    /// A working shift.
    ShiftName, "shift", 32
);
name!(
    /// A work order.
    WorkOrderId, "work order", 48
);
name!(
    /// The X.520 serialNumber in a device's subject.
    DeviceSerial, "device serial", 48
);

/// The serial number of a certificate (RFC 5280, section 4.1.2.2): 128 random bits of the HSM's generator,
/// read as a positive integer; never zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CertificateSerial([u8; 16]);

impl CertificateSerial {
    /// Takes 128 random bits. None where they are all zero, which no working generator gives.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Option<Self> {
        (bytes != [0; 16]).then_some(Self(bytes))
    }

    /// Reads 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse_hex(text: &str) -> Option<Self> {
        Self::from_random(base16ct::lower::decode_vec(text).ok()?.try_into().ok()?)
    }

    /// Big-endian bytes; may begin with zeros, or with a set top bit: DER takes care of both.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for CertificateSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base16ct::lower::encode_string(&self.0))
    }
}

impl fmt::Debug for CertificateSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateSerial({self})")
    }
}

impl Serialize for CertificateSerial {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CertificateSerial {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_hex(&text).ok_or_else(|| D::Error::custom("not a certificate serial"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_bounds() {
        assert!(BatchId::parse("B-2026.47_a").is_ok());
        for bad in ["", ".hidden", "-flag", "a b", "a/b", "ü", &"x".repeat(33)] {
            assert!(BatchId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn certificate_serials_are_never_zero() {
        for byte in [0x01, 0x7f, 0x80, 0xff] {
            let serial = CertificateSerial::from_random([byte; 16]).unwrap();
            assert_eq!(
                CertificateSerial::parse_hex(&serial.to_string()),
                Some(serial)
            );
        }
        assert_eq!(CertificateSerial::parse_hex(&"00".repeat(16)), None);
    }
}
