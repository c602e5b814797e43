//! Random keys, scans, presses of the mouse, sizes and news: no panic, nothing cut, nothing over anything else.
//! `TERMINAL_RANDOM_EVENTS` says how many (for a long run), `TERMINAL_RANDOM_SEED` from which seed.

use super::layout_tests::drawn;
use super::samples;
use crate::tui::event::{Event, Key, LaneNews, StationNews};
use crate::tui::geometry::SMALLEST;
use crate::tui::state::State;
use crate::tui::state::lanes::Held;
use crate::tui::theme::Theme;
use crate::tui::update::update;
use crate::verdict::VerdictCode;
use crate::words::Cause;

/// A small generator: what matters is that a seed gives the same again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn small(&mut self, limit: u16) -> u16 {
        u16::try_from(self.below(u64::from(limit))).unwrap()
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    let given = std::env::var(name).ok();
    given
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

fn key(random: &mut Random) -> Key {
    let keys = [
        Key::Enter,
        Key::Escape,
        Key::Backspace,
        Key::Tab,
        Key::Up,
        Key::Down,
        Key::Left,
        Key::Right,
        Key::PageUp,
        Key::PageDown,
        Key::Home,
        Key::End,
        Key::Redraw,
        Key::Char('?'),
        Key::Char('\u{1d}'),
        Key::Char('码'),
    ];
    match random.below(4) {
        0 => Key::F(u8::try_from(random.below(14)).unwrap()),
        1 => Key::Char(char::from(b' ' + u8::try_from(random.below(95)).unwrap())),
        _ => keys[usize::try_from(random.below(keys.len() as u64)).unwrap()],
    }
}

fn news(random: &mut Random) -> LaneNews {
    let all = VerdictCode::ALL;
    let code = all[usize::try_from(random.below(all.len() as u64)).unwrap()];
    match random.below(8) {
        0 => LaneNews::PortOpen,
        1 => LaneNews::Silent,
        2 => LaneNews::Released,
        3 => LaneNews::AwaitsLabel,
        4 => LaneNews::Verdict(Box::new(samples::verdict(code, samples::OUT_OF_LIMITS))),
        5 => LaneNews::Held(Held {
            name: "L03".to_owned(),
            of_batch: random.below(2) == 0,
            code,
            cause: Cause::Clock {
                back: false,
                seconds: 7,
            },
            since_ms: None,
        }),
        6 => LaneNews::Frames(samples::frames()),
        _ => LaneNews::Step(u8::try_from(random.below(9)).unwrap()),
    }
}

fn event(random: &mut Random, now_ms: u64) -> Event {
    match random.below(20) {
        0 => Event::Resize {
            width: 40 + random.small(170),
            height: 10 + random.small(60),
        },
        1 => Event::Mouse {
            column: random.small(210),
            row: random.small(70),
        },
        2..=6 => Event::Lane {
            lane: format!("L{:02}", 1 + random.below(32)),
            news: news(random),
        },
        7 => Event::Station(match random.below(4) {
            0 => StationNews::WantsPin {
                operator: "op-17".to_owned(),
            },
            1 => StationNews::Batches(samples::rows()),
            2 => StationNews::Device {
                wanted: "SA-000123".to_owned(),
                report: samples::device().report.map(Box::new),
            },
            _ => StationNews::SignedIn(samples::supervisor()),
        }),
        8 | 9 => Event::Tick {
            monotonic_ms: now_ms,
            utc_ms: samples::NOON + now_ms,
        },
        _ => Event::Key {
            key: key(random),
            at_ms: now_ms,
        },
    }
}

#[test]
fn random_keys_and_resizes_break_nothing() {
    let seed = number("TERMINAL_RANDOM_SEED", 17);
    let count = number("TERMINAL_RANDOM_EVENTS", 3_000);
    let mut random = Random(seed.max(1));
    let mut state = State {
        size: SMALLEST,
        ..samples::running(32)
    };
    let mut now_ms = state.monotonic_ms;
    for at in 0..count {
        now_ms += random.below(400);
        let event = event(&mut random, now_ms);
        let what = format!("{event:?}");
        drop(update(&mut state, event));
        let (rows, faults) = drawn(&state, Theme::Colours);
        let fits = state.size.0 >= SMALLEST.0 && state.size.1 >= SMALLEST.1;
        assert!(
            !fits || faults.is_empty(),
            "TERMINAL_RANDOM_SEED={seed}, event {at} {what}: {faults:#?}\n{}",
            rows.join("\n")
        );
        assert_eq!(rows.len(), usize::from(state.size.1));
    }
}
