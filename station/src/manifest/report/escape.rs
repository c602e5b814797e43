//! Text from boards, files and people, made harmless inside HTML.

use std::fmt::{self, Write as _};

/// Shows a value as text of an HTML document, in an element or in an attribute with quotes.
///
/// Control characters and those that turn the direction of writing are shown by their number: nobody may
/// make a line look like another one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Escaped<T>(pub T);

impl<T: fmt::Display> fmt::Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for one in text.chars() {
            match one {
                '<' => self.0.write_str("&lt;")?,
                '>' => self.0.write_str("&gt;")?,
                '&' => self.0.write_str("&amp;")?,
                '"' => self.0.write_str("&quot;")?,
                '\'' => self.0.write_str("&#39;")?,
                one if one.is_control() || is_invisible(one) => {
                    write!(self.0, "\\u{{{:04x}}}", u32::from(one))?;
                }
                one => self.0.write_char(one)?,
            }
        }
        Ok(())
    }
}

/// Marks of direction, and what has no width.
fn is_invisible(one: char) -> bool {
    matches!(
        one,
        '\u{061c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn nothing_of_a_text_is_read_as_markup() {
        let hostile = "</td><script src=\"x\">alert('&')</script>";
        let shown = Escaped(hostile).to_string();
        assert_eq!(
            shown,
            "&lt;/td&gt;&lt;script src=&quot;x&quot;&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;"
        );
    }

    #[test]
    fn what_cannot_be_seen_is_shown_by_its_number() {
        assert_eq!(
            Escaped("a\u{202e}b\nc\u{0}").to_string(),
            "a\\u{202e}b\\u{000a}c\\u{0000}"
        );
        assert_eq!(Escaped("Größe µ 漢").to_string(), "Größe µ 漢");
    }
}
