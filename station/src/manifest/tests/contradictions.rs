//! That a well-signed statement which contradicts itself, its ledger or time does not verify.

use super::batch::TestBatch;
use crate::manifest::consistency::Contradiction;
use crate::manifest::ledger_proof::LedgerFault;
use crate::manifest::offline_verifier::{Rejected, verify};
use crate::manifest::statement::{
    BoardRow, CertificateStatus, Counts as SumCounts, Predicate, Statement, subjects_of,
};
use crate::verdict::{Outcome, VerdictCode};

/// A statement that was changed before it was signed by the right key: the rows must betray it.
fn check_contradiction(change: impl Fn(&mut Statement), is_expected: impl Fn(&Rejected) -> bool) {
    let mut batch = TestBatch::of_every_kind();
    let mut statement = batch.statement();
    change(&mut statement);
    let error = verify(&batch.file(&statement), &batch.pki.root).unwrap_err();
    assert!(is_expected(&error), "{error}");
}

#[test]
fn a_signed_statement_must_agree_with_itself() {
    use Contradiction::{
        Counts, DoubleSerial, DoubleUid, Operators, Order, Quantity, Row, Subjects, Type,
    };
    fn check(change: impl Fn(&mut Statement), is_expected: impl Fn(&Contradiction) -> bool) {
        check_contradiction(
            change,
            |error| matches!(error, Rejected::Contradiction(what) if is_expected(what)),
        );
    }
    check(|s| s.predicate_type.push('2'), |e| matches!(e, Type { .. }));
    check(
        |s| s.predicate.counts.passed = 3,
        |e| matches!(e, Counts(_)),
    );
    check(
        |s| s.predicate.boards.swap(0, 1),
        |e| matches!(e, Order { .. }),
    );
    check(
        |s| drop(s.predicate.boards.pop()),
        |e| matches!(e, Counts(_)),
    );
    check(
        |s| {
            let row = s.predicate.boards[0].clone();
            s.predicate.boards.insert(0, row);
        },
        |e| matches!(e, DoubleUid(_)),
    );
    check(
        |s| s.predicate.boards[1].serial = s.predicate.boards[0].serial.clone(),
        |e| matches!(e, DoubleSerial(_) | Order { .. }),
    );
    check(
        |s| s.predicate.boards[2].verdict = Outcome::Pass,
        |e| matches!(e, Row { .. }),
    );
    check(
        |s| s.predicate.boards[0].certificates.clear(),
        |e| matches!(e, Row { .. }),
    );
    check(
        |s| s.predicate.quantity = 1,
        |e| matches!(e, Quantity { .. }),
    );
    check(|s| s.subject.truncate(1), |e| matches!(e, Subjects));
    check(
        |s| s.predicate.operators.truncate(1),
        |e| matches!(e, Operators(_)),
    );
}

#[test]
fn a_signed_statement_must_agree_with_the_ledger() {
    fn check(change: impl Fn(&mut Statement), is_expected: impl Fn(&LedgerFault) -> bool) {
        check_contradiction(
            change,
            |error| matches!(error, Rejected::Ledger(what) if is_expected(what)),
        );
    }
    use LedgerFault::{Checkpoint, Closing, Leaf, NotIncluded, Origin, Range, TooEarly};
    check(
        |s| s.predicate.ledger.origin.push('x'),
        |e| matches!(e, Origin { .. }),
    );
    check(
        |s| s.predicate.ledger.vkey.push('x'),
        |e| matches!(e, Checkpoint(_)),
    );
    check(
        |s| s.predicate.ledger.checkpoint = s.predicate.ledger.checkpoint.replacen('\n', "\n1", 1),
        |e| matches!(e, Checkpoint(_)),
    );
    check(
        |s| s.predicate.ledger.last_index += 9,
        |e| matches!(e, TooEarly { .. }),
    );
    check(
        |s| s.predicate.ledger.last_index -= 1,
        |e| matches!(e, NotIncluded(_) | Range { .. }),
    );
    check(
        |s| s.predicate.ledger.event_count += 1,
        |e| matches!(e, Range { .. } | Closing(_)),
    );
    check(
        |s| s.predicate.ledger.event_count -= 1,
        |e| matches!(e, Closing(_)),
    );
    check(
        |s| s.predicate.ledger.event_head.0[0] ^= 1,
        |e| matches!(e, Closing(_)),
    );
    check(
        |s| s.predicate.ledger.closing_leaf.push(' '),
        |e| matches!(e, Leaf(_)),
    );
    check(
        |s| s.predicate.ledger.closing_proof[0].0[0] ^= 1,
        |e| matches!(e, NotIncluded(_)),
    );
    check(
        |s| s.predicate.closed.time.0.0 += 1,
        |e| matches!(e, Closing(_)),
    );
}

#[test]
fn times_must_be_able_to_follow_each_other() {
    const HOUR: u64 = 3_600_000;
    type Change = fn(&mut Predicate);
    let changes: [(&str, Change); 7] = [
        ("the manifest was signed at", |p| {
            p.signed_at.0.0 = p.closed.time.0.0 - 1;
        }),
        ("the batch was closed at", |p| {
            p.opened.time.0.0 += 12 * HOUR;
        }),
        ("a session with board", |p| {
            let row = &mut p.boards[0];
            row.started.0.0 -= HOUR;
            row.sessions[0].started = row.started;
        }),
        ("a session with board", |p| {
            let row = p.boards.iter_mut().find(|row| row.code.is_none()).unwrap();
            row.started.0.0 -= HOUR;
            row.sessions[0].started = row.started;
        }),
        ("the batch of board", |p| {
            p.boards[0].sessions[1].finished.as_mut().unwrap().0.0 += HOUR;
        }),
        ("the batch of certificate", |p| {
            let at = p.boards[0].certificates[0].provisioned.as_mut().unwrap();
            at.0.0 += HOUR;
        }),
        ("was provisioned at", |p| {
            p.boards[0].certificates[0].issued.0.0 += HOUR;
        }),
    ];
    for (message, change) in changes {
        let mut batch = TestBatch::of_every_kind();
        let mut statement = batch.statement();
        change(&mut statement.predicate);
        let error = verify(&batch.file(&statement), &batch.pki.root).unwrap_err();
        let is_time = matches!(error, Rejected::Contradiction(Contradiction::Time(_)));
        assert!(is_time, "{message}: {error}");
        assert!(error.to_string().contains(message), "{message}: {error}");
        // Unless a person has set the clock in between; then the reader is told.
        let signed_at = statement.predicate.signed_at.0.0;
        let opened = statement.predicate.opened.clone();
        statement.predicate.clock_accepted = vec![opened];
        let verified = verify(&batch.file(&statement), &batch.pki.root).unwrap();
        assert_eq!(verified.statement().predicate.signed_at.0.0, signed_at);
        let limits = verified.does_not_prove().concat();
        assert!(limits.contains("clock was set 1 times"), "{limits}");
    }
}

#[test]
fn rows_and_certificates_must_agree() {
    fn check(message: &str, change: impl Fn(&mut Statement)) {
        check_contradiction(
            |statement| {
                change(statement);
                // Whoever makes up rows makes up sums that fit.
                let predicate = &mut statement.predicate;
                let unidentified = predicate.counts.unidentified_sessions;
                predicate.counts = SumCounts::of(&predicate.boards, unidentified);
                statement.subject = subjects_of(&predicate.boards);
            },
            |error| error.to_string().contains(message),
        );
    }
    check("no live certificate from this batch", |s| {
        let row = &mut s.predicate.boards[0];
        row.certificates.clear();
        row.reworked = false;
    });
    check("no receipt ever came", |s| {
        s.predicate.boards[0].certificates[0].provisioned = None;
    });
    check("although it has a live certificate", |s| {
        let row = s.predicate.boards.iter_mut().find(|row| {
            row.code == Some(VerdictCode::InstallReadback) && !row.certificates.is_empty()
        });
        let certificate = &mut row.unwrap().certificates[0];
        certificate.status = CertificateStatus::Live;
        (certificate.revoked, certificate.reason) = (None, None);
    });
}

/// What a row says of itself must follow from its sessions.
#[test]
fn rows_and_sessions_must_agree() {
    fn check(message: &str, change: impl Fn(&mut BoardRow)) {
        check_contradiction(
            |statement| {
                let predicate = &mut statement.predicate;
                let failed = |row: &&mut BoardRow| row.code == Some(VerdictCode::InstallReadback);
                change(predicate.boards.iter_mut().find(failed).unwrap());
                let unidentified = predicate.counts.unidentified_sessions;
                predicate.counts = SumCounts::of(&predicate.boards, unidentified);
                statement.subject = subjects_of(&predicate.boards);
            },
            |error| error.to_string().contains(message),
        );
    }
    check("another verdict than its code has", |row| {
        row.verdict = Outcome::Error;
    });
    check("no session was ever held", |row| row.sessions.clear());
    check("of no session of its own", |row| {
        row.started.0.0 += 1;
    });
    check("no session of its own came to", |row| {
        row.code = Some(VerdictCode::LockRefused);
    });
    check("its proven UID", |row| row.uid_proven = !row.uid_proven);
    check("about rework", |row| row.reworked = !row.reworked);
}
