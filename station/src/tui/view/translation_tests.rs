//! No English is left on a screen of another language: but for what the state itself holds (names, codes,
//! technical text), each word that is drawn is one of that language's catalogue.

use std::collections::BTreeSet;

use serde_json::Value;

use super::layout_tests::drawn;
use super::sample_list;
use crate::tui::state::State;
use crate::tui::theme::Theme;
use crate::verdict::VerdictCode;
use crate::words::{Happening, Language, Phrase, RefusalReason};

/// Words of four letters and more, in small letters.
fn words(text: &str) -> BTreeSet<String> {
    text.split(|letter: char| !letter.is_alphabetic())
        .filter(|word| word.chars().count() >= 4)
        .map(str::to_lowercase)
        .collect()
}

/// All that the catalogue says in a language.
fn catalogue(language: Language) -> BTreeSet<String> {
    let phrases = Phrase::ALL.iter().map(|phrase| language.say(*phrase));
    let actions = VerdictCode::ALL.iter().map(|code| language.action(*code));
    let refusals = RefusalReason::ALL.iter().map(|reason| Some(*reason));
    let refusals = refusals.chain([None]).map(|why| language.refusal(why));
    let mut all: BTreeSet<_> = phrases
        .chain(actions)
        .chain(refusals)
        .flat_map(words)
        .collect();
    for happening in Happening::ALL {
        all.extend(words(&language.happened(*happening, &[])));
    }
    // The names of languages are always in their own.
    all.extend(Language::ALL.iter().flat_map(|other| words(other.name())));
    all
}

/// Every text in the state: what comes from outside, whatever the language.
fn held(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => into.extend(words(text)),
        Value::Array(list) => list.iter().for_each(|one| held(one, into)),
        Value::Object(fields) => fields.values().for_each(|one| held(one, into)),
        _ => {}
    }
}

#[test]
fn no_word_of_a_screen_is_left_in_english() {
    let codes = VerdictCode::ALL
        .iter()
        .flat_map(|code| words(code.as_str()));
    let codes: BTreeSet<_> = codes.collect();
    for (name, state) in sample_list::all() {
        for language in [Language::Chinese, Language::Spanish, Language::German] {
            let size = (160, 50);
            let state = State {
                language,
                size,
                ..state.clone()
            };
            let mut allowed = catalogue(language);
            held(&serde_json::to_value(&state).unwrap(), &mut allowed);
            let (rows, _) = drawn(&state, Theme::Monochrome);
            allowed.extend(codes.iter().cloned());
            let drawn = rows.iter().flat_map(|row| words(row));
            for word in drawn.filter(|word| word.is_ascii()) {
                // What is left of a word that was cut short, or is under a frame, is that word still.
                let known = allowed.iter().any(|whole| whole.contains(&word));
                assert!(
                    known,
                    "{name} in {language}: {word:?} is of no catalogue\n{}",
                    rows.join("\n")
                );
            }
        }
    }
}
