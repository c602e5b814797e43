//! The clerk's word on who works, and what the screen makes of it.

mod badges;
mod random;

use std::path::PathBuf;

use super::super::errand;
use super::*;
use crate::access::{NewOperator, PinHash};
use crate::ledger::event::{OperatorEnrolledRecord, OperatorStateRecord};
use crate::ledger::fixture::{actor, new_ledger_at, station_event};
use crate::ledger::standing::Durability;
use crate::ledger::{EventStore as _, LedgerHandle};
use crate::station_home::home_with_operators;
use crate::tui::action::{Action, Secret};
use crate::tui::event::{Event, Key};
use crate::tui::state::State;
use crate::tui::state::said::Said;
use crate::tui::state::sign_in::SignIn as Shown;
use crate::tui::update::update;
use random::{Input, give};

const IDLE_MS: u64 = 15 * 60 * 1000;

/// Everybody's PIN is 4711; at a cost that a test can pay.
fn hash() -> PinHash {
    let hash = "fedc1a2c046d7ff5947b6a516748fa248d9468df9949bcd2c4b46f8c12c707f8";
    let salt = "30313233343536373839616263646566";
    let kept = serde_json::json!({ "memory_kib": 64, "passes": 2, "salt": salt, "hash": hash });
    serde_json::from_value(kept).unwrap()
}

/// A station's people, and its screen.
struct Station {
    _folder: tempfile::TempDir,
    ledger: LedgerHandle,
    people: People,
    file: PathBuf,
    state: State,
    now: MonotonicMillis,
    /// What is in the ledger of comings and goings.
    recorded: Vec<String>,
    /// Whether the ledger takes nothing.
    is_locked: bool,
    /// How often it was told that something is wrong.
    troubles: usize,
}

impl Station {
    /// op-1 and sv-9 are listed, nobody is enrolled.
    fn listed() -> Self {
        let folder = home_with_operators(&[("sv-9", "supervisor")]);
        let home = StationHome::open(folder.path()).unwrap();
        let now = MonotonicMillis(1_000_000);
        let state = State {
            size: (100, 30),
            monotonic_ms: now.0,
            ..State::default()
        };
        Self {
            ledger: new_ledger_at(&home.ledger()),
            people: People::new(&home, now),
            file: folder.path().join("operators.json"),
            _folder: folder,
            state,
            now,
            recorded: Vec::new(),
            is_locked: false,
            troubles: 0,
        }
    }

    /// so-1, op-1 and op-2 are enrolled, op-3 was.
    fn staffed() -> Self {
        let station = Self::listed();
        station.enrol();
        station
    }

    fn enrol(&self) {
        for (name, role) in [
            ("so-1", Role::SecurityOfficer),
            ("op-1", Role::Operator),
            ("op-2", Role::Operator),
            ("op-3", Role::Operator),
        ] {
            let operator = OperatorId::parse(name).unwrap();
            let new = NewOperator {
                id: operator.clone(),
                role,
                badge: BadgeCode::parse(&format!("BADGE-{name}")),
                pin: hash(),
            };
            self.people.register.enrol(new).unwrap();
            self.tell_ledger(Fact::OperatorEnrolled(OperatorEnrolledRecord {
                operator,
                role,
                badge: true,
                actor: actor(),
            }));
        }
        self.disable("op-3");
    }

    fn disable(&self, name: &str) {
        self.tell_ledger(Fact::OperatorDisabled(OperatorStateRecord {
            operator: OperatorId::parse(name).unwrap(),
            reason: "test".to_owned(),
            actor: actor(),
        }));
    }

    fn tell_ledger(&self, fact: Fact) {
        let events = vec![station_event(fact)];
        self.ledger.record(events, Durability::Durable).unwrap();
    }

    /// A scanner at the screen.
    fn scan(&mut self, text: &str) {
        self.pass(2_000);
        let keys = text.chars().map(Key::Char).chain([Key::Enter]);
        keys.for_each(|key| self.press(key));
    }

    /// A hand, which is slower than a scanner.
    fn escape(&mut self) {
        self.pass(2_000);
        self.press(Key::Escape);
    }

    fn press(&mut self, key: Key) {
        let at_ms = self.now.0;
        self.happens(Event::Key { key, at_ms });
    }

    fn pass(&mut self, ms: u64) {
        self.now = self.now.plus(ms);
        let (monotonic_ms, utc_ms) = (self.now.0, 0);
        self.happens(Event::Tick {
            monotonic_ms,
            utc_ms,
        });
    }

    fn happens(&mut self, event: Event) {
        for action in update(&mut self.state, event) {
            self.wish(action);
        }
    }

    /// As the clerk fulfils it.
    fn wish(&mut self, action: Action) {
        self.people.touched(self.now);
        let outcome = match action {
            Action::Identify { badge } => self.people.identify(&badge, self.now),
            Action::Scan { code, .. } => match self.people.is_badge(&code) {
                Ok(true) => self.people.identify(&code, self.now),
                Ok(false) => return,
                Err(failure) => Err(failure),
            },
            Action::Prove {
                pin: Secret(ref typed),
                ..
            } => Ok(self.people.prove(typed, self.now)),
            Action::SignOut => Ok(self.people.leave(self.now)),
            _ => return,
        };
        match outcome {
            Ok(outcome) => self.conclude(outcome),
            Err(failure) => self.happens(Event::Station(errand::refused(&failure))),
        }
    }

    /// As the clerk looks now and then.
    fn look(&mut self) {
        let outcome = self.people.tick(self.now);
        self.conclude(outcome);
    }

    fn conclude(&mut self, mut outcome: Outcome) {
        let due = self.people.due(&mut outcome);
        if self.is_locked && !due.is_empty() {
            let failure = Failure::station("cannot record", "it is locked", "wait");
            self.people.unrecorded(due, &failure, &mut outcome);
        } else {
            self.recorded.extend(due.iter().map(said));
        }
        for news in outcome.news {
            let trouble = matches!(news, StationNews::Told(Told::Trouble { .. }));
            self.troubles += usize::from(trouble);
            self.happens(Event::Station(news));
        }
    }

    /// Why nobody is signed in any more, as the screen has said last.
    fn gone(&self) -> Option<Gone> {
        let lines = self.state.log.lines.iter();
        let said = lines.map(|line| match line.said {
            Said::Told(Told::SignedOut(gone)) => Some(gone),
            _ => None,
        });
        said.flatten().next_back()
    }

    fn sign_in(&mut self, name: &str) {
        self.scan(&format!("BADGE-{name}"));
        self.scan("4711");
        assert_eq!(self.both(), (Some(name.to_owned()), Some(name.to_owned())));
    }

    /// Who works, as the clerk says and as the screen does.
    fn both(&self) -> (Option<String>, Option<String>) {
        let works = self.people.who().map(|(actor, _)| actor.operator);
        let shown = self.state.sign_in.person();
        (
            works.map(|who| who.to_string()),
            shown.map(|person| person.operator.clone()),
        )
    }

    fn agrees(&self) -> bool {
        let (works, shown) = self.both();
        let asks = match (self.people.machine.state(), &self.state.sign_in) {
            (SignInState::AwaitingPin(claim), Shown::WantsPin { operator }) => {
                claim.operator.as_str() == operator
            }
            (_, Shown::WantsPin { .. } | Shown::Checking) => false,
            _ => true,
        };
        works == shown && asks
    }
}

fn said(fact: &Fact) -> String {
    match fact {
        Fact::SignedIn(record) => format!("+{}", record.actor.operator),
        Fact::SignedOut(record) => format!("-{} {:?}", record.operator, record.why),
        other => panic!("{other:?}"),
    }
}

#[test]
fn whoever_is_turned_away_leaves_the_one_who_works_on_the_screen_as_at_the_clerk() {
    let mut station = Station::staffed();
    station.sign_in("op-2");
    let op_2 = (Some("op-2".to_owned()), Some("op-2".to_owned()));
    for badge in ["BADGE-op-3", "BADGE-of-nobody"] {
        station.scan(badge);
        assert_eq!(station.both(), op_2, "{badge}");
    }
    assert_eq!(station.recorded, ["+op-2"]);
    // Their own badge signs them out, on both.
    station.scan("BADGE-op-2");
    assert_eq!(station.both(), (None, None));
    assert_eq!(station.recorded, ["+op-2", "-op-2 Badge"]);
    assert_eq!(station.gone(), Some(Gone::Left));
}

#[test]
fn a_pin_that_is_awaited_is_no_more_once_somebody_else_is_turned_away() {
    let mut station = Station::staffed();
    station.scan("BADGE-op-2");
    // The PIN's field is left, and somebody who may not sign in comes.
    station.escape();
    station.scan("BADGE-op-3");
    assert_eq!(station.people.machine.state(), &SignInState::SignedOut);
    assert_eq!(station.state.sign_in, Shown::Nobody);
}

#[test]
fn nobody_s_word_counts_any_more_once_people_are_enrolled() {
    // A look ends it.
    let mut station = Station::listed();
    station.scan("op-1");
    assert_eq!(station.recorded, ["+op-1"]);
    station.enrol();
    station.look();
    assert_eq!(station.both(), (None, None));
    assert_eq!(station.recorded, ["+op-1", "-op-1 Disabled"]);
    assert_eq!(station.gone(), Some(Gone::Disabled));

    // So does whoever comes before the next look, proves who they are or not.
    for (badge, shown) in [("BADGE-op-2", Some("op-2")), ("BADGE-op-3", None)] {
        let mut station = Station::listed();
        station.scan("op-1");
        station.enrol();
        station.scan(badge);
        assert_eq!(station.recorded, ["+op-1", "-op-1 Disabled"], "{badge}");
        assert_eq!(station.gone(), Some(Gone::Disabled), "{badge}");
        assert_eq!(station.both(), (None, None), "{badge}");
        station.scan("4711");
        let shown = shown.map(str::to_owned);
        assert_eq!(station.both(), (shown.clone(), shown), "{badge}");
        if badge == "BADGE-op-2" {
            station.disable("op-2");
            station.look();
            assert_eq!(station.both(), (None, None));
            let last = station.recorded.last().map(String::as_str);
            assert_eq!(last, Some("-op-2 Disabled"));
            assert_eq!(station.gone(), Some(Gone::Disabled));
        }
    }
}

#[test]
fn whoever_of_the_list_comes_next_ends_the_one_before() {
    let mut station = Station::listed();
    station.scan("op-1");
    let badge = "sv-9".to_owned();
    station.wish(Action::Identify { badge });
    assert_eq!(station.recorded, ["+op-1", "-op-1 Badge", "+sv-9"]);
    assert!(station.agrees());
}

#[test]
fn idle_time_goes_by_without_the_register_and_that_it_cannot_be_read_is_told_once() {
    let mut station = Station::staffed();
    station.sign_in("op-2");
    give(&mut station, &Input::Break);
    station.look();
    station.look();
    assert_eq!(station.troubles, 1);
    assert!(station.both().0.is_some());
    station.pass(IDLE_MS + 1);
    station.look();
    assert_eq!(station.both(), (None, None));
    assert_eq!(station.recorded, ["+op-2", "-op-2 Idle"]);
    assert_eq!(station.gone(), Some(Gone::Idle));
    assert_eq!(station.troubles, 1);
    // It is well again, and then it is not.
    give(&mut station, &Input::Mend);
    station.look();
    give(&mut station, &Input::Break);
    station.look();
    assert_eq!(station.troubles, 2);
}

#[test]
fn whoever_cannot_be_recorded_is_not_signed_in() {
    let mut station = Station::staffed();
    station.is_locked = true;
    station.scan("BADGE-op-2");
    station.scan("4711");
    assert_eq!(station.both(), (None, None));
    assert_eq!(station.state.sign_in, Shown::Nobody);
    station.is_locked = false;
    station.look();
    assert_eq!(station.recorded, [""; 0]);
    station.sign_in("op-2");
    // So it is with whose word is taken.
    let mut station = Station::listed();
    station.is_locked = true;
    station.scan("op-1");
    assert_eq!(station.both(), (None, None));
    assert!(station.agrees());
}

#[test]
fn whoever_has_left_is_recorded_once_it_can_be_and_before_whoever_comes() {
    let left = || {
        let mut station = Station::staffed();
        station.sign_in("op-1");
        station.is_locked = true;
        station.scan("BADGE-op-1");
        assert_eq!(station.both(), (None, None));
        station.look();
        station.look();
        assert_eq!(station.recorded, ["+op-1"]);
        station.is_locked = false;
        station
    };
    let mut station = left();
    station.look();
    station.look();
    assert_eq!(station.recorded, ["+op-1", "-op-1 Badge"]);
    let mut station = left();
    station.sign_in("op-2");
    assert_eq!(station.recorded, ["+op-1", "-op-1 Badge", "+op-2"]);
    let mut station = left();
    let at_the_end: Vec<_> = station.people.end(station.now).iter().map(said).collect();
    assert_eq!(at_the_end, ["-op-1 Badge"]);
}
