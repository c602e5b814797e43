//! CBOR for people: diagnostic notation (RFC 8949, section 8) of a value that was read strictly.

use std::fmt::Write as _;

use super::cbor::{Fault, Item, Reader};
use crate::encoding::Hex;

/// One value in diagnostic notation, on one line and without control characters. What cannot be read is shown
/// as its bytes.
#[must_use]
pub fn diagnostic(value: &[u8]) -> String {
    let mut reader = Reader::new(value);
    let mut text = String::new();
    let whole = Reader::new(value).value();
    let read = whole.and_then(|_| write_value(&mut reader, &mut text));
    if read.and_then(|()| reader.finish()).is_err() {
        return format!("h'{}'", Hex(value.to_vec()));
    }
    text
}

/// Ends: the value was read as a whole before, so that its nesting is bounded.
fn write_value(reader: &mut Reader<'_>, text: &mut String) -> Result<(), Fault> {
    match reader.item()? {
        Item::Integer(number) => push(text, format_args!("{number}")),
        Item::Bytes(bytes) => push(text, format_args!("h'{}'", Hex(bytes.to_vec()))),
        Item::Text(read) => push(text, format_args!("\"{}\"", read.escape_default())),
        Item::Float(number) => push(text, format_args!("{number:?}")),
        Item::Simple(20) => text.push_str("false"),
        Item::Simple(21) => text.push_str("true"),
        Item::Simple(22) => text.push_str("null"),
        Item::Simple(23) => text.push_str("undefined"),
        Item::Simple(number) => push(text, format_args!("simple({number})")),
        Item::Tag(number) => {
            push(text, format_args!("{number}("));
            write_value(reader, text)?;
            text.push(')');
        }
        Item::Array(values) => {
            text.push('[');
            for index in 0..values {
                separate(text, index);
                write_value(reader, text)?;
            }
            text.push(']');
        }
        Item::Map(pairs) => {
            text.push('{');
            for index in 0..pairs {
                separate(text, index);
                write_value(reader, text)?;
                text.push_str(": ");
                write_value(reader, text)?;
            }
            text.push('}');
        }
    }
    Ok(())
}

fn separate(text: &mut String, index: u64) {
    if index > 0 {
        text.push_str(", ");
    }
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String never fails.
    let _written = text.write_fmt(arguments);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_every_kind_of_value() {
        for (hex, expected) in [
            ("3903e7", "-1000"),
            ("3bffffffffffffffff", "-18446744073709551616"),
            ("820142beef", "[1, h'beef']"),
            ("a2016161617af6", "{1: \"a\", \"z\": null}"),
            ("d81841f4", "24(h'f4')"),
            ("83f4f5f7", "[false, true, undefined]"),
            ("f93e00", "1.5"),
            ("f0", "simple(16)"),
            ("610a", "\"\\n\""),
            ("ff", "h'ff'"),
            ("0101", "h'0101'"),
        ] {
            let bytes = base16ct::lower::decode_vec(hex).unwrap();
            assert_eq!(diagnostic(&bytes), expected, "{hex}");
        }
    }
}
