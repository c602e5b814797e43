//! A corpus of tampered manifests, made from a seed: each is found out, and what was done to a row is named.

use super::batch::TestBatch;
use crate::dsse::{Envelope, pre_authentication_encoding};
use crate::encoding::{Base64Bytes, Hex};
use crate::manifest::assemble::fill;
use crate::manifest::dsse::PAYLOAD_TYPE;
use crate::manifest::offline_verifier::verify;
use crate::manifest::statement::{BoardRow, Counts, Statement, subjects_of};
use crate::names::{DeviceSerial, LaneName};

/// Change it to try others; a failure names it and the number of the case.
const SEED: u64 = 20_261_122;
/// At least so many tampered manifests.
const CASES: usize = 360;

/// Numbers from a seed (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }
}

/// What the message must have in it.
type Expected = Vec<String>;

fn name_in_table(rows: &[BoardRow], at: usize) -> String {
    match &rows[at].serial {
        Some(serial) => format!("device {serial}"),
        None => format!("row {} (ledger entry {})", at + 1, rows[at].index),
    }
}

/// Something is done to a row.
fn tamper_row(rows: &mut Vec<BoardRow>, numbers: &mut Numbers) -> Expected {
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
            vec![format!("{row} was altered")]
        }
        1 => {
            rows.remove(at);
            let index = row.index;
            vec![format!(
                "row {} is missing, of ledger entry {index}",
                at + 1
            )]
        }
        2 => {
            rows.insert(at, row.clone());
            vec![format!("{} is doubled", row.name())]
        }
        3 => {
            let mut made_up = row;
            let number = 900_000 + numbers.below(99_999);
            made_up.serial = Some(DeviceSerial::parse(&format!("SA-{number}")).unwrap());
            made_up.index += 1_000;
            let name = made_up.name();
            rows.insert(at, made_up);
            vec![format!("{name} was added")]
        }
        _ => {
            let other = (at + 1 + numbers.below(rows.len() - 1)) % rows.len();
            rows.swap(at, other);
            let first = rows[at.max(other)].name();
            vec![format!("the rows were reordered: {first} stands after")]
        }
    }
}

/// Rows with the table, the subjects and the sums that fit them; the log knows better.
fn tamper_consistently(statement: &mut Statement, numbers: &mut Numbers) -> Expected {
    let rows = &mut statement.predicate.boards;
    let at = numbers.below(rows.len());
    let name = rows[at].name();
    let expected = match numbers.below(6) {
        0 => {
            rows.remove(at);
            vec![]
        }
        1 => {
            let session = &mut rows[at].sessions[0];
            let entry = session.verdict.as_mut().or(session.opening.as_mut());
            let leaf = &mut entry.unwrap().leaf;
            *leaf = leaf.replace("\"time_ms\":1", "\"time_ms\":2");
            vec![name]
        }
        2 => {
            rows[at].lane = LaneName::parse("lane-9").unwrap();
            rows[at].sessions.iter_mut().for_each(|one| {
                one.lane = LaneName::parse("lane-9").unwrap();
            });
            vec![name]
        }
        3 => {
            let session = &mut rows[at].sessions[0];
            let entry = session.verdict.as_mut().or(session.opening.as_mut());
            entry.unwrap().index ^= 1;
            vec![]
        }
        4 => {
            // Its sessions are hung on another board.
            let row = rows.remove(at);
            let other = numbers.below(rows.len());
            rows[other].sessions.extend(row.sessions);
            vec![rows[other].name()]
        }
        _ => {
            let first = &mut rows[0].certificates[0];
            first.sha256.0[numbers.below(32)] ^= 1;
            vec![rows[0].name()]
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
fn tamper_ledger(statement: &mut Statement, numbers: &mut Numbers) -> Expected {
    let ledger = &mut statement.predicate.ledger;
    let bit = 1 << numbers.below(8);
    match numbers.below(6) {
        0 => {
            let length = ledger.leaf_hashes[0].0.len();
            ledger.leaf_hashes[0].0[numbers.below(length)] ^= bit;
        }
        1 => ledger.range_proof.left[0].0[numbers.below(32)] ^= bit,
        2 => ledger.range_proof.right[0].0[numbers.below(32)] ^= bit,
        3 => {
            // That of another log of the same station.
            let mut other = TestBatch::open();
            other.pass("lane-1", 1);
            ledger.checkpoint = other.statement().predicate.ledger.checkpoint;
        }
        4 => ledger.event_head.0[numbers.below(32)] ^= bit,
        _ => {
            let hashes = ledger.leaf_hashes[0].0.len() / 32;
            let at = numbers.below(hashes - 1) * 32;
            ledger.leaf_hashes[0].0[at..at + 64].rotate_left(32);
        }
    }
    vec!["ledger extract does not hold".to_owned()]
}

/// An inclusion proof is changed, an event taken out of the range or put into it; the rows fit, the log does not.
fn tamper_event(statement: &mut Statement, numbers: &mut Numbers) -> Expected {
    let hashes = &mut statement.predicate.ledger.leaf_hashes[0].0;
    let at = numbers.below(hashes.len() / 32) * 32;
    let kind = numbers.below(5);
    match kind {
        0 => drop(hashes.drain(at..at + 32)),
        1 => drop(hashes.splice(at..at, [7; 32])),
        _ => {
            // Revoked after the closing: its entry is proven by itself.
            let mut boards = std::mem::take(&mut statement.predicate.boards);
            let revoked = boards[0].certificates[0].revocation_entry.as_mut();
            let proof = revoked.unwrap().proof.as_mut().unwrap();
            let at = numbers.below(proof.len());
            match kind {
                2 => proof[at].0[numbers.below(32)] ^= 1 << numbers.below(8),
                3 => drop(proof.remove(at)),
                _ => proof.insert(at, Hex(vec![7; 32])),
            }
            fill(statement, boards);
            return vec!["SA-000001".to_owned(), "entry".to_owned()];
        }
    }
    vec!["ledger extract does not hold".to_owned()]
}

/// Something is done to the bytes of the file.
fn tamper_bytes(file: &[u8], numbers: &mut Numbers) -> (Vec<u8>, Expected) {
    let mut text = file.to_vec();
    let payload = text.iter().position(|byte| *byte == b',').unwrap() - 1;
    match numbers.below(4) {
        0 => {
            let at = 12 + numbers.below(payload - 12);
            text[at] = if text[at] == b'A' { b'B' } else { b'A' };
            (text, vec!["after signing".to_owned()])
        }
        1 => {
            let at = 12 + numbers.below(payload - 12);
            text[at] = b"-_ =\n"[numbers.below(5)];
            (text, vec!["after signing".to_owned()])
        }
        2 => {
            let at = payload + numbers.below(text.len() - payload);
            text[at] ^= 1;
            (text, vec![])
        }
        _ => {
            text.truncate(numbers.below(text.len()));
            (text, vec![])
        }
    }
}

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
    let with_signature = |payload: Vec<u8>, sig: Vec<u8>| {
        let mut envelope = genuine.clone();
        envelope.payload = Base64Bytes(payload);
        envelope.signatures[0].sig = Base64Bytes(sig);
        envelope.to_bytes().unwrap()
    };
    let old = || genuine.signatures[0].sig.0.clone();
    let mut numbers = Numbers(SEED);
    for case in 0..CASES {
        let mut bent = statement.clone();
        let (tampered, expected) = match case % 9 {
            // Rows, under the old signature: a diagnosis.
            0 | 1 => {
                let expected = tamper_row(&mut bent.predicate.boards, &mut numbers);
                (with_signature(bent.to_bytes().unwrap(), old()), expected)
            }
            // Rows, signed again by the right key: a contradiction.
            2 | 3 => {
                let expected = tamper_row(&mut bent.predicate.boards, &mut numbers);
                (batch.file(&bent), expected)
            }
            // Rows and all that follows from them, signed again by the right key.
            4 => {
                let expected = tamper_consistently(&mut bent, &mut numbers);
                (batch.file(&bent), expected)
            }
            5 => {
                let expected = tamper_ledger(&mut bent, &mut numbers);
                (batch.file(&bent), expected)
            }
            8 => {
                let expected = tamper_event(&mut bent, &mut numbers);
                (batch.file(&bent), expected)
            }
            // Untouched, but signed by another key of this PKI.
            6 => {
                let payload = bent.to_bytes().unwrap();
                let message = pre_authentication_encoding(PAYLOAD_TYPE, &payload);
                let pki = &batch.pki;
                let keys = [&pki.root_key, &pki.issuing_key, &pki.ledger_key];
                let key = keys[numbers.below(3)];
                let signature = crate::es256::signature_to_der(&key.sign(&message)).unwrap();
                let mut tampered = with_signature(payload, signature);
                if numbers.below(2) == 0 {
                    let mut envelope: Envelope = serde_json::from_slice(&tampered).unwrap();
                    envelope.signatures[0].keyid =
                        Hex::from(crate::es256::key_digest(&key.point()));
                    tampered = envelope.to_bytes().unwrap();
                }
                (tampered, vec!["after signing".to_owned()])
            }
            _ => tamper_bytes(&file, &mut numbers),
        };
        let error = verify(&tampered, root).err().map(|error| error.to_string());
        let error = error.unwrap_or_else(|| panic!("seed {SEED}, case {case} passes"));
        for part in &expected {
            assert!(
                error.contains(part),
                "seed {SEED}, case {case}: {part}: {error}"
            );
        }
    }
    assert!(verify(&file, root).is_ok());
}
