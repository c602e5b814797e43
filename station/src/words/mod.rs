//! Every word that an operator sees, in four languages. A language is complete by construction: its table is
//! a `match` over all phrases, and one over all verdict codes.
//!
//! Never used by the command line, whose words are English. Codes, names and units are not translated. The
//! record's own line of a verdict and the technical text of a refusal are for QA and are shown as such, beside a
//! sentence of the operator's language; what is known as values is put into words anew.

#[macro_use]
mod listed;

mod cause;
mod chinese;
mod chinese_actions;
mod chinese_meanings;
mod english;
mod english_meanings;
mod frame_remark;
mod german;
mod german_actions;
mod german_meanings;
mod happenings;
mod help;
mod phrase;
mod port_fault;
mod refusals;
mod short_outcome;
mod spanish;
mod spanish_actions;
mod spanish_meanings;
mod stop_rules;
mod trouble;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::verdict::VerdictCode;

pub use cause::{Cause, StopRule};
pub use frame_remark::FrameRemark;
pub use happenings::Happening;
pub use help::Help;
pub use phrase::Phrase;
pub use port_fault::PortFault;
pub use refusals::RefusalReason;
pub use trouble::Trouble;

/// A language of the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Simplified Chinese.
    #[serde(rename = "zh")]
    Chinese,
    /// Spanish.
    #[serde(rename = "es")]
    Spanish,
    /// German.
    #[serde(rename = "de")]
    German,
}

impl Language {
    /// Every language, in the order in which the sign-in offers them.
    pub const ALL: [Self; 4] = [Self::English, Self::Chinese, Self::Spanish, Self::German];

    /// Its name in itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "中文",
            Self::Spanish => "Español",
            Self::German => "Deutsch",
        }
    }

    /// Its name in files and on the command line.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
            Self::Spanish => "es",
            Self::German => "de",
        }
    }

    /// The one that is offered after it.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::English => Self::Chinese,
            Self::Chinese => Self::Spanish,
            Self::Spanish => Self::German,
            Self::German => Self::English,
        }
    }

    /// The phrase.
    #[must_use]
    pub const fn say(self, phrase: Phrase) -> &'static str {
        match self {
            Self::English => english::text(phrase),
            Self::Chinese => chinese::text(phrase),
            Self::Spanish => spanish::text(phrase),
            Self::German => german::text(phrase),
        }
    }

    /// The phrase with its places filled in.
    #[must_use]
    pub fn fill(self, phrase: Phrase, values: &[&str]) -> String {
        let mut text = self.say(phrase).to_owned();
        for (place, value) in values.iter().enumerate() {
            text = text.replace(&format!("{{{place}}}"), value);
        }
        text
    }

    /// What the operator does next.
    #[must_use]
    pub const fn action(self, code: VerdictCode) -> &'static str {
        match self {
            Self::English => code.entry().action,
            Self::Chinese => chinese_actions::action(code),
            Self::Spanish => spanish_actions::action(code),
            Self::German => german_actions::action(code),
        }
    }

    /// What the code says of a board.
    #[must_use]
    pub const fn meaning(self, code: VerdictCode) -> &'static str {
        match self {
            Self::English => english_meanings::meaning(code),
            Self::Chinese => chinese_meanings::meaning(code),
            Self::Spanish => spanish_meanings::meaning(code),
            Self::German => german_meanings::meaning(code),
        }
    }

    /// Text that is English whatever the language: shown as what it is.
    #[must_use]
    pub fn technical(self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        self.fill(Phrase::Technical, &[text])
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places of a phrase, in their order of number.
    fn places(text: &str) -> Vec<char> {
        let mut found: Vec<char> = text
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.chars().next())
            .collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn every_language_fills_in_the_same_places() {
        for phrase in Phrase::ALL {
            let wanted = places(Language::English.say(*phrase));
            for language in Language::ALL {
                let text = language.say(*phrase);
                assert_eq!(places(text), wanted, "{language}: {phrase:?}");
                assert!(!text.trim().is_empty() && text.trim() == text, "{phrase:?}");
            }
        }
    }

    #[test]
    fn no_sentence_was_left_in_english() {
        for language in [Language::Chinese, Language::Spanish, Language::German] {
            for code in VerdictCode::ALL {
                let (own, source) = (language.action(*code), code.entry().action);
                assert!(!own.is_empty() && own != source, "{language}: {code}");
                let meaning = language.meaning(*code);
                assert_ne!(
                    meaning,
                    Language::English.meaning(*code),
                    "{language}: {code}"
                );
            }
            for phrase in Phrase::ALL {
                let source = Language::English.say(*phrase);
                // Words can be the same in two languages; a sentence never is.
                let sentence = source.split(' ').count() > 3;
                assert!(!sentence || language.say(*phrase) != source, "{phrase:?}");
            }
        }
    }

    #[test]
    fn a_measured_value_is_said_in_every_language() {
        let detail = "i_sleep: got 0.000041 A, limits 0.000002 to 0.00003";
        for language in Language::ALL {
            let said = language.detail(VerdictCode::HwLimit, detail);
            let whole = language.whole_detail(VerdictCode::HwLimit, detail);
            assert_eq!(said, whole, "nothing is left to be told");
            for part in ["i_sleep", "0.000041 A", "0.000002", "0.00003"] {
                assert!(said.contains(part), "{said}");
            }
        }
    }

    #[test]
    fn the_record_stands_for_itself_only_in_its_own_language() {
        let (english, german) = (Language::English, Language::German);
        let code = VerdictCode::AttNonce;
        let record = "the token answers another challenge: got 1, expected 2";
        assert_eq!(english.detail(code, record), record);
        assert_eq!(english.whole_detail(code, record), record);
        assert_eq!(german.detail(code, record), german.meaning(code));
        let whole = german.whole_detail(code, record);
        assert!(whole.starts_with(german.meaning(code)), "{whole}");
        assert!(whole.ends_with(&format!("Technisch: {record}")), "{whole}");
        assert_eq!(english.detail(code, ""), english.meaning(code));
        assert_eq!(german.whole_detail(code, ""), german.meaning(code));
    }

    #[test]
    fn technical_text_is_said_to_be_such_in_every_language() {
        for language in Language::ALL {
            let said = language.technical("EIO 5");
            let before = said.strip_suffix("EIO 5").unwrap();
            assert!(
                before.chars().any(char::is_alphabetic),
                "{language}: {said}"
            );
            assert_eq!(language.technical(""), "");
        }
    }

    #[test]
    fn a_yield_is_in_percent_and_a_count_is_not() {
        let rule = |name: &str, window| {
            Cause::Rule(StopRule {
                name: name.to_owned(),
                found: 85,
                limit: 90,
                window,
            })
        };
        let code = VerdictCode::HwLimit;
        let said = Language::English.cause(code, &rule("first_pass_yield", Some(20)));
        assert!(
            said.contains("85 %") && said.contains("90 %") && said.contains("20"),
            "{said}"
        );
        let said = Language::English.cause(code, &rule("failures_in_a_row_on_lane", None));
        assert!(!said.contains('%'), "{said}");
    }

    #[test]
    fn choosing_goes_round() {
        let mut language = Language::default();
        for expected in Language::ALL.iter().cycle().skip(1).take(4) {
            language = language.next();
            assert_eq!(language, *expected);
        }
    }
}
