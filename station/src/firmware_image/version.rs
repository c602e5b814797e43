//! Versions of images: `major.minor.revision`, with `+build` where it is not 0.

use std::fmt;

/// The version in an image's header. The order is that of the numbers from left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageVersion {
    /// First number.
    pub major: u8,
    /// Second number.
    pub minor: u8,
    /// Third number.
    pub revision: u16,
    /// Build number; 0 is not written.
    pub build: u32,
}

impl ImageVersion {
    /// Reads a version in its one spelling.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "not a version such as 2.5.1 or 2.5.1+7";
        let (numbers, build) = match text.split_once('+') {
            Some((numbers, build)) => (numbers, build.parse().map_err(|_| WRONG)?),
            None => (text, 0),
        };
        let mut parts = numbers.split('.');
        let mut next = || parts.next().ok_or(WRONG);
        let version = Self {
            major: next()?.parse().map_err(|_| WRONG)?,
            minor: next()?.parse().map_err(|_| WRONG)?,
            revision: next()?.parse().map_err(|_| WRONG)?,
            build,
        };
        // One spelling: no leading zeros or signs, no fourth number, no `+0`.
        if version.to_string() == text {
            Ok(version)
        } else {
            Err(WRONG)
        }
    }

    /// From the eight bytes of a header or a dependency.
    pub(super) const fn from_bytes(bytes: [u8; 8]) -> Self {
        let [major, minor, r0, r1, b0, b1, b2, b3] = bytes;
        Self {
            major,
            minor,
            revision: u16::from_le_bytes([r0, r1]),
            build: u32::from_le_bytes([b0, b1, b2, b3]),
        }
    }
}

impl fmt::Display for ImageVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.revision)?;
        match self.build {
            0 => Ok(()),
            build => write!(f, "+{build}"),
        }
    }
}
