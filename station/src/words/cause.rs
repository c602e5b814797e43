//! Why something stands still, or a board is not good, as values: put into words at the screen only.

use serde::{Deserialize, Serialize};

use super::{Language, Phrase};
use crate::verdict::VerdictCode;

/// The rule whose figures are in percent, by its key in the profile.
const YIELD: &str = "first_pass_yield";

/// Why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// What the verdict's code says, with the record's own line.
    Verdict(String),
    /// A stop rule.
    Rule(StopRule),
    /// The clock has jumped.
    Clock {
        /// Whether it went back.
        back: bool,
        /// By how many seconds.
        seconds: u64,
    },
}

/// A stop rule that tripped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopRule {
    /// Its key in the profile.
    pub name: String,
    /// What was found: boards, or a yield in percent.
    pub found: u32,
    /// The limit.
    pub limit: u32,
    /// Among how many boards, where the rule has a window.
    pub window: Option<u32>,
}

impl Language {
    /// Why, in one sentence.
    #[must_use]
    pub fn cause(self, code: VerdictCode, cause: &Cause) -> String {
        match cause {
            Cause::Verdict(record) => self.detail(code, record),
            Cause::Rule(rule) => self.rule(rule),
            Cause::Clock { back, seconds } => {
                let phrase = if *back {
                    Phrase::ClockBack
                } else {
                    Phrase::ClockAhead
                };
                self.fill(phrase, &[&seconds.to_string()])
            }
        }
    }

    /// The same, with the record's own line beside it where that says more.
    #[must_use]
    pub fn whole_cause(self, code: VerdictCode, cause: &Cause) -> String {
        match cause {
            Cause::Verdict(record) => self.whole_detail(code, record),
            other => self.cause(code, other),
        }
    }

    /// A verdict's reason: a measured value with its limits in this language. Anything else is the record's own
    /// line where that is in this language, else what the code means.
    #[must_use]
    pub fn detail(self, code: VerdictCode, record: &str) -> String {
        if let Some(measured) = self.measured(record) {
            return measured;
        }
        match self {
            Self::English if !record.is_empty() => record.to_owned(),
            _ => self.meaning(code).to_owned(),
        }
    }

    /// The same, with the record's own line beside it where that is in another language.
    #[must_use]
    pub fn whole_detail(self, code: VerdictCode, record: &str) -> String {
        let detail = self.detail(code, record);
        if self == Self::English || record.is_empty() || self.measured(record).is_some() {
            return detail;
        }
        format!("{detail}  {}", self.technical(record))
    }

    fn measured(self, record: &str) -> Option<String> {
        let (name, value, low, high) = out_of_limits(record)?;
        Some(self.fill(Phrase::Measured, &[name, value, low, high]))
    }

    fn rule(self, rule: &StopRule) -> String {
        let unit = if rule.name == YIELD { " %" } else { "" };
        let figure = |figure: u32| format!("{figure}{unit}");
        let (found, limit) = (figure(rule.found), figure(rule.limit));
        let name = self.stop_rule(&rule.name);
        match rule.window {
            Some(window) => {
                let values = [name, &*found, &*limit, &*window.to_string()];
                self.fill(Phrase::StopRuleAmong, &values)
            }
            None => self.fill(Phrase::StopRule, &[name, &found, &limit]),
        }
    }
}

/// `NAME: got VALUE, limits LOW to HIGH`, as the session says it.
fn out_of_limits(detail: &str) -> Option<(&str, &str, &str, &str)> {
    let (name, rest) = detail.split_once(": got ")?;
    let (value, limits) = rest.split_once(", limits ")?;
    let (low, high) = limits.split_once(" to ")?;
    let plain = |text: &str| !text.contains([',', ';', ':']);
    [name, value, low, high]
        .into_iter()
        .all(plain)
        .then_some((name, value, low, high))
}
