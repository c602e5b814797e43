use std::fs::{Permissions, read_to_string, set_permissions, write};
use std::os::unix::fs::PermissionsExt as _;

use super::*;

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
}

/// so-1 and op-1, both with PIN 4711.
fn home() -> Home {
    let folder = tempfile::tempdir().unwrap();
    let register = Register::of(&HomePaths::new(folder.path()));
    register
        .enrol(new("so-1", Role::SecurityOfficer, None))
        .unwrap();
    register
        .enrol(new("op-1", Role::Operator, Some("BADGE-1")))
        .unwrap();
    Home { folder, register }
}

impl Home {
    fn file(&self) -> PathBuf {
        self.folder.path().join("operators.json")
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
    let folder = tempfile::tempdir().unwrap();
    let register = Register::of(&HomePaths::new(folder.path()));
    let first = register.enrol(new("op-1", Role::Operator, None));
    assert!(matches!(first, Err(AccessError::FirstIsNoOfficer)));
    assert!(!folder.path().join("operators.json").exists());

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

    let last = register.set_disabled(&id("so-1"), true);
    assert!(matches!(last, Err(AccessError::LastOfficer(_))));
    register
        .enrol(new("so-2", Role::SecurityOfficer, None))
        .unwrap();
    register.set_disabled(&id("so-1"), true).unwrap();
    let word = register.check_pin(&id("so-1"), &pin("4711"), &at("a", 0));
    assert!(matches!(word, Err(Refused::Disabled(_))));
    register.set_disabled(&id("so-1"), false).unwrap();
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
fn guessing_at_many_operators_makes_everybody_wait() {
    let home = home();
    let now = at("a", 1_000_000);
    for n in 0..10 {
        let name = format!("op-{}", n + 10);
        home.register
            .enrol(new(&name, Role::Operator, None))
            .unwrap();
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
        text.replacen("\"disabled\"", "\"disable\"", 1),
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
