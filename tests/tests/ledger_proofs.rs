//! The ledger proves itself: checkpoints, proofs and exports, through the built program and through
//! the Python of `docs/ledger.md`.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use acceptance::ledger_books::{begin_mirror, check, checkpoint, size, text};
use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::repository;
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::{Finished, run};
use firmware_proto::transcript::Sha256 as _;
use serde_json::Value;
use station::encoding::SoftwareSha256;

const BATCH: &str = "PROOF-1";

/// A home with a closed batch of two boards; the checkpoint before the batch; its mirror.
struct Books {
    station: PreparedStation,
    before: PathBuf,
    mirror: PathBuf,
    folder: tempfile::TempDir,
}

fn books() -> &'static Books {
    static BOOKS: OnceLock<Books> = OnceLock::new();
    BOOKS.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let station = PreparedStation::create(folder.path());
        let mirror = folder.path().join("mirror.txt");
        begin_mirror(&station, &mirror);
        let before = folder.path().join("before.txt");
        let note = checkpoint(&station, &before);
        assert_eq!(size(&note), 2, "the ledger and its mirror began: {note}");
        assert_eq!(std::fs::read_to_string(&mirror).ok(), Some(note));
        station.open_batch(BATCH, 2);
        let plan = LinePlan::good_boards(folder.path(), &station, 2, 91);
        let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
        station.provision(BATCH, &line.ports()).finish().ok();
        let _ = line.finish();
        station
            .run(["batch", "close", BATCH, "--operator", SUPERVISOR])
            .ok();
        Books {
            station,
            before,
            mirror,
            folder,
        }
    })
}

fn vkey() -> String {
    let path = books().station.home().join("pki/ledger.vkey");
    path.to_string_lossy().into_owned()
}

fn prove(name: &str, flags: &[&str]) -> PathBuf {
    let file = books().folder.path().join(name);
    let mut command = books().station.command(["ledger", "prove"]);
    run(command.args(flags).arg("-o").arg(&file)).ok();
    file
}

fn serial() -> String {
    let results = books().station.results(BATCH);
    results[0]["serial"].as_str().expect("a serial").to_owned()
}

/// The n-th block of Python in the document.
fn python_of_the_document(containing: &str) -> String {
    let document = std::fs::read_to_string(repository::root().join("docs/ledger.md"));
    let document = document.expect("docs/ledger.md");
    let blocks = document.split("```python\n").skip(1);
    let mut blocks = blocks.filter_map(|rest| rest.split("```").next());
    let found = blocks.find(|block| block.contains(containing));
    found
        .unwrap_or_else(|| panic!("no Python with {containing:?}"))
        .to_owned()
}

fn python(script: &str, arguments: &[&str]) -> Finished {
    let mut command = Command::new("python3");
    run(command.args(["-I", "-c", script]).args(arguments))
}

#[test]
fn the_closing_of_a_batch_is_under_a_mirrored_checkpoint() {
    let books = books();
    let mirrored = std::fs::read_to_string(&books.mirror).expect("a mirror");
    let closed = books.station.run(["batch", "show", BATCH, "--json"]).ok();
    let exported = books.station.run(["ledger", "export"]).ok();
    let lines = exported.json_lines();
    let closing = lines
        .iter()
        .find(|line| line["leaf"]["kind"] == "batch-closed");
    let closing = closing.expect("the closing")["index"]
        .as_u64()
        .expect("an index");
    assert!(size(&mirrored) > closing, "{mirrored}\n{}", closed.stdout);
    let verified = books.station.run(["ledger", "verify", "--json"]).ok();
    let verified = verified.json_lines().remove(0);
    assert_eq!(verified["covered"], size(&mirrored), "{verified}");
}

#[test]
fn a_board_a_certificate_and_an_entry_are_proven_without_the_station() {
    let (vkey, serial) = (vkey(), serial());
    let board = prove(
        "board.json",
        &["--device", &serial, "--since", &text(&books().before)],
    );
    let shown = check(&board, &["--vkey", &vkey, "--json"])
        .ok()
        .json_lines()
        .remove(0);
    let kinds = shown["entries"].as_array().expect("entries").iter();
    let kinds: Vec<_> = kinds
        .map(|entry| entry["kind"].as_str().unwrap_or(""))
        .collect();
    for kind in [
        "evidence-appraised",
        "certificate-issued",
        "provisioned",
        "verdict-reached",
    ] {
        assert!(kinds.contains(&kind), "{kind} is not in {kinds:?}");
    }
    assert_eq!(shown["proves"].as_array().map(Vec::len), Some(2), "{shown}");
    let before = text(&books().before);
    check(&board, &["--vkey", &vkey, "--checkpoint", &before]).ok();
    let words = check(&board, &["--vkey", &vkey]).ok().stdout;
    assert!(words.contains("this does not prove:"), "{words}");
    let unknown = check(&board, &[]).ok().stdout;
    assert!(unknown.contains("whose log it is"), "{unknown}");

    let device = books()
        .station
        .run(["device", "show", &serial, "--json"])
        .ok();
    let device = device.json_lines().remove(0);
    let certificate = device["certificate_serial"]
        .as_str()
        .expect("a certificate")
        .to_owned();
    let proof = prove("certificate.json", &["--certificate", &certificate]);
    check(&proof, &["--vkey", &vkey]).ok();
    let refused = check(&proof, &["--vkey", &vkey, "--checkpoint", &before]).code(1);
    assert!(refused.stderr.contains("--since"), "{}", refused.stderr);

    let entry = prove("entry.json", &["--entry", "0"]);
    let shown = check(&entry, &["--vkey", &vkey, "--json"])
        .ok()
        .json_lines()
        .remove(0);
    assert_eq!(shown["entries"][0]["kind"], "ledger-opened", "{shown}");
    let station = &books().station;
    station
        .run(["ledger", "prove", "--entry", "100000"])
        .code(2);
    station
        .run(["ledger", "prove", "--device", "NOBODY"])
        .code(2);
    station.run(["ledger", "prove"]).code(2);
}

/// A wrong file on the command line is no sign that anybody touched the ledger.
#[test]
fn what_is_no_checkpoint_is_wrong_usage_and_no_damage() {
    let proof = prove("whole.json", &["--entry", "0"]);
    let none = books().folder.path().join("there-is-none");
    for file in [&proof, &none] {
        let named = text(file);
        let asked = [
            vec!["ledger", "verify", "--checkpoint", &named],
            vec!["ledger", "prove", "--entry", "0", "--since", &named],
            vec!["ledger", "check-proof", "--checkpoint", &named, &named],
        ];
        for arguments in asked {
            let refused = books().station.run(&arguments).code(2);
            assert!(refused.stderr.contains(&named), "{}", refused.stderr);
            let alarm = refused.stderr.contains("changed or");
            assert!(!alarm, "{arguments:?}: {}", refused.stderr);
        }
    }
    // A note of another log: the proof is as good as it was.
    let foreign =
        "foreign\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u{2014} foreign AAAAAAAA\n";
    let file = books().folder.path().join("foreign.txt");
    std::fs::write(&file, foreign).expect("a file");
    let kept = ["--vkey", &vkey(), "--checkpoint", &text(&file)];
    let refused = check(&proof, &kept).code(2);
    let blamed = format!("{} is no checkpoint under", text(&file));
    assert!(refused.stderr.contains(&blamed), "{}", refused.stderr);
    let refused = check(&proof, &["--vkey", "nothing/there"]).code(2);
    let blamed = "nothing/there is neither a ledger key nor a file";
    assert!(refused.stderr.contains(blamed), "{}", refused.stderr);
}

#[test]
fn a_changed_proof_and_another_key_are_refused() {
    let proof = prove("changed.json", &["--device", &serial()]);
    let bytes = std::fs::read(&proof).expect("a proof");
    let file = books().folder.path().join("tampered.json");
    let step = (bytes.len() / 40).max(1);
    for at in (0..bytes.len()).step_by(step) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x01;
        std::fs::write(&file, &changed).expect("a file is written");
        let refused = check(&file, &["--vkey", &vkey()]).code(1);
        assert!(
            refused.stderr.contains("proves nothing"),
            "byte {at}: {}",
            refused.stderr
        );
    }
    let other = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    let refused = check(&proof, &["--vkey", other]).code(1);
    assert!(
        refused.stderr.contains("sum.golang.org"),
        "{}",
        refused.stderr
    );
}

/// The document's own Python, with the standard library alone: tree, and the key's signature.
#[test]
fn python_alone_checks_a_proof_and_refuses_a_changed_one() {
    let script = python_of_the_document("ledger-proof");
    let proof = prove("python.json", &["--device", &serial()]);
    let key = std::fs::read_to_string(vkey()).expect("a key");
    let checked = python(&script, &[&text(&proof), key.trim_end()]).ok();
    assert!(checked.stdout.contains("provisioned"), "{}", checked.stdout);
    let whole = std::fs::read_to_string(&proof).expect("a proof");
    for (from, to) in [("PASS", "FAIL"), ("\"index\":", "\"index\":1")] {
        let changed = books().folder.path().join("python-changed.json");
        std::fs::write(&changed, whole.replacen(from, to, 1)).expect("a file is written");
        let refused = python(&script, &[&text(&changed), key.trim_end()]);
        assert!(!refused.status.success(), "{from}: {}", refused.stdout);
        // Its checks are no asserts, which this would leave out.
        let mut optimised = Command::new("python3");
        optimised.args(["-I", "-O", "-c", &script]);
        optimised.args([&text(&changed), key.trim_end()]);
        assert!(!run(&mut optimised).status.success(), "{from}");
    }
    // Of another board: every entry is in the log, and none is about that one.
    let uid = whole.split_once("\"uid\":\"").expect("a UID").1;
    let uid = uid.split_once('"').expect("its end").0;
    let other = format!(
        "{}{}",
        if uid.starts_with('0') { '1' } else { '0' },
        &uid[1..]
    );
    let changed = books().folder.path().join("python-other.json");
    std::fs::write(&changed, whole.replacen(uid, &other, 1)).expect("a file is written");
    let refused = python(&script, &[&text(&changed), key.trim_end()]);
    refused.told(1, "is not about what the proof says");
    python(&script, &[&text(&proof)]).told(1, "usage: python3 check_proof.py");
    let log = python_of_the_document("batch_prev");
    let database = text(&books().station.home().join("ledger.sqlite"));
    let checked = python(&log, &[&database]).ok();
    assert!(
        checked.stdout.contains("agree with the note's root"),
        "{}",
        checked.stdout
    );
}

#[test]
fn an_export_has_every_byte_and_proves_itself() {
    let station = &books().station;
    let exported = station.run(["ledger", "export"]).ok().stdout;
    let mut lines: Vec<&str> = exported.lines().collect();
    let last: Value = serde_json::from_str(lines.pop().expect("a line")).expect("JSON");
    assert_eq!(last["entries"], lines.len(), "{last}");
    assert_eq!(
        size(last["checkpoint"].as_str().expect("a note")),
        lines.len() as u64
    );
    assert_eq!(
        (&last["left"], &last["right"]),
        (&Value::Array(vec![]), &Value::Array(vec![]))
    );
    for (index, line) in lines.iter().enumerate() {
        let head = format!("{{\"index\":{index},\"hash\":\"");
        let rest = line.strip_prefix(&head).expect("index and hash");
        let (hash, leaf) = rest.split_at(64);
        let leaf = leaf
            .strip_prefix("\",\"leaf\":")
            .and_then(|leaf| leaf.strip_suffix('}'));
        let leaf = leaf.expect("the leaf's own bytes");
        assert_eq!(
            SoftwareSha256.sha256(&[&[0], leaf.as_bytes()]).to_string(),
            hash
        );
    }
    let script = python_of_the_document("ledger-export");
    let whole = books().folder.path().join("whole.ndjson");
    std::fs::write(&whole, &exported).expect("a file is written");
    python(&script, &[&text(&whole)]).ok();

    let part = books().folder.path().join("part.ndjson");
    let mut command = station.command(["ledger", "export", "--from", "3", "--to", "9", "-o"]);
    run(command.arg(&part)).ok();
    let written = std::fs::read_to_string(&part).expect("an export");
    assert_eq!(written.lines().count(), 8);
    assert!(exported.contains(written.lines().next().expect("a line")));
    let checked = python(&script, &[&text(&part)]).ok();
    assert!(
        checked.stdout.contains("entries 3 to 9")
            && checked.stdout.contains("agree with the note's root"),
        "{}",
        checked.stdout
    );
    let less: String = written
        .lines()
        .filter(|line| !line.starts_with("{\"index\":5,"))
        .map(|line| format!("{line}\n"))
        .collect();
    let refused = |content: &str, sentence: &str| {
        std::fs::write(&part, content).expect("a file is written");
        python(&script, &[&text(&part)]).told(1, sentence);
    };
    refused(&less, "entry 5 is missing");
    let bent = written.replacen("\"v\":1", "\"v\":2", 1);
    refused(&bent, "the hash of entry 3 is not that of its leaf");
    // Whoever changes a leaf changes its hash with it.
    let line = bent.lines().next().expect("a line");
    let (head, leaf) = line.split_once("\",\"leaf\":").expect("a leaf");
    let leaf = leaf.strip_suffix('}').expect("its end");
    let hash = SoftwareSha256.sha256(&[&[0], leaf.as_bytes()]).to_string();
    let (_, old) = head.rsplit_once('"').expect("a hash");
    let fitting = bent.replacen(old, &hash, 1);
    refused(&fitting, "not the entries that the note is over");
    let cut = "the last line is missing or cut short";
    refused(written.get(..written.len() - 9).expect("more"), cut);
    refused(written.get(..99).expect("more"), cut);
    let of_batch = station.run(["ledger", "export", "--batch", BATCH]).ok();
    refused(&of_batch.stdout, "this is the export of a batch");

    let batch = station
        .run(["ledger", "export", "--batch", BATCH])
        .ok()
        .json_lines();
    let (last, events) = batch.split_last().expect("lines");
    assert_eq!(last["left"], Value::Null);
    assert!(events.iter().all(|event| event["leaf"]["batch"] == BATCH));
    assert_eq!(
        events.last().expect("an event")["leaf"]["kind"],
        "batch-closed"
    );
    station.run(["ledger", "export", "--batch", "NONE"]).code(2);
    station
        .run(["ledger", "export", "--from", "100000"])
        .code(2);
    station
        .run(["ledger", "export", "--from", "5", "--to", "4"])
        .told(2, "--from 5 comes after --to 4");
}

/// Whoever kept a checkpoint is shown that the log continues it, with no entry named; a manifest holds key and
/// checkpoint as well.
#[test]
fn a_continuation_is_proven_alone_and_a_manifest_is_checked_against() {
    let station = &books().station;
    let since = text(&books().before);
    let alone = prove("continues.json", &["--since", &since]);
    let manifest = books().folder.path().join("manifest.dsse.json");
    let mut export = station.command(["manifest", "export", BATCH, "-o"]);
    run(export.arg(&manifest)).ok();
    let manifest = text(&manifest);
    for key in [vkey(), manifest.clone()] {
        let checked = check(&alone, &["--vkey", &key, "--checkpoint", &since]);
        checked.told(0, "verified: the log continues an older one");
    }
    let shown = check(&alone, &["--vkey", &vkey()]).ok().stdout;
    assert!(shown.contains("continues the one of 2 entries"), "{shown}");
    let since_manifest = prove(
        "since-manifest.json",
        &["--entry", "0", "--since", &manifest],
    );
    let against = ["--vkey", &manifest, "--checkpoint", &manifest];
    check(&since_manifest, &against).ok();
    // Without the older checkpoint, or with an entry too many, it is about nothing.
    let file = std::fs::read_to_string(&alone).expect("a proof");
    let from = file.find(",\"consistency\":").expect("a continuation");
    let bent = format!("{},\"consistency\":null}}\n", &file[..from]);
    std::fs::write(&alone, bent).expect("a file is written");
    let nothing = "does not say which older log it continues";
    check(&alone, &["--vkey", &vkey()]).told(1, nothing);
    station.run(["ledger", "prove"]).told(2, "or --since alone");
    let cut = books().folder.path().join("cut.dsse.json");
    std::fs::write(&cut, "{\"payload\":\"AAAA").expect("a file is written");
    let cut = text(&cut);
    check(&since_manifest, &["--vkey", &cut]).told(2, "as a signed manifest");
}
