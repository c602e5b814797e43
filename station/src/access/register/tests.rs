use std::fs::{Permissions, read_to_string, set_permissions, write};
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::ledger::event::{Fact, OperatorEnrolledRecord, OperatorStateRecord};
use crate::ledger::fixture::{actor, new_ledger_at, station_event};
use crate::ledger::standing::Durability;
use crate::ledger::{EventStore as _, LedgerHandle};

fn id(name: &str) -> OperatorId {
    OperatorId::parse(name).unwrap()
}

fn pin(digits: &str) -> OperatorPin {
    OperatorPin::parse(digits).unwrap()
}

fn at(boot: &str, since_boot_ms: u64) -> Moment {
    Moment {
        boot: boot.to_owned(),
        since_boot_ms,
    }
}

fn new(name: &str, role: Role, badge: Option<&str>) -> NewOperator {
    NewOperator {
        id: id(name),
        role,
        badge: badge.map(|code| BadgeCode::parse(code).unwrap()),
        pin: Register::hash(&pin("4711")).unwrap(),
    }
}

struct Home {
    folder: tempfile::TempDir,
    register: Register,
    ledger: LedgerHandle,
}

fn empty_home() -> Home {
    let folder = tempfile::tempdir().unwrap();
    let paths = HomePaths::new(folder.path());
    Home {
        register: Register::of(&paths),
        ledger: new_ledger_at(&paths.ledger()),
        folder,
    }
}

/// so-1 and op-1, both with PIN 4711.
fn home() -> Home {
    let home = empty_home();
    home.enrol(new("so-1", Role::SecurityOfficer, None))
        .unwrap();
    home.enrol(new("op-1", Role::Operator, Some("BADGE-1")))
        .unwrap();
    home
}

impl Home {
    fn file(&self) -> PathBuf {
        self.folder.path().join("operators.json")
    }

    /// The register, then the ledger.
    fn enrol(&self, new: NewOperator) -> Result<(), AccessError> {
        let fact = Fact::OperatorEnrolled(OperatorEnrolledRecord {
            operator: new.id.clone(),
            role: new.role,
            badge: new.badge.is_some(),
            actor: actor(),
        });
        self.register.enrol(new)?;
        self.record(fact);
        Ok(())
    }

    fn record(&self, fact: Fact) {
        let event = station_event(fact);
        self.ledger
            .record(vec![event], Durability::Durable)
            .unwrap();
    }

    fn set_disabled(&self, name: &str, disabled: bool) -> Result<(), AccessError> {
        if disabled {
            self.register.book()?.may_disable(&id(name))?;
        }
        let state = OperatorStateRecord {
            operator: id(name),
            reason: "test".to_owned(),
            actor: actor(),
        };
        self.record(if disabled {
            Fact::OperatorDisabled(state)
        } else {
            Fact::OperatorEnabled(state)
        });
        Ok(())
    }
}

#[test]
fn the_file_is_private_and_holds_neither_pin_nor_badge() {
    let home = home();
    let text = read_to_string(home.file()).unwrap();
    assert!(
        !text.contains("4711") && !text.contains("BADGE-1"),
        "{text}"
    );
    let mode = home.file().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let book = home.register.book().unwrap();
    let found = book.by_badge(&BadgeCode::parse("BADGE-1").unwrap());
    assert_eq!(found.map(|found| found.id.as_str()), Some("op-1"));
}

#[test]
fn who_may_be_enrolled() {
    let empty = empty_home();
    let first = empty.enrol(new("op-1", Role::Operator, None));
    assert!(matches!(first, Err(AccessError::FirstIsNoOfficer)));
    assert!(!empty.file().exists());

    let home = home();
    let register = &home.register;
    let twice = register.enrol(new("op-1", Role::Auditor, None));
    assert!(matches!(twice, Err(AccessError::Exists(_))));
    let badge = register.enrol(new("op-2", Role::Operator, Some("BADGE-1")));
    assert!(matches!(badge, Err(AccessError::BadgeTaken(owner)) if owner == id("op-1")));
    let badge = BadgeCode::parse("BADGE-1").unwrap();
    let taken = register.set_badge(&id("so-1"), &badge);
    assert!(matches!(taken, Err(AccessError::BadgeTaken(_))));
    register.set_badge(&id("op-1"), &badge).unwrap();

    let last = home.set_disabled("so-1", true);
    assert!(matches!(last, Err(AccessError::LastOfficer(_))));
    home.enrol(new("so-2", Role::SecurityOfficer, None))
        .unwrap();
    home.set_disabled("so-1", true).unwrap();
    let word = register.check_pin(&id("so-1"), &pin("4711"), &at("a", 0));
    assert!(matches!(word, Err(Refused::Disabled(_))));
    home.set_disabled("so-1", false).unwrap();
    register
        .check_pin(&id("so-1"), &pin("4711"), &at("a", 0))
        .unwrap();
    let word = register.check_pin(&id("nobody"), &pin("4711"), &at("a", 0));
    assert!(matches!(word, Err(Refused::NotEnrolled(_))));
}

#[test]
fn wrong_pins_delay_the_next_across_restarts() {
    let home = home();
    let register = &home.register;
    let check = |digits, now: &Moment| register.check_pin(&id("op-1"), &pin(digits), now);
    let mut now = at("a", 1_000_000);
    for wait in [1000, 2000, 4000] {
        let word = check("0815", &now);
        assert!(
            matches!(word, Err(Refused::WrongPin { wait_ms }) if wait_ms == wait),
            "{word:?}"
        );
        // Not even the right one, and it counts for nothing.
        now.since_boot_ms += wait - 1;
        let word = check("4711", &now);
        assert!(
            matches!(word, Err(Refused::TooSoon { wait_ms: 1 })),
            "{word:?}"
        );
        now.since_boot_ms += 1;
    }
    // Others may go on meanwhile.
    register.check_pin(&id("so-1"), &pin("4711"), &now).unwrap();
    assert!(matches!(
        check("0815", &now),
        Err(Refused::WrongPin { wait_ms: 8000 })
    ));
    // Another process, another boot, whatever the time of day.
    let again = Register::of(&HomePaths::new(home.folder.path()));
    let word = again.check_pin(&id("op-1"), &pin("4711"), &at("b", 7999));
    assert!(
        matches!(word, Err(Refused::TooSoon { wait_ms: 1 })),
        "{word:?}"
    );
    let role = again
        .check_pin(&id("op-1"), &pin("4711"), &at("b", 8000))
        .unwrap();
    assert_eq!(role, Role::Operator);
    assert_eq!(again.unrecorded().unwrap(), [(id("op-1"), 4)]);
    again.recorded(&[(id("op-1"), 4)]).unwrap();
    assert!(again.unrecorded().unwrap().is_empty());
    // The right one has ended the delay.
    let word = again.check_pin(&id("op-1"), &pin("0815"), &at("b", 9000));
    assert!(
        matches!(word, Err(Refused::WrongPin { wait_ms: 1000 })),
        "{word:?}"
    );
}

#[test]
fn digits_that_are_a_badge_are_no_guess_only_where_badges_are_shown() {
    let home = home();
    let register = &home.register;
    let (op_1, so_1) = (id("op-1"), id("so-1"));
    let badge = BadgeCode::parse("88001234").unwrap();
    register.set_badge(&so_1, &badge).unwrap();
    let (now, later) = (at("a", 1_000_000), at("a", 1_001_000));
    let guess = pin("0815");
    assert!(
        register
            .check_pin_beside_badges(&op_1, &guess, &now)
            .is_err()
    );
    let counted = |expected| {
        let book = register.book().unwrap();
        let of_op_1 = book.find(&op_1).unwrap();
        let counts = (book.wrong_pins.count(), of_op_1.wrong_pins.count());
        assert_eq!(counts, (expected, expected));
        assert_eq!(of_op_1.unrecorded, expected);
    };
    counted(1);
    let word = register.check_pin_beside_badges(&op_1, &pin("88001234"), &later);
    assert!(matches!(word, Err(Refused::WrongPin { .. })), "{word:?}");
    counted(1);
    assert!(register.check_pin(&op_1, &pin("88001234"), &later).is_err());
    counted(2);
}

#[test]
fn guessing_at_many_operators_makes_everybody_wait() {
    let home = home();
    let now = at("a", 1_000_000);
    for n in 0..10 {
        let name = format!("op-{}", n + 10);
        home.enrol(new(&name, Role::Operator, None)).unwrap();
        let word = home.register.check_pin(&id(&name), &pin("0815"), &now);
        assert!(matches!(word, Err(Refused::WrongPin { .. })), "{word:?}");
    }
    let word = home.register.check_pin(&id("so-1"), &pin("4711"), &now);
    assert!(
        matches!(word, Err(Refused::TooSoon { wait_ms: 1000 })),
        "{word:?}"
    );
    let later = at("a", 1_001_000);
    home.register
        .check_pin(&id("so-1"), &pin("4711"), &later)
        .unwrap();
}

#[test]
fn a_changed_file_is_refused_and_never_taken_for_an_empty_one() {
    let home = home();
    let text = read_to_string(home.file()).unwrap();
    let cases = [
        text.replacen("\"schema\": 1", "\"schema\": 2", 1),
        text.replacen("\"unrecorded\"", "\"recorded\"", 1),
        text.replacen("\"op-1\"", "\"so-1\"", 1),
        text.replacen("\"passes\": 3", "\"passes\": 300", 1),
        String::new(),
    ];
    for case in cases {
        assert_ne!(case, text);
        write(home.file(), case).unwrap();
        let read = home.register.book();
        assert!(
            matches!(read, Err(AccessError::Malformed { .. })),
            "{read:?}"
        );
    }
    write(home.file(), text).unwrap();
    set_permissions(home.file(), Permissions::from_mode(0o640)).unwrap();
    let read = home.register.book();
    assert!(matches!(
        read,
        Err(AccessError::Permissions { mode: 0o640, .. })
    ));
}

#[test]
fn the_ledger_decides_who_is_an_operator() {
    let home = home();
    // A file that makes an operator a security officer, or somebody an operator, makes neither.
    let text = read_to_string(home.file()).unwrap();
    write(
        home.file(),
        text.replace("\"operator\"", "\"security-officer\""),
    )
    .unwrap();
    home.register
        .enrol(new("op-9", Role::Operator, None))
        .unwrap();
    let book = home.register.book().unwrap();
    assert_eq!(
        book.find(&id("op-1")).map(|one| one.role),
        Some(Role::Operator)
    );
    assert_eq!(book.find(&id("op-9")), None);
    let word = home
        .register
        .check_pin(&id("op-9"), &pin("4711"), &at("a", 0));
    assert!(matches!(word, Err(Refused::NotEnrolled(_))), "{word:?}");
    // What a killed process has left does not stand in the way.
    home.enrol(new("op-9", Role::Auditor, None)).unwrap();
    let role = home
        .register
        .check_pin(&id("op-9"), &pin("4711"), &at("a", 0));
    assert_eq!(role.unwrap(), Role::Auditor);
}

#[test]
fn a_lost_file_lets_nobody_in() {
    let home = home();
    std::fs::remove_file(home.file()).unwrap();
    let book = home.register.book().unwrap();
    assert!(!book.is_empty() && book.operators().next().is_none());
    let word = home
        .register
        .check_pin(&id("op-1"), &pin("4711"), &at("a", 0));
    assert!(matches!(word, Err(Refused::Lost(_))), "{word:?}");
    let again = home
        .register
        .enrol(new("op-1", Role::SecurityOfficer, None));
    assert!(matches!(again, Err(AccessError::Exists(_))), "{again:?}");
    // A security officer can give them another PIN; their role is the ledger's.
    let hash = Register::hash(&pin("0815")).unwrap();
    home.register.set_pin(&id("op-1"), hash).unwrap();
    let role = home
        .register
        .check_pin(&id("op-1"), &pin("0815"), &at("a", 0));
    assert_eq!(role.unwrap(), Role::Operator);
}

#[test]
fn a_pin_that_is_a_badge_is_no_second_proof() {
    let home = home();
    let register = &home.register;
    let (op_1, so_1) = (id("op-1"), id("so-1"));
    let badge = |code: &str| BadgeCode::parse(code).unwrap();
    register.set_badge(&so_1, &badge("88001234")).unwrap();
    let book = register.book().unwrap();
    let is_badge = |word: Result<(), AccessError>| matches!(word, Err(AccessError::PinIsBadge));
    // One's own, which is set with it, and anybody's.
    assert!(is_badge(
        book.may_choose(&pin("904512"), Some(&badge("904512")))
    ));
    assert!(is_badge(book.may_choose(&pin("88001234"), None)));
    book.may_choose(&pin("904512"), Some(&badge("904513")))
        .unwrap();
    // A badge that is given to somebody later is not their PIN.
    assert!(is_badge(register.set_badge(&op_1, &badge("4711"))));
    register.set_badge(&op_1, &badge("773311")).unwrap();
}

#[test]
fn a_lock_that_nobody_gives_back_is_not_waited_for_without_end() {
    let home = home();
    let register = &home.register;
    let held = register.lock().unwrap();
    let refused = register.set_badge(&id("op-1"), &BadgeCode::parse("773311").unwrap());
    assert!(
        matches!(refused, Err(AccessError::Locked { .. })),
        "{refused:?}"
    );
    drop(held);
    register
        .set_badge(&id("op-1"), &BadgeCode::parse("773311").unwrap())
        .unwrap();
}
