//! A manifest that is kept in the repository: whatever the program becomes, it verifies this one, and
//! notices every change of it.

use std::path::{Path, PathBuf};

use base64ct::LineEnding;
use der::EncodePem as _;
use proptest::prelude::*;
use x509_cert::Certificate;

use super::batch::TestBatch;
use super::pki::TestPki;
use crate::manifest::dsse::{Envelope, PAYLOAD_TYPE};
use crate::manifest::offline_verifier::verify;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/manifests")
}

/// A statement of one board, as small as one can be: what fuzzing begins with.
fn of_one_board() -> Vec<u8> {
    let mut batch = TestBatch::open();
    batch.pass("lane-1", 1);
    batch.statement().to_bytes().unwrap()
}

fn made() -> [(&'static str, Vec<u8>); 4] {
    let mut batch = TestBatch::of_every_kind();
    let statement = batch.statement();
    let root: Certificate = der::Decode::from_der(&batch.pki.root).unwrap();
    let root = root.to_pem(LineEnding::LF).unwrap();
    [
        ("every-kind.dsse.json", batch.file(&statement)),
        (
            "every-kind.csv",
            crate::manifest::csv::table(&statement).unwrap(),
        ),
        ("root.pem", root.into_bytes()),
        ("../fuzz/manifest/one-board.json", of_one_board()),
    ]
}

/// Set it to write the files anew, after a change that is meant; say why in the commit.
const WRITE: &str = "STATION_WRITE_FIXTURES";

#[test]
fn the_same_batch_gives_the_same_bytes() {
    for (name, bytes) in made() {
        let path = folder().join(name);
        if std::env::var_os(WRITE).is_some() {
            std::fs::write(&path, &bytes).unwrap();
        }
        let kept = std::fs::read(path).unwrap();
        assert_eq!(String::from_utf8(bytes), String::from_utf8(kept), "{name}");
    }
}

#[test]
fn every_single_changed_byte_is_noticed() {
    let file = std::fs::read(folder().join("every-kind.dsse.json")).unwrap();
    let root = TestPki::new().root;
    assert!(verify(&file, &root).is_ok());
    let whole: Envelope = serde_json::from_slice(&file).unwrap();
    let mut bent = file.clone();
    // All 255 other values of all bytes would take hours: here one bit of each byte around the payload and of
    // every eleventh in it, below any value of any byte.
    let around = file.len() - 400;
    let places = (0..around).step_by(11).chain(around..file.len());
    for at in places {
        bent[at] ^= 1 << (at % 8);
        let error = verify(&bent, &root).unwrap_err().to_string();
        assert!(error.contains(' '), "byte {at}: {error}");
        // A payload that was signed otherwise is said to be, whatever else is wrong with it.
        let payload_changed = serde_json::from_slice::<Envelope>(&bent)
            .is_ok_and(|read| read.payload_type == PAYLOAD_TYPE && read.payload != whole.payload);
        if payload_changed {
            assert!(error.contains("after signing"), "byte {at}: {error}");
        }
        bent[at] = file[at];
    }
}

/// The same for every byte, in a manifest of one board: it has all that a large one has, but for more rows.
#[test]
fn every_single_changed_byte_of_a_small_one_is_noticed() {
    let mut batch = TestBatch::open();
    batch.pass("lane-1", 1);
    let statement = batch.statement();
    let (file, root) = (batch.file(&statement), &batch.pki.root);
    assert!(verify(&file, root).is_ok());
    let middle = file.len() / 2;
    std::thread::scope(|scope| {
        for places in [0..middle, middle..file.len()] {
            let mut bent = file.clone();
            scope.spawn(move || {
                for at in places {
                    let right = bent[at];
                    bent[at] ^= 1 << (at % 8);
                    assert!(verify(&bent, root).is_err(), "byte {at}");
                    bent[at] = right;
                }
            });
        }
    });
}

proptest! {
    #[test]
    fn any_change_of_any_byte_is_noticed(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let file = std::fs::read(folder().join("every-kind.dsse.json")).unwrap();
        let mut bent = file.clone();
        let at = at.index(bent.len());
        bent[at] = to;
        prop_assert_eq!(verify(&bent, &TestPki::new().root).is_ok(), bent == file);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(verify(&bytes, &bytes).is_err());
    }
}
