//! That a well-signed statement which contradicts itself, its ledger or time does not verify.

use super::batch::TestBatch;
use crate::manifest::assemble::fill;
use crate::manifest::consistency::Contradiction;
use crate::manifest::ledger_proof::LedgerFault;
use crate::manifest::offline_verifier::{Rejected, verify};
use crate::manifest::statement::{
    BoardRow, CertificateStatus, Counts as SumCounts, Measured, Predicate, Statement, subjects_of,
};
use crate::verdict::{Outcome, VerdictCode};

/// A statement that was changed before it was signed by the right key, with the table of rows that belongs to
/// the rows as they are then: the rest must betray it.
pub(super) fn check_contradiction(
    change: impl Fn(&mut Statement),
    is_expected: impl Fn(&Rejected) -> bool,
) {
    let mut batch = TestBatch::of_every_kind();
    let mut statement = batch.statement();
    change(&mut statement);
    let boards = std::mem::take(&mut statement.predicate.boards);
    let subject = statement.subject.clone();
    fill(&mut statement, boards);
    statement.subject = subject;
    let error = verify(&batch.file(&statement), &batch.pki.root).unwrap_err();
    assert!(is_expected(&error), "{error}");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of changes")]
fn a_signed_statement_must_agree_with_itself() {
    use Contradiction::{
        Counts, DoubleBoard, Measurements, Operators, Order, Quantity, Row, Shift, Type,
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
        |e| matches!(e, Order { .. } | Contradiction::Subjects(_)),
    );
    check(
        |s| drop(s.predicate.boards.pop()),
        |e| matches!(e, Counts(_)),
    );
    check(
        |s| {
            let row = s.predicate.boards[0].clone();
            s.predicate.boards.insert(0, row);
            s.subject.insert(0, s.subject[0].clone());
        },
        |e| matches!(e, DoubleBoard(_)),
    );
    check(
        |s| s.predicate.boards[5].serial = s.predicate.boards[4].serial.clone(),
        |e| matches!(e, DoubleBoard(_)),
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
        |s| s.predicate.boards[0].shift = None,
        |e| matches!(e, Shift(_)),
    );
    check(
        |s| {
            s.predicate.boards[0].measurements = Some(Measured {
                time: s.predicate.boards[0].started,
                code: VerdictCode::Pass,
                index: 4,
                values: Vec::new(),
            });
        },
        |e| matches!(e, Measurements(_)),
    );
    check(
        |s| s.predicate.quantity = 1,
        |e| matches!(e, Quantity { .. }),
    );
    check(
        |s| s.subject.truncate(1),
        |e| matches!(e, Contradiction::Subjects(_)),
    );
    check(
        |s| s.subject.push(s.subject[0].clone()),
        |e| matches!(e, Contradiction::Subjects(_)),
    );
    check(
        |s| s.predicate.operators.reverse(),
        |e| matches!(e, Operators(_)),
    );
}

/// Whoever holds the manifest's key, but not the ledger's, can make up rows and sums that fit each other.
#[test]
fn whole_boards_left_out_or_made_up_contradict_the_log_s_own_tally() {
    let check = |change: fn(&mut Statement), expected: &str| {
        check_contradiction(
            |statement| {
                change(statement);
                fit_the_sums(statement);
            },
            |error| error.to_string().contains(expected),
        );
    };
    check(|s| drop(s.predicate.boards.remove(0)), "sessions");
    check(
        |s| {
            let row = s.predicate.boards.iter_mut().find(|row| !row.passed());
            row.unwrap().sessions.pop();
        },
        "no session",
    );
    check(|s| s.predicate.boards[2].certificates.clear(), "its serial");
    check(
        |s| {
            s.predicate.boards[2].certificates.clear();
            s.predicate.boards[2].serial = None;
            s.predicate.boards[2..].sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        },
        "certificates issued in the batch",
    );
    check(|s| s.predicate.unidentified.clear(), "verdicts");
    check(
        |s| {
            let again = s.predicate.unidentified[0].clone();
            s.predicate.unidentified.push(again);
        },
        "these are in the ledger's order",
    );
}

pub(super) fn fit_the_sums(statement: &mut Statement) {
    let predicate = &mut statement.predicate;
    let unidentified = predicate.unidentified.len() as u64;
    predicate.counts = SumCounts::of(&predicate.boards, unidentified);
    statement.subject = subjects_of(&predicate.boards);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of changes")]
fn a_signed_statement_must_agree_with_the_ledger() {
    fn check(change: impl Fn(&mut Statement), is_expected: impl Fn(&LedgerFault) -> bool) {
        check_contradiction(
            change,
            |error| matches!(error, Rejected::Ledger(what) if is_expected(what)),
        );
    }
    use LedgerFault::{
        Checkpoint, Leaf, LeafCount, NotIncluded, Origin, Other, Pieces, Proof, Range, Root,
        TooEarly,
    };
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
        |e| matches!(e, NotIncluded { .. } | Range { .. } | LedgerFault::Chain(_)),
    );
    check(
        |s| s.predicate.ledger.event_count += 9,
        |e| matches!(e, Range { .. } | Other { .. }),
    );
    check(
        |s| s.predicate.ledger.event_count -= 1,
        |e| matches!(e, Other { .. }),
    );
    check(
        |s| s.predicate.ledger.event_head.0[0] ^= 1,
        |e| matches!(e, Other { .. }),
    );
    for leaf in [
        |s: &mut Statement| s.predicate.ledger.closing_leaf.push(' '),
        |s: &mut Statement| s.predicate.ledger.opening_leaf.push(' '),
    ] {
        check(leaf, |e| matches!(e, Leaf { .. }));
    }
    check(
        |s| s.predicate.ledger.range_proof.left[0].0[0] ^= 1,
        |e| matches!(e, Root),
    );
    check(
        |s| drop(s.predicate.ledger.range_proof.left.pop()),
        |e| matches!(e, Proof(_)),
    );
    check(
        |s| s.predicate.ledger.leaf_hashes[0].0[0] ^= 1,
        |e| matches!(e, NotIncluded { .. }),
    );
    check(
        |s| s.predicate.ledger.leaf_hashes[0].0.truncate(32),
        |e| matches!(e, LeafCount { .. } | NotIncluded { .. }),
    );
    check(
        |s| s.predicate.ledger.leaf_hashes[0].0.truncate(33),
        |e| matches!(e, Pieces(_)),
    );
    check(
        |s| s.predicate.ledger.leaf_hashes.clear(),
        |e| matches!(e, Pieces(_)),
    );
    check(
        |s| {
            let row = &mut s.predicate.boards[0];
            row.index += 1;
            row.sessions[0].verdict.as_mut().unwrap().index += 1;
        },
        |e| matches!(e, LedgerFault::Chain(_) | NotIncluded { .. }),
    );
    check(
        |s| s.predicate.closed.time.0.0 += 1,
        |e| matches!(e, Other { .. }),
    );
    check(
        |s| s.predicate.work_order_file = None,
        |e| matches!(e, Other { .. }),
    );
    check(|s| s.predicate.quantity += 1, |e| matches!(e, Other { .. }));
    check(
        |s| s.predicate.profile.sha256.0[0] ^= 1,
        |e| matches!(e, Other { .. }),
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
        let boards = std::mem::take(&mut statement.predicate.boards);
        fill(&mut statement, boards);
        let error = verify(&batch.file(&statement), &batch.pki.root).unwrap_err();
        let is_time = matches!(error, Rejected::Contradiction(Contradiction::Time(_)));
        assert!(is_time, "{message}: {error}");
        assert!(error.to_string().contains(message), "{message}: {error}");
    }
}

/// A person has set the clock in between; then the reader is told.
#[test]
fn times_across_a_set_clock_are_not_compared() {
    let mut batch = TestBatch::of_every_kind();
    batch.accept_clock();
    let mut statement = batch.statement();
    statement.predicate.signed_at.0.0 = statement.predicate.closed.time.0.0 - 1;
    let verified = verify(&batch.file(&statement), &batch.pki.root).unwrap();
    let limits = verified.does_not_prove().concat();
    assert!(limits.contains("clock was set 1 times"), "{limits}");
}

#[test]
fn rows_and_certificates_must_agree() {
    fn check(message: &str, change: impl Fn(&mut Statement)) {
        check_contradiction(
            |statement| {
                change(statement);
                // Whoever makes up rows makes up sums that fit.
                fit_the_sums(statement);
            },
            |error| error.to_string().contains(message),
        );
    }
    check("no live certificate from this batch", |s| {
        let row = &mut s.predicate.boards[1];
        row.certificates.clear();
        row.reworked = false;
    });
    check("no receipt ever came", |s| {
        let certificate = &mut s.predicate.boards[1].certificates[0];
        (certificate.provisioned, certificate.provisioning_entry) = (None, None);
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
    check("entry of another session than the one", |row| {
        row.index += 1;
    });
    check("of another session than the one that counts", |row| {
        row.started.0.0 += 1;
    });
    check("another code than its sessions come to", |row| {
        row.code = Some(VerdictCode::LockRefused);
    });
    check("its proven UID", |row| row.uid_proven = !row.uid_proven);
    check("about rework", |row| row.reworked = !row.reworked);
}
