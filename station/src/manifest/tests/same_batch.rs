//! Two manifests of one batch, each of which may verify.

use std::path::Path;

use super::batch::TestBatch;
use crate::clock::{Timestamp, UtcMillis};
use crate::manifest::question::Source;
use crate::manifest::same_batch::{Comparison, KeptLists, LaterStates, Side, compare};
use crate::manifest::statement::{CertificateStatus, Statement};
use crate::manifest::statement_reading::{Other, Receiver as _};
use crate::names::BatchId;
use crate::verdict::{Outcome, VerdictCode};

fn held(earlier: &Statement, later: &Statement) -> Comparison {
    let source = |one: &Statement| Source::of(&one.predicate, "file".to_owned(), true);
    let (one, other) = (source(earlier), source(later));
    compare(side(&one, earlier), side(&other, later)).unwrap()
}

fn side<'a>(source: &'a Source, statement: &'a Statement) -> Side<'a> {
    Side {
        source,
        predicate: &statement.predicate,
        lists: lists(statement),
    }
}

fn lists(statement: &Statement) -> KeptLists {
    let mut lists = KeptLists::new(Path::new("/nowhere/at/all"));
    for row in &statement.predicate.boards {
        lists.row(row.clone());
    }
    for session in &statement.predicate.unidentified {
        lists.other(Other::Unidentified(Box::new(session.clone())));
    }
    for piece in &statement.predicate.ledger.leaf_hashes {
        lists.other(Other::LeafHashes(piece.clone()));
    }
    lists
}

fn batch() -> TestBatch {
    let mut batch = TestBatch::of_every_kind();
    batch.close();
    batch
}

#[test]
fn what_became_of_boards_later_is_no_contradiction() {
    let mut batch = batch();
    let early = batch.assembled().unwrap();
    assert_eq!(held(&early, &early), Comparison::default());
    let other = BatchId::parse("B-OTHER").ok();
    batch.add_elsewhere(other, TestBatch::revoked(1, 101));
    batch.clear("lane-1");
    batch.accept_clock();
    let late = batch.assembled().unwrap();
    assert_ne!(
        early.predicate.boards[0].verdict,
        late.predicate.boards[0].verdict
    );
    let found = held(&early, &late);
    assert_eq!(found.differences, []);
    let expected = LaterStates {
        revoked: 1,
        holds: 1,
    };
    assert_eq!(found.later, expected);
    // What was revoked stays so.
    let found = held(&late, &early);
    let devices = found
        .differences
        .iter()
        .filter_map(|one| one.device.as_deref());
    assert!(
        devices.clone().any(|device| device == "SA-000001"),
        "{found:?}"
    );
}

#[test]
fn what_cannot_be_true_in_both_is_named_by_serial() {
    type Bend = fn(&mut Statement);
    let bends: [(&str, &str, Bend); 14] = [
        ("", "the sessions without a UID", |one| {
            drop(one.predicate.unidentified.pop());
        }),
        ("SA-000001", "earlier only", |one| {
            drop(one.predicate.boards.remove(0));
        }),
        ("SA-000001", "its verdict: PASS, HW-LIMIT", |one| {
            let row = &mut one.predicate.boards[0];
            (row.verdict, row.code) = (Outcome::Fail, Some(VerdictCode::HwLimit));
        }),
        ("SA-000001", "its sessions", |one| {
            drop(one.predicate.boards[0].sessions.pop());
        }),
        ("SA-000001", "its firmware", |one| {
            drop(one.predicate.boards[0].firmware.pop());
        }),
        ("SA-000001", "the session that counts", |one| {
            one.predicate.boards[0].index += 1;
        }),
        ("SA-000001", "its certificates", |one| {
            one.predicate.boards[0].certificates[0].sha256.0[0] ^= 1;
        }),
        ("SA-000001", "the receipt", |one| {
            one.predicate.boards[0].certificates[0].provisioned = None;
        }),
        ("SA-000004", "is revoked", |one| {
            let certificate = &mut one.predicate.boards[2].certificates[0];
            certificate.status = CertificateStatus::Live;
            certificate.revocation_entry = None;
        }),
        ("SA-000004", "scrapped", |one| {
            one.predicate.boards[2].scrapped = None;
        }),
        ("", "the range of the ledger", |one| {
            one.predicate.ledger.last_index += 1;
        }),
        ("", "the entries of the ledger", |one| {
            one.predicate.ledger.leaf_hashes[0].0[5] ^= 1;
        }),
        ("", "the ledger's origin", |one| {
            one.predicate.ledger.origin.push('x');
        }),
        ("", "the order", |one| {
            one.predicate.signed_at = Timestamp(UtcMillis(1));
        }),
    ];
    let mut batch = batch();
    let early = batch.assembled().unwrap();
    // The ledger has grown: later states are possible.
    batch.add_elsewhere(None, TestBatch::revoked(2, 102));
    for (device, what, bend) in bends {
        let mut late = batch.assembled().unwrap();
        bend(&mut late);
        let found = held(&early, &late);
        let named = found.differences.iter().any(|one| {
            one.device.as_deref().unwrap_or_default() == device && one.what.contains(what)
        });
        assert!(named && found.more == 0, "{device} {what}: {found:?}");
    }
}

#[test]
fn over_one_ledger_nothing_can_have_become_of_a_board() {
    let early = batch().assembled().unwrap();
    let mut late = early.clone();
    let revoked = early.predicate.boards[2].certificates[0].clone();
    let certificate = &mut late.predicate.boards[0].certificates[0];
    certificate.status = CertificateStatus::Revoked;
    certificate.revocation_entry = revoked.revocation_entry;
    let found = held(&early, &late);
    assert_eq!(found.differences.len(), 1, "{found:?}");
    // Two histories of one length are two ledgers.
    let mut batch = TestBatch::of_every_kind();
    batch.close();
    batch.add_elsewhere(None, TestBatch::revoked(1, 101));
    let one = batch.assembled().unwrap();
    let mut other = TestBatch::of_every_kind();
    other.close();
    other.add_elsewhere(None, TestBatch::revoked(2, 102));
    let found = held(&one, &other.assembled().unwrap());
    let two = found
        .differences
        .iter()
        .any(|one| one.what.contains("two roots"));
    assert!(two, "{found:?}");
}

#[test]
fn only_so_many_are_named() {
    let early = batch().assembled().unwrap();
    let mut late = early.clone();
    for row in &mut late.predicate.boards {
        row.uid_proven ^= true;
        row.sessions.clear();
        row.firmware.push(
            row.firmware
                .first()
                .cloned()
                .unwrap_or_else(|| early.predicate.boards[0].firmware[0].clone()),
        );
    }
    let found = held(&early, &late);
    assert_eq!((found.differences.len(), found.more), (20, 1));
}

/// What was recorded before the batch was closed was known to both, however large the later one's ledger is.
#[test]
fn nothing_that_came_before_the_closing_is_a_later_state() {
    let mut batch = batch();
    let genuine = batch.assembled().unwrap();
    batch.add_elsewhere(None, TestBatch::revoked(1, 101));
    let late = batch.assembled().unwrap();
    let mut unscrapped = genuine.clone();
    unscrapped.predicate.boards[2].scrapped = None;
    let found = held(&unscrapped, &late);
    let named = |found: &Comparison, what: &str| {
        let mut differences = found.differences.iter();
        differences.any(|one| one.what.contains(what))
    };
    assert!(named(&found, "scrapped"), "{found:?}");
    let mut unrevoked = genuine;
    let certificate = &mut unrevoked.predicate.boards[2].certificates[0];
    certificate.status = CertificateStatus::Live;
    certificate.revocation_entry = None;
    let found = held(&unrevoked, &late);
    assert_eq!(found.later.revoked, 1, "{found:?}");
    assert!(named(&found, "is revoked"), "{found:?}");
}
