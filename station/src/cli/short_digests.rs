//! Digests as people read them: enough digits to compare by eye. Programs get all of them, as JSON.

/// A SHA-256 digest in lower-case hexadecimal.
const DIGEST_DIGITS: usize = 64;

/// What a person compares.
const SHOWN_DIGITS: usize = 16;

/// The text with every whole digest cut to its first digits and an ellipsis.
pub(crate) fn short_digests(text: &str) -> String {
    let is_digit = |char: char| matches!(char, '0'..='9' | 'a'..='f');
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_digit) {
        let (before, from) = rest.split_at(start);
        let length = from.find(|char| !is_digit(char)).unwrap_or(from.len());
        let (digits, after) = from.split_at(length);
        short.push_str(before);
        match digits.get(..SHOWN_DIGITS) {
            Some(shown) if length == DIGEST_DIGITS => {
                short.push_str(shown);
                short.push('…');
            }
            _ => short.push_str(digits),
        }
        rest = after;
    }
    short.push_str(rest);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_digests_are_cut() {
        let digest = "0123456789abcdef".repeat(4);
        let said = format!("got {digest}, expected {digest}a of 768db9a6e33cc2e7a414ed05; é");
        let short = "got 0123456789abcdef…, expected ";
        assert_eq!(
            short_digests(&said),
            format!("{short}{digest}a of 768db9a6e33cc2e7a414ed05; é")
        );
        assert_eq!(short_digests(&digest), "0123456789abcdef…");
        assert_eq!(short_digests(""), "");
    }
}
