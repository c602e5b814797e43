//! Reading CBOR (RFC 8949) in preferred serialization and definite lengths only, which RFC 9783,
//! section 5.2, demands of tokens.

/// Deepest nesting of a value that is passed over.
const MAX_DEPTH: u8 = 6;

/// Bytes that are still to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

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
        std::str::from_utf8(self.take(length)?).map_err(|_| "a text is not UTF-8")
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

    /// Passes over one value of any type.
    pub(super) fn skip(&mut self) -> Result<(), Fault> {
        self.skip_within(MAX_DEPTH)
    }

    fn skip_within(&mut self, depth: u8) -> Result<(), Fault> {
        let inner = depth.checked_sub(1).ok_or("values are nested too deeply")?;
        let (major, argument) = self.head()?;
        let values = match major {
            BYTES | TEXT => return self.take(argument).map(|_| ()),
            ARRAY => argument,
            MAP => argument.checked_mul(2).ok_or("a map is too long")?,
            TAG => 1,
            _ => 0,
        };
        // Each value takes a byte at least, so that this ends with the input.
        (0..values).try_for_each(|_| self.skip_within(inner))
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

    #[test]
    fn passes_over_values_but_not_without_end() {
        for hex in ["a1016161", "83010203", "d81841f4", "f97e00", "f6"] {
            let bytes = base16ct::lower::decode_vec(hex).unwrap();
            let mut reader = Reader::new(&bytes);
            assert_eq!(
                reader.skip().and_then(|()| reader.finish()),
                Ok(()),
                "{hex}"
            );
        }
        assert!(Reader::new(&[0x81; 40]).skip().is_err());
        assert!(
            Reader::new(&[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
                .skip()
                .is_err()
        );
        assert!(Reader::new(&[0x9a, 0xff, 0xff, 0xff, 0xff]).skip().is_err());
    }
}
