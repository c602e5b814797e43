//! Questions of an auditor to the rows of a batch, and to several manifests.

use super::batch::{TestBatch, serial, uid};
use crate::clock::{Timestamp, UtcMillis};
use crate::ledger::event::RevocationReason;
use crate::manifest::question::{CertificateName, FirmwareName, Found, Question, Source};
use crate::manifest::settling::{Answers, Settled, Words, by_batch, in_two_ledgers, settle};
use crate::manifest::statement::{BoardRow, CertificateStatus, Statement};
use crate::names::{BatchId, OperatorId};
use crate::verdict::{Outcome, VerdictCode};

macro_rules! question {
    ($($field:ident: $value:expr),*) => {
        Question { $($field: $value,)* ..Question::default() }
    };
    ($($field:ident: $value:expr),*, ..$rest:expr) => {
        Question { $($field: $value,)* ..$rest }
    };
}

fn statement() -> Statement {
    TestBatch::of_every_kind().statement()
}

fn asked(statement: &Statement, question: &Question, file: &str, verified: bool) -> Answers {
    let predicate = &statement.predicate;
    let rows = predicate.boards.iter();
    let rows = rows.filter(|_| question.is_about(&predicate.batch));
    Answers {
        source: Source::of(predicate, file.to_owned(), verified),
        devices: rows.filter_map(|row| question.answer(row)).collect(),
    }
}

/// What counts of manifests of several batches.
fn settled(question: &Question, manifests: &[(&Statement, &str)]) -> Settled {
    let ask = |(statement, file): &(&Statement, &str)| asked(statement, question, file, true);
    let answers: Vec<_> = manifests.iter().map(ask).collect();
    let mut words = Words::about(&answers);
    for (one, (statement, _)) in answers.iter().zip(manifests) {
        for row in statement
            .predicate
            .boards
            .iter()
            .filter(|row| words.want(row))
            .collect::<Vec<_>>()
        {
            words.note(&one.source, &Found::of(row));
        }
    }
    settle(question, answers, &words)
}

fn devices(settled: &Settled) -> usize {
    settled.answers.iter().map(|one| one.devices.len()).sum()
}

/// How many devices answer.
fn count(question: &Question) -> usize {
    devices(&settled(question, &[(&statement(), "one")]))
}

#[test]
fn a_device_answers_where_everything_fits() {
    let row = &statement().predicate.boards[0];
    let certificate = &row.certificates[0];
    let by_serial = Some(CertificateName::Serial(certificate.serial));
    let by_digest = Some(CertificateName::Digest(certificate.sha256.clone()));
    let firmware = |text: &str| FirmwareName::parse(text);
    let runs = |row: &&BoardRow| row.firmware.iter().any(|one| one.version == "2.4.0");
    let all = statement();
    let row = all.predicate.boards.iter().find(runs).unwrap();
    let image = row.firmware[0].measurement.to_string().to_uppercase();
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
        (question!(firmware: firmware(&image)), 1),
        (question!(firmware: firmware(&image[1..])), 0),
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
    let source = |statement: &Statement, file: &str, verified| {
        Source::of(&statement.predicate, file.to_owned(), verified)
    };
    let counts = |first: (&Statement, bool), second: (&Statement, bool)| {
        let both = [
            source(first.0, "first", first.1),
            source(second.0, "second", second.1),
        ];
        let batches = by_batch(&both.iter().collect::<Vec<_>>());
        assert_eq!(batches.len(), 1);
        both[*batches[0].last().unwrap()].file.clone()
    };
    assert_eq!(counts((&early, true), (&late, true)), "second");
    assert_eq!(counts((&late, true), (&early, true)), "first");
    assert_eq!(counts((&early, true), (&late, false)), "first");
    assert_eq!(counts((&late, false), (&early, true)), "second");
    // The same file twice.
    assert_eq!(counts((&early, true), (&early, true)), "first");
    // Of a larger ledger, whatever time it states.
    let mut batch = TestBatch::of_every_kind();
    batch.close();
    let mut smaller = batch.assembled().unwrap();
    batch.add_elsewhere(None, TestBatch::revoked(1, 101));
    let larger = batch.assembled().unwrap();
    smaller.predicate.signed_at = Timestamp(UtcMillis(larger.predicate.signed_at.0.0 + 1));
    assert_eq!(counts((&smaller, true), (&larger, true)), "second");
    // The same name in another ledger is another batch, and no station has two of a name.
    let mut other = early.clone();
    other.predicate.ledger.vkey.push('x');
    let both = [
        source(&early, "first", true),
        source(&other, "second", true),
    ];
    let both: Vec<_> = both.iter().collect();
    assert_eq!(by_batch(&both).len(), 2);
    let two = in_two_ledgers(&both).pop().unwrap();
    assert_eq!(two.batch.1, &early.predicate.batch);
    assert_eq!(two.files.len(), 2);
    assert!(in_two_ledgers(&both[..1]).is_empty());
}

/// The same boards in a later batch of the same ledger.
fn later_batch(early: &Statement) -> Statement {
    let mut late = early.clone();
    let predicate = &mut late.predicate;
    predicate.batch = BatchId::parse("B-LATER").unwrap();
    predicate.signed_at = Timestamp(UtcMillis(predicate.signed_at.0.0 + 1));
    for row in &mut predicate.boards {
        row.index += 1000;
    }
    late
}

#[test]
fn the_latest_word_about_a_certificate_counts_whatever_is_asked() {
    let early = statement();
    let mut late = later_batch(&early);
    let row = &mut late.predicate.boards[0];
    row.certificates[0].status = CertificateStatus::Revoked;
    row.certificates[0].reason = Some(RevocationReason::CessationOfOperation);
    let question = question!(serial: Some(serial(1)), live: true);
    for (question, alone) in [
        (question.clone(), 1),
        // The revocation is in a manifest, and in a row, that do not answer.
        (
            question!(batch: Some(early.predicate.batch.clone()), ..question.clone()),
            1,
        ),
        (question!(before: Some(UtcMillis(u64::MAX)), ..question), 1),
    ] {
        let count = |all: &[(&Statement, &str)]| devices(&settled(&question, all));
        assert_eq!(count(&[(&early, "early")]), alone);
        assert_eq!(count(&[(&early, "early"), (&late, "late")]), 0);
        assert_eq!(count(&[(&late, "late"), (&early, "early")]), 0);
    }
}

#[test]
fn an_unverified_word_never_counts_before_a_verified_one() {
    let early = statement();
    let mut forged = later_batch(&early);
    forged.predicate.boards[0].certificates[0].status = CertificateStatus::Revoked;
    forged.predicate.boards[0].code = Some(VerdictCode::HwLimit);
    let question = Question::default();
    let answers = vec![
        asked(&early, &question, "early", true),
        asked(&forged, &question, "forged", false),
    ];
    let mut words = Words::about(&answers);
    for one in &answers {
        one.devices
            .iter()
            .for_each(|device| words.note(&one.source, device));
    }
    let settled = settle(&question, answers, &words);
    let device = &settled.answers[0].devices[0];
    assert_eq!(device.certificates[0].status, CertificateStatus::Live);
    assert_eq!(device.later, None);
}

#[test]
fn no_board_answers_as_good_that_a_later_batch_found_bad() {
    let early = statement();
    let mut late = later_batch(&early);
    let row = &mut late.predicate.boards[0];
    (row.verdict, row.code) = (Outcome::Fail, Some(VerdictCode::HwLimit));
    let both = [(&late, "late"), (&early, "early")];
    let good = question!(verdict: Some(Outcome::Pass), serial: Some(serial(1)));
    let answered = settled(&good, &both);
    assert_eq!((devices(&answered), answered.overtaken), (0, 1));
    assert_eq!(devices(&settled(&good, &both[1..])), 1);
    // Who names the batch asks what it came to, and is told what came later.
    let named = question!(batch: Some(early.predicate.batch.clone()), ..good.clone());
    let answered = settled(&named, &both);
    assert_eq!((devices(&answered), answered.overtaken), (1, 0));
    let later = answered.answers[1].devices[0].later.clone().unwrap();
    assert_eq!(
        (later.verdict, later.batch),
        (Outcome::Fail, late.predicate.batch.clone())
    );
    // A question about what was then is answered, and marked.
    let then = question!(serial: Some(serial(1)));
    let answered = settled(&then, &both);
    let marks: Vec<_> = answered
        .answers
        .iter()
        .map(|one| one.devices[0].later.is_some())
        .collect();
    assert_eq!(marks, [false, true]);
    // Somebody who only claimed to be that board says nothing about it.
    late.predicate.boards[0].uid_proven = false;
    let answered = settled(&good, &[(&late, "late"), (&early, "early")]);
    assert_eq!((devices(&answered), answered.overtaken), (1, 0));
}

/// Found is what is spelled alike; what is almost that is for a hint.
#[test]
fn a_name_in_another_case_is_almost_that_name() {
    let mut statement = statement();
    let row = &mut statement.predicate.boards[0];
    row.firmware[0].version = "2.5.1-RC1".to_owned();
    let almost = |question: &Question| -> Vec<String> {
        assert_eq!(question.answer(row), None);
        question.almost(row).map(str::to_owned).collect()
    };
    let small = crate::names::DeviceSerial::parse("sa-000001").unwrap();
    assert_eq!(almost(&question!(serial: Some(small))), ["SA-000001"]);
    for text in ["2.5.1-rc1", "APP=2.5.1-rc1"] {
        let firmware = FirmwareName::parse(text);
        assert_eq!(almost(&question!(firmware: firmware)), ["2.5.1-RC1"]);
    }
    for text in ["2.5.1", "2.5.1-RC2"] {
        let firmware = FirmwareName::parse(text);
        assert_eq!(almost(&question!(firmware: firmware)), [""; 0]);
    }
    let own = question!(serial: Some(serial(1)));
    assert!(own.answer(row).is_some() && own.almost(row).next().is_none());
}
