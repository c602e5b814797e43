//! A product's label: ZPL and plain text with places for a board's values. Pure: printing is `label`'s.
//!
//! A place is `{serial}`, `{uid}`, `{product}`, `{batch}` or `{date}`; `{{` and `}}` are braces. In ZPL a place
//! may only stand in field data, after `^FH`: values are written there in hexadecimal wherever they hold a
//! character that ZPL would take for a command, so that no value can change the label. QR codes (`^BQ`) and
//! Data Matrix (`^BX`) are the printer's work, from the same field data.

use std::fmt::Write as _;

use firmware_proto::{ProductCode, Uid};

use super::toml_table::{Faults, Item};
use crate::clock::UtcMillis;
use crate::names::{BatchId, DeviceSerial};

/// The label in plain text, where the profile has none.
const PLAIN: &str = "{product} {serial}\nUID {uid}\n{batch} {date}\n";

/// The label of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelTemplate {
    zpl: Vec<Piece>,
    plain: Vec<Piece>,
}

/// What a label says of one board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelValues {
    /// The device's serial, as in its certificate.
    pub serial: DeviceSerial,
    /// The authentic UID.
    pub uid: Uid,
    /// The product.
    pub product: ProductCode,
    /// The batch.
    pub batch: BatchId,
    /// When the board passed; the label has its date, in UTC.
    pub passed: UtcMillis,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(Place),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Serial,
    Uid,
    Product,
    Batch,
    Date,
}

/// What is wrong in a template, and on which of its lines, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
struct TemplateFault {
    line: usize,
    what: String,
    hint: &'static str,
}

impl LabelTemplate {
    pub(super) fn read<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<Self> {
        let mut table = faults.table(item, "write it as [label]")?;
        let hint = "a label in ZPL, from ^XA to ^XZ, in ''' … '''";
        let zpl = table
            .required("zpl", hint)
            .and_then(|item| read_template(faults, &item, hint, zpl));
        let hint = "the label in plain text, for printers that know no ZPL";
        let plain = match table.optional("text") {
            Some(item) => read_template(faults, &item, hint, pieces),
            None => pieces(PLAIN).ok(),
        };
        table.finish(faults);
        Some(Self {
            zpl: zpl?,
            plain: plain?,
        })
    }

    /// The label in ZPL, as it goes to the printer.
    #[must_use]
    pub fn zpl(&self, values: &LabelValues) -> String {
        render(&self.zpl, values, in_hexadecimal)
    }

    /// The label in plain text.
    #[must_use]
    pub fn text(&self, values: &LabelValues) -> String {
        render(&self.plain, values, str::to_owned)
    }
}

fn read_template<'t>(
    faults: &mut Faults<'t>,
    item: &Item<'t>,
    hint: &str,
    parse: impl FnOnce(&str) -> Result<Vec<Piece>, TemplateFault>,
) -> Option<Vec<Piece>> {
    match parse(faults.text(item, hint)?) {
        Ok(pieces) => Some(pieces),
        Err(fault) => {
            faults.within(item, fault.line, fault.what, fault.hint);
            None
        }
    }
}

impl Place {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "serial" => Self::Serial,
            "uid" => Self::Uid,
            "product" => Self::Product,
            "batch" => Self::Batch,
            "date" => Self::Date,
            _ => return None,
        })
    }

    fn value(self, values: &LabelValues) -> String {
        match self {
            Self::Serial => values.serial.to_string(),
            Self::Uid => values.uid.to_string(),
            Self::Product => values.product.to_string(),
            Self::Batch => values.batch.to_string(),
            Self::Date => values.passed.to_string().chars().take(10).collect(),
        }
    }
}

const PLACES: &str =
    "known are {serial}, {uid}, {product}, {batch} and {date}; a brace is {{ or }}";

/// Cuts a template into texts and places.
fn pieces(template: &str) -> Result<Vec<Piece>, TemplateFault> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut line = 0;
    let mut left = template.chars().peekable();
    while let Some(c) = left.next() {
        match c {
            '{' | '}' if left.peek() == Some(&c) => {
                left.next();
                text.push(c);
            }
            '{' => {
                let name: String = left.by_ref().take_while(|c| *c != '}').collect();
                let place = Place::named(&name).ok_or_else(|| TemplateFault {
                    line,
                    what: format!("unknown place {{{}}}", name.escape_default()),
                    hint: PLACES,
                })?;
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                pieces.push(Piece::Place(place));
            }
            '}' => {
                return Err(TemplateFault {
                    line,
                    what: "a } without its {".to_owned(),
                    hint: PLACES,
                });
            }
            _ => {
                line += usize::from(c == '\n');
                text.push(c);
            }
        }
    }
    pieces.push(Piece::Text(text));
    Ok(pieces)
}

/// Cuts ZPL, which must be one whole label with its places in field data that may hold hexadecimal.
fn zpl(template: &str) -> Result<Vec<Piece>, TemplateFault> {
    let pieces = pieces(template)?;
    let fault = |line, what: &str, hint| TemplateFault {
        line,
        what: what.to_owned(),
        hint,
    };
    let whole = template.trim();
    let one = whole.matches("^XA").count() == 1 && whole.matches("^XZ").count() == 1;
    if !(one && whole.starts_with("^XA") && whole.ends_with("^XZ")) {
        let hint = "begin it with ^XA, end it with ^XZ";
        return Err(fault(0, "not one label in ZPL", hint));
    }
    let mut before = String::new();
    for piece in &pieces {
        match piece {
            Piece::Text(text) => before.push_str(text),
            Piece::Place(_) => {
                let line = before.matches('\n').count();
                let field = before.rsplit("^FS").next().unwrap_or_default();
                // Only the last field command may be open, and nothing may have closed it since.
                let Some((head, data)) = field.rsplit_once("^FD") else {
                    let hint = "write it as ^FH^FD{serial}^FS";
                    return Err(fault(line, "a place outside field data", hint));
                };
                if data.contains(['^', '~']) {
                    let hint = "write it as ^FH^FD{serial}^FS";
                    return Err(fault(line, "a place outside field data", hint));
                }
                // Only with its own sign: another would need other escapes.
                let last = head.rsplit("^FH").next().filter(|_| head.contains("^FH"));
                if !last.is_some_and(|rest| rest.is_empty() || rest.starts_with('^')) {
                    let hint = "write ^FH, and nothing after it, before this field's ^FD";
                    return Err(fault(line, "field data that may hold no hexadecimal", hint));
                }
            }
        }
    }
    Ok(pieces)
}

fn render(pieces: &[Piece], values: &LabelValues, escape: fn(&str) -> String) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Place(place) => escape(&place.value(values)),
    };
    pieces.iter().map(piece).collect()
}

/// A value as field data after `^FH`: letters, digits and a few signs as they are, all else as `_` and two
/// hexadecimal digits.
fn in_hexadecimal(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':' | b'/' | b' ') {
            escaped.push(char::from(byte));
        } else {
            // A string takes whatever is written into it.
            let _written = write!(escaped, "_{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
