//! No English is left on a screen of another language: each word of Latin letters that is drawn is in a short list of
//! names and codes, or in that language's own catalogue. The Chinese catalogue has no such word but those names.
//! Technical text, which is English, stands nowhere but behind the words that say that it is technical.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::Value;

use super::layout_tests::drawn;
use super::{painted, said_samples, sample_list, samples};
use crate::tui::state::State;
use crate::tui::theme::Theme;
use crate::verdict::VerdictCode;
use crate::words::{Happening, Help, Language, Phrase, RefusalReason};

/// What is the same in every language, besides verdict codes and names with a digit in them.
const SAME_EVERYWHERE: &[&str] = &[
    // Names of languages, each in itself, and of keys.
    "English", "Español", "Deutsch", "Tab", "Enter", "Esc", "Ctrl-C", "Page", "Home", "End", "Up",
    "Down", // Units and abbreviations.
    "s", "h", "x", "A", "UID", "PIN", "ID", "HSM", "QA", "MiB", "B", "ms",
    // Names that somebody gave: products, components, measurements.
    "SENSOR-A", "main", "loader", "i_sleep",
    // What stands for technical text in these tests.
    "EIO",
];

/// Fields of the state that hold technical text, which is English whatever the language.
const TECHNICAL: [&str; 6] = ["detail", "what", "why", "next", "says", "verdict"];

/// The field that holds what a frame says, in the words of `docs/protocol.md`.
const FRAME: &str = "message";

/// What stands for technical text.
const RAW: &str = "qqraw";

/// Technical text, and what a frame says, replaced; a measured value is put into words anew and stays.
fn without_technical(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(without_technical),
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if name == FRAME => "7".clone_into(text),
                    Value::String(text) if TECHNICAL.contains(&&**name) && is_sentence(text) => {
                        RAW.clone_into(text);
                    }
                    other => without_technical(other),
                }
            }
        }
        _ => {}
    }
}

fn is_sentence(text: &str) -> bool {
    text.contains(' ') && !text.contains(", limits ")
}

fn states() -> Vec<(String, State)> {
    let mut all = sample_list::all();
    all.extend(said_samples::all(&samples::running(24)));
    let plain = |(name, state): (String, State)| {
        let mut value = serde_json::to_value(&state).unwrap();
        without_technical(&mut value);
        (name, serde_json::from_value(value).unwrap())
    };
    all.into_iter().map(plain).collect()
}

/// The words with Latin letters in a row; not those that a frame, or the end of their room, has cut.
fn words(row: &str) -> Vec<&str> {
    let of_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '/');
    let cuts = |c: Option<char>| matches!(c, Some('│' | '┌' | '┐' | '└' | '┘' | '─' | '…'));
    let mut found = Vec::new();
    let mut from = 0;
    for word in row.split(|c: char| !of_word(c)) {
        let at = from;
        let end = at + word.len();
        let after = row[end..].chars().next();
        from = end + after.map_or(0, char::len_utf8);
        let is_cut = cuts(row[..at].chars().next_back()) || cuts(after);
        if word.chars().any(|c| c.is_ascii_alphabetic()) && !is_cut {
            found.push(word.trim_matches(['-', '/']));
        }
    }
    found
}

/// The texts with technical text in them that is not said to be such: before it must stand the words that say so,
/// or, after them, other technical text.
fn unsaid(state: &State) -> BTreeSet<String> {
    let (width, height) = state.size;
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let canvas = painted(state, Theme::Monochrome, &mut buffer);
    let label = state.language.technical(RAW).replace(RAW, "");
    let is_unsaid = |text: &&String| {
        let before = text.split(RAW).collect::<Vec<_>>();
        let before = before.split_last().map_or(&[][..], |(_, before)| before);
        before.iter().enumerate().any(|(at, part)| {
            let goes_on = at > 0 && !part.contains(char::is_alphanumeric);
            !part.ends_with(&label) && !goes_on
        })
    };
    let found = canvas.texts().iter().filter(is_unsaid);
    found.cloned().collect()
}

fn is_name(word: &str) -> bool {
    word == RAW
        || word.chars().any(|c| c.is_ascii_digit())
        || SAME_EVERYWHERE.contains(&word)
        || VerdictCode::parse(word).is_some()
}

/// The words of a language's catalogue.
fn catalogue(language: Language) -> BTreeSet<String> {
    let mut texts: Vec<String> = Vec::new();
    texts.extend(Phrase::ALL.iter().map(|one| language.say(*one).to_owned()));
    texts.extend(Help::ALL.iter().map(|one| language.help(*one).to_owned()));
    for code in VerdictCode::ALL {
        texts.push(language.action(*code).to_owned());
        texts.push(language.meaning(*code).to_owned());
        texts.push(language.short_outcome(code.outcome()).to_owned());
    }
    let reasons = RefusalReason::ALL.iter().map(|reason| Some(*reason));
    let refusals = reasons.chain([None]).map(|why| language.refusal(why));
    texts.extend(refusals.map(str::to_owned));
    let happened = |one: &Happening| language.happened(*one, &[]);
    texts.extend(Happening::ALL.iter().map(happened));
    texts.extend(said_samples::STOP_RULES.map(|key| language.stop_rule(key).to_owned()));
    texts.extend(said_samples::TROUBLES.map(|one| language.trouble(one)));
    for fault in said_samples::port_faults() {
        let (why, to_do) = language.port_fault(&fault);
        texts.extend([why, to_do.to_owned()]);
    }
    let words = |text: &String| words(text).into_iter().map(str::to_owned).collect();
    texts.iter().flat_map::<Vec<String>, _>(words).collect()
}

#[test]
fn no_word_of_a_screen_is_left_in_english() {
    for language in [Language::Chinese, Language::Spanish, Language::German] {
        let own = catalogue(language);
        for (name, state) in states() {
            for size in [(200, 60), (100, 30)] {
                let state = State {
                    language,
                    size,
                    ..state.clone()
                };
                let (rows, _) = drawn(&state, Theme::Monochrome);
                let unsaid = unsaid(&state);
                assert!(unsaid.is_empty(), "{name} in {language}: {unsaid:#?}");
                let all = rows.iter().flat_map(|row| words(row));
                let foreign: BTreeSet<&str> = all
                    .filter(|word| !is_name(word) && !own.contains(*word))
                    .collect();
                assert!(
                    foreign.is_empty(),
                    "{name} in {language}: {foreign:?}\n{}",
                    rows.join("\n")
                );
            }
        }
    }
}

#[test]
fn the_chinese_catalogue_has_no_word_of_english() {
    let own = catalogue(Language::Chinese).into_iter();
    let english: Vec<_> = own.filter(|word| !is_name(word)).collect();
    assert!(english.is_empty(), "{english:?}");
}

#[test]
fn what_was_said_is_said_in_the_language_of_whoever_looks() {
    let (_, said) = said_samples::all(&samples::running(24)).swap_remove(0);
    let seen = |language| {
        let size = (200, 60);
        let state = State {
            language,
            size,
            ..said.clone()
        };
        drawn(&state, Theme::Monochrome).0.join("\n")
    };
    assert!(seen(Language::English).contains("port /dev/ttyUSB7 is not there"));
    assert!(seen(Language::German).contains("Port /dev/ttyUSB7 ist nicht da"));
}
