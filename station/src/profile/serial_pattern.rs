//! How the device serials of a product look: fixed text around the digits of a counter.

use std::fmt;

use thiserror::Error;

use crate::names::DeviceSerial;

/// Most digits of the counter.
const MAX_DIGITS: usize = 12;

/// A pattern such as `SA-######`: each `#` is a digit of the ledger's counter, with leading zeros.
#[derive(Clone, PartialEq, Eq)]
pub struct SerialPattern {
    prefix: String,
    digits: usize,
    suffix: String,
}

/// The text is no serial pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "not a serial pattern: one run of 1 to {MAX_DIGITS} '#' among letters, digits, '-' and '.', \
     48 characters at most"
)]
pub struct SerialPatternError;

impl SerialPattern {
    /// Parses the pattern.
    ///
    /// # Errors
    /// [`SerialPatternError`] where it has no counter, more than one, or would make invalid
    /// serials.
    pub fn parse(text: &str) -> Result<Self, SerialPatternError> {
        let (prefix, rest) = text.split_once('#').ok_or(SerialPatternError)?;
        let suffix = rest.trim_start_matches('#');
        let digits = rest.len().saturating_sub(suffix.len()).saturating_add(1);
        let pattern = Self {
            prefix: prefix.to_owned(),
            digits,
            suffix: suffix.to_owned(),
        };
        // In certificates the serial is a PrintableString, which has no underscore.
        let printable = !text.contains('_');
        if digits > MAX_DIGITS || !printable || suffix.contains('#') || pattern.format(0).is_none()
        {
            return Err(SerialPatternError);
        }
        Ok(pattern)
    }

    /// The serial with this number; `None` where the number has more digits than the pattern.
    #[must_use]
    pub fn format(&self, number: u64) -> Option<DeviceSerial> {
        let counter = format!("{number:0width$}", width = self.digits);
        if counter.len() > self.digits {
            return None;
        }
        DeviceSerial::parse(&format!("{}{counter}{}", self.prefix, self.suffix)).ok()
    }

    /// Whether the serial could come from this pattern.
    #[must_use]
    pub fn matches(&self, serial: &DeviceSerial) -> bool {
        let counter = serial
            .as_str()
            .strip_prefix(&self.prefix)
            .and_then(|rest| rest.strip_suffix(&self.suffix));
        counter.is_some_and(|digits| {
            digits.len() == self.digits && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
    }

    /// Whether the serial is no such one, and yet looks like it: a label of another product, or a misprint. Where
    /// the pattern's fixed text has no letters, any number would: then nothing does.
    #[must_use]
    pub fn is_mistaken_for(&self, serial: &DeviceSerial) -> bool {
        let lettered = format!("{}{}", self.prefix, self.suffix);
        let lettered = lettered.bytes().any(|byte| byte.is_ascii_alphabetic());
        lettered && !self.matches(serial) && shape(&self.to_string()) == shape(serial.as_str())
    }
}

/// Letters and digits as such, whichever they are, and where they stand.
fn shape(text: &str) -> Vec<u8> {
    let shape = |byte: u8| match byte {
        b'#' | b'0'..=b'9' => b'#',
        b'a'..=b'z' | b'A'..=b'Z' => b'A',
        other => other,
    };
    text.bytes().map(shape).collect()
}

impl fmt::Display for SerialPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}{}",
            self.prefix,
            "#".repeat(self.digits),
            self.suffix
        )
    }
}

impl fmt::Debug for SerialPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SerialPattern({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_matches_its_own_serials() {
        let pattern = SerialPattern::parse("SA-######.x").unwrap();
        let serial = pattern.format(42).unwrap();
        assert_eq!(serial.as_str(), "SA-000042.x");
        assert!(pattern.matches(&serial));
        assert_eq!(pattern.format(1_000_000), None);
        assert_eq!(pattern.to_string(), "SA-######.x");
        for other in [
            "SA-00042.x",
            "SA-0000421.x",
            "SB-000042.x",
            "SA-00004a.x",
            "SA-000042",
        ] {
            assert!(
                !pattern.matches(&DeviceSerial::parse(other).unwrap()),
                "{other}"
            );
        }
    }

    #[test]
    fn what_looks_like_its_serials_is_a_label_and_other_codes_are_not() {
        let is_mistaken = |pattern: &str, code: &str| {
            let serial = DeviceSerial::parse(code).unwrap();
            let pattern = SerialPattern::parse(pattern).unwrap();
            pattern.is_mistaken_for(&serial)
        };
        assert!(is_mistaken("SA-######", "SB-000042"));
        assert!(is_mistaken("SA2-######", "SA1-000042"));
        for code in ["SA-000042", "4006381333931", "WO-1187", "SA-0042", "op-17"] {
            assert!(!is_mistaken("SA-######", code), "{code}");
        }
        // Any bar code has digits.
        assert!(!is_mistaken("2611-####", "4006-3813"));
    }

    #[test]
    fn refuses_patterns_that_make_no_serials() {
        let (many, long) = ("#".repeat(13), format!("{}#", "x".repeat(48)));
        for bad in ["", "SA-", "S#A#", "S A-##", "SA_##", ".##", &many, &long] {
            assert_eq!(
                SerialPattern::parse(bad),
                Err(SerialPatternError),
                "{bad:?}"
            );
        }
    }
}
