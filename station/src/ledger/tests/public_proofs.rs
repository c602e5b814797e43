//! Proofs that the Certificate Transparency projects publish, made and checked by ours.

use base64ct::{Base64, Encoding as _};
use firmware_proto::Digest;
use serde_json::Value;

use crate::ledger::merkle_tree::tests::{known_leaves, tree};
use crate::ledger::proof::{
    TreeHead, consistency, inclusion, verify_consistency, verify_inclusion,
};
use crate::ledger::range_proof::RangeProof;

const PROOFS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../fixtures/vectors/rfc6962/proofs.json"
);

fn digest(value: &Value) -> Digest {
    let bytes = Base64::decode_vec(value.as_str().unwrap()).unwrap();
    Digest::from_bytes(bytes.try_into().unwrap())
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn path(case: &Value) -> Vec<Digest> {
    case["proof"]
        .as_array()
        .unwrap()
        .iter()
        .map(digest)
        .collect()
}

fn cases(kind: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(PROOFS).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    all[kind].as_array().unwrap().clone()
}

#[test]
fn inclusion_is_as_published() {
    let (_, nodes) = tree(&known_leaves());
    for case in cases("inclusion") {
        let (index, size) = (number(&case["index"]), number(&case["size"]));
        let (leaf, root) = (digest(&case["leaf"]), digest(&case["root"]));
        assert!(
            verify_inclusion(&leaf, index, size, &path(&case), &root),
            "{case}"
        );
        assert_eq!(known_leaves()[usize::try_from(index).unwrap()], leaf);
        assert_eq!(
            inclusion(&nodes, index, size),
            Ok(Some(path(&case))),
            "{case}"
        );
        assert!(
            !verify_inclusion(&leaf, index + 1, size, &path(&case), &root),
            "{case}"
        );
        let run = RangeProof::make(&nodes, index, index + 1, size)
            .unwrap()
            .unwrap();
        let mut hashes = [run.left, run.right].concat();
        let mut expected = path(&case);
        hashes.sort();
        expected.sort();
        assert_eq!(hashes, expected, "{case}");
    }
}

#[test]
fn consistency_is_as_published() {
    let (_, nodes) = tree(&known_leaves());
    for case in cases("consistency") {
        let head = |size: &str, root: &str| TreeHead {
            size: number(&case[size]),
            root: digest(&case[root]),
        };
        let (old, new) = (head("old", "old_root"), head("new", "new_root"));
        assert!(verify_consistency(&old, &new, &path(&case)), "{case}");
        assert!(!verify_consistency(&new, &old, &path(&case)), "{case}");
        assert_eq!(
            consistency(&nodes, old.size, new.size),
            Ok(Some(path(&case))),
            "{case}"
        );
    }
}
