//! Badges that are shown where a PIN is asked for.

use super::*;

/// A badge of digits alone, as long as a PIN may be.
const DIGITS: &str = "88001234";

fn give_badge(station: &Station, name: &str, code: &str) {
    let id = OperatorId::parse(name).unwrap();
    let badge = BadgeCode::parse(code).unwrap();
    station.people.register.set_badge(&id, &badge).unwrap();
}

fn asks_for(station: &Station, name: &str) {
    let operator = name.to_owned();
    assert_eq!(station.state.sign_in, Shown::WantsPin { operator });
    assert!(station.agrees());
}

fn wrong_pins(station: &Station) -> Vec<(String, u32)> {
    let counted = station.people.register.unrecorded().unwrap();
    let named = counted.into_iter();
    named.map(|(id, count)| (id.to_string(), count)).collect()
}

#[test]
fn a_badge_where_a_pin_is_asked_for_is_that_badge_shown() {
    for badge in [DIGITS, "BADGE-op-2", "8800123488001234"] {
        let mut station = Station::staffed();
        give_badge(&station, "op-2", badge);
        station.scan("BADGE-op-1");
        asks_for(&station, "op-1");
        // Again and again: nobody has guessed.
        for _ in 0..3 {
            station.scan(badge);
            asks_for(&station, "op-2");
        }
        assert_eq!(wrong_pins(&station), [], "{badge}");
        station.scan("4711");
        let op_2 = Some("op-2".to_owned());
        assert_eq!(station.both(), (op_2.clone(), op_2), "{badge}");
        assert_eq!(station.recorded, ["+op-2"], "{badge}");
    }
}

#[test]
fn a_right_pin_wins_though_it_is_somebodys_badge() {
    let mut station = Station::staffed();
    // Nobody is given such a badge any more; some may have had it before.
    let operator = OperatorId::parse("op-4").unwrap();
    let role = Role::Operator;
    let new = NewOperator {
        id: operator.clone(),
        role,
        badge: BadgeCode::parse("4711"),
        pin: hash(),
    };
    station.people.register.enrol(new).unwrap();
    station.tell_ledger(Fact::OperatorEnrolled(OperatorEnrolledRecord {
        operator,
        role,
        badge: true,
        actor: actor(),
    }));
    station.scan("BADGE-op-1");
    station.scan("4711");
    let op_1 = Some("op-1".to_owned());
    assert_eq!(station.both(), (op_1.clone(), op_1));
}

#[test]
fn a_wrong_pin_that_is_no_badge_is_counted_and_a_badge_shown_in_the_wait_after_it_is_not() {
    let mut station = Station::staffed();
    give_badge(&station, "op-2", DIGITS);
    station.scan("BADGE-op-1");
    station.scan("88001235");
    asks_for(&station, "op-1");
    let counted = [("op-1".to_owned(), 1)];
    assert_eq!(wrong_pins(&station), counted);
    station.scan(DIGITS);
    asks_for(&station, "op-2");
    assert_eq!(wrong_pins(&station), counted);
    // Nor is the one that was counted forgotten by it.
    let book = station.people.register.book().unwrap();
    let op_1 = book.find(&OperatorId::parse("op-1").unwrap()).unwrap();
    assert_eq!(op_1.wrong_pins().count(), 1);
}

#[test]
fn the_badge_of_somebody_who_may_not_sign_in_is_turned_away_where_a_pin_is_asked_for() {
    let mut station = Station::staffed();
    give_badge(&station, "op-3", DIGITS);
    station.scan("BADGE-op-1");
    station.scan(DIGITS);
    assert_eq!(station.state.sign_in, Shown::Nobody);
    assert_eq!(station.people.machine.state(), &SignInState::SignedOut);
    assert_eq!(wrong_pins(&station), []);
}
