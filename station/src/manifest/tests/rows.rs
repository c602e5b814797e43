//! What a manifest says of each kind of board.

use super::batch::{TestBatch, serial, uid};
use crate::manifest::offline_verifier::verify;
use crate::manifest::statement::{BoardRow, CertificateStatus, Counts, Statement};
use crate::names::BatchId;
use crate::verdict::{Outcome, VerdictCode};

fn row(statement: &Statement, number: u8) -> &BoardRow {
    let found = statement
        .predicate
        .boards
        .iter()
        .find(|row| row.uid == uid(number));
    found.unwrap_or_else(|| panic!("no row for board {number}"))
}

fn check_code(statement: &Statement, number: u8, verdict: Outcome, code: Option<VerdictCode>) {
    let row = row(statement, number);
    assert_eq!((row.verdict, row.code), (verdict, code), "board {number}");
}

#[test]
fn every_kind_of_board_has_its_row() {
    let statement = TestBatch::of_every_kind().statement();
    let check = |number, verdict, code| check_code(&statement, number, verdict, Some(code));
    check(1, Outcome::Pass, VerdictCode::Pass);
    check(2, Outcome::Pass, VerdictCode::Pass);
    check(3, Outcome::Fail, VerdictCode::FwVersion);
    check(4, Outcome::Fail, VerdictCode::InstallReadback);
    check(5, Outcome::Fail, VerdictCode::Revoked);
    check_code(&statement, 6, Outcome::Error, None);
    check(7, Outcome::Pass, VerdictCode::AlreadyProvisioned);
    let counts = &statement.predicate.counts;
    let expected = Counts {
        presented: 7,
        passed: 2,
        already_provisioned: 1,
        failed: 3,
        unjudged: 1,
        reworked: 1,
        scrapped: 1,
        still_held: 1,
        in_doubt: 0,
        unidentified_sessions: 1,
        certificates_issued: 4,
        certificates_live: 2,
        certificates_revoked: 2,
        by_code: counts.by_code.clone(),
    };
    assert_eq!(*counts, expected);
    let names: Vec<_> = statement
        .subject
        .iter()
        .map(|subject| subject.name.as_str())
        .collect();
    assert_eq!(names, ["SA-000001", "SA-000002"]);
}

#[test]
fn a_row_tells_the_board_s_whole_history() {
    let statement = TestBatch::of_every_kind().statement();
    let reworked = row(&statement, 2);
    assert!(reworked.reworked);
    let codes: Vec<_> = reworked
        .sessions
        .iter()
        .map(|session| session.code)
        .collect();
    assert_eq!(codes, [Some(VerdictCode::HwLimit), Some(VerdictCode::Pass)]);
    let impostor = &row(&statement, 1).sessions[1];
    assert_eq!(impostor.code, Some(VerdictCode::AttKeyUnknown));
    assert!(!impostor.uid_proven && row(&statement, 1).uid_proven);
    assert_eq!(row(&statement, 1).firmware[0].version, "2.5.1");
    let revoked = &row(&statement, 4).certificates[0];
    assert_eq!(revoked.status, CertificateStatus::Revoked);
    assert_eq!(row(&statement, 4).serial, Some(serial(4)));
    let good = row(&statement, 7);
    assert!(good.certificates.is_empty());
    // Of all sessions only that one needs the appraisal to say whose it is.
    let with_evidence = |row: &BoardRow| {
        let sessions = row.sessions.iter();
        sessions.filter(|one| one.evidence.is_some()).count()
    };
    assert!(good.sessions[1].evidence.is_some() && good.sessions[1].uid_proven);
    let rows = statement.predicate.boards.iter();
    assert_eq!(rows.map(with_evidence).sum::<usize>(), 1);
    let nobodys = &statement.predicate.unidentified;
    let codes: Vec<_> = nobodys.iter().map(|session| session.code).collect();
    assert_eq!(codes, [Some(VerdictCode::LinkNoise)]);
}

#[test]
fn rows_are_sorted_by_serial_and_then_by_uid() {
    let statement = TestBatch::of_every_kind().statement();
    let rows = &statement.predicate.boards;
    let serials: Vec<_> = rows.iter().map(|row| row.serial.clone()).collect();
    let expected = [1, 2, 4, 5, 7].map(|number| Some(serial(number)));
    assert_eq!(serials, [&expected[..], &[None, None]].concat());
    assert!(rows[5].uid < rows[6].uid);
}

#[test]
fn a_later_revocation_takes_the_pass_away() {
    let mut batch = TestBatch::open();
    batch.pass("lane-1", 1);
    batch.revoke(1, 101);
    let statement = batch.statement();
    check_code(&statement, 1, Outcome::Fail, Some(VerdictCode::Revoked));
    assert_eq!(statement.predicate.counts.passed, 0);
    assert!(statement.subject.is_empty());
}

#[test]
fn what_happened_outside_the_batch_counts_too() {
    let mut batch = TestBatch::open();
    let other = || Some(BatchId::parse("B-2026-46").unwrap());
    batch.pass("lane-1", 1);
    // Issued in another batch, and superseded in this one, where it gets another.
    let issued = batch.issued(2, 102);
    batch.add_elsewhere(other(), issued);
    batch.plug_in("lane-1", 2);
    batch.attest(2, VerdictCode::Pass, "2.5.1");
    batch.add_elsewhere(other(), TestBatch::revoked(2, 102));
    batch.issue(2, 112);
    batch.provision(2, 112);
    batch.verdict("lane-1", VerdictCode::Pass, Some(2));
    // Passed in another batch before.
    let issued = batch.issued(3, 103);
    batch.add_elsewhere(other(), issued);
    batch.plug_in("lane-1", 3);
    batch.attest(3, VerdictCode::Pass, "2.5.1");
    batch.verdict("lane-1", VerdictCode::AlreadyProvisioned, Some(3));
    // Known in another batch alone.
    let issued = batch.issued(9, 109);
    batch.add_elsewhere(other(), issued);
    batch.close();
    // Revoked after the batch was closed, by nobody's batch.
    batch.add_elsewhere(None, TestBatch::revoked(1, 101));
    let statement = batch.assembled().unwrap();
    check_code(&statement, 1, Outcome::Fail, Some(VerdictCode::Revoked));
    check_code(&statement, 2, Outcome::Pass, Some(VerdictCode::Pass));
    let own = &row(&statement, 2).certificates;
    assert_eq!(own.len(), 1, "{own:?}");
    assert_eq!(own[0].entry.proof, None);
    let revoked = &row(&statement, 1).certificates[0];
    assert!(revoked.revocation_entry.as_ref().unwrap().proof.is_some());
    assert!(row(&statement, 3).certificates.is_empty());
    assert_eq!(statement.predicate.counts.passed, 1);
    assert_eq!(statement.predicate.counts.presented, 3);
    verify(&batch.file(&statement), &batch.pki.root).unwrap();
}

/// Its certificate from here did not hold, another batch gave it one, and it comes back to this line: it is good.
#[test]
fn a_board_that_another_batch_has_made_good_is_not_a_failure() {
    let mut batch = TestBatch::open();
    batch.plug_in("lane-1", 1);
    batch.attest(1, VerdictCode::Pass, "2.5.1");
    batch.issue(1, 101);
    batch.revoke(1, 101);
    batch.verdict("lane-1", VerdictCode::InstallReadback, Some(1));
    batch.plug_in("lane-1", 1);
    batch.attest(1, VerdictCode::Pass, "2.5.1");
    batch.verdict("lane-1", VerdictCode::AlreadyProvisioned, Some(1));
    // This one was good here, came back, and was revoked then.
    batch.pass("lane-1", 2);
    batch.plug_in("lane-1", 2);
    batch.attest(2, VerdictCode::Pass, "2.5.1");
    batch.verdict("lane-1", VerdictCode::AlreadyProvisioned, Some(2));
    batch.revoke(2, 102);
    let statement = batch.statement();
    let elsewhere = Some(VerdictCode::AlreadyProvisioned);
    check_code(&statement, 1, Outcome::Pass, elsewhere);
    check_code(&statement, 2, Outcome::Fail, Some(VerdictCode::Revoked));
    let counts = &statement.predicate.counts;
    let told = (counts.passed, counts.already_provisioned, counts.failed);
    assert_eq!(told, (0, 1, 1));
    verify(&batch.file(&statement), &batch.pki.root).unwrap();
}

#[test]
fn what_became_of_boards_that_did_not_pass_is_told() {
    let mut batch = TestBatch::open();
    for number in [1, 2, 3] {
        batch.plug_in("lane-1", number);
        batch.attest(number, VerdictCode::Pass, "2.5.1");
        batch.verdict("lane-1", VerdictCode::HwLimit, Some(number));
        batch.hold("lane-1");
        if number == 1 {
            batch.clear("lane-1");
        }
    }
    batch.scrap(2, "cracked");
    // Thrown away by mistake: it passes after all.
    batch.scrap(3, "cracked too");
    batch.pass("lane-2", 3);
    let statement = batch.statement();
    let held = [1, 2, 3].map(|number| row(&statement, number).held);
    assert_eq!(held, [false, true, false]);
    let scrapped = row(&statement, 2).scrapped.as_ref().unwrap();
    assert_eq!(scrapped.reason, "cracked");
    // It stays in the ledger, and so in the row.
    assert!(row(&statement, 3).scrapped.is_some());
    assert_eq!(row(&statement, 3).scrapping(), None);
    let counts = &statement.predicate.counts;
    let told = (
        counts.failed,
        counts.scrapped,
        counts.still_held,
        counts.passed,
    );
    assert_eq!(told, (2, 1, 1, 1));
    verify(&batch.file(&statement), &batch.pki.root).unwrap();
}

#[test]
fn an_open_batch_has_no_manifest() {
    let mut batch = TestBatch::open();
    batch.pass("lane-1", 1);
    let error = batch.assembled().unwrap_err();
    assert!(error.to_string().contains("close it first"), "{error}");
}

/// Whoever claims to be a board that failed takes nothing away from that, and adds nothing.
#[test]
fn a_session_that_proves_nothing_does_not_count_beside_one_that_does() {
    let mut batch = TestBatch::open();
    batch.plug_in("lane-1", 1);
    batch.attest(1, VerdictCode::Pass, "2.5.1");
    batch.verdict("lane-1", VerdictCode::HwLimit, Some(1));
    batch.plug_in("lane-1", 1);
    batch.attest(1, VerdictCode::AttKeyUnknown, "6.6.6");
    batch.verdict("lane-1", VerdictCode::AttKeyUnknown, None);
    let statement = batch.statement();
    check_code(&statement, 1, Outcome::Fail, Some(VerdictCode::HwLimit));
    verify(&batch.file(&statement), &batch.pki.root).unwrap();
}
