//! Questions of an auditor to the rows of a batch, and to several manifests.

use super::batch::{TestBatch, serial, uid};
use crate::clock::{Timestamp, UtcMillis};
use crate::ledger::event::RevocationReason;
use crate::manifest::question::{Answers, CertificateName, FirmwareName, Question, Source};
use crate::manifest::statement::{CertificateStatus, Statement};
use crate::names::{BatchId, OperatorId};
use crate::verdict::{Outcome, VerdictCode};

macro_rules! question {
    ($($field:ident: $value:expr),*) => {
        Question { $($field: $value,)* ..Question::default() }
    };
}

fn statement() -> Statement {
    TestBatch::of_every_kind().statement()
}

fn asked(statement: &Statement, question: &Question, file: &str, verified: bool) -> Answers {
    let rows = statement.predicate.boards.iter();
    Answers {
        source: Source::of(&statement.predicate, file.to_owned(), verified),
        devices: rows.filter_map(|row| question.answer(row)).collect(),
    }
}

/// How many devices answer.
fn count(question: &Question) -> usize {
    let settled = question.settle(vec![asked(&statement(), question, "one", true)]);
    settled.answers.iter().map(|one| one.devices.len()).sum()
}

#[test]
fn a_device_answers_where_everything_fits() {
    let row = &statement().predicate.boards[0];
    let certificate = &row.certificates[0];
    let by_serial = Some(CertificateName::Serial(certificate.serial));
    let by_digest = Some(CertificateName::Digest(certificate.sha256.clone()));
    let firmware = |text: &str| FirmwareName::parse(text);
    for (question, expected) in [
        (question!(), 7),
        (question!(serial: Some(serial(1))), 1),
        (question!(uid: Some(uid(3))), 1),
        (question!(certificate: by_serial), 1),
        (question!(certificate: by_digest.clone()), 1),
        (question!(certificate: by_digest, uid: Some(uid(3))), 0),
        (question!(firmware: firmware("2.4.0")), 1),
        (question!(firmware: firmware("APP=2.4.0")), 1),
        (question!(firmware: firmware("BL=2.4.0")), 0),
        (question!(verdict: Some(Outcome::Pass)), 3),
        (question!(code: Some(VerdictCode::Revoked)), 1),
        (question!(operator: OperatorId::parse("op-1").ok()), 7),
        (question!(operator: OperatorId::parse("op-2").ok()), 0),
        (question!(batch: BatchId::parse("OTHER").ok()), 0),
        (question!(live: true), 2),
        (question!(from: Some(UtcMillis(u64::MAX))), 0),
        (question!(before: Some(UtcMillis(0))), 0),
    ] {
        assert_eq!(count(&question), expected, "{question:?}");
    }
    assert!(firmware("APP=").is_none() && firmware("=1").is_none() && firmware("").is_none());
}

#[test]
fn of_one_batch_the_later_manifest_counts_but_none_unverified_instead_of_a_verified_one() {
    let early = statement();
    let mut late = early.clone();
    late.predicate.signed_at = Timestamp(UtcMillis(early.predicate.signed_at.0.0 + 1));
    let question = Question::default();
    let settle = |first: (&Statement, bool), second: (&Statement, bool)| {
        let settled = question.settle(vec![
            asked(first.0, &question, "first", first.1),
            asked(second.0, &question, "second", second.1),
        ]);
        assert_eq!((settled.answers.len(), settled.superseded.len()), (1, 1));
        settled.answers[0].source.file.clone()
    };
    assert_eq!(settle((&early, true), (&late, true)), "second");
    assert_eq!(settle((&late, true), (&early, true)), "first");
    assert_eq!(settle((&early, true), (&late, false)), "first");
    assert_eq!(settle((&late, false), (&early, true)), "second");
    // The same file twice.
    assert_eq!(settle((&early, true), (&early, true)), "first");
    // The same name in another ledger is another batch.
    let mut other = early.clone();
    other.predicate.ledger.vkey.push('x');
    let both = question.settle(vec![
        asked(&early, &question, "first", true),
        asked(&other, &question, "second", true),
    ]);
    assert_eq!((both.answers.len(), both.superseded.len()), (2, 0));
}

#[test]
fn the_latest_word_about_a_certificate_counts() {
    let early = statement();
    let mut late = early.clone();
    let predicate = &mut late.predicate;
    predicate.batch = BatchId::parse("B-LATER").unwrap();
    predicate.signed_at = Timestamp(UtcMillis(predicate.signed_at.0.0 + 1));
    let certificate = &mut predicate.boards[0].certificates[0];
    certificate.status = CertificateStatus::Revoked;
    certificate.reason = Some(RevocationReason::CessationOfOperation);
    let question = Question {
        serial: Some(serial(1)),
        live: true,
        ..Question::default()
    };
    let count = |all: Vec<Answers>| -> usize {
        let settled = question.settle(all);
        settled.answers.iter().map(|one| one.devices.len()).sum()
    };
    let (early, late) = (
        asked(&early, &question, "early", true),
        asked(&late, &question, "late", true),
    );
    assert_eq!(count(vec![early.clone()]), 1);
    assert_eq!(count(vec![early.clone(), late.clone()]), 0);
    assert_eq!(count(vec![late, early]), 0);
}
