//! That whoever holds the manifest's key, but not the ledger's, cannot tell a story of their own: receipts, revocations,
//! scrappings, terms, what was proven and who worked are those of the log.

use super::batch::{TestBatch, serial, uid};
use super::contradictions::fit_the_sums;
use super::moved_sessions::consequences;
use crate::ledger::event::{Assurance, Fact};
use crate::manifest::assemble::fill;
use crate::manifest::offline_verifier::verify;
use crate::manifest::statement::{BoardRow, CertificateStatus, LogEntry, ScrappedApart, Statement};
use crate::names::{LaneName, OperatorId};
use crate::verdict::VerdictCode;

/// Refuses the bent statement, whose rows and sums follow the bend, for that reason.
#[track_caller]
fn refused(batch: &mut TestBatch, bend: impl FnOnce(&mut Statement), expected: &str) {
    let mut statement = batch.statement();
    verify(&batch.file(&statement), &batch.pki.root).unwrap();
    bend(&mut statement);
    let mut boards = std::mem::take(&mut statement.predicate.boards);
    boards.iter_mut().for_each(consequences);
    fill(&mut statement, boards);
    fit_the_sums(&mut statement);
    let error = verify(&batch.file(&statement), &batch.pki.root).unwrap_err();
    assert!(error.to_string().contains(expected), "{expected}: {error}");
}

fn of_every_kind(bend: impl FnOnce(&mut Statement), expected: &str) {
    refused(&mut TestBatch::of_every_kind(), bend, expected);
}

fn with_code(statement: &mut Statement, code: VerdictCode) -> &mut BoardRow {
    let mut rows = statement.predicate.boards.iter_mut();
    rows.find(|row| row.code == Some(code)).unwrap()
}

/// Makes the row's certificate live.
fn revive(row: &mut BoardRow) {
    let certificate = &mut row.certificates[0];
    certificate.status = CertificateStatus::Live;
    (certificate.revoked, certificate.reason) = (None, None);
    certificate.revocation_entry = None;
}

#[test]
fn no_board_passes_without_its_own_receipt() {
    of_every_kind(
        |s| {
            let row = with_code(s, VerdictCode::InstallReadback);
            revive(row);
            row.certificates[0].provisioned = row.finished;
        },
        "a receipt of which there is no entry",
    );
    // That of another board.
    of_every_kind(
        |s| {
            let receipt = with_code(s, VerdictCode::Pass).certificates[0].clone();
            let row = with_code(s, VerdictCode::InstallReadback);
            revive(row);
            let certificate = &mut row.certificates[0];
            certificate.provisioned = Some(certificate.issued);
            certificate.provisioning_entry = receipt.provisioning_entry;
        },
        "on the UID",
    );
    // Not a receipt at all.
    of_every_kind(
        |s| {
            let row = with_code(s, VerdictCode::InstallReadback);
            revive(row);
            let certificate = &mut row.certificates[0];
            certificate.provisioned = Some(certificate.issued);
            certificate.provisioning_entry = Some(certificate.entry.clone());
        },
        "on what it is: no provisioning",
    );
    of_every_kind(
        |s| {
            let certificate = &mut with_code(s, VerdictCode::Pass).certificates[0];
            certificate.provisioned.as_mut().unwrap().0.0 += 1;
        },
        "on when it was provisioned",
    );
}

/// A receipt is for one certificate, under one serial, in one batch.
#[test]
fn a_receipt_is_for_one_certificate() {
    let bent = |batch: &mut TestBatch, expected: &str| {
        batch.close();
        let statement = batch.assembled().unwrap();
        let error = verify(&batch.file(&statement), &batch.pki.root).unwrap_err();
        assert!(error.to_string().contains(expected), "{expected}: {error}");
    };
    let mut other_serial = TestBatch::open();
    other_serial.plug_in("lane-1", 1);
    other_serial.attest(1, VerdictCode::Pass, "2.5.1");
    other_serial.issue(1, 101);
    let mut receipt = TestBatch::provisioned(1, 101);
    if let Fact::Provisioned { device_serial, .. } = &mut receipt {
        *device_serial = serial(2);
    }
    other_serial.add(receipt);
    other_serial.verdict("lane-1", VerdictCode::Pass, Some(1));
    bent(&mut other_serial, "on the serial");
}

/// The board was good and its certificate was revoked before the closing; hiding that makes it pass again.
#[test]
fn no_revocation_of_before_the_closing_can_be_hidden() {
    let mut batch = TestBatch::open();
    batch.pass("lane-1", 1);
    batch.revoke(1, 101);
    batch.pass("lane-1", 2);
    refused(
        &mut batch,
        |s| revive(with_code(s, VerdictCode::Revoked)),
        "have 0 certificates revoked before the closing, but",
    );
}

#[test]
fn no_scrapping_can_be_hidden() {
    of_every_kind(
        |s| with_code(s, VerdictCode::InstallReadback).scrapped = None,
        "have 0 scrapped boards, but",
    );
}

/// The board of that UID was claimed in a session of another one, and has no row: its scrapping is told apart.
#[test]
fn scrappings_of_boards_without_a_row_are_shown_too() {
    let claimed = || {
        let mut batch = TestBatch::open();
        batch.pass("lane-1", 3);
        batch.plug_in("lane-1", 1);
        batch.scrap(1, "no answer");
        batch.attest(2, VerdictCode::AttUid, "2.5.1");
        batch.verdict("lane-1", VerdictCode::AttUid, Some(2));
        batch
    };
    let statement = claimed().statement();
    let [apart] = &*statement.predicate.scrapped_apart else {
        panic!("{:?}", statement.predicate.scrapped_apart)
    };
    assert_eq!(
        (&apart.uid, &*apart.scrapped.reason),
        (&uid(1), "no answer")
    );
    assert_eq!(statement.predicate.counts.scrapped, 0, "no row");
    refused(
        &mut claimed(),
        |s| s.predicate.scrapped_apart.clear(),
        "have 0 scrapped boards, but",
    );
    refused(
        &mut claimed(),
        |s| s.predicate.scrapped_apart[0].uid = uid(4),
        "on the UID",
    );
    refused(
        &mut claimed(),
        |s| s.predicate.scrapped_apart[0].scrapped.reason.clear(),
        "on the reason",
    );
    // That of a board that has a row belongs there.
    of_every_kind(
        |s| {
            let row = with_code(s, VerdictCode::InstallReadback);
            let (uid, scrapped) = (row.uid.clone(), row.scrapped.take().unwrap());
            s.predicate.scrapped_apart = vec![ScrappedApart { uid, scrapped }];
        },
        "what belongs to no row is doubled",
    );
}

#[test]
fn the_terms_of_the_batch_can_be_neither_left_out_nor_moved() {
    of_every_kind(
        |s| {
            s.predicate.ledger.terms = None;
            s.predicate.work_order_file = None;
            s.predicate.shifts.clear();
            for row in &mut s.predicate.boards {
                row.shift = None;
            }
        },
        "have 0 events with the batch's terms, but",
    );
    of_every_kind(
        |s| s.predicate.ledger.terms.as_mut().unwrap().proof = Some(Vec::new()),
        "one in the batch's range has no proof of its own",
    );
}

/// The board proved its UID, and the session ended with a code that proves nothing.
#[test]
fn what_was_proven_cannot_be_left_out() {
    let mut batch = TestBatch::open();
    batch.plug_in("lane-1", 1);
    batch.attest(1, VerdictCode::Pass, "2.5.1");
    batch.verdict("lane-1", VerdictCode::AttNonce, None);
    batch.pass("lane-1", 2);
    refused(
        &mut batch,
        |s| {
            let session = &mut with_code(s, VerdictCode::AttNonce).sessions[0];
            assert!(session.evidence.take().is_some());
            session.uid_proven = false;
        },
        "have 1 sessions with a proven UID, but",
    );
}

#[test]
fn only_those_who_worked_are_listed_and_as_surely_as_the_log_knows() {
    let add = |s: &mut Statement, operator: &str, assurance| {
        let mut one = s.predicate.operators[0].clone();
        (one.operator, one.assurance) = (OperatorId::parse(operator).unwrap(), assurance);
        s.predicate.operators.push(one);
        s.predicate.operators.sort();
    };
    of_every_kind(|s| add(s, "op-1", Assurance::BadgeAndPin), "operator op-1");
    of_every_kind(|s| add(s, "nobody", Assurance::Pin), "operator nobody");
    of_every_kind(|s| s.predicate.operators.reverse(), "in order");
    of_every_kind(
        |s| {
            let again = s.predicate.operators[0].clone();
            s.predicate.operators.insert(0, again);
        },
        "in order",
    );
}

#[test]
fn cleared_holds_are_those_of_the_log() {
    type Bend = fn(&mut Statement);
    let changes: [(Bend, &str); 6] = [
        (
            |s| {
                let cleared = s.predicate.holds_cleared.remove(0);
                let others = |one: &_| cleared.operator != OperatorId::clone(one);
                s.predicate.operators.retain(|one| others(&one.operator));
            },
            "have 0 cleared holds, but",
        ),
        (
            |s| s.predicate.holds_cleared[0].reason.clear(),
            "on the reason",
        ),
        (
            |s| s.predicate.holds_cleared[0].time.0.0 += 1,
            "on when it was cleared",
        ),
        (
            |s| s.predicate.holds_cleared[0].operator = s.predicate.operators[0].operator.clone(),
            "on who cleared it",
        ),
        (
            |s| {
                let leaf = s.predicate.ledger.opening_leaf.clone();
                s.predicate.holds_cleared[0].entry.leaf = leaf;
            },
            "what it is: no hold was cleared",
        ),
        (
            |s| s.predicate.holds_cleared[0].entry.index -= 1,
            "is broken at entry",
        ),
    ];
    for (bend, expected) in changes {
        of_every_kind(bend, expected);
    }
}

#[test]
fn sessions_of_nobody_stand_in_the_order_of_the_log() {
    let nobodys = || {
        let mut batch = TestBatch::open();
        for _ in 0..2 {
            batch.add(Fact::VerdictReached {
                lane: LaneName::parse("lane-1").unwrap(),
                code: VerdictCode::LinkNoise,
                detail: String::new(),
                uid: None,
                claimed_uid: None,
                device_serial: None,
                certificate_serial: None,
                duration_ms: 1,
                retries: 0,
                profile: None,
            });
        }
        batch
    };
    refused(
        &mut nobodys(),
        |s| s.predicate.unidentified.reverse(),
        "on its place: these are in the ledger's order",
    );
    refused(
        &mut nobodys(),
        |s| s.predicate.unidentified[1] = s.predicate.unidentified[0].clone(),
        "on its place: these are in the ledger's order",
    );
}

/// A good board of another batch is called as it was found last: it may have got another serial since.
#[test]
fn the_serial_is_that_of_the_last_good_session() {
    let mut batch = TestBatch::open();
    for number in [9, 7] {
        batch.plug_in("lane-1", 7);
        batch.verdict("lane-1", VerdictCode::AlreadyProvisioned, Some(number));
        let index = batch.last("verdict-reached");
        batch.lie(index, |leaf| {
            if let Fact::VerdictReached { uid: of, .. } = &mut leaf.fact {
                *of = Some(uid(7));
            }
        });
        batch.believe(index);
    }
    batch.plug_in("lane-1", 7);
    batch.verdict("lane-1", VerdictCode::HwLimit, Some(7));
    let first = |s: &mut Statement| {
        let row = &mut s.predicate.boards[0];
        assert_eq!((row.sessions.len(), &row.serial), (3, &Some(serial(7))));
        row.serial = Some(serial(9));
    };
    refused(&mut batch, first, "on its serial");
}

/// What old closings did not count cannot be demanded; the rest of them still is.
#[test]
fn a_closing_of_old_records_is_held_to_what_it_counts() {
    let mut batch = TestBatch::of_every_kind();
    batch.close_as_of_old();
    let statement = batch.assembled().unwrap();
    let found = verify(&batch.file(&statement), &batch.pki.root).unwrap();
    let told = found.does_not_prove().join("; ");
    assert!(told.contains("closed by an older program"), "{told}");
    let entry: &LogEntry = &statement.predicate.boards[0].certificates[0].entry;
    assert_eq!(entry.proof, None);
}
