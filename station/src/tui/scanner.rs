//! Keys to scans: a scanner is a keyboard that types fast and ends with Enter.
//!
//! 1. One scan fills one field: what comes in right after a scan, without a pause, is the same shot (some
//!    scanners read two codes at once) and is dropped, whatever it is.
//! 2. Control characters and the white space around a code are dropped; so is the AIM identifier of the
//!    symbology in front of it (`]C1`, `]d2`, `]Q3`).
//! 3. What comes in faster than a person types is a scan, and so is all that comes with it: a control character
//!    within it is noise, not a wish (a frame of STX and ETX would arrive as Ctrl-B and Ctrl-C).
//! 4. What a hand has left in the entry is no part of a scan that follows.
//! 5. A lone `?` is a wish for help once nothing has followed it for a while.
//!
//! Pure: time comes in with the keys.

use serde::{Deserialize, Serialize};

/// How long the line must be still after a scan before another one begins, in milliseconds. Scanners send
/// a character every few milliseconds at most.
pub const PAUSE_MS: u64 = 120;

/// Longest time between two keys of a scan, in milliseconds: a person's keys come more slowly.
pub const FAST_MS: u64 = 35;

/// So many keys so fast are a scan, whatever was typed before them.
const BURST_KEYS: u32 = 5;

/// Fewest keys, Enter among them, that are a scan where nothing else was typed.
const SHORTEST_KEYS: u32 = 3;

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
    /// How many keys have come one right after the other.
    run: u32,
    /// How many characters stood in the entry before them.
    run_from: usize,
    /// Whether something came as fast as only a scanner sends it.
    scanned: bool,
    /// Whether there was anything since the last Enter, if only control characters.
    touched: bool,
}

impl Scanner {
    /// What stands in the entry.
    #[must_use]
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// Whether something stands in the entry, so that no scan begins with what comes next.
    #[must_use]
    pub fn is_typing(&self) -> bool {
        !self.entry.is_empty()
    }

    /// Puts a text into the entry, for a person to change it.
    pub fn edit(&mut self, text: &str) {
        self.clear();
        self.entry = text.chars().take(MAX_CHARS).collect();
        self.touched = !text.is_empty();
    }

    /// Whether a scan would be taken now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shot_ms.is_none()
    }

    /// Whether a key that comes now is part of a scan, so that nobody has pressed it.
    #[must_use]
    pub fn is_in_scan(&self, now_ms: u64) -> bool {
        let limit_ms = if self.run >= BURST_KEYS {
            PAUSE_MS
        } else {
            FAST_MS
        };
        let in_run = self.run > 0 && now_ms.saturating_sub(self.last_ms) <= limit_ms;
        let after_shot = |at| now_ms.saturating_sub(at) <= FAST_MS;
        in_run || self.shot_ms.is_some_and(after_shot)
    }

    /// A character.
    pub fn take(&mut self, character: char, now_ms: u64) {
        if self.is_rest_of_shot(now_ms) {
            return;
        }
        self.count(now_ms);
        if character.is_control() {
            return;
        }
        if self.entry.chars().count() < MAX_CHARS {
            self.entry.push(character);
        }
    }

    /// The last character goes.
    pub fn erase(&mut self, now_ms: u64) {
        self.last_ms = now_ms;
        self.run = 0;
        self.entry.pop();
        if self.entry.is_empty() {
            self.clear();
        }
    }

    /// All of it goes.
    pub fn clear(&mut self) {
        self.entry.clear();
        self.run = 0;
        self.scanned = false;
        self.touched = false;
    }

    /// The entry is whole, unless it belongs to the shot before.
    pub fn submit(&mut self, now_ms: u64) -> Submitted {
        if self.is_rest_of_shot(now_ms) {
            return Submitted::Dropped;
        }
        if !self.touched {
            return Submitted::Empty;
        }
        self.count(now_ms);
        let keys = self.entry.chars().count() + 1;
        let all = usize::try_from(self.run).is_ok_and(|run| run >= keys);
        let scanned = self.scanned || all && self.run >= SHORTEST_KEYS;
        let code = strip(&self.entry).to_owned();
        self.clear();
        self.shot_ms = Some(now_ms);
        match (code.is_empty(), scanned) {
            (true, _) => Submitted::Dropped,
            (false, true) => Submitted::Scanned(code),
            (false, false) => Submitted::Typed(code),
        }
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
            self.clear();
            return true;
        }
        let only_noise = self.entry.is_empty() && still_ms > PAUSE_MS;
        if only_noise || forgets && still_ms > FORGET_MS {
            self.clear();
        }
        false
    }

    /// A key came, however fast.
    fn count(&mut self, now_ms: u64) {
        let fast = now_ms.saturating_sub(self.last_ms) <= FAST_MS;
        if fast {
            self.run = self.run.saturating_add(1);
        } else {
            self.run = 1;
            self.run_from = self.entry.chars().count();
        }
        if self.run == BURST_KEYS {
            self.scanned = true;
            // What a hand had left in front of it is no part of the scan.
            self.entry = self.entry.chars().skip(self.run_from).collect();
            self.run_from = 0;
        }
        self.last_ms = now_ms;
        self.touched = true;
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
    /// A code that a scanner sent.
    Scanned(String),
    /// What a person typed.
    Typed(String),
    /// There was nothing at all: the Enter of a person.
    Empty,
    /// It belongs to the shot before, or to a scan of nothing.
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
                    if let Submitted::Scanned(code) = scanner.submit(at) {
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

    #[test]
    fn a_scan_of_nothing_is_no_enter_of_a_person() {
        for shot in ["]C1", "   ", "\u{2}\u{1}"] {
            let mut scanner = Scanner::default();
            shoot(&mut scanner, shot, 1_000);
            assert_eq!(scanner.submit(1_010), Submitted::Dropped, "{shot:?}");
            assert_eq!(scanner.submit(1_012), Submitted::Dropped, "{shot:?}");
            scanner.pass(2_000, false);
            assert_eq!(scanner.submit(2_001), Submitted::Empty, "{shot:?}");
        }
        // What is no more than a key that does nothing holds nobody up.
        let mut scanner = Scanner::default();
        scanner.take('\u{1}', 1_000);
        scanner.pass(1_001 + PAUSE_MS, false);
        assert_eq!(scanner.submit(2_000), Submitted::Empty);
    }

    #[test]
    fn a_scan_is_told_from_a_hand_by_its_pace() {
        let submitted = |text: &str, pace_ms: u64| {
            let mut scanner = Scanner::default();
            let mut at = 1_000;
            for character in text.chars() {
                at += pace_ms;
                scanner.take(character, at);
            }
            scanner.submit(at + pace_ms)
        };
        let by_scanner = |text: &str| Submitted::Scanned(text.to_owned());
        let by_hand = |text: &str| Submitted::Typed(text.to_owned());
        for text in ["60", "SA-000001"] {
            assert_eq!(submitted(text, 2), by_scanner(text));
            assert_eq!(submitted(text, FAST_MS), by_scanner(text));
            assert_eq!(submitted(text, FAST_MS + 1), by_hand(text));
        }
        // What a hand had typed in front of it is no part of the code.
        let mut scanner = Scanner::default();
        scanner.take('x', 1_000);
        let (found, _) = shoot(&mut scanner, "SA-1\n", 2_000);
        assert_eq!(found, ["SA-1"]);
    }

    #[test]
    fn a_key_within_a_scan_or_right_after_it_is_not_pressed_by_anybody() {
        let mut scanner = Scanner::default();
        assert!(!scanner.is_in_scan(10));
        scanner.take('S', 1_000);
        assert!(scanner.is_in_scan(1_002));
        assert!(!scanner.is_in_scan(1_001 + FAST_MS));
        let (_, at) = shoot(&mut scanner, "SA-1\n", 2_000);
        assert!(scanner.is_in_scan(at + 2));
        assert!(!scanner.is_in_scan(at + FAST_MS + 1));
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
            let submitted = scanner.submit(500);
            if let Submitted::Scanned(code) | Submitted::Typed(code) = submitted {
                prop_assert!(!code.chars().any(char::is_control));
                prop_assert_eq!(code.trim(), &code);
            }
        }
    }
}
