//! Patterns of texts: `*` for any run of characters, also none; `?` for any one; `#` for a digit. All
//! others stand for themselves, and the whole text must fit. No pattern takes long, whatever the text.

use std::fmt;

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextPattern(String);

impl TextPattern {
    /// Reads a pattern: 1 to 64 printable characters of ASCII.
    ///
    /// # Errors
    /// What a pattern must be.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        super::short_text(text).map(Self)
    }

    /// Whether the whole text fits.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let (mut pattern, mut left) = (self.0.as_bytes(), text.as_bytes());
        // Behind the last star: the pattern from there on, and the text that the star has not eaten.
        let mut retry: Option<(&[u8], &[u8])> = None;
        loop {
            match (pattern.split_first(), left.split_first()) {
                (Some((b'*', after)), _) => {
                    pattern = after;
                    retry = Some((after, left));
                }
                (Some((want, after)), Some((got, rest))) if fits(*want, *got) => {
                    (pattern, left) = (after, rest);
                }
                (None, None) => return true,
                _ => {
                    let Some((after, [_, uneaten @ ..])) = retry else {
                        return false;
                    };
                    (pattern, left) = (after, uneaten);
                    retry = Some((after, uneaten));
                }
            }
        }
    }
}

const fn fits(want: u8, got: u8) -> bool {
    match want {
        b'?' => true,
        b'#' => got.is_ascii_digit(),
        literal => literal == got,
    }
}

impl fmt::Display for TextPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, written down without any cunning.
    fn by_definition(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([b'*', after @ ..], _) => {
                (0..=text.len()).any(|eaten| by_definition(after, &text[eaten..]))
            }
            ([want, after @ ..], [got, rest @ ..]) => {
                fits(*want, *got) && by_definition(after, rest)
            }
            _ => false,
        }
    }

    #[test]
    fn the_whole_text_must_fit() {
        for (pattern, text, expected) in [
            ("2.1.#", "2.1.4", true),
            ("2.1.#", "2.1.x", false),
            ("2.1.#", "2.1.44", false),
            ("2.1.*", "2.1.", true),
            ("2.*.4", "2.1.3.4", true),
            ("2.*.4", "2.1.3.5", false),
            ("??", "ab", true),
            ("??", "a", false),
            ("*", "", true),
            ("a*", "ba", false),
            ("*a*b*", "xxaxxb", true),
        ] {
            let parsed = TextPattern::parse(pattern).unwrap();
            assert_eq!(parsed.matches(text), expected, "{pattern} {text}");
        }
        assert!(TextPattern::parse("").is_err());
        assert!(TextPattern::parse("\u{e4}").is_err());
    }

    proptest! {
        #[test]
        fn it_is_what_the_definition_says(pattern in "[ab*?#]{1,8}", text in "[ab1]{0,8}") {
            let parsed = TextPattern::parse(&pattern).unwrap();
            let expected = by_definition(pattern.as_bytes(), text.as_bytes());
            prop_assert_eq!(parsed.matches(&text), expected);
        }

        #[test]
        fn no_text_takes_long(text in "a{0,4000}") {
            let pattern = TextPattern::parse("*a*a*a*a*a*a*a*a*a*a*a*a*a*b").unwrap();
            prop_assert!(!pattern.matches(&text));
        }
    }
}
