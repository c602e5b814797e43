use proptest::prelude::*;

use super::*;
use crate::access::operator::NewOperator;
use crate::access::pin::PinHash;

const NOON: MonotonicMillis = MonotonicMillis(1_000_000);

fn id(name: &str) -> OperatorId {
    OperatorId::parse(name).unwrap()
}

fn hash() -> PinHash {
    serde_json::from_value(serde_json::json!({
        "memory_kib": 64, "passes": 1, "salt": "00".repeat(16), "hash": "00".repeat(32),
    }))
    .unwrap()
}

/// op-1 has badge BADGE-1, and so on; aud-1 has none.
fn book() -> OperatorBook {
    let mut book = OperatorBook::empty([7; 32]);
    let people = [
        ("so-1", Role::SecurityOfficer, Some("BADGE-0")),
        ("op-1", Role::Operator, Some("BADGE-1")),
        ("sv-2", Role::Supervisor, Some("BADGE-2")),
        ("aud-1", Role::Auditor, None),
    ];
    for (name, role, badge) in people {
        let new = NewOperator {
            id: id(name),
            role,
            badge: badge.and_then(BadgeCode::parse),
            pin: hash(),
        };
        book.enrol(new).unwrap();
    }
    book
}

fn signed_in(badge: &str, role: Role) -> SignIn {
    let mut sign_in = SignIn::new(SignInTimes::default(), NOON);
    assert!(
        matches!(sign_in.scanned(badge, &book(), NOON), Scan::Badge(steps) if steps.is_empty())
    );
    assert!(matches!(
        &*sign_in.pin("4711", NOON).unwrap(),
        [Step::CheckPin(..)]
    ));
    let steps = sign_in.checked(&Ok(role), NOON);
    assert!(matches!(&*steps, [Step::RecordSignedIn(_)]));
    sign_in
}

#[test]
fn badge_and_pin_sign_in_and_the_same_badge_signs_out() {
    let mut sign_in = signed_in("BADGE-1\r", Role::Operator);
    let who = sign_in.who().unwrap();
    assert_eq!(
        (who.actor.operator.as_str(), who.role),
        ("op-1", Role::Operator)
    );
    assert_eq!(who.actor.assurance, Assurance::BadgeAndPin);
    let Scan::Badge(steps) = sign_in.scanned("BADGE-1", &book(), NOON) else {
        panic!("a badge");
    };
    assert_eq!(
        steps,
        [Step::RecordSignedOut(id("op-1"), SignedOutWhy::Badge)]
    );
    assert_eq!(sign_in.state(), &SignInState::SignedOut);
}

#[test]
fn another_badge_switches_but_needs_its_pin() {
    let mut sign_in = signed_in("BADGE-1", Role::Operator);
    let Scan::Badge(steps) = sign_in.scanned("BADGE-2", &book(), NOON) else {
        panic!("a badge");
    };
    assert_eq!(
        steps,
        [Step::RecordSignedOut(id("op-1"), SignedOutWhy::Badge)]
    );
    assert!(
        matches!(sign_in.state(), SignInState::AwaitingPin(claim) if claim.operator == id("sv-2"))
    );
    assert_eq!(sign_in.who(), None);
}

#[test]
fn an_id_that_was_typed_is_less_assured() {
    let mut sign_in = SignIn::new(SignInTimes::default(), NOON);
    assert!(
        sign_in
            .named(&id("aud-1"), &book(), NOON)
            .unwrap()
            .is_empty()
    );
    sign_in.pin("4711", NOON).unwrap();
    sign_in.checked(&Ok(Role::Auditor), NOON);
    assert_eq!(sign_in.who().unwrap().actor.assurance, Assurance::Pin);
    let unknown = sign_in.named(&id("nobody"), &book(), NOON);
    assert!(matches!(unknown, Err(Refused::NotEnrolled(_))));
}

#[test]
fn what_is_no_badge_is_left_to_others() {
    let mut sign_in = signed_in("BADGE-1", Role::Operator);
    for label in ["SN-000017", "x", "BADGE-9", ""] {
        assert!(
            matches!(sign_in.scanned(label, &book(), NOON), Scan::NoBadge),
            "{label}"
        );
    }
    assert!(sign_in.who().is_some());
}

#[test]
fn a_wrong_pin_asks_again_and_a_disabled_operator_is_told_so() {
    let mut sign_in = SignIn::new(SignInTimes::default(), NOON);
    sign_in.scanned("BADGE-1", &book(), NOON);
    assert_eq!(sign_in.pin("47", NOON), Err(PinFault::NotDigits));
    sign_in.pin("4711", NOON).unwrap();
    assert!(
        sign_in
            .checked(&Err(Refused::WrongPin { wait_ms: 1 }), NOON)
            .is_empty()
    );
    assert!(matches!(sign_in.state(), SignInState::AwaitingPin(_)));

    let mut disabled = book();
    disabled.find_mut(&id("op-1")).unwrap().disabled = true;
    let mut sign_in = SignIn::new(SignInTimes::default(), NOON);
    let scan = sign_in.scanned("BADGE-1", &disabled, NOON);
    assert!(matches!(scan, Scan::Refused(Refused::Disabled(_))));
    assert_eq!(sign_in.state(), &SignInState::SignedOut);
}

#[test]
fn whoever_may_not_sign_in_changes_nothing_for_whoever_works() {
    let mut others = book();
    others.find_mut(&id("sv-2")).unwrap().disabled = true;
    let mut sign_in = signed_in("BADGE-1", Role::Operator);
    let before = sign_in.state().clone();
    let scan = sign_in.scanned("BADGE-2", &others, NOON);
    assert!(matches!(scan, Scan::Refused(Refused::Disabled(_))));
    assert!(sign_in.named(&id("nobody"), &others, NOON).is_err());
    sign_in.forget_claim();
    assert_eq!(sign_in.state(), &before);
    // A PIN that is awaited is another matter.
    sign_in.scanned("BADGE-0", &others, NOON);
    sign_in.forget_claim();
    assert_eq!(sign_in.state(), &SignInState::SignedOut);
}

#[test]
fn who_is_idle_or_disabled_is_signed_out() {
    let mut sign_in = signed_in("BADGE-1", Role::Operator);
    let idle = SignInTimes::default().idle_ms;
    assert!(sign_in.tick(Some(&book()), NOON.plus(idle - 1)).is_empty());
    sign_in.touched(NOON.plus(idle - 1));
    assert!(
        sign_in
            .tick(Some(&book()), NOON.plus(2 * idle - 2))
            .is_empty()
    );
    let steps = sign_in.tick(Some(&book()), NOON.plus(2 * idle - 1));
    assert_eq!(
        steps,
        [Step::RecordSignedOut(id("op-1"), SignedOutWhy::Idle)]
    );

    let mut sign_in = signed_in("BADGE-1", Role::Operator);
    let mut disabled = book();
    disabled.find_mut(&id("op-1")).unwrap().disabled = true;
    let steps = sign_in.tick(Some(&disabled), NOON);
    assert_eq!(
        steps,
        [Step::RecordSignedOut(id("op-1"), SignedOutWhy::Disabled)]
    );
}

#[test]
fn a_badge_without_a_pin_is_forgotten() {
    let mut sign_in = SignIn::new(SignInTimes::default(), NOON);
    sign_in.scanned("BADGE-1", &book(), NOON);
    assert!(sign_in.tick(Some(&book()), NOON.plus(30_000)).is_empty());
    assert_eq!(sign_in.state(), &SignInState::SignedOut);
}

#[derive(Clone, Debug)]
enum Input {
    Scan(&'static str),
    Pin(&'static str),
    Right,
    Wrong,
    Wait(u64),
    End,
}

proptest! {
    /// Whatever comes, every sign-in is recorded once, every end of one once, and never two at a time.
    #[test]
    fn sign_ins_and_their_ends_alternate(inputs in prop::collection::vec(prop_oneof![
        prop::sample::select(vec!["BADGE-0", "BADGE-1", "BADGE-2", "SN-1"]).prop_map(Input::Scan),
        prop::sample::select(vec!["4711", "12"]).prop_map(Input::Pin),
        Just(Input::Right),
        Just(Input::Wrong),
        (0_u64..2_000_000).prop_map(Input::Wait),
        Just(Input::End),
    ], 1..60)) {
        let book = book();
        let mut now = NOON;
        let mut sign_in = SignIn::new(SignInTimes::default(), now);
        let mut recorded: Option<OperatorId> = None;
        for input in inputs {
            let steps = match input {
                Input::Scan(code) => match sign_in.scanned(code, &book, now) {
                    Scan::Badge(steps) => steps,
                    _ => Vec::new(),
                },
                Input::Pin(typed) => sign_in.pin(typed, now).unwrap_or_default(),
                Input::Right => sign_in.checked(&Ok(Role::Operator), now),
                Input::Wrong => sign_in.checked(&Err(Refused::WrongPin { wait_ms: 0 }), now),
                Input::Wait(ms) => {
                    now = now.plus(ms);
                    sign_in.tick(Some(&book), now)
                }
                Input::End => sign_in.end(),
            };
            for step in steps {
                match step {
                    Step::RecordSignedIn(who) => {
                        prop_assert_eq!(recorded.replace(who.actor.operator), None);
                    }
                    Step::RecordSignedOut(who, _) => prop_assert_eq!(recorded.take(), Some(who)),
                    Step::CheckPin(who, _) => {
                        let checking = match sign_in.state() {
                            SignInState::Checking(claim) => claim.operator == who,
                            _ => false,
                        };
                        prop_assert!(checking);
                    }
                }
            }
            let who = sign_in.who().map(|who| who.actor.operator.clone());
            prop_assert_eq!(&who, &recorded);
        }
    }
}
