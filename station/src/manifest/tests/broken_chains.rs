//! The extract of the ledger: numbers, places, heads, proofs and the key's name, each wrong by itself and everything
//! else made to fit.

use std::collections::HashMap;

use firmware_proto::Digest;

use super::batch::TestBatch;
use super::bent_log::closed;
use super::lying_log::grant;
use crate::encoding::{Hex, sha256};
use crate::identity::signer::PublicKey;
use crate::ledger::checkpoint::{Checkpoint, VerifierKey};
use crate::ledger::event::Fact;
use crate::ledger::leaf::Leaf;
use crate::ledger::merkle_tree::{Frontier, NodeId, leaf_hash};
use crate::ledger::proof::inclusion;
use crate::manifest::assemble::fill;
use crate::manifest::ledger_proof::LedgerFault;
use crate::manifest::offline_verifier::{Rejected, verify};
use crate::manifest::statement::Statement;
use crate::names::BatchId;

#[track_caller]
fn fault(batch: &TestBatch, bend: impl FnOnce(&mut Statement)) -> LedgerFault {
    let mut statement = batch.assembled().unwrap();
    bend(&mut statement);
    let boards = std::mem::take(&mut statement.predicate.boards);
    fill(&mut statement, boards);
    match verify(&batch.file(&statement), &batch.pki.root) {
        Err(Rejected::Ledger(fault)) => fault,
        other => panic!("{:?}", other.map(|_| "verifies")),
    }
}

/// Numbers of the batch's events that cannot be; the first entry that shows it is named.
#[test]
fn numbers_rise_by_as_much_as_there_is_room() {
    let unlinked = |leaf: &mut Leaf| {
        leaf.position.as_mut().unwrap().prev = Some(sha256(b"another"));
    };
    let seq = |leaf: &mut Leaf, by: i64| {
        let at = leaf.position.as_mut().unwrap();
        at.seq = at.seq.checked_add_signed(by).unwrap();
    };
    // Entry 6 is the first board's receipt, entry 5 its certificate; both are shown.
    let check = |index, bend: &dyn Fn(&mut Leaf)| {
        let mut batch = closed();
        batch.lie(index, bend);
        assert_eq!(fault(&batch, |_| ()), LedgerFault::Chain(index));
    };
    for by in [-2, -1, 1] {
        check(6, &|leaf| seq(leaf, by));
    }
    check(6, &unlinked);
    // The first event of the batch has number 0.
    check(1, &|leaf| {
        seq(leaf, 1);
        unlinked(leaf);
    });
}

#[test]
fn the_batch_s_first_event_is_where_the_range_begins() {
    let mut batch = closed();
    let index = batch.first("batch-hold-cleared");
    batch.lie(index, |leaf| {
        let at = leaf.position.as_mut().unwrap();
        (at.seq, at.prev) = (0, None);
    });
    let moved = |s: &mut Statement| s.predicate.holds_cleared[0].entry.index = 0;
    assert_eq!(fault(&batch, moved), LedgerFault::Chain(0));
}

/// The last event before the closing is not shown, so that only the list of leaf hashes has it.
#[test]
fn the_head_that_the_closing_names_is_there() {
    let mut batch = TestBatch::open();
    batch.pass("lane-1", 1);
    batch.add(grant());
    batch.close();
    let statement = batch.assembled().unwrap();
    verify(&batch.file(&statement), &batch.pki.root).unwrap();
    let closing = batch.first("batch-closed");
    batch.lie(closing, |leaf| {
        let another = sha256(b"another");
        leaf.position.as_mut().unwrap().prev = Some(another);
        if let Fact::BatchClosed { head, .. } = &mut leaf.fact {
            *head = another.into();
        }
    });
    batch.believe(closing);
    assert_eq!(fault(&batch, |_| ()), LedgerFault::Chain(closing));
}

#[test]
fn no_more_events_than_places_and_not_none() {
    let places = |first: u64, last: u64| last - first;
    let mut batch = closed();
    let (first, last) = (batch.first("batch-opened"), batch.first("batch-closed"));
    let too_many = places(first, last) + 1;
    batch.lie(last, |leaf| {
        leaf.position.as_mut().unwrap().seq = too_many;
        if let Fact::BatchClosed { count, .. } = &mut leaf.fact {
            *count = too_many;
        }
    });
    batch.believe(last);
    for wrong in [0, too_many] {
        let found = fault(&batch, |s| s.predicate.ledger.event_count = wrong);
        let expected = LedgerFault::Range {
            count: wrong,
            first,
            last,
        };
        assert_eq!(found, expected);
    }
}

/// Entries in the range are among its leaf hashes. One that brings its own proof would not be counted or chained.
#[test]
fn an_entry_in_the_range_has_no_proof_of_its_own() {
    let batch = closed();
    let mut leaves = batch.leaves.clone();
    leaves.push(b"an event after the batch".to_vec());
    let (mut frontier, mut nodes) = (Frontier::default(), HashMap::<NodeId, Digest>::new());
    for leaf in &leaves {
        let new = frontier.append(leaf_hash(leaf));
        nodes.extend(new.iter().map(|node| (node.id, node.hash)));
    }
    let found = fault(&batch, |s| {
        let entry = &mut s.predicate.boards[0].certificates[0].entry;
        let path = inclusion(&nodes, entry.index, frontier.size());
        let path = path.unwrap().unwrap();
        entry.proof = Some(path.into_iter().map(Hex::from).collect());
    });
    let LedgerFault::NotProven { index, .. } = found else {
        panic!("{found}")
    };
    assert_eq!(index, batch.first("certificate-issued"));
}

/// The same key under another station's name, and a checkpoint under that name.
#[test]
fn the_key_is_named_after_the_station() {
    let batch = closed();
    let name = "provisioning-station/line-8";
    let key = PublicKey::P256(batch.pki.ledger_key.point());
    let other = VerifierKey::new(name, key).unwrap();
    let renamed = |s: &mut Statement| {
        let ledger = &mut s.predicate.ledger;
        let key = VerifierKey::parse(&ledger.vkey).unwrap();
        let checkpoint = Checkpoint {
            origin: name.to_owned(),
            head: Checkpoint::open(&ledger.checkpoint, &key).unwrap().head,
        };
        let signature = batch.pki.ledger_key.sign(checkpoint.text().as_bytes());
        ledger.checkpoint = checkpoint.into_note(&other, &signature).unwrap();
        ledger.vkey = other.to_string();
    };
    let found = fault(&batch, renamed);
    assert!(matches!(found, LedgerFault::Origin { .. }), "{found}");
}

/// Another batch withdraws a certificate of this one, in between: its numbers are of another chain.
#[test]
fn numbers_of_another_batch_are_not_this_one_s() {
    let other = BatchId::parse("B-2026-46").ok();
    let mut batch = TestBatch::open();
    batch.pass("lane-1", 1);
    for _ in 0..2 {
        batch.add_elsewhere(other.clone(), grant());
    }
    batch.add_elsewhere(other, TestBatch::revoked(1, 101));
    batch.pass("lane-1", 2);
    batch.close();
    // What the station counts has its own test: here it is one revocation, by whatever batch.
    let closing = batch.first("batch-closed");
    batch.lie(closing, |leaf| {
        if let Fact::BatchClosed { tally, .. } = &mut leaf.fact {
            tally.as_mut().unwrap().further.as_mut().unwrap().revoked = 1;
        }
    });
    let statement = batch.assembled().unwrap();
    let revoked = &statement.predicate.boards[0].certificates[0];
    assert!(!revoked.is_live());
    verify(&batch.file(&statement), &batch.pki.root).unwrap();
}
