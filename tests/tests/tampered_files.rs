//! One of each kind of the corpus of tampered files, through the built program: each changed, removed, added or
//! swapped device, event, proof or signature of a manifest and of a ledger is refused with exit status 1, and named.
//! The corpus itself, more than a thousand files made from seeds, is in the tests of the ledger and of the manifest.
#![forbid(unsafe_code)]

#[path = "tampered_files/ledger_changes.rs"]
mod ledger_changes;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};

use acceptance::forgery;
use acceptance::ledger_books::begin_mirror;
use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::{Finished, programs, run};
use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};

const BATCH: &str = "TAMPERED-1";
const LATER: &str = "TAMPERED-2";
const BOARDS: usize = 4;
const SEED: u64 = 20_261_201;

/// `SoftHSM` now and then shows a process no token while another one opens it; that is not what is tested here.
static TOKEN: Mutex<()> = Mutex::new(());

/// Two closed batches and their manifests.
struct Books {
    station: PreparedStation,
    manifest: Vec<u8>,
    later: Vec<u8>,
    /// The ledger's first checkpoint.
    older: String,
    folder: tempfile::TempDir,
}

fn books() -> &'static Books {
    static BOOKS: OnceLock<Books> = OnceLock::new();
    BOOKS.get_or_init(|| {
        println!("SEED={SEED}");
        let folder = tempfile::tempdir().expect("a folder");
        let station = PreparedStation::create(folder.path());
        begin_mirror(&station, &folder.path().join("mirror.txt"));
        for (number, (batch, boards)) in [(BATCH, BOARDS), (LATER, 1)].into_iter().enumerate() {
            station.open_batch(batch, boards);
            let plan = LinePlan {
                devices: boards,
                ..LinePlan::good_boards(
                    folder.path(),
                    &station,
                    boards.min(2),
                    SEED + number as u64,
                )
            };
            let line = SimulatedLine::start(&folder.path().join(format!("lanes-{batch}")), &plan);
            let running = station.provision(batch, &line.ports());
            let _ = line.finish();
            running.interrupt();
            let _ = running.finish();
            station
                .run(["batch", "close", batch, "--operator", SUPERVISOR])
                .ok();
        }
        let export = |batch: &str| {
            let file = folder.path().join(format!("{batch}.dsse.json"));
            let mut export = station.command(["manifest", "export", batch, "-o"]);
            run(export.arg(&file)).ok();
            std::fs::read(&file).expect("a manifest")
        };
        let (manifest, later) = (export(BATCH), export(LATER));
        let ledger = rusqlite::Connection::open(station.home().join("ledger.sqlite"));
        let older = "SELECT note FROM checkpoint ORDER BY size LIMIT 1";
        let older = ledger.and_then(|ledger| ledger.query_row(older, (), |row| row.get(0)));
        Books {
            station,
            manifest,
            later,
            older: older.expect("a note"),
            folder,
        }
    })
}

fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

fn statement(manifest: &[u8]) -> Value {
    value(forgery::statement(manifest).as_bytes())
}

/// A statement under the signature of the genuine one.
fn under_the_old_signature(statement: &Value) -> Vec<u8> {
    let old = value(&books().manifest);
    let signature = &old["signatures"][0];
    let word = |name: &str| signature[name].as_str().expect("a word").to_owned();
    forgery::envelope(&statement.to_string(), &word("keyid"), &word("sig")).into_bytes()
}

/// A statement that the station's own key has signed for whoever got hold of the token.
fn signed_again(statement: &Value) -> Vec<u8> {
    let thief = Path::new(env!("CARGO_BIN_EXE_sign_with_station_key"));
    let statement = statement.to_string();
    let books = books();
    let _alone = TOKEN.lock();
    forgery::envelope_by(thief, &books.station, "manifest", &statement).into_bytes()
}

/// With an empty environment, in an empty folder: no home, no token, no network needed.
fn verify_manifest(bytes: &[u8]) -> Finished {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("manifest.dsse.json");
    std::fs::write(&file, bytes).expect("a manifest is written");
    let mut command = Command::new(&programs().station);
    command.env_clear().current_dir(folder.path());
    command.args(["manifest", "verify"]).arg(&file);
    command.arg("--trust").arg(books().station.root());
    run(&mut command)
}

#[track_caller]
fn refused(finished: &Finished, what: &str, named: &str) {
    let said = format!("{what}:\n{}{}", finished.stdout, finished.stderr);
    assert_eq!(finished.status.code(), Some(1), "{said}");
    assert!(finished.stderr.contains("why:"), "{said}");
    assert!(said.contains(named), "{named:?} is not in {said}");
}

/// A list of the statement.
fn list<'a>(statement: &'a mut Value, pointer: &str) -> &'a mut Vec<Value> {
    let list = statement["predicate"].pointer_mut(pointer);
    list.and_then(Value::as_array_mut).expect("a list")
}

fn turned(hash: &Value) -> Value {
    let hash = hash.as_str().expect("a hash");
    let (first, rest) = hash.split_at(1);
    json!(format!("{}{rest}", if first == "0" { "1" } else { "0" }))
}

/// The leaf hashes of the range, changed.
fn with_hashes(statement: &Value, change: impl FnOnce(&mut Vec<[u8; 32]>)) -> Value {
    let mut bent = statement.clone();
    let pieces = list(&mut bent, "/ledger/leaf_hashes");
    assert_eq!(pieces.len(), 1, "one piece holds so few");
    let bytes = Base64::decode_vec(pieces[0].as_str().expect("base64")).expect("base64");
    let mut hashes: Vec<[u8; 32]> = bytes.as_chunks().0.to_vec();
    change(&mut hashes);
    pieces[0] = json!(Base64::encode_string(hashes.as_flattened()));
    bent
}

/// What is done to the rows, given one of another manifest; and to the hashes of a proof.
type RowChange = fn(&mut Vec<Value>, &Value);
type ProofChange = fn(&mut Vec<Value>);

#[test]
fn a_device_of_a_manifest_changed_removed_added_or_swapped_is_named() {
    let genuine = statement(&books().manifest);
    assert_eq!(signed_again(&genuine).len(), books().manifest.len());
    verify_manifest(&books().manifest).ok();
    verify_manifest(&signed_again(&genuine)).ok();
    let later = statement(&books().later);
    let serial = |at: usize| -> String {
        let serial = &genuine["predicate"]["boards"][at]["serial"];
        serial.as_str().expect("a serial").to_owned()
    };
    let cases: [(&str, RowChange, String); 5] = [
        (
            "changed",
            |rows, _| rows[1]["lane"] = json!("lane-9"),
            format!("the row of device {} was altered", serial(1)),
        ),
        (
            "removed",
            |rows, _| drop(rows.remove(1)),
            format!("(device {})", serial(1)),
        ),
        (
            "added",
            |rows, other| rows.push(other.clone()),
            format!(
                "device {} was added",
                later["predicate"]["boards"][0]["serial"]
                    .as_str()
                    .expect("a serial")
            ),
        ),
        (
            "added once more",
            |rows, _| rows.insert(2, rows[1].clone()),
            format!("device {} is doubled", serial(1)),
        ),
        (
            "swapped",
            |rows, _| rows.swap(1, 2),
            format!("the rows were reordered: device {} stands after", serial(1)),
        ),
    ];
    for (what, change, named) in cases {
        let mut bent = genuine.clone();
        change(list(&mut bent, "/boards"), &later["predicate"]["boards"][0]);
        refused(
            &verify_manifest(&under_the_old_signature(&bent)),
            what,
            &named,
        );
        refused(&verify_manifest(&signed_again(&bent)), what, &named);
    }
}

#[test]
fn an_event_or_a_proof_of_a_manifest_changed_removed_added_or_swapped_is_found() {
    let genuine = statement(&books().manifest);
    let range = "ledger extract does not hold";
    let mut leaf = genuine.clone();
    let session = &mut leaf["predicate"]["boards"][1]["sessions"][0];
    let said = session["verdict"]["leaf"].as_str().expect("a leaf");
    session["verdict"]["leaf"] = json!(said.replace("\"retries\":0", "\"retries\":1"));
    assert_ne!(leaf, genuine);
    let named = genuine["predicate"]["boards"][1]["serial"]
        .as_str()
        .expect("a serial");
    refused(
        &verify_manifest(&signed_again(&leaf)),
        "a leaf changed",
        named,
    );
    for (what, bent) in [
        ("event changed", with_hashes(&genuine, |all| all[3][0] ^= 1)),
        (
            "event removed",
            with_hashes(&genuine, |all| _ = all.remove(3)),
        ),
        (
            "event added",
            with_hashes(&genuine, |all| all.insert(3, all[5])),
        ),
        ("event swapped", with_hashes(&genuine, |all| all.swap(3, 4))),
    ] {
        refused(&verify_manifest(&signed_again(&bent)), what, range);
    }

    let cases: [(&str, ProofChange); 4] = [
        ("proof changed", |side| side[0] = turned(&side[0])),
        ("proof removed", |side| drop(side.remove(0))),
        ("proof added", |side| side.push(side[0].clone())),
        ("proof swapped", |side| side.reverse()),
    ];
    for (what, change) in cases {
        let mut bent = genuine.clone();
        let side = list(&mut bent, "/ledger/range_proof/right");
        assert!(side.len() > 1, "{side:?}");
        change(side);
        refused(&verify_manifest(&signed_again(&bent)), what, range);
    }
}

#[test]
fn a_signature_of_a_manifest_changed_removed_added_or_swapped_is_found() {
    let genuine = value(&books().manifest);
    let envelope = |signatures: Value| {
        let mut bent = genuine.clone();
        bent["signatures"] = signatures;
        format!("{bent}\n").into_bytes()
    };
    let own = &genuine["signatures"][0];
    assert_eq!(envelope(json!([own])), books().manifest);
    let other = &value(&books().later)["signatures"];
    let mut changed = own.clone();
    let mut bytes = Base64::decode_vec(own["sig"].as_str().expect("base64")).expect("base64");
    *bytes.last_mut().expect("a byte") ^= 1;
    changed["sig"] = json!(Base64::encode_string(&bytes));
    let after_signing = "after signing";
    for (what, signatures, named) in [
        ("changed", json!([changed]), after_signing),
        ("removed", json!([]), "signature"),
        ("added", json!([own, other[0]]), "signature"),
        ("swapped", other.clone(), after_signing),
    ] {
        refused(&verify_manifest(&envelope(signatures)), what, named);
    }
    // The signature of the checkpoint in it.
    let statement = statement(&books().manifest);
    let note = |statement: &Value| -> String {
        let note = &statement["predicate"]["ledger"]["checkpoint"];
        note.as_str().expect("a note").to_owned()
    };
    let own = note(&statement);
    let (text, line) = own.split_once("\n\n").expect("text and signature");
    let middle = line.len() - 20;
    let letter = if line.as_bytes()[middle] == b'A' {
        "B"
    } else {
        "A"
    };
    let bent_line = format!("{}{letter}{}", &line[..middle], &line[middle + 1..]);
    let (_, older) = books()
        .older
        .split_once("\n\n")
        .expect("text and signature");
    for (what, checkpoint) in [
        ("changed", format!("{text}\n\n{bent_line}")),
        ("removed", format!("{text}\n\n")),
        ("added", format!("{text}\n\n{line}{line}")),
        ("swapped", format!("{text}\n\n{older}")),
    ] {
        let mut bent = statement.clone();
        bent["predicate"]["ledger"]["checkpoint"] = json!(checkpoint);
        refused(
            &verify_manifest(&under_the_old_signature(&bent)),
            what,
            after_signing,
        );
        // A line of another's, or one twice, is passed over in signed notes; that is their standard.
        if what != "added" {
            let range = "ledger extract does not hold";
            refused(&verify_manifest(&signed_again(&bent)), what, range);
        }
    }
}

fn ledger() -> PathBuf {
    books().folder.path().join("home/ledger.sqlite")
}

/// What the verification says after a change; the ledger is as it was then.
fn ledger_after(sql: &str) -> Finished {
    let file = ledger();
    let kept = std::fs::read(&file).expect("a ledger");
    let changed = rusqlite::Connection::open(&file).expect("a ledger");
    changed
        .execute_batch(&format!("PRAGMA foreign_keys = OFF; BEGIN; {sql}; COMMIT"))
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert!(changed.total_changes() > 0, "{sql}");
    drop(changed);
    let finished = verify_ledger();
    for suffix in ["-wal", "-shm"] {
        let mut beside = file.clone().into_os_string();
        beside.push(suffix);
        let _ = std::fs::remove_file(beside);
    }
    std::fs::write(&file, kept).expect("the ledger again");
    finished
}

fn verify_ledger() -> Finished {
    let books = books();
    let _alone = TOKEN.lock();
    books.station.run(["ledger", "verify", "--no-resume"])
}

#[test]
fn a_device_event_proof_or_signature_of_a_ledger_changed_removed_added_or_swapped_is_found() {
    verify_ledger().told(0, "verified: ");
    for (what, sql, named) in ledger_changes::all() {
        refused(&ledger_after(&sql), what, named);
    }
    verify_ledger().told(0, "verified: ");
}
