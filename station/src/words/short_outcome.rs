//! An outcome in at most five columns, where 32 lanes share the smallest terminal.

use super::Language;
use crate::verdict::Outcome;

impl Language {
    /// The outcome's short word; in German and Chinese what is written on test stands.
    #[must_use]
    pub const fn short_outcome(self, outcome: Outcome) -> &'static str {
        match (self, outcome) {
            (Self::English, Outcome::Pass) => "PASS",
            (Self::English, Outcome::Fail) => "FAIL",
            (Self::English | Self::Spanish, Outcome::Error) => "ERROR",
            (Self::Chinese, Outcome::Pass) => "合格",
            (Self::Chinese, Outcome::Fail) => "不良",
            (Self::Chinese, Outcome::Error) => "故障",
            (Self::Spanish, Outcome::Pass) => "PASA",
            (Self::Spanish, Outcome::Fail) => "FALLA",
            (Self::German, Outcome::Pass) => "GUT",
            (Self::German, Outcome::Fail) => "NIO",
            (Self::German, Outcome::Error) => "STÖR.",
        }
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::*;

    #[test]
    fn short_words_are_short() {
        for language in Language::ALL {
            for outcome in [Outcome::Pass, Outcome::Fail, Outcome::Error] {
                let word = language.short_outcome(outcome);
                assert!((1..=5).contains(&word.width()), "{word}");
            }
        }
    }
}
