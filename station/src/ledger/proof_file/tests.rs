use super::*;
use crate::ledger::checkpoint::CheckpointSigner;
use crate::ledger::event_store::EventStore as _;
use crate::ledger::fixture::{Home, board, events, opening};
use crate::ledger::reader::Reader;
use crate::ledger::standing::Durability;

const B: &str = "B-1";

/// A ledger with two boards, and an older checkpoint of it.
fn ledger() -> (Home, VerifierKey, String) {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 2)).unwrap();
    let older = ledger.checkpoint().unwrap();
    for number in [1, 2] {
        let way = events(B, board(number).whole_way());
        ledger.record(way, Durability::Checkpointed).unwrap();
    }
    drop(ledger);
    let key = CheckpointSigner::public_key(home.signer.as_ref()).unwrap();
    let key = VerifierKey::new("provisioning-station/station-1", key).unwrap();
    (home, key, older)
}

fn hex(path: Vec<Digest>) -> Vec<Hex> {
    path.into_iter().map(Hex::from).collect()
}

fn proof(home: &Home, key: &VerifierKey, subject: Subject, older: Option<&str>) -> ProofFile {
    let reader = Reader::open(&home.path()).unwrap();
    let stored = reader.latest_checkpoint().unwrap().unwrap();
    let mut entries = Vec::new();
    for leaf in reader.leaves(0..stored.size) {
        let (index, leaf) = leaf.unwrap();
        if subject.has(index, &leaf) {
            let path = hex(reader.inclusion(index, stored.size).unwrap().unwrap());
            let leaf = String::from_utf8(leaf).unwrap();
            entries.push(ProvenEntry { index, leaf, path });
        }
    }
    let consistency = older.map(|note| {
        let old = Checkpoint::open(note, key).unwrap().head.size;
        let path = reader.consistency(old, stored.size).unwrap().unwrap();
        Continuation {
            checkpoint: note.to_owned(),
            path: hex(path),
        }
    });
    ProofFile {
        format: FORMAT.to_owned(),
        subject,
        vkey: key.to_string(),
        checkpoint: stored.note,
        entries,
        consistency,
    }
}

fn device() -> Subject {
    Subject::Device { uid: board(1).uid }
}

#[test]
fn a_board_is_proven_with_all_that_is_about_it() {
    let (home, key, older) = ledger();
    let file = proof(&home, &key, device(), Some(&older));
    let bytes = file.to_bytes().unwrap();
    let read = ProofFile::read(&bytes).unwrap();
    assert_eq!(read, file);
    let proven = read.check(&key, Some(&older)).unwrap();
    assert_eq!(proven.entries.len(), file.entries.len());
    assert!(proven.entries.len() > 5);
    assert!(proven.continues.is_some_and(|old| old < proven.head.size));
    assert_eq!(proven.proves().len(), 3);
    let kinds: Vec<_> = proven
        .entries
        .iter()
        .map(|entry| entry.leaf.fact.kind())
        .collect();
    assert!(kinds.contains(&"certificate-issued"), "{kinds:?}");
}

#[test]
fn no_byte_of_a_proof_can_change() {
    let (home, key, older) = ledger();
    let certificate_serial = board(1).certificate_serial;
    let subject = Subject::Certificate { certificate_serial };
    let file = proof(&home, &key, subject, Some(&older));
    let bytes = file.to_bytes().unwrap();
    // Every byte of a short proof, many of a long one.
    let step = (bytes.len() / 1500).max(1);
    for at in (0..bytes.len()).step_by(step) {
        for flip in [0x01, 0x20] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            let checked = ProofFile::read(&changed).and_then(|file| file.check(&key, None));
            assert!(checked.is_err(), "byte {at} ^ {flip}");
        }
    }
    for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        assert!(ProofFile::read(&bytes[..cut]).is_err());
    }
    let more = [bytes.as_slice(), b"\n"].concat();
    assert!(matches!(
        ProofFile::read(&more),
        Err(ProofFault::NotCanonical(_))
    ));
}

#[test]
fn unknown_and_doubled_fields_are_refused() {
    let (home, key, _) = ledger();
    let file = proof(&home, &key, Subject::Entry { index: 3 }, None);
    let text = String::from_utf8(file.to_bytes().unwrap()).unwrap();
    let unknown = text.replacen("{\"format\"", "{\"more\":1,\"format\"", 1);
    assert!(matches!(
        ProofFile::read(unknown.as_bytes()),
        Err(ProofFault::Fields(_))
    ));
    let doubled = text.replacen("\"path\":", "\"path\":[],\"path\":", 1);
    assert!(matches!(
        ProofFile::read(doubled.as_bytes()),
        Err(ProofFault::Fields(_))
    ));
    let newer = text.replacen("/v1", "/v2", 1);
    assert!(matches!(
        ProofFile::read(newer.as_bytes()),
        Err(ProofFault::Format(_))
    ));
}

#[test]
fn what_is_swapped_doubled_or_foreign_is_refused() {
    let (home, key, older) = ledger();
    let file = proof(&home, &key, device(), Some(&older));
    let check = |change: &dyn Fn(&mut ProofFile)| {
        let mut changed = file.clone();
        change(&mut changed);
        changed.check(&key, None).unwrap_err()
    };
    let fault = check(&|file| file.entries.swap(0, 1));
    assert!(matches!(fault, ProofFault::Entries(_)), "{fault}");
    let fault = check(&|file| file.entries.push(file.entries[0].clone()));
    assert!(matches!(fault, ProofFault::Entries(_)), "{fault}");
    let fault = check(&|file| file.entries.clear());
    assert_eq!(fault, ProofFault::Entries(0));
    let fault = check(&|file| file.entries.last_mut().unwrap().index += 1);
    assert!(matches!(fault, ProofFault::NotIncluded(_)), "{fault}");
    let fault = check(&|file| file.entries[1].leaf = file.entries[0].leaf.clone());
    assert!(matches!(fault, ProofFault::NotIncluded(_)), "{fault}");
    let fault = check(&|file| file.subject = Subject::Device { uid: board(2).uid });
    assert!(matches!(fault, ProofFault::Subject(_)), "{fault}");
    let fault = check(&|file| {
        file.subject = Subject::Entry {
            index: file.entries[0].index,
        }
    });
    assert!(matches!(fault, ProofFault::Entries(_)), "{fault}");
    let fault = check(&|file| file.vkey = "other".to_owned());
    assert!(matches!(fault, ProofFault::OtherKey { .. }), "{fault}");
    let fault = check(&|file| {
        let consistency = file.consistency.as_mut().unwrap();
        consistency.path.pop();
    });
    assert!(matches!(fault, ProofFault::NotContinued { .. }), "{fault}");
    let fault = check(&|file| file.checkpoint = older.clone());
    assert!(matches!(fault, ProofFault::NotIncluded(_)), "{fault}");
}

#[test]
fn a_kept_checkpoint_must_be_led_to() {
    let (home, key, older) = ledger();
    let without = proof(&home, &key, device(), None);
    let fault = without.check(&key, Some(&older)).unwrap_err();
    assert!(matches!(fault, ProofFault::NoWayFrom { .. }), "{fault}");
    let same = without.checkpoint.clone();
    let agrees = |proven: Proven| {
        let said = proven.proves();
        said.iter()
            .any(|line| line.contains("agrees with the one that you kept"))
    };
    assert!(agrees(without.check(&key, Some(&same)).unwrap()));
    assert!(!agrees(without.check(&key, None).unwrap()));
    // What is left to be shown is less with each thing that it was held against.
    let limit = |kept: Option<&str>, witnessed: bool| {
        let proven = without.check(&key, kept).unwrap();
        proven.does_not_prove(witnessed).pop().unwrap()
    };
    assert!(limit(None, false).ends_with("a checkpoint that you kept, a mirror, or a witness"));
    assert!(limit(Some(&same), false).ends_with("only against a mirror, or a witness"));
    for kept in [None, Some(same.as_str())] {
        assert!(limit(kept, true).ends_with("to those who ask for no witness"));
    }
    let with = proof(&home, &key, device(), Some(&older));
    assert!(agrees(with.check(&key, Some(&older)).unwrap()));

    // Signed by the same key, over other entries: the station has told two stories.
    let head = Checkpoint::open(&older, &key).unwrap().head;
    let root = crate::ledger::merkle_tree::leaf_hash(b"other");
    let fork = Checkpoint {
        origin: key.name().to_owned(),
        head: TreeHead { root, ..head },
    };
    let signature = CheckpointSigner::sign(home.signer.as_ref(), fork.text().as_bytes()).unwrap();
    let fork = fork.into_note(&key, &signature).unwrap();
    let fault = with.check(&key, Some(&fork)).unwrap_err();
    assert!(matches!(fault, ProofFault::NotContinued { .. }), "{fault}");
}
