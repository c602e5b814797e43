//! Keys to scans, key by key.

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
