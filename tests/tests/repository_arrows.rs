//! Who may import whom, between the crates and between the rooms of the station, and what the pure
//! rooms never touch. ARCHITECTURE.md says why; this table decides.
#![forbid(unsafe_code)]

use std::path::Path;

use acceptance::repository::{Faults, rust_files, text};
use acceptance::rust_source::Code;

/// The ground floor: values that every room above it may import. Each may import those before it.
const GROUND: &[&str] = &[
    "verdict",
    "clock",
    "names",
    "role",
    "shift",
    "encoding",
    "es256",
    "dsse",
    "certificate_path",
    "words",
    "worker",
];

/// The other rooms of `station/src`, from the ground up, each with the rooms that it may import
/// besides the ground floor. Where a room may see only a part of another, the part is named.
const ARROWS: &[(&str, &[&str])] = &[
    ("firmware_image", &[]),
    ("profile", &["firmware_image"]),
    ("attestation", &["profile"]),
    ("identity", &["profile"]),
    ("hsm", &["identity"]),
    ("station_home", &["profile", "identity", "hsm"]),
    ("ledger", &["profile", "identity::signer"]),
    ("access", &["station_home", "ledger"]),
    ("label", &["station_home"]),
    (
        "provisioning",
        &[
            "profile",
            "attestation",
            "identity",
            "ledger::event",
            "ledger::standing",
        ],
    ),
    (
        "line",
        &[
            "profile",
            "identity",
            "hsm",
            "station_home",
            "ledger",
            "access",
            "provisioning",
        ],
    ),
    ("manifest", &["profile", "identity", "ledger"]),
    ("tui", &["line::wishes", "provisioning::Step"]),
    (
        "cli",
        &[
            "firmware_image",
            "profile",
            "attestation",
            "identity",
            "hsm",
            "station_home",
            "ledger",
            "access",
            "label",
            "provisioning",
            "line",
            "manifest",
            "tui",
        ],
    ),
];

/// The rooms that a room may import; none where the room is unknown.
fn allowed(room: &str) -> Option<Vec<&'static str>> {
    if let Some(at) = GROUND.iter().position(|name| *name == room) {
        return Some(GROUND[..at].to_vec());
    }
    let (_, above) = ARROWS.iter().find(|(name, _)| *name == room)?;
    Some([GROUND, above].concat())
}

fn is_room(name: &str) -> bool {
    allowed(name).is_some()
}

/// Between the crates: who may depend on whom when it ships.
const CRATE_ARROWS: &[(&str, &[&str])] = &[
    ("firmware-proto", &[]),
    ("simulator", &["firmware-proto"]),
    ("station", &["firmware-proto"]),
];

/// Rooms and files that are functions of their inputs: the same code runs on a line, in a test, and
/// in virtual time.
const PURE: &[&str] = &[
    "firmware-proto/src/",
    "station/src/verdict/",
    "station/src/names.rs",
    "station/src/shift.rs",
    "station/src/shift.rs",
    "station/src/role.rs",
    "station/src/access/badge.rs",
    "station/src/access/delay.rs",
    "station/src/access/operator.rs",
    "station/src/access/permission.rs",
    "station/src/access/pin.rs",
    "station/src/access/sign_in.rs",
    "station/src/encoding.rs",
    "station/src/es256.rs",
    "station/src/dsse.rs",
    "station/src/certificate_path.rs",
    "station/src/words/",
    "station/src/line/wishes.rs",
    "station/src/tui/geometry.rs",
    "station/src/tui/keymap.rs",
    "station/src/tui/scanner.rs",
    "station/src/tui/state/",
    "station/src/tui/update/",
    "station/src/tui/view/",
    "station/src/firmware_image/",
    "station/src/profile/",
    "station/src/attestation/",
    "station/src/identity/",
    "station/src/provisioning/",
    "station/src/ledger/event.rs",
    "station/src/ledger/evidence_claims.rs",
    "station/src/ledger/label_record.rs",
    "station/src/ledger/lane_record.rs",
    "station/src/ledger/operator_record.rs",
    "station/src/ledger/profile_record.rs",
    "station/src/ledger/revocation_reason.rs",
    "station/src/ledger/standing.rs",
    "station/src/ledger/leaf.rs",
    "station/src/ledger/merkle_tree.rs",
    "station/src/ledger/proof.rs",
    "station/src/ledger/proof_file.rs",
    "station/src/ledger/range_proof.rs",
    "station/src/ledger/cosignature.rs",
];

/// What makes a function depend on more than its inputs.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::thread",
    "std::process",
    "std::env",
    "std::io",
    "std::sync::mpsc",
    "SystemTime",
    "Instant",
    "rand",
    "getrandom",
    "rusqlite",
    "cryptoki",
    "serialport",
    "rustix",
];

#[test]
fn imports_follow_the_arrows() {
    let mut faults = Faults::default();
    for path in rust_files("station/src") {
        let Some(room) = room_of(&path) else { continue };
        let Some(allowed) = allowed(&room) else {
            faults.add(
                &path,
                1,
                &format!("room {room:?} is not in the table of arrows"),
            );
            continue;
        };
        let code = Code::read(&text(&path));
        for (line, target) in code.crate_paths() {
            let Some(first) = target.first().filter(|first| is_room(first)) else {
                continue;
            };
            let whole = target.join("::");
            let may = *first == room
                || allowed.contains(&first.as_str())
                || allowed.contains(&whole.as_str());
            if !may {
                faults.add(&path, line, &format!("{room} may not import {whole}"));
            }
        }
        for (line, _) in code.lines_with("super::super") {
            faults.add(&path, line, "say crate::… so that the arrow can be seen");
        }
        if path.ends_with("mod.rs") || path.components().count() == 3 {
            for (line, _) in code.lines_with("super::") {
                faults.add(&path, line, "say crate::… so that the arrow can be seen");
            }
        }
    }
    faults.none();
}

#[test]
fn the_table_of_arrows_only_points_down() {
    for (at, (room, allowed)) in ARROWS.iter().enumerate() {
        for target in *allowed {
            let below = target.split("::").next().unwrap_or_default();
            assert!(
                ARROWS[..at].iter().any(|(name, _)| *name == below),
                "{room} may not be allowed to import {target}, which is not below it"
            );
        }
    }
}

#[test]
fn crates_depend_on_each_other_one_way_only() {
    for (name, allowed) in CRATE_ARROWS {
        let manifest = text(Path::new(name).join("Cargo.toml"));
        let ships = manifest
            .split("[dev-dependencies]")
            .next()
            .unwrap_or_default();
        for (other, _) in CRATE_ARROWS {
            let depends = ships
                .lines()
                .any(|line| line.starts_with(&format!("{other}.")))
                || ships
                    .lines()
                    .any(|line| line.starts_with(&format!("{other} =")));
            let may = allowed.contains(other);
            assert!(may || !depends, "{name} may not depend on {other}");
        }
    }
    let mut faults = Faults::default();
    for path in rust_files("station/src") {
        for (line, _) in Code::read(&text(&path)).lines_with("simulator::") {
            faults.add(&path, line, "the station never knows the simulator");
        }
    }
    faults.none();
}

#[test]
fn pure_rooms_do_nothing_but_compute() {
    let mut faults = Faults::default();
    for path in rust_files("firmware-proto/src")
        .into_iter()
        .chain(rust_files("station/src"))
    {
        let name = path.to_string_lossy().into_owned();
        if !PURE.iter().any(|pure| name.starts_with(pure)) {
            continue;
        }
        let code = Code::read(&text(&path));
        for banned in IMPURE {
            for (line, _) in code.lines_with(banned) {
                faults.add(&path, line, &format!("a pure room does not use {banned}"));
            }
        }
    }
    faults.none();
}

/// The room of a file of `station/src`; none for the roots, which only declare and start.
fn room_of(path: &Path) -> Option<String> {
    let below = path.strip_prefix("station/src").ok()?;
    let first = below
        .components()
        .next()?
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    let room = first.strip_suffix(".rs").unwrap_or(&first).to_owned();
    let is_root = ["lib", "main", "main_with_crash_points"].contains(&room.as_str());
    (!is_root).then_some(room)
}
