//! Reading CBOR (RFC 8949) in preferred serialization and definite lengths only, which RFC 9783,
//! section 5.2, demands of tokens.
//!
//! Each value has one encoding here, so two values are the same where their bytes are. What nobody
//! asks about is read as strictly: another reader might ask.

use std::collections::BTreeSet;
use std::fmt;

/// Deepest nesting of a value that nobody asks about.
const MAX_DEPTH: u8 = 6;

/// Bytes that are still to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

/// What stands before a claim or a header parameter (RFC 8392, section 3; RFC 9052, section 1.5).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// A registered or private number.
    Number(i64),
    /// A name.
    Text(String),
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => write!(f, "\"{}\"", text.escape_default()),
        }
    }
}

/// One value with all that is in it, as an index into its bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Item<'a> {
    Integer(i128),
    Bytes(&'a [u8]),
    Text(&'a str),
    /// So many values follow.
    Array(u64),
    /// So many pairs follow.
    Map(u64),
    /// One value follows.
    Tag(u64),
    Simple(u8),
    Float(f64),
}

/// What was wrong, for people.
pub(super) type Fault = &'static str;

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Nothing may be left.
    pub(super) const fn finish(self) -> Result<(), Fault> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err("there are bytes after the end")
        }
    }

    pub(super) fn integer(&mut self) -> Result<i64, Fault> {
        let wrong = "an integer is out of range";
        match self.head()? {
            (UNSIGNED, value) => i64::try_from(value).map_err(|_| wrong),
            (NEGATIVE, value) => i64::try_from(value).map(|value| !value).map_err(|_| wrong),
            _ => Err("expected an integer"),
        }
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.expect(BYTES, "expected a byte string")?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Fault> {
        let length = self.expect(TEXT, "expected a text")?;
        utf8(self.take(length)?)
    }

    pub(super) fn array(&mut self) -> Result<u64, Fault> {
        self.expect(ARRAY, "expected an array")
    }

    pub(super) fn map(&mut self) -> Result<u64, Fault> {
        self.expect(MAP, "expected a map")
    }

    pub(super) fn tag(&mut self) -> Result<u64, Fault> {
        self.expect(TAG, "expected a tag")
    }

    /// A label: an integer or a text.
    pub(super) fn label(&mut self) -> Result<Label, Fault> {
        match self.item()? {
            Item::Integer(number) => i64::try_from(number)
                .map(Label::Number)
                .map_err(|_| "a label is out of range"),
            Item::Text(text) => Ok(Label::Text(text.to_owned())),
            _ => Err("a label is neither an integer nor a text"),
        }
    }

    /// One value of any type, with all that is in it: its bytes. Maps in it have no key twice.
    pub(super) fn value(&mut self) -> Result<&'a [u8], Fault> {
        let before = self.0;
        self.value_within(MAX_DEPTH)?;
        let length = before.len().saturating_sub(self.0.len());
        before.get(..length).ok_or("the end is cut off")
    }

    fn value_within(&mut self, depth: u8) -> Result<(), Fault> {
        let inner = depth.checked_sub(1).ok_or("values are nested too deeply")?;
        // Each value takes a byte at least, so that the loops end with the input.
        match self.item()? {
            Item::Array(values) => (0..values).try_for_each(|_| self.value_within(inner)),
            Item::Map(pairs) => self.pairs_within(pairs, inner),
            Item::Tag(_) => self.value_within(inner),
            _ => Ok(()),
        }
    }

    fn pairs_within(&mut self, pairs: u64, depth: u8) -> Result<(), Fault> {
        let mut keys = BTreeSet::new();
        for _ in 0..pairs {
            let before = self.0;
            self.value_within(depth)?;
            let length = before.len().saturating_sub(self.0.len());
            if !keys.insert(before.get(..length)) {
                return Err("a key of a map stands there twice");
            }
            self.value_within(depth)?;
        }
        Ok(())
    }

    /// The next value; for arrays, maps and tags only their head.
    pub(super) fn item(&mut self) -> Result<Item<'a>, Fault> {
        let start = self.0;
        let (major, argument) = self.head()?;
        Ok(match major {
            UNSIGNED => Item::Integer(argument.into()),
            NEGATIVE => Item::Integer(!i128::from(argument)),
            BYTES => Item::Bytes(self.take(argument)?),
            TEXT => Item::Text(utf8(self.take(argument)?)?),
            ARRAY => Item::Array(argument),
            MAP => Item::Map(argument),
            TAG => Item::Tag(argument),
            _ => simple_or_float(start.first().copied().unwrap_or_default(), argument)?,
        })
    }

    fn expect(&mut self, major: u8, wrong: Fault) -> Result<u64, Fault> {
        let (got, argument) = self.head()?;
        if got == major {
            Ok(argument)
        } else {
            Err(wrong)
        }
    }

    /// Major type and argument, in the shortest form only.
    fn head(&mut self) -> Result<(u8, u64), Fault> {
        let [first] = self.array_of::<1>()?;
        let (major, short) = (first >> 5, first & 0x1f);
        let (argument, least) = match short {
            0..=23 => return Ok((major, u64::from(short))),
            24 => (u64::from(self.array_of::<1>()?[0]), 24),
            25 => (u64::from(u16::from_be_bytes(self.array_of()?)), 1 << 8),
            26 => (u64::from(u32::from_be_bytes(self.array_of()?)), 1 << 16),
            27 => (u64::from_be_bytes(self.array_of()?), 1 << 32),
            _ => return Err("a length is indefinite or reserved"),
        };
        // Major type 7 holds floating-point numbers, whose bits are no argument.
        if argument < least && major != 7 {
            return Err("a number is not in its shortest form");
        }
        Ok((major, argument))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Fault> {
        let length = usize::try_from(length).map_err(|_| "a length is too great")?;
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or("the end is cut off")?;
        self.0 = rest;
        Ok(taken)
    }

    fn array_of<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or("the end is cut off")?;
        self.0 = rest;
        Ok(*taken)
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|_| "a text is not UTF-8")
}

/// Simple values have one encoding each (RFC 8949, section 3.3), floating-point numbers the shortest that keeps
/// their value (section 4.1).
fn simple_or_float<'a>(first: u8, argument: u64) -> Result<Item<'a>, Fault> {
    let long = "a floating-point number is not in its shortest form";
    let number = match first & 0x1f {
        25 => half(argument),
        26 => {
            let number = f32::from_bits(u32::try_from(argument).map_err(|_| long)?);
            if fits_half(number) {
                return Err(long);
            }
            f64::from(number)
        }
        27 => {
            let number = f64::from_bits(argument);
            #[expect(
                clippy::cast_possible_truncation,
                reason = "whether it loses anything is asked"
            )]
            let shorter = f64::from(number as f32);
            if number.is_nan() || shorter.to_bits() == number.to_bits() {
                return Err(long);
            }
            number
        }
        24 if argument < 32 => return Err("a simple value is not in its shortest form"),
        _ => {
            let value = u8::try_from(argument).map_err(|_| "a simple value is out of range")?;
            return Ok(Item::Simple(value));
        }
    };
    if number.is_nan() && argument != NAN_HALF {
        return Err("there is more than one NaN");
    }
    Ok(Item::Float(number))
}

/// The one NaN of preferred serialization.
const NAN_HALF: u64 = 0x7e00;

/// The value of a half-precision number (IEEE 754 binary16).
fn half(bits: u64) -> f64 {
    let exponent = bits >> 10 & 0x1f;
    let fraction = u16::try_from(bits & 0x3ff).map_or(0.0, f64::from);
    let magnitude = match exponent {
        0 => fraction * 2_f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => {
            let power = i32::try_from(exponent).unwrap_or_default();
            (1.0 + fraction / 1024.0) * 2_f64.powi(power.saturating_sub(15))
        }
    };
    if bits & 0x8000 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

/// Whether half precision has the number too.
fn fits_half(number: f32) -> bool {
    if !number.is_finite() {
        return true;
    }
    // The least step of half precision is 2^-24; above 2^-14 it has eleven significant bits.
    let magnitude = f64::from(number.abs());
    if magnitude > 65_504.0 {
        return false;
    }
    let steps = if magnitude < 2_f64.powi(-14) {
        magnitude * 2_f64.powi(24)
    } else {
        let fraction = number.to_bits() & 0x007f_ffff;
        return fraction.trailing_zeros() >= 13;
    };
    steps.fract() == 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_one_form_of_each_number() {
        let good = [
            ("00", 0),
            ("17", 23),
            ("1818", 24),
            ("190100", 256),
            ("20", -1),
            ("3903e7", -1000),
        ];
        for (hex, value) in good {
            let bytes = base16ct::lower::decode_vec(hex).unwrap();
            assert_eq!(Reader::new(&bytes).integer(), Ok(value), "{hex}");
        }
        for hex in [
            "1817",
            "1900ff",
            "1a0000ffff",
            "1b00000000ffffffff",
            "1bffffffffffffffff",
            "5f",
            "",
        ] {
            let bytes = base16ct::lower::decode_vec(hex).unwrap();
            assert!(Reader::new(&bytes).integer().is_err(), "{hex}");
        }
    }

    #[track_caller]
    fn value(hex: &str) -> Result<(), Fault> {
        let bytes = base16ct::lower::decode_vec(hex).unwrap();
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.value()?, bytes);
        reader.finish()
    }

    #[test]
    fn reads_any_value_in_its_one_form() {
        for hex in [
            "a1016161",
            "83010203",
            "d81841f4",
            "f97e00",
            "f6",
            "f820",
            "f93c00",
            "fa47c35000",
            "fb3ff199999999999a",
            "f90001",
            "fa33000000",
            "f97c00",
            "1bffffffffffffffff",
            "a2010120f6",
        ] {
            assert_eq!(value(hex), Ok(()), "{hex}");
        }
    }

    #[test]
    fn refuses_what_a_second_reader_could_understand_differently() {
        for hex in [
            // Longer than need be: 1.5 as single, 1.1 as double where a single has it, simple values, NaN.
            "fa3fc00000",
            "fb3ff8000000000000",
            "f818",
            "f814",
            "fa7fc00000",
            "fb7ff8000000000000",
            "f97e01",
            "fa33800000",
            // A key twice, at the top and inside; no text; no end.
            "a201010102",
            "81a2616101616102",
            "61ff",
            "7f",
            "9f",
            "bf",
            "ff",
            "fc",
            "a101",
            "8181",
        ] {
            assert!(value(hex).is_err(), "{hex}");
        }
    }

    #[test]
    fn no_value_takes_more_than_its_bytes() {
        let mut deep = vec![0x81; 40];
        assert!(Reader::new(&deep).value().is_err());
        deep = vec![0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert!(Reader::new(&deep).value().is_err());
        assert!(
            Reader::new(&[0x9a, 0xff, 0xff, 0xff, 0xff])
                .value()
                .is_err()
        );
    }
}
