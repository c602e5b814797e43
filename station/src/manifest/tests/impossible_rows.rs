//! Rows that contradict themselves or each other, whatever their entries say.

use super::batch::{TestBatch, serial};
use super::contradictions::fit_the_sums;
use super::moved_sessions::consequences;
use crate::encoding::Base64Bytes;
use crate::ledger::event::Fact;
use crate::manifest::assemble::fill;
use crate::manifest::offline_verifier::verify;
use crate::manifest::row_rules::check;
use crate::manifest::statement::{BoardRow, CertificateStatus, Statement};
use crate::names::CertificateSerial;
use crate::verdict::{Outcome, VerdictCode};

/// The first row with that code, which is good as it is.
fn row(code: VerdictCode) -> BoardRow {
    let mut rows = TestBatch::of_every_kind().statement().predicate.boards;
    rows.retain(|row| row.code == Some(code));
    check(&rows[0]).unwrap();
    rows.swap_remove(0)
}

#[track_caller]
fn broken(code: VerdictCode, bend: impl FnOnce(&mut BoardRow), expected: &str) {
    let mut row = row(code);
    bend(&mut row);
    let told = check(&row).unwrap_err().to_string();
    assert!(told.contains(expected), "{expected}: {told}");
}

#[test]
fn a_status_fits_its_revocation() {
    let unfit = "a certificate status that does not fit its revocation";
    let withdrawn = VerdictCode::InstallReadback;
    let revoked = row(withdrawn).certificates.swap_remove(0);
    broken(withdrawn, |r| r.certificates[0].revoked = None, unfit);
    broken(withdrawn, |r| r.certificates[0].reason = None, unfit);
    let entry = |r: &mut BoardRow| r.certificates[0].revocation_entry = None;
    broken(withdrawn, entry, unfit);
    let good = VerdictCode::Pass;
    let at = |r: &mut BoardRow| r.certificates[0].revoked = revoked.revoked;
    broken(good, at, unfit);
    let reason = |r: &mut BoardRow| r.certificates[0].reason = revoked.reason;
    broken(good, reason, unfit);
    let entry = |r: &mut BoardRow| {
        r.certificates[0]
            .revocation_entry
            .clone_from(&revoked.revocation_entry);
    };
    broken(good, entry, unfit);
}

#[test]
fn a_receipt_has_its_entry() {
    let unfit = "a receipt of which there is no entry, or none although there is one";
    let entry = |r: &mut BoardRow| r.certificates[0].provisioning_entry = None;
    broken(VerdictCode::Pass, entry, unfit);
    let time = |r: &mut BoardRow| r.certificates[0].provisioned = Some(r.certificates[0].issued);
    broken(VerdictCode::InstallReadback, time, unfit);
    let receipt = row(VerdictCode::Pass).certificates.swap_remove(0);
    let entry = |r: &mut BoardRow| {
        r.certificates[0].provisioning_entry = receipt.provisioning_entry;
    };
    broken(VerdictCode::InstallReadback, entry, unfit);
}

#[test]
fn only_a_proven_board_with_a_serial_has_a_certificate() {
    let expected = "that it has a certificate, but no serial or no proven UID";
    let withdrawn = VerdictCode::InstallReadback;
    broken(withdrawn, |r| r.serial = None, expected);
    broken(
        withdrawn,
        |r| {
            r.uid_proven = false;
            r.sessions.iter_mut().for_each(|one| one.uid_proven = false);
        },
        expected,
    );
}

#[test]
fn a_board_has_one_identity_and_that_in_use() {
    let good = VerdictCode::Pass;
    broken(
        good,
        |r| r.certificates.push(r.certificates[0].clone()),
        "that it has more than one live certificate",
    );
    broken(
        good,
        |r| r.serial = None,
        "PASS, but it has no live certificate from this batch",
    );
    broken(
        VerdictCode::InstallReadback,
        |r| {
            let certificate = &mut r.certificates[0];
            certificate.status = CertificateStatus::Live;
            (certificate.revoked, certificate.reason) = (None, None);
            certificate.revocation_entry = None;
        },
        "that it did not pass, although it has a live certificate",
    );
}

#[test]
fn no_lane_is_held_for_a_board_that_passed() {
    let expected = "that it passed and that its lane is held for it";
    broken(VerdictCode::Pass, |r| r.held = true, expected);
    // For one that did not, it may be.
    let mut failed = row(VerdictCode::FwVersion);
    for held in [false, true] {
        failed.held = held;
        check(&failed).unwrap();
    }
}

#[track_caller]
fn refused(batch: &TestBatch, bend: impl FnOnce(&mut Statement), expected: &str) {
    let mut statement = batch.assembled().unwrap();
    bend(&mut statement);
    let mut boards = std::mem::take(&mut statement.predicate.boards);
    boards.iter_mut().for_each(consequences);
    boards.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    fill(&mut statement, boards);
    fit_the_sums(&mut statement);
    let told = verify(&batch.file(&statement), &batch.pki.root)
        .map(drop)
        .unwrap_err()
        .to_string();
    assert!(told.contains(expected), "{expected}: {told}");
}

/// The receipt never came, and the board is shown again as a good one.
#[test]
fn no_closed_batch_has_a_board_in_doubt() {
    let mut batch = TestBatch::open();
    batch.plug_in("lane-1", 1);
    batch.attest(1, VerdictCode::Pass, "2.5.1");
    batch.issue(1, 101);
    batch.verdict("lane-1", VerdictCode::InDoubt, Some(1));
    batch.plug_in("lane-1", 1);
    batch.attest(1, VerdictCode::Pass, "2.5.1");
    batch.verdict("lane-1", VerdictCode::AlreadyProvisioned, Some(1));
    batch.close();
    let statement = batch.assembled().unwrap();
    let row = &statement.predicate.boards[0];
    assert_eq!((row.verdict, row.in_doubt()), (Outcome::Pass, true));
    refused(&batch, |_| (), "1 boards are in doubt");
}

/// One board passes twice: one UID under two serials, with another row in between.
#[test]
fn a_board_has_one_row() {
    let mut batch = TestBatch::open();
    batch.pass("lane-1", 1);
    batch.pass("lane-1", 2);
    batch.plug_in("lane-1", 1);
    batch.attest(1, VerdictCode::Pass, "2.5.1");
    for mut fact in [batch.issued(1, 103), TestBatch::provisioned(1, 103)] {
        if let Fact::CertificateIssued { device_serial, .. }
        | Fact::Provisioned { device_serial, .. } = &mut fact
        {
            *device_serial = serial(3);
        }
        batch.add(fact);
    }
    batch.verdict("lane-1", VerdictCode::Pass, Some(1));
    batch.close();
    let split = |s: &mut Statement| {
        let mut rows = s.predicate.boards.iter_mut();
        let first = rows.find(|row| row.sessions.len() == 2).unwrap();
        let mut second = first.clone();
        first.serial = Some(serial(1));
        first.sessions.truncate(1);
        first.certificates.truncate(1);
        second.serial = Some(serial(3));
        second.sessions.remove(0);
        second.certificates.remove(0);
        s.predicate.boards.push(second);
    };
    refused(&batch, split, "the board of row 3 is doubled");
}

/// Two boards with one certificate: by its serial number alone, and by its digest alone.
#[test]
fn a_certificate_is_one_board_s() {
    let doubled = |number: u8, der: u8| {
        let mut batch = TestBatch::open();
        batch.pass("lane-1", 1);
        batch.plug_in("lane-1", 2);
        batch.attest(2, VerdictCode::Pass, "2.5.1");
        let name = CertificateSerial::from_random([number; 16]).unwrap();
        let bytes = Base64Bytes(batch.pki.device(der));
        for mut fact in [batch.issued(2, 102), TestBatch::provisioned(2, 102)] {
            match &mut fact {
                Fact::CertificateIssued {
                    certificate_serial,
                    certificate,
                    ..
                } => (*certificate_serial, *certificate) = (name, bytes.clone()),
                Fact::Provisioned {
                    certificate_serial, ..
                } => *certificate_serial = name,
                _ => unreachable!(),
            }
            batch.add(fact);
        }
        batch.verdict("lane-1", VerdictCode::Pass, Some(2));
        batch.close();
        batch
    };
    let whole = doubled(102, 102);
    let statement = whole.assembled().unwrap();
    verify(&whole.file(&statement), &whole.pki.root).unwrap();
    for (number, der) in [(101, 102), (102, 101)] {
        let expected = "a certificate of the board of row 2 is doubled";
        refused(&doubled(number, der), |_| (), expected);
    }
}

/// One session is shown in two halves: interrupted, and nobody's.
#[test]
fn a_session_is_not_a_board_s_and_nobody_s() {
    let mut batch = TestBatch::open();
    batch.pass("lane-1", 1);
    batch.plug_in("lane-1", 2);
    batch.verdict("lane-1", VerdictCode::LinkNoise, None);
    batch.close();
    let split = |s: &mut Statement| {
        let mut rows = s.predicate.boards.iter_mut();
        let row = rows.find(|row| row.code == Some(VerdictCode::LinkNoise));
        let first = &mut row.unwrap().sessions[0];
        let mut rest = first.clone();
        (first.code, first.finished, first.verdict) = (None, None, None);
        (rest.opening, rest.operator) = (None, None);
        rest.started = rest.finished.unwrap();
        s.predicate.unidentified.push(rest);
    };
    refused(&batch, split, "doubled: two have its name");
}
