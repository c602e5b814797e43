//! Strict reading of TOML: every value is asked for by name, what nobody asked for is a fault, and
//! reading goes on after a fault, so that a person sees all of them at once.

use std::fmt::Display;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::ProfileFault;

/// Longest text of one value, in bytes.
const MAX_TEXT_BYTES: usize = 8 * 1024;

/// Collects faults while the tables are read.
#[derive(Debug)]
pub(super) struct Faults<'t> {
    text: &'t str,
    list: Vec<ProfileFault>,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Item<'t> {
    value: &'t DeValue<'t>,
    pub(super) line: usize,
    pub(super) path: String,
}

/// A table whose keys are taken one by one.
#[derive(Debug)]
pub(super) struct Table<'t> {
    path: String,
    line: usize,
    left: Vec<(String, Item<'t>)>,
    asked: Vec<&'static str>,
    /// Asked for and not found.
    absent: Vec<&'static str>,
    /// Asked for, needed and not found, with what to write; told at the end, since a key beside it may be a
    /// misspelt one of these.
    missing: Vec<(&'static str, String)>,
}

impl<'t> Faults<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            list: Vec::new(),
        }
    }

    /// All faults, by line.
    pub(super) fn into_sorted(mut self) -> Vec<ProfileFault> {
        self.list.sort_by_key(|fault| fault.line);
        self.list
    }

    pub(super) fn add(&mut self, line: usize, key: &str, what: impl Display, hint: &str) {
        self.list.push(ProfileFault {
            line,
            key: key.to_owned(),
            what: what.to_string(),
            hint: hint.to_owned(),
        });
    }

    pub(super) fn at(&mut self, item: &Item<'_>, what: impl Display, hint: &str) {
        self.add(item.line, &item.path, what, hint);
    }

    /// A fault on a line of a text that may have several, counted from 0.
    pub(super) fn within(&mut self, item: &Item<'_>, line: usize, what: impl Display, hint: &str) {
        let written = self.text.lines().nth(item.line.saturating_sub(1));
        let written = written.unwrap_or_default().trim_end();
        // A line end right after the opening quotes is no part of the text.
        let below = written.ends_with("'''") || written.ends_with("\"\"\"");
        self.add(
            item.line + line + usize::from(below),
            &item.path,
            what,
            hint,
        );
    }

    /// The line, counted from 1, of a byte offset.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        before.split(|byte| *byte == b'\n').count()
    }

    pub(super) fn table(&mut self, item: &Item<'t>, hint: &str) -> Option<Table<'t>> {
        match item.value {
            DeValue::Table(table) => Some(self.open(table, &item.path, item.line)),
            other => self.wrong_type(item, "a table", other, hint),
        }
    }

    pub(super) fn open(&self, table: &'t DeTable<'t>, path: &str, line: usize) -> Table<'t> {
        let entry = |(key, value): (&Spanned<_>, &'t Spanned<DeValue<'t>>)| {
            let name: &std::borrow::Cow<'_, str> = key.get_ref();
            let dot = if path.is_empty() { "" } else { "." };
            let item = Item {
                value: value.get_ref(),
                line: self.line_of(key.span().start),
                path: format!("{path}{dot}{}", name.escape_default()),
            };
            (name.to_string(), item)
        };
        let left = table.iter().map(entry).collect();
        Table {
            path: path.to_owned(),
            line,
            left,
            asked: Vec::new(),
            absent: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// The elements of a list that may have `min` to `max` of them.
    pub(super) fn list(
        &mut self,
        item: &Item<'t>,
        (min, max): (usize, usize),
        hint: &str,
    ) -> Option<Vec<Item<'t>>> {
        let DeValue::Array(array) = item.value else {
            return self.wrong_type(item, "a list", item.value, hint);
        };
        if !(min..=max).contains(&array.len()) {
            let what = format!(
                "a list of {}, where {min} to {max} are possible",
                array.len()
            );
            self.at(item, what, hint);
            return None;
        }
        let element = |(index, value): (usize, &'t Spanned<DeValue<'t>>)| Item {
            value: value.get_ref(),
            line: self.line_of(value.span().start),
            path: format!("{}[{index}]", item.path),
        };
        Some(array.iter().enumerate().map(element).collect())
    }

    pub(super) fn text(&mut self, item: &Item<'t>, hint: &str) -> Option<&'t str> {
        match item.value {
            DeValue::String(text) if text.len() > MAX_TEXT_BYTES => {
                let what = format!("{} bytes of text, at most {MAX_TEXT_BYTES}", text.len());
                self.at(item, what, hint);
                None
            }
            DeValue::String(text) => Some(text),
            other => self.wrong_type(item, "a text", other, hint),
        }
    }

    /// A text that `parse` understands.
    pub(super) fn parsed<T, E: Display>(
        &mut self,
        item: &Item<'t>,
        hint: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.text(item, hint)?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.at(item, error, hint);
                None
            }
        }
    }

    pub(super) fn integer(
        &mut self,
        item: &Item<'t>,
        bounds: std::ops::RangeInclusive<i64>,
        hint: &str,
    ) -> Option<i64> {
        let DeValue::Integer(digits) = item.value else {
            return self.wrong_type(item, "a whole number", item.value, hint);
        };
        let value = i64::from_str_radix(digits.as_str(), digits.radix()).ok();
        let within = value.filter(|value| bounds.contains(value));
        if within.is_none() {
            let what = format!("outside {}..={}", bounds.start(), bounds.end());
            self.at(item, what, hint);
        }
        within
    }

    /// A finite real number.
    pub(super) fn real(&mut self, item: &Item<'t>, hint: &str) -> Option<f64> {
        let parsed = match item.value {
            DeValue::Float(digits) => digits.as_str().parse::<f64>().ok(),
            DeValue::Integer(digits) if digits.radix() == 10 => digits.as_str().parse::<f64>().ok(),
            other => return self.wrong_type(item, "a number", other, hint),
        };
        let finite = parsed.filter(|value| value.is_finite());
        if finite.is_none() {
            self.at(item, "not a finite number", hint);
        }
        finite
    }

    pub(super) fn boolean(&mut self, item: &Item<'t>, hint: &str) -> Option<bool> {
        match item.value {
            DeValue::Boolean(value) => Some(*value),
            other => self.wrong_type(item, "true or false", other, hint),
        }
    }

    pub(super) fn is_text(item: &Item<'_>) -> bool {
        item.value.is_str()
    }

    fn wrong_type<T>(
        &mut self,
        item: &Item<'_>,
        expected: &str,
        got: &DeValue<'_>,
        hint: &str,
    ) -> Option<T> {
        self.at(
            item,
            format!("expected {expected}, got {}", got.type_str()),
            hint,
        );
        None
    }
}

impl<'t> Table<'t> {
    /// Takes a key that may lack.
    pub(super) fn optional(&mut self, key: &'static str) -> Option<Item<'t>> {
        self.asked.push(key);
        let Some(index) = self.left.iter().position(|(name, _)| name == key) else {
            self.absent.push(key);
            return None;
        };
        Some(self.left.swap_remove(index).1)
    }

    /// Takes a key that must be there; [`Self::finish`] tells where it is not.
    pub(super) fn required(&mut self, key: &'static str, hint: &str) -> Option<Item<'t>> {
        let item = self.optional(key);
        if item.is_none() {
            self.missing.push((key, hint.to_owned()));
        }
        item
    }

    /// A text that must be there, under a key with its hint, and that `parse` understands.
    pub(super) fn text<T, E: Display>(
        &mut self,
        faults: &mut Faults<'t>,
        (key, hint): (&'static str, &str),
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let item = self.required(key, hint)?;
        faults.parsed(&item, hint, parse)
    }

    /// One of several keys must be there, and none is; [`Self::finish`] tells.
    pub(super) fn missing(&mut self, key: &'static str, hint: &str) {
        self.missing.push((key, hint.to_owned()));
    }

    /// Reports every key that nobody asked for, and every one that lacks. A misspelt key is one fault, not
    /// two.
    pub(super) fn finish(mut self, faults: &mut Faults<'t>) {
        for (name, item) in std::mem::take(&mut self.left) {
            let meant = nearest(&name, &self.absent);
            let known = self.asked.join(", ");
            if let Some(meant) = meant {
                self.absent.retain(|key| *key != meant);
                self.missing.retain(|(key, _)| *key != meant);
                let what = format!("unknown key, did you mean `{meant}`?");
                faults.at(&item, what, &format!("known here: {known}"));
            } else {
                let hint = format!("remove it; known here: {known}");
                faults.at(&item, "unknown key", &hint);
            }
        }
        let place = if self.path.is_empty() {
            "the profile"
        } else {
            self.path.as_str()
        };
        for (key, hint) in &self.missing {
            let what = format!("{place} lacks the key {key:?}");
            faults.add(self.line, &self.path, what, hint);
        }
    }
}

/// The key that a person most likely meant.
fn nearest(name: &str, keys: &[&'static str]) -> Option<&'static str> {
    // Of the same word, or with the odd letter wrong; unrelated words lie at 0.7 and below.
    const LIKE: f64 = 0.85;

    keys.iter()
        .map(|key| (*key, strsim::jaro_winkler(name, key)))
        .filter(|(_, likeness)| *likeness >= LIKE)
        .max_by(|(_, one), (_, other)| one.total_cmp(other))
        .map(|(key, _)| key)
}
