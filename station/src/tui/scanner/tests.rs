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
    assert!(!scanner.pass(10 + LONE_MS, true));
    assert!(scanner.pass(11 + LONE_MS, true));
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
    scanner.pass(1_000 + PAUSE_MS, false);
    assert_eq!(scanner.clone().submit(2_000), Submitted::Dropped);
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

#[test]
fn how_long_a_scan_lasts_depends_on_how_many_keys_it_has_had() {
    for (keys, limit_ms) in [(4, FAST_MS), (5, PAUSE_MS), (6, PAUSE_MS)] {
        let mut scanner = Scanner::default();
        let (_, at) = shoot(&mut scanner, &"x".repeat(keys), 1_000);
        assert!(scanner.is_in_scan(at + limit_ms), "{keys} keys");
        assert!(!scanner.is_in_scan(at + limit_ms + 1), "{keys} keys");
    }
    let mut scanner = Scanner::default();
    let (_, at) = shoot(&mut scanner, "SA-1\n", 1_000);
    assert!(scanner.is_in_scan(at + FAST_MS));
    assert!(!scanner.is_in_scan(at + FAST_MS + 1));
}

#[test]
fn a_shot_lasts_until_the_line_has_been_still_for_the_whole_pause() {
    let mut scanner = Scanner::default();
    let (_, mut at) = shoot(&mut scanner, "SA-1\n", 1_000);
    // Each character that trickles in holds it up again.
    for _ in 0..4 {
        at += PAUSE_MS;
        scanner.take('x', at);
        scanner.pass(at, false);
        assert_eq!((scanner.entry(), scanner.is_ready()), ("", false));
    }
    scanner.pass(at + PAUSE_MS, false);
    assert!(!scanner.is_ready());
    scanner.take('x', at + PAUSE_MS + 1);
    assert_eq!(scanner.entry(), "x");
}

#[test]
fn a_few_fast_keys_behind_a_slow_one_are_a_hand_s() {
    let mut scanner = Scanner::default();
    scanner.take('x', 1_000);
    let (found, at) = shoot(&mut scanner, "ab", 2_000);
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(scanner.submit(at + 2), Submitted::Typed("xab".to_owned()));
}

#[test]
fn what_was_erased_counts_no_more() {
    // The keys before it are no part of a burst.
    let mut scanner = Scanner::default();
    let (_, at) = shoot(&mut scanner, "SA-1", 1_000);
    scanner.erase(at + 2);
    scanner.take('2', at + 4);
    assert_eq!(
        scanner.submit(at + 500),
        Submitted::Typed("SA-2".to_owned())
    );
    // Where nothing is left, an Enter is a person's own.
    let mut scanner = Scanner::default();
    scanner.take('x', 1_000);
    scanner.erase(2_000);
    assert_eq!(scanner.submit(2_100), Submitted::Empty);
    // Whoever erases is there: what is left is not forgotten while they go on.
    let mut scanner = Scanner::default();
    scanner.take('S', 10);
    scanner.take('A', 500);
    scanner.erase(FORGET_MS);
    scanner.pass(FORGET_MS + 1_000, true);
    assert_eq!(scanner.entry(), "S");
}

#[test]
fn a_code_in_brackets_keeps_what_is_no_identifier() {
    for (shot, code) in [
        ("]C-SA", "]C-SA"),
        ("]1SA", "]1SA"),
        ("]C1 SA", "SA"),
        ("]C1", ""),
    ] {
        let (found, _) = shoot(&mut Scanner::default(), &format!("{shot}\n"), 0);
        let expected: Vec<_> = Some(code)
            .filter(|code| !code.is_empty())
            .into_iter()
            .collect();
        assert_eq!(found, expected, "{shot:?}");
    }
}

#[test]
fn nothing_of_a_scan_that_is_too_long_stands_there_and_a_hand_keeps_what_it_typed() {
    let mut scanner = Scanner::default();
    shoot(&mut scanner, &"x".repeat(MAX_CHARS + 1), 1_000);
    let seen = (scanner.entry(), scanner.over());
    assert_eq!(seen, ("", Some(TooLong::Scanned)));
    let mut scanner = Scanner::default();
    let mut at = 1_000;
    for _ in 0..=MAX_CHARS {
        at += 2 * FAST_MS;
        scanner.take('x', at);
    }
    scanner.pass(at + FORGET_MS + 1, false);
    assert_eq!(scanner.entry().len(), MAX_CHARS);
    assert_eq!(scanner.over(), Some(TooLong::Typed));
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
