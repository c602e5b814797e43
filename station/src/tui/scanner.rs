//! Keys to scans: a scanner is a keyboard that types fast and ends with Enter.
//!
//! 1. One scan fills one field: what comes in right after a scan, without a pause, is the same shot (some
//!    scanners read two codes at once) and is dropped, whatever it is.
//! 2. Control characters and the white space around a code are dropped; so is the AIM identifier of the
//!    symbology in front of it (`]C1`, `]d2`, `]Q3`).
//! 3. A lone `?` is a wish for help once nothing has followed it for a while.
//!
//! Pure: time comes in with the keys.

use serde::{Deserialize, Serialize};

/// How long the line must be still after a scan before another one begins, in milliseconds. Scanners send
/// a character every few milliseconds at most.
pub const PAUSE_MS: u64 = 120;

/// How long a lone `?` must stand before it is a wish for help.
const LONE_MS: u64 = 250;

/// How long something half typed stays, in milliseconds, where no field is being filled in.
pub const FORGET_MS: u64 = 15_000;

/// Longest entry; a scanner that never ends a line fills no memory.
const MAX_CHARS: usize = 128;

/// What was typed so far, and whether more of it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scanner {
    entry: String,
    last_ms: u64,
    /// The rest of a shot is being dropped since then.
    shot_ms: Option<u64>,
}

impl Scanner {
    /// What stands in the entry.
    #[must_use]
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// Whether a scan would be taken now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shot_ms.is_none()
    }

    /// A character.
    pub fn take(&mut self, character: char, now_ms: u64) {
        if self.is_rest_of_shot(now_ms) || character.is_control() {
            return;
        }
        self.last_ms = now_ms;
        if self.entry.chars().count() < MAX_CHARS {
            self.entry.push(character);
        }
    }

    /// The last character goes.
    pub fn erase(&mut self, now_ms: u64) {
        self.last_ms = now_ms;
        self.entry.pop();
    }

    /// All of it goes.
    pub fn clear(&mut self) {
        self.entry.clear();
    }

    /// The entry is whole. None where there is none, or where it belongs to the shot before.
    pub fn submit(&mut self, now_ms: u64) -> Submitted {
        if self.is_rest_of_shot(now_ms) {
            return Submitted::Dropped;
        }
        let code = strip(&self.entry).to_owned();
        self.entry.clear();
        if code.is_empty() {
            return Submitted::Empty;
        }
        self.shot_ms = Some(now_ms);
        Submitted::Code(code)
    }

    /// Time goes on: a shot ends, and a lone `?` becomes a wish for help.
    pub fn pass(&mut self, now_ms: u64, forgets: bool) -> bool {
        if self
            .shot_ms
            .is_some_and(|at| now_ms.saturating_sub(at) > PAUSE_MS)
        {
            self.shot_ms = None;
        }
        let still_ms = now_ms.saturating_sub(self.last_ms);
        if self.entry == "?" && still_ms > LONE_MS {
            self.entry.clear();
            return true;
        }
        if forgets && still_ms > FORGET_MS {
            self.entry.clear();
        }
        false
    }

    /// Whether what comes now belongs to the shot before; then the shot lasts on.
    fn is_rest_of_shot(&mut self, now_ms: u64) -> bool {
        let Some(at) = self.shot_ms else { return false };
        if now_ms.saturating_sub(at) > PAUSE_MS {
            self.shot_ms = None;
            return false;
        }
        self.shot_ms = Some(now_ms);
        true
    }
}

/// What an Enter gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// A code.
    Code(String),
    /// There was nothing: the Enter of a person.
    Empty,
    /// It belongs to the shot before.
    Dropped,
}

/// The code without what the scanner puts around it.
fn strip(entry: &str) -> &str {
    let code = entry.trim();
    let mut characters = code.chars();
    let identifier = (characters.next(), characters.next(), characters.next());
    match identifier {
        (Some(']'), Some(kind), Some(modifier))
            if kind.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() =>
        {
            characters.as_str().trim()
        }
        _ => code,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shoot(scanner: &mut Scanner, text: &str, from_ms: u64) -> (Vec<String>, u64) {
        let mut at = from_ms;
        let mut found = Vec::new();
        for character in text.chars() {
            at += 2;
            match character {
                '\n' => {
                    if let Submitted::Code(code) = scanner.submit(at) {
                        found.push(code);
                    }
                }
                other => scanner.take(other, at),
            }
        }
        (found, at)
    }

    #[test]
    fn one_shot_fills_one_field() {
        let mut scanner = Scanner::default();
        let (found, at) = shoot(&mut scanner, "SA-000001\nSA-000002\n", 0);
        assert_eq!(found, ["SA-000001"]);
        assert!(!scanner.is_ready());
        // A pause, and the next one counts.
        scanner.pass(at + PAUSE_MS + 1, false);
        assert!(scanner.is_ready());
        let (found, _) = shoot(&mut scanner, "SA-000003\n", at + PAUSE_MS + 1);
        assert_eq!(found, ["SA-000003"]);
    }

    #[test]
    fn what_the_scanner_puts_around_is_stripped() {
        for shot in [
            "]C1SA-1\n",
            "  SA-1 \n",
            "\u{2}SA-1\u{3}\n",
            "]d2\u{1d}SA-1\u{4}\n",
        ] {
            let (found, _) = shoot(&mut Scanner::default(), shot, 0);
            assert_eq!(found, ["SA-1"], "{shot:?}");
        }
        let (found, _) = shoot(&mut Scanner::default(), "]]SA-1\n", 0);
        assert_eq!(found, ["]]SA-1"]);
    }

    #[test]
    fn a_lone_question_mark_asks_for_help_and_one_in_a_scan_does_not() {
        let mut scanner = Scanner::default();
        scanner.take('?', 10);
        assert!(!scanner.pass(100, true));
        assert!(scanner.pass(300, true));
        assert!(scanner.entry().is_empty());
        let (found, _) = shoot(&mut scanner, "?SA-1\n", 400);
        assert_eq!(found, ["?SA-1"]);
    }

    #[test]
    fn what_is_half_typed_is_forgotten_where_no_field_waits_for_it() {
        for forgets in [false, true] {
            let mut scanner = Scanner::default();
            scanner.take('S', 10);
            scanner.pass(20 + FORGET_MS, forgets);
            assert_eq!(scanner.entry().is_empty(), forgets);
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_gets_through_as_control_or_without_end(
            text in "\\PC{0,200}|[\\x00-\\x1f a-z\\]]{0,200}",
        ) {
            let mut scanner = Scanner::default();
            for (at, character) in (0_u64..).step_by(2).zip(text.chars()) {
                scanner.take(character, at);
            }
            prop_assert!(scanner.entry().chars().count() <= MAX_CHARS);
            if let Submitted::Code(code) = scanner.submit(500) {
                prop_assert!(!code.chars().any(char::is_control));
                prop_assert_eq!(code.trim(), &code);
            }
        }
    }
}
