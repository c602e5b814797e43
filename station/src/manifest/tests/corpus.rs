//! A corpus of tampered manifests, made from a seed: each is found out, and what was done to a row is named.

use std::collections::{BTreeMap, BTreeSet};

use super::batch::TestBatch;
use super::numbers::Numbers;
use crate::dsse::{Envelope, pre_authentication_encoding};
use crate::encoding::{Base64Bytes, Hex, sha256};
use crate::manifest::assemble::fill;
use crate::manifest::dsse::PAYLOAD_TYPE;
use crate::manifest::offline_verifier::verify;
use crate::manifest::statement::{BoardRow, Counts, Statement, subjects_of};
use crate::names::{DeviceSerial, LaneName};

/// Change it to try others; a failure names it and the number of the case.
const SEED: u64 = 20_261_122;
/// So many tampered manifests, no two of them alike.
const DISTINCT: usize = 540;
/// Attempts: some make again what was there before.
const CASES_MAX: usize = 2 * DISTINCT;

/// What is done, and to what of a manifest. Each pair of them is among the corpus.
const MANNERS: [&str; 4] = ["changed", "removed", "added", "swapped"];
const THINGS: [&str; 4] = ["device", "event", "proof", "signature"];

/// What was done to what, and what the message must have in it.
type Done = (&'static str, &'static str, Vec<String>);

fn name_in_table(rows: &[BoardRow], at: usize) -> String {
    match &rows[at].serial {
        Some(serial) => format!("device {serial}"),
        None => format!("row {} (ledger entry {})", at + 1, rows[at].index),
    }
}

/// Something is done to a row.
fn tamper_row(rows: &mut Vec<BoardRow>, numbers: &mut Numbers) -> Done {
    let at = numbers.below(rows.len());
    let row = rows[at].clone();
    match numbers.below(5) {
        0 => {
            let name = name_in_table(rows, at);
            match numbers.below(4) {
                0 => rows[at].started.0.0 += 1,
                1 => rows[at].lane = LaneName::parse("lane-9").unwrap(),
                2 => rows[at].sessions[0].session.0[0] ^= 1,
                _ => rows[at].sessions[0].session.0.clear(),
            }
            let row = name.replacen("device", "the row of device", 1);
            ("device", "changed", vec![format!("{row} was altered")])
        }
        1 => {
            rows.remove(at);
            let index = row.index;
            let named = format!("row {} is missing, of ledger entry {index}", at + 1);
            ("device", "removed", vec![named])
        }
        2 => {
            rows.insert(at, row.clone());
            let named = format!("{} is doubled", row.name());
            ("device", "added", vec![named])
        }
        3 => {
            let mut made_up = row;
            let number = 900_000 + numbers.below(99_999);
            made_up.serial = Some(DeviceSerial::parse(&format!("SA-{number}")).unwrap());
            made_up.index += 1_000;
            let name = made_up.name();
            rows.insert(at, made_up);
            ("device", "added", vec![format!("{name} was added")])
        }
        _ => {
            let other = (at + 1 + numbers.below(rows.len() - 1)) % rows.len();
            rows.swap(at, other);
            let first = rows[at.max(other)].name();
            let named = format!("the rows were reordered: {first} stands after");
            ("device", "swapped", vec![named])
        }
    }
}

/// Rows with the table, the subjects and the sums that fit them; the log knows better.
fn tamper_consistently(statement: &mut Statement, numbers: &mut Numbers) -> Done {
    let rows = &mut statement.predicate.boards;
    let at = numbers.below(rows.len());
    let name = rows[at].name();
    let expected = match numbers.below(6) {
        0 => {
            rows.remove(at);
            ("device", "removed", vec![])
        }
        1 => {
            let session = &mut rows[at].sessions[0];
            let entry = session.verdict.as_mut().or(session.opening.as_mut());
            let leaf = &mut entry.unwrap().leaf;
            *leaf = leaf.replace("\"time_ms\":1", "\"time_ms\":2");
            ("event", "changed", vec![name])
        }
        2 => {
            rows[at].lane = LaneName::parse("lane-9").unwrap();
            rows[at].sessions.iter_mut().for_each(|one| {
                one.lane = LaneName::parse("lane-9").unwrap();
            });
            ("device", "changed", vec![name])
        }
        3 => {
            let session = &mut rows[at].sessions[0];
            let entry = session.verdict.as_mut().or(session.opening.as_mut());
            entry.unwrap().index ^= 1;
            ("event", "changed", vec![])
        }
        4 => {
            // Its sessions are hung on another board.
            let row = rows.remove(at);
            let other = numbers.below(rows.len());
            rows[other].sessions.extend(row.sessions);
            ("event", "swapped", vec![rows[other].name()])
        }
        _ => {
            let first = &mut rows[0].certificates[0];
            first.sha256.0[numbers.below(32)] ^= 1;
            ("device", "changed", vec![rows[0].name()])
        }
    };
    let boards = std::mem::take(rows);
    let unidentified = statement.predicate.counts.unidentified_sessions;
    statement.predicate.counts = Counts::of(&boards, unidentified);
    statement.subject = subjects_of(&boards);
    fill(statement, boards);
    expected
}

/// Something is done to the ledger's part.
fn tamper_ledger(statement: &mut Statement, numbers: &mut Numbers) -> Done {
    let ledger = &mut statement.predicate.ledger;
    let bit = 1 << numbers.below(8);
    let sides = [&mut ledger.range_proof.left, &mut ledger.range_proof.right];
    let [proof, other] = sides;
    let (thing, manner) = match numbers.below(9) {
        0 => {
            let length = ledger.leaf_hashes[0].0.len();
            ledger.leaf_hashes[0].0[numbers.below(length)] ^= bit;
            ("event", "changed")
        }
        1 => {
            proof[0].0[numbers.below(32)] ^= bit;
            ("proof", "changed")
        }
        2 => {
            other[0].0[numbers.below(32)] ^= bit;
            ("proof", "changed")
        }
        3 => {
            // That of another log of the same station.
            let mut another = TestBatch::open();
            (0..=numbers.below(20)).for_each(|_| another.pass("lane-1", 1));
            ledger.checkpoint = another.statement().predicate.ledger.checkpoint;
            ("signature", "swapped")
        }
        4 => {
            ledger.event_head.0[numbers.below(32)] ^= bit;
            ("event", "changed")
        }
        5 => {
            std::mem::swap(proof, other);
            ("proof", "swapped")
        }
        6 => {
            let side = if bit > 8 { proof } else { other };
            side.remove(numbers.below(side.len()));
            ("proof", "removed")
        }
        7 => {
            let side = if bit > 8 { proof } else { other };
            side.insert(numbers.below(side.len()), Hex(vec![bit; 32]));
            ("proof", "added")
        }
        _ => {
            let hashes = ledger.leaf_hashes[0].0.len() / 32;
            let at = numbers.below(hashes - 1) * 32;
            ledger.leaf_hashes[0].0[at..at + 64].rotate_left(32);
            ("event", "swapped")
        }
    };
    let named = "ledger extract does not hold".to_owned();
    (thing, manner, vec![named])
}

/// An inclusion proof is changed, an event taken out of the range or put into it; the rows fit, the log does not.
fn tamper_event(statement: &mut Statement, numbers: &mut Numbers) -> Done {
    let hashes = &mut statement.predicate.ledger.leaf_hashes[0].0;
    let at = numbers.below(hashes.len() / 32) * 32;
    let kind = numbers.below(6);
    let named = || vec!["ledger extract does not hold".to_owned()];
    match kind {
        0 => {
            hashes.drain(at..at + 32);
            return ("event", "removed", named());
        }
        1 => {
            hashes.splice(at..at, [7; 32]);
            return ("event", "added", named());
        }
        _ => {}
    }
    // Revoked after the closing: its entry is proven by itself.
    let mut boards = std::mem::take(&mut statement.predicate.boards);
    let revoked = boards[0].certificates[0].revocation_entry.as_mut();
    let proof = revoked.unwrap().proof.as_mut().unwrap();
    let at = numbers.below(proof.len());
    let manner = match kind {
        2 => {
            proof[at].0[numbers.below(32)] ^= 1 << numbers.below(8);
            "changed"
        }
        3 => {
            proof.remove(at);
            "removed"
        }
        4 => {
            let other = (at + 1 + numbers.below(proof.len() - 1)) % proof.len();
            proof.swap(at, other);
            "swapped"
        }
        _ => {
            proof.insert(at, Hex(vec![7; 32]));
            "added"
        }
    };
    fill(statement, boards);
    let named = vec!["SA-000001".to_owned(), "entry".to_owned()];
    ("proof", manner, named)
}

/// The payload is as it was signed; its signature is not.
fn tamper_signature(
    batch: &TestBatch,
    genuine: &Envelope,
    numbers: &mut Numbers,
) -> (Vec<u8>, Done) {
    let mut envelope = genuine.clone();
    let after_signing = vec!["after signing".to_owned()];
    let pki = &batch.pki;
    let done = match numbers.below(5) {
        // By another key of this PKI, under its own name or the signer's.
        kind @ (0 | 1) => {
            let keys = [&pki.root_key, &pki.issuing_key, &pki.ledger_key];
            let key = keys[numbers.below(3)];
            let message = pre_authentication_encoding(PAYLOAD_TYPE, &envelope.payload.0);
            let signature = crate::es256::signature_to_der(&key.sign(&message)).unwrap();
            envelope.signatures[0].sig = Base64Bytes(signature);
            if kind == 0 {
                envelope.signatures[0].keyid = Hex::from(crate::es256::key_digest(&key.point()));
            }
            ("signature", "changed", after_signing)
        }
        2 => {
            // That of another manifest of the same signer.
            let mut other = TestBatch::open();
            (0..=numbers.below(20)).for_each(|_| other.pass("lane-1", 1));
            let statement = other.statement();
            let other = other.file(&statement);
            let other: Envelope = serde_json::from_slice(&other).unwrap();
            envelope.signatures = other.signatures;
            ("signature", "swapped", after_signing)
        }
        3 => {
            let of_one = &mut envelope.signatures[0].sig.0;
            of_one.truncate(numbers.below(of_one.len()));
            ("signature", "removed", vec![])
        }
        _ => {
            let mut more = envelope.signatures[0].clone();
            more.keyid.0[numbers.below(32)] ^= 1 << numbers.below(8);
            envelope.signatures.push(more);
            ("signature", "added", vec![])
        }
    };
    (envelope.to_bytes().unwrap(), done)
}

/// Something is done to the bytes of the file.
fn tamper_bytes(file: &[u8], numbers: &mut Numbers) -> (Vec<u8>, Done) {
    let mut text = file.to_vec();
    let payload = text.iter().position(|byte| *byte == b',').unwrap() - 1;
    let after_signing = vec!["after signing".to_owned()];
    match numbers.below(4) {
        0 => {
            let at = 12 + numbers.below(payload - 12);
            text[at] = if text[at] == b'A' { b'B' } else { b'A' };
            (text, ("byte", "changed", after_signing))
        }
        1 => {
            let at = 12 + numbers.below(payload - 12);
            text[at] = b"-_ =\n"[numbers.below(5)];
            (text, ("byte", "changed", after_signing))
        }
        2 => {
            let at = payload + numbers.below(text.len() - payload);
            text[at] ^= 1;
            (text, ("byte", "changed", vec![]))
        }
        _ => {
            text.truncate(numbers.below(text.len()));
            (text, ("byte", "removed", vec![]))
        }
    }
}

#[expect(clippy::print_stdout, reason = "how large the corpus is")]
#[test]
fn each_of_a_corpus_of_tampered_manifests_is_found_out_and_named() {
    let mut batch = TestBatch::of_every_kind();
    batch.close();
    batch.add_elsewhere(None, TestBatch::revoked(1, 101));
    let statement = batch.assembled().unwrap();
    let file = batch.file(&statement);
    let root = &batch.pki.root;
    assert!(verify(&file, root).is_ok());
    let genuine: Envelope = serde_json::from_slice(&file).unwrap();
    let mut numbers = Numbers(SEED);
    let mut made = BTreeSet::from([sha256(&file)]);
    let mut kinds: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for case in 0..CASES_MAX {
        let mut bent = statement.clone();
        let (tampered, (thing, manner, expected)) = match case % 9 {
            // Rows, under the old signature: a diagnosis.
            0 | 1 => {
                let done = tamper_row(&mut bent.predicate.boards, &mut numbers);
                let mut envelope = genuine.clone();
                envelope.payload = Base64Bytes(bent.to_bytes().unwrap());
                (envelope.to_bytes().unwrap(), done)
            }
            6 => tamper_signature(&batch, &genuine, &mut numbers),
            7 => tamper_bytes(&file, &mut numbers),
            // The others are signed again by the right key: contradictions.
            kind => {
                let done = match kind {
                    2 | 3 => tamper_row(&mut bent.predicate.boards, &mut numbers),
                    4 => tamper_consistently(&mut bent, &mut numbers),
                    5 => tamper_ledger(&mut bent, &mut numbers),
                    _ => tamper_event(&mut bent, &mut numbers),
                };
                (batch.file(&bent), done)
            }
        };
        if !made.insert(sha256(&tampered)) {
            continue;
        }
        *kinds.entry((thing, manner)).or_default() += 1;
        let what = format!("seed {SEED}, case {case}, {thing} {manner}");
        let error = verify(&tampered, root).err().map(|error| error.to_string());
        let error = error.unwrap_or_else(|| panic!("{what}: passes"));
        for part in &expected {
            assert!(error.contains(part), "{what}: {part}: {error}");
        }
        if made.len() > DISTINCT {
            break;
        }
    }
    assert!(verify(&file, root).is_ok());
    let tampered = made.len() - 1;
    println!("{tampered} tampered manifests, no two alike: {kinds:?}");
    assert_eq!(tampered, DISTINCT, "seed {SEED}");
    for thing in THINGS {
        for manner in MANNERS {
            let found = kinds.contains_key(&(thing, manner));
            assert!(found, "seed {SEED}: no {thing} was {manner}");
        }
    }
}
