//! While the batches are looked at, their list is asked anew by itself; and what was opened is what is looked at.

use super::update;
use crate::tui::action::Action;
use crate::tui::event::{Did, Event, Key, Refused, StationNews};
use crate::tui::state::State;
use crate::tui::state::batch::BatchRow;
use crate::tui::told::Told;

fn rows(names: &str) -> Vec<BatchRow> {
    let row = |name: &str| BatchRow {
        batch: name.to_owned(),
        ..BatchRow::default()
    };
    names.split_whitespace().map(row).collect()
}

fn press(state: &mut State, number: u8) -> Vec<Action> {
    let (key, at_ms) = (Key::F(number), state.monotonic_ms);
    update(state, Event::Key { key, at_ms })
}

fn lists(state: &mut State, names: &str) {
    let list = StationNews::Batches(rows(names));
    assert_eq!(update(state, Event::Station(list)), []);
}

/// How often the list is asked for until then, when the station does not answer.
fn asked_until(state: &mut State, end_ms: u64) -> usize {
    let mut asked = 0;
    while state.monotonic_ms < end_ms {
        let monotonic_ms = state.monotonic_ms + 100;
        let tick = Event::Tick {
            monotonic_ms,
            utc_ms: 0,
        };
        let actions = update(state, tick);
        assert!(actions.iter().all(|action| *action == Action::ListBatches));
        asked += actions.len();
    }
    asked
}

fn looking() -> State {
    State {
        size: (100, 30),
        monotonic_ms: 100_000,
        ..State::default()
    }
}

#[test]
fn the_list_is_asked_anew_where_it_is_seen_and_never_twice_at_once() {
    let mut state = looking();
    assert_eq!(press(&mut state, 2), [Action::ListBatches]);
    assert_eq!(asked_until(&mut state, 101_000), 0, "it is asked already");
    lists(&mut state, "B-1");
    // That took a second: the ledger rests for twenty.
    assert_eq!(asked_until(&mut state, 120_900), 0);
    assert_eq!(asked_until(&mut state, 121_000), 1);
    assert_eq!(asked_until(&mut state, 500_000), 0, "nothing was answered");
    // Answered at once.
    lists(&mut state, "B-1");
    assert_eq!(press(&mut state, 2), [Action::ListBatches]);
    lists(&mut state, "B-1");
    assert_eq!(asked_until(&mut state, 504_900), 0);
    assert_eq!(asked_until(&mut state, 505_000), 1);
    lists(&mut state, "B-1");
    press(&mut state, 1);
    assert_eq!(asked_until(&mut state, 900_000), 0, "nobody looks");
}

#[test]
fn a_list_that_is_refused_is_not_refused_again_and_again() {
    let mut state = looking();
    press(&mut state, 2);
    let refused = StationNews::Refused(Refused::default());
    assert_eq!(update(&mut state, Event::Station(refused)), []);
    assert_eq!(asked_until(&mut state, 500_000), 0);
    state.dialog = None;
    assert_eq!(press(&mut state, 2), [Action::ListBatches]);
    lists(&mut state, "B-1");
    assert_eq!(asked_until(&mut state, 505_000), 1);
}

#[test]
fn the_batch_that_was_opened_is_the_one_that_is_looked_at() {
    let chosen = |state: &State| state.batches.chosen().map(|row| row.batch.clone());
    let opened = || {
        let batch = "B-3".to_owned();
        let told = Told::Did(Did::OpenedBatch { batch, boards: 8 });
        Event::Station(StationNews::Told(told))
    };
    let mut state = looking();
    press(&mut state, 2);
    lists(&mut state, "B-2 B-1");
    assert_eq!(update(&mut state, opened()), [Action::ListBatches]);
    // One that was on its way.
    lists(&mut state, "B-2 B-1");
    assert_eq!(chosen(&state).as_deref(), Some("B-2"));
    lists(&mut state, "B-3 B-2 B-1");
    assert_eq!(chosen(&state).as_deref(), Some("B-3"));
    // Only once: whoever looks at another one then goes on looking at that.
    let down = |state: &mut State| {
        let (key, at_ms) = (Key::Down, state.monotonic_ms);
        update(state, Event::Key { key, at_ms })
    };
    down(&mut state);
    lists(&mut state, "B-3 B-2 B-1");
    assert_eq!(chosen(&state).as_deref(), Some("B-2"));
    // And whoever has chosen before the list came has chosen.
    update(&mut state, opened());
    down(&mut state);
    lists(&mut state, "B-3 B-2 B-1");
    assert_eq!(chosen(&state).as_deref(), Some("B-1"));
}
