//! What a key or the mouse does where something else is on top, or is chosen, and what signing out leaves.

use super::update;
use crate::line::wishes::LineState;
use crate::tui::action::{Action, Named, NewBatch};
use crate::tui::event::{Event, Key, LaneNews, NotLetIn, StationNews};
use crate::tui::geometry;
use crate::tui::state::alarms::{About, Alarm};
use crate::tui::state::batch::{BatchRow, DEEDS};
use crate::tui::state::device::{Device, DeviceReport};
use crate::tui::state::dialog::{BatchField, Dialog};
use crate::tui::state::lanes::{Lane, Wear};
use crate::tui::state::said::Said;
use crate::tui::state::sign_in::{Deed, Person, Role, SignIn};
use crate::tui::state::{READ_MS, Screen, State};
use crate::tui::told::{Gone, Told};
use crate::verdict::VerdictCode;
use crate::words::{Cause, Language};

fn person(operator: &str) -> Person {
    Person {
        operator: operator.to_owned(),
        role: Role::Supervisor,
        may: [&DEEDS[..], &[Deed::Acknowledge, Deed::Reprint]].concat(),
        may_not: Vec::new(),
    }
}

fn signed_in() -> State {
    let lane = |name: &str| Lane {
        name: name.to_owned(),
        ..Lane::default()
    };
    let mut state = State {
        sign_in: SignIn::Person(person("op-17")),
        size: (100, 30),
        monotonic_ms: 10_000,
        // Nobody has to be told of presence in these tests.
        present_ms: 1_000_000,
        ..State::default()
    };
    state.lanes.list = vec![lane("L1"), lane("L2"), lane("L3")];
    state
}

/// A key of a hand: long after the one before.
fn press(state: &mut State, key: Key) -> Vec<Action> {
    let at_ms = state.monotonic_ms + 2 * READ_MS;
    update(state, Event::Key { key, at_ms })
}

/// A key that is obeyed once it is clear that no scan begins with it.
fn press_and_wait(state: &mut State, key: Key) -> Vec<Action> {
    assert_eq!(press(state, key), []);
    let tick = Event::Tick {
        monotonic_ms: state.monotonic_ms + READ_MS,
        utc_ms: 0,
    };
    update(state, tick)
}

fn type_text(state: &mut State, text: &str) {
    for character in text.chars() {
        drop(press(state, Key::Char(character)));
    }
}

fn hear(state: &mut State, news: StationNews) {
    drop(update(state, Event::Station(news)));
}

fn said(state: &State) -> Option<&Said> {
    state.notice.as_ref().map(|notice| &notice.said)
}

fn alarm(about: About) -> Alarm {
    Alarm {
        about,
        code: VerdictCode::KeyForeign,
        cause: Cause::Verdict("why".to_owned()),
        utc_ms: 1,
        acknowledged: false,
    }
}

/// One about a board on that lane.
fn alarm_on(lane: &str) -> Alarm {
    let lane = lane.to_owned();
    let (uid, code) = (None, VerdictCode::KeyForeign);
    alarm(About::Board { lane, uid, code })
}

#[test]
fn what_is_wished_of_a_lane_is_wished_of_the_chosen_one() {
    let mut state = signed_in();
    for lane in ["L1", "L2"] {
        let (lane, news) = (lane.to_owned(), LaneNews::AwaitsLabel);
        drop(update(&mut state, Event::Lane { lane, news }));
    }
    drop(press(&mut state, Key::Right));
    type_text(&mut state, "SA-1");
    let done = press(&mut state, Key::Enter);
    let scan = Action::Scan {
        code: "SA-1".to_owned(),
        lane: Some(Named {
            lane: "L2".to_owned(),
            board: None,
            is_read: true,
        }),
        look_up: false,
    };
    assert_eq!(done, [scan]);

    // An alarm is acknowledged, or a hold cleared, where it is: at its own lane, whichever is looked at.
    let reason = || "seen".to_owned();
    let acknowledged = Action::AcknowledgeAlarm {
        lane: "L3".to_owned(),
        uid: None,
        code: VerdictCode::KeyForeign,
        reason: reason(),
    };
    let cleared = |name: &str, of_batch| Action::ClearHold {
        name: name.to_owned(),
        of_batch,
        since_ms: 1,
        reason: reason(),
    };
    for (about, wished) in [
        (alarm_on("L3").about, acknowledged),
        (About::Lane("L3".to_owned()), cleared("L3", false)),
        (About::Batch("B-3".to_owned()), cleared("B-3", true)),
        (About::Clock, Action::AcceptClock { reason: reason() }),
    ] {
        let mut state = signed_in();
        state.alarms.list = vec![alarm_on("L1"), alarm(about), alarm_on("L2")];
        drop(press(&mut state, Key::F(4)));
        drop(press(&mut state, Key::Down));
        assert_eq!(press(&mut state, Key::Enter), []);
        type_text(&mut state, "seen");
        assert_eq!(press(&mut state, Key::Enter), [wished]);
    }

    // A label is printed again for the board that was looked up.
    let mut state = signed_in();
    state.screen = Screen::Device;
    state.has_printer = true;
    state.device.report = Some(DeviceReport {
        serial: Some("SA-7".to_owned()),
        ..DeviceReport::default()
    });
    drop(press(&mut state, Key::Enter));
    type_text(&mut state, "torn");
    let device = "SA-7".to_owned();
    let reason = "torn".to_owned();
    let reprint = Action::Reprint { device, reason };
    assert_eq!(press(&mut state, Key::Enter), [reprint]);
}

#[test]
fn nothing_is_no_reason() {
    for typed in ["", " ", "    ", "x\u{7f}"] {
        let mut state = signed_in();
        state.alarms.list = vec![alarm_on("L1")];
        state.screen = Screen::Alarms;
        drop(press(&mut state, Key::Enter));
        let asks = state.dialog.clone();
        assert!(matches!(asks, Some(Dialog::Acknowledge { .. })), "{asks:?}");
        for character in typed.chars() {
            let key = match character {
                '\u{7f}' => Key::Backspace,
                other => Key::Char(other),
            };
            drop(press(&mut state, key));
        }
        for _ in 0..2 {
            assert_eq!(press(&mut state, Key::Enter), [], "{typed:?}");
        }
        assert_eq!(state.dialog, asks, "{typed:?}");
    }
}

#[test]
fn signing_out_is_asked_about_exactly_while_the_line_is_at_work() {
    for (line, asks) in [
        (LineState::Running, true),
        (LineState::Finishing, true),
        (LineState::Paused, false),
        (LineState::Full, false),
    ] {
        let mut state = signed_in();
        hear(&mut state, StationNews::LineIs(line));
        let done = press_and_wait(&mut state, Key::F(9));
        let question = asks.then_some(Dialog::SignOut);
        assert_eq!(state.dialog, question, "{line:?}");
        assert_eq!(done == [Action::SignOut], !asks, "{line:?}");
    }
}

#[test]
fn tab_changes_the_language_where_nobody_is_signed_in_and_only_there() {
    let mut state = signed_in();
    drop(press_and_wait(&mut state, Key::Tab));
    assert_eq!(state.language, Language::English);
    state.sign_in = SignIn::Nobody;
    drop(press_and_wait(&mut state, Key::Tab));
    assert_eq!(state.language, Language::English.next());
}

#[test]
fn an_enter_under_help_ends_the_help_and_nothing_else() {
    let mut state = signed_in();
    state.batches.list = vec![BatchRow {
        batch: "B-1".to_owned(),
        target: 4,
        ..BatchRow::default()
    }];
    for (screen, below) in [
        (Screen::Line, None),
        (Screen::Batch, None),
        (Screen::Line, Some(Dialog::Leave)),
    ] {
        let mut state = State {
            screen,
            dialog: below.clone(),
            help: true,
            ..state.clone()
        };
        assert_eq!(press(&mut state, Key::Enter), []);
        assert_eq!((state.screen, &state.dialog), (screen, &below));
        assert!(!state.help && !state.is_leaving());
    }
    // Without help it does what is chosen.
    state.screen = Screen::Batch;
    let batch = "B-1".to_owned();
    let starts = [Action::StartLine { batch }];
    assert_eq!(press(&mut state, Key::Enter), starts);
}

#[test]
fn the_mouse_presses_what_is_on_top_and_nothing_below_it() {
    let whole = signed_in();
    let grid = geometry::Grid::of(whole.size, whole.lanes.list.len()).unwrap();
    let mut everywhere = (0..whole.size.1).flat_map(|row| (0..whole.size.0).map(move |x| (x, row)));
    let on_lane = everywhere.clone().find(|at| grid.lane_at(*at) == Some(1));
    let hint = |at: &(u16, u16)| geometry::hint_at(whole.size, whole.language, *at).is_some();
    let (on_lane, on_hint) = (on_lane.unwrap(), everywhere.find(hint).unwrap());
    let mut pressed = 0;
    for (column, row) in [on_lane, on_hint] {
        for (dialog, help) in [(Some(Dialog::Leave), false), (None, true), (None, false)] {
            let mut state = State {
                dialog,
                help,
                screen: Screen::Line,
                ..whole.clone()
            };
            let below = state.clone();
            let covered = state.dialog.is_some() || state.help;
            let done = update(&mut state, Event::Mouse { column, row });
            if covered {
                assert_eq!((done, state), (Vec::new(), below));
            } else {
                pressed += usize::from(state != below || !done.is_empty());
            }
        }
    }
    // The lane; the hint of the screen that is shown anyway does nothing more.
    assert!(pressed >= 1);
}

#[test]
fn nobody_who_is_not_signed_in_ends_a_line_that_is_at_work() {
    let operator = "op-17".to_owned();
    for line in [LineState::Running, LineState::Finishing] {
        for who in [
            SignIn::Nobody,
            SignIn::Checking,
            SignIn::WantsPin {
                operator: operator.clone(),
            },
        ] {
            for key in [Key::F(10), Key::Interrupt] {
                let mut state = signed_in();
                state.sign_in = who.clone();
                hear(&mut state, StationNews::LineIs(line));
                for key in [key, Key::Enter, key, key] {
                    assert!(!press(&mut state, key).contains(&Action::Leave));
                }
                assert_eq!(said(&state), Some(&Said::SignInToLeave), "{line:?}");
                assert!(!state.is_leaving() && state.dialog.is_none());
                // Somebody who may end the process may end it.
                for ends in [Event::Stop, Event::Gone] {
                    let done = update(&mut state.clone(), ends);
                    assert_eq!(done, [Action::Leave]);
                }
            }
        }
    }
    for line in [LineState::Paused, LineState::Full] {
        let mut state = signed_in();
        state.sign_in = SignIn::Nobody;
        hear(&mut state, StationNews::LineIs(line));
        assert_eq!(press(&mut state, Key::F(10)), []);
        assert_eq!(press_and_wait(&mut state, Key::Enter), [Action::Leave]);
    }
    // Whoever is signed in is asked, and leaves.
    let mut state = signed_in();
    hear(&mut state, StationNews::LineIs(LineState::Running));
    assert_eq!(press(&mut state, Key::F(10)), []);
    assert_eq!(press_and_wait(&mut state, Key::Enter), [Action::Leave]);
}

#[test]
fn nothing_of_whoever_was_signed_in_is_left_for_the_next_one() {
    let operator = || "sv-3".to_owned();
    for news in [
        StationNews::Told(Told::SignedOut(Gone::Left)),
        StationNews::WantsPin {
            operator: operator(),
        },
        StationNews::SignedIn(person(&operator())),
    ] {
        let mut state = signed_in();
        state.device = Device {
            wanted: Some("SA-7".to_owned()),
            report: Some(DeviceReport::default()),
            scrolled: 3,
        };
        let fresh = NewBatch {
            batch: "B-9".to_owned(),
            ..NewBatch::default()
        };
        state.draft = Some(fresh.clone());
        state.dialog = Some(Dialog::OpenBatch(fresh, BatchField::Profile));
        type_text(&mut state, "half a na");
        hear(&mut state, news.clone());
        assert_eq!(state.device, Device::default(), "{news:?}");
        assert_eq!((&state.dialog, &state.draft), (&None, &None), "{news:?}");
        assert_eq!(state.scanner.entry(), "", "{news:?}");
    }
    // Whoever is still there keeps theirs, whatever is told meanwhile.
    let mut state = signed_in();
    state.device.wanted = Some("SA-7".to_owned());
    type_text(&mut state, "half");
    let wear = Wear::default();
    for news in [
        StationNews::Wear(vec![("L1".to_owned(), wear)]),
        StationNews::LineIs(LineState::Finishing),
        StationNews::SignedIn(person("op-17")),
        StationNews::Told(Told::NotLetIn {
            why: NotLetIn::Unknown,
            wait_s: 0,
        }),
    ] {
        hear(&mut state, news);
    }
    assert_eq!(state.scanner.entry(), "half");
    assert_eq!(state.device.wanted.as_deref(), Some("SA-7"));
}

#[test]
fn what_a_lane_has_seen_is_what_the_station_says() {
    use crate::tui::event::LaneNews;
    use crate::tui::state::lanes::{Doing, ShownVerdict, Wire};
    let mut state = signed_in();
    let tell = |state: &mut State, news| {
        let lane = "L2".to_owned();
        drop(update(state, Event::Lane { lane, news }));
    };
    let verdict = ShownVerdict {
        code: VerdictCode::HwLimit,
        detail: String::new(),
        uid: None,
        serial: None,
        took_ms: 1,
        wire: Wire {
            sent: 7,
            ..Wire::default()
        },
    };
    tell(&mut state, LaneNews::Verdict(Box::new(verdict)));
    assert_eq!(state.lanes.list[1].tally.wear, Wear::default());
    assert_eq!(state.lanes.list[1].tally.wire.sent, 7);
    let wear = Wear {
        boards: 900,
        passed: 880,
        failed_in_a_row: 2,
    };
    let of = vec![("L2".to_owned(), wear)];
    hear(&mut state, StationNews::Wear(of));
    assert_eq!(state.lanes.list[1].tally.wear, wear);
    // A board that has its label goes on where it was.
    tell(&mut state, LaneNews::Step(3));
    tell(&mut state, LaneNews::AwaitsLabel);
    let (uid, serial) = ("F5".to_owned(), Some("SA-1".to_owned()));
    tell(&mut state, LaneNews::Board { uid, serial });
    assert_eq!(state.lanes.list[1].doing, Doing::Working(3));
}
