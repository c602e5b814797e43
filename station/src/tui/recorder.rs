//! The last events and the state before them, so that what somebody saw can be seen again.
//!
//! Bounded: two halves, of which the older is dropped when the newer is full. That a character was typed or scanned is
//! in it, and which one never is: it may be of a PIN, or of a badge, whoever is signed in and whatever field it came into.

use std::mem;

use serde::{Deserialize, Serialize};

use super::action::{NewBatch, Secret};
use super::event::{Event, Key, StationNews};
use super::scanner::PAUSE_MS;
use super::state::State;
use super::state::dialog::Dialog;
use super::state::said::Said;
use super::state::sign_in::SignIn;
use super::update::update;

/// Most events of a half.
const MAX_EVENTS: usize = 5_000;

/// A recording, as it is kept and as it is written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Half {
    before: State,
    events: Vec<Event>,
}

/// Keeps what happens.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    older: Half,
    newer: Half,
}

impl Recorder {
    /// Begins with that state.
    #[must_use]
    pub fn new(state: &State) -> Self {
        Self {
            older: Half::default(),
            newer: Half::beginning(state),
        }
    }

    /// Keeps an event that is about to change the state.
    pub fn note(&mut self, state: &State, event: &Event) {
        if self.newer.events.len() >= MAX_EVENTS {
            self.older = mem::replace(&mut self.newer, Half::beginning(state));
        }
        self.newer.events.push(without_pin(state, event));
    }

    /// The recording as text: JSON.
    #[must_use]
    pub fn text(&self) -> String {
        let mut whole = if self.older.events.is_empty() {
            self.newer.clone()
        } else {
            let events = [&self.older.events[..], &self.newer.events[..]].concat();
            Half {
                before: self.older.before.clone(),
                events,
            }
        };
        hide_scans(&mut whole.events);
        serde_json::to_string(&whole).unwrap_or_default()
    }
}

impl Half {
    fn beginning(state: &State) -> Self {
        let mut before = state.clone();
        before.scanner.clear();
        if let Some(Dialog::OpenBatch(batch, _)) = &mut before.dialog {
            *batch = NewBatch::default();
        }
        before.beneath = None;
        before.draft = None;
        before.notice = None;
        for line in &mut before.log.lines {
            match &mut line.said {
                Said::Told(told) => *told = told.without_code(),
                Said::HoldCleared { reason, .. } => "*".clone_into(reason),
                _ => {}
            }
        }
        Self {
            before,
            events: Vec::new(),
        }
    }
}

/// What a recording led to.
///
/// # Errors
/// Where it is none.
pub fn replay(text: &str) -> Result<State, serde_json::Error> {
    let Half { before, events } = serde_json::from_str(text)?;
    let mut state = before;
    for event in events {
        drop(update(&mut state, event));
    }
    Ok(state)
}

/// Hides characters that came as fast as a scanner may send them.
fn hide_scans(events: &mut [Event]) {
    let mut before: Option<(usize, u64)> = None;
    let mut scanned = Vec::new();
    for (at, event) in events.iter().enumerate() {
        let Event::Key { at_ms, .. } = event else {
            continue;
        };
        if let Some((last, last_ms)) = before
            && at_ms.saturating_sub(last_ms) <= PAUSE_MS
        {
            scanned.extend([last, at]);
        }
        before = Some((at, *at_ms));
    }
    for at in scanned {
        if let Some(event) = events.get_mut(at) {
            *event = hidden(event);
        }
    }
}

/// Without what is typed to say who somebody is, and to prove it, and without codes that were of no use.
fn without_pin(state: &State, event: &Event) -> Event {
    if let Event::Station(StationNews::Told(told)) = event {
        return Event::Station(StationNews::Told(told.without_code()));
    }
    // What was looked for may be anything that was scanned; what was found says which board it was.
    if let Event::Station(StationNews::Device { report, .. }) = event {
        return Event::Station(StationNews::Device {
            wanted: "*".to_owned(),
            report: report.clone(),
        });
    }
    if let Event::Station(StationNews::BadgeInField { field, .. }) = event {
        return Event::Station(StationNews::BadgeInField {
            field: *field,
            code: Secret::default(),
        });
    }
    match state.sign_in {
        SignIn::Person(_) if is_help(event) => event.clone(),
        _ => hidden(event),
    }
}

/// Help's own character is nobody's secret, and opens it again in a replay.
fn is_help(event: &Event) -> bool {
    let key = Key::Char('?');
    matches!(event, Event::Key { key: pressed, .. } if *pressed == key)
}

fn hidden(event: &Event) -> Event {
    match event {
        Event::Key {
            key: Key::Char(character),
            at_ms,
        } if !character.is_control() => Event::Key {
            key: Key::Char('*'),
            at_ms: *at_ms,
        },
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(recorder: &mut Recorder, state: &mut State, event: Event) {
        recorder.note(state, &event);
        drop(update(state, event));
    }

    fn typed(text: &str, from_ms: u64) -> Vec<Event> {
        let key = |(at_ms, character)| Event::Key {
            key: Key::Char(character),
            at_ms,
        };
        (from_ms..).step_by(2).zip(text.chars()).map(key).collect()
    }

    fn signed_in() -> State {
        State {
            size: (80, 24),
            sign_in: SignIn::Person(crate::tui::state::sign_in::Person {
                operator: "op-17".to_owned(),
                role: crate::tui::state::sign_in::Role::Operator,
                may: Vec::new(),
                may_not: Vec::new(),
            }),
            ..State::default()
        }
    }

    #[test]
    fn what_was_looked_for_is_not_in_a_recording() {
        let state = State::default();
        let mut recorder = Recorder::new(&state);
        let news = StationNews::Device {
            wanted: "OLDBADGE-77".to_owned(),
            report: None,
        };
        recorder.note(&state, &Event::Station(news));
        let text = recorder.text();
        assert!(
            text.contains("wanted") && !text.contains("OLDBADGE"),
            "{text}"
        );
    }

    #[test]
    fn a_recording_leads_to_the_same_state_without_the_pin() {
        let mut state = State {
            size: (80, 24),
            ..State::default()
        };
        let mut recorder = Recorder::new(&state);
        for event in typed("badge-17\n", 0) {
            play(&mut recorder, &mut state, event);
        }
        let operator = "op-17".to_owned();
        let wants = Event::Station(StationNews::WantsPin { operator });
        play(&mut recorder, &mut state, wants);
        for event in typed("482913", 1_000) {
            play(&mut recorder, &mut state, event);
        }
        let text = recorder.text();
        assert!(!text.contains("482913") && !text.contains("'4'"), "{text}");
        assert!(!text.contains("\"char\":\"4\""), "{text}");
        assert!(!text.contains("\"char\":\"b\""), "a badge: {text}");
        let mut again = replay(&text).unwrap();
        assert_eq!(again.scanner.entry(), "******");
        again.scanner = state.scanner.clone();
        assert_eq!(again, state);
    }

    #[test]
    fn neither_what_a_scanner_sends_nor_what_a_hand_types_is_in_a_recording() {
        let mut state = signed_in();
        state.dialog = Some(Dialog::Reprint {
            device: "SA-000001".to_owned(),
        });
        let mut recorder = Recorder::new(&state);
        for event in typed("Q7\n", 1_000) {
            play(&mut recorder, &mut state, event);
        }
        let by_hand = Event::Key {
            key: Key::Char('x'),
            at_ms: 5_000,
        };
        play(&mut recorder, &mut state, by_hand);
        let text = recorder.text();
        assert!(!text.contains("\"Q\"") && !text.contains("\"7\""), "{text}");
        assert!(!text.contains("\"char\":\"x\""), "{text}");
        assert_eq!(text.matches("\"char\":\"*\"").count(), 3, "{text}");
    }

    #[test]
    fn a_reason_that_somebody_typed_in_another_shift_is_not_in_a_recording() {
        let mut state = State::default();
        let cleared = Said::HoldCleared {
            name: "L02".to_owned(),
            who: "sv-3".to_owned(),
            reason: "QX77".to_owned(),
        };
        state.log.add(1, false, cleared);
        let text = Recorder::new(&state).text();
        assert!(text.contains("sv-3") && !text.contains("QX77"), "{text}");
    }

    #[test]
    fn a_pin_that_is_typed_once_too_often_is_not_in_a_recording() {
        let mut state = signed_in();
        let mut recorder = Recorder::new(&state);
        // By hand: far slower than a scanner.
        for (at_ms, character) in (1_000..).step_by(400).zip("739164\r".chars()) {
            let key = Key::Char(character);
            play(&mut recorder, &mut state, Event::Key { key, at_ms });
        }
        let text = recorder.text();
        for digit in "739164".chars() {
            let kept = format!("\"char\":\"{digit}\"");
            assert!(!text.contains(&kept), "{text}");
        }
    }

    #[test]
    fn a_badge_that_a_hand_has_typed_into_a_field_is_not_in_a_recording() {
        use crate::tui::state::dialog::BatchField;
        let batch = Dialog::OpenBatch(NewBatch::default(), BatchField::default());
        let reason = Dialog::Reprint {
            device: "SA-000001".to_owned(),
        };
        for dialog in [batch, reason] {
            let mut state = State {
                size: (80, 24),
                sign_in: SignIn::Person(crate::tui::state::sign_in::Person {
                    operator: "op-17".to_owned(),
                    role: crate::tui::state::sign_in::Role::Operator,
                    may: Vec::new(),
                    may_not: Vec::new(),
                }),
                dialog: Some(dialog),
                ..State::default()
            };
            let mut recorder = Recorder::new(&state);
            for (at_ms, key) in (1_000..).step_by(400).zip("QX77\r".chars()) {
                let key = Key::Char(key);
                play(&mut recorder, &mut state, Event::Key { key, at_ms });
            }
            let text = recorder.text();
            let typed = ["\"Q\"", "QX77", "\"7\""];
            assert!(!typed.iter().any(|typed| text.contains(typed)), "{text}");
            // As many characters are seen again, and none of them can be read.
            let again = replay(&text).unwrap();
            let shows = |state: &State| format!("{:?}", state.dialog).replace("QX77", "****");
            assert_eq!(shows(&again), shows(&state));
        }
    }

    #[test]
    fn a_recording_is_bounded() {
        let mut state = State::default();
        let mut recorder = Recorder::new(&state);
        for at in 0..3 * MAX_EVENTS as u64 {
            let tick = Event::Tick {
                monotonic_ms: at,
                utc_ms: at,
            };
            play(&mut recorder, &mut state, tick);
        }
        assert!(recorder.older.events.len() + recorder.newer.events.len() <= 2 * MAX_EVENTS);
        assert_eq!(replay(&recorder.text()).unwrap(), state);
    }
}
